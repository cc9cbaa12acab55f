#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make bench: nanoseconds a packet by BPF_PROG_RUN, on one CPU and on two at once, and floods through
# veth, on one CPU and between two; writes build/bench.json, prints all with their bars, and ends with
# 1 if a bar is missed.
#
# Environment:
#   BENCH_BASE=COMMIT   an older one to compare with, in turns; it is built in a worktree
#   BENCH_BASE_BUILD=DIRECTORY   where that is built already
#   BENCH_PARTS="prog_run two_cpus flood in_situ"   some of these; bench.json has only those then
#   BENCH_TURNS=3       how often each is measured by BPF_PROG_RUN if there are two
#   and those of in_situ.sh and flood.sh

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the parts are called by name
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=base.sh
source tools/bench/base.sh

build=${BUILD:-build}
base=${BENCH_BASE_BUILD:-}
clang=$(${CLANG:-clang} --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p')
parts=${BENCH_PARTS:-prog_run two_cpus flood in_situ}
failed=()
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -n ${BENCH_BASE:-} && -z $base ]]; then
	trap 'base_remove "$work/base"; rm -rf "$work"' EXIT
	base_build "$BENCH_BASE" "$work/base"
	base=$work/base/build
fi

prog_run() {
	"$1/tools/bench" "$2" "$1/bpf/guard.bpf.o" "$1/tools/bench.bpf.o"
}

# Turns that a slow minute of the machine falls on alike; without a base there is nothing to take
# turns with.
part_prog_run() {
	local turn turns=1
	[[ -z $base ]] || turns=${BENCH_TURNS:-3}
	for ((turn = 0; turn < turns; turn++)); do
		prog_run "$build" prog-run >>"$work/runs" || return 1
		[[ -z $base ]] || prog_run "$base" prog-run >>"$work/base_runs" || return 1
	done
}

part_two_cpus() {
	prog_run "$build" two-cpus >"$work/two"
}

part_flood() {
	tools/bench/flood.sh >"$work/flood"
}

part_in_situ() {
	BENCH_BASE_BUILD=$base BENCH_BUILD=$build tools/bench/in_situ.sh >"$work/in_situ"
}

# A part that cannot be measured here says why, and is no silent gap: it is missed.
for part in $parts; do
	echo "$part, some minutes ..." >&2
	"part_$part" || failed+=("$part: it could not be measured, see above")
done
touch "$work"/{runs,base_runs,two,flood,in_situ}

jq -n --arg kernel "$(uname -r)" --arg clang "$clang" --arg base "${BENCH_BASE:-$base}" \
	--slurpfile runs "$work/runs" --slurpfile base_runs "$work/base_runs" \
	--slurpfile two "$work/two" --slurpfile flood "$work/flood" \
	--slurpfile in_situ "$work/in_situ" -f tools/bench/merge.jq >"$build/bench.json"
for part in prog_run flood in_situ; do
	jq -e --arg part "$part" '.[$part] | length > 0' "$build/bench.json" >"$work/any" || continue
	jq -r --arg part "$part" -f tools/bench/tables.jq "$build/bench.json" | column -t -s $'\t'
	echo
done
mapfile -t missed < <(jq -r -f tools/bench/bars.jq "$build/bench.json")
missed+=("${failed[@]}")
[ ${#missed[@]} -eq 0 ] && exit 0
printf 'Missed: %s\n' "${missed[@]}"
exit 1
