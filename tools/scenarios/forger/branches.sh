# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-branches: two phones of one model behind one address are switched on together, and send at
# the same time requests with the same branch and CSeq; Call-ID and port are their own. Each is proven
# by its own registration. If one has a wrong password, the other one is proven, stays so, and is
# blamed for nothing; nor does its success prove the wrong one.
#
# Sourced by scenarios.sh.

# shellcheck source=guessing.sh
source "$SCENARIOS_SRC/forger/guessing.sh"

TWINS4=203.0.113.50
# Of these one never has it right.
OTHERS4=203.0.113.51
TWINS_PORT=21000
PROXY=$BUILD/tools/proxy
MOST_OF_FLOW=12

# twins NAME ADDRESS ATTEMPTS: without any, both have the right password, once.
twins() {
	lab_wait_in client taskset -c "$LAB_CPU_FLOOD" "$PROXY" --server "$LAB_SERVER4" --twins \
		--from "$2" --port "$TWINS_PORT" --attempts "$3" --pause "$(full_or_short 1 0)" \
		>"$LAB_DIR/$1.json"
	at_least "first-registered-$1" "$(generated "$1" '.registered / .registers')" 1
}

# proven_of ADDRESS PORT
proven_of() {
	sipguard sources --json | jq --arg source "$1:$2" \
		'[.sources[] | select(.source == $source and .proof == "register")] | length'
}

scenario() {
	local attempts
	attempts=$(full_or_short 40 16)
	callers_at 203.0.113.0/24
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on

	twins both "$TWINS4" 0
	at_least second-registered-both "$(generated both .judged)" 1
	at_least proven-both "$(proven_flows)" 2

	twins mistaken "$TWINS4" "$attempts"
	at_most judged-mistaken "$(some "$(generated mistaken .judged)")" "$MOST_OF_FLOW"
	at_least proven-both-still "$(proven_flows)" 2

	twins stranger "$OTHERS4" "$attempts"
	at_most judged-stranger "$(some "$(generated stranger .judged)")" "$MOST_OF_FLOW"
	at_least proven-first "$(proven_of "$OTHERS4" "$TWINS_PORT")" 1
	at_most proven-second "$(proven_of "$OTHERS4" $((TWINS_PORT + 1)))" 0
	at_most bans-of-first "$(bans ".ban | endswith(\":$TWINS_PORT\")")" 0
	told bans-of-second "$(bans true)"
}
