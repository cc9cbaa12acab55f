# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# operate-kill: each of the guard's own processes is killed (SIGKILL), again and again, after a while
# that is another one each time, from its first instruction on to its last; and the peer loses nothing.
# (The tests kill each command before each system call that changes something, and look at what is
# left; here is whether packets notice.)
#
# Sourced by scenarios.sh.

# shellcheck source=peer.sh
source "$SCENARIOS_SRC/operate/peer.sh"

KILLS=$(full_or_short 40 2) # of each

# killed NAME MS ARGUMENT...: a command that is killed after so many milliseconds.
killed() {
	local ms=$2
	lab_in server taskset -c "$LAB_CPU_FLOOD,$LAB_CPU_SERVER" timeout --signal=KILL \
		"$(jq -n "$ms / 1000")" "$SIPGUARD" "${@:3}" </dev/null >>"$LAB_DIR/killed-$1.log" 2>&1 || true
}

# kill_each NAME LONGEST ARGUMENT...: LONGEST is about how long it takes, in milliseconds.
kill_each() {
	local i
	for ((i = 1; i <= KILLS; i++)); do
		killed "$1" $((i * $2 / KILLS)) "${@:3}"
	done
}

scenario() {
	local i
	for ((i = 0; i < 20000; i++)); do
		echo "20.$((i / 256 % 256)).$((i % 256)).1"
	done >"$LAB_DIR/list"
	peer_config 0.yaml trunk
	peer_config 1.yaml carrier
	peer_ends
	guard_on "$LAB_DIR/0.yaml"
	# shellcheck disable=SC2119
	peer_begin
	kill_each reload 60 reload --config "$LAB_DIR/1.yaml"
	kill_each upgrade 3000 attach "$LAB_IF_SERVER"
	kill_each import 400 deny import "$LAB_DIR/list" --name list --replace
	kill_each ban 40 ban 203.0.113.9 --for 10m
	kill_each save 60 save "$LAB_DIR/state"
	kill_each restore 200 restore "$LAB_DIR/state"
	kill_each events 1000 events
	kill_each capture 1000 capture --write "$LAB_DIR/killed.pcapng"
	kill_each watch 1000 watch --metrics 0
	peer_stop
	told kills $((9 * KILLS))
	peer_rows
	# Whatever was left undone, the next one does it.
	sipguard reload --config "$LAB_DIR/0.yaml" >/dev/null
	at_least still-guarding "$(sipguard status --json |
		jq 'if .mode == "enforce" and .interfaces[0].state == "guarded" then 1 else 0 end')" 1
}
