# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-guesser: somebody with one address knows the name of a user and tries passwords: on one port,
# with a challenge for each; on 500 ports, with the nonce that another one was told; with nonces that
# are made up, or were told to an accomplice elsewhere; with a branch, CSeq and Call-ID that never
# change; by ever new connections of TCP. Of all these, one after the other, the server judges a few;
# and of each alone, from addresses of which it has seen nothing.
#
# Behind the same address a registered phone goes on, another one that is known there comes back on
# another port, and a new user mistypes once and then has it right (as long as the guesser has one
# flow: then nobody new can register from there for a while).
#
# Last he tries the passwords of a phone that is known there, with nonces that others were told; and
# once more where the server has a nonce for each challenge.
#
# Sourced by scenarios.sh.

# shellcheck source=guessing.sh
source "$SCENARIOS_SRC/forger/guessing.sh"

OFFICE4=203.0.113.50
ACCOMPLICE4=203.0.113.77
VICTIM=alice
# Of a flow, and of the address.
MOST_OF_FLOW=12
MOST_OF_SOURCE=60
ROWS=(one-port many-ports others-nonces same-request tcp)

# ways ROW: as options of the guesser.
ways() {
	case $1 in
	one-port) echo --port 8000 ;;
	many-ports) echo --port 10000 --ports "$(full_or_short 500 50)" --first-nonce ;;
	others-nonces) echo --port 11000 --ports 10 --other "$ACCOMPLICE4" ;;
	same-request) echo --port 12000 --same ;;
	tcp) echo --tcp ;;
	esac
}

# comes ROW PORT: a phone known there, from a port of its own each time.
comes() {
	guess "known-$1" "$OFFICE4" --user known --register "$PASSWORD" --port "$2"
	at_least "known-phone-registered-$1" "$(generated "known-$1" .registered)" 1
}

# tries ROW ADDRESS ATTEMPTS [SUFFIX]
tries() {
	local name=$1${4:-} options
	read -ra options <<<"$(ways "$1")"
	guess "$name" "$2" --user "$VICTIM" --attempts "$3" --rate "$RATE" "${options[@]}"
	told "judged-$name" "$(generated "$name" .judged)"
	at_most "judged-of-flow-$name" "$(generated "$name" .judged_of_flow)" "$MOST_OF_FLOW"
}

# each_alone FIRST: from this address and the next ones.
each_alone() {
	local row last=$1
	for row in "${ROWS[@]}"; do
		tries "$row" "203.0.113.$last" "$(full_or_short 200 70)" -alone
		at_most "judged-of-source-$row-alone" \
			"$(some "$(generated "$row-alone" .judged)")" "$MOST_OF_SOURCE"
		last=$((last + 1))
	done
}

# Until it has registered, and how many seconds that took.
new_user() {
	local from=$EPOCHREALTIME
	sed 's/1000/newcomer/g' "$SCENARIOS_SRC/sipp/typo.xml" >"$LAB_DIR/sipp/typo.xml"
	LAB_CPU=$LAB_CPU_FLOOD LAB_SIPP_FILES=$LAB_DIR/sipp lab_sipp typist typo 4 udp \
		-i "$OFFICE4" -p 6002 -m 1 -timeout "$PATIENCE"
	wait "$LAB_PID" || true
	jq -n "$EPOCHREALTIME - $from" >"$LAB_DIR/typist-seconds"
}

# together: the office's phones and its guesser.
together() {
	local row judged typist reports=("${ROWS[@]/#/$LAB_DIR/}")
	phones_next_period
	new_user &
	typist=$!
	for row in "${ROWS[@]}"; do
		tries "$row" "$OFFICE4" "$ATTEMPTS"
		[[ $row != one-port ]] || wait "$typist"
		comes "$row" $((PORT++))
	done
	phones_next_period
	at_least typist-registered "$(counted typist registered)" 1
	fast typist-seconds "$(<"$LAB_DIR/typist-seconds")" 60
	at_least typist-answered "$(counted typist answered)" 1
	judged=$(jq -s 'map(.judged) | add' "${reports[@]/%/.json}")
	at_most judged-of-source "$(some "$judged")" "$MOST_OF_SOURCE"
	at_least refused "$(guesses_refused)" $((2 * ATTEMPTS))
	told refused-by-limits "$(limits_refused)"
}

# of_known_user USER PORT BAR: at_most or not_yet
of_known_user() {
	guess "of-$1" "$OFFICE4" --user "$1" --attempts "$ATTEMPTS" --rate "$RATE" \
		--port "$2" --ports 10 --other "$ACCOMPLICE4"
	"$3" "judged-of-$1" "$(some "$(generated "of-$1" .judged)")" "$MOST_OF_SOURCE"
	guess "back-$1" "$OFFICE4" --user "$1" --register "$PASSWORD" --port $(($2 + 100))
	at_least "registered-after-$1" "$(generated "back-$1" .registered)" 1
}

scenario() {
	ATTEMPTS=$(full_or_short 600 60)
	RATE=$(full_or_short 20 200)
	PORT=7001
	mkdir -p "$LAB_DIR/sipp"
	callers_at 203.0.113.0/24
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on
	fence_up
	phones_on phone --first "$OFFICE4" --port 5060 --user phone --renew 2-4 --options 0.2 \
		--t1 "$LAB_T1"
	comes before 7000
	guess counted-before "$OFFICE4" --user counted --register "$PASSWORD" --port 7100
	until_true phones_are_proven 2
	together
	each_alone 100
	of_known_user known 13000 not_yet
	phones_off
	at_least phone-answered "$(kept phone '. == 1')" 0.999
	at_most phone-dropped "$(options_dropped)" 0
	server_counts_nonces
	of_known_user counted 14000 at_most
	told bans "$(bans true)"
}
