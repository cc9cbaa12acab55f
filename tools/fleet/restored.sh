# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# restored: a server comes back with less than it had, as from a backup, or after its disk was full.
# What it numbers anew then is heard by who has heard those numbers before. And of a stream that was
# emptied, or made again, all is told again, though nothing happens then: or who comes new would not
# know it. Last, a guard whose own table is full of bans that are over.
#
# Sourced by fleet.sh. There is one server: of three another one may lead, which tells already.

# shellcheck disable=SC2034 # for nats.sh
FLEET_SERVERS=1

# What the server has of the stream: a field of its state; 0 if there is none.
stream_has() {
	fleet_jsz 1 "[.account_details[]?.stream_detail[]? | select(.name == \"SIPGUARD\") |
		.state.$1] | first // 0" "accounts=true&streams=true"
}

last_of_stream() {
	stream_has last_seq
}

stream_is_at() {
	[[ $(last_of_stream) -ge $1 ]]
}

has_come_back() { # NAME LOSSES: connected, and anew
	[[ $(agent_says "$1" ".connected and .losses > $2") == true ]]
}

has_messages() {
	[[ $(stream_has messages) -gt 0 ]]
}

has_none() {
	[[ $(stream_has messages) == 0 ]]
}

# as_admin REQUEST: to the stream, of the servers themselves.
as_admin() {
	local client
	read -ra client <<<"$(fleet_client admin)"
	# shellcheck disable=SC2016 # no variable
	fleet_in nats1 "$PROGRAMS/liar" "${client[@]}" --subject '$JS.API.STREAM.'"$1.SIPGUARD" \
		--reply _INBOX_admin.x </dev/null >>"$FLEET_DIR/admin.json" \
		2>>"$FLEET_DIR/admin.log" || lab_die "the stream does not do: $1."
}

emptied() {
	local last
	last=$(last_of_stream)
	as_admin PURGE
	lab_until stream_is_at $((last + 1)) || true
	at_least told-again-emptied $(($(last_of_stream) - last)) 1
	as_admin DELETE
	lab_until has_none || lab_die "the stream is still there."
	fleet_setup
	lab_until has_messages || true
	at_least told-again-made-again "$(stream_has messages)" 1
}

none_in_force() {
	[[ $(guard edge3 bans --json | jq '.bans | length') == 0 ]]
}

# A guard that has filled its table by itself, and whose bans are over, takes those of others.
crowded() {
	member_up edge3 3
	guard_up edge3 "memory: small" "bans: {auth-failure: {threshold: 2, window: 3600, time: 5}}"
	"$PROGRAMS/banner" --tries 2 --count 10000 --rate 100000 --port 40003 \
		"$(member_pins edge3)" >"$FLEET_DIR/crowd" 2>>"$FLEET_DIR/banner.log" || true
	told crowd "$(wc -l <"$FLEET_DIR/crowd")"
	lab_until none_in_force || lab_die "bans of edge3 do not end."
	agent_config edge3
	agent_start edge3
	agents_ready edge3
	bans_at edge1 20 40 40004
	at_most missing-of-crowded "$(seen_from_now 40004 "$FLEET_PATIENCE" edge3 | jq .missing)" 0
}

scenario() {
	local i last losses
	fleet_nats_up edge1 edge2 edge3
	fleet_setup
	for i in 1 2; do
		member_up "edge$i" "$i"
		guard_up "edge$i" "bans: {auth-failure: {threshold: 2, window: 3600, time: 3600}}"
		agent_config "edge$i"
		agent_start "edge$i"
	done
	agents_ready edge1 edge2
	bans_at edge1 20 1000 40000
	at_most missing-before "$(seen_from_now 40000 "$FLEET_PATIENCE" edge2 | jq .missing)" 0
	fleet_nats_stop 1
	cp -a "$FLEET_DIR/nats1" "$FLEET_DIR/backup"
	fleet_nats_start 1
	fleet_nats_ready
	agents_ready edge1 edge2
	bans_at edge1 20 1000 40001
	at_most missing-of-lost "$(seen_from_now 40001 "$FLEET_PATIENCE" edge2 | jq .missing)" 0
	last=$(last_of_stream)
	losses=$(agent_says edge1 .losses)
	# It sees the server again when there is as much as it knows of, and other things.
	fleet_nats_stop 1 KILL
	fleet_partition edge2
	rm -rf "$FLEET_DIR/nats1"
	mv "$FLEET_DIR/backup" "$FLEET_DIR/nats1"
	fleet_nats_start 1
	fleet_nats_ready
	lab_until has_come_back edge1 "$losses" || lab_die "edge1 does not come back."
	at_most stream-lost $(($(last_of_stream) - last)) -1
	bans_at edge1 40 40 40002
	lab_until stream_is_at "$last" || lab_die "nothing is told after the server came back."
	fleet_heal edge2
	at_most missing-of-anew "$(seen_from_now 40002 "$FLEET_PATIENCE" edge2 | jq .missing)" 0
	emptied
	crowded
}
