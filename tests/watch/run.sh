#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the tests of `sipguard watch` that need a lab, side by side: mostly they wait for a second to
# go by. What each says comes in one piece.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

out=$(mktemp -d)
# A test that is told to end takes its lab down.
trap 'kill $(jobs -pr) 2>/dev/null; wait; rm -rf "$out"' EXIT
trap 'exit 143' HUP INT TERM

declare -A pids=()
for file in test_*.sh; do
	"./$file" >"$out/$file" 2>&1 &
	pids[$file]=$!
done
failed=0
for file in test_*.sh; do
	wait "${pids[$file]}" || failed=1
	cat "$out/$file"
done
exit "$failed"
