# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-keepalive: keepalives of two bytes in the name of a registered phone, 37 a second, which is
# beyond what a flow may send of them, and then as many as a forger can. It is not banned: at the slow
# rate it loses nothing, and at the high one no longer than that lasts.
#
# Sourced by scenarios.sh.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forger/forging.sh"

PHONE4=203.0.113.20
# Seconds in which it is to be back.
BACK=2

# keepalives NAME RATE SECONDS
keepalives() {
	forge "$1" --from "$PHONE4" --port 5060 --rate "$2" --count $(($2 * $3)) "$LAB_DIR/crlf"
}

scenario() {
	local fast before
	fast=$(full_or_short 100000 20000)
	echo >"$LAB_DIR/crlf"
	callers_at "$PHONE4"
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on
	# It is to be seen that it is back, so it does not wait in the short form either.
	phones_on phone --first "$PHONE4" --renew 2-4 --options 0.2 --t1 500
	until_true phones_are_proven 1

	phones_next_period
	keepalives slow 37 "$(full_or_short 60 5)"
	at_most bans-slow "$(bans true)" 0
	at_most phone-dropped-slow "$(options_dropped)" 0

	phones_next_period
	keepalives fast "$fast" "$(full_or_short 5 3)"
	told keepalives-a-second-fast "$(generated fast .rate)"
	at_most bans-fast "$(bans true)" 0
	told phone-dropped-fast "$(options_dropped)"
	at_least keepalives-dropped "$(guard_counted .classes.keepalive.dropped.packets)" "$fast"

	phones_next_period
	sleep "$BACK"
	phones_next_period
	before=$(options_dropped)
	sleep "$(full_or_short 10 3)"
	at_most phone-dropped-afterwards "$(($(options_dropped) - before))" 0
	at_least proven-to-the-end "$(proven_flows)" 1
	phones_off
	at_least phone-answered-slow "$(kept phone '. == 1')" 0.999
	told phone-answered-at-once-fast "$(share phone at_once '. == 2')"
	told phone-answered-fast "$(share phone answered '. == 2')"
	at_least phone-answered-afterwards "$(kept phone '. == 4')" 0.999
}
