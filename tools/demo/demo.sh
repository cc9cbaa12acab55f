#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make demo: one real SIP server, five guards in front of it, two floods; who still gets an answer?
#
# Measured honestly, that is: probes (legitimate requests) sit at random places inside the flood,
# so they meet what the flood meets; the server shares its CPU with the receiving side of the
# interface, which goes first, as the softirq of a NIC does; the generator has another CPU; every
# guard meets a fresh server. Calls by SIPp show that the protocol survives, not how much: their
# packets leave when the scheduler has stopped the flood.
#
# A promise that is missed is measured twice more before it is said to be.
#
# Environment, for trying other things:
#   DEMO_METHOD=OPTIONS  DEMO_SECONDS=6  DEMO_RUNS="guard:flood:rate ..."  DEMO_JSON=build/demo.json

# shellcheck source-path=SCRIPTDIR

set -euo pipefail

DEMO_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lab/lab.sh
source "$DEMO_SRC/../lab/lab.sh"
# shellcheck source=guards.sh
source "$DEMO_SRC/guards.sh"
# shellcheck source=report.sh
source "$DEMO_SRC/report.sh"

BUILD=${DEMO_BUILD:-$LAB_ROOT/build}
SIPGUARD=$BUILD/sipguard
FLOOD=$BUILD/sipguard-flood
ORACLE=$BUILD/tools/oracle.bpf.o
METHOD=${DEMO_METHOD:-OPTIONS}
# Frames as long as those of a usual INVITE with its SDP.
FRAME=660
# Frames that arrive at once, as a NIC that coalesces interrupts delivers them.
BATCH=64
# The length of the ring that they wait in, as a NIC has it. That of a veth, 256, is full 0.1 ms after
# a hypervisor has taken the CPU away, and drops what no guard has seen.
QUEUE=2048
JSON=${DEMO_JSON:-$BUILD/demo.json}

# A trunk's pace, within sipguard's default limits of one source: 10 INVITEs a second, 30 messages.
CALL_RATE=10
# Legitimate requests a second, at random places of the flood: the same number whatever the flood, so
# that it alone makes the difference. They come from many addresses, as those of customers do, or the
# limit of one source would be the limit of the measurement.
PROBE_RATE=500
PROBE_SOURCES=250

# What the generator is told; what comes of it is measured. Flat out is whatever it can do: on a fast
# CPU more than one receiving CPU can even throw away, so that the ring of the interface overflows
# before any guard has seen the packet; on a slow one less than 2 million a second.
all_runs() {
	local guard flood rate
	for flood in one-source random-sources; do
		for guard in none nftables pike sipguard oracle; do
			echo "$guard:$flood:0.5M"
		done
		for rate in 2M flat; do
			for guard in none sipguard oracle; do
				echo "$guard:$flood:$rate"
			done
		done
	done
}

# The shape of a run: how long it floods (so that what a guard lets through at the start does not
# weigh), how many calls are placed meanwhile.
choose_length() {
	FLOOD_SECONDS=4
	[[ $1 != 0.5M ]] || FLOOD_SECONDS=6
	FLOOD_SECONDS=${DEMO_SECONDS:-$FLOOD_SECONDS}
	CALLS=$((CALL_RATE * (FLOOD_SECONDS - 1)))
}

need_built() {
	local file
	for file in "$SIPGUARD" "$FLOOD" "$ORACLE"; do
		[[ -e $file ]] || lab_die "$file is not built: run \"make\" first."
	done
}

# Starts the calls; they begin with the flood and may take three seconds longer.
start_calls() {
	LAB_CPU=$LAB_CPU_FLOOD lab_sipp calls call 4 udp -r "$CALL_RATE" -m "$CALLS" -l "$CALLS" \
		-timeout $((FLOOD_SECONDS + 3))
	CALLS_PID=$LAB_PID
}

# run_flood FLOOD RATE: leaves the generator's report in $LAB_DIR/flood.json. The generator goes
# before the machine's other processes, or it would not send the rate it should.
run_flood() {
	local args=(--dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" --dst-mac "$LAB_SERVER_MAC"
		--method "$METHOD" --size "$FRAME" --seconds "$FLOOD_SECONDS" --cpu "$LAB_CPU_FLOOD"
		--probes "$LAB_PROBE4" --probe-sources "$PROBE_SOURCES" --probe-rate "$PROBE_RATE"
		--batch "$BATCH" --queue "$QUEUE" --drain 1 --json)
	case $1 in
	one-source) args+=(--source "$LAB_FLOOD4") ;;
	random-sources) args+=(--random "$LAB_FLOOD_PREFIX4") ;;
	esac
	case $2 in
	0.5M) args+=(--rate 500000) ;;
	2M) args+=(--rate 2000000) ;;
	esac
	lab_wait_in client nice -n -10 "$FLOOD" "${args[@]}" >"$LAB_DIR/flood.json" ||
		lab_die "the flood generator failed."
}

# Milliseconds so far in which the hypervisor let the server's CPU wait.
stolen_ms() {
	awk -v cpu="cpu$LAB_CPU_SERVER" -v hz="$(getconf CLK_TCK)" '
		$1 == cpu { print $9 * 1000 / hz }' /proc/stat
}

# run GUARD FLOOD RATE: adds one line of JSON to $LAB_DIR/runs.
run() {
	local guard=$1 flood=$2 rate=$3 stolen
	choose_length "$rate"
	rm -f "$LAB_DIR"/calls.*
	lab_in server nft -f "$LAB_SRC/count.nft"
	guard_on "$guard" "$flood"
	lab_realtime_on "$LAB_CPU_SERVER"
	stolen=$(stolen_ms)
	start_calls
	run_flood "$flood" "$rate"
	stolen=$(($(stolen_ms) - stolen))
	wait "$CALLS_PID" || true
	lab_realtime_off
	run_json "$guard" "$flood" "$rate" "$stolen" "$(guard_judged "$guard")" >>"$LAB_DIR/runs"
	guard_off "$guard"
	lab_in server nft delete table inet sg_count
}

# Runs by which a promise is missed are made again, with all that they are compared with.
run_again() {
	local times missed spec guard flood rate
	for times in 1 2; do
		report_best "$LAB_DIR/runs" >"$JSON"
		missed=$(report_missed "$JSON")
		[[ -n $missed ]] || return 0
		for spec in "${runs[@]}"; do
			IFS=: read -r guard flood rate <<<"$spec"
			grep -qxF "$flood:$rate" <<<"$missed" || continue
			[[ $guard =~ ^(none|sipguard|oracle)$ ]] || continue
			progress "$guard" "$flood" "$rate, again ($times)"
			run "$guard" "$flood" "$rate"
		done
	done
	report_best "$LAB_DIR/runs" >"$JSON"
}

main() {
	local spec guard flood rate runs
	lab_need_root
	need_built
	lab_choose_cpus
	lab_realtime_lock
	taskset -pc "$LAB_CPU_FLOOD" $$ >/dev/null
	lab_up
	read -ra runs <<<"${DEMO_RUNS:-$(all_runs | tr '\n' ' ')}"
	for spec in "${runs[@]}"; do
		IFS=: read -r guard flood rate <<<"$spec"
		progress "$guard" "$flood" "$rate"
		run "$guard" "$flood" "$rate"
	done
	run_again
	progress
	lab_down
	report_table "$JSON" "$METHOD"
	report_bars "$JSON"
}

main
