# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# failover: phones register with one host; in a flood of random sources their address moves to
# another one, as with keepalived: same address, same link address. Its guard has never seen them,
# and knows them by its fleet. Beside it the same move to a guard that has no fleet.
#
# Sourced by fleet.sh. One port of the bridge "lan" is the phones and the flood, and one host at a
# time has the other.

PHONES=$(full_or_short 250 50)
PHONES_FIRST=203.0.113.1
PROBE_RATE=$(full_or_short 500 100)
FLOOD_RATE=$(full_or_short 50000 5000)
SECONDS_EACH=$(full_or_short 8 4)

lan_up() {
	local ns
	ns=$(fleet_ns lan)
	ip netns add "$ns"
	ip -n "$ns" link add name lan type bridge forward_delay 0 mcast_snooping 0
	ip -n "$ns" link set lan up
	LAB_NS_CLIENT=$(fleet_ns caller)
	# shellcheck disable=SC2034 # for the lab
	LAB_IF_CLIENT=phones
	ip netns add "$LAB_NS_CLIENT"
	ip -n "$LAB_NS_CLIENT" link set lo up
	ip link add name phones netns "$LAB_NS_CLIENT" address "$LAB_CLIENT_MAC" type veth \
		peer name phones netns "$ns"
	lab_side client phones "$LAB_CLIENT4" "$LAB_CLIENT6" "$LAB_SERVER4" "$LAB_SERVER6" \
		"$LAB_SERVER_MAC"
	ip -n "$ns" link set phones master lan up
	# A veth takes no frames of the generator's without, and heeds it only once it is up.
	ip netns exec "$ns" ethtool -K phones gro on
}

# host_up NAME NUMBER: a member whose guarded interface is at the bridge when it has the address.
host_up() {
	local ns
	ns=$(fleet_ns "$1")
	fleet_join "$1" "$FLEET_NET.1.$2"
	ip link add name sip netns "$ns" address "$LAB_SERVER_MAC" type veth \
		peer name "$1" netns "$(fleet_ns lan)"
	ip -n "$(fleet_ns lan)" link set "$1" up
	LAB_NS_SERVER=$ns
	lab_side server sip "$LAB_SERVER4" "$LAB_SERVER6" "$LAB_CLIENT4" "$LAB_CLIENT6" \
		"$LAB_CLIENT_MAC"
	ip -n "$ns" route add default via "$LAB_CLIENT4"
	guard "$1" attach sip --enforce >>"$FLEET_DIR/$1.log"
	agent_config "$1"
}

# The address is at this host from now on.
moves_to() {
	local other
	for other in one two; do
		[[ $other == "$1" ]] || ip -n "$(fleet_ns lan)" link set "$other" nomaster
	done
	ip -n "$(fleet_ns lan)" link set "$1" master lan
}

# Each has a Kamailio of its own, which is up before the address is there.
server_of() {
	moves_to "$1"
	# shellcheck disable=SC2034 # for the lab
	LAB_NS_SERVER=$(fleet_ns "$1")
	LAB_DIR=$FLEET_DIR/$1.sip
	mkdir "$LAB_DIR"
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	LAB_DIR=$FLEET_DIR/sip
}

# The phones register, each from port 5060 of its address, and are the generator from then on.
phones_register() {
	local i
	{
		echo SEQUENTIAL
		for ((i = 1; i <= PHONES; i++)); do
			echo "phone$i;203.0.113.$i"
		done
	} >"$LAB_DIR/phones.csv"
	callers_at 203.0.113.0/24
	callers phones register-digest -t ui -inf "$LAB_DIR/phones.csv" -ip_field 1 -p 5060 \
		-r 100 -m "$PHONES" -timeout "$PATIENCE"
	wait "$LAB_PID" || true
	callers_gone 203.0.113.0/24
}

proven_at() { # NAME
	guard "$1" sources --json | jq '[.sources[] | select(.proof == "register")] | length'
}

are_proven_at() {
	[[ $(proven_at "$1") -ge $PHONES ]]
}

# flood NAME: with the probes of the phones in it.
flood() {
	generate "$1" --random "$LAB_FLOOD_PREFIX4" --rate "$FLOOD_RATE" --seconds "$SECONDS_EACH" \
		--probes "$PHONES_FIRST" --probe-sources "$PHONES" --probe-rate "$PROBE_RATE" \
		--drain "$(full_or_short 1 30)"
}

answered() {
	generated "$1" 'if .probes_sent > 0 then .probes_answered / .probes_sent else null end'
}

# The short form promises what the guard does, not what the machine does: NAME HOST
bars_of() {
	if [[ $LENGTH == short ]]; then
		told "probes-answered-$1" "$(answered "$1")"
	else
		at_least "probes-answered-$1" "$(answered "$1")" 0.999
	fi
	at_least "flood-dropped-$1" "$(guard "$2" stats --json |
		jq '.methods.INVITE.dropped.packets')" "$(generated "$1" '.accepted / 2 | floor')"
	at_most "phones-dropped-$1" "$(guard "$2" stats --json |
		jq '.methods.OPTIONS.dropped.packets')" 0
}

scenario() {
	local begin
	lab_choose_cpus
	mkdir "$FLEET_DIR/sip"
	LAB_DIR=$FLEET_DIR/sip
	fleet_nats_up one two
	fleet_setup
	lan_up
	host_up one 1
	host_up two 2
	agent_start one
	agent_start two
	agents_ready one two
	server_of two
	server_of one
	phones_register
	at_least phones-registered "$(counted phones SuccessfulCall)" "$PHONES"
	begin=$EPOCHREALTIME
	lab_until are_proven_at two || true
	told proofs-travel-seconds "$(jq -n "$EPOCHREALTIME - $begin")"
	at_least proven-at-one "$(proven_at one)" "$PHONES"
	at_least proven-at-two "$(proven_at two)" "$PHONES"
	flood before
	bars_of before one
	moves_to two
	flood after
	bars_of after two
	agent_stop two
	guard two detach sip >>"$FLEET_DIR/two.log"
	guard two attach sip --enforce >>"$FLEET_DIR/two.log"
	flood without
	told probes-answered-without "$(answered without)"
}
