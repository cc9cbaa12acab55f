#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The scenarios of fleets in their short form: each row is a check. `make fleet` is the full form.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

NAMES=(nothing travel newcomer split restored members failover)

OUT=$(mktemp -d)
trap 'rm -rf "$OUT"; [[ -n $TEST_DONE ]] ||
	echo "not ok - lab $TEST_NAME: stopped early"' EXIT

for name in "${NAMES[@]}"; do
	check_rows "$OUT" "$name" env FLEET_LENGTH=short "$LAB_ROOT/tools/fleet/fleet.sh"
done
test_done
