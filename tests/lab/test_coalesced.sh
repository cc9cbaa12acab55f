#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Several messages in one super-packet, as a sender's UDP_SEGMENT makes it: each is charged, 39 of
# garbage do not get in behind a good one, and no good one is lost. Through a veth, a tap and a
# bridge at tc ingress, where it is one frame, and through native XDP on a veth, where the kernel
# makes one frame of each message.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

UDP_SEGMENT=$LAB_ROOT/build/tests/udp_segment
BRIDGE=sgbr
TAP=sgtap
SINK_OUT=

# What the checks look at, each a number of frames or of messages.
FRAMES=.classes.request.passed.packets
FRAMES_REFUSED=.classes.request.dropped.packets
MESSAGES=.methods.REGISTER.passed.packets
MESSAGES_REFUSED=.methods.REGISTER.dropped.packets
GARBAGE=.reasons.garbage.dropped.packets
GARBAGE_LET_GO=.reasons.garbage.watched.packets
OVER_LIMIT='.reasons["limit-flow"].dropped.packets'

# counted FILTER...: counters of the guard, in words of jq.
counted() {
	local filters
	filters=$(printf ', (%s)' "$@")
	sipguard stats --json | jq -r "[${filters#, }] | join(\" \")"
}

write_configs() {
	local wide='{rate: 100000, burst: 100000}'
	cat >"$LAB_DIR/wide.yaml" <<-END
		limits: {source: $wide, register: $wide}
		flow-limits: {source: $wide, register: $wide}
		totals: {unlisted-total: $wide}
	END
	# What 40 messages owe here is paid after half a minute; two owe nothing.
	sed '/^flow-limits/s/register: {[^}]*}/register: {rate: 1, burst: 10}/' \
		"$LAB_DIR/wide.yaml" >"$LAB_DIR/debt.yaml"
	printf 'ports: {}\n' >"$LAB_DIR/default.yaml"
}

# guard IFACE MODE CONFIG: a new one, with counters that are 0; the marker always passes.
guard() {
	sipguard attach "$1" --xdp "$2" --enforce --config "$LAB_DIR/$3.yaml" >/dev/null
	sipguard allow add "$LAB_PROBE4" >/dev/null
}

sink_up() {
	local word
	mkfifo "$LAB_DIR/sink"
	lab_in server "$UDP_SEGMENT" sink "$LAB_SERVER4" 5060 >"$LAB_DIR/sink" &
	exec {SINK_OUT}<"$LAB_DIR/sink"
	rm "$LAB_DIR/sink"
	read -r -t "$LAB_PATIENCE" -u "$SINK_OUT" word
	equal "$word" ready
}

# sink_got: "GOOD BAD", what the socket has received.
sink_got() {
	local words
	read -r -t "$LAB_PATIENCE" -u "$SINK_OUT" words
	exec {SINK_OUT}<&-
	echo "$words"
}

# sent GOOD BAD SIZE [FRAMES]: from the client; what the socket has received of it.
sent() {
	sink_up
	lab_in client "$UDP_SEGMENT" send "$LAB_CLIENT4" "$LAB_SERVER4" 5060 "$LAB_PROBE4" "$@"
	sink_got
}

# --- the ways at tc ingress ---

# way_socket IFACE GOOD BAD SIZE: to a veth, or a bridge with the veth as its port.
way_socket() {
	guard "$1" generic wide
	shift
	sent "$@"
}

# way_tap GOOD BAD SIZE: from a guest at a tap, where `auto` takes tc ingress.
way_tap() {
	local word tap_in tap_out
	sink_up
	mkfifo "$LAB_DIR/tap.in" "$LAB_DIR/tap.out"
	lab_in server "$UDP_SEGMENT" tap "$TAP" "$LAB_CLIENT4" "$LAB_SERVER4" 5060 "$LAB_PROBE4" \
		"$@" <"$LAB_DIR/tap.in" >"$LAB_DIR/tap.out" &
	exec {tap_in}>"$LAB_DIR/tap.in" {tap_out}<"$LAB_DIR/tap.out"
	rm "$LAB_DIR/tap.in" "$LAB_DIR/tap.out"
	read -r -t "$LAB_PATIENCE" -u "$tap_out" word
	equal "$word" ready
	# The route to the client leads through the veth.
	no_path_filter "$TAP"
	ip -n "$LAB_NS_SERVER" link set "$TAP" up
	guard "$TAP" auto wide
	word=$(sipguard status --json | jq -r '.interfaces[] | "\(.hook) \(.program)"')
	equal "$word" "tc ingress"
	echo >&"$tap_in"
	sink_got
	exec {tap_in}>&- {tap_out}<&-
}

# passes WAY...: 40 in one frame of 48 000 bytes: all arrive, all are counted.
passes() {
	equal "$("$@" 40 0 1200)" "40 0"
	equal "$(counted "$FRAMES" "$MESSAGES" "$STATS_DROPPED" "$STATS_WATCHED")" "1 40 0 0"
}

# Taken for one message they were dropped as `size`: they are more bytes than one may have.
keeps_registers() {
	equal "$("$@" 14 0 1300)" "14 0"
	equal "$(counted "$FRAMES" "$MESSAGES" "$STATS_DROPPED" "$STATS_WATCHED")" "1 14 0 0"
}

# More bad ones than good ones: the frame is refused.
refuses_garbage() {
	equal "$("$@" 1 39 1200)" "0 0"
	equal "$(counted "$FRAMES" "$MESSAGES" "$MESSAGES_REFUSED" "$GARBAGE")" "0 0 1 1"
}

# The most bad ones that get in: nobody may lose the good ones. The frame has passed, and its fault was
# counted.
lets_good_ones_pass() {
	equal "$("$@" 20 20 1200)" "20 20"
	equal "$(counted "$MESSAGES" "$STATS_DROPPED" "$GARBAGE" "$GARBAGE_LET_GO")" \
		"20 0 0 1"
}

# --- limits ---

# The first message lets the frame in, the other 39 are a debt, which the next frame meets.
charges_all() {
	guard "$LAB_IF_SERVER" generic debt
	equal "$(sent 40 0 400 2)" "40 0"
	equal "$(counted "$FRAMES" "$MESSAGES" "$OVER_LIMIT")" "1 40 1"
}

# The other side of it: two frames of one message each are within the burst.
charges_one() {
	guard "$LAB_IF_SERVER" generic debt
	equal "$(sent 1 0 400 2)" "2 0"
	equal "$(counted "$FRAMES" "$MESSAGES" "$STATS_DROPPED")" "2 2 0"
}

# 50 frames of 40 against a burst of 60 and 20 a second (flow-limits: register): on a machine of any
# speed no more pass than that, and the rest of the frame that was let in last. Charged as one
# message each, all 50 would be within the burst.
default_limits() {
	local start=$EPOCHREALTIME got good most
	guard "$LAB_IF_SERVER" generic default
	got=$(sent 40 0 400 50)
	good=${got% 0}
	most=$(jq -n "60 + 20 * ($EPOCHREALTIME - $start) + 39 | floor")
	[[ $good =~ ^[0-9]+$ && $good -ge 40 && $good -le $most ]] || {
		echo "\"$got\" were received, and at most $most may be"
		return 1
	}
	equal "$(counted "$MESSAGES" "$FRAMES + $FRAMES_REFUSED")" "$good 50"
	echo "$good of 2000, at most $most"
}

# --- native XDP ---

native_passes() {
	guard "$LAB_IF_SERVER" native wide
	equal "$(sent 40 0 1200)" "40 0"
	equal "$(counted "$FRAMES" "$MESSAGES" "$STATS_DROPPED" "$STATS_WATCHED")" "40 40 0 0"
}

native_drops_garbage() {
	guard "$LAB_IF_SERVER" native wide
	equal "$(sent 1 39 1200)" "1 0"
	equal "$(counted "$FRAMES" "$MESSAGES" "$GARBAGE")" "1 1 39"
}

# --- around them ---

no_path_filter() {
	ip netns exec "$LAB_NS_SERVER" sh -c "echo 0 >/proc/sys/net/ipv4/conf/$1/rp_filter"
}

bridge_up() {
	ip -n "$LAB_NS_SERVER" link add "$BRIDGE" address "$LAB_SERVER_MAC" type bridge
	ip -n "$LAB_NS_SERVER" addr del "$LAB_SERVER4/24" dev "$LAB_IF_SERVER"
	ip -n "$LAB_NS_SERVER" link set "$LAB_IF_SERVER" master "$BRIDGE"
	ip -n "$LAB_NS_SERVER" addr add "$LAB_SERVER4/24" dev "$BRIDGE"
	no_path_filter "$BRIDGE"
	ip -n "$LAB_NS_SERVER" link set "$BRIDGE" up
}

# Each check has a guard, a sink and a tap of its own; one that failed may have left them.
clean_state() {
	lab_end_processes "$LAB_NS_SERVER"
	sipguard detach --all >/dev/null 2>&1 || true
	rm -f "$LAB_DIR"/sink "$LAB_DIR"/tap.*
}

# check_way WHERE WAY...
check_way() {
	local where=$1
	shift
	check "$where: 40 in one frame arrive, and 40 are counted" passes "$@"
	check "$where: 14 REGISTERs of 18 200 bytes in one frame are kept" keeps_registers "$@"
	check "$where: 39 of garbage behind a good one do not get in" refuses_garbage "$@"
	check "$where: no good one is lost for as many of garbage" lets_good_ones_pass "$@"
}

[[ -x $SIPGUARD && -x $UDP_SEGMENT ]] ||
	lab_die "a program of this test is not built: run \"make test-programs\" first."
lab_up
trap test_ended EXIT
ip -n "$LAB_NS_CLIENT" addr add "$LAB_PROBE4/32" dev "$LAB_IF_CLIENT"
write_configs

check_way "veth at tc ingress" way_socket "$LAB_IF_SERVER"
check "40 in one frame are charged as 40" charges_all
check "one in a frame is charged as one" charges_one
check "the limits by default count messages, not frames" default_limits
check "veth with native XDP: 40 arrive as 40 frames" native_passes
check "veth with native XDP: 39 of garbage are dropped, the good one is kept" native_drops_garbage
check_way "tap" way_tap
bridge_up
check_way "bridge" way_socket "$BRIDGE"
test_done
