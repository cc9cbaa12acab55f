# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# Who may send what from where. Sourced by assess.sh.

row_peer_registers() {
	about "A peer registers customers of ours (Category 1 of FS.11 and FS.19)" \
		"A method that is never legitimate on an interface does not reach the registrar" \
		"Kamailio as registrar" "REGISTER over UDP from a zone of the profile peer"
	policy <<-END
		zones: [{name: peers, prefixes: [$LAB_CLIENT4/32], profile: peer}]
	END
	attack 5 0 answered 5 REGISTER "sip:$LAB_SERVER4"
	callers 10 sipp_calls 10 call udp
}

row_peer_registers_elsewhere() {
	about "A peer registers customers of ours (Category 1 of FS.11 and FS.19)" \
		"The same, with another registrar" "ejabberd (mod_sip) as registrar" \
		"REGISTER over UDP from a zone of the profile peer"
	server ejabberd_anew
	policy <<-END
		zones: [{name: peers, prefixes: [$LAB_CLIENT4/32], profile: peer}]
	END
	attack 5 0 answered 5 REGISTER "sip:$LAB_SERVER4"
	callers 5 unanswered 5 OPTIONS "sip:ping@$LAB_SERVER4"
}

row_sim_without_protection() {
	about "A SIM-enabled customer sends outside the protected ports" \
		"Only REGISTER, and what an emergency call needs" "Kamailio" \
		"MESSAGE over UDP from a zone of the profile ims-access"
	policy <<-END
		zones: [{name: outside, interfaces: [$LAB_IF_SERVER], profile: ims-access}]
	END
	attack 5 0 answered 5 MESSAGE "sip:bob@$LAB_SERVER4"
	callers 10 sipp_calls 10 register udp
}

row_transport() {
	about "A transport that nobody uses here is an open door" \
		"What is not allowed is dropped before it is read" "Kamailio" "OPTIONS over UDP"
	policy <<<'transports: {not: [udp]}'
	attack 5 0 answered 5 OPTIONS "sip:ping@$LAB_SERVER4"
	callers 10 sipp_calls 10 call tcp
}

row_core() {
	about "A node inside the core is taken over, or sends with another's address" \
		"Segmentation: only what is listed for an interface gets in" "Kamailio" \
		"OPTIONS over UDP from an address that is no node's on that interface"
	policy <<-END
		zones:
		  - name: nodes
		    prefixes: [$LAB_CLIENT4/32]
		    interfaces: [$LAB_IF_SERVER]
		    profile: core
	END
	attack 5 0 as 198.51.100.77 answered 5 OPTIONS "sip:ping@$LAB_SERVER4"
	callers 10 sipp_calls 10 call udp
}

row_deny_list() {
	about "Networks that are known to attack" "What is on the deny list reaches nothing" \
		"Kamailio" "OPTIONS over UDP from a denied network"
	attack 5 0 denied 198.51.100.0/24 as 198.51.100.77 answered 5 OPTIONS \
		"sip:ping@$LAB_SERVER4"
	callers 10 sipp_calls 10 call udp
}

row_open_relay() {
	about "A stranger looks for an open relay" \
		"Requests for domains that the server does not serve are refused" "Kamailio" \
		"OPTIONS over UDP whose Request-URI has somebody else's domain"
	policy <<<"domains: [example.com]"
	attack 5 0 answered 5 OPTIONS sip:ping@elsewhere.example
	callers 10 sipp_calls 10 call udp
}

row_preloaded_route() {
	about "A stranger has us relay by a Route that he brings along" \
		"A Route of what begins something goes to us" "Kamailio, which goes by any Route" \
		"INVITE over UDP with a Route to a victim"
	server lab_kamailio_start WITH_ANY_ROUTE
	policy <<-END
		domains: [example.com]
		modes: {route-not-served: enforce}
	END
	attack 5 0 relayed 5 "Route: <sip:$LAB_SERVER4;lr>,<sip:$LAB_CLIENT4:5099;lr>"
	callers 10 sipp_calls 10 call udp
}

row_loop() {
	about "Requests that say they come from ourselves" \
		"Our own address in a Via of a request from outside is refused" "Kamailio" \
		"OPTIONS over UDP whose top Via is the server's"
	policy <<<"modes: {via-own-address: enforce}"
	attack 5 0 edited "s,^Via: SIP/2.0/UDP [^;]*,Via: SIP/2.0/UDP $LAB_SERVER4:5060," \
		answered 5 OPTIONS "sip:ping@$LAB_SERVER4"
	callers 10 sipp_calls 10 call udp
}

row_spoofed_identity() {
	about "A call from another network in the name of a customer of ours (vishing)" \
		"Who is registered through one zone does not speak from another" \
		"Kamailio as registrar" \
		"INVITE over UDP from a peer with a registered user's P-Asserted-Identity"
	policy <<-END
		zones: [{name: carrier, prefixes: [198.51.100.77/32], profile: peer}]
		modes: {identity-elsewhere: enforce}
	END
	attack 5 0 in_the_name_of alice 198.51.100.77
	callers 10 sipp_calls 10 call udp
}

row_unknown_dialogs() {
	about "Calls of others are torn down, or the server is worn out, by requests in made-up dialogs" \
		"A request in a dialog that the server is not in reaches nothing" "Kamailio" \
		"BYE over UDP with a tag in To and a Call-ID of no call"
	policy <<-END
		dialogs: {grace: 0}
		modes: {dialog-unknown: enforce}
	END
	attack 5 0 once_heard edited 's/^To: .*>/&;tag=x/' answered 5 BYE "sip:bob@$LAB_SERVER4"
	callers 10 sipp_calls 10 call udp
}

row_unknown_responses() {
	about "Responses that answer nothing" "What the server has not asked for reaches nothing" \
		"Kamailio" "20 responses at once, of branches that the server has never sent"
	policy <<-END
		dialogs: {grace: 0}
		modes: {transaction-unknown: enforce}
	END
	responses 20
	attack 20 0 once_heard arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call udp
}

row_topology() {
	about "Answers tell the software, its version, and addresses of the network behind it" \
		"What peers need not know is masked, and calls go on" \
		"Kamailio, which says what it is" "OPTIONS over UDP"
	server lab_kamailio_start WITH_SIGNATURE
	policy <<<"topology: mask"
	attack 5 0 telling 5 kamailio
	callers 10 sipp_calls 10 call udp
}
