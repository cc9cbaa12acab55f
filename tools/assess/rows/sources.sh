# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# Who sends: one source by many ports, nobody at all, a client that does not learn; and packets that
# are no message. Sourced by assess.sh.

row_flood_of_one_source() {
	about "One host floods from ever other ports" "A source gets what an office needs" \
		"Kamailio" "4000 OPTIONS from one address, two thousand a second, any port"
	attack 4000 1500 flooded 4000 --method OPTIONS --source "$LAB_FLOOD4" --sport random
	callers 10 sipp_calls 10 call udp
}

row_forged_flood() {
	about "A flood of messages whose sources are forged" \
		"Who has registered is answered; what nobody sends again reaches nothing" "Kamailio" \
		"10 000 OPTIONS, two thousand a second, each in somebody else's name"
	server lab_kamailio_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	attack 10000 2000 beside_phones 20 flooded 10000 --method OPTIONS \
		--random "$LAB_FLOOD_PREFIX4"
	callers 250 unanswered_probes
}

row_invitations() {
	about "Calls without end, each to another user" "A flow calls as often as a trunk does" \
		"Kamailio" "200 INVITEs at once from one port, each to another user"
	burst 200 INVITE "sip:user@@@$LAB_SERVER4"
	attack 200 120 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call tcp
}

row_messages() {
	about "Other methods without end" "A flow gets as many as a phone sends" "Kamailio" \
		"400 MESSAGEs at once from one port"
	burst 400 MESSAGE "sip:alice@$LAB_SERVER4"
	attack 400 300 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call tcp
}

row_malformed_again() {
	about "A client that sends what is broken again and again" \
		"Its flow is banned for a while, others of its address are not" "Kamailio" \
		"OPTIONS over TCP from a port that has sent malformed ones"
	policy <<<"bans: {malformed: {threshold: 2, window: 30, time: 600}}"
	attack 3 0 after_malformed 3
	callers 10 sipp_calls 10 call tcp
}

row_syn_flood() {
	about "A flood of SYNs" "A source opens so many connections a second, and no more" \
		"Linux, in front of Kamailio" "500 SYNs from one address, a thousand a second (hping3)"
	attack 500 250 hurled 500 "tcp dport 5060" -S -p 5060 -a "$LAB_FLOOD4"
	callers 10 sipp_calls 10 call tcp
}

row_stray_segments() {
	about "Segments of no connection, each of which the host answers with a reset" \
		"So many of all of them together" "Linux, in front of Kamailio" \
		"500 ACKs from forged addresses, a thousand a second (hping3)"
	policy <<<"totals: {stray-segments: {rate: 50, burst: 50}}"
	attack 500 250 hurled 500 "tcp dport 5060" -A -p 5060 --rand-source
	callers 10 sipp_calls 10 call tcp
}

row_fragments() {
	about "Fragments that belong to nothing, for the memory that waits for the rest" \
		"Of those without a first one a source gets a few" "Linux, in front of Kamailio" \
		"500 later fragments of UDP, a thousand a second (hping3)"
	policy <<<"totals: {orphan-fragments: {rate: 50, burst: 50}}"
	attack 500 250 hurled 500 "ip frag-off & 0x1fff != 0" --udp -p 5060 -x -g 1480 -d 100
	callers 10 sipp_calls 10 call udp
}

row_oversized() {
	about "Fields beyond what a parser has room for" "What is larger than any real one is dropped" \
		"Kamailio" "OPTIONS with a Call-ID, a branch, a method, fields or folds beyond the caps"
	oversized
	attack 5 0 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call udp
}
