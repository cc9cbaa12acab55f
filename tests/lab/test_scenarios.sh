#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The scenarios in their short form: each row is a check. `make scenarios` is the full form.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

SCENARIOS=$LAB_ROOT/tools/scenarios/scenarios.sh
NAMES=(brute-force enumeration scanner hoard reflection nat-office carrier
	spoofed-invite-flood spoofed-register-flood
	forger-pbx forger-keepalive forger-syn-flood forger-names forger-acks forger-register-flood
	forger-guesser forger-enumeration forger-proxy forger-branches forger-clients
	operate-reload)

# Each has a lab of its own; the rows and what it says are here.
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"; [[ -n $TEST_DONE ]] ||
	echo "not ok - lab $TEST_NAME: stopped early"' EXIT

ran() {
	SCENARIO_LENGTH=short "$SCENARIOS" --rows "$1" >"$OUT/$1" 2>"$OUT/$1.log" || {
		tail -n 15 "$OUT/$1.log"
		return 1
	}
}

passed() {
	jq -e .pass <<<"$1" >/dev/null || {
		echo "$1"
		cat "$OUT/$2.log"
		return 1
	}
}

for name in "${NAMES[@]}"; do
	check "$name ran to its end" ran "$name"
	while IFS= read -r row; do
		check "$name: $(jq -r .metric <<<"$row")" passed "$row" "$name"
	done < <(jq -c 'select(.bar != null)' "$OUT/$name")
done
test_done
