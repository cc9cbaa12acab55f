#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# sipguard replay: what it says of captures and folders that the test makes itself, and that it
# neither needs nor touches a guard that is attached.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

WRITE_CAPTURES=$LAB_ROOT/build/tests/write_captures

# replay ARGUMENT...: the lines, in few words, without those of libbpf.
replay() {
	sipguard replay "$@" --json 2>"$LAB_DIR/stderr" |
		jq -r '[.packet, .verdict, .reason, .class, .method] | map(. // "-") | join(" ")'
}

# summary FILTER ARGUMENT...: jq's FILTER applied to the summary holds.
summary() {
	local filter=$1
	shift
	sipguard replay "$@" --json --quiet | jq -e ".summary | $filter" >/dev/null
}

mixed() {
	diff - <(replay "$CAPTURES/mixed.pcap") <<-END
		1 pass none request INVITE
		2 drop garbage garbage -
		3 pass none other -
		4 pass none request OPTIONS
		5 pass none request INVITE
		6 pass none other -
		7 drop garbage garbage -
		8 drop garbage other -
		9 pass none other -
		10 pass none other -
		11 pass none other -
		12 - none other -
		13 pass none other -
		14 drop udp-length request OPTIONS
		15 pass none response -
		16 pass none keepalive -
		17 pass none other -
		18 pass none request INVITE
		19 - none other -
		20 - none other -
		21 pass none other -
	END
	guard_left_nothing
}

# The keys that scripts rely on, all of them in every line, whatever the packet was.
keys() {
	sipguard replay "$CAPTURES/mixed.pcap" --json 2>/dev/null | jq -es 'length == 21 and all(
		.file == "mixed.pcap" and
		([has("packet", "verdict", "reason", "class", "method", "guarded")] | all))' >/dev/null
	sipguard replay "$CAPTURES/mixed.pcap" --json 2>/dev/null | jq -es '
		[.[] | select(.not_judged == "truncated").packet] == [12, 19, 20] and
		[.[] | select(.encapsulation).encapsulation] == ["gre", "pppoe", "vxlan"] and
		[.[] | select(.guarded | not).packet] == [3, 10, 11, 12, 13, 19, 20, 21]' >/dev/null
}

summaries() {
	local mixed=$CAPTURES/mixed.pcap
	summary '.complete and .packets == 21 and (.limits | not)' "$mixed"
	summary '.dropped | keys == ["garbage", "udp-length"] and .garbage.packets == 3 and
		.garbage.example == 2 and .["udp-length"].example == 14' "$mixed"
	summary '.not_judged == {truncated: {packets: 3, bytes: 939, example: 12, file: "mixed.pcap"}}' \
		"$mixed"
	summary '.not_read | map_values(.example) == {gre: 10, pppoe: 11, vxlan: 21}' "$mixed"
	summary '([.passed[], .dropped[], .not_judged[], .not_guarded] | map(.packets) | add) == 21' "$mixed"
	replay "$mixed" >/dev/null
	jq -e '.summary.packets == 21' "$LAB_DIR/stderr" >/dev/null
	[[ $(sipguard replay "$mixed") =~ "drop     garbage   "\ +"3 "\ +[0-9.]+" kB  2" ]]
	equal "$(sipguard replay "$mixed" | grep -cE '^ +[0-9]+  (pass|drop|-) ')" 16
	equal "$(sipguard replay "$mixed" --verbose | grep -cE '^ +[0-9]+  (pass|drop|-) ')" 21
	equal "$(sipguard replay "$mixed" --quiet | grep -cE '^ +[0-9]+  (pass|drop|-) ')" 0
}

# Interfaces that differ in link type and snapshot length, one of them of a type that is not read.
interfaces() {
	diff - <(replay "$CAPTURES/interfaces.pcapng") <<-END
		1 pass none request INVITE
		2 drop garbage garbage -
		3 pass none request INVITE
		4 - none other -
		5 drop garbage garbage -
		6 - none other -
	END
	summary '.complete and .packets == 6 and (.not_judged | map_values(.example)) ==
		{"link-type": 4, truncated: 6}' "$CAPTURES/interfaces.pcapng"
	gzip -c "$CAPTURES/interfaces.pcapng" >"$LAB_DIR/interfaces.gz"
	summary '.complete and .packets == 6' "$LAB_DIR/interfaces.gz"
	summary '.complete and .packets == 6' - <"$LAB_DIR/interfaces.gz"
	[[ $(sipguard replay "$CAPTURES/interfaces.pcapng") == *"of a link type that replay cannot read"* ]]
	head -c -4 "$CAPTURES/interfaces.pcapng" >"$LAB_DIR/cut.pcapng"
	fails 1 "^sipguard: cut.pcapng breaks off .*truncated" replay "$LAB_DIR/cut.pcapng"
}

# A reason that only monitors is named, and the packet passes; one that is off is not looked at.
# What zones and profiles say of a message needs nothing that came before.
places() {
	local said
	mkdir -p "$LAB_DIR/raw"
	printf '%s\r\n' "OPTIONS sip:a@elsewhere.example SIP/2.0" \
		"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKp" "From: <sip:a@example.com>;tag=1" \
		"To: <sip:b@example.com>" "Call-ID: p" "CSeq: 1 OPTIONS" "Max-Forwards: 70" \
		"Content-Length: 0" "" >"$LAB_DIR/raw/options"
	echo 'zones: [{name: z, interfaces: [eth9], domains: [example.net]}]' >"$LAB_DIR/places.yaml"
	said=$("$SIPGUARD" replay --raw "$LAB_DIR/raw" --config "$LAB_DIR/places.yaml" --dev eth9)
	[[ $said == *"drop     domain-not-served"* ]]
	said=$("$SIPGUARD" replay --raw "$LAB_DIR/raw" --config "$LAB_DIR/places.yaml" 2>&1)
	[[ $said == *"without --dev"* && $said != *domain-not-served* ]]
	said=$("$SIPGUARD" replay --raw "$LAB_DIR/raw" --config "$LAB_DIR/places.yaml" --dev x 2>&1)
	[[ $said == *"no zone names the interface x"* && $said != *domain-not-served* ]]
}

modes() {
	printf 'modes:\n  garbage: monitor\n  udp-length: off\n' >"$LAB_DIR/monitor.yaml"
	diff - <(replay "$CAPTURES/mixed.pcap" --config "$LAB_DIR/monitor.yaml" | sed -n '2p;7,8p;14p') <<-END
		2 pass garbage garbage -
		7 pass garbage garbage -
		8 pass garbage other -
		14 pass none request OPTIONS
	END
	printf 'ports:\n  udp: [53]\n' >"$LAB_DIR/dns.yaml"
	diff - <(replay "$CAPTURES/mixed.pcap" --config "$LAB_DIR/dns.yaml" | sed -n '1,3p') <<-END
		1 pass none other -
		2 pass none other -
		3 drop garbage garbage -
	END
	fails 1 "^sipguard: $LAB_DIR/bad.yaml:2:" replay "$CAPTURES/mixed.pcap" --config "$LAB_DIR/bad.yaml"
}

folder() {
	diff - <(sipguard replay --raw "$LAB_DIR/raw" --json 2>/dev/null |
		jq -r '[.packet, .file, .verdict, .reason, .class, .method] | map(. // "-") | join(" ")') <<-END
		1 B.sip drop field-missing request INVITE
		2 a.bin drop garbage garbage -
		3 empty pass none keepalive -
		4 huge - none other -
		5 large pass field-long request OPTIONS
		6 largest drop size request OPTIONS
	END
	printf 'ports:\n  udp: [7000, 6000]\n' >"$LAB_DIR/ports.yaml"
	summary '.dropped.garbage.file == "a.bin" and .not_guarded.packets == 0 and
		.not_judged["too-large"].file == "huge"' --raw "$LAB_DIR/raw" --config "$LAB_DIR/ports.yaml"
	guard_left_nothing
}

# plain COMMAND...: not one byte of what it prints could be a control for a terminal.
plain() {
	"$@" >"$LAB_DIR/printed" 2>&1 || true
	[[ -s $LAB_DIR/printed ]]
	LC_ALL=C grep -n '[^ -~]' "$LAB_DIR/printed" && return 1
	return 0
}

# said_of NAME: all that can be said of a file of that name.
said_of() {
	local file=$LAB_DIR/names/$1
	cp "$CAPTURES/empty.pcap" "$file"
	cp "$LAB_DIR/monitor.yaml" "$file.yaml"
	cp "$LAB_DIR/bad.yaml" "$file.bad"
	plain sipguard replay "$file" --config "$file.yaml"
	plain sipguard replay "$file" --config "$file.yaml" --json
	plain sipguard replay "$file" --config "$file.bad"
	plain sipguard replay "$file.none"
	plain sipguard replay "$file.yaml"
	plain sipguard replay "$file" "$file"
	plain sipguard check-config "$file.yaml"
	plain sipguard check-config "$file.yaml" --json
	plain sipguard check-config "$file.bad" --json
}

# Names with ESC, with C1 controls as bytes and in UTF-8, and with a letter that is none of ASCII:
# escaped as text; in JSON the same name, or if it is no UTF-8 the escaped one.
names() {
	local bad=$LAB_DIR/names name
	mkdir "$bad" "$bad/raw"
	said_of $'esc\x1b[31m\x9b2J\n'x
	said_of $'utf\xc2\x9b2J M\xc3\xa4rz'
	for name in $'esc\x1b[31m' $'c1\x9b2J' $'utf\xc2\x9b2J' $'M\xc3\xa4rz' $'line\nbreak'; do
		cp "$LAB_DIR/raw/B.sip" "$bad/raw/$name"
	done
	plain sipguard replay --raw "$bad/raw" --json
	plain sipguard replay --raw "$bad/raw"
	grep -q 'esc\\x1b\[31m$' "$LAB_DIR/printed"
	grep -q 'utf\\xc2\\x9b2J$' "$LAB_DIR/printed"
	equal "$(sipguard replay --raw "$bad/raw" --json 2>/dev/null | jq -r .file)" \
		$'M\xc3\xa4rz\nc1\\x9b2J\nesc\x1b[31m\nline\nbreak\nutf\xc2\x9b2J'
}

# dropped NAME: the numbers of the packets that the limits drop.
dropped() {
	sipguard replay "$CAPTURES/$1.pcap" --limits --json 2>/dev/null |
		jq -c 'select(.verdict == "drop") | [.packet, .reason]'
}

# The burst of an INVITE limit of one source is 40, at 1 a second; the last of 41 within 0.8 s is too
# much, and none of 41 in a minute is. Time that goes backwards gives nothing back.
limits() {
	printf 'limits:\n  invite: {rate: 1, burst: 40}\n' >"$LAB_DIR/limits.yaml"
	equal "$(dropped burst)" ''
	equal "$(dropped minute)" ''
	equal "$(sipguard replay "$CAPTURES/burst.pcap" --limits --config "$LAB_DIR/limits.yaml" --json \
		2>/dev/null | jq -c 'select(.verdict == "drop") | [.packet, .reason]')" '[41,"limit-invite"]'
	summary '.dropped == {} and .packets == 41 and .limits' "$CAPTURES/minute.pcap" --limits \
		--config "$LAB_DIR/limits.yaml"
	summary '.dropped == {} and .packets == 41' "$CAPTURES/burst.pcap" --config "$LAB_DIR/limits.yaml"
	equal "$(dropped backwards)" '[41,"limit-flow"]'
	# 50 at once, and one more in the 60 ms.
	equal "$(dropped syns | wc -l) $(dropped syns | grep -c limit-connect)" "9 9"
	summary '.dropped == {} and .packets == 60' "$CAPTURES/syns.pcap"
	summary '.clock_stood_still == 40' "$CAPTURES/backwards.pcap" --limits
	[[ $(sipguard replay "$CAPTURES/backwards.pcap" --limits) == *"for 40 packets the clock"* ]]
}

# 41 INVITEs of one flow at one instant: the default limit of 20 a second and 40 at once.
instant() {
	equal "$(dropped instant)" '[41,"limit-flow"]'
	guard_left_nothing
}

# No verdict depends on what came before, but that of fragments on their first one.
alone() {
	summary '.dropped == {} and (.passed | map_values(.packets)) == {none: 100000}' \
		"$CAPTURES/one-flow.pcap"
	summary '.dropped | map_values(.packets) == {"field-missing": 100, "scanner": 100}' \
		"$CAPTURES/bad-flow.pcap"
	equal "$(replay "$CAPTURES/bad-flow.pcap" | tail -n 1)" "201 pass none request OPTIONS"
	replay "$CAPTURES/kinds.pcap" >"$LAB_DIR/kinds"
	diff <(awk '{ kind = ($1 - 1) % 20; $1 = kind + 1 } !seen[$0]++' "$LAB_DIR/kinds" | sort -n) - <<-END
		1 pass none request OPTIONS
		2 pass none request INVITE
		3 pass register-user request REGISTER
		4 pass method-field request NOTIFY
		5 pass none request ACK
		6 pass none response -
		7 pass none keepalive -
		8 drop field-missing request OPTIONS
		9 drop scanner request OPTIONS
		10 drop garbage garbage -
		11 drop udp-length request OPTIONS
		12 pass none other -
		13 pass none other -
		14 pass none request INVITE
		15 pass none other -
		16 drop garbage garbage -
		17 drop garbage other -
		18 drop vlan-tags other -
		19 drop ipv6-chain other -
		20 drop tiny-fragment keepalive -
	END
	equal "$(wc -l <"$LAB_DIR/kinds")" 40000
	guard_left_nothing
}

# A folder is one flow, too, and each message of it is judged alone.
folder_alone() {
	local message=$LAB_DIR/flow i
	mkdir "$message"
	for ((i = 0; i < 1500; i++)); do
		printf '%s\r\n' "OPTIONS sip:bob@example.com SIP/2.0" \
			"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-$i" \
			"From: <sip:alice@example.com>;tag=$i" "To: <sip:bob@example.com>" \
			"Call-ID: $i@192.0.2.1" "CSeq: 1 OPTIONS" "Max-Forwards: 70" "" >"$message/$i"
	done
	summary '.dropped == {} and (.passed | map_values(.packets)) == {none: 1500}' --raw "$message"
}

# With the limits the same flows are over them, or the test above would hold for nothing.
not_alone() {
	summary '.dropped | has("limit-flow")' "$CAPTURES/one-flow.pcap" --limits
	summary '.dropped | has("unlisted-budget")' "$CAPTURES/bad-flow.pcap" --limits
}

reused_id() {
	diff - <(replay "$CAPTURES/reused-id.pcap") <<-END
		1 drop garbage garbage -
		2 pass none other -
	END
}

breaks_off() {
	head -c 1000 "$CAPTURES/mixed.pcap" >"$LAB_DIR/cut.pcap"
	fails 1 "^sipguard: cut.pcap breaks off .*truncated" replay "$LAB_DIR/cut.pcap"
	equal "$(sipguard replay "$LAB_DIR/cut.pcap" --json 2>/dev/null | wc -l)" 4
	sipguard replay "$LAB_DIR/cut.pcap" --json 2>/dev/null || equal $? 1
	equal "$( (sipguard replay "$LAB_DIR/cut.pcap" -jq 2>/dev/null || true) |
		jq -c '.summary | [.complete, .packets]')" '[false,4]'
	equal "$(sipguard replay - --json 2>/dev/null <"$CAPTURES/mixed.pcap" | wc -l)" 21
}

wrong() {
	fails 2 "'replay' needs the file of a capture" replay
	fails 2 "does not know what to do with 'b.pcap'" replay a.pcap b.pcap
	fails 2 "no option --enforce" replay a.pcap --enforce
	fails 2 "limits needs the times of a capture" replay --raw "$LAB_DIR/raw" --limits
	fails 1 "cannot open /nonexistent.pcap: No such file" replay /nonexistent.pcap
	fails 1 "is a folder: .sipguard replay --raw $LAB_DIR/raw" replay "$LAB_DIR/raw"
	fails 1 "is no folder" replay --raw "$CAPTURES/mixed.pcap"
	fails 1 "is not a capture in pcap or pcapng format" replay "$LAB_DIR/raw/B.sip"
	fails 1 "has packets of a link type .Bluetooth H4 with linux header" replay "$CAPTURES/bluetooth.pcap"
	printf 'ports: {udp: []}\n' >"$LAB_DIR/tcp.yaml"
	fails 1 "guards no UDP port" replay --raw "$LAB_DIR/raw" --config "$LAB_DIR/tcp.yaml"
	summary '.packets == 0 and .complete' "$CAPTURES/empty.pcap"
	[[ $(sipguard replay "$CAPTURES/empty.pcap") == *"0 packets"* ]]
	[[ $(sipguard replay "$CAPTURES/minute.pcap" --config "$LAB_DIR/dns.yaml") == *"name those of"* ]]
}

without_root() {
	SIPGUARD="setpriv --bounding-set -bpf,-sys_admin --inh-caps -bpf,-sys_admin $SIPGUARD"
	# The words of the command line must come apart here.
	sipguard() {
		# shellcheck disable=SC2086
		lab_in server $SIPGUARD "$@"
	}
	fails 1 "lacks CAP_BPF: run sipguard as root" replay "$CAPTURES/mixed.pcap"
}

full_disk() {
	local status=0
	sipguard replay "$CAPTURES/mixed.pcap" --json >/dev/full 2>"$LAB_DIR/stderr" || status=$?
	equal "$status" 1
	grep -q "cannot write to standard output" "$LAB_DIR/stderr"
}

# A running guard with a list that would drop all of it: neither sees anything of the other.
beside_a_guard() {
	local before
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
	sipguard deny add 192.0.2.1 >/dev/null
	before=$(sipguard stats --json; find "$SIPGUARD_PIN_ROOT" | sort)
	mixed_beside
	equal "$(sipguard stats --json; find "$SIPGUARD_PIN_ROOT" | sort)" "$before"
	sipguard detach --all
	guard_left_nothing
}

mixed_beside() {
	summary '.dropped | keys == ["garbage", "udp-length"]' "$CAPTURES/mixed.pcap"
	summary '.dropped | keys == ["limit-flow"]' "$CAPTURES/instant.pcap" --limits
}

[[ -x $SIPGUARD && -x $WRITE_CAPTURES ]] ||
	lab_die "$SIPGUARD or $WRITE_CAPTURES is not built: run \"make all test-programs\" first."
lab_up
trap test_ended EXIT
CAPTURES=$LAB_DIR/captures
mkdir "$CAPTURES" "$LAB_DIR/raw" "$LAB_DIR/raw/folder"
"$WRITE_CAPTURES" "$CAPTURES"
printf 'INVITE sip:bob@example.com SIP/2.0\r\nTo: Bob <sip:bob@example.com>\r\n\r\n' >"$LAB_DIR/raw/B.sip"
printf '\200\1\2\3 bytes of something else altogether' >"$LAB_DIR/raw/a.bin"
: >"$LAB_DIR/raw/empty"
{
	printf 'OPTIONS sip:bob@example.com SIP/2.0\r\nTo: '
	head -c 65600 /dev/zero | tr '\0' x
} >"$LAB_DIR/raw/huge"
head -c 9000 "$LAB_DIR/raw/huge" >"$LAB_DIR/raw/large"
head -c 65507 "$LAB_DIR/raw/huge" >"$LAB_DIR/raw/largest"
printf 'limits: [\n' >"$LAB_DIR/bad.yaml"

check "every kind of packet of a capture" mixed
check "every line has every key" keys
check "the summary, in JSON and as text" summaries
check "a pcapng whose interfaces differ" interfaces
check "modes and ports of a configuration" modes
check "a folder of messages" folder
check "at an interface that a zone names" places
check "names that a terminal would obey" names
check "limits on the capture's own clock" limits
check "the default limit, 41 INVITEs at once" instant
check "each packet alone, 100 000 of one flow" alone
check "each message alone, 1500 in a folder" folder_alone
check "what came before counts with the limits" not_alone
check "an IP id that is used again an hour later" reused_id
check "a capture that breaks off, and one on standard input" breaks_off
check "wrong usage and files that are none" wrong
check "CAP_BPF is missing" without_root
check "a full disk" full_disk
check "beside a guard that is attached" beside_a_guard
test_done
