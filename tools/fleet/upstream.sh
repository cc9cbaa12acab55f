#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# upstream: a flood fills the link to the server. `sipguard upstream` beside the guard has a speaker
# announce a rule, the router drops by it, and callers whom the guard knows get through again.
#
#   upstream.sh --rows   its rows on standard output: a line of JSON for each
#
# Environment: FLEET_LENGTH=short, the form that the tests run: what a slow machine does late is
# told, and not promised.

# shellcheck source-path=SCRIPTDIR

set -euo pipefail

FLEET_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SCENARIOS_SRC=$FLEET_SRC/../scenarios
# shellcheck disable=SC2034 # for common.sh
SCENARIO_LENGTH=${FLEET_LENGTH:-full}
# shellcheck source=../scenarios/common.sh
source "$SCENARIOS_SRC/common.sh"
# shellcheck source=bgp.sh
source "$FLEET_SRC/bgp.sh"
# shellcheck source=frr.sh
source "$FLEET_SRC/frr.sh"

# shellcheck disable=SC2034 # for common.sh
SCENARIO=upstream
HOLD=5
PROBES=20
# Four times what the link takes.
FLOOD_RATE=14000
# Half of the link: more than strangers may send, so that the guard refuses what the router lets
# through, and the flood is seen.
RATE=$((LINK_MBIT * 1000000 / 8 / 2))
STRANGERS=198.51.100.0/24
FLOOD_PID=
RIGHTS=()

# --- what is run

# upstream_start SPEAKER [LINE...]: with these lines of settings.
upstream_start() {
	local speaker=$1
	shift
	printf '%s\n' "interface: $LAB_IF_SERVER" "speed: ${LINK_MBIT}M" "speaker: $speaker" \
		"rate: $RATE" \
		"pipe: $LAB_DIR/run/exabgp/exabgp.in" "answers: $LAB_DIR/run/exabgp/exabgp.out" \
		"state: $LAB_DIR/run/upstream" "hold: $HOLD" "longest: $((6 * HOLD))" "$@" \
		>"$LAB_DIR/upstream.yaml"
	begin "$LAB_NS_SERVER" upstream "${RIGHTS[@]}" "$SIPGUARD" upstream --json \
		--config "$LAB_DIR/upstream.yaml"
	UPSTREAM_PID=$LAB_PID
}

# upstream_stop SIGNAL: its exit status in ENDED.
upstream_stop() {
	ENDED=0
	kill "-$1" "$UPSTREAM_PID" || true
	# That one was killed is what bash would tell.
	{ wait "$UPSTREAM_PID" || ENDED=$?; } 2>/dev/null
	cat "$LAB_DIR/upstream.log" >>"$LAB_DIR/all-upstream.log"
}

# How many of its events are like the filter.
events() {
	grep '^{' "$LAB_DIR/upstream.log" | jq -s "[.[] | select($1)] | length"
}

has_events() {
	[[ $(events "$1") -gt 0 ]]
}

# Of a file that may not be there.
lines_of() {
	[[ ! -e $LAB_DIR/$1 ]] || wc -l <"$LAB_DIR/$1"
	[[ -e $LAB_DIR/$1 ]] || echo 0
}

# flood_start NAME TO OPTION...
flood_start() {
	local name=$1 to=$2
	shift 2
	lab_in client nice -n -10 "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$to" \
		--dst-mac "$ROUTER_MAC" --rate "$FLOOD_RATE" --burst 256 --size 720 --json "$@" \
		>"$LAB_DIR/$name.json" &
	FLOOD_PID=$!
}

flood_end() {
	wait "$FLOOD_PID"
	FLOOD_PID=
}

# What the phone sends at random places of the flood itself: between two bursts of it there is room.
PROBED=(--probes 203.0.113.1 --probe-rate 50)

# The share of these that were answered: NAME
probed() {
	generated "$1" '.probes_answered / .probes_sent'
}

flood_runs() {
	kill -0 "$FLOOD_PID" 2>/dev/null
}

now() {
	cut -d' ' -f1 /proc/uptime
}

since() {
	jq -n "($(now) - $1) * 100 | round / 100"
}

# One request from the flow that has registered, which is not sent again: 0 if it was answered.
probe() {
	lab_in client timeout 0.45 sipsak -S -H "$LAB_CLIENT4" -l 5060 -s "sip:ping@$LAB_SERVER4:5060" \
		>/dev/null 2>&1
}

# The share of probes that are answered.
probes() {
	local i answered=0
	for ((i = 0; i < PROBES; i++)); do
		! probe || answered=$((answered + 1))
		sleep 0.02
	done
	jq -n "$answered / $PROBES"
}

phone_registers() {
	printf '%s\n' SEQUENTIAL "phone1;$LAB_CLIENT4" >"$LAB_DIR/phones.csv"
	callers phones register-digest -t ui -inf "$LAB_DIR/phones.csv" -ip_field 1 -p 5060 -m 1 \
		-timeout "$PATIENCE"
	wait "$LAB_PID" || true
}

# Between two cases: nothing of the last flood is remembered, and the phone is known.
guard_anew() {
	guard_off
	# shellcheck disable=SC2119 # as it is by default
	guard_on
	phone_registers
	at_least "phone-proven$1" "$(proven_flows)" 1
}

# --- cases

# What the flood does while nobody is told of it.
case_alone() {
	at_least probes-before "$(probes)" 0.95
	flood_start alone "$LAB_SERVER4" --random "$STRANGERS" --seconds 5 "${PROBED[@]}"
	flood_end
	fast probes-full "$(probed alone)" 0.6
}

# From one prefix in which nobody is known: SPEAKER
case_prefix() {
	local seen ended
	guard_anew "-$1"
	upstream_start "$1" "dry-run: no"
	flood_start "prefix-$1" "$LAB_SERVER4" --random "$STRANGERS" --seconds 5
	lab_until is_announced flowspec4 "src ${STRANGERS//./\\.}" || true
	seen=$(now)
	flood_end
	fast "rule-at-bird-s-$1" "$(generated "prefix-$1" "($seen - .started) * 100 | round / 100")" 2
	# It goes on: the rule is there already.
	flood_start "while-$1" "$LAB_SERVER4" --random "$STRANGERS" --seconds 6 "${PROBED[@]}"
	flood_end
	ended=$(now)
	at_least "probes-while-$1" "$(probed "while-$1")" 0.95
	lab_until none_announced flowspec4 || true
	fast "withdrawn-s-$1" "$(since "$ended")" $((HOLD + 2))
	at_least "probes-after-$1" "$(probes)" 0.95
	at_most "rules-$1" "$(events '.event == "announced"')" 1
	at_most "others-named-$1" "$(events ".event == \"announced\" and .source != \"$STRANGERS\"")" 0
	upstream_stop TERM
	at_most "ended-$1" "$ENDED" 0
}

# In the name of a phone that is registered: it is not named, and neither is what holds it.
case_customer() {
	guard_anew -customer
	upstream_start exabgp "dry-run: no"
	sleep 0.5
	flood_start customer "$LAB_SERVER4" --source "$LAB_CLIENT4" --seconds 8
	until_true is_announced flowspec4
	while flood_runs; do
		is_announced flowspec4 'src 203\.0\.113\.' && echo yes >>"$LAB_DIR/customer-named"
		sleep 0.2
	done
	flood_end
	at_most customer-named "$(lines_of customer-named)" 0
	at_least customer-rule-for-all \
		"$(events '.event == "announced" and .source == null and .action == "limit"')" 1
	upstream_stop TERM
	at_most customer-ended "$ENDED" 0
	until_true none_announced flowspec4
	at_most customer-left "$(announced flowspec4)" 0
}

# From everywhere: all are limited, but those whom the guard knows.
case_everywhere() {
	guard_anew -everywhere
	upstream_start exabgp "dry-run: no"
	sleep 0.5
	flood_start everywhere "$LAB_SERVER4" --random "$LAB_FLOOD_PREFIX4" --seconds 5
	until_true is_announced flowspec4 "dst $LAB_SERVER4/32; proto"
	at_least everywhere-let-through "$(announced flowspec4 "src $LAB_CLIENT4/32")" 1
	flood_end
	flood_start while-everywhere "$LAB_SERVER4" --random "$LAB_FLOOD_PREFIX4" --seconds 6 \
		"${PROBED[@]}"
	flood_end
	at_least probes-while-everywhere "$(probed while-everywhere)" 0.95
	# Now in the name of the phone, which is let through: that ends, and the phone is not named.
	flood_start forged "$LAB_SERVER4" --source "$LAB_CLIENT4" --seconds 8
	until_true none_announced flowspec4 "src $LAB_CLIENT4/32"
	at_most forged-let-through "$(announced flowspec4 "src $LAB_CLIENT4/32")" 0
	at_least forged-limited "$(announced flowspec4 "dst $LAB_SERVER4/32; proto")" 1
	flood_end
	until_true none_announced flowspec4
	at_most everywhere-left "$(announced flowspec4)" 0
	upstream_stop TERM
	at_most everywhere-ended "$ENDED" 0
}

# A peer with a zone is in the prefix that sends nearly all: it is not named, and he is let through.
# The command has no more rights than its unit gives it.
case_zone() {
	guard_off
	echo "zones: [{name: peer, prefixes: [198.51.100.200/32]}]" >"$LAB_DIR/zone.yaml"
	guard_on "$LAB_DIR/zone.yaml"
	RIGHTS=(setpriv --inh-caps=-all "--bounding-set=-all,+net_admin,+bpf,+perfmon")
	upstream_start exabgp "dry-run: no"
	RIGHTS=()
	flood_start zone "$LAB_SERVER4" --random "$STRANGERS" --seconds 5
	until_true is_announced flowspec4 "dst $LAB_SERVER4/32; proto"
	at_least zone-let-through "$(announced flowspec4 "src 198\.51\.100\.200/32")" 1
	at_most zone-named "$(announced flowspec4 "src 198\.51\.100\.0/24")" 0
	flood_end
	upstream_stop TERM
	at_most zone-ended "$ENDED" 0
	until_true none_announced flowspec4
}

case_dry() {
	guard_anew -dry
	upstream_start exabgp
	sleep 0.5
	flood_start dry "$LAB_SERVER4" --random "$STRANGERS" --seconds 5
	while flood_runs; do
		is_announced flowspec4 && echo yes >>"$LAB_DIR/dry-announced"
		sleep 0.2
	done
	flood_end
	at_least dry-said "$(events '.event == "announced" and .dry_run')" 1
	at_most dry-announced "$(lines_of dry-announced)" 0
	upstream_stop TERM
	at_most dry-ended "$ENDED" 0
}

# A process that is killed leaves its rule; the next one takes it back. A speaker that is killed
# forgets it, and hears it again.
case_killed() {
	local HOLD=60
	guard_anew -killed
	upstream_start exabgp "dry-run: no"
	flood_start killed "$LAB_SERVER4" --random "$STRANGERS" --seconds 6
	until_true is_announced flowspec4
	speaker_down KILL
	until_true none_announced flowspec4
	exabgp_up
	until_true is_announced flowspec4
	at_least speaker-killed-told-again "$(announced flowspec4)" 1
	upstream_stop KILL
	flood_end
	at_least killed-left "$(announced flowspec4)" 1
	upstream_start exabgp
	until_true none_announced flowspec4
	at_most killed-withdrawn "$(announced flowspec4)" 0
	upstream_stop TERM
	at_most killed-ended "$ENDED" 0
}

# A router that does not filter: an address goes dark if that was allowed in words, and never that
# of the session: NAME TO DARK [LINE...]
case_rtbh() {
	local name=$1 to=$2 dark=$3 HOLD=20 seconds=16
	shift 3
	# What is announced goes over the full link: to be seen it may take some seconds more.
	[[ $dark == no ]] || seconds=40
	guard_anew "-$name"
	filter_down
	upstream_start exabgp "dry-run: no" "$@"
	flood_start "$name" "$to" --random "$STRANGERS" --seconds "$seconds"
	while flood_runs; do
		is_announced blackholes && echo yes >>"$LAB_DIR/$name-seen"
		sleep 0.2
	done
	flood_end
	if [[ $dark == yes ]]; then
		at_least "$name-dark" "$(lines_of "$name-seen")" 1
	else
		at_most "$name-dark" "$(lines_of "$name-seen")" 0
	fi
	at_least "$name-rules" "$(events '.event == "announced"')" 1
	upstream_stop TERM
	at_most "$name-ended" "$ENDED" 0
	until_true none_announced blackholes
	filter_up
}

# With FRR the router itself drops what goes to the address, until that is withdrawn.
case_frr() {
	local HOLD=20
	guard_anew -frr
	speaker_down TERM
	kill "$BIRD_PID" || true
	wait "$BIRD_PID" || true
	frr_up
	exabgp_up frr_established
	upstream_start exabgp "dry-run: no" "$@"
	flood_start frr "$SECOND4" --random "$STRANGERS" --seconds 40
	until_true is_dark "$SECOND4"
	at_least frr-dark "$(is_dark "$SECOND4" && echo 1 || echo 0)" 1
	at_least frr-probes-of-others "$(probes)" 0.9
	upstream_stop TERM
	at_most frr-ended "$ENDED" 0
	until_true is_light "$SECOND4"
	at_most frr-left "$(is_dark "$SECOND4" && echo 1 || echo 0)" 0
	flood_end
	frr_down
}

scenario() {
	local words="rtbh: the-address-goes-dark"
	bird_up
	exabgp_up
	filter_up
	case_alone
	case_prefix exabgp
	case_customer
	case_everywhere
	case_zone
	case_dry
	case_killed
	if [[ $LENGTH == full ]]; then
		case_rtbh no-words "$SECOND4" no
		case_rtbh words "$SECOND4" yes "$words" "next-hop: $LAB_SERVER4"
		case_rtbh session "$LAB_SERVER4" no "$words" "next-hop: $LAB_SERVER4"
	fi
	speaker_down TERM
	gobgp_up
	case_prefix gobgp
	if [[ $LENGTH == full ]]; then
		case_frr "$words" "next-hop: $LAB_SERVER4"
	fi
}

upstream_ended() {
	local status=$?
	filter_down || true
	[[ -z ${FLEET_LOGS:-} || ! -d $LAB_DIR ]] ||
		tar -C "$LAB_DIR" --exclude=./bpf -cf "$FLEET_LOGS/fleet-upstream.tar" . || true
	lab_down || true
	exit "$status"
}

upstream_need() {
	local pair
	for pair in bird:bird2 exabgp:exabgp gobgpd:gobgpd vtysh:frr nft:nftables tc:iproute2; do
		command -v "${pair%%:*}" >/dev/null ||
			lab_die "${pair%%:*} is missing: apt-get install ${pair#*:}."
	done
	for pair in "$SIPGUARD" "$FLOOD"; do
		[[ -x $pair ]] || lab_die "$pair is not built: run \"make\" first."
	done
}

main() {
	[[ ${1:-} == --rows && $# -eq 1 ]] || lab_die "usage: upstream.sh --rows"
	lab_need_root
	upstream_need
	lab_choose_cpus
	lab_up
	trap upstream_ended EXIT
	router_up
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	# shellcheck disable=SC2119
	guard_on
	phone_registers
	scenario
}

main "$@"
