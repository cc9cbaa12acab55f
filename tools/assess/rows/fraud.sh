# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# Who looks for a way in. Sourced by assess.sh.

row_scanner() {
	about "Scanners look for servers" "The first packet of what betrays itself has no answer" \
		"Kamailio" "OPTIONS over UDP with the User-Agent of a scanner"
	attack 5 0 answered 5 OPTIONS "sip:100@$LAB_SERVER4" "User-Agent: friendly-scanner"
	callers 10 sipp_calls 10 call udp
}

row_password_guessing() {
	about "Passwords are guessed" "A flow that guesses is banned" \
		"Kamailio as registrar, with passwords" "REGISTER with wrong credentials, one after the other"
	server lab_kamailio_start WITH_PHONES 'PASSWORD="secret"'
	attack 14 7 guesses 14
	callers 5 unanswered 5 OPTIONS "sip:ping@$LAB_SERVER4"
}

row_dial_walk() {
	about "Toll fraud: one number is dialled with ever other prefixes" \
		"After some forms the walk ends; other numbers are called as before" "Kamailio" \
		"INVITEs over UDP for one number behind 12 exit codes"
	policy <<<"modes: {dial-walk: enforce}"
	attack 12 6 invited \
		sip:{00,011,0011,010,810,900,9011,90011,9010,000,0000,8810}32079460000@"$LAB_SERVER4"
	callers 10 sipp_calls 10 call udp
}

row_enumeration() {
	about "Users are enumerated" "A source is told of a few users, and then of nobody" \
		"Kamailio, which says 404 of who is not there" \
		"INVITEs over UDP for 60 users, one after the other"
	server lab_kamailio_start WITH_EXTENSIONS 'EXTENSIONS="^(bob|ping|[a-z]+)$"'
	attack 60 30 as 198.51.100.77 invited sip:{1000..1059}@"$LAB_SERVER4"
	callers 10 sipp_calls 10 options tcp
}

row_dialled_prefixes() {
	about "Toll fraud: calls abroad, or to premium numbers, by whoever got in" \
		"A source has as many calls to watched prefixes as the operator says" "Kamailio" \
		"INVITEs over UDP for 12 numbers of one country, with and without exit codes"
	policy <<-END
		dialled-prefixes: ["+44"]
		dialled: {calls: 3}
		modes: {dialled-prefix: enforce}
	END
	attack 12 3 invited sip:{+,00,011,900}44207946000{0,1,2}@"$LAB_SERVER4"
	callers 10 sipp_calls 10 call udp
}

row_hotline() {
	about "Telephony denial of service against a number of its own" \
		"A user that the operator names has a limit of his own" "Kamailio" \
		"100 INVITEs at once for that user"
	policy <<-END
		callees: [{users: [hotline], limit: {rate: 5, burst: 10}}]
		modes: {limit-own-callee: enforce}
	END
	burst 100 INVITE "sip:hotline@$LAB_SERVER4"
	attack 100 50 arrived "$LAB_DIR/burst"
	callers 10 sipp_calls 10 call tcp
}

row_calls_at_once() {
	about "Toll fraud: a stolen account has many calls at the same time" \
		"A source has as many as the operator says" "Kamailio" \
		"5 calls over UDP, a second apart, each of which lasts"
	policy <<<"calls: {at-once: 2}"
	attack 5 2 as 198.51.100.77 at_once 5 198.51.100.77
	callers 10 sipp_calls 10 options udp
}
