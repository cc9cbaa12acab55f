#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All that real software says to each other in a day, in enforce mode, once with the default
# configuration and once with the preset "strict": baresip as phones, SIPp as a trunk, sipsak as a
# monitor, and Kamailio, which knows them by their digest and passes on to them what they send each
# other. One guard is in front of Kamailio and hears the callers, a second one is in front of the
# callers and hears Kamailio. Both have to let all of it pass, and to have seen it. With "strict" what
# Kamailio sends is masked as well (topology), and nothing else changes.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=../../tools/lab/phone.sh
source "$LAB_ROOT/tools/lab/phone.sh"

# SIPp calls this often in each scenario: what one source may send at once is not the subject here.
CALLS=2
WAYS=("4 udp" "4 tcp" "6 udp" "6 tcp")

# Ports of the callers' side, ten for each way: phones, and from the fifth on SIPp.
port_base() {
	local at=5100
	[[ $1 == 4 ]] || at=$((at + 20))
	[[ $2 == udp ]] || at=$((at + 10))
	echo "$at"
}

# --- the guards

# The second guard is one of its own, with its own pins.
phones_guard() {
	SIPGUARD_PIN_ROOT=$LAB_DIR/bpf/phones lab_in client "$SIPGUARD" "$@"
}

guards_attach() {
	local ports
	ports=$(for way in "${WAYS[@]}"; do
		# shellcheck disable=SC2086 # two words
		seq -s ', ' "$(port_base $way)" "$(($(port_base $way) + 9))"
	done | paste -sd ,)
	printf 'validation: {preset: %s}\ndialogs: {grace: 0}\n' "$1" >"$LAB_DIR/server.yaml"
	printf 'ports: {udp: [%s], tcp: [%s]}\n' "$ports" "$ports" |
		cat "$LAB_DIR/server.yaml" - >"$LAB_DIR/phones.yaml"
	[[ $1 == default ]] || echo 'topology: mask' >>"$LAB_DIR/server.yaml"
	sipguard attach "$LAB_IF_SERVER" --enforce --config "$LAB_DIR/server.yaml"
	phones_guard attach "$LAB_IF_CLIENT" --enforce --config "$LAB_DIR/phones.yaml"
}

guards_stats() {
	sipguard stats --json >"$LAB_DIR/server.json"
	phones_guard stats --json >"$LAB_DIR/phones.json"
}

guards_detach() {
	sipguard detach --all
	phones_guard detach --all
}

# counted server|phones dropped|watched REASONS: these and no others, as {"reason": packets}. Six of
# sipsak are more if it had to wait for an answer for half a second. What was watched has passed, under
# one reason each.
counted() {
	local found
	found=$(jq -cS ".reasons | map_values(.$2.packets) | with_entries(select(.value > 0))" \
		"$LAB_DIR/$1.json")
	equal "$(jq -c 'if .["scanner-lookalike"] > 6 then .["scanner-lookalike"] = 6 else . end' \
		<<<"$found")" "$3"
	if [[ $2 == watched ]]; then
		equal "$(jq '([.classes[].passed.packets] | add) - .reasons.none.passed.packets' \
			"$LAB_DIR/$1.json")" "$(jq 'add // 0' <<<"$found")"
	else
		equal "$(jq "[.classes[].$2.packets] | add" "$LAB_DIR/$1.json")" \
			"$(jq 'add // 0' <<<"$found")"
	fi
}

# passed server|phones METHOD N...: of each method N were sent, and more if one was sent again. Half of
# them go over TCP, where two may share a segment if the machine is slow: each is counted.
passed() {
	local from=$1
	shift
	while [[ $# -gt 0 ]]; do
		echo "$1:"
		at_least "$2" "$(jq ".methods.$1.passed.packets" "$LAB_DIR/$from.json")"
		shift 2
	done
}

at_least() {
	[[ $2 -ge $1 ]] || {
		echo "got $2, wanted $1 or more"
		return 1
	}
}

# --- what is masked

# What reaches the callers. Without offload all sums are made before a frame is on the wire: those of
# UDP before the guard sees the datagram, those of TCP behind it.
wire_begin() {
	lab_in server ethtool -K "$LAB_IF_SERVER" tx off >/dev/null
	lab_spawn client wire tcpdump -nn -i "$LAB_IF_CLIENT" --immediate-mode -B 16384 -U \
		-w "$LAB_DIR/wire.pcap" "src host $LAB_SERVER4 or src host $LAB_SERVER6"
	WIRE=$LAB_PID
	until_true grep -q 'listening on' "$LAB_DIR/wire.log"
}

wire() {
	tcpdump -nn -r "$LAB_DIR/wire.pcap" "$@" 2>/dev/null
}

# named FILTER: how many lines name software or say what it warns of, of messages from a guarded port.
named() {
	wire -A "src port 5060 and $1" | grep -acE 'baresip v|kamailio \(|Noisy feedback' || true
}

# How often the same bytes of a connection came from the guarded port.
sent_twice() {
	wire -S "tcp and src port 5060" |
		sed -nE 's/.* > ([^ ]+): Flags \[P\.\], seq ([^,]+),.*/\1 \2/p' | sort | uniq -d | wc -l
}

# The answer is lost, and TCP sends it again: masked, too, as the wire says below.
sent_again() {
	local before
	before=$(sent_twice)
	lab_in client nft -f - <<-END
		table netdev sg_again {
			chain lose {
				type filter hook ingress device $LAB_IF_CLIENT priority 0
				tcp sport 5060 tcp flags & psh == psh limit rate 1/day burst 1 packets drop
			}
		}
	END
	sipsak_run tcp -s "sip:ping@$LAB_SERVER4:5060"
	lab_in client nft delete table netdev sg_again
	at_least $((before + 1)) "$(sent_twice)"
}

# sums STATUS: how many sums of UDP and TCP are so, as Wireshark sees it: 0 bad, 1 good.
sums() {
	tshark -r "$LAB_DIR/wire.pcap" -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-Y "udp.checksum.status == $1 or tcp.checksum.status == $1" 2>/dev/null | wc -l
}

masked_on_the_wire() {
	local transport
	kill -TERM "$WIRE"
	wait "$WIRE" || true
	for transport in udp tcp; do
		equal "$(named "$transport")" 0
		# Of Kamailio, of phones, of what it says in a Warning.
		at_least 4 "$(wire -A "src port 5060 and $transport" | grep -acE '^Server: xxx|^User-Agent: xxx')"
		at_least 1 "$(wire -A "src port 5060 and $transport" | grep -acE '^Warning: 392 x+ "x')"
	done
	equal "$(wire -vv | grep -acE 'bad udp cksum|incorrect')" 0
	at_least 10 "$(wire -vv udp | grep -ac 'udp sum ok')"
	at_least 10 "$(wire -vv tcp | grep -ac '(correct)')"
	equal "$(sums 0)" 0
	at_least 100 "$(sums 1)"
	jq -e '.events | .["topology-masked"] >= 20 and .["topology-failed"] == 0
		and .["topology-found"] == 0' "$LAB_DIR/server.json"
	lab_in server ethtool -K "$LAB_IF_SERVER" tx on >/dev/null
}

# --- SIPp

# sipp_exchange SCENARIO 4|6 udp|tcp USER N. SIPP_MEDIA: lines of SDP for the INVITEs.
sipp_exchange() {
	local name=$1-$4 user=$4 n=$5 base
	base=$(port_base "$2" "$3")
	lab_sipp "$name" "$1" "$2" "$3" -s "$user" -au trunk -ap "$PHONE_PASSWORD" \
		-p "$((base + 9))" -r 10 -m "$n" -timeout "$LAB_PATIENCE" \
		-key at "$((base + 8))" -key media "${SIPP_MEDIA:-a=ptime:20}"
	wait "$LAB_PID" || {
		cat "$LAB_DIR/$name.err"
		return 1
	}
	equal "$(lab_sipp_count "$name" 'SuccessfulCall(C)')" "$n"
	equal "$(lab_sipp_count "$name" 'FailedCall(C)')" 0
}

# The other side of SIPp's calls.
party_start() {
	local way=$1-$2 address=$LAB_CLIENT4 transport=u1
	[[ $1 == 4 ]] || address=$LAB_CLIENT6
	[[ $2 == udp ]] || transport=t1
	lab_spawn client "party-$way" sipp \
		-sf "$(lab_scenario "$LAB_SRC/sipp/party.xml" "party-scenario-$way")" -i "$address" \
		-t "$transport" -p "$(($(port_base "$1" "$2") + 8))" -nostdin -skip_rlimit \
		-trace_err -error_file "$LAB_DIR/party-$way.err"
}

# --- the phones

# A call that is given up while it rings, and one that is put on hold (re-INVITE) and taken again.
phones_call() {
	local alice=$1 bob=$2 to=$3
	phone_do "$alice" dial "$to"
	phone_event "$bob" 1 CALL_INCOMING
	phone_event "$alice" 1 CALL_RINGING
	phone_do "$alice" hangup
	phone_event "$bob" 1 CALL_CLOSED
	phone_event "$alice" 1 CALL_CLOSED

	phone_do "$alice" dial "$to"
	phone_event "$bob" 2 CALL_INCOMING
	phone_event "$alice" 2 CALL_RINGING
	phone_do "$bob" accept
	phone_event "$alice" 1 CALL_ESTABLISHED
	phone_event "$bob" 1 CALL_ESTABLISHED
	phone_do "$alice" hold
	phone_event "$alice" 2 CALL_REMOTE_SDP
	phone_do "$alice" resume
	phone_event "$alice" 3 CALL_REMOTE_SDP
	phone_do "$alice" hangup
	phone_event "$bob" 2 CALL_CLOSED
}

# What baresip has no event for is in its trace of all messages.
phones_presence() {
	phone_wait "$1" 1 'NOTIFY sip:alice'
	phone_do "$2" presence_online
	phone_wait "$1" 1 '<basic>open'
	phone_wait "$2" 2 'CSeq: [0-9]+ NOTIFY'
}

phones_message() {
	phone_do "$1" message "Are you there?"
	phone_wait "$2" 1 'MESSAGE sip:bob'
	# Sent, challenged, sent again, answered.
	phone_wait "$1" 4 'CSeq: [0-9]+ MESSAGE'
}

phones_options() {
	phone_do "$1" options "$3"
	phone_wait "$2" 1 'OPTIONS sip:bob'
	phone_wait "$1" 1 'OPTIONS of sip:bob'
}

# SIPp calls a phone, which hears the digit.
phone_called() {
	phone_do "bob-$1-$2" answermode auto
	phone_wait "bob-$1-$2" 1 'Answer mode changed to: auto'
	sipp_exchange dialog "$1" "$2" "bob-$1-$2" 1
	phone_wait "bob-$1-$2" 1 'CALL_DTMF_START.*"param":"5"'
}

phones_off() {
	phone_stop "$1"
	phone_stop "$2"
}

# --- all that goes one way

exchange() {
	local way="IPv$1, $2" alice=alice-$1-$2 bob=bob-$1-$2 party=party-$1-$2 scenario base
	local to="sip:$bob@$LAB_SERVER4;transport=$2"
	[[ $1 == 4 ]] || to="sip:$bob@[$LAB_SERVER6];transport=$2"
	base=$(port_base "$1" "$2")
	party_start "$1" "$2"
	check "baresip registers, $way" phone_start bob "$1" "$2" "$base" "$((base + 1000))"
	check "another baresip registers, $way" \
		phone_start alice "$1" "$2" "$((base + 2))" "$((base + 1002))" bob
	check "SIPp enrol, $way" sipp_exchange enrol "$1" "$2" "$party" 1
	for scenario in options message subscribe dialog cancel; do
		check "SIPp $scenario, $way" sipp_exchange "$scenario" "$1" "$2" "$party" "$CALLS"
	done
	check "baresip calls, cancels, holds, $way" phones_call "$alice" "$bob" "$to"
	check "baresip MESSAGE, $way" phones_message "$alice" "$bob"
	check "baresip OPTIONS, $way" phones_options "$alice" "$bob" "$to"
	check "baresip SUBSCRIBE and NOTIFY, $way" phones_presence "$alice" "$bob"
	check "SIPp calls baresip, INFO, $way" phone_called "$1" "$2"
	check "baresip switches off, $way" phones_off "$alice" "$bob"
	exit "$TEST_FAILED"
}

# All ways side by side. A process of its own for each: its lines are shown when it is done.
exchanges() {
	local way pids=() i
	for way in "${WAYS[@]}"; do
		# shellcheck disable=SC2086 # two words
		(exchange $way) >"$LAB_DIR/lines-${way/ /-}" 2>&1 &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" || TEST_FAILED=1
		cat "$LAB_DIR/lines-${WAYS[i]/ /-}"
	done
}

# --- large messages

# Of a header, two kilobytes in fields such as carriers and STIR (RFC 8224) add to an INVITE.
large_header() {
	local i
	for i in {1..4}; do
		printf 'History-Info: <sip:party@192.0.2.%s;cause=302>;index=1.%s\r\n' "$i" "$i"
	done
	printf 'Identity: %s;info=<https://cert.example/a.pem>;alg=ES256;ppt=shaken' \
		"$(head -c 1800 /dev/zero | tr '\0' a)"
}

# Of a body, two kilobytes of candidates, as a browser offers them (RFC 8839).
large_media() {
	local i
	for i in {1..30}; do
		printf 'a=candidate:%s 1 udp 2130706431 192.0.2.20 %s typ host generation 0\r\n' \
			"$i" "$((40000 + 2 * i))"
	done
	printf 'a=ptime:20'
}

# reassembled server|client 4|6
reassembled() {
	lab_in "$1" cat /proc/net/snmp /proc/net/snmp6 | awk -v family="$2" '
		family == 4 && $1 == "Ip:" && $2 != "Forwarding" { print $16 }
		family == 6 && $1 == "Ip6ReasmOKs" { print $2 }'
}

# large_call 4|6 HEADER MEDIA: both INVITEs of each call, with and without the password, come in
# fragments, and Kamailio passes on the second in fragments.
large_call() {
	local server client
	server=$(reassembled server "$1")
	client=$(reassembled client "$1")
	LAB_SIPP_EXTRA=$2 SIPP_MEDIA=$3 sipp_exchange dialog "$1" udp "party-$1-udp" "$CALLS"
	# Or the test would not test what it says.
	at_least $((2 * CALLS)) $(($(reassembled server "$1") - server))
	at_least "$CALLS" $(($(reassembled client "$1") - client))
}

# --- sipsak (it knows no IPv6)

# sipsak_run udp|tcp OPTION...
sipsak_run() {
	local transport=$1
	shift
	lab_in client timeout "$LAB_PATIENCE" sipsak -H "$LAB_CLIENT4" -E "$transport" -D 60 -u party -a \
		"$PHONE_PASSWORD" "$@"
}

# The mode of sipsak 0.9.8 for messages ends with a segmentation fault. Of what it reads from a file
# it makes Via and the password itself.
sipsak_message() {
	printf '%s\r\n' "MESSAGE sip:party-4-$1@$LAB_SERVER4 SIP/2.0" \
		"From: <sip:monitor@$LAB_SERVER4>;tag=m$1" "To: <sip:party-4-$1@$LAB_SERVER4>" \
		"Call-ID: $EPOCHREALTIME" "CSeq: 1 MESSAGE" "Max-Forwards: 70" \
		"Content-Type: text/plain" "Content-Length: 4" "" "Hi"
}

sipsak_exchange() {
	local at=$LAB_SERVER4:5060
	check "sipsak OPTIONS, $1" sipsak_run "$1" -s "sip:ping@$at"
	check "sipsak REGISTER, $1" sipsak_run "$1" -U -C "sip:monitor@$LAB_CLIENT4:5199" -x 60 \
		-s "sip:monitor@$at"
	sipsak_message "$1" >"$LAB_DIR/message"
	check "sipsak MESSAGE, $1" sipsak_run "$1" -f "$LAB_DIR/message" -L -s "sip:party-4-$1@$at"
}

# --- what must not pass

# wrong NAME BRANCH LENGTH ANSWERED: three INVITEs, of which so many are answered. (That none was
# answered because the guard dropped them is what its counters say in the end.)
wrong() {
	local wait_ms=500
	[[ $4 -eq 0 ]] || wait_ms=$((LAB_PATIENCE * 500))
	lab_sipp "$1" wrong 4 udp -s party-4-udp -p 5139 -r 20 -m 3 -recv_timeout "$wait_ms" \
		-timeout "$LAB_PATIENCE" \
		-key branch_begins "$2" -key length "$3"
	wait "$LAB_PID" || true
	equal "$(lab_sipp_count "$1" 'SuccessfulCall(C)')" "$4"
}

# The INVITEs that do not pass tell the guard from one that looks at nothing, and the presets from
# each other. No rule that only counts was broken either.
nothing_else_dropped() {
	if [[ $1 == default ]]; then
		counted server dropped '{"content-length-beyond":3}'
		# With their ACKs; and sipsak, which scanners look like.
		counted server watched '{"scanner-lookalike":6,"via-cookie":6}'
	else
		counted server dropped '{"content-length-beyond":3,"via-cookie":3}'
		counted server watched '{"scanner-lookalike":6}'
	fi
	counted phones dropped '{}'
	# The answers repeat the Via.
	counted phones watched "$([[ $1 == strict ]] && echo '{}' || echo '{"via-cookie":3}')"
}

# Over each way go CALLS dialogs and so on of SIPp, one call between SIPp and a phone, and what two
# phones do; then CALLS large calls in each of four forms, and sipsak's over UDP and TCP. A request
# outside a dialog goes to Kamailio twice, the second time with the password, and from there once.
# (Over TCP, SIPp as the called one answers and notifies on a connection that Kamailio has opened:
# that is to no guarded port of Kamailio.)
all_seen() {
	local n=$((4 * CALLS)) phones=4 dialogs invites
	# With the calls to phones and the large ones.
	dialogs=$((n + phones + 4 * CALLS))
	invites=$((3 * dialogs + 2 * n + 6 * phones))
	passed server REGISTER $((2 * (phones + 2 * phones + 2))) \
		INVITE "$invites" ACK "$invites" \
		BYE $((dialogs + phones)) INFO "$dialogs" CANCEL $((n + phones)) \
		OPTIONS $((n + phones + 2)) MESSAGE $((2 * (n + phones + 2))) \
		SUBSCRIBE $((3 * n + 2 * phones)) NOTIFY $((n + 2 * phones))
	invites=$((2 * dialogs + n + 4 * phones))
	passed phones INVITE "$invites" ACK "$invites" \
		BYE $((dialogs + phones)) INFO "$dialogs" CANCEL $((n + phones)) \
		OPTIONS "$phones" MESSAGE $((n + phones + 2)) \
		SUBSCRIBE $((2 * n + phones)) NOTIFY $((2 * n + 2 * phones))
	echo responses:
	at_least 100 "$(jq .classes.response.passed.packets "$LAB_DIR/server.json")"
	at_least 300 "$(jq .classes.response.passed.packets "$LAB_DIR/phones.json")"
}

# --- all of it

for tool in baresip:baresip-core stdbuf:coreutils tcpdump:tcpdump tshark:tshark; do
	command -v "${tool%%:*}" >/dev/null ||
		lab_die "${tool%%:*} is missing: apt-get install ${tool#*:}."
done
[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT
lab_kamailio_start WITH_PHONES WITH_SIGNATURE "PASSWORD=\"$PHONE_PASSWORD\""
for preset in default strict; do
	TEST_NAME="exchange, $preset"
	[[ $preset == default ]] || wire_begin
	check "two guards" guards_attach "$preset"
	exchanges
	for family in 4 6; do
		check "INVITE in fragments, large header, IPv$family" \
			large_call "$family" "$(large_header)" a=ptime:20
		check "INVITE in fragments, large body, IPv$family" \
			large_call "$family" "Subject: lab" "$(large_media)"
	done
	sipsak_exchange udp
	sipsak_exchange tcp
	check "an INVITE that promises more than it has" wrong longer z9hG4bK 99 0
	answered=3
	[[ $preset == default ]] || answered=0
	check "an INVITE of RFC 2543" wrong old branch 0 "$answered"
	guards_stats
	check "the guards dropped nothing else" nothing_else_dropped "$preset"
	check "the guards saw all of it" all_seen
	if [[ $preset != default ]]; then
		check "what TCP sends again is masked, too" sent_again
		check "nothing names the software, and the sums are right" masked_on_the_wire
	fi
	check "the guards are gone" guards_detach
	# Or what they have connected to would be older than the next guard, and not be read.
	lab_end_processes "$LAB_NS_CLIENT"
done
TEST_NAME=exchange
test_done
