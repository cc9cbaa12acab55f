# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What the scenarios of the forger share: who forges, in the name of anybody and at any rate, and
# phones that count which of their requests were answered. Sourced by the others here.

FORGE=$BUILD/tools/forge
PHONES_PROGRAM=$BUILD/tools/phones
# RFC 6598 again, all of it: as many sources as a forger likes.
# shellcheck disable=SC2034 # for the scenarios
FORGED_PREFIX4=100.64.0.0/10
declare -A PHONES_PIDS=()
PERIOD=0

# --- the forger

# forge NAME OPTION...: leaves what was sent in $LAB_DIR/NAME.json.
forge() {
	local name=$1
	shift
	lab_wait_in client nice -n -10 taskset -c "$LAB_CPU_FLOOD" "$FORGE" --to "$LAB_SERVER4" "$@" \
		>"$LAB_DIR/$name.json"
}

# forged_request METHOD [AGENT]: a template of the forger.
forged_request() {
	local user=x@N@@
	# A registrar has none (RFC 3261 10.2).
	[[ $1 != REGISTER ]] || user=
	cat <<-END
		$1 sip:$user$LAB_SERVER4 SIP/2.0
		Via: SIP/2.0/UDP @A@:@P@;rport;branch=z9hG4bKf@N@
		From: <sip:f@N@@$LAB_SERVER4>;tag=f@N@
		To: <sip:f@N@@$LAB_SERVER4>
		Call-ID: @N@@@A@
		CSeq: 1 $1
		Contact: <sip:f@N@@@A@:@P@>
		Max-Forwards: 70
		${2:+User-Agent: $2
		}Content-Length: 0

	END
}

# --- phones

# phones_on NAME OPTION...: what they count comes into $LAB_DIR/NAME.json at the end.
phones_on() {
	local name=$1
	shift
	# It is to be told when a period ends, not a shell around it.
	(exec nsenter --net="/run/netns/$LAB_NS_CLIENT" -- nice -n -10 taskset -c "$LAB_CPU_FLOOD" \
		"$PHONES_PROGRAM" --server "$LAB_SERVER4" "$@") >"$LAB_DIR/$name.json" &
	PHONES_PIDS[$name]=$!
}

# What they begin from now on is counted by itself; PERIOD is its number.
phones_next_period() {
	kill -USR1 "${PHONES_PIDS[@]}"
	PERIOD=$((PERIOD + 1))
}

phones_off() {
	kill -TERM "${PHONES_PIDS[@]}"
	wait "${PHONES_PIDS[@]}"
	PHONES_PIDS=()
}

phones_are_proven() {
	[[ $(proven_flows) -ge $1 ]]
}

# share NAME at_once|answered FILTER: of the requests of the periods whose number makes the filter of
# jq true; null if there were none.
share() {
	jq "[.periods | to_entries[] | select(.key | $3) | .value] |
		(map(.requests) | add // 0) as \$sent |
		if \$sent > 0 then (map(.$2) | add) / \$sent else null end" "$LAB_DIR/$1.json"
}

# Phones that lose nothing do not send twice. (In the short form a slow machine may answer those late
# that are to send again soon; there it is the counters of the guard that tell what was lost.)
kept() {
	share "$1" "$(full_or_short at_once answered)" "$2"
}

# Of OPTIONS, which nobody forges here.
options_dropped() {
	guard_counted .methods.OPTIONS.dropped.packets
}
