# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-clients: what is refused to a forger is refused to no phone. Nine kinds of real clients
# register with two real registrars from one address, one after the other and each once more when
# the server sees another port of it, and then all at once: each of these flows becomes proven, and
# nothing is dropped. A client or a registrar that cannot be had has missed its rows.
#
# Kamailio gives one nonce to all flows of a second, and ejabberd takes any. From their new port nua,
# npm and linphone answer the challenge that was told to the old one; the others ask for a new one.
#
# Sourced by scenarios.sh.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forger/forging.sh"
# shellcheck source=../clients/clients.sh
source "$SCENARIOS_SRC/clients/clients.sh"
# shellcheck source=../clients/registrars.sh
source "$SCENARIOS_SRC/clients/registrars.sh"

# The short form has what the tests need anyway.
read -ra REGISTRARS <<<"$(full_or_short 'kamailio ejabberd' kamailio)"
read -ra CLIENTS <<<"$(full_or_short \
	'sipsak sipp baresip nua npm net-sip twinkle linphone asterisk' 'sipsak sipp baresip nua')"
# Ports of a client; baresip takes two.
FIRST_PORT=6000
MOVED=5

# Somebody else whom the server challenges all the time, so that no nonce of Kamailio's is told to
# one source alone.
neighbour_on() {
	forged_request REGISTER | sed 's/sip:f@N@@/sip:neighbour@/' >"$LAB_DIR/neighbour"
	(exec nsenter --net="/run/netns/$LAB_NS_CLIENT" -- "$FORGE" --to "$LAB_SERVER4" \
		--from "$STRANGERS4" --port 5060 --rate 5 --count 100000 "$LAB_DIR/neighbour") \
		>"$LAB_DIR/neighbour.json" &
	NEIGHBOUR_PID=$!
}

neighbour_off() {
	kill -TERM "$NEIGHBOUR_PID"
	wait "$NEIGHBOUR_PID" || true
}

# proven_at PORT: 1 if the guard has seen a registration from there, 0 if not.
proven_at() {
	sipguard sources --json | jq "[.sources[] | select(.source == \"$LAB_CLIENT4:$1\" and
		.transport == \"udp\" and .proof == \"register\")] | length"
}

is_proven() {
	[[ $(proven_at "$1") -eq 1 ]]
}

dropped() {
	guard_counted "[.classes[].dropped.packets] | add"
}

# Why something was dropped is for people.
objections() {
	sipguard stats --json | jq -c '[.reasons | to_entries[] | {(.key): .value.dropped.packets} |
		select(.[] > 0)] | add'
}

# rows_missed NAME: of what cannot be had.
rows_missed() {
	at_least "$1-proven" null 1
	at_least "$1-moved" null 1
	at_most "$1-dropped" null 0
}

# rows_of_one NAME PORT: NAME is the registrar's and its own.
rows_of_one() {
	local name=$1 client=${1#*-} moved=$(($2 + MOVED)) before
	if ! client_there "$client"; then
		rows_missed "$name"
		return
	fi
	before=$(dropped)
	"${client}_on" "$2"
	until_true is_proven "$2"
	at_least "$name-proven" "$(proven_at "$2")" 1
	"${client}_again" "$2" "$moved"
	until_true is_proven "$moved"
	at_least "$name-moved" "$(proven_at "$moved")" 1
	"${client}_off"
	client_moves_back
	at_most "$name-dropped" $(($(dropped) - before)) 0
}

proven_are() {
	[[ $(proven_flows) -ge $1 ]]
}

nua_is_answered() {
	[[ $(grep -c '^200' "$LAB_DIR/nua.log") -ge 2 ]]
}

# All at once, to a guard that has seen none of them. One is moved, too, and keeps its nonce, which
# with Kamailio the neighbour was told as well.
rows_of_all() {
	local registrar=$1 client port=$FIRST_PORT nua=0 there=() waits=()
	for client in "${CLIENTS[@]}"; do
		! client_there "$client" || there+=("$client")
	done
	for client in "${there[@]}"; do
		case $client in
		sipsak | sipp | baresip)
			"${client}_on" "$port" &
			waits+=($!)
			;;
		*) "${client}_on" "$port" ;;
		esac
		[[ $client != nua ]] || nua=$port
		port=$((port + 10))
	done
	wait "${waits[@]}" || true
	until_true proven_are ${#there[@]}
	at_least "$registrar-all-proven" "$(proven_flows)" ${#CLIENTS[@]}
	if [[ $nua -gt 0 ]]; then
		nua_again "$nua" $((nua + MOVED))
		until_true nua_is_answered
		at_least "$registrar-all-moved" "$(proven_at $((nua + MOVED)))" 1
		client_moves_back
	fi
	for client in "${there[@]}"; do
		"${client}_off"
	done
	at_most "$registrar-all-dropped" "$(dropped)" 0
}

rows_of_registrar() {
	local registrar=$1 client port=$FIRST_PORT
	guard_on
	for client in "${CLIENTS[@]}"; do
		rows_of_one "$registrar-$client" "$port"
		port=$((port + 10))
	done
	at_most "$registrar-bans" "$(bans true)" 0
	# By rules that are not enforced by default: sipsak and Asterisk have names that scanners copy,
	# SIPp's user has that of its own scenarios, nua and npm send some without Max-Forwards.
	told "$registrar-watched" "$(guard_counted '[.reasons[].watched.packets] | add')"
	[[ $(dropped) -eq 0 ]] || echo "$registrar: dropped $(objections)" >&2
	guard_off
	guard_on
	neighbour_on
	rows_of_all "$registrar"
	neighbour_off
	guard_off
}

scenario() {
	local registrar client
	for registrar in "${REGISTRARS[@]}"; do
		if "${registrar}_registrar_on"; then
			rows_of_registrar "$registrar"
		else
			for client in "${CLIENTS[@]}"; do
				rows_missed "$registrar-$client"
			done
		fi
		"${registrar}_registrar_off"
	done
}
