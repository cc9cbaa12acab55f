#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What routers are asked while the link is full, in its short form: each row is a check.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

OUT=$(mktemp -d)
trap 'rm -rf "$OUT"; [[ -n $TEST_DONE ]] ||
	echo "not ok - lab $TEST_NAME: stopped early"' EXIT

check_rows "$OUT" upstream env FLEET_LENGTH=short "$LAB_ROOT/tools/fleet/fleet.sh"
test_done
