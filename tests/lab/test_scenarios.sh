#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The scenarios in their short form: each row is a check. `make scenarios` is the full form.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

NAMES=(brute-force enumeration scanner hoard reflection nat-office carrier
	spoofed-invite-flood spoofed-register-flood
	forger-pbx forger-keepalive forger-syn-flood forger-names forger-acks forger-register-flood
	forger-guesser forger-enumeration forger-proxy forger-branches forger-clients
	operate-reload)

OUT=$(mktemp -d)
trap 'rm -rf "$OUT"; [[ -n $TEST_DONE ]] ||
	echo "not ok - lab $TEST_NAME: stopped early"' EXIT

for name in "${NAMES[@]}"; do
	check_rows "$OUT" "$name" env SCENARIO_LENGTH=short "$LAB_ROOT/tools/scenarios/scenarios.sh"
done
test_done
