#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs every suite and counts their lines "ok …" and "not ok …" (TAP). A suite that fails without
# saying which test failed counts as one failure; so does one that ran no test.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

build=${BUILD:-build}
logs=$build/tests/logs
mkdir -p "$logs"
export CMOCKA_MESSAGE_OUTPUT=TAP
passed=0
failed=0

if [ "$(id -u)" -ne 0 ]; then
	echo "make test: the tests load programs into the kernel and make network namespaces; run them as root." >&2
	exit 1
fi

suite() { # NAME COMMAND...
	local name=$1 log status good bad start=$SECONDS
	shift
	log=$logs/${name//[^a-z0-9_-]/_}.log
	echo "== $name"
	"$@" 2>&1 </dev/null | tee "$log" | grep -E --line-buffered '^(not ok|# )|ERROR' | grep -v '^# ok' || true
	status=${PIPESTATUS[0]}
	good=$(grep -cE '^ok\b' "$log")
	bad=$(grep -cE '^not ok\b' "$log")
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		echo "not ok - $name ended with status $status; the end of its output ($log):"
		tail -n 15 "$log"
		bad=1
	elif [ $((good + bad)) -eq 0 ]; then
		echo "not ok - $name ran no test"
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	echo "   $good passed, $bad failed, $((SECONDS - start)) s"
}

for program in "$build"/tests/unit/test_*; do
	[ -x "$program" ] && suite "unit ${program##*/test_}" timeout 120 "$program"
done
for object in "$build"/bpf/guard.bpf.o "$build"/bpf/clang*/guard.bpf.o; do
	suite "run ${object#"$build"/bpf/}" env SIPGUARD_OBJ="$object" timeout 240 \
		"$build"/tests/run_guard
done
suite corpus timeout 300 tests/corpus/run.sh
suite fuzz timeout 120 tests/fuzz/run.sh
suite lab timeout 900 tests/lab/run.sh
suite kernels env -u CMOCKA_MESSAGE_OUTPUT timeout 600 tests/kernels/run.sh

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
