#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Real callers, sipguard in enforce mode with its default configuration: not one message is lost. A
# lost one would show as a failed call, as a retransmission, or as a packet in the guard's counters.
# Then profiles: what one does not allow is refused, and what it allows is answered as before.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

# 2 kB of signature, as STIR puts it into an INVITE (RFC 8224): two IP fragments.
large_header() {
	printf 'Identity: %s;info=<https://cert.example/a.pem>;alg=ES256;ppt=shaken' \
		"$(head -c 2000 /dev/zero | tr '\0' a)"
}

reassembled() {
	lab_in server cat /proc/net/snmp /proc/net/snmp6 | awk -v family="$1" '
		family == 4 && $1 == "Ip:" && $2 != "Forwarding" { print $16 }
		family == 6 && $1 == "Ip6ReasmOKs" { print $2 }'
}

large_calls() {
	local family=$1 before after
	before=$(reassembled "$family")
	LAB_SIPP_EXTRA=$(large_header) lab_sipp "large-$family" call "$family" udp -r 10 -m 10 \
		-timeout "$LAB_PATIENCE"
	wait "$LAB_PID"
	call_all "large-$family" 10
	after=$(reassembled "$family")
	# Or the test would not test what it says.
	equal $((after - before)) 10
}

nothing_dropped() {
	[[ ${TEST_GUARD:-sipguard} != none ]] || return 0
	lab_in server "$SIPGUARD" stats --json >"$LAB_DIR/stats.json"
	# sipsak is what scanners look like, too, and is counted for that.
	jq -e "$STATS_DROPPED == 0 and $STATS_PASSED > 500 and
		$STATS_WATCHED == .reasons[\"scanner-lookalike\"].watched.packets" \
		"$LAB_DIR/stats.json" || {
		cat "$LAB_DIR/stats.json"
		return 1
	}
}

# --- profiles: what one does not allow reaches Kamailio without the guard, and not with it

dropped() {
	{ sipguard stats --json 2>/dev/null || echo '{"classes": {}}'; } | jq "$STATS_DROPPED // 0"
}

# says METHOD URI: the first status line that comes back, or "dropped" if the guard has counted that.
says() {
	local line
	lab_request "$1" "$2" >"$LAB_DIR/request"
	line=$(lab_answer "$LAB_DIR/request" dropped)
	cut -d' ' -f1,2 <<<"${line:-dropped}"
}

guarded() {
	cat >"$LAB_DIR/policy.yaml"
	sipguard attach "$LAB_IF_SERVER" --enforce --config "$LAB_DIR/policy.yaml" >/dev/null
}

zone_of_profile() {
	guarded <<-END
		zones:
		  - {name: peers, prefixes: [$LAB_CLIENT4/32], profile: $1}
	END
}

for_reason() {
	sipguard stats --json | jq ".reasons[\"$1\"].dropped.packets"
}

# The attack works where there is no guard.
without_a_guard() {
	equal "$(says REGISTER "sip:$LAB_SERVER4")" "SIP/2.0 200"
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" "SIP/2.0 200"
}

a_peer_does_not_register() {
	zone_of_profile peer
	equal "$(says REGISTER "sip:$LAB_SERVER4")" dropped
	equal "$(for_reason method-not-allowed)" 1
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" "SIP/2.0 200"
	sipp_run call 4 udp 10
	sipp_run call 4 tcp 10
	equal "$(dropped)" 1
}

a_sim_only_registers() {
	zone_of_profile ims-access
	equal "$(says REGISTER "sip:$LAB_SERVER4")" "SIP/2.0 200"
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" dropped
	equal "$(says MESSAGE "sip:ping@$LAB_SERVER4")" dropped
	equal "$(for_reason method-not-allowed)" 2
	# Whatever the server makes of it.
	[[ $(says INVITE "urn:service:sos") == SIP/2.0\ * ]]
}

a_transport_is_refused() {
	guarded <<<'transports: {not: [udp]}'
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" dropped
	equal "$(for_reason transport-not-allowed)" 1
	lab_sipsak tcp >/dev/null
}

invites_seen() {
	[[ $(sipguard stats --json |
		jq '.methods.INVITE | .passed.packets + .dropped.packets') -ge $1 ]]
}

# A hundred calls to one user at once, and one to another: of the hundred the server sees few, and
# that one. As many a second more may come to him as the limit says, so even a slow machine drops.
# By the lists of a file, then by those of another one, and nothing is left of the first where a third
# one takes its place.
calls_abroad_end() {
	guarded <<-END
		dialled-prefixes: [+44, 0900]
		exit-codes: [00]
		dialled: {calls: 2}
		modes: {dialled-prefix: enforce}
	END
	[[ $(says INVITE "sip:+442079460000@$LAB_SERVER4") == SIP/2.0\ * ]]
	[[ $(says INVITE "sip:900442079460000@$LAB_SERVER4") == SIP/2.0\ * ]]
	equal "$(says INVITE "sip:00442079460000@$LAB_SERVER4")" dropped
	equal "$(says INVITE "sip:0900123456@$LAB_SERVER4")" dropped
	equal "$(for_reason dialled-prefix)" 2
	[[ $(says INVITE "sip:01144@$LAB_SERVER4") == SIP/2.0\ * ]]
	sed "s/+44, 0900/+43/" "$LAB_DIR/policy.yaml" >"$LAB_DIR/other.yaml"
	sipguard reload --config "$LAB_DIR/other.yaml" >/dev/null
	[[ $(says INVITE "sip:+442079460000@$LAB_SERVER4") == SIP/2.0\ * ]]
	equal "$(says INVITE "sip:+432079460000@$LAB_SERVER4")" dropped
	sed "s/+44, //" "$LAB_DIR/policy.yaml" >"$LAB_DIR/other.yaml"
	sipguard reload --config "$LAB_DIR/other.yaml" >/dev/null
	[[ $(says INVITE "sip:+432079460000@$LAB_SERVER4") == SIP/2.0\ * ]]
	[[ $(says INVITE "sip:+442079460000@$LAB_SERVER4") == SIP/2.0\ * ]]
	equal "$(says INVITE "sip:0900123456@$LAB_SERVER4")" dropped
}

calls_to_one_user_end() {
	local i
	guarded <<-END
		callee: {rate: 1, burst: 4}
		modes: {limit-callee: enforce}
	END
	mkdir -p "$LAB_DIR/calls"
	for i in {1..100}; do
		lab_request INVITE "sip:victim@$LAB_SERVER4" >"$LAB_DIR/calls/$i"
	done
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_in client bash -c 'exec 3<>"/dev/udp/$1/5060"
		for file in "$2"/*; do cat "$file" >&3; done' calls "$LAB_SERVER4" "$LAB_DIR/calls"
	until_true invites_seen 100
	[[ $(for_reason limit-callee) -ge 1 ]]
	[[ $(sipguard stats --json | jq .methods.INVITE.passed.packets) -ge 4 ]]
	[[ $(says INVITE "sip:neighbour@$LAB_SERVER4") == SIP/2.0\ * ]]
	sipp_run call 4 tcp 3
}

# Two calls in an hour. A reload that leaves that as it is gives nobody new ones; another limit does.
one_user_has_a_limit() {
	guarded <<-END
		callees: [{users: [victim], limit: {rate: 1, window: 3600, burst: 2}}]
		modes: {limit-own-callee: enforce}
	END
	[[ $(says INVITE "sip:victim@$LAB_SERVER4") == SIP/2.0\ * ]]
	[[ $(says INVITE "sip:victim@$LAB_SERVER4") == SIP/2.0\ * ]]
	equal "$(says INVITE "sip:victim@$LAB_SERVER4")" dropped
	sipguard reload >/dev/null
	equal "$(says INVITE "sip:victim@$LAB_SERVER4")" dropped
	equal "$(for_reason limit-own-callee)" 2
	sed -i 's/burst: 2/burst: 3/' "$LAB_DIR/policy.yaml"
	sipguard reload >/dev/null
	[[ $(says INVITE "sip:victim@$LAB_SERVER4") == SIP/2.0\ * ]]
}

# --- where zones are

strangers_of_an_interface() {
	guarded <<-END
		zones: [{name: outside, interfaces: [$LAB_IF_SERVER], profile: ims-access}]
	END
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" dropped
	equal "$(for_reason method-not-allowed)" 1
	equal "$(says REGISTER "sip:$LAB_SERVER4")" "SIP/2.0 200"
	# Of another interface they are not, and who waits for that one is told.
	sed "s/$LAB_IF_SERVER/elsewhere0/" "$LAB_DIR/policy.yaml" >"$LAB_DIR/other.yaml"
	[[ $(sipguard reload --config "$LAB_DIR/other.yaml" 2>&1) == *elsewhere0*"not guarded"* ]]
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" "SIP/2.0 200"
}

# Nobody but the nodes gets in, however well he is known, and those as without a guard.
only_nodes_of_the_core() {
	guarded <<-END
		zones:
		  - name: nodes
		    prefixes: [$LAB_CLIENT4/32]
		    interfaces: [$LAB_IF_SERVER]
		    profile: core
	END
	sipp_run call 4 udp 10
	sipp_run register 4 tcp 10
	equal "$(dropped)" 0
	sed "s/$LAB_CLIENT4/198.51.100.1/" "$LAB_DIR/policy.yaml" >"$LAB_DIR/other.yaml"
	sipguard reload --config "$LAB_DIR/other.yaml" >/dev/null
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" dropped
	equal "$(for_reason not-in-zone)" 1
}

# --- docs/which-profile.md

# example N SED...: the Nth configuration of the page, made to fit the lab.
example() {
	awk -v wanted="$1" '/^```/ { inside = /yaml/ && ++block == wanted; next } inside' \
		"$LAB_ROOT/docs/which-profile.md" >"$LAB_DIR/page.yaml"
	equal "$("$SIPGUARD" check-config "$LAB_DIR/page.yaml")" "$LAB_DIR/page.yaml: no mistakes."
	shift
	sed -f <(printf '%s\n' "$@") "$LAB_DIR/page.yaml" | guarded 2>"$LAB_DIR/notices"
	# Or it would fit nothing here.
	equal "$(grep -c "$LAB_IF_SERVER\|$LAB_CLIENT4" "$LAB_DIR/policy.yaml")" "$#"
}

example_of_a_pbx() {
	example 1 "s,198.51.100.10,$LAB_CLIENT4,"
	equal "$(says REGISTER "sip:$LAB_SERVER4")" dropped
	equal "$(for_reason method-not-allowed)" 1
	sipp_run call 4 udp 10
	equal "$(dropped)" 1
}

# By turns the client is a customer, carrier A, and somebody else on its link.
example_of_a_provider() {
	example 2
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" "SIP/2.0 200"
	[[ $(says OPTIONS sip:ping@pbx.customers.example.net) == SIP/2.0\ * ]]
	equal "$(says OPTIONS sip:ping@elsewhere.example)" dropped
	equal "$(for_reason domain-not-served)" 1
	sipp_run call 4 udp 10
	clean_state
	example 2 "s,203.0.113.0/24,$LAB_CLIENT4/32," "s,eth1,$LAB_IF_SERVER,"
	equal "$(says REGISTER "sip:$LAB_SERVER4")" dropped
	[[ $(says OPTIONS sip:ping@elsewhere.example) == SIP/2.0\ * ]]
	sipp_run call 4 udp 10
	equal "$(dropped)" 1
	clean_state
	example 2 "s,eth1,$LAB_IF_SERVER,"
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" dropped
	equal "$(for_reason not-in-zone)" 1
}

# The media server's address from the proxy's interface is nobody's.
example_of_containers() {
	example 3 "s,10.1.0.2,$LAB_CLIENT4," "s,veth-proxy,$LAB_IF_SERVER,"
	sipp_run call 4 udp 10
	sipp_run register 4 udp 10
	equal "$(dropped)" 0
	clean_state
	example 3 "s,10.1.0.3,$LAB_CLIENT4," "s,veth-proxy,$LAB_IF_SERVER,"
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" dropped
	equal "$(for_reason not-in-zone)" 1
}

example_of_an_edge() {
	example 4 "s,eth0,$LAB_IF_SERVER,"
	equal "$(says OPTIONS "sip:ping@$LAB_SERVER4")" dropped
	sipp_run register 4 udp 10
	[[ $(says INVITE urn:service:sos) == SIP/2.0\ * ]]
	equal "$(dropped)" 1
	clean_state
	example 4 "s,eth1,$LAB_IF_SERVER," "s,10.2.0.0/24,$LAB_CLIENT4/32,"
	sipp_run call 4 udp 10
	equal "$(dropped)" 0
}

# --- make assess

assessed() {
	"$LAB_ROOT/tools/assess/assess.sh" "$1" | jq -e '.[0] | ., .pass'
}

test_lab
guard_attach
for family in 4 6; do
	for transport in udp tcp; do
		for scenario in call register options; do
			check "SIPp $scenario, IPv$family, $transport" \
				sipp_run "$scenario" "$family" "$transport" 20
		done
	done
	check "SIPp call, IPv$family, INVITE in fragments" large_calls "$family"
done
check "sipsak OPTIONS, udp" lab_sipsak udp
check "sipsak OPTIONS, tcp" lab_sipsak tcp
check "the guard dropped nothing, and saw it all" nothing_dropped

# From here on each begins without a guard.
clean_state() {
	sipguard detach --all >/dev/null 2>&1 || true
}

check "without a guard the server answers" without_a_guard
check "a peer does not register, and calls" a_peer_does_not_register
check "a SIM only registers, and calls for help" a_sim_only_registers
check "a transport that is not allowed" a_transport_is_refused
check "calls to one user end, others go on" calls_to_one_user_end
check "one user has a limit of his own, also after a reload" one_user_has_a_limit
check "calls to dialled prefixes end, others go on" calls_abroad_end
check "strangers of an interface have a zone" strangers_of_an_interface
check "of the core only the nodes get in" only_nodes_of_the_core
check "which profile: a PBX with a trunk" example_of_a_pbx
check "which profile: a provider with two carriers" example_of_a_provider
check "which profile: containers of one host" example_of_containers
check "which profile: an IMS edge" example_of_an_edge

# Of `make assess` what nothing else in the lab shows; each row has a lab of its own.
for row in open_relay preloaded_route loop garbage malformed enumeration connections; do
	check "assessment: $row" assessed "$row"
done

test_done
