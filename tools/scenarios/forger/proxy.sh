# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-proxy: thirty users register over one flow, as behind a proxy or a push gateway: one UDP
# port, or one connection of TCP. Then one of them has a wrong password and tries it again and again;
# or somebody does who has never registered. The others register, renew and call meanwhile and after
# that, lose nothing, and nobody is banned. (Over TCP all guesses are judged: a segment that is
# dropped would hold up the others.)
#
# Once more while phones elsewhere register: then the server, which has one nonce for all in a second,
# tells his to others, too; and with a server that has a nonce for each challenge.
#
# Sourced by scenarios.sh.

# shellcheck source=guessing.sh
source "$SCENARIOS_SRC/forger/guessing.sh"

PROXY4=203.0.113.20
GATEWAY4=203.0.113.21
OTHER4=203.0.113.22
BUSY4=203.0.113.23
COUNTED4=203.0.113.24
ELSEWHERE4=203.0.113.100
CALLEE=callee
PROXY=$BUILD/tools/proxy
MOST_OF_FLOW=12

# Who answers in the lab is where this user has registered.
callee_registers() {
	mkdir -p "$LAB_DIR/sipp"
	sed "/^ *Contact:/s/<.*>/<sip:bob@$LAB_SERVER4:$LAB_ANSWER_PORT>/" \
		"$SCENARIOS_SRC/sipp/register-digest.xml" >"$LAB_DIR/sipp/callee.xml"
	printf 'SEQUENTIAL\n%s;%s\n' "$CALLEE" "$LAB_CLIENT4" >"$LAB_DIR/callee.csv"
	LAB_CPU=$LAB_CPU_FLOOD LAB_SIPP_FILES=$LAB_DIR/sipp lab_sipp callee callee 4 udp \
		-au "$CALLEE" -ap "$PASSWORD" -inf "$LAB_DIR/callee.csv" -m 1 -timeout "$PATIENCE"
	wait "$LAB_PID"
	# The nonces of the next second are told to nobody else.
	sleep 1.1
}

# behind NAME ADDRESS [OPTION]
behind() {
	local name=$1 address=$2 passwords
	passwords=$(guesses_refused)
	shift 2
	lab_wait_in client taskset -c "$LAB_CPU_FLOOD" "$PROXY" --server "$LAB_SERVER4" \
		--from "$address" --callee "$CALLEE" --users "$(full_or_short 29 5)" \
		--attempts "$(full_or_short 60 16)" --pause "$(full_or_short 0.2 0)" "$@" \
		>"$LAB_DIR/$name.json"
	told "registers-$name" "$(generated "$name" .registers)"
	at_least "registers-answered-$name" "$(generated "$name" '.registered / .registers')" 1
	told "calls-$name" "$(generated "$name" .calls)"
	at_least "calls-answered-$name" "$(generated "$name" '.called / .calls')" 1
	told "wrong-passwords-$name" "$(generated "$name" .tried)"
	told "refused-$name" "$(($(guesses_refused) - passwords))"
	if [[ $name == udp-busy ]]; then
		not_yet "judged-$name" "$(some "$(generated "$name" .judged)")" "$MOST_OF_FLOW"
	elif [[ $name == udp* ]]; then
		at_most "judged-$name" "$(some "$(generated "$name" .judged)")" "$MOST_OF_FLOW"
	else
		told "judged-$name" "$(generated "$name" .judged)"
	fi
}

scenario() {
	callers_at 203.0.113.0/24
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on
	callee_registers
	behind udp "$PROXY4"
	behind udp-stranger "$OTHER4" --stranger
	phones_on elsewhere --first "$ELSEWHERE4" --phones 10 --renew 0.5-1 --t1 "$LAB_T1"
	until_true phones_are_proven 13
	behind udp-busy "$BUSY4"
	phones_off
	behind tcp "$GATEWAY4" --tcp
	at_most bans "$(bans true)" 0
	# Theirs, and the callee's.
	at_least proven-to-the-end "$(proven_flows)" 15
	server_counts_nonces
	callee_registers
	phones_on elsewhere --first "$ELSEWHERE4" --phones 10 --renew 0.5-1 --t1 "$LAB_T1"
	behind udp-counted "$COUNTED4"
	phones_off
}
