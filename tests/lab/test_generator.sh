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
		--dst-mac "$LAB_SERVER_MAC" --drain 60 --queue 4096 --json "$@" >"$LAB_DIR/$name.json"
}

# What the test of the second copy may have left.
clean_state() {
	lab_in server nft delete table netdev sg_test 2>/dev/null || true
}

captured() {
	tcpdump -nn -r "$LAB_DIR/$1.pcap" 2>/dev/null | wc -l
}

# capture NAME OPTION...: the same, and what arrived at the server in $LAB_DIR/NAME.pcap.
capture() {
	local name=$1 pid
	lab_spawn server tcpdump tcpdump -nn -i "$LAB_IF_SERVER" --immediate-mode -B 16384 -U \
		-w "$LAB_DIR/$name.pcap" udp dst port 5060
	pid=$LAB_PID
	until_true grep -q 'listening on' "$LAB_DIR/tcpdump.log"
	generate "$@"
	becomes "$(jq .sent "$LAB_DIR/$name.json")" captured "$name"
	kill -TERM "$pid"
	wait "$pid" || true
}

# fields NAME PREFIX: how many different values of a field follow the prefix.
fields() {
	grep -aoE "${2}x?[a-p]{16}" "$LAB_DIR/$1.pcap" | sort -u | wc -l
}

# Every frame passes the guard's rules, by default and with strict, and is a request of its own.
valid_and_unique() {
	local method=$1 preset
	capture "$method" --method "$method" --random "$LAB_FLOOD_PREFIX4" --rate 2000 --count 1000 \
		--seconds "$LAB_PATIENCE"
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

# when_calm NAME MILLISECONDS COPIES CMD...: runs it until an attempt in which each stranger had its
# answer in that time after its first copy, so that nothing but the generator decides how often it
# asked again: COPIES times each. A machine that held an answer back for longer tells nothing of it.
when_calm() {
	local name=$1 ms=$2 copies=$3 i
	shift 3
	for ((i = 0; i < 20; i++)); do
		"$@"
		jq -e '.strangers_sent > 0 and .strangers_answered == .strangers_sent' \
			"$LAB_DIR/$name.json"
		jq -e ".stranger_delay_ms.max < $ms" "$LAB_DIR/$name.json" || continue
		jq -e ".stranger_retransmissions == $copies * .strangers_sent" "$LAB_DIR/$name.json"
		return
	done
	echo "the machine is too busy to answer a stranger within $ms ms"
	return 1
}

# What was answered is not asked again.
answered_at_once() {
	when_calm answered 490 0 generate answered --rate 0 --strangers "$STRANGERS" \
		--stranger-rate 20 --seconds 5
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
	when_calm second 1490 1 ask_twice
	jq -e '.stranger_delay_ms.p50 >= 500' "$LAB_DIR/second.json"
}

ask_twice() {
	lab_in server nft flush set netdev sg_test seen
	generate second --random "$LAB_FLOOD_PREFIX4" --rate 20000 --strangers "$STRANGERS" \
		--stranger-rate 20 --seconds 6
}

# Three more copies, each alike, at their times: of all strangers in the middle, since the machine may
# hold back any frame for as long as it likes, before it is sent and when it arrives.
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
	tcpdump -nn -tt -r "$LAB_DIR/copies.pcap" 2>/dev/null | awk '
		{ nth = ++copies[$3] }
		nth == 1 { first[$3] = $1 }
		nth > 1 { printf "%d %.6f\n", nth, $1 - first[$3] }' >"$LAB_DIR/copies"
	equal "$(wc -l <"$LAB_DIR/copies")" $((3 * n))
	middle_is 2 0.5
	middle_is 3 1.5
	middle_is 4 3.5
}

# middle_is NTH SECONDS: so long after the first copy came the NTH, in the middle.
middle_is() {
	grep "^$1 " "$LAB_DIR/copies" | sort -n -k 2 | awk -v wanted="$2" '
		{ at[NR] = $2 }
		END { by = at[int((NR + 1) / 2)]; print by; exit by < wanted - 0.02 || by > wanted + 0.25 }'
}

flows_of_probes() {
	capture probes --rate 0 --probes "$LAB_PROBE4" --probe-sources 5 --probe-port 7000 \
		--probe-ports 3 --probe-rate 100 --seconds 2
	equal "$(tcpdump -nn -r "$LAB_DIR/probes.pcap" 2>/dev/null | awk '{ print $3 }' |
		sort -u | paste -sd ' ')" "$(printf '203.0.113.%s\n' {1..5}.700{0..2} |
		sort | paste -sd ' ')"
}

# Half of the flood, and each of it malformed in one way.
flood_of_probes() {
	local n
	capture half --random "$LAB_FLOOD_PREFIX4" --rate 2000 --count 2000 --malformed \
		--seconds "$LAB_PATIENCE" --probes "$LAB_PROBE4" --probe-sources 4 --probe-rate 1 \
		--from-probes 50
	n=$(tcpdump -nn -r "$LAB_DIR/half.pcap" src net "$LAB_PROBES4" and src port 5060 2>/dev/null |
		tee "$LAB_DIR/half" | wc -l)
	[[ $n -gt 850 && $n -lt 1150 ]]
	equal "$(awk '{ print $3 }' "$LAB_DIR/half" | sort -u | wc -l)" 4
	"$SIPGUARD" replay "$LAB_DIR/half.pcap" --json >"$LAB_DIR/replay" 2>/dev/null
	equal "$(jq -s 'map(select(.method == "INVITE").reason) | unique | join(" ")' \
		"$LAB_DIR/replay")" '"cseq"'
}

# Above the rate where the clock is read for some frames at once the rate holds, too; a machine that
# cannot keep up makes less, never more.
no_faster() {
	generate fast --random "$LAB_FLOOD_PREFIX4" --rate 3000000 --seconds 2
	jq -e '.sent_mpps <= 3.06' "$LAB_DIR/fast.json"
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

# demo_run GUARD TOLD OFFERED TAKEN JUDGED ANSWERED: a run of the demo, of 1000 frames and 100 probes.
demo_run() {
	jq -nc --arg guard "$1" --arg rate "$2" --argjson numbers "[$3, $4, $5, $6]" '$numbers as
		[$offered, $taken, $judged, $answered] | {guard: $guard, flood: "one-source",
		flood_rate: $rate, flood_offered_mpps: $offered, flood_mpps: $taken,
		guard_judged_mpps: $judged, flood_sent: 1000,
		flood_refused_by_ring: (1000 * (1 - $taken / $offered) | round), probes_sent: 100,
		probes_answered: $answered, calls_attempted: 1, calls_completed: 1,
		flood_packets_reaching_server: 5}'
}

# The rate is what came of it, not what was asked for; flat out may be the slower one.
demo_says_what_was() {
	local runs table meaning
	runs=$({
		demo_run none 2M 1.5 0.75 null 3
		demo_run sipguard 2M 1.9 1.9 1.89 99.96
		demo_run sipguard flat 1.25 1 1 80
	} | jq -s '{runs: .}')
	table=$(jq -r -f "$LAB_ROOT/tools/demo/table.jq" <<<"$runs")
	[[ $table == *$'one source\t1.5 M\t0.75 M\t-\tnone\t5\t3 %'* ]]
	[[ $table == *$'one source\t1.9 M\t1.9 M\t1.89 M\tsipguard\t5\t99.9 %'* ]]
	[[ $table != *2M* ]]
	meaning=$(jq -r -f "$LAB_ROOT/tools/demo/meaning.jq" <<<"$runs")
	[[ $meaning == *"without a guard: 3 %, at 0.75 M/s taken; up to 50 % of all frames refused"* ]]
	[[ $meaning == *"with sipguard: 99.9 %, at 1.9 M/s taken"$'\n'"and with"* ]]
	[[ $meaning == *"with sipguard: 80 %, at 1 M/s taken; up to 20 % of all"* ]]
}

command -v tcpdump >/dev/null || lab_die "tcpdump is missing: apt-get install tcpdump."
check "the demo says what was offered, taken and judged" demo_says_what_was
test_lab
check "strangers are answered at once" answered_at_once
check "strangers are answered at their second copy" answered_at_second
lab_kamailio_stop
check "strangers ask three times more" never_answered
for method in INVITE REGISTER OPTIONS SUBSCRIBE MESSAGE; do
	check "$method: valid and unique" valid_and_unique "$method"
done
check "probes come from the flows they should" flows_of_probes
check "half of the flood in the name of probes" flood_of_probes
check "no faster than it should" no_faster
check "the name of no probe" wrong 'add --probes' --from-probes 50
check "strangers in the flood" wrong 'choose --strangers outside' --strangers "$LAB_FLOOD4" \
	--seconds 6
check "probes in the flood" wrong 'choose --probes outside' --probes "$LAB_FLOOD4"
check "strangers without time" wrong 'give more --seconds' --strangers "$STRANGERS" --seconds 4
check "more strangers than flood" wrong 'at most half' --strangers "$STRANGERS" \
	--stranger-rate 200 --seconds 6
test_done
