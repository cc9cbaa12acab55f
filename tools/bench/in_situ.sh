#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A flood where it arrives: the generator on one CPU, the interface of the server on another one, on
# which its NAPI goes before all else. All receivers are offered one rate, more than a guard takes,
# so what they judge compares. Prints the array "in_situ" of bench.json.
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
# before any receiver saw it; what was judged is counted by the receiving interface. `ns` is the
# CPU time of its NAPI for each: of a receiver that has all it can take, one by what it judges.
#
# Half of "half-proven" comes from flows that have registered, through the guard, with a Kamailio, as
# phones do. Their limits are lifted, and the messages malformed: each is read as a whole, and then
# dropped, or the price would be that of the kernel's stack behind the guard, a microsecond a packet.
# (The oracle knows none of that and lets this half through to a rule of netfilter.)

# shellcheck source-path=SCRIPTDIR
set -euo pipefail

BENCH_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lab/lab.sh
source "$BENCH_SRC/../lab/lab.sh"

BUILD=${BENCH_BUILD:-$LAB_ROOT/build}
BASE=${BENCH_BASE_BUILD:-}
ROUNDS=${BENCH_ROUNDS:-5}
SECONDS_EACH=${BENCH_SECONDS:-2}
# More than a guard takes. The generator makes 7 to 10 million, which XDP_DROP and the oracle nearly
# take.
RATE=${BENCH_RATE:-8000000}
PATTERNS=(one-source random-greylisted random-over-budget half-proven)
GUARDS=(xdp-drop oracle ${BASE:+base} sipguard)
# As long as a usual INVITE.
SIZE=660
PHONES=250
PHONES_PREFIX=203.0.113.0/24
PHONES_FIRST=203.0.113.1
PASSWORD=secret
# A virtual machine has seconds in which it makes less than the rate: then it is tried again.
TRIES=3

# Each command has pins of its own.
guard_command() {
	local guard=$1 build=$BUILD
	shift
	[[ $guard != base ]] || build=$BASE
	SIPGUARD_PIN_ROOT=$LAB_DIR/bpf/$guard lab_in server "$build/sipguard" "$@"
}

xdp_on() {
	lab_in server ip link set dev "$LAB_IF_SERVER" xdpdrv obj "$1" sec xdp
}

# --- flows that are proven

proven_begin() {
	local i
	{
		echo SEQUENTIAL
		for ((i = 1; i <= PHONES; i++)); do
			echo "phone$i;203.0.113.$i"
		done
	} >"$LAB_DIR/phones.csv"
	cat >"$LAB_DIR/lifted.yaml" <<-END
		proven-limits:
		  source: {rate: 1000000, burst: 1000000}
		  invite: {rate: 1000000, burst: 1000000}
	END
	LAB_CPU=$LAB_CPU_SERVER lab_kamailio_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
}

phones_register() {
	local registered
	ip -n "$LAB_NS_CLIENT" route add local "$PHONES_PREFIX" dev lo
	LAB_CPU=$LAB_CPU_FLOOD LAB_SIPP_FILES=$LAB_ROOT/tools/scenarios/sipp \
		lab_sipp phones register-digest 4 udp -au trunk -ap "$PASSWORD" -t ui \
		-inf "$LAB_DIR/phones.csv" -ip_field 1 -p 5060 -r 250 -m "$PHONES" -timeout 60
	wait "$LAB_PID" || true
	ip -n "$LAB_NS_CLIENT" route del local "$PHONES_PREFIX" dev lo
	registered=$(lab_sipp_count phones 'SuccessfulCall(C)')
	[[ $registered == "$PHONES" ]] || lab_die "of $PHONES phones $registered registered."
}

passed_drop() {
	lab_in server nft -f - <<-END
		table netdev sg_passed {
			chain ingress {
				type filter hook ingress device $LAB_IF_SERVER priority 0; policy accept;
				udp dport 5060 drop
			}
		}
	END
}

# --- receivers

guard_on() {
	local guard=$1 config=()
	[[ $2 != half-proven ]] || config=(--config "$LAB_DIR/lifted.yaml")
	guard_command "$guard" attach "$LAB_IF_SERVER" --xdp native --enforce "${config[@]}"
	case $2 in
	random-over-budget) guard_command "$guard" mode greylist off ;;
	half-proven) phones_register ;;
	esac
}

# receiver_on GUARD PATTERN
receiver_on() {
	case $1 in
	xdp-drop) xdp_on "$BUILD/tools/drop.bpf.o" ;;
	oracle) xdp_on "$BUILD/tools/oracle.bpf.o" ;;
	*) guard_on "$@" >>"$LAB_DIR/guard.log" ;;
	esac
	[[ $2 != half-proven ]] || passed_drop
	lab_realtime_on "$LAB_CPU_SERVER" >/dev/null
}

receiver_off() {
	lab_realtime_off
	[[ $2 != half-proven ]] || lab_in server nft delete table netdev sg_passed
	case $1 in
	xdp-drop | oracle) lab_in server ip link set dev "$LAB_IF_SERVER" xdp off ;;
	*) guard_command "$1" detach "$LAB_IF_SERVER" >>"$LAB_DIR/guard.log" ;;
	esac
}

# --- a measurement

# Packets that the program on the server's interface has been shown, and what its NAPI has taken of
# the CPU, in ns.
counted() {
	lab_in server ethtool -S "$LAB_IF_SERVER" |
		awk '$1 == "rx_queue_0_xdp_packets:" { print $2 }'
	awk '{ print $1 }' "/proc/$(lab_napi_thread)/schedstat"
}

# What the generator is told: PATTERN
flood_of() {
	case $1 in
	one-source) echo "--source $LAB_FLOOD4" ;;
	random-*) echo "--random $LAB_FLOOD_PREFIX4" ;;
	half-proven) echo "--random $LAB_FLOOD_PREFIX4 --from-probes 50 --probes $PHONES_FIRST" \
		"--probe-sources $PHONES --probe-rate 1 --malformed" ;;
	esac
}

# flood PATTERN GUARD: one line of JSON.
flood() {
	local options before after rate=()
	read -ra options <<<"$(flood_of "$1")"
	[[ $RATE == 0 ]] || rate=(--rate "$RATE")
	mapfile -t before < <(counted)
	lab_wait_in client "$BUILD/sipguard-flood" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --method INVITE --size "$SIZE" "${options[@]}" \
		"${rate[@]}" --seconds "$SECONDS_EACH" --drain 0 --cpu "$LAB_CPU_FLOOD" --json \
		>"$LAB_DIR/flood.json"
	mapfile -t after < <(counted)
	jq -c --arg name "$1" --arg guard "$2" --argjson packets $((after[0] - before[0])) \
		--argjson cpu $((after[1] - before[1])) \
		'{name: $name, guard: $guard, offered_mpps: .sent_mpps,
		judged_mpps: ($packets / .seconds / 1e6), ns: ($cpu / $packets),
		refused: (.refused / .sent)}' "$LAB_DIR/flood.json"
}

# A figure counts only if packets took the way it is named after: PATTERN GUARD
way_check() {
	local reason dropped share
	case $1/$2 in
	*/xdp-drop | */oracle) return ;;
	one-source/*) reason="^(ban|limit)-" ;;
	random-greylisted/*) reason="^greylist$" ;;
	random-over-budget/*) reason="^unlisted-budget$" ;;
	half-proven/*) reason="^cseq$" ;;
	esac
	guard_command "$2" stats --json >"$LAB_DIR/stats.json"
	dropped=$(jq -c '.reasons | map_values(.dropped.packets) | map_values(select(. > 0))' \
		"$LAB_DIR/stats.json")
	share=$(jq --arg reason "$reason" '
		(with_entries(select(.key | test($reason))) | add // 0) / add' <<<"$dropped")
	[[ $1 != half-proven ]] || share=$(jq -n "$share * 2")
	jq -en "$share > 0.9" >/dev/null ||
		lab_die "$1, $2: packets took another way than that which was to be measured: $dropped."
}

# measure PATTERN GUARD: one line of JSON.
measure() {
	local line try
	receiver_on "$2" "$1"
	for ((try = 1; try <= TRIES; try++)); do
		line=$(flood "$1" "$2")
		! jq -e --argjson rate "$RATE" '.offered_mpps * 1e6 >= 0.97 * $rate' >/dev/null \
			<<<"$line" || break
	done
	way_check "$1" "$2"
	receiver_off "$2" "$1"
	echo "$line"
}

# The median by what was judged, and between what the rounds lie.
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
	done >"$LAB_DIR/in_situ.lines"
	medians <"$LAB_DIR/in_situ.lines"
}

check_patterns() {
	local pattern
	for pattern in "$@"; do
		[[ -n $(flood_of "$pattern") ]] ||
			lab_die "there is no pattern $pattern; there are: ${PATTERNS[*]}."
	done
}

lab_need_root
[[ -z ${BENCH_GUARDS:-} ]] || read -ra GUARDS <<<"$BENCH_GUARDS"
check_patterns "$@"
[[ $# -eq 0 ]] || PATTERNS=("$@")
lab_choose_cpus
lab_realtime_lock
taskset -pc "$LAB_CPU_FLOOD" $$ >/dev/null
lab_up
[[ " ${PATTERNS[*]} " != *" half-proven "* ]] || proven_begin
in_situ "${PATTERNS[@]}"
