# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What the demo writes and prints. Sourced by demo.sh.

# On a terminal one line that changes, so that the table stays the only thing left.
progress() {
	[[ -t 2 ]] || return 0
	printf '\r\033[K' >&2
	[[ $# -eq 0 ]] || printf 'flood from %s (told: %s/s), guard: %s ...' "$2" "$3" "$1" >&2
}

# run_json GUARD FLOOD RATE STOLEN_MS JUDGED: one run as JSON, from the generator's report, SIPp and
# the counters. The rate is what the generator was told; what came of it are the figures in millions
# a second: offered to the interface, taken by it, and judged (null: this guard does not count).
run_json() {
	local reached completed
	reached=$(lab_in server nft -j list counter inet sg_count flood |
		jq '.nftables[].counter? // empty | .packets')
	completed=$(lab_sipp_count calls 'SuccessfulCall(C)' || echo 0)
	jq -c --arg guard "$1" --arg flood "$2" --arg rate "$3" --argjson reached "$reached" \
		--argjson attempted "$CALLS" --argjson completed "$completed" --argjson stolen "$4" \
		--argjson judged "$5" '{
			guard: $guard, flood: $flood, flood_rate: $rate,
			flood_offered_mpps: .sent_mpps, flood_mpps: .mpps,
			guard_judged_mpps: (if $judged == null or .seconds <= 0 then null
				else $judged / .seconds / 1e6 end),
			flood_sent: .sent, flood_accepted: .accepted,
			flood_refused_by_ring: .refused, guard_judged: $judged,
			probes_sent: .probes_sent, probes_answered: .probes_answered,
			probe_delay_ms: .probe_delay_ms, server_cpu_stolen_ms: $stolen,
			calls_attempted: $attempted, calls_completed: $completed,
			flood_packets_reaching_server: $reached
		}' "$LAB_DIR/flood.json"
}

report_table() {
	cat <<END

One real SIP server (Kamailio), guarded in five ways, under a flood of $2 requests.
The legitimate requests travel in the middle of the flood; the calls are SIPp's. Millions of packets
a second: offered to the interface, taken by it, and judged by sipguard, which alone counts them.

END
	jq -r -f "$DEMO_SRC/table.jq" "$1" | column -t -s $'\t'
	echo
	jq -r -f "$DEMO_SRC/meaning.jq" "$1"
	jq -r '.runs | map(select(.runs > 1)) | select(length > 0) | "Made more than once, as a promise "
		+ "was missed at first; those runs are shown in which the interface refused least: "
		+ (map("\(.guard), \(.flood), told \(.flood_rate)/s (\(.runs))") | join("; ")) + "."' "$1"
}

# Of runs that were made more than once those in which the interface refused least, as it does when a
# hypervisor or another process takes the CPU away: what it refuses no guard sees.
report_best() {
	jq -s 'reduce .[] as $r ([];
		([.[] | [.guard, .flood, .flood_rate]] | index([[$r.guard, $r.flood, $r.flood_rate]])) as $i
		| if $i == null then . + [$r + {runs: 1}]
		else .[$i] = (if $r.flood_refused_by_ring < .[$i].flood_refused_by_ring then $r else .[$i] end)
			+ {runs: (.[$i].runs + 1)}
		end) | {runs: .}' "$1"
}

# The floods, FLOOD:RATE a line, by which a promise is missed.
report_missed() {
	jq -r -f "$DEMO_SRC/bars.jq" "$1" | jq -r '"\(.flood):\(.flood_rate)"' | sort -u
}

# What sipguard promises, checked against the runs that are there: one line for each that is missed.
report_bars() {
	local missed
	missed=$(jq -f "$DEMO_SRC/bars.jq" "$1" | jq -r .text)
	[[ -n $missed ]] || return 0
	printf 'Missed: %s\n' "${missed//$'\n'/$'\nMissed: '}"
	return 1
}
