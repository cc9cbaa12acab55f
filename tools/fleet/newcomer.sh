# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# newcomer: a member that begins anew knows in seconds what all others do. A server that is killed
# and comes back, and a member that is cut off for a minute, lose nothing, and no ban outlasts its
# end anywhere, whether the engine is there or not.
#
# Sourced by fleet.sh.

BANS=$(full_or_short 200000 2000)
CUT=$(full_or_short 60 8) # seconds that a member is cut off
LASTS=15                  # seconds of the bans that have to end in time
LARGE="memory: large"
RATE=100                  # bans a second while servers and members come and go
# Room for a tenth more than there will be: what is read again takes none twice.
ROOM=$(((BANS + RATE * (CUT + 20) + 200) * 11 / 10))
TAKE="{mode: enforce, per-minute: 100000000, most: $ROOM, most-each: $ROOM}"

# A guard that bans after two wrong passwords, for so many seconds.
guard_of() { # NAME SECONDS
	guard_up "$1" "$LARGE" "bans: {auth-failure: {threshold: 2, window: 3600, time: $2}}"
}

comes_new() {
	local seen
	bans_at edge1 "$BANS" 10000 40000
	at_least banned "$(wc -l <"$FLEET_DIR/bans.40000")" $((BANS * 99 / 100))
	at_most missing-before "$(seen_from_now 40000 "$FLEET_PATIENCE" edge2 | jq .missing)" 0
	agent_start edge3
	seen=$(seen_from_now 40000 "$FLEET_PATIENCE" edge3)
	at_most newcomer-missing "$(jq .missing <<<"$seen")" 0
	fast newcomer-seconds "$(jq '.max_ms / 1000' <<<"$seen")" 3
	told newcomer-half-seconds "$(jq '.p50_ms / 1000' <<<"$seen")"
	same edge1 edge2 edge3 >"$FLEET_DIR/same.json"
	at_most newcomer-more "$(jq .more "$FLEET_DIR/same.json")" 0
	at_most newcomer-ends-differ "$(jq .ends_differ "$FLEET_DIR/same.json")" 0
	fast newcomer-agent-mb "$(memory_of "$(agent_pid edge3)")" 40
	fast teller-agent-mb "$(memory_of "$(agent_pid edge1)")" 40
}

# Bans go on while the server that leads the stream is killed, is back, and a member is cut off.
goes_on() {
	local leader banner
	bans_at edge1 $((RATE * (CUT + 20))) "$RATE" 40001 &
	banner=$!
	sleep 3
	leader=$(fleet_stream_leader 1 SIPGUARD || fleet_stream_leader 2 SIPGUARD)
	fleet_nats_stop "$leader" KILL
	sleep 5
	fleet_nats_start "$leader"
	sleep 3
	fleet_partition edge3
	bans_at edge3 50 50 40002
	sleep "$CUT"
	fleet_heal edge3
	wait "$banner"
	at_most missing-after-kill "$(seen_from_now 40001 "$FLEET_PATIENCE" edge2 | jq .missing)" 0
	at_most missing-after-cut "$(seen_from_now 40001 "$FLEET_PATIENCE" edge3 | jq .missing)" 0
	at_most missing-of-cut "$(seen_from_now 40002 "$FLEET_PATIENCE" edge1 edge2 | jq .missing)" 0
	same edge1 edge2 edge3 >"$FLEET_DIR/same.json"
	at_most more-after-cut "$(jq .more "$FLEET_DIR/same.json")" 0
	at_most ends-differ-after-cut "$(jq .ends_differ "$FLEET_DIR/same.json")" 0
	at_least agents-live "$(agents_living edge1 edge2 edge3)" 3
}

# An agent that reads all of it again still takes what comes then.
begins_anew() {
	agent_stop edge2
	agent_start edge2
	agents_ready edge2
	bans_at edge1 50 1000 40004
	at_most missing-begun-anew "$(seen_from_now 40004 "$FLEET_PATIENCE" edge2 | jq .missing)" 0
}

# No server is there any more when they end.
ends_in_time() {
	local end i
	guard_reload edge1 "$LARGE" \
		"bans: {auth-failure: {threshold: 2, window: 3600, time: $LASTS}}"
	bans_at edge1 100 1000 40003
	end=$((SECONDS + LASTS + 2))
	at_most missing-of-short "$(seen_from_now 40003 "$LASTS" edge2 edge3 | jq .missing)" 0
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		fleet_nats_stop "$i" KILL
	done
	at_least dropped-without-servers "$(dropped_at 40000 100 edge1 edge2 edge3)" 300
	while [[ $SECONDS -le $end ]]; do
		sleep 0.2
	done
	at_most dropped-after-end "$(dropped_at 40003 100 edge1 edge2 edge3)" 0
}

scenario() {
	local i
	fleet_nats_up edge1 edge2 edge3
	fleet_setup
	for i in 1 2 3; do
		member_up "edge$i" "$i"
		guard_of "edge$i" 3600
		agent_config "edge$i" "$TAKE"
	done
	agent_start edge1
	agent_start edge2
	agents_ready edge1 edge2
	comes_new
	goes_on
	begins_anew
	ends_in_time
}
