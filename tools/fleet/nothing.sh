# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# nothing: who has no fleet has nothing of it. The command needs no library of NATS and loads none,
# an attached guard has no process, nothing listens, and nothing is sent.
#
# Sourced by fleet.sh.

needed() {
	readelf -d "$SIPGUARD" | grep -c 'NEEDED.*libnats' || true
}

# Files of NATS, and sockets of the Internet, that commands of every kind have opened.
opened() {
	local command count=0 trace=$FLEET_DIR/opened
	for command in "status --json" bans stats reload; do
		# shellcheck disable=SC2086 # words
		SIPGUARD_PIN_ROOT=$(member_pins alone) fleet_in alone \
			strace -f -e trace=open,openat,socket,connect -o "$trace" \
			"$SIPGUARD" $command >/dev/null 2>&1 ||
			lab_die "\"sipguard $command\" fails."
		count=$((count + $(grep -c 'libnats\|connect(.*AF_INET' "$trace" || true)))
	done
	echo "$count"
}

listening() {
	fleet_in alone ss -Hlntu | wc -l
}

processes() {
	ip netns pids "$(fleet_ns alone)" | wc -l
}

scenario() {
	member_up alone 1
	guard_up alone
	at_most needs-the-library "$(needed)" 0
	at_most opens-of-the-library "$(opened)" 0
	at_most sockets-that-listen "$(listening)" 0
	at_most processes "$(processes)" 0
}
