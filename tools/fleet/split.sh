# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# split: the network is cut in two, each half with members and servers. Both learn; afterwards all
# know what either has learned, and who was banned in one half and registered in the other is free.
#
# Sourced by fleet.sh.

SPLIT=$(full_or_short 30 5) # seconds

PHONES=203.0.113.0

# Who guesses in one half, and registers in the other one: MEMBER OPTION...
phones() {
	local pins
	pins=$(member_pins "$1")
	shift
	"$PROGRAMS/banner" "$@" --first "$PHONES" --count 20 --rate 100 --port 40002 "$pins" \
		>/dev/null 2>>"$FLEET_DIR/banner.log"
}

half_of_two() {
	local i
	fleet_nats_up edge1 edge2 edge3 edge4
	fleet_setup
	for i in 1 2 3 4; do
		member_up "edge$i" "$i"
		guard_up "edge$i" "bans: {auth-failure: {threshold: 2, window: 3600, time: 3600}}"
		agent_config "edge$i" "$TAKE_ALL"
		agent_start "edge$i"
	done
	agents_ready edge1 edge2 edge3 edge4
	fleet_split nats3 edge3 edge4
}

scenario() {
	half_of_two
	# More than half of the servers go on.
	bans_at edge1 50 100 40000
	at_most missing-in-the-larger "$(seen_from_now 40000 "$FLEET_PATIENCE" edge2 | jq .missing)" 0
	bans_at edge3 50 100 40001
	at_least dropped-in-the-smaller "$(dropped_at 40001 50 edge3)" 50
	# Of addresses of their own: whoever else sends from that of a phone is not banned by others.
	phones edge3 --tries 2
	phones edge1 --succeed
	sleep "$SPLIT"
	at_most passed-over "$(dropped_at 40001 50 edge1 edge2)" 0
	fleet_join_halves nats3 edge3 edge4
	at_most missing-of-the-larger "$(seen_from_now 40000 "$FLEET_PATIENCE" edge3 edge4 | jq .missing)" 0
	at_most missing-of-the-smaller "$(seen_from_now 40001 "$FLEET_PATIENCE" edge1 edge2 edge4 | jq .missing)" 0
	mapfile -t pins < <(member_pins_of edge1 edge2 edge4)
	at_most phones-dropped "$("$PROGRAMS/judge" --first "$PHONES" --count 20 --port 40002 \
		"${pins[@]}" | jq .dropped)" 0
	# What the cut has held up comes late: no clock was off.
	at_most clocks-off "$(cat "$FLEET_DIR"/edge?.agent.log | grep -c 'the clock of' || true)" 0
	at_least agents-live "$(agents_living edge1 edge2 edge3 edge4)" 4
}
