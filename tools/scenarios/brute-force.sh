# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# brute-force: one flow tries passwords: it is banned at its sixth attempt. A phone behind the same
# address that mistypes once and then has it right is not.
#
# Sourced by scenarios.sh.

GUESSER_PORT=6000
TYPIST_PORT=6002

scenario() {
	local attempts wait_ms address=$LAB_CLIENT4
	attempts=$(full_or_short 40 14)
	wait_ms=$(full_or_short 800 5000)
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on
	# One after the other, as a guesser does that waits for each answer.
	callers guesser guess -p "$GUESSER_PORT" -m "$attempts" -l 1 -r 5 \
		-recv_timeout "$wait_ms" -default_behaviors all,-bye -timeout "$PATIENCE"
	wait "$LAB_PID" || true
	at_most passwords-tried-before-ban "$(some "$(counted guesser judged)")" 7
	at_least guesser-flow-banned "$(bans ".ban == \"$address:$GUESSER_PORT\"")" 1

	callers typist typo -p "$TYPIST_PORT" -m 1 -timeout "$PATIENCE"
	wait "$LAB_PID" || true
	at_least typist-registered "$(counted typist registered)" 1
	at_least typist-keepalive-answered "$(counted typist answered)" 1
	at_most other-bans "$(bans ".ban != \"$address:$GUESSER_PORT\"")" 0
}
