# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What the scenarios share: rows, the server with its phones, the guard, the generator. Sourced by
# scenarios.sh.

# shellcheck source=../lab/lab.sh
source "$SCENARIOS_SRC/../lab/lab.sh"

BUILD=${SCENARIOS_BUILD:-$LAB_ROOT/build}
SIPGUARD=$BUILD/sipguard
FLOOD=$BUILD/sipguard-flood
# shellcheck disable=SC2034 # for the scenarios
{
ORACLE=$BUILD/tools/oracle.bpf.o
HOARD=$BUILD/tools/hoard
# RFC 6598, nobody's: phones that the server has never seen. Out of the flood's and the probes'.
STRANGERS4=100.64.0.1
# The password of all phones; kamailio.cfg asks for it.
PASSWORD=secret
}
LENGTH=${SCENARIO_LENGTH:-full}
SCENARIO=
# Seconds until what does not happen counts as a hang.
PATIENCE=120
# shellcheck disable=SC2034 # for the lab
LAB_PATIENCE=$PATIENCE

need_built() {
	local file
	for file in "$SIPGUARD" "$FLOOD" "$ORACLE" "$HOARD" \
		"$BUILD"/tools/{forge,connects,phones,guess,proxy,nua}; do
		[[ -e $file ]] || lab_die "$file is not built: run \"make\" first."
	done
}

# full_or_short FULL SHORT: the value for this length.
full_or_short() {
	[[ $LENGTH == short ]] && echo "$2" || echo "$1"
}

# --- rows

# row METRIC VALUE BAR PASS: VALUE and BAR are numbers or null.
row() {
	jq -cn --arg name "$SCENARIO" --arg metric "$1" --argjson value "$2" --argjson bar "$3" \
		--argjson pass "$4" '{name: $name, metric: $metric, value: $value, bar: $bar, pass: $pass}'
}

# at_least METRIC VALUE BAR, at_most METRIC VALUE BAR: what could not be measured is null, and
# missed.
at_least() {
	row "$1" "$2" "$3" "$(jq -n --argjson value "$2" --argjson bar "$3" \
		'$value != null and $value >= $bar')"
}

at_most() {
	row "$1" "$2" "$3" "$(jq -n --argjson value "$2" --argjson bar "$3" \
		'$value != null and $value <= $bar')"
}

# fast METRIC VALUE BAR: as at_most, of what a slow machine does worse whatever the guard does. The
# short form promises none of that, only what the guard did.
fast() {
	if [[ $LENGTH == short ]]; then
		told "$1" "$2"
	else
		at_most "$@"
	fi
}

# told METRIC VALUE: beside the others, to compare with; nothing is promised.
told() {
	row "$1" "$2" null true
}

# some NUMBER: null if it is 0, where nothing at all means that the scenario did not happen.
some() {
	[[ $1 == 0 ]] && echo null || echo "$1"
}

# ratio A B: null if there is nothing to divide by.
ratio() {
	jq -n --argjson a "$1" --argjson b "$2" 'if $b > 0 then $a / $b else null end'
}

# --- the lab

# The generator and the callers on one CPU, the server and its interface on the other.
scenario_up() {
	# In the short form who sends again has lost something: a slow machine has half a minute. (A
	# reflection is made of what the server sends again.)
	# shellcheck disable=SC2034 # for the lab
	[[ $LENGTH != short || $SCENARIO == reflection ]] || LAB_T1=30000
	lab_choose_cpus
	# Two hours are too long for others who measure to wait, and it measures no rate.
	[[ $SCENARIO == operate-soak ]] || lab_realtime_lock
	taskset -pc "$LAB_CPU_FLOOD" $$ >/dev/null
	lab_up
}

# server_start [DEFINE...]
server_start() {
	LAB_CPU=$LAB_CPU_SERVER lab_kamailio_start "$@"
}

server_stop() {
	lab_kamailio_stop
}

# The callers may send from all addresses of a prefix, and hear what comes back. The generator needs
# the opposite: what it sends from is nobody's here.
callers_at() {
	ip -n "$LAB_NS_CLIENT" route add local "$1" dev lo
}

callers_gone() {
	ip -n "$LAB_NS_CLIENT" route del local "$1" dev lo
}

# What SIPp does with an answer that comes late is its retransmission: callers NAME SCENARIO
# [OPTION...] starts it on the flood's CPU, from tools/scenarios/sipp.
callers() {
	local name=$1 scenario=$2
	shift 2
	LAB_CPU=$LAB_CPU_FLOOD LAB_SIPP_FILES=$SCENARIOS_SRC/sipp \
		lab_sipp "$name" "$scenario" 4 udp -au trunk -ap "$PASSWORD" "$@"
}

# counted NAME COLUMN: of SIPp's statistics, 0 before it has any.
counted() {
	lab_sipp_count "$1" "$2(C)" 2>/dev/null || echo 0
}

# --- the guard

sipguard() {
	lab_in server "$SIPGUARD" "$@"
}

# guard_on [CONFIG]: as an operator would who attaches it and says "enforce".
guard_on() {
	local config=()
	[[ $# -eq 0 ]] || config=(--config "$1")
	sipguard attach "$LAB_IF_SERVER" --enforce "${config[@]}" >>"$LAB_DIR/sipguard.log"
}

guard_off() {
	sipguard detach "$LAB_IF_SERVER" >>"$LAB_DIR/sipguard.log"
}

# guard_counted FILTER: a number of what the guard counted.
guard_counted() {
	sipguard stats --json | jq "$1 // 0"
}

# dropped_but METHOD: packets that were dropped, and are not of this method.
dropped_but() {
	guard_counted "([.classes[].dropped.packets] | add) - .methods.$1.dropped.packets"
}

# until_true CMD...: for a while; what it leaves as it is will show in a row.
until_true() {
	lab_until "$@" || true
}

# Packets that were dropped, or watched, for whatever reason.
guard_objections() {
	sipguard stats --json |
		jq '[.classes[].dropped.packets, .reasons[].watched.packets] | add // 0'
}

# bans FILTER: how many entries of the list of bans are like the filter of jq; 0 for a guard that
# has no such list.
bans() {
	{ sipguard bans --json 2>/dev/null || echo '{"bans": []}'; } |
		jq "[.bans[] | select($1)] | length"
}

# Flows that the guard takes for proven. (It lists others, too, that the server has only challenged,
# or sent something.)
proven_flows() {
	{ sipguard sources --json 2>/dev/null || echo '{"sources": []}'; } |
		jq '[.sources[] | select(.proof == "register" or .proof == "call")] | length'
}

# --- the generator

# generate NAME OPTION...: leaves the report in $LAB_DIR/NAME.json. It goes before the machine's
# other processes, or it would not send the rate it should.
generate() {
	local name=$1
	shift
	lab_wait_in client nice -n -10 "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --cpu "$LAB_CPU_FLOOD" --json "$@" \
		>"$LAB_DIR/$name.json"
}

# generated NAME FILTER: of the report
generated() {
	jq "$2" "$LAB_DIR/$1.json"
}
