# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-register-flood: for ten minutes REGISTERs from 2500 new random sources a second, each sent
# twice, as the greylist wants it: so the server challenges as many of them as the budget of strangers
# lets through, and the guard has to remember whom. Phones that renew their registration meanwhile,
# half of them by the nonce that they were given the last time, stay proven and lose nothing.
#
# Sourced by scenarios.sh.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forger/forging.sh"

FORGED_RATE=2500

# The least that are proven at any time of the flood.
watch_proven() {
	local least=$1 n
	while kill -0 "$2" 2>/dev/null; do
		n=$(proven_flows)
		[[ $n -ge $least ]] || least=$n
		sleep "$(full_or_short 5 0.5)"
	done
	echo "$least"
}

scenario() {
	local seconds phones renew forger least
	seconds=$(full_or_short 600 5)
	phones=$(full_or_short 250 20)
	renew=$(full_or_short 30-60 1-2)
	# Ten minutes are longer than another lab waits, and nothing here is of the machine's.
	lab_realtime_unlock
	callers_at 203.0.113.0/24
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on
	phones_on phones --first 203.0.113.1 --phones "$phones" --renew "$renew" \
		--options "$(full_or_short 10 0.5)" --boot "$(full_or_short 10 1)" --t1 "$LAB_T1"
	until_true phones_are_proven "$phones"
	told phones-proven "$(proven_flows)"
	phones_next_period
	forged_request REGISTER >"$LAB_DIR/register"
	forge flood --from "$FORGED_PREFIX4" --rate $((2 * FORGED_RATE)) \
		--count $((2 * FORGED_RATE * seconds)) --again "$FORGED_RATE" "$LAB_DIR/register" &
	forger=$!
	least=$(watch_proven "$phones" "$forger")
	wait "$forger"
	told forged-a-second "$(generated flood .rate)"
	at_least registers-passed "$(guard_counted .methods.REGISTER.passed.packets)" \
		"$(full_or_short $((seconds * FORGED_RATE / 10)) 50)"
	at_least proven-always "$least" "$phones"
	at_least proven-to-the-end "$(proven_flows)" "$phones"
	at_most proven-beyond-phones "$(($(proven_flows) - phones))" 0
	phones_off
	told phones-requests "$(generated phones '.periods[1].requests')"
	at_least nonces-reused "$(generated phones .reused)" "$((phones / 2))"
	told phones-refused "$(generated phones .refused)"
	at_least phones-answered-at-once "$(share phones at_once '. == 1')" 0.999
	at_most bans "$(bans true)" 0
}
