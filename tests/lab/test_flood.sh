#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guard guards with no sipguard process alive: one source floods, the others notice nothing.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

FLOOD=$LAB_ROOT/build/sipguard-flood

no_process() {
	local pid
	for pid in $(ip netns pids "$LAB_NS_SERVER"); do
		[[ $(readlink "/proc/$pid/exe") != "$(realpath "$SIPGUARD")" ]] || {
			echo "process $pid is sipguard"
			return 1
		}
	done
}

# flood 4|6: one source, with probes from another, and calls from a third.
flood() {
	local family=$1 to=$LAB_SERVER4 source=$LAB_FLOOD4 probe=$LAB_PROBE4
	if [[ $family == 6 ]]; then
		to=$LAB_SERVER6 source=$LAB_FLOOD6 probe=$LAB_PROBE6
	fi
	lab_sipp "calls-$family" call "$family" udp -r 10 -m 30 -timeout "$LAB_PATIENCE"
	# So many frames and not so many seconds; none is lost before the guard, and answers may be late.
	lab_wait_in client "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$to" --dst-mac "$LAB_SERVER_MAC" \
		--port 5060 --method INVITE --source "$source" --rate 20000 --count 60000 \
		--seconds "$LAB_PATIENCE" --queue 4096 \
		--probes "$probe" --probe-sources 4 --probe-rate 40 --drain "$LAB_PATIENCE" --json >"$LAB_DIR/flood-$family.json"
	wait "$LAB_PID" || true
}

probes_answered() {
	jq -e '.probes_sent > 50 and .probes_answered == .probes_sent' "$LAB_DIR/flood-$1.json" || {
		cat "$LAB_DIR/flood-$1.json"
		return 1
	}
}

flood_dropped() {
	lab_in server "$SIPGUARD" stats --json >"$LAB_DIR/stats.json"
	jq -e --slurpfile flood "$LAB_DIR/flood-$1.json" \
		"$STATS_DROPPED > 0.9 * \$flood[0].accepted" "$LAB_DIR/stats.json" || {
		cat "$LAB_DIR/flood-$1.json" "$LAB_DIR/stats.json"
		return 1
	}
}

test_lab
guard_attach
check "no sipguard process is alive" no_process
for family in 4 6; do
	flood "$family"
	check "IPv$family: the flood is dropped" flood_dropped "$family"
	check "IPv$family: every probe of another source is answered" probes_answered "$family"
	check "IPv$family: every call of another source completes" call_all "calls-$family" 30
done
test_done
