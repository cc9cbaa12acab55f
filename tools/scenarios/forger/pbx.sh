# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-pbx: no attack at all, but it looks like one: a PBX that nobody knows yet asks within two
# seconds for 2000 extensions, all of which exist, and then places calls from the same flow. It is not
# banned, and all its calls complete.
#
# Sourced by scenarios.sh.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forger/forging.sh"

PBX4=203.0.113.9
PBX_PORT=6000
ASKED=2000

extension() {
	forged_request OPTIONS | sed 's/sip:x@N@/sip:20@N@/'
}

scenario() {
	local calls
	calls=$(full_or_short 100 10)
	callers_at "$PBX4"
	server_start WITH_EXTENSIONS 'EXTENSIONS="^20"'
	guard_on
	extension >"$LAB_DIR/extension"
	# Where it meets the budget of strangers, it has to send again as clients do.
	# shellcheck disable=SC2034 # for the lab
	LAB_T1=500
	forge burst --from "$PBX4" --port "$PBX_PORT" --rate $((ASKED / 2)) --count "$ASKED" \
		"$LAB_DIR/extension"
	told asked "$(generated burst .sent)"
	told asked-passed "$(guard_counted .methods.OPTIONS.passed.packets)"
	at_most bans-after-burst "$(bans true)" 0
	mkdir -p "$LAB_DIR/sipp"
	sed 's/sip:bob@/sip:20[call_number]@/' "$LAB_SRC/sipp/call.xml" >"$LAB_DIR/sipp/dial.xml"
	LAB_CPU=$LAB_CPU_FLOOD LAB_SIPP_FILES=$LAB_DIR/sipp lab_sipp pbx dial 4 udp \
		-i "$PBX4" -p "$PBX_PORT" -m "$calls" -r 5 -timeout "$PATIENCE"
	wait "$LAB_PID" || true
	at_least calls-completed "$(counted pbx SuccessfulCall)" "$calls"
	told calls-failed "$(counted pbx FailedCall)"
	told calls-repeated "$(counted pbx Retransmissions)"
	at_most bans "$(bans true)" 0
}
