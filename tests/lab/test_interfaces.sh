#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where the guard runs on which interface, that its packets are seen there, and that status says it
# when they are not. Renames, moves and stacks are tried on each kernel, see
# tests/kernels/interfaces.sh; here are names in several namespaces, interfaces without an Ethernet
# header, filters at ingress as on older kernels, and other programs that take the packets first.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

FLOOD=$LAB_ROOT/build/sipguard-flood
TUN_SEND=$LAB_ROOT/build/tests/tun_send
SIPGUARD_SHORT=$LAB_ROOT/build/tests/sipguard_short
GOOD='OPTIONS sip:192.0.2.10 SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.34:5060;branch=z9hG4bKt\nFrom: <sip:a@example.com>;tag=1\nTo: <sip:b@example.com>\nCall-ID: t1\nCSeq: 1 OPTIONS\nMax-Forwards: 70\nContent-Length: 0\n\n'
OTHER=

# of IFACE FILTER: what status says of it, in words of jq.
of() {
	sipguard status --json | jq -r ".interfaces[] | select(.name == \"$1\") | $2"
}

says() {
	local regex=$1 said
	shift
	said=$(sipguard "$@" 2>&1)
	[[ $said =~ $regex ]] || {
		echo "it said: $said"
		return 1
	}
}

# counter FILTER: a counter of the guard.
counter() {
	sipguard stats --json | jq "$1"
}

# flood N: so many frames and a few more from the client to the server's interface.
flood() {
	lab_in client "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" --dst-mac "$LAB_SERVER_MAC" \
		--source "$LAB_FLOOD4" --rate "$1" --count "$1" \
		--seconds "$LAB_PATIENCE" --queue 4096 --json | jq .accepted
}

# How much more is counted by class, or as not guarded, than by interfaces: what came in while they
# were being attached. While one comes in (the kernel asks for neighbours on its own) it is one off.
ahead() {
	counter '(.unguarded.packets + ([.classes[][].packets] | add)) - ([.interfaces[].packets] | add)'
}

settled() {
	[[ $(ahead) -lt 50 && $(ahead) == "$(ahead)" ]]
}

# `stats` and `status` say the same, and all that has come since is counted both ways.
stats_agree() {
	[[ $(counter ".interfaces[] | select(.name == \"$LAB_IF_SERVER\") | .packets") == \
		"$(of "$LAB_IF_SERVER" .seen)" && $(ahead) == "$AHEAD" ]]
}

counted_by_interface() {
	local mode=$1 accepted seen
	sipguard attach "$LAB_IF_SERVER" "$OTHER" --xdp "$mode" >/dev/null
	equal "$(of "$LAB_IF_SERVER" .xdp)" "$mode"
	until_true settled
	AHEAD=$(ahead)
	accepted=$(flood 2000)
	seen=$(of "$LAB_IF_SERVER" .seen)
	[[ $accepted -gt 1000 && $seen -ge $accepted && $seen -le $((accepted + 50)) ]] || {
		echo "$accepted accepted, $seen seen"
		return 1
	}
	[[ $(of "$OTHER" .seen) -lt 50 ]]
	until_true stats_agree
	equal "$(of "$LAB_IF_SERVER" .blind)" false
	says "has received [0-9]+ packets, the guard has seen [0-9]+" status
	sipguard attach "$LAB_IF_SERVER" >/dev/null # an upgrade keeps both counters
	[[ $(of "$LAB_IF_SERVER" .seen) -ge $seen ]]
	equal "$(of "$LAB_IF_SERVER" .blind)" false
	sipguard detach --all >/dev/null
	guard_left_nothing
}

# tun_up KIND IFACE: its tun_send, told by `tun`.
tun_up() {
	local word
	mkfifo "$LAB_DIR/tun.in" "$LAB_DIR/tun.out"
	lab_in server "$TUN_SEND" "$1" "$2" 203.0.113.34 "$LAB_SERVER4" \
		<"$LAB_DIR/tun.in" >"$LAB_DIR/tun.out" &
	exec {TUN_IN}>"$LAB_DIR/tun.in" {TUN_OUT}<"$LAB_DIR/tun.out"
	rm "$LAB_DIR/tun.in" "$LAB_DIR/tun.out"
	read -r -t 10 -u "$TUN_OUT" word
	equal "$word" ready
	ip -n "$LAB_NS_SERVER" link set "$2" up
}

tun() {
	local word
	echo "$*" >&"$TUN_IN"
	read -r -t 10 -u "$TUN_OUT" word
	equal "$word" sent
}

tun_down() {
	exec {TUN_IN}>&- {TUN_OUT}<&-
	wait
}

# tun_is_read KIND: a good message passes, garbage is dropped, both are seen; said as it is.
tun_is_read() {
	local name=sg-$$t
	tun_up "$1" "$name"
	fails 1 "$name cannot be guarded by native XDP, because" attach "$name" --xdp native
	says "$name: guarded, at tc ingress, .*since it" attach "$name" --enforce
	equal "$(of "$name" '[.xdp, .hook, .program] | join(" ")')" "generic tc ingress"
	says "$name +at tc ingress, since it" status
	tun "3 $GOOD"
	tun "5 this is no SIP at all"
	equal "$(counter '[.classes.request.passed.packets, .reasons.garbage.dropped.packets] | join(" ")')" \
		'"3 5"'
	[[ $(of "$name" .seen) -ge 8 ]]
	equal "$(of "$name" .blind)" false
	sipguard attach "$name" >/dev/null
	tun "2 this is no SIP at all"
	equal "$(counter .reasons.garbage.dropped.packets)" 7
	tun_down
	equal "$(sipguard status --json | jq -r '.interfaces[].state')" gone
	sipguard detach "$name" >/dev/null
	guard_left_nothing
}

# What nothing here can read is not "guarded".
unreadable() {
	tun_up alien "sg-$$v"
	fails 1 "is of a type that the guard cannot read" attach "sg-$$v"
	fails 1 "is of a type that the guard cannot read" attach "sg-$$v" --xdp native
	tun_down
	guard_left_nothing
}

# Two interfaces with one name, in two namespaces: each command means the one that is here.
# own_is_protected ADDRESS: from what is denied, by an entry of its own.
own_is_protected() {
	local bytes
	IFS=. read -r -a bytes <<<"$1"
	bpftool map lookup pinned "$SIPGUARD_PIN_ROOT"/v*/sg_lists4 key 32 0 0 0 "${bytes[@]}" \
		>/dev/null 2>&1
}

one_name_twice() {
	local name=sg-$$n
	ip -n "$LAB_NS_SERVER" link add "$name" type veth peer name "${name}p"
	ip -n "$LAB_NS_CLIENT" link add "$name" type veth peer name "${name}p"
	sipguard attach "$name" >/dev/null
	lab_in client "$SIPGUARD" attach "$name" >/dev/null
	equal "$(sipguard status --json | jq -c '[.interfaces[].state] | sort')" \
		'["guarded","in another network namespace"]'
	# What is denied from there takes nothing from an address that only is known here.
	sipguard deny add 203.0.113.0/24 >/dev/null
	own_is_protected "$LAB_SERVER4"
	lab_in client "$SIPGUARD" deny add 198.18.0.0/15 >/dev/null
	own_is_protected "$LAB_SERVER4"
	sipguard detach "$name" >/dev/null
	equal "$(lab_in client "$SIPGUARD" status --json | jq -c '[.interfaces[].state]')" '["guarded"]'
	fails 3 "$name that is guarded is in another network namespace" detach "$name"
	equal "$(lab_in client "$SIPGUARD" status --json | jq -c '[.interfaces[].state]')" '["guarded"]'
	lab_in client "$SIPGUARD" detach "$name" >/dev/null
	ip -n "$LAB_NS_SERVER" link del "$name"
	ip -n "$LAB_NS_CLIENT" link del "$name"
	guard_left_nothing
}

alternative_name() {
	ip -n "$LAB_NS_SERVER" link property add dev "$OTHER" altname "sg-$$alt"
	sipguard attach "sg-$$alt" >/dev/null
	equal "$(of "$OTHER" .state)" guarded
	sipguard detach "sg-$$alt" >/dev/null
	ip -n "$LAB_NS_SERVER" link property del dev "$OTHER" altname "sg-$$alt"
	guard_left_nothing
}

# More than have counters of their own: guarded all the same, and said. Short programs: there are 65.
beyond_the_counters() {
	local i names=() said
	ip netns add "$LAB_NS_SERVER-x" # the namespace's own index, and gone with it
	for ((i = 0; i < 33; i++)); do
		ip -n "$LAB_NS_SERVER-x" link add "a$i" type veth peer name "b$i"
		names+=("a$i" "b$i")
	done
	said=$(ip netns exec "$LAB_NS_SERVER-x" "$SIPGUARD_SHORT" attach "${names[@]}" 2>&1 >/dev/null)
	equal "$(grep -c 'beyond the 64 interfaces' <<<"$said")" 2
	said=$(ip netns exec "$LAB_NS_SERVER-x" "$SIPGUARD_SHORT" status --json)
	equal "$(jq -c '[.interfaces | length, ([.[] | select(.received == null)] | length),
		([.[] | select(.state == "guarded")] | length)]' <<<"$said")" '[66,3,66]'
	ip netns exec "$LAB_NS_SERVER-x" "$SIPGUARD_SHORT" detach --all >/dev/null
	ip netns del "$LAB_NS_SERVER-x"
	guard_left_nothing
}

# A pod: packets come to it from another program, not from its driver. The client is the pod.
redirect_peer() {
	local host=sg-$$h pod=sg-$$q
	ip -n "$LAB_NS_SERVER" link add "$host" type veth peer name "$pod" netns "$LAB_NS_CLIENT"
	ip -n "$LAB_NS_SERVER" link set "$host" up
	ip -n "$LAB_NS_CLIENT" link set "$pod" up
	lab_in server "$AT_EGRESS" take "$LAB_IF_SERVER" "$LAB_DIR/bpf/taker" "$host"
	lab_in client "$SIPGUARD" attach "$pod" --xdp native >/dev/null
	flood 1000 >/dev/null
	pod_is "$pod" true
	[[ $(lab_in client "$SIPGUARD" status) == *"sees NOTHING of what this interface receives"*"--xdp generic"* ]]
	lab_in client "$SIPGUARD" detach "$pod" >/dev/null
	lab_in client "$SIPGUARD" attach "$pod" --xdp generic >/dev/null
	flood 1000 >/dev/null
	pod_is "$pod" false
	lab_in client "$SIPGUARD" detach "$pod" >/dev/null
	rm "$LAB_DIR/bpf/taker"
	ip -n "$LAB_NS_SERVER" link del "$host"
	guard_left_nothing
}

pod_is() {
	local said
	said=$(lab_in client "$SIPGUARD" status --json |
		jq -c ".interfaces[] | [.blind, .received > 500]")
	equal "$said" "[$2,true]"
}

# A program of somebody else in front: at tc its verdict ends the way of the packet.
taken_first() {
	sipguard attach "$LAB_IF_SERVER" --xdp generic >/dev/null
	lab_in server "$AT_EGRESS" take "$LAB_IF_SERVER" "$LAB_DIR/bpf/taker"
	flood 1000 >/dev/null
	equal "$(of "$LAB_IF_SERVER" '[.blind, .received > 500] | join(" ")')" "true true"
	says "sees NOTHING of what this interface receives: another program takes it first" status
	rm "$LAB_DIR/bpf/taker"
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	guard_left_nothing
}

# clsact_ingress IFACE: the programs of its filters at ingress, by name.
clsact_ingress() {
	tc -n "$LAB_NS_SERVER" filter show dev "$1" ingress |
		sed -nE 's/.* handle 0x[0-9a-f]+ ([^ :]+):\[.*/\1/p' | paste -sd' '
}

# As on Linux 6.1: tcx has no room, so a filter guards, and a directory tells of it.
filter_guards() {
	local accepted seen
	fill_tcx
	sipguard attach "$OTHER" --xdp generic >/dev/null
	equal "$(of "$OTHER" '[.state, .hook, .replies] | join(" ")')" "guarded tc clsact"
	equal "$(clsact_ingress "$OTHER") $(filters_of "$OTHER")" "ingress reply"
	seen=$(of "$OTHER" .seen)
	accepted=$(lab_in server "$FLOOD" --dev "${OTHER}p" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --source "$LAB_FLOOD4" --rate 1000 --seconds 1 --json |
		jq .accepted)
	[[ $(($(of "$OTHER" .seen) - seen)) -ge $accepted && $accepted -gt 500 ]]
	sipguard attach "$OTHER" >/dev/null
	equal "$(clsact_ingress "$OTHER") $(filters_of "$OTHER")" "ingress reply"
	# Somebody takes it away: then it is not guarded, and not said to be.
	tc -n "$LAB_NS_SERVER" filter del dev "$OTHER" ingress
	equal "$(of "$OTHER" .state)" "not guarded"
	says "$OTHER +NOT guarded, somebody detached that program: .sipguard attach $OTHER" status
	sipguard attach "$OTHER" >/dev/null
	equal "$(of "$OTHER" .state)" guarded
	equal "$(clsact_ingress "$OTHER")" ingress
	equal "$(lab_in client "$SIPGUARD" status --json | jq -r '.interfaces[].state')" \
		"in another network namespace"
	sipguard detach "$OTHER" >/dev/null
	equal "$(clsact_ingress "$OTHER")$(filters_of "$OTHER")" ""
	guard_left_nothing
}

# No room for the guard's programs in tcx of $OTHER.
fill_tcx() {
	lab_in server "$AT_EGRESS" fill-ingress "$OTHER" 63 "$LAB_DIR/bpf/foreign-in"
	lab_in server "$AT_EGRESS" fill "$OTHER" 63 "$LAB_DIR/bpf/foreign-out"
}

# The filter ends with its interface, wherever one looks from.
filter_is_gone() {
	fill_tcx
	sipguard attach "$OTHER" --xdp generic >/dev/null
	ip -n "$LAB_NS_SERVER" link del "$OTHER"
	equal "$(sipguard status --json | jq -r '.interfaces[].state')" gone
	sleep 0.5 # the kernel frees the program a little later
	equal "$(lab_in client "$SIPGUARD" status --json | jq -r '.interfaces[].state')" gone
	lab_in client "$SIPGUARD" detach "$OTHER" >/dev/null
	guard_left_nothing
}

loopback() {
	fails 1 "lo cannot run XDP .* no native XDP" attach lo --xdp native
	[[ $(sipguard attach lo 2>&1) == *"lo is guarded at tc ingress, which is slower than native XDP, since"* ]]
	status_is '.interfaces[0] | .xdp == "generic" and .hook == "tc" and .replies == "tcx"'
	says 'lo +at tc ingress' status
	sipguard detach lo
	guard_left_nothing
}

# Frames of several buffers: the plain program is refused by the driver, the other one is not.
large_mtu() {
	ip -n "$LAB_NS_SERVER" link set "${OTHER}p" mtu 9000
	ip -n "$LAB_NS_SERVER" link set "$OTHER" mtu 9000
	sipguard attach "$OTHER" --xdp native
	status_is '.interfaces[0].program == "guard_frags" and .interfaces[0].xdp == "native"'
	sipguard attach "$OTHER" # an upgrade must not lose the difference
	status_is '.interfaces[0].program == "guard_frags"'
	sipguard detach "$OTHER"
	ip -n "$LAB_NS_SERVER" link del "$OTHER" # with its MTU; the next check has another one
}

# The kernel lets an interface have a name that a terminal obeys (C1 controls, ESC).
strange_name() {
	local name=$'s\x9b\xc2\x9b\x1bc'
	ip -n "$LAB_NS_SERVER" link add "$name" type veth peer name strange-peer
	{
		sipguard attach "$name"
		sipguard attach "$name" --json
		sipguard status
		sipguard status --json
		sipguard detach "$name"
	} >"$LAB_DIR/strange" 2>&1
	ip -n "$LAB_NS_SERVER" link del strange-peer
	grep -q '^s\\x9b\\xc2\\x9b\\x1bc: guarded' "$LAB_DIR/strange"
	equal "$(LC_ALL=C grep -c '[^ -~]' "$LAB_DIR/strange")" 0
	guard_left_nothing
}

other_interface() {
	ip -n "$LAB_NS_SERVER" link add "$OTHER" type veth peer name "${OTHER}p"
	ip -n "$LAB_NS_SERVER" link set "$OTHER" up
	ip -n "$LAB_NS_SERVER" link set "${OTHER}p" up
	# Or it refuses redirected frames in silence.
	ip netns exec "$LAB_NS_SERVER" ethtool -K "$OTHER" gro on
}

# What one check has left, if it failed, is not the next one's affair.
clean() {
	ip netns del "$LAB_NS_SERVER-x" 2>/dev/null || true
	rm -rf "$LAB_DIR"/bpf/taker "$LAB_DIR"/bpf/foreign-*
	lab_in client "$SIPGUARD" detach --all >/dev/null 2>&1 || true
	sipguard detach --all >/dev/null 2>&1 || true
	ip -n "$LAB_NS_SERVER" link show "$OTHER" >/dev/null 2>&1 || other_interface
}

# try WHAT CMD...
try() {
	clean
	check "$@"
}

ended() {
	ip netns del "$LAB_NS_SERVER-x" 2>/dev/null || true
	test_ended
}

# refused_at DEV IFACE NETNS: how many are refused, after one frame more to IFACE of the server.
refused_at() {
	local mac
	mac=$(ip -n "$LAB_NS_SERVER" -j link show "$2" | jq -r '.[0].address')
	nsenter --net="/run/netns/$3" -- "$FLOOD" --dev "$1" --dst "$LAB_SERVER4" --dst-mac "$mac" \
		--source "$LAB_FLOOD4" --method OPTIONS --rate 10 --count 1 \
		--seconds "$LAB_PATIENCE" --json >/dev/null
	counter '.reasons["method-not-allowed"].dropped.packets'
}

other_is_judged() {
	[[ $(refused_at "${OTHER}p" "$OTHER" "$LAB_NS_SERVER") -ge 1 ]]
}

# Whichever comes first, the interface or the configuration that names it.
zone_of_an_interface() {
	printf 'zones: [{name: z, interfaces: ["%s"], methods: {not: [OPTIONS]}}]\n' "$OTHER" \
		>"$LAB_DIR/zone.yaml"
	says "$OTHER, which is not guarded" attach "$LAB_IF_SERVER" --enforce \
		--config "$LAB_DIR/zone.yaml"
	equal "$(refused_at "$LAB_IF_CLIENT" "$LAB_IF_SERVER" "$LAB_NS_CLIENT")" 0
	sipguard attach "$OTHER" >/dev/null
	until_true other_is_judged
	ip -n "$LAB_NS_SERVER" link set "$OTHER" down
	ip -n "$LAB_NS_SERVER" link set "$OTHER" name sg-renamed
	ip -n "$LAB_NS_SERVER" link set sg-renamed up
	equal "$(sipguard status --json | jq '.notices | map(select(contains("not guarded"))) | length')" 1
	says "not guarded" reload
	sed "s/$OTHER/sg-renamed/" "$LAB_DIR/zone.yaml" >"$LAB_DIR/renamed.yaml"
	sipguard detach --all >/dev/null
	says "mode enforce" attach "$LAB_IF_SERVER" sg-renamed --enforce \
		--config "$LAB_DIR/renamed.yaml"
	equal "$(sipguard status --json | jq -r '.zones[1].interfaces[0]')" sg-renamed
	ip -n "$LAB_NS_SERVER" link del sg-renamed
}

# By the index of an interface the programs at egress know its place; 64: nobody can tell.
place_of() {
	bpftool -j map lookup pinned "$SIPGUARD_PIN_ROOT"/v*/sg_slots key "$1" 0 0 0 |
		jq '.formatted.value // .value'
}

# One index in two namespaces, as in containers; and a name that only its own namespace can tell.
zone_of_two_namespaces() {
	local name=sg-$$n ns
	for ns in "$LAB_NS_SERVER" "$LAB_NS_CLIENT"; do
		ip -n "$ns" link add "$name" index 77 type veth peer name "${name}p"
	done
	printf 'zones: [{name: z, interfaces: ["%s", sg-renamed], closed: no}]\n' "$name" \
		>"$LAB_DIR/zone.yaml"
	sipguard attach "$name" --config "$LAB_DIR/zone.yaml" >/dev/null 2>&1
	lab_in client "$SIPGUARD" attach "$name" >/dev/null 2>&1
	[[ $(place_of 77) -lt 64 ]]
	ip -n "$LAB_NS_CLIENT" link set "$name" name sg-renamed
	lab_in client "$SIPGUARD" reload >/dev/null 2>&1
	[[ $(sipguard reload 2>&1) != *"not guarded"* ]]
	# With other zones they cannot be told apart; alone it can.
	printf 'zones: [{name: z, interfaces: ["%s"]}]\n' "$name" >"$LAB_DIR/zone.yaml"
	says "cannot be told apart" reload
	equal "$(place_of 77)" 64
	lab_in client "$SIPGUARD" detach sg-renamed >/dev/null
	[[ $(place_of 77) -lt 64 ]]
	sipguard detach "$name" >/dev/null
	ip -n "$LAB_NS_SERVER" link del "$name"
	ip -n "$LAB_NS_CLIENT" link del sg-renamed
}

# The kernel has taken the tag off when the guard sees the packet.
zone_of_a_vlan() {
	local name=sg-$$t
	tun_up tap "$name"
	echo 'zones: [{name: z, vlans: [100], methods: {not: [OPTIONS]}}]' >"$LAB_DIR/zone.yaml"
	sipguard attach "$name" --enforce --config "$LAB_DIR/zone.yaml" >/dev/null 2>&1
	tun "3 $GOOD"
	tun "2@101 $GOOD"
	equal "$(counter .methods.OPTIONS.passed.packets)" 5
	tun "4@100 $GOOD"
	equal "$(counter '.reasons["method-not-allowed"].dropped.packets')" 4
	equal "$(counter .methods.OPTIONS.passed.packets)" 5
	tun_down
	sipguard detach "$name" >/dev/null
}

[[ -x $SIPGUARD && -x $SIPGUARD_SHORT && -x $AT_EGRESS && -x $TUN_SEND && -x $FLOOD ]] ||
	lab_die "a program of this test is not built: run \"make test-programs\" first."
lab_up
trap ended EXIT
OTHER=sg-$$.2

try "native: each packet is counted by its interface" counted_by_interface native
try "tc ingress: each packet is counted by its interface" counted_by_interface generic
try "a tap is read, at tc ingress" tun_is_read tap
try "a tun, which has no Ethernet header, is read" tun_is_read tun
try "an interface that cannot be read is refused" unreadable
try "one name in two namespaces" one_name_twice
try "an alternative name" alternative_name
try "more interfaces than counters" beyond_the_counters
try "bpf_redirect_peer past native XDP: status says it, tc ingress sees it" redirect_peer
try "another program takes the packets first: status says it" taken_first
try "a zone of an interface" zone_of_an_interface
try "a zone of a VLAN" zone_of_a_vlan
try "a zone of two namespaces" zone_of_two_namespaces
try "loopback: generic only, and said" loopback
try "an MTU of several buffers, native all the same" large_mtu
try "an interface whose name a terminal would obey" strange_name
try "a filter of clsact guards" filter_guards
try "a filter of clsact is gone with its interface" filter_is_gone
test_done
