# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# scanner: the first packet of each scanner that betrays itself, by its User-Agent, the name in From
# or the shape of its branch, does not reach the server. What legitimate products send that scanners
# like to copy does, and so does what has such a word in its body. Each comes from an address of its
# own: a ban has no part in it. Without the guard the server answers all of them.
#
# Sourced by scenarios.sh.

# By the name they give in User-Agent.
AGENTS=(friendly-scanner pplsip "Nmap NSE" sipcli/v1.8 sundayddr VaxSIPUserAgent/3.5 VaxIPUserAgent
	sip-scan sipscan SIPScan iWar sipvicious sipv SIVuS "smap 0.6.0" Gulp siparmyknife
	friendly-request UsaAirport SimpleSIP "SIP Call"
	VoIPSec siptest zxcvfdf11 fdgddfg546df4g8d5f fgfdhgfxjfhyjhkj "Test Agent"
	"Custom SIP Phone" A_B_C FourCats dr.pes)
# By their shape, whatever they call themselves.
SHAPES=(sipvicious-from sipvicious-branch sippts-branch nmap-probe)
# Products and tools of ours.
LEGITIMATE=(Conaito Ozeki "PortSIP VoIP SDK 11.2" VOIP "eyeBeam release 1102u" "X-Lite release 1104o" CSipSimple_d2vzw/r2457 MizuPhone
	Cisco-SIPGateway/IOS-15.4 PBX "Asterisk PBX 16.2.1" FPBX-15.0.16 Linksys/SPA942-6.1.5
	"sipsak 0.9.8.1" "Yealink SIP-T46S 66.84.0.15" "kamailio (5.6.3 (x86_64/linux))")

# request AGENT [BODY] [FROM] [BRANCH] [CONTACT]: an OPTIONS like anybody's.
request() {
	local body=${2:-} from=${3:-'<sip:1001@192.0.2.10>'}
	local branch=${4:-z9hG4bKc3f9d01a7be2} contact=${5:-'<sip:1001@192.0.2.20>'}
	printf '%s\r\n' "OPTIONS sip:100@$LAB_SERVER4 SIP/2.0" \
		"Via: SIP/2.0/UDP 192.0.2.20:5060;rport;branch=$branch" "From: $from;tag=7b1e90" \
		"To: <sip:100@$LAB_SERVER4>" "Call-ID: $EPOCHREALTIME-$RANDOM" "CSeq: 1 OPTIONS" \
		"Contact: $contact" "Max-Forwards: 70" "User-Agent: $1" \
		"Content-Type: text/plain" "Content-Length: ${#body}" ""
	printf '%s' "$body"
}

shape() {
	local phone="Grandstream GXP1625 1.0.4.128"
	case $1 in
	sipvicious-from)
		request "$phone" "" '"sipvicious"<sip:100@1.1.1.1>' "" '<sip:100@1.1.1.1:5060>' ;;
	sipvicious-branch)
		request "$phone" "" '"100"<sip:100@1.1.1.1>' z9hG4bK-3194872301 '<sip:123@1.1.1.1>' ;;
	sippts-branch)
		request "$phone" "" "" \
			"$(head -c 71 < <(printf 'q7GzKpWm%.0s' {1..9}))" ;;
	nmap-probe)
		printf '%s\r\n' "OPTIONS sip:nm SIP/2.0" "Via: SIP/2.0/UDP nm;branch=foo;rport" \
			"From: <sip:nm@nm>;tag=root" "To: <sip:nm2@nm2>" "Call-ID: 50000" \
			"CSeq: 42 OPTIONS" "Max-Forwards: 70" "Content-Length: 0" \
			"Contact: <sip:nm@nm>" "Accept: application/sdp" "" ;;
	esac
}

# answered ADDRESS FILE [guard]: the server's answer to one datagram from there. There is one, or the
# guard has dropped the datagram: either is waited for.
answered() {
	ip -n "$LAB_NS_CLIENT" route replace "$LAB_SERVER4/32" dev "$LAB_IF_CLIENT" src "$1"
	[[ $(lab_answer "$2" ${3:+dropped}) == SIP/2.0\ * ]]
}

dropped() {
	guard_counted '([.classes[].dropped.packets] | add)'
}

# What is sent, a file each, in a folder for the bad and one for the good.
write_messages() {
	local name at=$LAB_DIR/scan
	mkdir -p "$at/bad" "$at/good"
	for name in "${AGENTS[@]}"; do
		request "$name" >"$at/bad/${name//[ \/]/-}"
	done
	for name in "${SHAPES[@]}"; do
		shape "$name" >"$at/bad/$name"
	done
	for name in "${LEGITIMATE[@]}"; do
		request "$name" >"$at/good/${name//[ \/]/-}"
	done
	request "Yealink SIP-T46S" "friendly-scanner sipvicious pplsip" >"$at/good/words-in-the-body"
}

# count_answers bad|good FIRST-ADDRESS [WRONG]: how many were answered; with a guard, for people, on
# standard error, those of which it is wrong that they were, or were not ("yes", "no").
count_answers() {
	local file n=0 host=$2 was
	for file in "$LAB_DIR/scan/$1/"*; do
		was=no
		! answered "203.0.113.$((host++))" "$file" "${3:+guard}" || was=yes
		[[ $was == no ]] || n=$((n + 1))
		[[ $was != "${3:-}" ]] || echo "scanner: answered: $was, wrongly: ${file##*/}" >&2
	done
	echo "$n"
}

scenario() {
	local bad=$((${#AGENTS[@]} + ${#SHAPES[@]})) good=$((${#LEGITIMATE[@]} + 1))
	callers_at 203.0.113.0/24
	server_start
	write_messages
	at_least answered-without-guard "$(count_answers bad 100)" "$bad"
	guard_on
	at_most first-packets-answered "$(count_answers bad 1 yes)" 0
	at_least legitimate-answered "$(count_answers good 200 no)" "$good"
}
