# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-enumeration: who counts extensions has learned that a scanner of one flow is found: he asks
# by a new port for each user, over UDP and over TCP; with one To for all, only the Request-URI is
# another; or of a server that challenges, and never answers. Each has an address of his own, and is
# told of a few users.
#
# A trunk that has completed a call, one in a zone, and a phone that has registered ask for numbers
# that are not there, too, and get all their answers.
#
# Sourced by scenarios.sh.

# shellcheck source=guessing.sh
source "$SCENARIOS_SRC/forger/guessing.sh"

SCANNERS4=203.0.113.6 # and a digit
TRUNK4=203.0.113.30
ZONE4=203.0.113.31
DIALLER4=203.0.113.9
TRUNK_PORT=6000
# Users that one of them is told of.
MOST_TOLD=26
DIALLED=25

# counts NAME DIGIT OPTION...
counts() {
	local name=$1 address=$SCANNERS4$2
	shift 2
	guess "$name" "$address" --attempts "$ASKED" --rate "$RATE" "$@"
	at_most "users-told-$name" "$(some "$(generated "$name" .told)")" "$MOST_TOLD"
}

# all_told NAME ADDRESS NUMBERS OPTION...: somebody whom nothing must be refused.
all_told() {
	local name=$1 address=$2 numbers=$3
	shift 3
	guess "$name" "$address" --port "$TRUNK_PORT" --users 7 --method INVITE \
		--attempts "$numbers" --rate "$RATE" "$@"
	at_least "$name-numbers-answered" "$(generated "$name" .told)" "$numbers"
}

trunk_calls() {
	mkdir -p "$LAB_DIR/sipp"
	sed 's/sip:bob@/sip:20[call_number]@/' "$LAB_SRC/sipp/call.xml" >"$LAB_DIR/sipp/dial.xml"
	LAB_CPU=$LAB_CPU_FLOOD LAB_SIPP_FILES=$LAB_DIR/sipp lab_sipp trunk dial 4 udp \
		-i "$TRUNK4" -p "$TRUNK_PORT" -m 1 -timeout "$PATIENCE"
	wait "$LAB_PID" || true
	at_least trunk-call-completed "$(counted trunk SuccessfulCall)" 1
}

# A server that says to everybody who is there.
open_server() {
	server_start IN_ORDER WITH_EXTENSIONS 'EXTENSIONS="^20"'
	guard_on "$LAB_DIR/zone.yaml"
	fence_up
	trunk_calls
	counts udp-ports 0 --users 1 --method INVITE --ports "$ASKED"
	counts udp-registers 1 --users 1 --ports "$ASKED"
	counts tcp-connections 2 --users 1 --method INVITE --tcp
	counts constant-to 3 --users 1 --method INVITE --to boss
	all_told trunk "$TRUNK4" "$NUMBERS"
	all_told zone "$ZONE4" "$NUMBERS"
	server_stop
}

# One that challenges first, if the number is like one of its own.
closed_server() {
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\"" WITH_EXTENSIONS \
		'EXTENSIONS="^(dialler|1)"'
	counts unanswered-invites 4 --users 1 --method INVITE
	counts unanswered-registers 5 --users 1
	all_told dialler "$DIALLER4" "$DIALLED" --user dialler --register "$PASSWORD"
	at_least dialler-registered "$(generated dialler .registered)" 1
}

scenario() {
	ASKED=$(full_or_short 150 38)
	NUMBERS=$(full_or_short 200 38)
	# What a source may call.
	RATE=$(full_or_short 15 100)
	cat >"$LAB_DIR/zone.yaml" <<-END
		zones:
		  - name: trunk
		    prefixes: [$ZONE4/32]
	END
	callers_at 203.0.113.0/24
	open_server
	closed_server
	at_least refused "$(guesses_refused)" $((6 * (ASKED - MOST_TOLD)))
	told refused-by-limits "$(limits_refused)"
	at_most bans "$(bans true)" 0
}
