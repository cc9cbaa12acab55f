#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The program at egress: attached and detached with the guard, beside programs of others, by tcx and,
# where tcx has no room for it, by clsact as on older kernels.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

PASSWORD=secret
PHONES=1500
PHONE_RATE=300 # a second
# Guarded, and free for a program that asks as the server does.
SECOND_PORT=5062
# What ships is built by another compiler.
OTHER_CODE=$LAB_ROOT/build/bpf/clang19/reply.bpf.o
ASKED=60000
ASK_RATE=15000
REPLY=
OTHER=

# seen_by KIND IFACE: what status says.
seen_by() {
	equal "$(sipguard status --json | jq -r ".interfaces[] | select(.name == \"$2\") | .replies")" \
		"$1"
}

# datagram_seen [PIN]: one from the server passes through the pinned program, once; there is a
# neighbour for the caller, so nothing else is sent.
datagram_seen() {
	equal "$(lab_in server "$AT_EGRESS" runs "${1:-$REPLY}" \
		bash -c "echo >/dev/udp/$LAB_CLIENT4/9")" 1
}

tc_server() {
	tc -n "$LAB_NS_SERVER" "$@"
}

# fill IFACE N: N programs of somebody else at tcx egress, until rm -r of their pins.
fill() {
	lab_in server "$AT_EGRESS" fill "$1" "$2" "$LAB_DIR/bpf/foreign-${1/./-}"
}

tcx_alone() {
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	seen_by tcx "$LAB_IF_SERVER"
	equal "$(egress_of "$LAB_IF_SERVER")" reply
	datagram_seen
	[[ $(sipguard status) == *"what it sends is seen by tcx"* ]]
	lab_in server "$AT_EGRESS" gone "$REPLY" "$SIPGUARD" detach "$LAB_IF_SERVER"
	guard_left_nothing
}

# In front of the other, which still gets every packet, and stays when the guard goes.
tcx_beside_another() {
	fill "$LAB_IF_SERVER" 1
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	equal "$(egress_of "$LAB_IF_SERVER")" "reply foreign"
	datagram_seen
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	equal "$(egress_of "$LAB_IF_SERVER")" "reply foreign"
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	equal "$(egress_of "$LAB_IF_SERVER")" foreign
	rm -r "$LAB_DIR/bpf/foreign-$LAB_IF_SERVER"
	guard_left_nothing
}

# replaced: "attach" again gave every program of the guard's another id.
replaced() {
	local before
	before=$(egress_ids "$LAB_IF_SERVER")
	[[ -n $before ]]
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	[[ $(egress_ids "$LAB_IF_SERVER") != "$before" ]]
	equal "$(egress_ids "$LAB_IF_SERVER" | wc -w)" "$(wc -w <<<"$before")"
	datagram_seen
}

# taken_down KIND: somebody took the program down; that is said, and attach mends it.
taken_down() {
	local said
	seen_by missing "$LAB_IF_SERVER"
	said=$(sipguard status)
	[[ $said == *"is NOT seen"*"sipguard attach $LAB_IF_SERVER"* ]]
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	seen_by "$1" "$LAB_IF_SERVER"
	datagram_seen
}

tcx_upgrade() {
	sipguard attach "$LAB_IF_SERVER" "$OTHER" >/dev/null
	replaced
	seen_by tcx "$OTHER"
	equal "$(egress_ids "$OTHER")" "$(egress_ids "$LAB_IF_SERVER")" # both got the new one
}

# Limits that nobody here reaches: each phone is to be known by its exchange alone.
wide_limits() {
	local kind key
	for kind in limits flow-limits; do
		echo "$kind:"
		for key in source register; do
			echo "  $key: {rate: 100000, burst: 100000}"
		done
	done
	echo "totals: {unlisted-total: {rate: 100000, burst: 100000}," \
		"replies: {rate: 100000, burst: 100000}}"
	echo "ports: {udp: [5060, $SECOND_PORT]}"
}

# The phones keep their ports until they are told to end, so each is a flow of its own.
phones_register() {
	sed 's|</scenario>|<recv request="BYE"/>&|; s|<recv response="200"/>|<recv response="200" counter="registered"/>|' \
		"$LAB_ROOT/tools/scenarios/sipp/register-digest.xml" >"$LAB_DIR/phones.xml"
	printf 'SEQUENTIAL\nphone;%s\n' "$LAB_CLIENT4" >"$LAB_DIR/phones.inf"
	LAB_SIPP_FILES=$LAB_DIR lab_sipp phones phones 4 udp -t un -inf "$LAB_DIR/phones.inf" \
		-au trunk -ap "$PASSWORD" -m "$PHONES" -l "$PHONES" -r "$PHONE_RATE"
}

# Each has sent each of its requests once.
phones_registered() {
	equal "$(lab_sipp_count phones 'registered(C)')" "$PHONES"
	equal "$(lab_sipp_count phones 'FailedCall(C)')" 0
	equal "$(lab_sipp_count phones 'Retransmissions(C)')" 0
}

# upgrade_in_replies KIND: phones register all the time, the server asks others all the time, and
# the programs are replaced again and again. Of a phone both replies must have been seen, the
# challenge and the success, or it is not proven.
upgrade_in_replies() {
	local phones asker turns upgrades=0
	wide_limits >"$LAB_DIR/wide.yaml"
	lab_kamailio_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	sipguard attach "$LAB_IF_SERVER" --config "$LAB_DIR/wide.yaml" --enforce >/dev/null
	seen_by "$1" "$LAB_IF_SERVER"
	phones_register
	phones=$LAB_PID
	# After each upgrade it asks on, so there are three at least, each while it does.
	rm -f "$LAB_DIR/turns"
	mkfifo "$LAB_DIR/turns"
	exec {turns}<>"$LAB_DIR/turns"
	lab_in server "$AT_EGRESS" ask "$LAB_SERVER4" "$SECOND_PORT" "$LAB_PROBE4" "$ASKED" \
		"$ASK_RATE" <"$LAB_DIR/turns" &
	asker=$!
	while kill -0 "$asker" 2>/dev/null; do
		sipguard attach "$LAB_IF_SERVER" >/dev/null
		upgrades=$((upgrades + 1))
		echo >&"$turns"
	done
	exec {turns}<&-
	wait "$asker"
	[[ $upgrades -ge 3 ]]
	until_true phones_registered
	kill -TERM "$phones"
	wait "$phones" || true
	equal "$(sipguard status --json | jq -c '.flows | [.proven, .contact]')" "[$PHONES,$ASKED]"
	lab_kamailio_stop
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	guard_left_nothing
}

tcx_repair() {
	rm "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI"/tcx/*:"$LAB_IF_SERVER"
	taken_down tcx
	rm "$REPLY" # and the program's own pin
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	datagram_seen
	sipguard detach --all >/dev/null
	guard_left_nothing
	equal "$(egress_of "$OTHER")" ""
}

clsact_alone() {
	sipguard attach "$LAB_IF_SERVER" "$OTHER" >/dev/null
	seen_by clsact "$LAB_IF_SERVER"
	seen_by tcx "$OTHER"
	equal "$(filters_of "$LAB_IF_SERVER")" reply
	equal "$(tc_server filter show dev "$LAB_IF_SERVER" ingress)" ""
	datagram_seen
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	equal "$(filters_of "$LAB_IF_SERVER")" ""
	equal "$(egress_of "$OTHER")" reply
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	seen_by clsact "$LAB_IF_SERVER"
	lab_in server "$AT_EGRESS" gone "$REPLY" "$SIPGUARD" detach --all
	guard_left_nothing
}

# Filters of somebody else, in a qdisc of somebody else: they stay, and see the packet, too.
clsact_beside_another() {
	local before pref foreign=$LAB_DIR/bpf/foreign
	tc_server qdisc replace dev "$LAB_IF_SERVER" clsact
	for pref in 7 60; do
		lab_in server "$AT_EGRESS" pin "$foreign-$pref"
		tc_server filter add dev "$LAB_IF_SERVER" egress pref "$pref" bpf direct-action \
			object-pinned "$foreign-$pref"
	done
	before=$(tc_server filter show dev "$LAB_IF_SERVER" egress)
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	equal "$(filters_of "$LAB_IF_SERVER")" "foreign-7 reply foreign-60"
	datagram_seen
	datagram_seen "$foreign-7"
	datagram_seen "$foreign-60"
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	equal "$(tc_server filter show dev "$LAB_IF_SERVER" egress)" "$before"
	tc_server qdisc del dev "$LAB_IF_SERVER" clsact
	rm "$foreign-7" "$foreign-60"
	guard_left_nothing
}

clsact_upgrade_repair() {
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	replaced
	tc_server filter del dev "$LAB_IF_SERVER" egress
	taken_down clsact
	tc_server qdisc del dev "$LAB_IF_SERVER" clsact
	taken_down clsact
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	guard_left_nothing
}

no_xdp() {
	! ip -n "$LAB_NS_SERVER" -d link show "$LAB_IF_SERVER" | grep -q prog/xdp
}

# A guard whose pins somebody removed by hand leaves its filter; the next one takes it over.
clsact_orphan() {
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	rm -r "${SIPGUARD_PIN_ROOT:?}/$PINS_OF_ABI"
	until_true no_xdp
	equal "$(filters_of "$LAB_IF_SERVER")" reply
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	equal "$(filters_of "$LAB_IF_SERVER")" reply
	datagram_seen
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	guard_left_nothing
}

# The kernel would take a filter for egress there, and run it at ingress.
ingress_qdisc() {
	tc_server qdisc del dev "$LAB_IF_SERVER" clsact 2>/dev/null || true
	tc_server qdisc add dev "$LAB_IF_SERVER" ingress
	fails 1 "$LAB_IF_SERVER has an ingress qdisc.*clsact" attach "$LAB_IF_SERVER"
	fails 1 "$LAB_IF_SERVER has an ingress qdisc.*clsact" attach "$OTHER" "$LAB_IF_SERVER"
	guard_left_nothing
	equal "$(egress_of "$OTHER")" ""
	sipguard attach "$OTHER" >/dev/null
	fails 1 "$LAB_IF_SERVER has an ingress qdisc.*clsact" attach "$LAB_IF_SERVER"
	status_is ".interfaces | length == 1"
	seen_by tcx "$OTHER"
	sipguard detach "$OTHER" >/dev/null
	tc_server qdisc del dev "$LAB_IF_SERVER" ingress
	guard_left_nothing
}

other_interface() {
	ip -n "$LAB_NS_SERVER" link add "$OTHER" type veth peer name "${OTHER}p"
	ip -n "$LAB_NS_SERVER" link set "$OTHER" up
}

# An interface goes, and comes again: its like gets a program of its own.
vanished() {
	sipguard attach "$OTHER" >/dev/null
	ip -n "$LAB_NS_SERVER" link del "$OTHER"
	equal "$(sipguard status --json | jq -c '.interfaces[0] | [.state, .replies]')" '["gone",null]'
	other_interface
	sipguard attach "$OTHER" >/dev/null
	seen_by "$1" "$OTHER"
	equal "$(egress_of "$OTHER")" reply
	ip -n "$LAB_NS_SERVER" link del "$OTHER"
	sipguard detach "$OTHER" >/dev/null
	other_interface
	guard_left_nothing
}

# An interface moves to the other namespace: a tcx program goes along, a filter does not. Detached
# from the old namespace, there is none in the new one.
moved() {
	sipguard attach "$OTHER" >/dev/null
	ip -n "$LAB_NS_SERVER" link set "$OTHER" netns "$LAB_NS_CLIENT"
	equal "$(sipguard status --json | jq -r '.interfaces[0].replies')" "$1"
	sipguard detach "$OTHER" >/dev/null
	equal "$(lab_in client "$AT_EGRESS" list "$OTHER" | grep -c reply)" 0
	equal "$(tc -n "$LAB_NS_CLIENT" filter show dev "$OTHER" egress)" ""
	[[ ! -e $SIPGUARD_PIN_ROOT ]]
	ip -n "$LAB_NS_CLIENT" link del "$OTHER"
	other_interface
}

# older_filter IFACE: its filter runs the code of another version, as after an upgrade from elsewhere.
older_filter() {
	lab_in server "$AT_EGRESS" load "$OTHER_CODE" "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI" \
		"$LAB_DIR/bpf/older"
	tc_server filter replace dev "$1" egress pref 50 handle 0x53495047 protocol all \
		bpf direct-action object-pinned "$LAB_DIR/bpf/older"
	rm "$LAB_DIR/bpf/older"
}

# replies_from SIDE: what status says there of what $OTHER sends.
replies_from() {
	lab_in "$1" "$SIPGUARD" status --json |
		jq -r ".interfaces[] | select(.name == \"$OTHER\") | .replies"
}

# Two namespaces, one guard: an upgrade in one leaves the filters in the other. That is said as long
# as it is so, and only then.
clsact_upgraded_elsewhere() {
	local said
	sipguard attach "$OTHER" >/dev/null
	lab_in client "$SIPGUARD" attach "$LAB_IF_CLIENT" >/dev/null
	seen_by clsact "$OTHER"
	# The same code, loaded again, is no older one.
	said=$(lab_in client "$SIPGUARD" attach "$LAB_IF_CLIENT" 2>&1)
	[[ $said != *note:* ]]
	seen_by clsact "$OTHER"
	equal "$(replies_from client)" null
	older_filter "$OTHER"
	said=$(lab_in client "$SIPGUARD" attach "$LAB_IF_CLIENT" 2>&1 >/dev/null)
	equal "$(wc -l <<<"$said")" 1
	[[ $said == *"note: $OTHER is in another network namespace"*"run \`sipguard attach $OTHER\` there"* ]]
	equal "$(replies_from client)" older
	said=$(lab_in client "$SIPGUARD" status)
	[[ $said == *"may be seen by an OLDER program: \`sipguard attach $OTHER\` there"* ]]
	seen_by older "$OTHER"
	said=$(sipguard status)
	[[ $said == *"is seen by an OLDER program: \`sipguard attach $OTHER\` replaces it"* ]]
	sipguard attach "$OTHER" >/dev/null
	seen_by clsact "$OTHER"
	equal "$(replies_from client)" null
	lab_in client "$SIPGUARD" detach "$LAB_IF_CLIENT" >/dev/null
	sipguard detach "$OTHER" >/dev/null
	guard_left_nothing
}

# The filter of an interface that is elsewhere cannot be changed from here.
clsact_from_elsewhere() {
	local said status=0
	sipguard attach "$OTHER" >/dev/null
	seen_by clsact "$OTHER"
	said=$(lab_in client "$SIPGUARD" detach "$OTHER" 2>&1) || status=$?
	equal "$status" 1
	[[ $said == *"$OTHER is in another network namespace"*"run the same command there."* ]]
	seen_by clsact "$OTHER"
	equal "$(lab_in client "$SIPGUARD" status --json | jq -c '.interfaces[0].replies')" null
	sipguard detach "$OTHER" >/dev/null
	guard_left_nothing
}

[[ -x $SIPGUARD && -x $AT_EGRESS && -e $OTHER_CODE ]] ||
	lab_die "$SIPGUARD, $AT_EGRESS or $OTHER_CODE is not built: run \"make test-programs\" first."
lab_up
trap test_ended EXIT
REPLY=$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/reply
OTHER=sg-$$.2
other_interface

check "tcx: attached and detached" tcx_alone
check "tcx: in front of another program, which stays" tcx_beside_another
check "tcx: an upgrade replaces it on every interface" tcx_upgrade
check "tcx: a pin that somebody removed is said, and comes back" tcx_repair
check "tcx: upgrades miss no reply" upgrade_in_replies tcx
check "tcx: an interface that vanished" vanished tcx
check "tcx: an interface that moved" moved tcx
# As many as tcx takes: the only way left is clsact.
fill "$LAB_IF_SERVER" 63
check "clsact: attached and detached" clsact_alone
check "clsact: between filters of others, which stay" clsact_beside_another
check "clsact: an upgrade replaces it, and what somebody removed comes back" clsact_upgrade_repair
check "clsact: upgrades miss no reply" upgrade_in_replies clsact
check "clsact: a filter without a guard is taken over" clsact_orphan
check "an ingress qdisc: nothing is attached, and said why" ingress_qdisc
fill "$OTHER" 63
check "clsact: never from another namespace" clsact_from_elsewhere
check "clsact: upgraded from another namespace, that is said" clsact_upgraded_elsewhere
check "clsact: an interface that moved" moved missing
test_done
