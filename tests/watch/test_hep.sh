#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `sipguard watch --hep`: what collectors make of it, Kamailio's sipcapture and sngrep, and that
# nobody suffers when they are gone.

# shellcheck source-path=SCRIPTDIR disable=SC2317,SC2016 # checks are called by name; awk, other shells

# shellcheck source=watch.sh
source "$(dirname "$0")/watch.sh"

CRLF=$'\r\n'

# Kamailio writes what it captures as lines of fields, into a file for each kind.
collector_config() {
	cat <<-END
		debug=1
		log_stderror=yes
		children=1
		disable_tcp=yes
		listen=udp:127.0.0.1:9060
		loadmodule "db_flatstore.so"
		loadmodule "sipcapture.so"
		modparam("db_flatstore", "flush", 1)
		modparam("sipcapture", "db_url", "flatstore:$LAB_DIR/collected")
		modparam("sipcapture", "capture_on", 1)
		modparam("sipcapture", "hep_capture_on", 1)
		request_route { sip_capture("messages"); }
		onreply_route { sip_capture("messages"); }
	END
}

collector_listens() {
	lab_in server ss -Hlun "sport = :9060" | grep -q 9060
}

collector_start() {
	collector_config >"$LAB_DIR/collector.cfg"
	mkdir -p "$LAB_DIR/collected"
	server_job collector kamailio -f "$LAB_DIR/collector.cfg" -DD -m 16 -Y "$LAB_DIR/collected"
	until_true collector_listens
}

collector_stop() {
	[[ ! -e $LAB_DIR/collector.pid ]] || end_job collector TERM >/dev/null
}

# Each check begins with a guard that has banned the client, a collector that has nothing, and a
# watch that sends to it.
clean_state() {
	watch_stop
	collector_stop
	rm -rf "$LAB_DIR/collected"
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null || equal $? 3
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
	sipguard ban "$LAB_CLIENT4" --force >/dev/null
	collector_start
	watch_start --hep 127.0.0.1 --hep-id 77
	until_true follows 1
}

# follows COUNT: so many follow the guard, of which watch is one, and listen already.
follows() {
	equal "$(bpftool map dump pinned "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/sg_followers" -j |
		jq '[.. | .until? // empty | select(. > 0)] | length')" "$1"
}

# Fields of what sipcapture writes of a message: microseconds, Call-ID, source, destination,
# protocol (1 UDP, 2 TCP), family, agent, correlation, and the message. A log has the time in field
# 2, the correlation in 3, from 4 on source to family, then the agent in 11 and the text in 12.
MESSAGE='$2, $14, $23, $24, $25, $26, $31, $32, $35, $36, $41'

# collected messages|logs_capture FIELDS: a line of each, the fields with a bar between them.
collected() {
	cat "$LAB_DIR/collected/$1"_*.log 2>/dev/null | awk -F'|' -v OFS='|' "{ print $2 }"
}

# collects COUNT messages|logs_capture
collects() {
	equal "$(collected "$2" '$2' | wc -l)" "$1"
}

message() { # CALL-ID
	printf '%s' "OPTIONS sip:bob@example.com SIP/2.0$CRLF" \
		"Via: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK$1$CRLF" \
		"From: <sip:a@example.com>;tag=1${CRLF}To: <sip:bob@example.com>$CRLF" \
		"Call-ID: $1$CRLF" "CSeq: 1 OPTIONS${CRLF}Max-Forwards: 70$CRLF$CRLF"
}

# say TRANSPORT ADDRESS CALL-ID
say() {
	message "$3" >"$LAB_DIR/message"
	lab_in client bash -c 'cat "$3" >"/dev/$1/$2/5060"' _ "$1" "$2" "$LAB_DIR/message"
}

# Over TCP, more than a second after the SYN: of a source and a reason that is told first.
say_later() { # CALL-ID
	message "$1" >"$LAB_DIR/message"
	lab_in client bash -c 'exec 3>"/dev/tcp/$1/5060"; sleep 2.2; cat "$2" >&3' _ "$LAB_SERVER4" \
		"$LAB_DIR/message"
}

says_later_and_is_collected() {
	say_later "$1"
	sleep 0.6
	collected messages '$14' | grep -q "$1"
}

# What `capture` has of the packets meanwhile is what the collector got.
is_collected() {
	local time call from port to to_port protocol family agent correlation text
	server_job capture "$SIPGUARD" capture -w "$LAB_DIR/capture.pcapng"
	until_true follows 2
	say udp "$LAB_SERVER4" first
	until_true collects 1 messages
	until_true collects 1 logs_capture
	equal "$(end_job capture INT)" 0
	IFS='|' read -r time call from port to to_port protocol family agent correlation text \
		< <(collected messages "$MESSAGE")
	equal "$call $correlation $protocol $family $agent" "first first 1 2 homer01:77"
	equal "$from:$port $to:$to_port" "$(tshark -r "$LAB_DIR/capture.pcapng" -T fields \
		-e ip.src -e udp.srcport -e ip.dst -e udp.dstport 2>/dev/null |
		awk '{ print $1 ":" $2 " " $3 ":" $4 }')"
	# Each tells the time of the event by clocks that it reads for itself.
	[[ ${time:0:10} -le $(date +%s) && ${time:0:10} -ge $(($(date +%s) - LAB_PATIENCE)) ]]
	printf '%b' "$text" | cmp - "$LAB_DIR/message"
	equal "$(collected logs_capture '$3, $4, $5, $6, $7, $8, $9, $11')" \
		"first|$from|$port|$to|5060|1|2|homer01:77"
	collected logs_capture '$12' | jq -e '.outcome == "dropped" and .reason == "ban-source" and
		.method == "OPTIONS" and .interface == "'"$LAB_IF_SERVER"'"' >/dev/null
	becomes 2 metric 'sipguard_watch_hep_packets_total{what="sent"}'
	equal "$(ask /status.json | jq -c .watch.hep)" '{"sent":2,"refused":0,"lost":0}'
}

# Over IPv6, over TCP, and what is no message.
collects_others() {
	sipguard deny add "$LAB_CLIENT6" --force >/dev/null
	say udp "$LAB_SERVER6" sixth
	until_true collects 1 messages
	equal "$(collected messages '$14, $23, $25, $26, $31, $32')" \
		"sixth|$LAB_CLIENT6|$LAB_SERVER6|5060|1|10"
	sipguard mode monitor >/dev/null
	until_true says_later_and_is_collected stream
	equal "$(collected messages '$14, $23, $31, $32' | tail -n 1)" "stream|$LAB_CLIENT4|2|2"
	collected logs_capture '$3, $12' | grep '^stream|' | grep -q '"outcome":"would drop"'
	until_true says_garbage_and_is_known
	! collected messages '$41' | grep -q '0000000000'
}

# Of a source and a reason one packet a second is told, whichever comes first: so it is said again.
says_garbage_and_is_known() {
	lab_in client bash -c 'printf "\200\022%062d" 0 >"/dev/udp/$1/5060"' _ "$LAB_SERVER4"
	sleep 0.6
	collected logs_capture '$3, $12' | grep '^sipguard|' | grep -q '"class":"garbage"'
}

dialogs() {
	tr '\r' '\n' <"$LAB_DIR/collector.out" | tail -n 1
}

# sngrep reads the chunks in one order, and shows each Call-ID as a dialog.
sngrep_reads() {
	collector_stop
	server_job collector sngrep -F -N -d lo -L udp:127.0.0.1:9060
	until_true collector_listens
	say udp "$LAB_SERVER4" one
	becomes "Dialog count: 1" dialogs
	sipguard mode monitor >/dev/null
	sipguard deny add "$LAB_CLIENT6" --force >/dev/null
	say udp "$LAB_SERVER6" two
	becomes "Dialog count: 2" dialogs
}

refused() {
	[[ $(metric 'sipguard_watch_hep_packets_total{what="refused"}') -ge 1 ]]
}

says_and_is_refused() {
	say udp "$LAB_SERVER4" "$1"
	sleep 0.6
	refused
}

says_and_is_collected() {
	say udp "$LAB_SERVER4" "$1"
	sleep 0.6
	collected messages '$14' | grep -q "$1"
}

# The collector goes and comes again; the guard, the metrics and the journal's events do not care.
outlives_its_collector() {
	collector_stop
	until_true says_and_is_refused gone
	equal "$(metric sipguard_up)" 1
	equal "$(grep -c "takes no packets: Connection refused" "$LAB_DIR/watch.err")" 1
	collector_start
	until_true says_and_is_collected back
	watch_stop
	grep -Eq ': [0-9]+ packets were sent to the collector, [1-9][0-9]* of these refused; 0 were lost' \
		"$LAB_DIR/watch.err"
}

# By TCP, to nobody: it waits for one, and what is left at the end was lost.
waits_for_nobody() {
	watch_stop
	watch_start --hep tcp:127.0.0.1:9060
	until_true follows 1
	until_true grep -q "takes no packets: Connection refused" "$LAB_DIR/watch.err"
	say udp "$LAB_SERVER4" waits
	sleep 0.6
	equal "$(metric 'sipguard_watch_hep_packets_total{what="sent"}')" 0
	watch_stop
	grep -q ': 0 packets were sent .* 2 were lost' "$LAB_DIR/watch.err"
	equal "$(sipguard status --json | jq -r .mode)" enforce
}

# The key is read before privileges are given up, and comes along.
brings_its_key() {
	local key=$LAB_DIR/key
	echo sesame >"$key"
	chmod 600 "$key"
	watch_stop
	watch_start --hep udp:127.0.0.1:9060 --hep-key-file "$key"
	until_true follows 1
	server_job tcpdump tcpdump -i lo -U -w "$LAB_DIR/lo.pcap" udp port 9060
	until_true grep -q listening "$LAB_DIR/tcpdump.err"
	until_true says_and_is_collected keyed
	until_true grep -qa sesame "$LAB_DIR/lo.pcap"
	end_job tcpdump INT >/dev/null
	equal "$(collected messages '$35' | head -n 1)" homer01:1
}

refuses() {
	local long
	long=$(printf '%0300d' 0)
	fails 2 "'homer' is no collector to send to: give" watch --hep homer
	fails 2 "no collector to send to" watch --hep 127.0.0.1:0
	fails 2 "--hep-id takes a number" watch --hep 127.0.0.1 --hep-id 0
	fails 2 "--hep-id takes a number" watch --hep 127.0.0.1 --hep-id 4294967296
	fails 2 "go with --hep" watch --journal --hep-id 3
	fails 2 "needs --metrics ADDRESS, or --journal, or --hep" watch
	fails 1 "cannot read the key of the collector from /nowhere: No such file" \
		watch --hep 127.0.0.1 --hep-key-file /nowhere
	fails 1 "has no key" watch --hep 127.0.0.1 --hep-key-file /dev/null
	fails 1 "cannot read .*: Is a directory" watch --hep 127.0.0.1 --hep-key-file "$LAB_DIR"
	echo "$long" >"$LAB_DIR/key"
	fails 1 "1 to 255 printable characters" watch --hep 127.0.0.1 --hep-key-file "$LAB_DIR/key"
	# Of a key of any bytes not those before a NUL.
	printf 'sesame\0open\n' >"$LAB_DIR/key"
	fails 1 "has no key" watch --hep 127.0.0.1 --hep-key-file "$LAB_DIR/key"
	fails 2 "has no option --hep" status --hep 127.0.0.1
}

test_lab
check "a dropped message is collected, and why" is_collected
check "so are those over IPv6 and TCP; garbage is told of" collects_others
check "sngrep reads them" sngrep_reads
check "the collector may go and come" outlives_its_collector
check "one that is not there is waited for without waiting" waits_for_nobody
check "the key comes along" brings_its_key
check "what cannot be is refused" refuses
test_done
