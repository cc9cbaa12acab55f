#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the lab tests, all or some:
#
#   tests/lab/run.sh [test_NAME.sh ...]   one in a folder by FOLDER/test_NAME.sh
#   tests/lab/run.sh --alone     those that send most, one after the other: each takes what there is
#   tests/lab/run.sh --beside [test_NAME.sh ...]   the others, as many at a time as there are CPUs;
#                                                  other work may run beside them
#
# Each prints "ok - NAME" or "not ok - NAME" for every check. Exit status 1 if one failed or stopped
# early.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"

# Floods, and processes that go before all others.
ALONE=(test_flood.sh test_generator.sh test_scenarios.sh fleet/test_full_link.sh)
# The longest ones begin, so that the others fill up what time is left.
LONG=(fleet/test_fleet.sh test_kill.sh test_cli.sh test_egress.sh)
OUT=

beside() {
	local file
	for file in test_*.sh */test_*.sh; do
		[[ " ${ALONE[*]} ${LONG[*]} " == *" $file "* ]] || echo "$file"
	done
}

run() {
	local start=$SECONDS status=0
	"./$1" || status=$?
	echo "# ok: $1 took $((SECONDS - start)) s"
	return "$status"
}

# What a test says comes in one piece, when it is done.
run_quietly() {
	local status=0
	run "$1" >"$OUT/${1//\//-}" 2>&1 || status=$?
	flock "$OUT" cat "$OUT/${1//\//-}"
	return "$status"
}

# Tests that still run are told to end, and take their labs down.
# shellcheck disable=SC2317 # reached by trap only
stop() {
	local pid
	for pid in $(jobs -pr); do
		pkill -TERM -P "$pid" || true
	done
	wait || true
	[[ -z $OUT ]] || rm -rf "$OUT"
}

run_beside() {
	local file failed=0 running=0
	OUT=$(mktemp -d)
	trap stop EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	for file in "$@"; do
		if [[ $running -ge $(nproc) ]]; then
			wait -n || failed=1
			running=$((running - 1))
		fi
		run_quietly "$file" &
		running=$((running + 1))
	done
	while [[ $running -gt 0 ]]; do
		wait -n || failed=1
		running=$((running - 1))
	done
	return "$failed"
}

failed=0
case ${1:-} in
--alone) set -- "${ALONE[@]}" ;;
--beside)
	shift
	mapfile -t rest < <(beside)
	[[ $# -gt 0 ]] || set -- "${LONG[@]}" "${rest[@]}"
	run_beside "$@" || failed=1
	exit "$failed"
	;;
"") set -- test_*.sh */test_*.sh ;;
esac
for file in "$@"; do
	run "${file#tests/lab/}" || failed=1
done
exit "$failed"
