#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs every suite and counts their lines "ok …" and "not ok …" (TAP). A suite that fails without
# saying which test failed counts as one failure; so does one that ran no test. The time of a suite
# is from when it was begun. The limits of time are for what hangs: no test is to be faster than any
# machine.
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

declare -A pids=() started=()

log_of() { # NAME
	echo "$logs/${1//[^a-z0-9_-]/_}.log"
}

# Whatever ends this ends the suites, too: timeout passes the signal on to all of its process group.
# shellcheck disable=SC2317 # reached by trap only
stop() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null
	done
	wait
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts a suite, whose block end() prints: what is begun before is run beside it.
begin() { # NAME COMMAND...
	local name=$1
	shift
	: >"$(log_of "$name")" # follow() may be faster
	"$@" >>"$(log_of "$name")" 2>&1 </dev/null &
	pids[$name]=$!
	started[$name]=$SECONDS
}

# What went wrong in a suite is shown as it happens.
follow() { # NAME
	tail --pid="${pids[$1]}" -s 0.2 -n +1 -f "$(log_of "$1")" |
		grep -E --line-buffered '^(not ok|# )|ERROR' | grep -v --line-buffered '^# ok'
}

end() { # NAME
	local name=$1 log status=0 good bad
	log=$(log_of "$name")
	echo "== $name"
	follow "$name" &
	wait $! # a trap runs at once, not when the command is done
	wait "${pids[$name]}" || status=$?
	unset "pids[$name]"
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
	echo "   $good passed, $bad failed, $((SECONDS - started[$name])) s"
}

suite() { # NAME COMMAND...
	begin "$@"
	end "$1"
}

# The guard of each compiler of the matrix, and of the one that CLANG names if it is none of them.
guards() {
	local object other=yes
	for object in "$build"/bpf/clang*/guard.bpf.o; do
		echo "$object"
		! cmp -s "$object" "$build"/bpf/guard.bpf.o || other=no
	done
	[ "$other" = no ] || echo "$build"/bpf/guard.bpf.o
}

# Each kernel tries the guard of one compiler, `make kernels` that of both: emulated, each takes
# two minutes of a CPU. The machines of the kernels only compute, so they take what the others leave them of the CPUs: at
# the lowest priority, and with time to spare. The last suite mostly waits, and holds under load (`make
# test-busy`), so they may go on beside it, too.
begin kernels nice -n 19 env -u CMOCKA_MESSAGE_OUTPUT SG_PAIRED=yes SG_VM_TIMEOUT=3600 timeout 5400 \
	tests/kernels/run.sh
for program in "$build"/tests/unit/test_* "$build"/tests/unit/*/test_*; do
	[ -f "$program" ] && [ -x "$program" ] && suite "unit ${program##*/test_}" timeout 900 "$program"
done
for object in $(guards); do
	suite "run ${object#"$build"/bpf/}" env SIPGUARD_OBJ="$object" timeout 1800 \
		"$build"/tests/run_guard
done
begin watch timeout 900 tests/watch/run.sh # mostly it waits
suite manual timeout 900 tests/manual/run.sh
suite corpus timeout 1800 tests/corpus/run.sh
suite fuzz timeout 900 tests/fuzz/run.sh
end watch
suite lab timeout 5400 tests/lab/run.sh --beside
suite "lab alone" timeout 3600 tests/lab/run.sh --alone
end kernels

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
