#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What `status` says, as text and as JSON, is what is in force.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

FLOOD=$LAB_ROOT/build/sipguard-flood
LIBRARY=$LAB_ROOT/build/tests/as_library
UPLINK=

# No value is the default of its key, and no two of one table are alike.
configuration() {
	local n=2 kind
	for kind in limits flow-limits proven-limits; do
		echo "$kind:"
		for key in source invite register options event other response keepalive; do
			echo "  $key: {rate: $((n += 1)), burst: $((500 + n))}"
		done
	done
	cat <<-END
		domains: [b.example, .a.example]
		callees:
		  - {users: [hotline], unlimited: yes}
		  - {users: ["100", "+4930123456"], limit: {rate: 3, window: 60, burst: 5}}
		topology-fields: [X-Node, Organization]
		dialled-prefixes: [+, +4490, 0900]
		exit-codes: [00, 0011]
		proven: {call: 77, unchallenged: yes}
		greylist: {hold: 600}
		overload: {shed: yes, share: 61, least: 62, hold: 63}
		connections: {first-data: 54, new: {rate: 55, burst: 56}, live: 57}
		bans:
		  flood: {threshold: 11, window: 21, time: 31}
		  malformed: {threshold: 12, window: 22, time: 32}
		  scanner: {threshold: 13, window: 23, time: 33}
		  auth-failure: {threshold: 14, window: 24, time: 34}
		  guesses: {threshold: 15, window: 25}
		  guesses-source: {threshold: 16, window: 26}
		  guesses-forged: {threshold: 17, window: 27}
		  enumeration: {threshold: 18, window: 28}
		totals:
		  unlisted-total: {rate: 101, burst: 201}
		  orphan-fragments: {rate: 102, burst: 202}
		  orphan-fragments-total: {rate: 103, burst: 203}
		  replies: {rate: 104, burst: 204}
		zones:
		  - name: trunk
		    prefixes: [198.51.100.0/24]
		    profile: peer
		    modes: {garbage: off}
		    domains: []
		    topology: report
		    validation: {uri: 99}
		    limits: {source: {rate: 901, burst: 902}}
		    flow-limits: {source: {rate: 801, burst: 802}}
		    total: {rate: 701, burst: 702}
	END
}

# Columns may move: the words of each line, one space apart.
words() {
	sipguard status | tr -s ' ' | sed 's/^ //; s/ $//'
}

shows() {
	grep -qxF -e "$1" <<<"$WORDS" || {
		echo "no line \"$1\" in:"
		echo "$WORDS"
		return 1
	}
}

limits_as_configured() {
	local WORDS n=0 key
	WORDS=$(words)
	for key in source invite register options event other response keepalive; do
		n=$((n + 1))
		shows "$key $((n + 2)) / $((n + 502)) $((n + 10)) / $((n + 510)) $((n + 18)) / $((n + 518))"
	done
	shows "trunk each source each flow"
	shows "source 901 / 902 801 / 802"
	shows "total 701 / 702 of all its sources together"
	shows "unlisted-total 101 / 201"
	shows "orphan-fragments 102 / 202"
	shows "orphan-fragments-total 103 / 203"
	shows "replies 104 / 204"
}

offences_as_configured() {
	local WORDS n=0 key
	WORDS=$(words)
	for key in flood malformed scanner auth-failure; do
		n=$((n + 1))
		shows "$key $((10 + n)) $((20 + n)) $((30 + n))"
	done
	for key in guesses guesses-source guesses-forged enumeration; do
		n=$((n + 1))
		shows "$key $((10 + n)) $((20 + n)) only limited"
	done
	shows "proven/call 77 seconds that a completed call proves a flow, 1 to 86400"
	shows "proven/unchallenged yes yes: a REGISTER that the server accepts without a \
challenge proves, too"
	shows "greylist/hold 600 seconds that it stays armed after less than half of that rate is offered"
	shows "overload/share 61 percent of its answers to known senders that are 503, 1 to 100"
	shows "overload/hold 63 seconds until a level less is shed, 5 to 86400"
	shows "overload not armed"
	shows "connections/new 55 / 56 of each source, per second and at once"
	shows "domains b.example, .a.example"
	shows "domains all"
	shows "callees 3 users with a limit of their own: hotline unlimited, 100 3 / 5 in 60 s, \
+4930123456 3 / 5 in 60 s"
	shows "topology off what messages to them tell of software and network: off, report, mask"
	shows "topology report what messages to them tell of software and network: off, report, mask"
	shows "topology-fields X-Node, Organization"
	shows "dialled-prefixes +, +4490, 0900"
	shows "exit-codes 00, 0011"
	shows "methods all methods of requests"
	shows "methods all but REGISTER methods of requests"
	shows "modes/garbage off"
	shows "validation/uri 99 Request-URI"
	shows "connections/live 57 that a source may have at a time, 1 to 1000000"
}

explained_as_configured() {
	sipguard explain garbage | grep -F "enforce now; off in zone trunk" || return 1
	sipguard explain garbage --json | jq -e '.mode == "enforce" and .zones == {"trunk": "off"}'
}

json_as_configured() {
	sipguard status --json | jq -e '
		.zones[0].limits.keepalive == {rate: 10, burst: 510}
		and .zones[0].flow_limits.keepalive == {rate: 18, burst: 518}
		and .proven_limits.keepalive == {rate: 26, burst: 526}
		and .zones[1].flow_limits.source == {rate: 801, burst: 802}
		and .zones[1].total == {rate: 701, burst: 702} and .zones[0].total == null
		and .totals.replies == {rate: 104, burst: 204}
		and .ban_rules.enumeration == {threshold: 18, window: 28, time: 0}
		and .proven_call_seconds == 77 and .proven_unchallenged == true
		and .overload_shed == true and .overload_share == 61 and .overload_least == 62
		and .overload_hold_seconds == 63 and .overload_unchallenged == false
		and .greylist_hold_seconds == 600 and .first_data_seconds == 54
		and .zones[1].connections.new == {rate: 55, burst: 56}
		and .ports == {udp: [5060], tcp: [5060], tls: [5061]}
		and .zones[0].reasons.garbage == {mode: "enforce", default: "enforce"}
		and .zones[1].reasons.garbage == {mode: "off", default: "enforce"}
		and .topology_fields == ["X-Node", "Organization"]
		and .zones[0].topology == "off" and .zones[1].topology == "report"
		and .dialled_prefixes == ["+", "+4490", "0900"] and .exit_codes == ["00", "0011"]
		and .zones[0].domains == ["b.example", ".a.example"] and .zones[1].domains == []
		and .callees[0] == {user: "hotline", limit: null}
		and .callees[2] == {user: "+4930123456", limit: {rate: 3, window_seconds: 60, burst: 5}}
		and (.callees | length) == 3
		and (.zones[0].methods | index("REGISTER")) and .zones[0].transports == ["udp", "tcp", "tls"]
		and (.zones[1].methods | index("REGISTER") | not) and .zones[1].message.uri == 99' >/dev/null
}

# keys FILTER: of what stands there, in their order.
keys() {
	jq -r "$1 | keys_unsorted | join(\" \")"
}

# has_keys FILTER KEY...: these and no others, of what is on standard input.
has_keys() {
	equal "$(keys "$1")" "${*:2}"
}

# Programs read these.
json_keys() {
	local status stats
	status=$(sipguard status --json)
	stats=$(sipguard stats --json)
	has_keys . attached version abi mode lists bans flows memory notices interfaces \
		overload loaded_seconds connections dialogs trial config shadow ports proven_limits \
		topology_fields dialled_prefixes exit_codes config_mode memory_preset proven_call_seconds proven_unchallenged greylist_hold_seconds \
		overload_shed overload_share overload_least overload_hold_seconds \
		overload_unchallenged figures first_data_seconds ban_rules totals callees zones fixed <<<"$status"
	jq -e '.fixed | .greylist_early_ms == 400 and .greylist_late_ms == 32000 and
		.greylist_rush_per_second == 625000 and .proven_grace_seconds == 32 and
		.credentials_wait_ms == 134 and .tcp_reach_bytes == 1073741824' <<<"$status" >/dev/null
	[[ $(sipguard status) == *"Fixed, not configurable"*"greylist_early "*" 400  ms: "* ]]
	has_keys .lists allow deny <<<"$status"
	has_keys .bans sources flows <<<"$status"
	has_keys .flows proven contact greylist most greylist_armed greylist_seconds_left \
		greylist_tries <<<"$status"
	has_keys .dialogs heard_seconds learned <<<"$status"
	has_keys .trial seconds_left detaches <<<"$status"
	has_keys .overload level since_seconds seconds_left by_503 by_silence <<<"$status"
	has_keys .memory bytes maps <<<"$status"
	# What the README says.
	jq -e '.memory.bytes < 128000000' <<<"$status" >/dev/null
	has_keys .connections counted sources live <<<"$status"
	has_keys '.interfaces[0]' name ifindex state xdp hook since replies program program_id \
		received seen blind charged_twice_by <<<"$status"
	has_keys . interfaces unguarded allowed reasons classes methods events figures total <<<"$stats"
	has_keys .reasons.garbage passed would_drop dropped watched <<<"$stats"
	has_keys .classes.garbage passed would_drop dropped <<<"$stats"
	has_keys .methods.INVITE passed would_drop dropped <<<"$stats"
}

flood() {
	lab_in client "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --random "$LAB_FLOOD_PREFIX4" --rate 5000 --count 5000 \
		--seconds "$LAB_PATIENCE" --drain 0 >"$LAB_DIR/flood"
}

# attach HOLD ARGUMENT...: a guard that nobody has flooded yet.
attach() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	configuration | sed "s/hold: 600/hold: $1/" >"$LAB_DIR/status.yaml"
	sipguard attach "$LAB_IF_SERVER" --config "$LAB_DIR/status.yaml" "${@:2}" >/dev/null
}

# The first lines of status. It is read to its end: who closes the pipe before it has written all
# makes it fail.
status_begins() {
	sipguard status | sed -n 1,6p
}

# What an operator looks for in a flood stands in the first lines. It stays armed for ten minutes.
greylist_armed() {
	local said
	attach 600 "${@:2}"
	[[ $(status_begins) == *"greylist "*"not armed"* ]]
	flood
	said=$(status_begins)
	[[ $said =~ greylist\ +ARMED:\ strangers\ "$1"\ to\ send\ twice,\ since\ they\ exceeded\ their\ budget\;\ for\ [1-6]?[0-9]?[0-9]\ s ]] || {
		echo "$said"
		return 1
	}
	sipguard status --json | jq -e '.flows | .greylist_armed and .greylist_tries == 2 and
		.greylist_seconds_left >= 1 and .greylist_seconds_left <= 600' >/dev/null
}

# A CPU in a rush asks for three, as long as it is no old news. (A flood that makes one takes a faster
# machine than a test may have.)
greylist_rush() {
	lab_in server "$LIBRARY" rush 600
	[[ $(status_begins) == *"to send three times, since a CPU has more than 625000 "* ]]
	sipguard status --json | jq -e '.flows.greylist_tries == 3' >/dev/null
	lab_in server "$LIBRARY" rush -1
	[[ $(status_begins) == *"to send twice, "* ]]
	sipguard status --json | jq -e '.flows.greylist_tries == 2' >/dev/null
}

not_armed() {
	sipguard status --json | jq -e '.flows | .greylist_armed == false and
		.greylist_tries == 1 and .greylist_seconds_left == 0' >/dev/null
}

# It was armed, and is not any more, by itself.
greylist_disarmed() {
	attach 1 --enforce
	flood
	sipguard stats --json | jq -e '.events["greylist-armed"] > 0' >/dev/null
	until_true not_armed
	[[ $(status_begins) == *"greylist "*"not armed"* ]]
}

# requests N: N strangers, each of which sends one.
requests() {
	lab_in client "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --random "$LAB_FLOOD_PREFIX4" --method OPTIONS --rate 500 \
		--count "$1" --queue 4096 --seconds "$LAB_PATIENCE" --drain 0 >"$LAB_DIR/flood"
}

NOTICE="none of the server's replies leaves by a guarded interface, though "

notices() {
	sipguard status --json | jq -e --arg notice "$NOTICE" \
		'.notices | length == 1 and (.[0] | startswith($notice))' >/dev/null
	[[ $(sipguard status) == *" NOTICE "*"$NOTICE"*"\`sipguard attach\` the interface"* ]]
}

no_notice() {
	sipguard status --json | jq -e '.notices == []' >/dev/null
	[[ $(sipguard status) != *NOTICE* ]]
}

# A few scanners tell nothing; many requests that nobody answers do. If what sees the replies was
# taken away, that is said, and no other cause.
nobody_answers() {
	attach 600
	requests 99
	no_notice
	requests 99
	until_true notices
	rm "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI"/tcx/*:"$LAB_IF_SERVER"
	until_true no_notice
	[[ $(sipguard status) == *"is NOT seen"* ]]
}

replies_seen() {
	sipguard stats --json | jq -e '.events["replies-seen"] > 0' >/dev/null
}

answers_as_usual() {
	attach 600
	requests 300
	until_true replies_seen
	no_notice
	[[ $(sipguard status) == *"dialogs "*"heard without a gap for "* ]]
	sipguard status --json | jq -e '.dialogs | .learned and .heard_seconds >= 1' >/dev/null
}

server_is_silent() {
	requests 200
	[[ $(status_begins) == *"overload "*"LEVEL "*"the server does not answer"*"would be shed"* ]]
	sipguard status --json | jq -e '.overload | .level >= 1 and .by_silence and (.by_503 | not)
		and .since_seconds >= 0 and .seconds_left >= 1 and .seconds_left <= 600' >/dev/null
	sipguard stats --json | jq -e '.events["overload-armed"] == 1' >/dev/null
}

# It has answered, and does so no more: what a zone asks arms it, for ten minutes.
overload_armed() {
	{
		configuration | sed 's/least: 62, hold: 63/least: 1, hold: 600, unchallenged: yes/'
		echo "  - {name: asking, prefixes: [$LAB_FLOOD_PREFIX4]}"
	} >"$LAB_DIR/overload.yaml"
	attach 600
	sipguard reload --config "$LAB_DIR/overload.yaml" >/dev/null
	requests 50
	until_true replies_seen
	[[ $(status_begins) == *"overload "*"not armed"* ]]
	lab_kamailio_stop
	until_true server_is_silent
	lab_kamailio_start
}

# Two uplinks: requests come in by one, replies leave by the other one, until that is guarded, too.
replies_leave_elsewhere() {
	UPLINK=sg-$$.2
	ip -n "$LAB_NS_SERVER" link add "$UPLINK" type veth peer name "${UPLINK}p"
	ip -n "$LAB_NS_SERVER" link set "$UPLINK" up
	ip -n "$LAB_NS_SERVER" link set "${UPLINK}p" up
	ip -n "$LAB_NS_SERVER" neigh add "$LAB_PROBE4" lladdr "$LAB_CLIENT_MAC" dev "$UPLINK" \
		nud permanent
	ip -n "$LAB_NS_SERVER" route add "$LAB_FLOOD_PREFIX4" via "$LAB_PROBE4" dev "$UPLINK" onlink
	attach 600
	requests 300
	until_true notices
	sipguard attach "$UPLINK" >/dev/null
	requests 50
	until_true replies_seen
	no_notice
}

# As a sipguard with more reasons and the same ABI would find it.
other_layout() {
	local pin
	sipguard attach "$LAB_IF_SERVER"
	pin=$(find "$SIPGUARD_PIN_ROOT" -name sg_stats)
	rm "$pin"
	bpftool map create "$pin" type percpu_array key 4 value 64 entries 1 name sg_stats
	fails 1 "of another sipguard" status
	fails 1 "of another sipguard" attach "$LAB_IF_SERVER"
	sipguard detach --all
	guard_left_nothing
}

# Alone the word tells, and changes nothing.
mode_is_told() {
	[[ $(sipguard mode) == "The guard's mode is monitor: nothing is dropped"* ]]
	sipguard mode enforce --for 5m >/dev/null
	[[ $(sipguard mode) == "The guard's mode is enforce"*"confirm"* ]]
	sipguard mode --json | jq -e '.mode == "enforce" and .seconds_left > 200' >/dev/null
	fails 2 "use monitor or enforce" mode on
	sipguard mode monitor >/dev/null
	sipguard mode --json | jq -e '.mode == "monitor" and .seconds_left == null' >/dev/null
	[[ $(sipguard explain invite 2>&1) == *"do you mean limit-invite"* ]]
}

# Who keeps them in a file.
rates_have_a_time() {
	local first
	first=$(lab_in server "$SIPGUARD" stats --watch 1 | sed q) || true # its reader is gone
	[[ $(date -d "$first" +%s) -ge $(($(date +%s) - 3600)) ]]
}

[[ -x $SIPGUARD && -x $FLOOD && -x $LIBRARY ]] || lab_die "$SIPGUARD, $FLOOD or $LIBRARY is not built."
lab_up
trap test_ended EXIT
attach 600

check "limits of sources, flows, proven flows and zones" limits_as_configured
check "what proves, the greylist's hold, and the rules of bans" offences_as_configured
check "JSON has the same" json_as_configured
check "explain says where the mode is another one" explained_as_configured
check "JSON has the keys that programs read" json_keys
check "rates say of when they are" rates_have_a_time
check "mode tells the mode" mode_is_told
check "an armed greylist in monitor mode" greylist_armed "would have"
check "an armed greylist in enforce mode" greylist_armed "have" --enforce
check "an armed greylist in a rush" greylist_rush
check "a greylist that was armed" greylist_disarmed
check "nobody answers: said" nobody_answers
lab_kamailio_start
check "the server answers: nothing is said" answers_as_usual
check "a server that answers no more: new requests are shed" overload_armed
check "its replies leave by another interface: said, until that is guarded" replies_leave_elsewhere
sipguard detach --all >/dev/null
check "maps of another layout are refused" other_layout
test_done
