#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The command from outside: exit codes, what it says when something is in the way, that bad input
# changes nothing, and that an upgrade loses no packet.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

FLOOD=$LAB_ROOT/build/sipguard-flood

# All a user can see of the guard, except how long it has been there.
everything() {
	sipguard status --json | jq -c 'del(.loaded_seconds, .interfaces[].received, .interfaces[].seen)'
	sipguard allow show
	sipguard deny show
	sipguard bans | awk '{ print $1 }'
	find "$SIPGUARD_PIN_ROOT" | sort
}

# As fails(), and the running guard is as it was.
refused() {
	local before
	before=$(everything)
	fails "$@"
	equal "$(everything)" "$before"
}

says() {
	local regex=$1 said
	shift
	said=$(sipguard "$@")
	[[ $said =~ $regex ]] || {
		echo "it said: $said"
		return 1
	}
}

# datagram TEXT: to the guarded port.
datagram() {
	lab_in client bash -c "printf '%s' '$1' >/dev/udp/$LAB_SERVER4/5060"
}

# counted REASON KIND: packets of that reason so far.
counted() {
	sipguard stats --json | jq ".reasons[\"$1\"].$2.packets"
}

# counts REASON KIND: a datagram of garbage is counted so.
counts() {
	local before
	before=$(counted "$1" "$2")
	datagram "this is no SIP at all"
	becomes $((before + 1)) counted "$1" "$2"
}

json_of() {
	sipguard "$@" --json | jq -e . >/dev/null
}

every_json() {
	local reason
	for reason in status stats bans explain "explain garbage" "explain unread-gap" "explain register" version \
		"allow show" "deny show" \
		"ban 198.51.100.9 --for 1h" "unban 198.51.100.9" "mode enforce" "mode garbage off" \
		"mode garbage enforce" reload "allow add 198.51.100.9" "allow del 198.51.100.9" \
		"identity add a@x --zone trunk" "identity show" "identity del a@x" shadow top \
		"check-config $LAB_DIR/good.yaml"; do
		# shellcheck disable=SC2086 # words of a command
		json_of $reason || {
			echo "no JSON: $reason"
			return 1
		}
	done
	sipguard check-config "$LAB_DIR/bad.yaml" --json >"$LAB_DIR/check.json" || equal $? 1
	jq -e '.valid == false and .line == 2' "$LAB_DIR/check.json" >/dev/null
}

shadow_says() {
	fails 1 "no shadow is running" shadow accept
	fails 1 "no shadow is running" shadow off
	fails 1 "bad.yaml:2:" shadow "$LAB_DIR/bad.yaml"
}

unknown_usage() {
	fails 2 "no command 'frobnicate'" frobnicate
	fails 2 "no option --frob" status --frob
	fails 2 "'status' has no option --all" status --all
	fails 2 "does not know what to do with 'x'" status x
	fails 2 "'attach' needs the name of an interface" attach
	fails 2 "needs the name of an interface, or --all" detach
	fails 2 "no reason, event or proof 'sunshine'" explain sunshine
	fails 2 "no mode 'loud'" mode loud
	fails 2 "--xdp takes" attach x --xdp fast
	fails 2 "--for takes a time" ban 192.0.2.99 --for 31d
}

not_attached() {
	local command
	for command in "mode enforce" reload stats "allow show" "deny add 198.51.100.1" bans \
		"ban 198.51.100.1" "unban 198.51.100.1" "identity show" "detach $LAB_IF_SERVER" "detach --all" \
		shadow "shadow off" "shadow accept" top "top --once"; do
		# shellcheck disable=SC2086 # words of a command
		fails 3 "not attached" $command
	done
	equal "$(sipguard status >/dev/null || echo $?)" 3
	equal "$(sipguard status --json | jq .attached)" false
	guard_left_nothing
}

# Whoever reads only the beginning, as head does, hears of no failure.
closed_pipe() {
	local status=0
	exec 3> >(exec true)
	wait $!
	sipguard --help 2>"$LAB_DIR/stderr" >&3 || status=$?
	exec 3>&-
	[[ $status == 1 && ! -s $LAB_DIR/stderr ]]
}

without_root() {
	SIPGUARD="setpriv --bounding-set -$1 --inh-caps -$1 $SIPGUARD"
	# The words of the command line must come apart here.
	sipguard() {
		# shellcheck disable=SC2086
		lab_in server $SIPGUARD "$@"
	}
	fails 1 "lacks CAP_${1^^}: run sipguard as root" attach "$LAB_IF_SERVER"
	guard_left_nothing
}

not_without_file() {
	fails 1 "/nonexistent.yaml" attach "$LAB_IF_SERVER" --config /nonexistent.yaml
	fails 1 "^sipguard: $LAB_DIR/bad.yaml:2:.*sauce" attach "$LAB_IF_SERVER" --config "$LAB_DIR/bad.yaml"
	guard_left_nothing
}

# It is valid, and what can hardly be meant is said.
doubts() {
	local file=$LAB_DIR/doubt.yaml
	sed '$a\    total: {rate: 9}' "$LAB_DIR/good.yaml" >"$file"
	says "^$file: NOTICE zone 'trunk': 'total' is 9 per second .*"$'\n'"$file: no mistakes.$" \
		check-config "$file"
	sipguard check-config "$file" --json | jq -e '.valid and (.notices | length) == 1' >/dev/null
	sipguard check-config "$LAB_DIR/good.yaml" --json | jq -e '.valid and .notices == []' >/dev/null
}

# One interface is fine, the other is not: neither may be guarded.
all_or_none() {
	fails 1 "no interface sg-none" attach "$LAB_IF_SERVER" sg-none
	SIPGUARD_PIN_ROOT=$LAB_DIR/bpf/other sipguard attach "$OTHER" >/dev/null
	fails 1 "$OTHER already runs an XDP program, \"guard\" \(id [0-9]+\)" attach "$LAB_IF_SERVER" "$OTHER"
	[[ ! -e $SIPGUARD_PIN_ROOT ]]
	SIPGUARD_PIN_ROOT=$LAB_DIR/bpf/other sipguard detach --all >/dev/null
	guard_left_nothing
}

other_abi() {
	mkdir -p "$SIPGUARD_PIN_ROOT/v999/links/eth0"
	fails 1 "its ABI is 999.*detach it with its own.*rm -r $SIPGUARD_PIN_ROOT/v999" attach "$LAB_IF_SERVER"
	fails 1 "its ABI is 999" status
	rm -r "$SIPGUARD_PIN_ROOT/v999"
	sipguard attach "$LAB_IF_SERVER"
	sipguard detach "$LAB_IF_SERVER"
	guard_left_nothing
}

not_bpffs() {
	SIPGUARD_PIN_ROOT=$LAB_DIR/sipguard fails 1 "not on a BPF file system" attach "$LAB_IF_SERVER"
}

locked() {
	local holder
	exec {holder}<"$SIPGUARD_PIN_ROOT"
	flock "$holder"
	fails 1 "is changing the guard right now" mode enforce
	exec {holder}<&-
}

reload_bad() {
	refused 1 "^sipguard: $LAB_DIR/bad.yaml:2:.*sauce" reload --config "$LAB_DIR/bad.yaml"
	refused 1 "^sipguard: $LAB_DIR/worse.yaml:" reload --config "$LAB_DIR/worse.yaml"
	refused 1 "/nonexistent.yaml" reload --config /nonexistent.yaml
	refused 1 "^sipguard: $LAB_DIR/bad.yaml:2:" attach "$LAB_IF_SERVER" --config "$LAB_DIR/bad.yaml"
}

# Without --config it reads again what is in force.
reload_good() {
	cp "$LAB_DIR/good.yaml" "$LAB_DIR/live.yaml"
	sipguard reload --config "$LAB_DIR/live.yaml"
	status_is '.zones[0].limits.source == {rate: 77, burst: 88} and .zones[1].name == "trunk"'
	sed -i s/88/99/ "$LAB_DIR/live.yaml"
	sipguard reload
	status_is '.zones[0].limits.source == {rate: 77, burst: 99}'
	rm "$LAB_DIR/live.yaml"
	refused 1 "live.yaml" reload
	sipguard reload --config "$LAB_DIR/good.yaml"
}

# 500 messages at one a second are a debt of eight minutes. Nobody has it by limits that are not in
# force any more.
reload_frees() {
	local before narrow='{source: {rate: 1, burst: 500}, options: {rate: 1, burst: 500}}'
	printf '%s\n' "limits: $narrow" "flow-limits: $narrow" \
		"totals: {unlisted-total: {rate: 100000, burst: 100000}}" >"$LAB_DIR/narrow.yaml"
	sipguard reload --config "$LAB_DIR/narrow.yaml"
	until_true owes_much
	sipguard reload --config "$LAB_DIR/good.yaml"
	before=$(counted none passed)
	options 1
	becomes $((before + 1)) counted none passed
}

# zone RATE BURST: its total; nothing else there is in the way.
zone() {
	local limits='{source: {rate: 100000, burst: 100000}, options: {rate: 100000, burst: 100000}}'
	printf '%s\n' "zones:" "  - name: lab" "    prefixes: [$LAB_CLIENT4]" "    limits: $limits" \
		"    total: {rate: $1, burst: $2}" >"$LAB_DIR/zone.yaml"
	sipguard reload --config "$LAB_DIR/zone.yaml"
}

owes_its_total() {
	options 300 2>/dev/null
	[[ $(counted zone-total dropped) -gt 0 ]]
}

# Nor does a zone.
reload_frees_zones() {
	local before
	zone 1 500
	until_true owes_its_total
	zone 1000 1000
	before=$(counted none passed)
	options 1
	becomes $((before + 1)) counted none passed
	sipguard reload --config "$LAB_DIR/good.yaml"
}

# options NUMBER: so many valid requests of one flow.
options() {
	# shellcheck disable=SC2016 # of the other shell
	lab_in client bash -c 'exec 3>/dev/udp/'"$LAB_SERVER4"'/5060
		for ((i = 0; i < '"$1"'; i++)); do
			printf "%s\r\n" "OPTIONS sip:a@example.com SIP/2.0" \
				"Via: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bK$RANDOM$RANDOM" \
				"Max-Forwards: 70" "From: <sip:a@example.com>;tag=$RANDOM" \
				"To: <sip:a@example.com>" "Call-ID: $RANDOM$RANDOM" "CSeq: 1 OPTIONS" \
				"Content-Length: 0" "" >"'"$LAB_DIR"'/options"
			cat "'"$LAB_DIR"'/options" >&3
		done'
}

owes_much() {
	options 300 2>/dev/null # nobody listens, and says so
	[[ $(counted limit-flow dropped) -gt 0 || $(counted limit-source dropped) -gt 0 ]]
}

modes() {
	counts garbage would_drop
	says "enforce now; but the guard itself is in monitor mode" explain garbage
	sipguard mode enforce
	says $'enforce now\n' explain garbage
	counts garbage dropped
	says "until the next reload" mode garbage monitor
	counts garbage watched
	sipguard mode garbage off
	counts none passed
	refused 2 "no mode off" mode off
	sipguard reload --config "$LAB_DIR/good.yaml"
	counts garbage dropped
}

lists() {
	refused 1 "$LAB_SERVER4 is an address of this host" deny add 198.51.100.0/24 "$LAB_SERVER4"
	refused 1 "$LAB_SERVER6 is an address of this host" deny add "$LAB_SERVER6/128"
	refused 2 "300.1.1.1" allow add 198.51.100.1 300.1.1.1
	sipguard deny add --force "${LAB_CLIENT4%.*}.0/24" 2001:db8:bad::/48
	counts deny-list dropped
	refused 1 "is on the deny list: remove it there" allow add "${LAB_CLIENT4%.*}.0/24"
	sipguard allow add "$LAB_CLIENT4"
	counts none passed
	sipguard allow del "$LAB_CLIENT4"
	counts deny-list dropped
	refused 1 "is not on the allow list" allow del "$LAB_CLIENT4"
	equal "$(sipguard deny show --json | jq -r '.prefixes | length')" 2
	sipguard deny del "${LAB_CLIENT4%.*}.0/24" 2001:db8:bad::/48
	counts garbage dropped
	status_is '.lists == {allow: 0, deny: 0}'
}

imports() {
	printf '198.18.0.0/15\n# a comment\n\n203.0.113.300\n' >"$LAB_DIR/bad.list"
	refused 1 "^sipguard: $LAB_DIR/bad.list:4: " deny import "$LAB_DIR/bad.list"
	refused 1 "nonexistent.list" deny import /nonexistent.list
	printf '198.18.0.0/15\n%s\n' "$LAB_SERVER4" >"$LAB_DIR/own.list"
	refused 1 "$LAB_SERVER4 is an address of this host" deny import "$LAB_DIR/own.list"
	seq 0 199999 | awk '{ printf "10.%d.%d.%d\n", $1 / 65536, $1 / 256 % 256, $1 % 256 }' \
		>"$LAB_DIR/large.list"
	sipguard deny import "$LAB_DIR/large.list"
	status_is '.lists.deny == 200000'
	sed -i 's/^10\.0\.0\.7$/10.0.0.7\n2001:db8:7::\/48/' "$LAB_DIR/large.list"
	refused 1 "10.0.0.0 is on the deny list" allow import "$LAB_DIR/large.list"
}

bans() {
	refused 1 "$LAB_SERVER4 is an address of this host" ban "$LAB_SERVER4"
	refused 1 "of this host in it" ban --force "$LAB_CLIENT6"
	refused 1 "a default gateway of this host: .*--force" ban "$LAB_CLIENT4"
	sipguard ban "$LAB_CLIENT4" --force --for 1s
	until_true says "Nothing is banned" bans
	counts garbage dropped
	sipguard ban "$LAB_CLIENT4" --force --for 1h
	counts ban-source dropped
	sipguard unban "$LAB_CLIENT4"
	counts garbage dropped
	refused 1 "is not banned" unban "$LAB_CLIENT4"
	sipguard ban 198.51.100.4:5060 --transport tcp
	equal "$(sipguard bans --json | jq -c '.bans[0] | [.ban, .kind, .transport,
		.seconds_left <= 600 and .seconds_left > 400]')" \
		'["198.51.100.4:5060","flow","tcp",true]'
	sipguard allow add 198.51.100.5
	refused 1 "198.51.100.5 is on the allow list" ban 198.51.100.5
	bans_ipv6
}

# A flow is one host, which may be our own neighbour; a source is the /64.
bans_ipv6() {
	refused 2 "a flow is of one" ban "[2001:db8:6::/64]:5060"
	refused 1 "$LAB_SERVER6 is an address of this host" ban "[$LAB_SERVER6]:5060"
	sipguard ban "[$LAB_CLIENT6]:5060"
	sipguard ban 2001:db8:6::7
	equal "$(sipguard bans --json | jq -r '.bans[] | select(.ban | contains("::")) | .ban + " " + .kind' |
		LC_ALL=C sort)" "$(printf '%s\n' '2001:db8:6::/64 source' "[$LAB_CLIENT6]:5060 flow")"
	refused 1 "\[${LAB_CLIENT6}0\]:5060 is not banned" unban "[${LAB_CLIENT6}0]:5060"
	for who in "[$LAB_CLIENT6]:5060" 2001:db8:6::/64; do sipguard unban "$who"; done
}

# A flow of port 5060 that has registered: line of the table, address, transport and family.
# shellcheck disable=SC2046,SC2086 # bytes
proves() {
	bpftool map update pinned "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/sg_proven" key $1 0 0 0 \
		value hex $2 13 c4 $3 ff ff ff ff 7f 0 0 0 0 4 0 0 0 $(printf ' 0%.0s' {1..96})
}

knows_sources() {
	proves 0 "20 1 d b8 0 0 0 6 0 0 0 0 0 0 0 b" ff
	proves 1 "20 1 d b8 0 0 0 6 0 0 0 0 0 0 0 a" ff
	proves 2 "0 0 0 0 0 0 0 0 0 0 ff ff c6 33 64 7" fd
	equal "$(sipguard sources --json | jq -r '.sources[] | .source + " " + .transport + " " + .proof')" \
		"$(printf '%s udp register\n' 198.51.100.7:5060 '[2001:db8:0:6::a]:5060' \
			'[2001:db8:0:6::b]:5060')"
	fails 2 "a flow is of one" sources forget "[2001:db8:0:6::/64]:5060"
	fails 1 "has proven nothing" sources forget "[2001:db8:0:6::c]:5060"
	sipguard sources forget "[2001:db8:0:6::a]:5060"
	equal "$(sipguard sources | awk '{ print $1 }' | xargs)" "198.51.100.7:5060 [2001:db8:0:6::b]:5060"
}

# Secret, lists, bans, counters, configuration and mode outlive an upgrade.
upgrade_keeps() {
	local before counters
	before=$(everything | sed -E 's/"program_id":[0-9]+//g')
	counters=$(counted garbage dropped)
	sipguard attach "$LAB_IF_SERVER"
	equal "$(everything | sed -E 's/"program_id":[0-9]+//g')" "$before"
	equal "$(counted garbage dropped)" "$counters"
}

handled() {
	sipguard stats --json | jq '[.classes[][].packets] | add'
}

handled_more() {
	[[ $(handled) -gt $1 ]]
}

# Five upgrades in a flood: every frame the interface took was seen by one program or the other. The
# flood is under way before each, and still after the last.
upgrade_gapless() {
	local before accepted pid i
	before=$(handled)
	lab_in client "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" --dst-mac "$LAB_SERVER_MAC" \
		--source "$LAB_FLOOD4" --rate 5000 --seconds 3600 --json >"$LAB_DIR/upgrade.json" &
	pid=$!
	for ((i = 0; i < 5; i++)); do
		until_true handled_more "$(handled)"
		sipguard attach "$LAB_IF_SERVER" >/dev/null
	done
	until_true handled_more "$(handled)"
	pkill -P "$pid"
	wait "$pid"
	accepted=$(jq .accepted "$LAB_DIR/upgrade.json")
	becomes $((before + accepted)) handled
}

second_interface() {
	sipguard attach "$OTHER" --xdp generic
	status_is '[.interfaces[].xdp] | sort == ["generic", "native"]'
	refused 3 "sg-none is not guarded" detach "$OTHER" sg-none
	fails 1 "guarded in generic mode already" attach "$OTHER" --xdp native
	sipguard detach "$OTHER"
	status_is '[.interfaces[].name] == [env.LAB_IF_SERVER]'
}

# The interface goes and comes again: what was learnt is still there.
vanished() {
	sipguard attach "$OTHER"
	ip -n "$LAB_NS_SERVER" link del "$OTHER"
	status_is '[.interfaces[] | select(.state == "gone" and .replies == null)] | length == 1'
	ip -n "$LAB_NS_SERVER" link add "$OTHER" type veth peer name "${OTHER}p"
	sipguard attach "$OTHER"
	status_is '[.interfaces[] | select(.state == "guarded")] | length == 2'
}

# Below `ip netns exec` /sys/fs/bpf is hidden; the pins must land in the machine's own all the same.
netns_exec() (
	unset SIPGUARD_PIN_ROOT
	# Another run of this test has its turn first.
	exec {lock}</sys/fs
	flock -w "$LAB_PATIENCE" "$lock"
	[[ ! -e /sys/fs/bpf/sipguard ]] || {
		echo "this machine has a guard of its own, which must be left alone"
		return 1
	}
	trap 'sipguard detach --all >/dev/null 2>&1 || true' EXIT
	# As systemd does it on nearly every machine; a container may have none.
	if ! mountpoint -q /sys/fs/bpf; then
		mount -t bpf bpf /sys/fs/bpf
		trap 'sipguard detach --all >/dev/null 2>&1 || true; umount /sys/fs/bpf' EXIT
	fi
	ip netns exec "$LAB_NS_SERVER" "$SIPGUARD" attach "$OTHER"
	status_is '.interfaces[0].state == "guarded"'
	ip netns exec "$LAB_NS_SERVER" "$SIPGUARD" detach "$OTHER"
	[[ ! -e /sys/fs/bpf/sipguard ]]
)

watches() {
	local pid
	: >"$LAB_DIR/watch"
	(exec env --default-signal=INT nsenter --net="/run/netns/$LAB_NS_SERVER" -- \
		"$SIPGUARD" stats --watch 1 --json) >"$LAB_DIR/watch" &
	pid=$!
	until_true test -s "$LAB_DIR/watch"
	kill -INT "$pid"
	wait "$pid"
	jq -es '.[0].seconds > 0.5 and .[0].stats.classes' "$LAB_DIR/watch" >/dev/null
}

detaches() {
	sipguard detach --all
	guard_left_nothing
}

[[ -x $SIPGUARD && -x $FLOOD ]] || lab_die "$SIPGUARD or $FLOOD is not built: run \"make\" first."
lab_up
trap test_ended EXIT
OTHER=sg-$$.2
ip -n "$LAB_NS_SERVER" link add "$OTHER" type veth peer name "${OTHER}p"
ip -n "$LAB_NS_SERVER" link set "$OTHER" up
cat >"$LAB_DIR/good.yaml" <<-END
	limits:
	  source: {rate: 77, burst: 88}
	zones:
	  - name: trunk
	    prefixes: [198.51.100.0/24]
END
printf 'limits:\n  sauce: {rate: 1, burst: 2}\n' >"$LAB_DIR/bad.yaml"
printf 'limits: [\n' >"$LAB_DIR/worse.yaml"

check "wrong usage is exit status 2" unknown_usage
check "without a guard every command says so, exit status 3" not_attached
check "a pipe that was closed early is no failure to tell of" closed_pipe
check "CAP_NET_ADMIN is missing" without_root net_admin
check "a bad configuration, nothing is attached" not_without_file
check "check-config says what can hardly be meant" doubts
check "another XDP program is named, nothing is attached" all_or_none
check "pins of another ABI are refused" other_abi
check "pins off the BPF file system are refused" not_bpffs
check "pins reach the machine's BPF file system from \"ip netns exec\"" netns_exec
check "attach" sipguard attach "$LAB_IF_SERVER" --config "$LAB_DIR/good.yaml"
check "monitor, enforce, and modes of one reason" modes
check "a shadow that is not there, or a mistake" shadow_says
check "a bad configuration leaves the running guard unchanged" reload_bad
check "reload" reload_good
check "a reload frees from what the old limits let owe" reload_frees
check "a reload frees a zone from what its total let it owe" reload_frees_zones
check "a locked guard is waited for, and the waiting ends" locked
check "allow and deny lists" lists
check "list files, all or nothing" imports
check "bans" bans
check "sources: flows that are known" knows_sources
check "every command's JSON is valid" every_json
check "stats --watch" watches
check "an upgrade keeps all state" upgrade_keeps
check "five upgrades in a flood lose no packet" upgrade_gapless
check "a second interface, in generic mode" second_interface
check "an interface that vanished is attached again" vanished
check "detach, and nothing is left" detaches
test_done
