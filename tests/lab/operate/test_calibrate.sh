#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# sipguard calibrate on a day that the test makes itself: what it proposes drops none of it, and the
# floods that are in it, and make no room for themselves, are still stopped.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

WRITE_DAY=$LAB_ROOT/build/tests/write_day
WRITE_CAPTURES=$LAB_ROOT/build/tests/write_captures
# Of each of the three floods of floods.pcap; they take 2 s each.
FLOOD=20000

# says FILTER: of what calibrate has found.
says() {
	jq -e "$1" "$LAB_DIR/found" >/dev/null || {
		echo "not so: $1"
		jq -c 'del(.senders)' "$LAB_DIR/found"
		return 1
	}
}

# An office is within today's limits, the trunk and the dialler are not; nor would be the attackers.
proposes() {
	sipguard calibrate "$DAY/attacked.pcap" --json --write "$LAB_DIR/wanted.yaml" >"$LAB_DIR/found"
	says '.proposes and .counting_senders == 43 and .dropped_with_proposal.packets == 0'
	says '[.senders[] | select(.dropped_today.packets > 0 and .left_out == null).source] | sort ==
		["203.0.113.20", "203.0.113.30"]'
	says '.dropped_today.packets > 0 and .dropped_today.first_reason == "limit-flow"'
	says '[.senders[] | select(.own_zone).own_zone] | sort == ["own-203.0.113.20", "own-203.0.113.30"]'
	says '[.senders[] | select(.proof == "register" and .source == "203.0.113.10")] | length == 1'
	says '[.limits[] | select(.changed)] == []'
	says '.limits[] | select(.zone == null and .key == "register" and .section == "limits") |
		.by == "203.0.113.10" and .highest.second == 14'
	says '.limits[] | select(.zone == "own-203.0.113.20" and .key == "invite") | .highest.second == 80'
	diff "$LAB_DIR/wanted.yaml" - <<-END
		zones:
		  - {name: own-203.0.113.30, prefixes: ["203.0.113.30"], profile: peer}
		  - {name: own-203.0.113.20, prefixes: ["203.0.113.20"], profile: peer}
	END
	sipguard check-config "$LAB_DIR/wanted.yaml"
	guard_left_nothing
}

leaves_attackers_out() {
	says '[.senders[] | select(.source == "192.0.2.66" or .source == "192.0.2.77") | .left_out] ==
		["unproven", "unproven"]'
	says '[.senders[] | select(.source == "192.0.2.66").sent.REGISTER] == [20000]'
	says '[.senders[] | select(.left_out == null and .proof == "none")] == []'
}

# Nobody is proven for replay, so this is also the first hour of a guard.
drops_none_of_the_day() {
	sipguard replay "$DAY/in.pcap" --limits --config "$LAB_DIR/wanted.yaml" --json --quiet |
		jq -e '.summary | .packets == 8630 and .dropped == {}'
	# Today's limits do drop some, or that would say nothing.
	sipguard replay "$DAY/in.pcap" --limits --json --quiet | jq -e '.summary.dropped | has("limit-flow")'
}

# stopped NUMBER RATE BURST: of flood NUMBER all but a hundredth of what is beyond a limit.
stopped() {
	local beyond=$((FLOOD - 2 * $2 - $3))
	[[ ${DROPPED[$1]} -ge $((beyond * 99 / 100)) ]] || {
		echo "of flood $1 ${DROPPED[$1]} packets were dropped, of $beyond beyond the limit"
		return 1
	}
}

stops_floods() {
	mapfile -t DROPPED < <(
		sipguard replay "$DAY/floods.pcap" --limits --config "$LAB_DIR/wanted.yaml" --json 2>/dev/null |
			awk -v n="$FLOOD" '/"verdict":"drop"/ { drops[int((NR - 1) / n)]++ }
				END { for (i = 0; i < 3; i++) print drops[i] + 0 }'
	)
	stopped 0 20 60   # REGISTER of one flow
	stopped 1 20 40   # INVITE of one flow
	stopped 2 1000 50 # the budget of strangers
}

# Who is named counts without a proof, as if it could be more by half; time that goes backwards gives
# nothing back. The file keeps what is in it, and what it was is beside it.
applies() {
	cat >"$LAB_DIR/mine.yaml" <<-END
		# ours
		limits:
		  invite: {rate: 20, burst: 40}  # as agreed
		flow-limits: {}
	END
	chmod 640 "$LAB_DIR/mine.yaml"
	cp -p "$LAB_DIR/mine.yaml" "$LAB_DIR/before.yaml"
	sipguard attach "$LAB_IF_SERVER" --config "$LAB_DIR/mine.yaml" >/dev/null
	sipguard calibrate "$CAPTURES/backwards.pcap" --trust 192.0.2.1,2001:db8::/32 --apply \
		--config "$LAB_DIR/mine.yaml" >"$LAB_DIR/said" 2>"$LAB_DIR/notes"
	grep -q "for 40 packets the clock" "$LAB_DIR/notes"
	grep -q "wrote $LAB_DIR/mine.yaml; what it was is in $LAB_DIR/mine.yaml.bak" "$LAB_DIR/notes"
	diff "$LAB_DIR/mine.yaml" - <<-END
		# ours
		limits:
		  invite: {rate: 20, burst: 62}  # as agreed
		flow-limits: {invite: {rate: 20, burst: 62}}
		totals:
		  unlisted-total: {rate: 1000, burst: 62}
	END
	cmp "$LAB_DIR/mine.yaml.bak" "$LAB_DIR/before.yaml"
	equal "$(stat -c %a "$LAB_DIR/mine.yaml")" 640
	grep -q "With the proposal nothing would be dropped" "$LAB_DIR/said"
	sipguard status --json | jq -e '[.. | objects | .invite? | select(. == {rate: 20, burst: 62})] | length == 2'
	sipguard detach --all >/dev/null
	guard_left_nothing
}

# listens: whether calibrate does, on all interfaces.
listens() {
	# shellcheck disable=SC2016 # of awk
	lab_in server awk 'NR > 1 && $5 == 0 { found = 1 } END { exit !found }' /proc/net/packet
}

# Real calls at a real server, of IPv4 and IPv6: who made them has proven it, as the guard itself says.
listens_live() {
	local family pid
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	nsenter --net="/run/netns/$LAB_NS_SERVER" -- "$SIPGUARD" calibrate --for 2m --json \
		>"$LAB_DIR/found" 2>"$LAB_DIR/notes" &
	pid=$!
	until_true listens
	for family in 4 6; do
		lab_sipp "calls-$family" call "$family" udp -r 20 -m 10 -timeout "$LAB_PATIENCE"
		wait "$LAB_PID"
	done
	kill -INT "$pid"
	wait "$pid"
	equal "$(cat "$LAB_DIR/notes")" ""
	says '.proposes == false and .counting_senders == 2 and .dropped_today.packets == 0'
	says "[.senders[] | select(.source == \"$LAB_CLIENT4\") | .proof, .sent.INVITE] == [\"call\", 10]"
	says '[.senders[] | select(.source | endswith("/64")) | .proof, .sent.BYE] == ["call", 10]'
	sipguard detach --all >/dev/null
	guard_left_nothing
}

# What nothing can be learned from is told in a sentence, and nothing is written.
refuses() {
	head -c 1000 "$CAPTURES/mixed.pcap" >"$LAB_DIR/cut.pcap"
	fails 2 "captures, or say by --for" calibrate
	fails 2 "captures, or say by --for" calibrate x.pcap --for 1m
	fails 3 "the guard is not attached" calibrate --for 1s
	fails 2 "give it as a file" calibrate -
	fails 2 "apply the one in force" calibrate x.pcap --apply --write y
	fails 2 "trust: .*300" calibrate x.pcap --trust 192.0.2.0/24,300.0.0.1
	fails 2 "trust takes prefixes" calibrate x.pcap --trust ''
	fails 1 "cannot open /nonexistent.pcap" calibrate /nonexistent.pcap
	fails 1 "there is no packet in the recording" calibrate "$CAPTURES/empty.pcap"
	fails 1 "cut.pcap breaks off .*nothing was proposed" calibrate "$CAPTURES/burst.pcap" "$LAB_DIR/cut.pcap"
	printf 'ports: {udp: [7000], tcp: [], tls: []}\n' >"$LAB_DIR/ports.yaml"
	fails 1 "not one of 41 packets came to a guarded port" calibrate "$CAPTURES/burst.pcap" \
		--config "$LAB_DIR/ports.yaml"
	fails 1 "no reply of the server.*both directions" calibrate "$CAPTURES/burst.pcap" \
		--write "$LAB_DIR/none.yaml"
	[[ ! -e $LAB_DIR/none.yaml ]]
}


[[ -x $SIPGUARD && -x $WRITE_DAY && -x $WRITE_CAPTURES ]] ||
	lab_die "$SIPGUARD, $WRITE_DAY or $WRITE_CAPTURES is not built: run \"make all test-programs\" first."
test_lab
DAY=$LAB_DIR/day
CAPTURES=$LAB_DIR/captures
mkdir "$DAY" "$CAPTURES"
"$WRITE_DAY" "$DAY"
"$WRITE_CAPTURES" "$CAPTURES"

check "limits that a recorded day needs" proposes
check "attackers make no room for themselves" leaves_attackers_out
check "they drop nothing of the day" drops_none_of_the_day
check "floods are stopped under them" stops_floods
check "it is put in the file, and in force" applies
check "real calls, as they come and go" listens_live
check "what nothing can be learned from" refuses
test_done
