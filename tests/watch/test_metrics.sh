#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `sipguard watch --metrics`: what it tells Prometheus, that it goes on whatever becomes of the
# guard, and that nobody who talks to it can keep it from answering others.

# shellcheck source-path=SCRIPTDIR disable=SC2317,SC1003 # checks are called by name; a quote and a backslash

# shellcheck source=watch.sh
source "$(dirname "$0")/watch.sh"

PESTER=$LAB_ROOT/build/tests/pester
DOCS=$LAB_ROOT/docs/watch.md
OTHER='sg"\'$$

# Each check begins with a watch of its own,
fresh_watch() {
	local kind
	for kind in idle slow; do
		[[ ! -e $LAB_DIR/$kind.pid ]] || end_job "$kind" KILL >/dev/null
	done
	watch_stop
	watch_start
}

# and those that do something to the guard with a new one.
clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || rm -rf "$SIPGUARD_PIN_ROOT/v999"
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null || equal $? 3
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
	fresh_watch
}

clean() {
	promtool check metrics <"$LAB_DIR/metrics" >"$LAB_DIR/lint" 2>&1 || {
		cat "$LAB_DIR/lint"
		return 1
	}
	equal "$(<"$LAB_DIR/lint")" ""
}

lints() {
	ask /metrics >"$LAB_DIR/metrics"
	clean
	sipguard detach --all >/dev/null
	becomes 0 metric sipguard_up
	ask /metrics >"$LAB_DIR/metrics"
	clean
	ask /metrics -D - -o "$LAB_DIR/body" | grep -qix \
		$'Content-Type: text/plain; version=0.0.4; charset=utf-8\r'
}

# The counters of `stats --json` as series, by name; interfaces are told by others.
stats_as_series() {
	jq -r '
		def tallies(name; key): to_entries[] | .key as $key |
			("passed", "would_drop", "dropped") as $outcome |
			"sipguard_\(name)_packets_total{\(key)=\"\($key)\",outcome=\"\($outcome)\"} " +
			"\(.value[$outcome].packets)";
		(.classes | tallies("class"; "class")), (.methods | tallies("method"; "method")),
		(.classes | to_entries[] | .key as $key | ("passed", "would_drop", "dropped") as $outcome |
			"sipguard_class_bytes_total{class=\"\($key)\",outcome=\"\($outcome)\"} " +
			"\(.value[$outcome].bytes)"),
		(.reasons | to_entries[] | select(.key != "none") | .key as $key |
			("would_drop", "dropped", "watched") as $outcome |
			"sipguard_reason_packets_total{reason=\"\($key)\",outcome=\"\($outcome)\"} " +
			"\(.value[$outcome].packets)"),
		(.events | to_entries[] |
			"sipguard_event_\(.key | gsub("-"; "_"))_total \(.value)"),
		"sipguard_allowed_packets_total \(.allowed.packets)",
		"sipguard_allowed_bytes_total \(.allowed.bytes)",
		"sipguard_unguarded_packets_total \(.unguarded.packets)",
		"sipguard_unguarded_bytes_total \(.unguarded.bytes)"'
}

# Calls, garbage, and a packet to another port.
traffic() {
	sipp_run call 4 udp 3
	for _ in 1 2 3 4 5; do
		lab_in client bash -c "echo not SIP at all >/dev/udp/$LAB_SERVER4/5060"
	done
	lab_in client bash -c "echo more >/dev/udp/$LAB_SERVER4/9"
}

# No packet more and no packet less: as `stats` before and after has it, if that is the same.
same_as_stats() {
	sipguard stats --json | stats_as_series | sort >"$LAB_DIR/before"
	ask /metrics | grep -v '^#' | sort >"$LAB_DIR/metrics"
	sipguard stats --json | stats_as_series | sort >"$LAB_DIR/after"
	cmp "$LAB_DIR/before" "$LAB_DIR/after"
	equal "$(comm -23 "$LAB_DIR/after" "$LAB_DIR/metrics")" ""
}

tells_stats() {
	traffic
	sleep 1 # the age of what it may still tell
	until_true same_as_stats
	[[ $(wc -l <"$LAB_DIR/after") -gt 300 ]]
	grep -q '^sipguard_reason_packets_total{reason="garbage",outcome="dropped"} 5$' \
		"$LAB_DIR/metrics"
}

# Every number of `status` is there under its name, the page's JSON is what the commands print.
tells_status() {
	sipguard ban 198.51.100.7 >/dev/null
	sipguard deny add 203.0.113.0/24 >/dev/null
	ask /status.json >"$LAB_DIR/page.json"
	ask /metrics | grep '^sipguard_[a-z0-9_]* [0-9]*$' | sort >"$LAB_DIR/metrics"
	jq -r '.status | [paths(type == "number" or type == "boolean") as $path |
		select($path[0] | IN("lists", "bans", "flows", "overload", "connections", "dialogs")) |
		"sipguard_\($path | join("_")) \(getpath($path) | if . == true then 1
			elif . == false then 0 else . end)"] | .[]' "$LAB_DIR/page.json" |
		sort >"$LAB_DIR/numbers"
	[[ $(wc -l <"$LAB_DIR/numbers") -ge 19 ]]
	equal "$(comm -23 "$LAB_DIR/numbers" "$LAB_DIR/metrics")" ""
	grep -qx "sipguard_bans_sources 1" "$LAB_DIR/metrics"
	grep -qx "sipguard_lists_deny 1" "$LAB_DIR/metrics"
	jq -e '.bans.total == 1 and .bans.bans[0].ban == "198.51.100.7" and .bans.bans[0].cause ==
		"operator" and .status.mode == "enforce"' "$LAB_DIR/page.json" >/dev/null
	equal "$(jq -S .stats.reasons "$LAB_DIR/page.json")" \
		"$(sipguard stats --json | jq -S .reasons)"
	equal "$(jq -cS '.status | keys' "$LAB_DIR/page.json")" \
		"$(sipguard status --json | jq -cS keys)"
}

# The guard goes, comes back and is upgraded; an interface of odd name goes.
outlives_the_guard() {
	local label
	becomes 1 metric sipguard_up
	sipguard detach --all >/dev/null
	becomes 0 metric sipguard_up
	equal "$(ask /status.json | jq -r '.error[:26]')" "the guard is not attached:"
	mkdir -p "$SIPGUARD_PIN_ROOT/v999/links/eth0" # of another ABI
	becomes 1 metric sipguard_watch_failures_total
	equal "$(metric sipguard_up)" 0
	rm -r "$SIPGUARD_PIN_ROOT/v999"
	ip -n "$LAB_NS_SERVER" link add name "$OTHER" type veth peer name "sg-$$p"
	sipguard attach "$LAB_IF_SERVER" "$OTHER" >/dev/null
	becomes 1 metric sipguard_up
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	label='sipguard_interface_guarded{interface="sg\"\\'$$'"}'
	becomes 1 metric "$label"
	ask /metrics >"$LAB_DIR/metrics"
	clean
	ip -n "$LAB_NS_SERVER" link del "sg-$$p"
	becomes 0 metric "$label"
	equal "$(metric "sipguard_interface_guarded{interface=\"$LAB_IF_SERVER\"}")" 1
	equal "$(grep -c "not attached" "$LAB_DIR/watch.err")" 1
}

# However many ask, the guard is read once a second at most.
reads_seldom() {
	local begun=$SECONDS readings
	for _ in {1..50}; do
		ask /metrics >"$LAB_DIR/metrics"
	done
	readings=$(awk '$1 == "sipguard_watch_readings_total" { print $2 }' "$LAB_DIR/metrics")
	[[ $readings -ge 1 && $readings -le $((SECONDS - begun + 2)) ]]
}

# What runs in the page is known by a number that is used once.
nonces() {
	ask / -D "$LAB_DIR/headers" >"$LAB_DIR/page"
	nonce=$(sed -n "s/^Content-Security-Policy: default-src 'none'; script-src 'nonce-\([0-9a-f]*\)'.*/\1/p" \
		"$LAB_DIR/headers")
	equal "${#nonce}" 32
	equal "$(grep -c "^<\(script\|style\) nonce=\"$nonce\">" "$LAB_DIR/page")" 2
	equal "$(grep -ciE '(src|href)="?https?:|<script>| on[a-z]+=|@@@@' "$LAB_DIR/page")" 0
	equal "$(ask / | grep -c "$nonce")" 0
}

speaks_http() {
	equal "$(status_of /metrics)" 200
	equal "$(status_of /metrics -I)" 200
	equal "$(status_of / -I)" 200
	equal "$(status_of /nothing)" 404
	equal "$(status_of /metrics/)" 404
	equal "$(status_of /metrics -X DELETE)" 405
	equal "$(status_of /metrics -d x=1)" 405
	equal "$(status_of /metrics -H "Host: evil.example")" 403
	equal "$(status_of /status.json -H "Host: evil.example:80")" 403
	equal "$(status_of /metrics -H "Host: localhost:1")" 200
	nonces
	watch_stop
	watch_start --host sip1.example,sip2.example
	equal "$(status_of /metrics -H "Host: sip2.example")" 200
	equal "$(status_of /metrics -H "Host: sip3.example")" 403
}

# pester KIND N: until the check is over.
pester() {
	server_job "$1" "$PESTER" "$1" "${WATCH_AT##*:}" "$2"
	until_true grep -q open "$LAB_DIR/$1.out"
}

evicted_most() {
	[[ $(metric 'sipguard_watch_closed_connections_total{why="evicted"}') -ge 1100 ]]
}

# 1000 that say nothing and 200 that read nothing hold no place for long, and no memory.
answers_others() {
	pester idle 1000
	pester slow 200
	for _ in {1..20}; do
		equal "$(status_of /metrics)" 200
		equal "$(status_of /status.json)" 200
	done
	until_true evicted_most
	[[ $(find "/proc/$(watch_pid)/fd" -mindepth 1 | wc -l) -lt 200 ]]
}

survives_fuzz() {
	lab_in server "$PESTER" fuzz "${WATCH_AT##*:}" 3000 "${SIPGUARD_SEED:-15}"
	equal "$(status_of /metrics)" 200
	equal "$(metric sipguard_up)" 1
}

# What it does not need it does not have, and the thread that talks to the network has nothing.
is_unprivileged() {
	local sets
	equal "$(status_of /metrics)" 200
	sets=$(awk '/^CapEff/ { print $2 }' /proc/"$(watch_pid)"/task/*/status | sort | paste -sd' ')
	equal "$sets" "0000000000000000 000000c000201000"
	equal "$(awk '/^(CapBnd|NoNewPrivs)/ { print $2 }' "/proc/$(watch_pid)/status" | paste -sd' ')" \
		"0000000000000000 1"
}

refuses() {
	fails 2 "needs --metrics" watch
	fails 2 "'nowhere' is no address" watch --metrics nowhere
	fails 1 "cannot listen at $WATCH_AT: Address already in use" watch --metrics "$WATCH_AT"
	fails 1 "Cannot assign requested address" watch --metrics 198.51.100.1:1
	equal "$(lab_in server setpriv --bounding-set -bpf,-sys_admin "$SIPGUARD" watch --metrics 0 \
		2>&1 >/dev/null)" "sipguard: this process lacks CAP_BPF: run sipguard as root."
	equal "$(sipguard watch --metrics 0 2>&1 >/dev/full)" \
		"sipguard: cannot write to standard output: No space left on device."
	equal "$(status_of /metrics)" 200
}

# Killed in any way it leaves nothing, and the guard has not noticed.
leaves_nothing() {
	local before
	before=$(find "$SIPGUARD_PIN_ROOT" | sort)
	equal "$(status_of /metrics)" 200
	equal "$(end_job watch KILL)" 137
	equal "$(find "$SIPGUARD_PIN_ROOT" | sort)" "$before"
	status_is '.attached and .mode == "enforce"'
}

# The page has every metric, but for those that a table has, and none that is not served.
is_documented() {
	# shellcheck disable=SC2016 # quoted as Markdown has it
	grep -oE '^\| `sipguard_[a-z0-9_]+' "$DOCS" | cut -c4- | sort >"$LAB_DIR/documented"
	echo "figures: yes" >"$LAB_DIR/figures.yaml"
	sipguard reload --config "$LAB_DIR/figures.yaml" >/dev/null
	sleep 1 # the age of what it may still tell
	ask /metrics >"$LAB_DIR/metrics"
	clean
	awk '/^# HELP/ && $3 !~ /^sipguard_event_/ && !/ of `sipguard status --json`/ {
		print $3 }' "$LAB_DIR/metrics" | sort >"$LAB_DIR/served"
	equal "$(diff "$LAB_DIR/documented" "$LAB_DIR/served")" ""
}

test_lab
check "promtool finds nothing to complain of, with a guard and without" lints
check "the counters are those of stats --json" tells_stats
check "the numbers are those of status --json, the page's JSON that of the commands" tells_status
check "the guard goes, comes and is upgraded, and what is not guarded is told" outlives_the_guard
check "killed, it leaves nothing" leaves_nothing
clean_state() {
	fresh_watch
}
check "the guard is read once a second at most" reads_seldom
check "GET and HEAD of what there is, by names that are ours" speaks_http
check "1000 idle connections and 200 slow readers keep nobody from being answered" answers_others
check "3000 requests with mistakes" survives_fuzz
check "privileges" is_unprivileged
check "bad addresses, one in use, no permission, a full disk" refuses
check "docs/watch.md has what is served" is_documented
clean_state
watch_stop
test_done
