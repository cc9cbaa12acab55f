#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A good peer over TCP loses nothing, however its stream is cut and whatever the wire does to it: as
# a source that no list knows, of which each fault is enforced, and as one of a zone. And a message
# that breaks a rule where the guard knows that one begins is seen.
#
# TEST_FULL=1: 100 000 messages over the bad wire, not some thousand. TEST_GUARD=none: without a
# guard.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=../../tools/lab/phone.sh
source "$LAB_ROOT/tools/lab/phone.sh" # for the password only

TCP_PEER=$LAB_ROOT/build/tests/tcp_peer
WIRE=$LAB_ROOT/build/tests/wire
# Behind the wire, in a namespace of its own: as the client's addresses, of the server's networks.
FAR4=192.0.2.30
FAR6=2001:db8:0:1::30
FAR_MAC=02:00:5e:10:00:03
WIRE_PID=
BURSTS=1830 # messages of which 1 to 60 are written at once
MANY=2000
[[ -z ${TEST_FULL:-} ]] || MANY=100000

# --- the far end, and the wire to it

# far_link: a third namespace, whose frames the wire carries through that of the client.
far_link() {
	ip netns add "$LAB_NS_FAR"
	ip link add name far netns "$LAB_NS_FAR" address "$FAR_MAC" type veth \
		peer name wire netns "$LAB_NS_CLIENT"
	ip netns exec "$LAB_NS_FAR" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/far/addr_gen_mode'
	lab_in client sh -c 'echo 1 >/proc/sys/net/ipv6/conf/wire/disable_ipv6'
	ip -n "$LAB_NS_CLIENT" link set wire up
	ip -n "$LAB_NS_FAR" addr add "$FAR4/24" dev far
	ip -n "$LAB_NS_FAR" addr add "$FAR6/64" dev far nodad
	ip -n "$LAB_NS_FAR" link set far up
	far_neighbour "$LAB_NS_FAR" far "$LAB_SERVER_MAC" "$LAB_SERVER4" "$LAB_SERVER6"
	far_neighbour "$LAB_NS_SERVER" "$LAB_IF_SERVER" "$FAR_MAC" "$FAR4" "$FAR6"
	plain_frames "$LAB_NS_FAR" far
	plain_frames "$LAB_NS_CLIENT" wire
	plain_frames "$LAB_NS_CLIENT" "$LAB_IF_CLIENT"
	plain_frames "$LAB_NS_SERVER" "$LAB_IF_SERVER"
}

far_neighbour() {
	ip -n "$1" neigh add "$4" lladdr "$3" dev "$2" nud permanent
	ip -n "$1" neigh add "$5" lladdr "$3" dev "$2" nud permanent
}

# No frame is larger than the link, and each has its checksum.
plain_frames() {
	ip netns exec "$1" ethtool -K "$2" tso off gso off gro off tx off >/dev/null
}

# wire_start LOSS LATE TWICE: in 1/10000 of the frames.
wire_start() {
	: >"$LAB_DIR/wire.log"
	# The process itself, not a shell in between, is told to end.
	(exec nsenter --net="/run/netns/$LAB_NS_CLIENT" -- "$WIRE" "$LAB_IF_CLIENT" wire \
		"$1" "$2" "$3" 20241124) >"$LAB_DIR/wire.log" 2>&1 &
	WIRE_PID=$!
	until_true grep -q carries "$LAB_DIR/wire.log" ||
		lab_die "the wire carries nothing: $(<"$LAB_DIR/wire.log")"
}

wire_end() {
	kill -TERM "$WIRE_PID"
	wait "$WIRE_PID" || true
	sed -n 's/^.*: carried/# the wire: carried/p' "$LAB_DIR/wire.log"
}

# It has done to both directions what it was told to.
wire_was_bad() {
	equal "$(grep -cE 'lost [1-9][0-9]*, late [1-9][0-9]*, twice [1-9]' "$LAB_DIR/wire.log")" 2
}

# peer FROM WAY OPTION...: the peer at the client or the far end, to IPv4 or IPv6. What it says is
# in peer.json.
peer() {
	local ns=$LAB_NS_CLIENT to=$LAB_SERVER4 n=${*: -1}
	[[ $1 == client ]] || ns=$LAB_NS_FAR
	[[ $2 == 4 ]] || to=$LAB_SERVER6
	shift 2
	nsenter --net="/run/netns/$ns" -- "$TCP_PEER" "${@:1:$#-1}" "$to" 5060 "$n" \
		>"$LAB_DIR/peer.json" || {
		cat "$LAB_DIR/peer.json"
		return 1
	}
}

# --- the guard

WIDE='{rate: 1000000, burst: 1000000}'

wide_limits() {
	local name
	for name in source invite register options event other response keepalive; do
		printf '%s%s: %s\n' "$1" "$name" "$WIDE"
	done
}

# All as by default, but for how much a source, or all, may send: as of one that no list knows, or
# of one in a zone.
configs() {
	{
		printf 'limits:\n'
		wide_limits '  '
		printf 'flow-limits:\n'
		wide_limits '  '
		printf 'connections: {new: %s, live: 1000, segments: %s}\n' "$WIDE" "$WIDE"
		printf 'totals: {unlisted-total: %s, unlisted-tcp: %s, replies: %s}\n' \
			"$WIDE" "$WIDE" "$WIDE"
	} >"$LAB_DIR/unlisted.yaml"
	printf 'totals: {replies: %s}\n' "$WIDE" >"$LAB_DIR/default.yaml"
	{
		printf 'zones:\n  - name: peer\n    prefixes: [192.0.2.0/24, "2001:db8:0:1::/64"]\n'
		printf '    connections: {new: %s, live: 1000, segments: %s}\n' "$WIDE" "$WIDE"
		printf '    limits:\n'
		wide_limits '      '
		printf '    flow-limits:\n'
		wide_limits '      '
	} >"$LAB_DIR/zone.yaml"
}

# guarded CONFIG MODE CHECKS...: a guard of its own for some checks.
guarded() {
	GUARD="$1, $2"
	if [[ ${TEST_GUARD:-sipguard} != none ]]; then
		check "guard, $GUARD" \
			sipguard attach "$LAB_IF_SERVER" --enforce --config "$LAB_DIR/$1.yaml" --xdp "$2"
	fi
	shift 2
	"$@"
	[[ ${TEST_GUARD:-sipguard} == none ]] || sipguard detach "$LAB_IF_SERVER" >/dev/null
}

# What the guard counts from here on is in stats.json, when stats_end is called.
stats_begin() {
	[[ ${TEST_GUARD:-sipguard} == none ]] || sipguard stats --json >"$LAB_DIR/before.json"
}

stats_end() {
	[[ ${TEST_GUARD:-sipguard} != none ]] || return 0
	sipguard stats --json | jq --slurpfile before "$LAB_DIR/before.json" '
		def less($b): if type == "object" then with_entries(.key as $k | .value |= less($b[$k]))
			elif type == "number" then . - ($b // 0) else . end;
		less($before[0])' >"$LAB_DIR/stats.json"
}

# No packet was dropped, and none met a reason that is only counted.
nothing_dropped() {
	[[ ${TEST_GUARD:-sipguard} != none ]] || return 0
	equal "$(jq -cS '.reasons | map_values(.dropped.packets + .watched.packets) |
		with_entries(select(.value > 0))' "$LAB_DIR/stats.json")" '{}'
	equal "$(jq "$STATS_DROPPED" "$LAB_DIR/stats.json")" 0
}

# How many segments were not read, by why.
unread() {
	jq -c '.events | with_entries(select(.key | startswith("unread"))) | map_values(select(. > 0))' \
		"$LAB_DIR/stats.json"
}

# methods_of FILE EXPRESSION
methods_of() {
	jq -cS "$2 | {OPTIONS, NOTIFY, INVITE, MESSAGE, SUBSCRIBE, INFO}" "$1"
}

# Each message was read and counted, and no segment was left out.
all_read() {
	[[ ${TEST_GUARD:-sipguard} != none ]] || return 0
	equal "$(unread)" '{}'
	equal "$(methods_of "$LAB_DIR/stats.json" '.methods | map_values(.passed.packets)')" \
		"$(methods_of "$LAB_DIR/peer.json" .methods)"
}

# What a lossy wire leaves to be read: told, and not judged.
told() {
	local sent read
	[[ ${TEST_GUARD:-sipguard} != none ]] || return 0
	sent=$(jq .sent "$LAB_DIR/peer.json")
	read=$(methods_of "$LAB_DIR/stats.json" '.methods | map_values(.passed.packets)' | jq add)
	printf '# %s: %s messages, %s read; segments %s, unread %s\n' "$1" "$sent" "$read" \
		"$(jq "$STATS_PASSED" "$LAB_DIR/stats.json")" "$(unread)" >&"$OUT"
}

# --- the checks

# good FROM WAY OPTION...: the peer, and what the guard says of it.
good() {
	local status=0
	stats_begin
	peer "$@" || status=$?
	stats_end
	told "$GUARD, $*"
	# Or what the peer could not hear had no cause that one can see.
	nothing_dropped || status=1
	# A super-packet of generic XDP may have more messages than are read of one frame (SG_PARTS).
	[[ $status -ne 0 || $1 != client || $GUARD == *generic ]] || all_read || status=1
	return "$status"
}

all_lengths() {
	good client "$1" -p pieces -c 1 "$BURSTS"
	equal "$(jq .lengths "$LAB_DIR/peer.json")" 1460
}

# The guard sees frames of the link (native), or what the kernel has made of many (generic).
on_a_good_wire() {
	local way
	for way in "$@"; do
		check "bursts, $GUARD, IPv$way" good client "$way" -p whole -c 1 "$BURSTS"
		check "pieces of each length, $GUARD, IPv$way" all_lengths "$way"
		check "several connections, $GUARD, IPv$way" good client "$way" -c 8 "$BURSTS"
	done
}

on_a_bad_wire() {
	local way
	for way in "$@"; do
		check "1 % lost, 5 % late or twice, $GUARD, IPv$way" good far "$way" -c 8 "$MANY"
	done
}

# wrong OUTCOME ANSWERED: a message with an overlong tag, where one is known to begin. Of a stranger
# it is dropped, and its connection with it; of a zone the server has the last word: Kamailio
# answers.
wrong() {
	local status=0
	[[ ${TEST_GUARD:-sipguard} != none ]] || return 0
	stats_begin
	peer client 4 -c 1 -t 20 -m 20 || status=$?
	stats_end
	equal "$(jq -c '[.sent, .answered]' "$LAB_DIR/peer.json")" "[22,$2]"
	equal "$(jq ".reasons[\"parameter-long\"].$1.packets > 0" "$LAB_DIR/stats.json")" true
	equal "$status" $(($2 < 22))
}

unlisted_native() {
	on_a_good_wire 4 6
	check "a malformed message of a stranger" wrong dropped 20
}

zone_native() {
	on_a_good_wire 4
	check "a malformed message of a zone" wrong watched 22
}

# More than its limits allow, and all at once: TCP sends what was refused again, so that all is
# answered in the end; and not sooner than by its limits, since what is behind a refused segment
# waits for it.
beyond_the_limits() {
	local start=$EPOCHREALTIME
	good_enough client 4 -c 1 -t 60 1000
	[[ ${TEST_GUARD:-sipguard} == none ]] || awk -v start="$start" -v end="$EPOCHREALTIME" \
		'BEGIN { print end - start " s"; exit end - start < 5 }'
}

# As good, but that segments may be dropped.
good_enough() {
	stats_begin
	peer "$@"
	stats_end
	told "$GUARD, $*"
	[[ ${TEST_GUARD:-sipguard} == none ]] || equal "$(unread)" '{}'
}

by_default() {
	check "what is beyond the limits waits, $GUARD" beyond_the_limits
}

exec {OUT}>&1
[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT
lab_kamailio_start WITH_PHONES "PASSWORD=\"$PHONE_PASSWORD\""
configs
guarded unlisted native unlisted_native
guarded zone native zone_native
guarded default native by_default
guarded unlisted generic on_a_good_wire 4
far_link
wire_start 100 250 250
guarded unlisted native on_a_bad_wire 4 6
guarded unlisted generic on_a_bad_wire 4
wire_end
check "the wire was as bad as it should be" wire_was_bad
test_done
