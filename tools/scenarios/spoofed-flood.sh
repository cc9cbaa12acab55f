# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# spoofed-invite-flood, spoofed-register-flood: random sources, each request valid and another one,
# nobody on an allow list. Phones that have registered (probes: OPTIONS from their flows, at random
# places of the flood) notice nothing, and phones that the server has never seen are answered within
# three seconds. Beside it the same flood without a guard, with Kamailio's pike, and with an XDP
# program that knows the flood's addresses (the oracle): the best that any guard could do on this
# machine.
#
# Sourced by scenarios.sh.

PHONES=250
PHONES_PREFIX=203.0.113.0/24
PHONES_FIRST=203.0.113.1
PROBE_RATE=500
STRANGER_RATE=50
# Frames as long as those of a usual INVITE, as many at once as a NIC delivers that coalesces
# interrupts, waiting in a ring as long as a NIC's.
SHAPE=(--size 720 --batch 64 --queue 2048)

# A file of users for SIPp: user;address
phones_file() {
	local i
	echo SEQUENTIAL
	for ((i = 1; i <= PHONES; i++)); do
		echo "phone$i;203.0.113.$i"
	done
}

# The phones register, each from port 5060 of its address, and are gone: the generator is them now.
phones_register() {
	phones_file >"$LAB_DIR/phones.csv"
	callers_at "$PHONES_PREFIX"
	callers phones register-digest -t ui -inf "$LAB_DIR/phones.csv" -ip_field 1 -p 5060 \
		-r 100 -m "$PHONES" -timeout "$PATIENCE"
	wait "$LAB_PID" || true
	callers_gone "$PHONES_PREFIX"
}

front_on() {
	local defines=(WITH_PHONES "PASSWORD=\"$PASSWORD\"")
	[[ $1 != pike ]] || defines+=(WITH_PIKE)
	server_start "${defines[@]}"
	case $1 in
	sipguard) guard_on ;;
	oracle) lab_in server ip link set dev "$LAB_IF_SERVER" xdpdrv obj "$ORACLE" sec xdp ;;
	esac
}

front_off() {
	case $1 in
	sipguard) guard_off ;;
	oracle) lab_in server ip link set dev "$LAB_IF_SERVER" xdp off ;;
	esac
	server_stop
}

# rate_of 4.5M, rate_of 20k: packets a second
rate_of() {
	case $1 in
	*M) jq -n "${1%M} * 1000000" ;;
	*k) echo "${1%k}000" ;;
	esac
}

# flood_with GUARD RATE METHOD
flood_with() {
	local name=$1-$2
	front_on "$1"
	phones_register
	told "phones-registered-$name" "$(counted phones SuccessfulCall)"
	[[ $1 != sipguard ]] || at_least "proven-flows-$2" "$(proven_flows)" "$PHONES"
	lab_realtime_on "$LAB_CPU_SERVER"
	TOOK=$SECONDS
	generate "$name" --method "$3" --random "$LAB_FLOOD_PREFIX4" --rate "$(rate_of "$2")" "${SHAPE[@]}" \
		--seconds "$SECONDS_EACH" --probes "$PHONES_FIRST" --probe-sources "$PHONES" \
		--probe-rate "$PROBE_RATE" --strangers "$STRANGERS4" \
		--stranger-rate "$STRANGER_RATE" --stranger-method "$STRANGER_METHOD" --drain "$DRAIN"
	lab_realtime_off
	TOOK=$((SECONDS - TOOK + 1))
	if [[ $1 == sipguard ]]; then
		sipguard stats --json >"$LAB_DIR/stats-$name.json"
		sipguard status --json >"$LAB_DIR/status-$name.json"
	fi
	front_off "$1"
}

proven() {
	generated "$1" '.probes_answered / .probes_sent'
}

strangers() {
	generated "$1" '.strangers_answered_within_3s / .strangers_sent'
}

# Shares compare at one rate alone: NAME OFFERED LEAST, in millions. A slow machine makes less.
offered() {
	if [[ $LENGTH == short ]]; then
		told "offered-mpps-$1" "$2"
	else
		at_least "offered-mpps-$1" "$2" "$3"
	fi
}

# What each guard made of it, for comparison: GUARD RATE
told_all() {
	local name=$1-$2
	offered "$name" "$(generated "$name" .sent_mpps)" "$(jq -n "$(rate_of "$2") * 0.97e-6")"
	told "mpps-$name" "$(generated "$name" .mpps)"
	told "proven-answered-$name" "$(proven "$name")"
	told "proven-delay-p99-ms-$name" "$(generated "$name" .probe_delay_ms.p99)"
	told "strangers-within-3s-$name" "$(strangers "$name")"
	told "strangers-delay-p50-ms-$name" "$(generated "$name" .stranger_delay_ms.p50)"
}

# Of all that were sent: it is not known if more than a hundredth had no answer at all.
delay_p99() {
	generated "$1" 'if .probes_answered >= 0.99 * .probes_sent then .probe_delay_ms.p99 else null end'
}

bars_slow() {
	at_least proven-answered-0.5M "$(proven sipguard-0.5M)" 0.999
	at_most proven-delay-p99-ms-0.5M "$(delay_p99 sipguard-0.5M)" 50
	at_least strangers-within-3s-0.5M "$(strangers sipguard-0.5M)" 0.99
}

# Of what came to the guard, of phones (OPTIONS) and of strangers (SUBSCRIBE), which no flood has. A
# slow machine answers late, and the strangers ask again: what counts is that each gets through.
bars_of_guard() {
	local stats=$LAB_DIR/stats-sipguard-$1.json
	# The budget of strangers; and with REGISTER the phones' own.
	at_most "flood-passed-$1" "$(jq ".methods.$2.passed.packets" "$stats")" \
		$((2 * PHONES + 50 + 1000 * TOOK))
	at_least "greylist-armed-$1" "$(jq '.events["greylist-armed"]' "$stats")" 1
	at_least "phones-passed-$1" "$(jq --slurpfile sent "$LAB_DIR/sipguard-$1.json" \
		'.methods.OPTIONS.passed.packets / $sent[0].probes_sent' "$stats")" 0.5
	at_most "phones-dropped-$1" "$(jq .methods.OPTIONS.dropped.packets "$stats")" 0
	at_least "strangers-answered-$1" \
		"$(generated "sipguard-$1" '.strangers_answered / .strangers_sent')" 0.99
}

# Near what the receiving CPU takes, and beyond it, what counts is the share of the best that can be
# done at that rate: RATE PROVEN STRANGERS
bars_of_oracle() {
	at_least "proven-of-oracle-$1" "$(ratio "$(proven "sipguard-$1")" "$(proven "oracle-$1")")" "$2"
	at_least "strangers-of-oracle-$1" \
		"$(ratio "$(strangers "sipguard-$1")" "$(strangers "oracle-$1")")" "$3"
}

scenario() {
	local method=INVITE guard rate guards rates
	[[ $SCENARIO != *register* ]] || method=REGISTER
	read -ra guards <<<"$(full_or_short "none pike oracle sipguard" sipguard)"
	read -ra rates <<<"$(full_or_short "0.5M 3M 4.5M" 20k)"
	STRANGER_METHOD=$(full_or_short OPTIONS SUBSCRIBE)
	DRAIN=$(full_or_short 1 30)
	SECONDS_EACH=$(full_or_short 10 6)
	for rate in "${rates[@]}"; do
		for guard in "${guards[@]}"; do
			flood_with "$guard" "$rate" "$method"
			told_all "$guard" "$rate"
		done
	done
	if [[ $LENGTH == short ]]; then
		bars_of_guard "${rates[0]}" "$method"
	else
		bars_slow
		bars_of_oracle 3M 0.97 0.90
		bars_of_oracle 4.5M 0.97 0.60
	fi
}
