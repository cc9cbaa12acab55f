# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-acks: strangers send ACKs that the server relays to where their Route and Request-URI say:
# a million flows, first as fast as the guard lets them through, then flat out. None of these flows
# is proven by that, the phones that have registered stay what they are, and a flood of INVITEs from
# those very flows is dropped as it was before.
#
# Sourced by scenarios.sh.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forger/forging.sh"
# For its phones.
# shellcheck source=../spoofed-flood.sh
source "$SCENARIOS_SRC/spoofed-flood.sh"

# Below the budget of strangers; each is sent twice, a second later, or the greylist would not let it
# in once anything has armed it.
PACED_RATE=900
TARGET_PORT=5060

# acks NAME FIRST COUNT [OPTION...]
acks() {
	local name=$1 first=$2 count=$3
	shift 3
	forge "$name" --from "$FORGED_PREFIX4" --targets "$LAB_FLOOD_PREFIX4" --first "$first" \
		--count "$count" "$@" "$LAB_DIR/ack"
}

# flood_from_targets NAME: from the first of them; the phones are the generator's probes.
flood_from_targets() {
	local passed options dropped took=$SECONDS
	passed=$(guard_counted .methods.INVITE.passed.packets)
	options=$(guard_counted .methods.OPTIONS.passed.packets)
	dropped=$(options_dropped)
	generate "$1" --method INVITE --random "$LAB_FLOOD_PREFIX4" --sport "$TARGET_PORT" \
		--rate "$(full_or_short 500000 20000)" "${SHAPE[@]}" --seconds "$EACH" \
		--probes "$PHONES_FIRST" --probe-sources "$PHONES" --probe-rate "$PROBE_RATE" \
		--drain "$(full_or_short 1 30)"
	told "flood-sent-$1" "$(generated "$1" .flood_sent)"
	# The budget of strangers.
	at_most "flood-passed-$1" "$(($(guard_counted .methods.INVITE.passed.packets) - passed))" \
		$((50 + 1000 * (SECONDS - took + 1)))
	at_most "phones-dropped-$1" "$(($(options_dropped) - dropped))" 0
	if [[ $LENGTH == short ]]; then
		# Before the guard a slow machine loses some at its interface.
		options=$(($(guard_counted .methods.OPTIONS.passed.packets) - options))
		at_least "phones-passed-$1" "$(ratio "$options" "$(generated "$1" .probes_sent)")" 0.5
	else
		at_least "phones-answered-$1" \
			"$(generated "$1" '.probes_answered / .probes_sent')" 0.999
	fi
}

# What the server has sent.
server_sent() {
	lab_sysfs server cat "/sys/class/net/$LAB_IF_SERVER/statistics/tx_packets"
}

scenario() {
	local count paced least sent
	PHONES=$(full_or_short 250 20)
	PROBE_RATE=$(full_or_short 500 100)
	EACH=$(full_or_short 10 3)
	count=$(full_or_short 1000000 2000)
	paced=$(full_or_short 90000 1500)
	lab_relayed_ack @T@ @A@:@P@ >"$LAB_DIR/ack"
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on
	phones_register
	at_least phones-proven "$(proven_flows)" "$PHONES"
	[[ $LENGTH == short ]] || flood_from_targets before

	least=$(full_or_short $((paced / 2)) 50)
	sent=$(server_sent)
	acks paced 0 $((2 * paced)) --rate $((2 * PACED_RATE)) --again "$PACED_RATE"
	acks flat "$paced" $((count - paced))
	told acks-sent "$count"
	told acks-a-second-flat "$(generated flat .rate)"
	at_least acks-passed "$(guard_counted .methods.ACK.passed.packets)" "$least"
	at_least acks-relayed "$(($(server_sent) - sent))" "$least"
	at_most proven-beyond-phones "$(($(proven_flows) - PHONES))" 0
	flood_from_targets after
	at_least phones-still-proven "$(proven_flows)" "$PHONES"
	at_most bans "$(bans true)" 0
}
