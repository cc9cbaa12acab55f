#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The figures of RFC 6076 that `stats` and `watch` tell, against what SIPp's callers have counted of
# a server whose answers are known: 200 calls a second of which 10 % are busy and 5 % get no
# response, and phones that register by way of a challenge.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

LAB_SIPP_FILES=$LAB_ROOT/tests/lab/operate/figures
# So that an INVITE without a response comes again. Both count the same, however busy the machine is.
# shellcheck disable=SC2034 # for the lab
LAB_T1=500
CALLS=600
PHONES=100

wide() {
	echo "{rate: 10000, burst: 10000}"
}

# Limits are not what this is about.
configuration() {
	cat <<-END
		figures: $1
		totals: {replies: $(wide)}
		zones:
		  - name: lab
		    prefixes: [$LAB_CLIENT4/32, "$LAB_CLIENT6/128"]
		    limits: {source: $(wide), invite: $(wide), register: $(wide), other: $(wide)}
		    flow-limits: {source: $(wide), invite: $(wide), register: $(wide), other: $(wide)}
		    total: $(wide)
		    connections: {new: $(wide), live: 10000}
	END
}

clean_state() {
	lab_end_processes "$LAB_NS_SERVER"
	long_segments
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	configuration yes >"$LAB_DIR/figures.yaml"
	sipguard attach "$LAB_IF_SERVER" --enforce --config "$LAB_DIR/figures.yaml" >/dev/null
}

# serve SCENARIO TRANSPORT: a server of SIPp at the guarded port.
serve() {
	lab_spawn server "$1" sipp -sf "$LAB_SIPP_FILES/$1.xml" -i "$LAB_SERVER4" -p 5060 -t "$2" \
		-nostdin -skip_rlimit
	lab_wait_listener
}

listens() {
	[[ -n $(lab_in server ss -Hlunt "sport = :5060") ]]
}

lab_wait_listener() {
	until_true listens
}

# figure FILTER: of the zone of the callers.
figure() {
	sipguard stats --json | jq ".figures[] | select(.zone == \"lab\") | $1"
}

# is_true EXPRESSION: of numbers, for awk.
is_true() {
	awk "BEGIN { exit !($1) }" || {
		echo "not so: $1"
		return 1
	}
}

# seconds NAME: the mean of what SIPp has measured, of "00:00:00:012000".
seconds() {
	lab_sipp_count "$1" 'ResponseTime1(C)' |
		awk -F : '{ print $1 * 3600 + $2 * 60 + $3 + $4 / 1000000 }'
}

# The guard measures within what the caller measures, whose clock has steps of a millisecond.
between() {
	is_true "$1 >= $2 && $1 <= $3 + 0.005"
}

calls_count() {
	local answered busy silent
	lab_sipp calls caller 4 "$1" -r 200 -m "$CALLS" -recv_timeout "${LAB_PATIENCE}000" "${@:2}"
	wait "$LAB_PID"
	answered=$(lab_sipp_count calls 'GenericCounter1(C)')
	busy=$(lab_sipp_count calls 'GenericCounter2(C)')
	silent=$(lab_sipp_count calls 'GenericCounter3(C)')
	equal $((answered + busy + silent)) "$CALLS"
	[[ $busy -gt 0 && $silent -gt 0 ]]
	echo "$answered answered, $busy busy, $silent silent: $(figure .invite)"
	equal "$(figure .invite.attempts)" "$CALLS"
	equal "$(figure '.invite.responses["1xx"]')" "$answered"
	equal "$(figure '.invite.responses["2xx"]')" "$answered"
	equal "$(figure '.invite.responses["486"]')" "$busy"
	equal "$(figure '.invite.responses["4xx"]')" "$busy"
	equal "$(figure .invite.open)" "$silent"
	equal "$(figure .invite.lost)" 0
	is_true "$(figure .session_establishment_ratio) == $answered / ($answered + $busy)"
	is_true "$(figure .session_establishment_effectiveness_ratio) == 1"
	# At least one in 16, however many come at once.
	is_true "$(figure .session_request_delay.measured) > $answered / 20"
	between "$(figure .session_request_delay.mean_seconds)" 0 "$(seconds calls)"
}

counts_calls() {
	serve server u1
	calls_count udp
	# Those without a response come again, as SIPp has it; BYE may have, too.
	is_true "$(figure .invite.retransmitted) > 0"
	is_true "$(figure .invite.retransmitted) <= $(lab_sipp_count calls 'Retransmissions(C)')"
}

# count NAME: of what `sipguard explain` knows.
count() {
	sipguard stats --json | jq ".events[\"$1\"]"
}

# Segments of the server are as short as 200 bytes, or as long as they may be.
short_segments() {
	lab_in client ip route add "$LAB_SERVER4/32" dev "$LAB_IF_CLIENT" src "$LAB_CLIENT4" advmss 200
	lab_in server ip link set dev "$LAB_IF_SERVER" gso_max_segs 1
}

long_segments() {
	lab_in client ip route flush "$LAB_SERVER4/32"
	lab_in server ip link set dev "$LAB_IF_SERVER" gso_max_segs 65535
}

# All calls have one connection, as those of a trunk, and the server's segments end and begin
# anywhere in a message.
counts_calls_over_tcp() {
	short_segments
	serve server t1
	calls_count tcp -t t1
	equal "$(figure .invite.retransmitted)" 0
	equal "$(count replies-unread)" 0
}

counts_registrations() {
	serve registrar u1
	lab_sipp phones phone 4 udp -r 100 -m "$PHONES" -recv_timeout "${LAB_PATIENCE}000"
	wait "$LAB_PID"
	equal "$(lab_sipp_count phones 'SuccessfulCall(C)')" "$PHONES"
	equal "$(figure .register.requests)" $((2 * PHONES))
	equal "$(figure .register.attempts)" "$PHONES"
	equal "$(figure '.register.responses["401"]')" "$PHONES"
	equal "$(figure '.register.responses["2xx"]')" "$PHONES"
	equal "$(figure .register.open)" 0
	is_true "$(figure .ineffective_registration_attempts) == 0"
	between "$(figure .registration_request_delay.mean_seconds)" 0.035 "$(seconds phones)"
	# What is in no zone has none of it, and no ratio.
	sipguard stats --json | jq -e '.figures[0] | .zone == "unlisted" and .register.requests == 0 and
		.ineffective_registration_attempts == null' >/dev/null
	sipguard stats | grep -qE "^  lab +$PHONES +$PHONES +0 +0\.00 % +[0-9.]+ ms$"
	# A reload goes on, and off is off.
	sipguard reload --config "$LAB_DIR/figures.yaml" >/dev/null
	equal "$(figure .register.attempts)" "$PHONES"
	configuration no >"$LAB_DIR/figures.yaml"
	sipguard reload --config "$LAB_DIR/figures.yaml" >/dev/null
	equal "$(sipguard stats --json | jq -c .figures)" "[]"
	[[ $(sipguard stats) != *SEER* ]]
}

# from SIDE TO PORT: what comes in leaves as a datagram.
from() {
	lab_in "$1" socat -u - "UDP4:$2,bind=:$3"
}

# What was asked before the zones were numbered otherwise is of none that has its number now.
another_number() {
	lab_request INVITE "sip:bob@$LAB_SERVER4" >"$LAB_DIR/invite"
	from client "$LAB_SERVER4:5060" 5070 <"$LAB_DIR/invite"
	equal "$(figure .invite.requests)" 1
	configuration yes | sed "/^zones:/a\\  - {name: another, prefixes: [192.0.2.77/32]}" \
		>"$LAB_DIR/figures.yaml"
	sipguard reload --config "$LAB_DIR/figures.yaml" >/dev/null
	sed -e "1s/.*/SIP\/2.0 200 OK\r/" -e "s/^\(To:.*\)\r/\1;tag=server\r/" "$LAB_DIR/invite" |
		from server "$LAB_CLIENT4:5070" 5060
	sipguard stats --json | jq -e '[.figures[].invite | .responses["2xx"], .silent] |
		all(. == 0)' >/dev/null
}

lab_up
trap test_ended EXIT
check "calls at 200 a second, 10 % busy and 5 % silent, are what SIPp has counted" counts_calls
check "so they are over TCP" counts_calls_over_tcp
check "registrations with a challenge, with the delay of both rounds" counts_registrations
check "a response to what was asked before a reload numbered zones otherwise" another_number
test_done
