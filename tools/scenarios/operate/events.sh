# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# operate-events: a flood of a million packets a second from one source, dropped by its limits, and
# one from random sources: how many the guard takes while somebody follows the events, and a second
# one all packets, and while nobody does. In turns, so that what else the machine does meets both.
#
# Sourced by scenarios.sh.

# shellcheck source=peer.sh
source "$SCENARIOS_SRC/operate/peer.sh"

TURNS=$(full_or_short 5 1)
EACH=$(full_or_short 4 1)
RATE=$(full_or_short 1000000 5000)

followers_on() {
	lab_spawn server events nice -n 19 "$SIPGUARD" events --json
	FOLLOWERS=("$LAB_PID")
	lab_spawn server capture nice -n 19 "$SIPGUARD" capture --write /dev/null
	FOLLOWERS+=("$LAB_PID")
	sleep 1
}

followers_off() {
	end "${FOLLOWERS[0]}"
	end "${FOLLOWERS[1]}"
}

# flood NAME TURN SOURCE...
flood() {
	generate "$1-$2" --method INVITE "${@:3}" --rate "$RATE" --seconds "$EACH" --drain 0
}

# best NAME: of all turns, the most that was taken a second.
best() {
	jq -s 'map(.mpps) | max' "$LAB_DIR/$1"-*.json
}

compare() {
	local kind=$1 turn
	shift
	for ((turn = 0; turn < TURNS; turn++)); do
		flood "$kind-off" "$turn" "$@"
		followers_on
		flood "$kind-on" "$turn" "$@"
		followers_off
	done
	told "mpps-$kind-off" "$(best "$kind-off")"
	told "mpps-$kind-on" "$(best "$kind-on")"
	if [[ $LENGTH == short ]]; then
		told "on-of-off-$kind" "$(ratio "$(best "$kind-on")" "$(best "$kind-off")")"
	else
		at_least "on-of-off-$kind" "$(ratio "$(best "$kind-on")" "$(best "$kind-off")")" 0.97
	fi
}

scenario() {
	guard_on
	compare one --source "$LAB_FLOOD4"
	compare random --random "$LAB_FLOOD_PREFIX4"
	at_least events-seen "$(grep -c '"event"' "$LAB_DIR/events.log")" 1
	told dropped "$(guard_counted '[.classes[].dropped.packets] | add')"
}
