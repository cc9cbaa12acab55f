#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who is it? What an operator is told of those who are refused or banned, or were: `stats --top`,
# `stats mark`, `bans` and those that have ended, and the senders in what `replay` prints.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

FORGER=$LAB_ROOT/build/tests/forger
WRITE_CAPTURES=$LAB_ROOT/build/tests/write_captures
SOURCE=203.0.113.9
OTHER=203.0.113.10
LISTENER=

# Each check begins with a new guard in enforce mode, to which nobody listens.
clean_state() {
	[[ -z $LISTENER ]] || kill -KILL "$LISTENER" 2>/dev/null || true
	[[ -z $LISTENER ]] || wait "$LISTENER" 2>/dev/null || true
	LISTENER=
	rm -f "$LAB_DIR"/{said,told}
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
}

# garbage COUNT FROM PORT: datagrams that are no SIP, and the guard has seen them.
garbage() {
	local before
	before=$(refused)
	echo "this is no SIP at all" |
		lab_in client "$FORGER" send "$2" "$3" "$LAB_SERVER4" 5060 0 "$1" >/dev/null
	becomes $((before + $1)) refused
}

# refused: packets that were dropped or would have been, since the guard was attached.
refused() {
	sipguard stats --json | jq '.total.dropped.packets + .total.would_drop.packets'
}

are_refused() {
	[[ $(refused) -ge $1 ]]
}

listeners() {
	bpftool map dump pinned "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/sg_followers" -j |
		jq '[.. | .until? // empty | select(. > 0)] | length'
}

# listens ARGUMENT...: `stats --top` in the background, and it hears already.
listens() {
	nsenter --net="/run/netns/$LAB_NS_SERVER" -- "$SIPGUARD" stats --top "$@" \
		>"$LAB_DIR/told" 2>"$LAB_DIR/said" &
	LISTENER=$!
	becomes 1 listeners
}

# ends: it is interrupted, and ends well.
ends() {
	kill -INT "$LISTENER"
	wait "$LISTENER"
	LISTENER=
	[[ ! -s $LAB_DIR/said ]]
}

told() {
	jq -e "$1" "$LAB_DIR/told" >/dev/null || {
		cat "$LAB_DIR/told"
		return 1
	}
}

# prints REGEX ARGUMENT...: some line of the text is so.
prints() {
	local regex=$1
	shift
	sipguard "$@" >"$LAB_DIR/printed"
	grep -Eq -- "$regex" "$LAB_DIR/printed" || {
		cat "$LAB_DIR/printed"
		return 1
	}
}

# --- who is refused ---

# The guard tells of a source and a reason once a second, and then how many were like it; those of
# the last second are known, too.
names_the_senders() {
	listens --for 1h --json
	garbage 5 "$SOURCE" 5070
	garbage 1 "$OTHER" 5071
	sleep 1.2
	garbage 1 "$OTHER" 5072
	sipguard ban "$OTHER" >/dev/null
	garbage 1 "$OTHER" 5071
	ends
	told '.mode == "enforce" and .dropped == 8 and .would_drop == 0 and .rows == 3'
	told '.sources[0] | .source == "'"$SOURCE"':5070" and .transport == "udp" and .packets == 5 and
		.reason == "garbage" and .outcome == "dropped" and .zone == null and
		(.last | test("^20[0-9-]+T[0-9:.]+Z$"))'
	told 'any(.sources[]; .source == "'"$OTHER"'" and .transport == null and .reason == "ban-source")'
	told '.named == 8 and .named == ([.sources[].packets] | add)'
}

# What it cannot name it says, and what it counts is whole: of more than 1024 senders it can keep no
# more, however slowly they come.
says_what_is_not_named() {
	local counted named said
	sipguard deny add 198.18.0.0/16 >/dev/null
	listens 2 --for 1h
	lab_in client "$LAB_ROOT/build/sipguard-flood" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --sources 2000 --prefix 198.18.0.0/16 --method OPTIONS \
		--rate 20000 --count 2000 --seconds "$LAB_PATIENCE" --queue 2000 --drain 0 >/dev/null
	until_true are_refused 2000
	ends
	said='^In [0-9.]+ s ([0-9]+) packets were dropped: events have named the senders of ([0-9]+) of'
	said+=' them, so each of these may have sent more\.$'
	read -r counted named < <(sed -nE "s/$said/\1 \2/p" "$LAB_DIR/told")
	[[ $counted -ge 2000 && $named -ge 3 && $named -lt $counted ]]
	equal "$(grep -c ' deny-list  *dropped ' "$LAB_DIR/told")" 2
	tail -n 1 "$LAB_DIR/told" | grep -Eq '^[0-9]+ more rows: .sipguard stats --top [0-9]+. has them\.$'
}

# In monitor mode they pass, and it says so; a packet of a zone has its name.
says_would_drop() {
	printf 'zones: [{name: office, prefixes: [203.0.113.0/24]}]\n' >"$LAB_DIR/zone.yaml"
	sipguard reload --config "$LAB_DIR/zone.yaml" >/dev/null
	sipguard mode monitor >/dev/null
	listens --for 1h
	garbage 1 "$SOURCE" 5070
	ends
	grep -Eq '^In [0-9.]+ s 1 packet passed that enforce mode would drop: events have named the sender of each\.$' \
		"$LAB_DIR/told"
	grep -Eq "^$SOURCE:5070  udp  office  *garbage  *would drop  *1  20[0-9-]+T[0-9:]+Z$" "$LAB_DIR/told"
}

# What came before, also while another one listened, is not counted as of now. What one was told of
# the guard tells nobody in the same place for a second.
begins_anew() {
	listens --for 1h --json
	garbage 50 "$SOURCE" 5070
	ends
	sleep 1.2
	listens --for 1h --json
	garbage 1 "$SOURCE" 5070
	ends
	told '.dropped == 1 and .named == 1 and .sources[0].packets == 1'
}

ends_by_itself() {
	prints '^In [0-9.]+ s no packet was dropped\.$' stats --top --for 1s
	sipguard mode monitor >/dev/null
	prints '^In [0-9.]+ s no packet was one that enforce mode would drop\.$' stats --top 3 --for 1s
	equal "$(listeners)" 0
	listens --for 1h
	sipguard detach --all >/dev/null
	kill -INT "$LISTENER"
	local status=0
	wait "$LISTENER" || status=$?
	equal "$status" 3
	grep -q "not attached" "$LAB_DIR/said"
	fails 3 "not attached" stats --top
}

refuses() {
	fails 2 "takes a number of rows, 1 to 1000" stats --top 0
	fails 2 "takes a number of rows" stats --top 1001
	fails 2 "takes a number of rows" stats --top ten
	fails 2 "does not know what to do with '5'" stats 5
	fails 2 "for goes with --top" stats --for 5s
	fails 2 "one of mark, --since-mark, --top and --watch" stats mark --top
	fails 2 "one of mark, --since-mark, --top and --watch" stats --since-mark --watch 1
	fails 2 "'bans' has no option --top" bans --top
	fails 2 "'status' has no option --ended" status --ended
}

# --- counters since a mark ---

# The counters themselves only grow: Prometheus reads them.
counts_since_a_mark() {
	fails 1 "no mark was set since the guard was attached" stats --since-mark
	garbage 3 "$SOURCE" 5070
	prints '^Marked at 20[0-9-]+T[0-9:]+Z: ' stats mark
	equal "$(refused)" 3
	garbage 2 "$SOURCE" 5070
	equal "$(sipguard stats --since-mark --json | jq -c '[.stats.total.dropped.packets,
		.stats.reasons.garbage.dropped.packets, (.since | startswith("20")), .seconds >= 0]')" \
		'[2,2,true,true]'
	prints '^Since 20[0-9-]+T[0-9:]+Z, .* ago$' stats --since-mark
	equal "$(refused)" 5
	sipguard attach "$LAB_IF_SERVER" >/dev/null # an upgrade
	equal "$(sipguard stats --since-mark --json | jq .stats.total.dropped.packets)" 2
	equal "$(sipguard stats mark --json | jq -r 'keys[]')" marked
	equal "$(sipguard stats --since-mark --json | jq .stats.total.dropped.packets)" 0
	sipguard detach --all >/dev/null
	guard_left_nothing
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	fails 1 "no mark was set" stats --since-mark
}

# An interface is attached where another one was marked: none of that one's packets are its own.
counts_of_a_new_interface() {
	ip -n "$LAB_NS_SERVER" link add sg-who type veth peer name sg-whop
	sipguard attach sg-who >/dev/null
	garbage 4 "$SOURCE" 5070
	sipguard stats mark >/dev/null
	garbage 3 "$SOURCE" 5070
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	garbage 2 "$SOURCE" 5070
	sipguard stats --since-mark --json >"$LAB_DIR/told"
	ip -n "$LAB_NS_SERVER" link del sg-who
	sipguard detach --all >/dev/null
	told '.stats.total | .dropped.packets + .would_drop.packets == 5'
	told '[.stats.interfaces[] | select(.name == "'"$LAB_IF_SERVER"'").packets][0] | . >= 2 and . < 5'
}

# The line of totals is the sum over the classes, and that over the reasons.
totals() {
	garbage 2 "$SOURCE" 5070
	sipguard mode monitor >/dev/null
	garbage 1 "$SOURCE" 5070
	sipguard stats --json | jq -e '.total.dropped.packets == 2 and .total.would_drop.packets == 1 and
		.total.dropped == .classes.garbage.dropped and
		.total.passed.packets == ([.classes[].passed.packets] | add)' >/dev/null
	prints '^Total  *passed  *would drop  *dropped$' stats
	prints '^  for guarded ports  *[0-9]+ .* 1 +[0-9.]+ B +2 +[0-9.]+ B$' stats
}

# Each reading of what is watched has its time in JSON, too, so that a log of it can be laid beside
# others.
watch_has_times() {
	local first
	first=$(lab_in server "$SIPGUARD" stats --watch 1 --json | sed q) || true # its reader is gone
	jq -e '(.time | test("^20[0-9-]+T[0-9:.]+Z$")) and .seconds > 0 and
		(.stats | has("total"))' <<<"$first" >/dev/null
}

# --- who is banned, and was ---

lists_bans() {
	sipguard ban "$SOURCE" >/dev/null
	sipguard ban "$OTHER:5070" --transport tcp >/dev/null
	equal "$(sipguard bans | awk 'NR == 1 { print $1, $2, $3 } NR > 1 { print $1 }' | LC_ALL=C sort | paste -sd' ')" \
		"$OTHER:5070 $SOURCE SOURCE REASON LEFT"
	prints "^$OTHER:5070 +tcp  operator +[0-9]+ min .* left$" bans
	sipguard bans --json | jq -e '.enforced == {sources: true, flows: true}' >/dev/null
	prints '^  bans  *1 of sources, 1 of flows$' status
}

# In monitor mode, or if a ban only monitors, nobody takes them for enforced.
says_not_enforced() {
	sipguard ban "$SOURCE" >/dev/null
	sipguard mode ban-source monitor >/dev/null
	prints "^$SOURCE .* left, not enforced$" bans
	sipguard bans --json | jq -e '.enforced == {sources: false, flows: true}' >/dev/null
	sipguard mode ban-source enforce >/dev/null
	prints "^$SOURCE .* left$" bans
	sipguard mode monitor >/dev/null
	sipguard ban "$SOURCE:5070" >/dev/null
	prints "^$SOURCE:5070 .* left, not enforced$" bans
	sipguard bans --json | jq -e '.enforced == {sources: false, flows: false}' >/dev/null
	prints '^  bans  *1 of sources, not enforced, 1 of flows, not enforced$' status
	prints '^  source  *banned \(operator\), .* left, not enforced$' why "$SOURCE"
	prints '^  its flow .* left, not enforced$' why "$SOURCE"
	prints '^  flow  *banned \(operator\), .* left, not enforced$' why "$SOURCE:5070"
	prints 'Bans: 2.*, not enforced' top --once
}

nobody_is_banned() {
	[[ $(sipguard bans) == "Nothing is banned." ]]
}

remembers_what_has_ended() {
	prints '^No ban that has ended is remembered\.$' bans --ended
	sipguard ban "$SOURCE" --for 1s >/dev/null
	sipguard ban "$OTHER:5070" --for 1s >/dev/null
	until_true nobody_is_banned
	prints "^$SOURCE  *operator  *20[0-9-]+T[0-9:]+Z, .* ago$" bans --ended
	prints "^The guard has made 0 bans since it was attached; " bans --ended
	sipguard ban 198.51.100.1 >/dev/null # who changes bans forgets none of the last ones
	fails 1 "$SOURCE is not banned" unban "$SOURCE"
	sipguard bans --ended --json >"$LAB_DIR/told"
	told '([.ended[].ban] | sort) == ["'"$OTHER:5070"'", "'"$SOURCE"'"]'
	told 'all(.ended[]; .by == "operator" and .seconds_ago >= 0 and (has("seconds_left") | not)) and
		.made == 0 and .kept == 1024'
	equal "$(sipguard bans --json | jq -r '.bans[].ban')" 198.51.100.1
	sipguard unban 198.51.100.1 >/dev/null
	sipguard ban "$SOURCE" >/dev/null # in force again, so not among those
	equal "$(sipguard bans --ended --json | jq -r '.ended[].ban')" "$OTHER:5070"
	sipguard unban --all >/dev/null
	equal "$(sipguard bans --ended --json | jq -r '.ended[].ban')" "$OTHER:5070"
}

# A table that is full of bans that have ended has a place for each new one, and keeps the last.
ended_ones_take_no_place() {
	sipguard detach --all >/dev/null
	printf 'memory: small\n' >"$LAB_DIR/small.yaml"
	sipguard attach "$LAB_IF_SERVER" --config "$LAB_DIR/small.yaml" --enforce >/dev/null
	fill_bans 8192 0
	equal "$(sipguard bans --ended --json | jq '.ended | length')" 8192
	sipguard ban "$SOURCE" >/dev/null
	equal "$(sipguard bans --json | jq -r '.bans[].ban')" "$SOURCE"
	equal "$(sipguard bans --ended --json | jq -c '[(.ended | length), .kept]')" '[512,512]'
	sipguard unban --all >/dev/null
	fill_bans 8192 7680 # the 512 that are kept are in the way now
	sipguard ban "$SOURCE" >/dev/null
	equal "$(sipguard bans --json | jq '.bans | length')" 7681
	equal "$(sipguard bans --ended --json | jq '.ended | length')" 0
}

# fill_bans COUNT LIVE: of sources, LIVE of them for long, and the others ended when the guard's
# clock was a few microseconds.
fill_bans() {
	local pin=$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/sg_bans
	seq 0 $(($1 - 1)) | awk -v pin="$pin" -v live="$2" '{
		printf "map update pinned %s key hex 00 00 00 00 00 00 00 00 00 00 ff ff 0a 00 %02x %02x ", pin,
			$1 / 256, $1 % 256
		printf "00 00 00 04 value hex %02x %02x 00 00 00 00 00 %s 00 00 00 00 01 00 00 00\n",
			$1 % 256, $1 / 256, $1 < live ? "7f" : "00"
	}' >"$LAB_DIR/batch"
	bpftool batch file "$LAB_DIR/batch" >/dev/null
}

# --- who sent what a capture has ---

replays() {
	local captures=$LAB_DIR/captures
	mkdir -p "$captures"
	"$WRITE_CAPTURES" "$captures"
	prints '^ +2  drop +garbage .* 85  2023-11-14T22:13:20\.000001Z  192\.0\.2\.1:40000 udp$' \
		replay "$captures/mixed.pcap"
	prints '^ +15 .*  \[2001:db8::5\]:40000 udp$' replay "$captures/mixed.pcap"
	prints '^  total +14 pass, 4 drop, 3 not judged +21 ' replay "$captures/mixed.pcap" --quiet
	grep -A 1 '^  garbage  *2023-11-14T22:13:20\.000001Z  192\.0\.2\.1:40000 udp$' "$LAB_DIR/printed" |
		grep -Eq '^ +2023-11-14T22:13:20\.000007Z  192\.0\.2\.1$' # a later fragment has no port
	sipguard replay "$captures/mixed.pcap" --json 2>/dev/null | jq -es '.[1] |
		.time == "2023-11-14T22:13:20.000001Z" and .source == "192.0.2.1:40000" and
		.transport == "udp"' >/dev/null
	sipguard replay "$captures/mixed.pcap" --json --quiet | jq -e '.summary.dropped.garbage |
		.first.source == "192.0.2.1:40000" and .last.time == "2023-11-14T22:13:20.000007Z" and
		.last.transport == null' >/dev/null
	mkdir -p "$LAB_DIR/raw"
	echo "this is no SIP at all" >"$LAB_DIR/raw/a"
	prints '^  total +0 pass, 1 drop, 0 not judged +1 ' replay --raw "$LAB_DIR/raw"
	equal "$(grep -c 'the first and the last\|Time' "$LAB_DIR/printed" || true)" 0 # nobody sent it
	equal "$(sipguard replay --raw "$LAB_DIR/raw" --json 2>/dev/null | jq -c '[.time, .source]')" \
		'[null,null]'
}

test_lab
check "who is refused is named, with flow, reason and number" names_the_senders
check "what is not named is said" says_what_is_not_named
check "in monitor mode, and in a zone" says_would_drop
check "what another one heard before is not counted" begins_anew
check "it ends by itself, or with the guard" ends_by_itself
check "what cannot be is refused" refuses
check "counters since a mark, which are never set back" counts_since_a_mark
check "counters since a mark, of an interface that came later" counts_of_a_new_interface
check "a line of totals" totals
check "each reading of --watch has its time" watch_has_times
check "bans have a head" lists_bans
check "bans that are not enforced are said not to be" says_not_enforced
check "bans that have ended are remembered" remembers_what_has_ended
check "and take no place of those in force" ended_ones_take_no_place
check "replay says who sent what, and when" replays
test_done
