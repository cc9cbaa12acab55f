# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What is no SIP, what is broken, and what is too much. Of a burst as much passes as a limit says at
# once, and some more each second, so a slow machine lets more of it through: the bars are far from
# both. Sourced by assess.sh.

row_garbage() {
	about "Datagrams on the SIP port that are no SIP" "Nothing of them reaches a socket" \
		"Kamailio" "200 datagrams of random bytes"
	garbage 200
	attack 200 0 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call udp
}

row_malformed() {
	about "Fuzzing: messages that break the grammar" \
		"What no parser should have to take apart is dropped" "Kamailio" \
		"Requests with one fault each: ${#FAULTS[@]} of them"
	malformed
	attack "${#FAULTS[@]}" 0 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call udp
}

row_flood_of_one_flow() {
	about "A device, or an attacker, sends without end" "A flow gets what a phone needs" \
		"Kamailio" "400 OPTIONS at once from one port"
	burst 400 OPTIONS "sip:ping@$LAB_SERVER4"
	attack 400 200 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call tcp
}

row_flood_of_keepalives() {
	about "Keepalives without end" "A flow gets as many as a phone sends" "Kamailio" \
		"400 keepalives at once from one port"
	mkdir -p "$LAB_DIR/burst"
	for i in {1..400}; do
		printf '\r\n\r\n' >"$LAB_DIR/burst/$i"
	done
	attack 400 200 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call tcp
}

row_telephony_denial_of_service() {
	about "Telephony denial of service: one user is called without end" \
		"A user gets as many calls as he can take, others are called as before" "Kamailio" \
		"100 INVITEs at once for one user"
	policy <<-END
		callee: {rate: 1, burst: 4}
		modes: {limit-callee: enforce}
	END
	burst 100 INVITE "sip:victim@$LAB_SERVER4"
	attack 100 50 arrived "$LAB_DIR/burst"
	callers 3 sipp_calls 3 call tcp
}

row_registration_flood() {
	about "Registrations without end" "A flow registers as often as phones do" \
		"Kamailio as registrar" "400 REGISTERs at once from one port"
	burst 400 REGISTER "sip:$LAB_SERVER4"
	attack 400 100 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 register tcp
}

row_reflection() {
	about "The server is made to answer to a victim" \
		"A destination that nobody vouches for gets few replies" "Kamailio" \
		"400 OPTIONS at once in a victim's name, each from another port"
	burst 400 OPTIONS "sip:ping@$LAB_SERVER4"
	attack 400 200 reflected "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call tcp
}

row_connections() {
	about "Connections of TCP are opened and kept" "A source has as many as the limit says" \
		"Kamailio" "100 connections from one address"
	policy <<<"connections: {live: 20}"
	attack 100 20 connected 100
	callers 10 sipp_calls 10 call udp
}

row_overload() {
	about "The server has more calls than it can take" \
		"What can wait is shed first, emergency calls never (RFC 7339, RFC 4412)" \
		"Kamailio, which refuses calls with 503" \
		"OPTIONS of strangers, while a trunk's calls over TCP are refused"
	server lab_kamailio_start WITH_NO_ROOM
	policy <<-END
		zones: [{name: trunk, prefixes: [$LAB_CLIENT4/32], profile: peer}]
		overload: {shed: yes, least: 10, hold: 60}
	END
	attack 5 0 while_calls_are_refused as 198.51.100.77 answered 5 OPTIONS \
		"sip:ping@$LAB_SERVER4"
	callers 5 unanswered 5 INVITE urn:service:sos
}
