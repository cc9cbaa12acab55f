#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is told of the guard while it works: `events`, `capture` with the packets themselves, and
# `why` of one source.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

OTHER=sg-$$o
FOLLOWERS=()

# Each check begins with a guard in enforce mode, and nobody who follows it.
clean_state() {
	local pid
	for pid in "${FOLLOWERS[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	FOLLOWERS=()
	rm -f "$LAB_DIR"/*.pcapng "$LAB_DIR/said" "$LAB_DIR/told"
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
}

# places: how many follow the guard, and listen already.
places() {
	bpftool map dump pinned "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/sg_followers" -j |
		jq '[.. | .until? // empty | select(. > 0)] | length'
}

# begin FILE ARGUMENT...: the command itself, in the background: signals are for it.
begin() {
	local to=$1
	shift
	nsenter --net="/run/netns/$LAB_NS_SERVER" -- "$SIPGUARD" "$@" >"$to" 2>"$LAB_DIR/said" &
	FOLLOWERS+=($!)
}

# follows ARGUMENT...: in the background, until it does.
follows() {
	local before
	before=$(places)
	begin "$LAB_DIR/told" "$@"
	becomes $((before + 1)) places
}

# ends: the last one is interrupted, and ends well.
ends() {
	local pid=${FOLLOWERS[-1]}
	kill -INT "$pid"
	wait "$pid"
	unset 'FOLLOWERS[-1]'
}

# garbage COUNT [SOURCE]: datagrams that are no SIP.
garbage() {
	local i
	for ((i = 0; i < $1; i++)); do
		# shellcheck disable=SC2016 # of the other shell
		lab_in client bash -c 'printf "\200\022%062d" 0 >"/dev/udp/$1/5060"' _ "$LAB_SERVER4"
	done
}

told() {
	grep -c . "$LAB_DIR/told"
}

# has FILTER: some line of what was told is so.
has() {
	jq -es "any(.[]; $1)" "$LAB_DIR/told" >/dev/null
}

tells_drops() {
	follows events --json
	garbage 1
	until_true has '.event == "packet" and .outcome == "dropped" and .reason == "garbage" and
		(.source | startswith("'"$LAB_CLIENT4"':")) and .transport == "udp" and
		.interface == "'"$LAB_IF_SERVER"'" and .direction == "in" and .class == "garbage"'
	sipguard ban "$LAB_CLIENT4" --force >/dev/null
	garbage 1
	until_true has '.reason == "ban-source"'
	ends
	[[ ! -s $LAB_DIR/said ]]
}

# As text, a line that begins with a time.
tells_people() {
	follows events
	garbage 1
	until_true grep -Eq '^[0-9-]{10}T[0-9:.]+Z dropped +garbage +'"$LAB_CLIENT4"':[0-9]+ udp garbage '"$LAB_IF_SERVER"'$' "$LAB_DIR/told"
	ends
}

tells_what_is_asked_for() {
	follows events --json --reason deny-list
	mv "$LAB_DIR/told" "$LAB_DIR/denied"
	follows events --json --source 203.0.113.0/24
	sipguard deny add "$LAB_CLIENT4" --force >/dev/null
	garbage 1
	begin "$LAB_DIR/all" events --json
	becomes 3 places
	garbage 1
	until_true grep -q deny-list "$LAB_DIR/all"
	until_true grep -q deny-list "$LAB_DIR/denied"
	if has '.event == "packet"'; then
		echo "of another source, too"
		return 1
	fi
	fails 2 "there is no reason 'nonsense'" events --reason nonsense
	fails 2 "--source: " events --source 1.2.3.4.5
	fails 2 "has no option --sample" events --sample 3
}

tells_changes() {
	ip -n "$LAB_NS_SERVER" link add "$OTHER" type veth peer name "${OTHER}p"
	ip -n "$LAB_NS_SERVER" link set "$OTHER" up
	sipguard attach "$OTHER" >/dev/null
	sipguard mode enforce >/dev/null
	follows events --json
	sleep 0.6 # the first look is what the others are compared with
	sipguard mode monitor >/dev/null
	until_true has '.event == "change" and .what == "mode" and .was == "enforce" and
		.is == "monitor"'
	sipguard reload >/dev/null
	until_true has '.what == "configuration"'
	ip -n "$LAB_NS_SERVER" link del "$OTHER"
	until_true has '.event == "change" and (.what | startswith("interface")) and
		((.is // "") | startswith("guarded") | not)'
	sipguard detach --all >/dev/null
	local status=0
	wait "${FOLLOWERS[-1]}" || status=$?
	equal "$status" 3
	grep -q "not attached" "$LAB_DIR/said"
}

# What a file of packets has, as `tshark` prints it.
packets() {
	tshark -r "$1" -Y "${3:-frame}" -T fields -e "${2:-frame.comment}" 2>/dev/null
}

writes_packets() {
	follows capture -w "$LAB_DIR/a.pcapng"
	garbage 5
	until_true equal_packets "$LAB_DIR/a.pcapng" 5
	ends
	equal "$(packets "$LAB_DIR/a.pcapng" | sort -u)" "dropped: garbage"
	equal "$(packets "$LAB_DIR/a.pcapng" frame.interface_name | sort -u)" "$LAB_IF_SERVER"
	equal "$(packets "$LAB_DIR/a.pcapng" ip.src | sort -u)" "$LAB_CLIENT4"
	equal "$(packets "$LAB_DIR/a.pcapng" udp.dstport | sort -u)" 5060
	grep -q "5 packets were written" "$LAB_DIR/said"
	# The guard's own reader says the same of them.
	equal "$(sipguard replay "$LAB_DIR/a.pcapng" --json 2>/dev/null | jq -r .reason | sort -u)" \
		garbage
}

equal_packets() {
	equal "$(packets "$1" | wc -l)" "$2"
}

writes_to_a_pipe() {
	local count
	count=$( (garbage_soon 9) & lab_in server timeout 20 "$SIPGUARD" capture -w - --limit 500 \
		2>/dev/null | tshark -r - -T fields -e frame.comment 2>/dev/null | grep -c "dropped: garbage")
	[[ $count -ge 1 ]]
}

garbage_soon() {
	becomes 1 places
	garbage "$1"
}

ends_at_a_limit() {
	local status=0
	follows capture -w "$LAB_DIR/a.pcapng" --limit 1k
	until_true garbage_until_end
	wait "${FOLLOWERS[-1]}" || status=$?
	equal "$status" 0
	[[ $(stat -c %s "$LAB_DIR/a.pcapng") -lt 1400 ]]
	[[ $(packets "$LAB_DIR/a.pcapng" | wc -l) -ge 3 ]]
}

garbage_until_end() {
	garbage 1
	! kill -0 "${FOLLOWERS[-1]}" 2>/dev/null
}

# Nothing more fits on the disk: one sentence, and what was written can be read.
ends_on_a_full_disk() {
	local status=0 said written
	mkdir -p "$LAB_DIR/small"
	mount -t tmpfs -o size=8k none "$LAB_DIR/small"
	begin "$LAB_DIR/told" capture -w "$LAB_DIR/small/a.pcapng"
	becomes 1 places
	until_true garbage_until_end
	wait "${FOLLOWERS[-1]}" || status=$?
	cp "$LAB_DIR/small/a.pcapng" "$LAB_DIR/a.pcapng"
	umount "$LAB_DIR/small"
	equal "$status" 1
	equal "$(grep -c "No space left" "$LAB_DIR/said")" 1
	said=$(sed -n 's/.*at least \([0-9]*\) packets were written.*/\1/p' "$LAB_DIR/said")
	written=$(packets "$LAB_DIR/a.pcapng" | wc -l) || true # its end is missing
	[[ $written -ge 10 && $written -ge $said ]]
	equal "$(sipguard status --json | jq -r .mode)" enforce
}

refuses() {
	fails 2 "needs --write" capture
	fails 1 "cannot open /nowhere/x: No such file" capture -w /nowhere/x
	fails 2 "needs --metrics ADDRESS, or --journal" watch
	fails 2 "--limit takes a size" capture -w x --limit 5T
	# The command is not taken for the value that is missing.
	fails 2 "--source needs a value" events --source
	fails 2 "-w needs a value" capture -w
	fails 2 "--config needs a value" reload --config
	fails 2 "--sample takes a number" capture -w x --sample 0
	sipguard detach --all >/dev/null
	fails 3 "not attached" events
	fails 3 "not attached" capture -w "$LAB_DIR/b.pcapng"
	[[ ! -e $LAB_DIR/b.pcapng ]]
}

# A journal of its own, of the real journald, and `watch` that writes to it.
journal_begin() {
	mkdir -p "$LAB_DIR/journal"
	cat >"$LAB_DIR/journal.sh" <<-'END'
		set -e
		mkdir -p /run/systemd
		mount -t tmpfs none /run/systemd
		mkdir /run/systemd/journal
		mkdir -p /run/log
		mount --bind "$1" /run/log
		env --default-signal /lib/systemd/systemd-journald &
		until [ -S /run/systemd/journal/socket ]; do sleep 0.1; done
		trap 'kill %1 %2; wait' EXIT
		"$2" watch --journal &
		until [ -e "$1/end" ]; do sleep 0.1; done
		kill %2
		wait %2
	END
	rm -f "$LAB_DIR/journal/end"
	nsenter --net="/run/netns/$LAB_NS_SERVER" -- unshare --mount --propagation private \
		bash "$LAB_DIR/journal.sh" "$LAB_DIR/journal" "$SIPGUARD" >"$LAB_DIR/said" 2>&1 &
	FOLLOWERS+=($!)
}

# logged MATCH... has FILTER: some entry of the journal with these fields is so.
logged() {
	local filter=$1
	shift
	journalctl -D "$LAB_DIR/journal/journal" -o json "$@" 2>/dev/null |
		jq -es "any(.[]; $filter)" >/dev/null
}

writes_the_journal() {
	local status=0
	journal_begin
	until_true follows_journal
	sipguard mode monitor >/dev/null
	until_true logged '.SIPGUARD_IS == "monitor" and .PRIORITY == "5"' SIPGUARD_WHAT=mode
	sipguard mode enforce >/dev/null
	garbage 1
	until_true logged '.SIPGUARD_SOURCE | startswith("'"$LAB_CLIENT4"':")' -t sipguard \
		SIPGUARD_REASON=garbage SIPGUARD_OUTCOME=dropped "SIPGUARD_INTERFACE=$LAB_IF_SERVER"
	# The guard goes, and another one comes.
	sipguard detach --all >/dev/null
	until_true logged '.PRIORITY == "3" and .SIPGUARD_IS == ""' "SIPGUARD_WHAT=interface $LAB_IF_SERVER"
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
	until_true follows_journal
	sipguard ban "$LAB_CLIENT4" --force >/dev/null
	garbage 1
	until_true logged '.MESSAGE | startswith("dropped")' SIPGUARD_REASON=ban-source
	touch "$LAB_DIR/journal/end"
	wait "${FOLLOWERS[-1]}" || status=$?
	equal "$status" 0
}

follows_journal() {
	equal "$(places)" 1
}

# why FILTER ARGUMENT...: what is known is so.
why() {
	local filter=$1
	shift
	sipguard why "$@" --json | jq -e "$filter" >/dev/null || {
		echo "not so: $filter"
		sipguard why "$@"
		return 1
	}
}

# spends KEY: a zone allows a flow one a second of that, and it is said that this was spent.
spends() {
	cat >"$LAB_DIR/flow.yaml" <<-END
		zones:
		  - {name: lab, prefixes: [$LAB_CLIENT4/32], flow-limits: {$1: {rate: 1, burst: 1}}}
	END
	sipguard reload --config "$LAB_DIR/flow.yaml" >/dev/null
	# Not so fast that some are taken for many.
	lab_in client "$LAB_ROOT/build/sipguard-flood" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --source "$LAB_CLIENT4" --sport 5062 --method OPTIONS \
		--rate 100 --count 20 --seconds "$LAB_PATIENCE" --queue 64 --drain 0 >/dev/null
	why ".lately[] | select(.reason == \"limit-flow\") |
		(.lift | contains(\"flow-limits: {$1: {rate: N, burst: N}}\"))" "$LAB_CLIENT4"
}

says_which_limit() {
	spends options
	spends source
}

says_why() {
	local source=$LAB_CLIENT4
	why '.lately == [] and .list == null and .source_ban == null and .zone == null' "$source"
	garbage 3
	why '.lately | length == 1 and .[0].reason == "garbage" and .[0].packets == 3 and
		.[0].outcome == "dropped" and (.[0].lift | contains("garbage: monitor"))' "$source"
	why '.lately == []' 192.0.2.77
	sipguard ban "$source" --for 1h --force >/dev/null
	sipguard deny add 192.0.2.16/28 --force >/dev/null
	garbage 1
	why '.source_ban.cause == "operator" and .source_ban.seconds_left > 3000 and
		.list == {list: "deny", prefix: "192.0.2.16/28", name: null, from: null} and
		any(.lately[]; .reason == "deny-list") and .source_limits.options.spent == 0' "$source"
	sipguard why "$source" | grep -q "lifted by .modes: {garbage: monitor}. at the top of the file"
	sipguard deny del 192.0.2.16/28 >/dev/null
	echo 198.51.100.0/28 >"$LAB_DIR/bad"
	sipguard deny import "$LAB_DIR/bad" --name bad >/dev/null
	why ".list.name == \"bad\" and .list.from == \"$LAB_DIR/bad\"" 198.51.100.13
	sipguard deny del --name bad >/dev/null
	sipguard unban "$source" >/dev/null
	why '.source_ban == null and .list == null' "$source"
	# What is only counted has nothing that lifts it.
	sipguard mode garbage monitor >/dev/null
	garbage 1
	why 'any(.lately[]; .reason == "garbage" and .outcome == "watched" and .lift == null)' "$source"
	sipguard why "$source" | grep -q "only counted: it passes in enforce mode, too"
	fails 2 "is not an address" why nonsense
	fails 1 "is not guarded" why "$source" --dev nowhere
	sipguard detach --all >/dev/null
	fails 3 "not attached" why "$source"
}

# A zone, what it has spent, and a flow that has proven something.
says_why_of_a_zone() {
	cat >"$LAB_DIR/zone.yaml" <<-END
		zones:
		  - name: trunk
		    prefixes: [$LAB_CLIENT4/32]
		    limits: {options: {rate: 1, burst: 4}}
	END
	sipguard reload --config "$LAB_DIR/zone.yaml" >/dev/null
	lab_in client sipsak -s "sip:$LAB_SERVER4" -l 5099 -S >/dev/null
	why '.zone == "trunk" and .source_limits.options.burst == 4 and
		.source_limits.options.spent == 1 and .source_limits.invite.spent == 0' "$LAB_CLIENT4"
	why '.flow_limits.options.spent == 1' "$LAB_CLIENT4:5099"
	why '.flow_limits.options.spent == 0' "$LAB_CLIENT4:5098"
	sipguard why "$LAB_CLIENT4" | grep -q "zone  *trunk"
}

# Of an address with a phone that is proven and others that are not: all that was dropped, and the
# bans of its flows.
says_why_of_an_office() {
	mkdir -p "$LAB_DIR/phone"
	lab_request OPTIONS "sip:$LAB_SERVER4" | grep -v ^Call-ID >"$LAB_DIR/phone/1"
	lab_sipp proof call 4 udp -p 5060 -m 1 -timeout 60
	wait "$LAB_PID"
	why '.flows[0].proof == "call"' "$LAB_CLIENT4:5060"
	lab_in client "$LAB_ROOT/build/tests/send_messages" "$LAB_SERVER4" 5060 "$LAB_DIR/phone" >/dev/null
	garbage 2
	why '[.lately[].reason] == ["garbage", "field-missing"]' "$LAB_CLIENT4"
	why '[.lately[].reason] == ["field-missing"]' "$LAB_CLIENT4:5060"
	sipguard why "$LAB_CLIENT4" | grep -q "^  field-missing  *dropped: 1 packet of proven flows, the"
	sipguard why "$LAB_CLIENT4" | grep -q "^The file is /etc/sipguard/sipguard.yaml, if you make one;"
	sipguard ban "$LAB_CLIENT4:5060" --for 1h >/dev/null
	why '.flow_ban == null and .flow_bans[0].ban == "'"$LAB_CLIENT4"':5060"' "$LAB_CLIENT4"
	sipguard why "$LAB_CLIENT4" | grep -q "^  its flow  *$LAB_CLIENT4:5060 udp, banned (operator)"
}

# Eight follow; a ninth is told so. One that was killed makes room in a few seconds.
eight_follow() {
	local i
	for ((i = 0; i < 8; i++)); do
		follows events
	done
	fails 1 "8 commands follow the guard already" events
	kill -KILL "${FOLLOWERS[-1]}"
	wait "${FOLLOWERS[-1]}" 2>/dev/null || true
	until_true follows_again
	garbage 1
	until_true grep -q garbage "$LAB_DIR/told"
}

follows_again() {
	local status=0
	lab_in server timeout -s INT 0.5 "$SIPGUARD" events >/dev/null || status=$?
	equal "$status" 124
	begin "$LAB_DIR/told" events
}

# The reader has seen enough; and nothing more happens.
ends_with_its_reader() {
	local status
	set +e
	garbage_soon 1 &
	lab_in server timeout 60 "$SIPGUARD" events | head -n 1 | grep -q garbage
	status=("${PIPESTATUS[@]}")
	set -e
	equal "${status[2]}" 0
	[[ ${status[0]} -ne 124 ]]
}

test_lab
check "a drop is told, with who, what and why" tells_drops
check "it is told in a line for people" tells_people
check "only what is asked for is told" tells_what_is_asked_for
check "changes are told, and the end of the guard" tells_changes
check "packets are written with their reasons" writes_packets
check "packets go through a pipe" writes_to_a_pipe
check "a file ends at its limit" ends_at_a_limit
check "a full disk is told once" ends_on_a_full_disk
check "what cannot be is refused" refuses
check "it is written to the journal, over a detach" writes_the_journal
check "what is known of a source is shown" says_why
check "why: of a flow, which limit it has spent" says_which_limit
check "so is what it has spent of its limits" says_why_of_a_zone
check "and what is known of an office, of all its phones" says_why_of_an_office
check "eight follow, and a killed one makes room" eight_follow
check "it ends with its reader" ends_with_its_reader
test_done
