# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# hoard: one source opens 5000 TCP connections and keeps them, another leaves as many half open. The
# limit of live connections of a source holds, and another client connects and is answered at once.
#
# Sourced by scenarios.sh.

HOARDER4=203.0.113.50
HALF4=203.0.113.51
# The default limit of live connections of a source.
LIVE=256

# In one state at the server, from one source.
live() {
	lab_in server ss -Htn state "$1" src "$LAB_SERVER4:5060" dst "$2" | wc -l
}

# Milliseconds until an OPTIONS over a new TCP connection was answered; null if it was not.
connect_ms() {
	local from=$EPOCHREALTIME
	if LAB_SIPSAK_SECONDS=$(full_or_short 5 "$PATIENCE") lab_sipsak tcp >/dev/null 2>&1; then
		echo $(((${EPOCHREALTIME/./} - ${from/./}) / 1000))
	else
		echo null
	fi
}

# How many of these times are known.
answered() {
	printf '%s\n' "$@" | grep -cv null || true
}

# live_is -OPERATOR N: established connections of the hoarder
live_is() {
	test "$(live established "$HOARDER4")" "$1" "$2"
}

# Somebody may hold connections from the hoarder's address, or leave them half open from the other's:
# nobody is there, and what the server answers to a SYN is lost.
hoard_open() {
	lab_in client "$HOARD" open "$HOARDER4" "$LAB_SERVER4" 5060 "$@"
}

hoard_half() {
	lab_wait_in client "$HOARD" half "$HALF4" "$LAB_SERVER4" 5060 "$@"
}

# What one meets while it goes on: OPEN and HALF connections at the server, and how long it takes
# another client.
hoard_all() {
	local pid
	hoard_open "$N" 2500 4 >"$LAB_DIR/hoard.json" &
	pid=$!
	sleep $((N / 2500 + 2))
	OPEN=$(live established "$HOARDER4")
	CONNECT_OPEN=$(connect_ms)
	wait "$pid"
	hoard_half "$N" 5000 0 >"$LAB_DIR/half.json"
	HALF=$(live syn-recv "$HALF4")
	CONNECT_HALF=$(connect_ms)
}

# By default new connections reach their own limit long before. Here that of live ones stands alone.
hoard_wide() {
	cat >"$LAB_DIR/wide.yaml" <<-END
		connections: {new: {rate: 100000, burst: 100000}}
		limits: {source: {rate: 100000, burst: 100000}}
		flow-limits: {source: {rate: 100000, burst: 100000}}
		totals: {syns: {rate: 100000, burst: 100000}}
	END
	sipguard reload --config "$LAB_DIR/wide.yaml" >>"$LAB_DIR/sipguard.log"
	hoard_open "$N" 2500 4 >"$LAB_DIR/wide.json"
	at_most live-without-limit-of-new "$(jq .most_open "$LAB_DIR/wide.json")" "$LIVE"
	at_least live-without-limit-of-new-reached "$(jq .most_open "$LAB_DIR/wide.json")" "$LIVE"
}

scenario() {
	local pid
	N=$(full_or_short 5000 2500)
	callers_at "$HOARDER4"
	server_start
	hoard_all
	told live-none "$OPEN"
	told half-open-none "$HALF"
	told connect-ms-none "$CONNECT_OPEN"
	told connect-ms-half-open-none "$CONNECT_HALF"
	server_stop

	server_start
	guard_on
	hoard_all
	at_most live "$(some "$OPEN")" "$LIVE"
	at_most half-open "$HALF" "$LIVE"
	fast connect-ms "$CONNECT_OPEN" 1000
	fast connect-ms-half-open "$CONNECT_HALF" 1000
	at_least another-client-answered "$(answered "$CONNECT_OPEN" "$CONNECT_HALF")" 2
	# Those that are gone, with FIN or RST, make room.
	until_true live_is -eq 0
	at_most live-after-the-end "$(live established "$HOARDER4")" 0
	hoard_open 20 20 "$PATIENCE" >"$LAB_DIR/after.json" &
	pid=$!
	until_true live_is -ge 20
	at_least new-after-the-end "$(live established "$HOARDER4")" 20
	kill "$pid" 2>/dev/null || true
	lab_end_processes "$LAB_NS_CLIENT"
	wait "$pid" || true
	[[ $LENGTH == short ]] || hoard_wide
}
