#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A flood where it arrives: the generator on one CPU, the interface of the server on another one, on
# which its NAPI goes before all else. All receivers are offered one rate, more than any of them
# takes, so what they judged compares. Prints the array "in_situ" of bench.json.
#
#   in_situ.sh [PATTERN...]      one-source random-greylisted random-over-budget half-proven
#
# Environment:
#   BENCH_GUARDS="NAME ..."      xdp-drop oracle base sipguard; base only with the next one
#   BENCH_BASE_BUILD=DIRECTORY   where the command of an older commit was built
#   BENCH_RATE=N                 packets a second; 0: as many as the generator makes
#   BENCH_ROUNDS=N, BENCH_SECONDS=N   5 rounds of 2 seconds each
#   BENCH_BUILD=DIRECTORY        instead of build
#
# Receivers alternate, round after round; an entry is the median. What the ring refused was dropped
# before any receiver saw it; what was judged is counted by the receiving interface.

# shellcheck source-path=SCRIPTDIR
set -euo pipefail

BENCH_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lab/lab.sh
source "$BENCH_SRC/../lab/lab.sh"

BUILD=${BENCH_BUILD:-$LAB_ROOT/build}
BASE=${BENCH_BASE_BUILD:-}
ROUNDS=${BENCH_ROUNDS:-5}
SECONDS_EACH=${BENCH_SECONDS:-2}
RATE=${BENCH_RATE:-0}
PATTERNS=(one-source random-greylisted random-over-budget)
GUARDS=(xdp-drop oracle ${BASE:+base} sipguard)
# As long as a usual INVITE.
SIZE=660

# What both commands are called alike, by the pins of their own.
guard_command() {
	local guard=$1 build=$BUILD
	shift
	[[ $guard != base ]] || build=$BASE
	SIPGUARD_PIN_ROOT=$LAB_DIR/bpf/$guard lab_in server "$build/sipguard" "$@" >>"$LAB_DIR/guard.log"
}

xdp_on() {
	lab_in server ip link set dev "$LAB_IF_SERVER" xdpdrv obj "$1" sec xdp
}

# receiver_on GUARD PATTERN
receiver_on() {
	case $1 in
	xdp-drop) xdp_on "$BUILD/tools/drop.bpf.o" ;;
	oracle) xdp_on "$BUILD/tools/oracle.bpf.o" ;;
	*)
		guard_command "$1" attach "$LAB_IF_SERVER" --xdp native --enforce
		[[ $2 != random-over-budget ]] || guard_command "$1" mode greylist off
		;;
	esac
	lab_realtime_on "$LAB_CPU_SERVER" >/dev/null
}

receiver_off() {
	lab_realtime_off
	case $1 in
	xdp-drop | oracle) lab_in server ip link set dev "$LAB_IF_SERVER" xdp off ;;
	*) guard_command "$1" detach "$LAB_IF_SERVER" ;;
	esac
}

# Packets that the program on the server's interface has been shown, and what its NAPI has taken of
# the CPU, in ns.
judged() {
	lab_in server ethtool -S "$LAB_IF_SERVER" |
		awk '$1 == "rx_queue_0_xdp_packets:" { print $2 }'
	awk '{ print $1 }' "/proc/$(lab_napi_thread)/schedstat"
}

# What the generator is told: PATTERN
flood_of() {
	case $1 in
	one-source) echo "--source $LAB_FLOOD4" ;;
	random-*) echo "--random $LAB_FLOOD_PREFIX4" ;;
	*) lab_die "there is no pattern $1; there are: ${PATTERNS[*]}." ;;
	esac
}

# measure PATTERN GUARD: one line of JSON.
measure() {
	local options before after rate=()
	read -ra options <<<"$(flood_of "$1")"
	[[ $RATE == 0 ]] || rate=(--rate "$RATE")
	receiver_on "$2" "$1"
	mapfile -t before < <(judged)
	lab_wait_in client "$BUILD/sipguard-flood" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --method INVITE --size "$SIZE" "${options[@]}" \
		"${rate[@]}" --seconds "$SECONDS_EACH" --drain 0 --cpu "$LAB_CPU_FLOOD" --json \
		>"$LAB_DIR/flood.json"
	mapfile -t after < <(judged)
	receiver_off "$2"
	jq -c --arg name "$1" --arg guard "$2" --argjson packets $((after[0] - before[0])) \
		--argjson cpu $((after[1] - before[1])) '{name: $name, guard: $guard,
		offered_mpps: .sent_mpps, judged_mpps: ($packets / .seconds / 1e6),
		ns: ($cpu / $packets), refused: (.refused / .sent)}' "$LAB_DIR/flood.json"
}

# The median by what was judged, and how far the rounds lie apart.
medians() {
	jq -s 'group_by([.name, .guard]) | map(sort_by(.judged_mpps) |
		.[length / 2 | floor] + {least: .[0].judged_mpps, most: .[-1].judged_mpps})'
}

in_situ() {
	local round pattern guard
	for ((round = 0; round < ROUNDS; round++)); do
		for pattern in "$@"; do
			for guard in "${GUARDS[@]}"; do
				measure "$pattern" "$guard"
			done
		done
	done | medians
}

lab_need_root
[[ -z ${BENCH_GUARDS:-} ]] || read -ra GUARDS <<<"$BENCH_GUARDS"
[[ $# -eq 0 ]] || PATTERNS=("$@")
lab_choose_cpus
lab_realtime_lock
taskset -pc "$LAB_CPU_FLOOD" $$ >/dev/null
lab_up
in_situ "${PATTERNS[@]}"
