#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzzes the message reader for FUZZ_SECONDS (30), natively and, side by side with it, in the kernel
# against the native build. Both start from the project's own messages, those of $SIPGUARD_CORPUS if
# it is there, and what earlier runs found interesting, which is kept in build/fuzz/inputs. Then
# says which share of the reader's lines all of these reach.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=${BUILD:-build}
seconds=${FUZZ_SECONDS:-30}
corpus=${SIPGUARD_CORPUS:-../shared/corpus}
fuzz=$build/fuzz
logs=$build/tests/logs
failed=0
pids=()

# shellcheck disable=SC2317 # reached by trap only
stop() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# An hour finds a hundred thousand inputs; a few thousand of them reach all that they do together.
thin_out() {
	local less=$fuzz/less
	[[ $(find "$fuzz/inputs" -type f | wc -l) -gt 20000 ]] || return 0
	rm -rf "$less"
	mkdir "$less"
	"$build/tests/fuzz_reader" -merge=1 "$less" "$fuzz/inputs" >"$logs/fuzz_merge.log" 2>&1
	rm -rf "$fuzz/inputs"
	mv "$less" "$fuzz/inputs"
}

prepare() {
	local folder=() file
	[[ ! -r $corpus/MANIFEST.tsv ]] || folder=("$corpus")
	rm -rf "$fuzz/seeds"
	mkdir -p "$fuzz/inputs" "$fuzz/seeds" "$logs"
	"$build/tests/fuzz_seeds" "$fuzz/seeds" "${folder[@]}" >"$logs/fuzz_seeds.log"
	thin_out
	# What an earlier run found is tried first, until it is mended.
	for file in "$fuzz"/found-*; do
		[[ ! -f $file ]] || mv "$file" "$fuzz/seeds/"
	done
}

start() { # PROGRAM
	"$build/tests/$1" -dict=tests/fuzz/sip.dict -max_len=6000 -timeout=120 -print_final_stats=1 \
		-max_total_time="$seconds" -artifact_prefix="$fuzz/found-$1-" \
		"$fuzz/inputs" "$fuzz/seeds" >"$logs/$1.log" 2>&1 &
	pids+=($!)
}

end() { # PID PROGRAM WHAT
	local log=$logs/$2.log
	if wait "$1"; then
		echo "ok - fuzz: $3, $(awk '/number_of_executed_units/ { print $2 }' "$log") inputs in $seconds s"
	else
		failed=1
		echo "not ok - fuzz: $3; the input is in $fuzz/found-$2-*, the report in $log"
		tail -n 40 "$log" | cut -c 1-2000 | sed 's/^/#   /'
	fi
}

# The lines that are not reached go to fuzz_lines.log, each with the one before it.
coverage() {
	local program=$build/tests/fuzz_coverage profile=$fuzz/profile
	LLVM_PROFILE_FILE=$profile.raw "$program" -runs=0 "$fuzz/inputs" "$fuzz/seeds" \
		>"$logs/fuzz_coverage.log" 2>&1
	llvm-profdata merge -o "$profile" "$profile.raw"
	llvm-cov show "$program" -instr-profile="$profile" include/sip/*.h |
		grep -B 1 -E '^[^ ].*:$|\|  *0\|' >"$logs/fuzz_lines.log" || true
	llvm-cov export "$program" -instr-profile="$profile" -summary-only include/sip/*.h |
		jq -r '.data[0].totals.lines | "# fuzz: \(.covered) of \(.count) lines of the " +
			"reader are reached (\(.percent * 10 | floor / 10) %), the others are in "' |
		tr -d '\n'
	echo "$logs/fuzz_lines.log"
}

if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
	echo "run.sh: FUZZ_SECONDS must be a number of seconds, and is '$seconds'." >&2
	exit 2
fi
prepare
start fuzz_reader
SIPGUARD_PROBES=$(echo "$build"/tests/corpus/clang*/probe.bpf.o) start fuzz_kernel
end "${pids[0]}" fuzz_reader "the message reader"
end "${pids[1]}" fuzz_kernel "the message reader in the kernel, against the native build"
pids=()
coverage
exit "$failed"
