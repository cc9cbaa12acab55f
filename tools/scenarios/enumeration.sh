# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# enumeration: somebody asks for one extension after the other, of which the server has none, and is
# told of 24. A dialler that calls 25 different numbers in two minutes, and is answered, loses
# nothing. (The server tells a stranger who is there and who is not, as many do.)
#
# Sourced by scenarios.sh.

SCANNER4=203.0.113.66
DIALLER4=203.0.113.9

scenario() {
	local extensions rate period wait_ms
	extensions=$(full_or_short 100 40)
	rate=$(full_or_short 1 5)
	period=$(full_or_short 4800 200)
	# An answer that comes later was told all the same: the guard counts it.
	wait_ms=$(full_or_short 700 3000)
	callers_at 203.0.113.0/24
	server_start WITH_EXTENSIONS 'EXTENSIONS="^20"'
	guard_on
	mkdir -p "$LAB_DIR/sipp"
	sed 's/sip:bob@/sip:20[call_number]@/' "$LAB_SRC/sipp/call.xml" >"$LAB_DIR/sipp/dial.xml"

	# Side by side, as it would be.
	LAB_CPU=$LAB_CPU_FLOOD LAB_SIPP_FILES=$LAB_DIR/sipp lab_sipp dialler dial 4 udp \
		-i "$DIALLER4" -p 6000 -m 25 -r 1 -rp "$period" -timeout 180
	DIALLER_PID=$LAB_PID
	callers scanner extension -i "$SCANNER4" -p 6000 -m "$extensions" -r "$rate" \
		-recv_timeout "$wait_ms" -default_behaviors all,-bye -timeout 180
	wait "$LAB_PID" || true
	wait "$DIALLER_PID" || true
	at_most extensions-told "$(some "$(counted scanner told)")" 25
	at_least dialler-calls-completed "$(counted dialler SuccessfulCall)" 25
	at_most dialler-had-to-repeat "$(counted dialler Retransmissions)" 0
	at_most bans "$(bans true)" 0
}
