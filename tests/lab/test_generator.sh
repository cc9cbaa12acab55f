#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The flood generator, on whose word the demo and the scenarios rely: what it sends is valid and
# unique, its strangers do as RFC 3261 has it, its probes come from the flows that were asked for.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

FLOOD=$LAB_ROOT/build/sipguard-flood
# RFC 6598: nobody's addresses, and not among the flood's.
STRANGERS=100.64.0.1

# generate NAME OPTION...: leaves the report in $LAB_DIR/NAME.json. A busy machine loses no frame.
generate() {
	local name=$1
	shift
	lab_wait_in client "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --drain 1 --queue 4096 --json "$@" >"$LAB_DIR/$name.json"
}

captured() {
	tcpdump -nn -r "$LAB_DIR/$1.pcap" 2>/dev/null | wc -l
}

# capture NAME OPTION...: the same, and what arrived at the server in $LAB_DIR/NAME.pcap.
capture() {
	local name=$1 i pid
	lab_spawn server tcpdump tcpdump -nn -i "$LAB_IF_SERVER" --immediate-mode -B 16384 -U \
		-w "$LAB_DIR/$name.pcap" udp dst port 5060
	pid=$LAB_PID
	for ((i = 0; i < 100; i++)); do
		! grep -q 'listening on' "$LAB_DIR/tcpdump.log" || break
		sleep 0.05
	done
	generate "$@"
	for ((i = 0; i < 100; i++)); do
		[[ $(captured "$name") != "$(jq .sent "$LAB_DIR/$name.json")" ]] || break
		sleep 0.05
	done
	kill -TERM "$pid"
	wait "$pid" || true
	equal "$(captured "$name")" "$(jq .sent "$LAB_DIR/$name.json")"
}

# fields NAME PREFIX: how many different values of a field follow the prefix.
fields() {
	grep -aoE "${2}x?[a-p]{16}" "$LAB_DIR/$1.pcap" | sort -u | wc -l
}

# Every frame passes the guard's rules, by default and with strict, and is a request of its own.
valid_and_unique() {
	local method=$1 preset
	capture "$method" --method "$method" --random "$LAB_FLOOD_PREFIX4" --rate 2000 --count 1000
	for preset in default strict; do
		printf 'validation: {preset: %s}\n' "$preset" >"$LAB_DIR/$preset.yaml"
		"$SIPGUARD" replay "$LAB_DIR/$method.pcap" --config "$LAB_DIR/$preset.yaml" \
			--json >"$LAB_DIR/replay" 2>/dev/null
		equal "$(jq -s "map(select(.verdict == \"pass\" and .method == \"$method\")) |
			length" "$LAB_DIR/replay")" 1000
	done
	equal "$(fields "$method" branch=z9hG4bK)" 1000
	equal "$(fields "$method" tag=)" 1000
	equal "$(fields "$method" Call-ID:.)" 1000
}

# What was answered is not asked again.
answered_at_once() {
	generate answered --rate 0 --strangers "$STRANGERS" --stranger-rate 50 --seconds 5
	jq -e '.strangers_sent > 20 and .strangers_answered_within_3s == .strangers_sent and
		.stranger_retransmissions == 0' "$LAB_DIR/answered.json"
}

# A filter that takes only the second copy of each, as a greylist does.
answered_at_second() {
	lab_in server nft -f - <<-END
		table netdev sg_test {
			set seen {
				type ipv4_addr
				size 65535
				flags dynamic
				timeout 30s
			}
			chain ingress {
				type filter hook ingress device $LAB_IF_SERVER priority 0;
				ip saddr $LAB_FLOOD_PREFIX4 drop
				ip saddr 100.64.0.0/10 ip saddr != @seen add @seen { ip saddr } drop
			}
		}
	END
	generate second --random "$LAB_FLOOD_PREFIX4" --rate 20000 --strangers "$STRANGERS" \
		--stranger-rate 50 --seconds 6
	lab_in server nft delete table netdev sg_test
	jq -e '.strangers_sent > 50 and .strangers_answered_within_3s == .strangers_sent and
		.stranger_retransmissions == .strangers_sent and
		.stranger_delay_ms.p50 >= 500 and .stranger_delay_ms.max < 600' \
		"$LAB_DIR/second.json"
}

# Three more copies, each alike, at their times (but for what a frame waits for its batch).
never_answered() {
	local n
	capture never --random "$LAB_FLOOD_PREFIX4" --rate 2000 --strangers "$STRANGERS" \
		--stranger-rate 50 --stranger-method REGISTER --seconds 6
	n=$(jq .strangers_sent "$LAB_DIR/never.json")
	jq -e '.strangers_sent > 50 and .strangers_answered == 0 and
		.stranger_retransmissions == 3 * .strangers_sent' "$LAB_DIR/never.json"
	tcpdump -nn -r "$LAB_DIR/never.pcap" -w "$LAB_DIR/copies.pcap" src net 100.64.0.0/10 2>/dev/null
	equal "$(fields copies branch=z9hG4bK)" "$n"
	equal "$(fields copies tag=)" "$n"
	equal "$(fields copies Call-ID:.)" "$n"
	tcpdump -nn -tt -r "$LAB_DIR/copies.pcap" 2>/dev/null | awk -v n="$n" '
		function off(by, wanted) { return by < wanted - 0.02 || by > wanted + 0.1 }
		{ from = $3; copies[from]++ }
		copies[from] == 1 { first[from] = $1; sources++ }
		copies[from] == 2 && off($1 - first[from], 0.5) ||
		copies[from] == 3 && off($1 - first[from], 1.5) ||
		copies[from] == 4 && off($1 - first[from], 3.5) || copies[from] > 4 {
			print from, "at", $1 - first[from]; wrong = 1
		}
		END { exit wrong || sources != n || NR != 4 * n }'
}

flows_of_probes() {
	capture probes --rate 0 --probes "$LAB_PROBE4" --probe-sources 5 --probe-port 7000 \
		--probe-ports 3 --probe-rate 100 --seconds 2
	equal "$(tcpdump -nn -r "$LAB_DIR/probes.pcap" 2>/dev/null | awk '{ print $3 }' |
		sort -u | paste -sd ' ')" "$(printf '203.0.113.%s\n' {1..5}.700{0..2} |
		sort | paste -sd ' ')"
}

# wrong REGEX OPTION...: refused, with a sentence.
wrong() {
	local regex=$1 said status=0
	shift
	said=$(lab_in client "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" --rate 1000 \
		--source "$LAB_FLOOD4" "$@" 2>&1) || status=$?
	equal "$status" 2
	[[ $said =~ $regex ]] || {
		echo "it said: $said"
		return 1
	}
}

command -v tcpdump >/dev/null || lab_die "tcpdump is missing: apt-get install tcpdump."
test_lab
check "strangers are answered at once" answered_at_once
check "strangers are answered at their second copy" answered_at_second
lab_kamailio_stop
check "strangers ask three times more" never_answered
for method in INVITE REGISTER OPTIONS SUBSCRIBE MESSAGE; do
	check "$method: valid and unique" valid_and_unique "$method"
done
check "probes come from the flows they should" flows_of_probes
check "strangers in the flood" wrong 'choose --strangers outside' --strangers "$LAB_FLOOD4" \
	--seconds 6
check "probes in the flood" wrong 'choose --probes outside' --probes "$LAB_FLOOD4"
check "strangers without time" wrong 'give more --seconds' --strangers "$STRANGERS" --seconds 4
check "more strangers than flood" wrong 'at most half' --strangers "$STRANGERS" \
	--stranger-rate 200 --seconds 6
test_done
