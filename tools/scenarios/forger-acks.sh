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
source "$SCENARIOS_SRC/forging.sh"
# For its phones.
# shellcheck source=spoofed-flood.sh
source "$SCENARIOS_SRC/spoofed-flood.sh"

# Below the budget of strangers.
PACED_RATE=900
TARGET_PORT=5060

ack() {
	cat <<-END
		ACK sip:x@@T@ SIP/2.0
		Via: SIP/2.0/UDP @A@:@P@;branch=z9hG4bKack-@N@
		Route: <sip:$LAB_SERVER4:5060;lr>
		From: <sip:mallory@$LAB_SERVER4>;tag=1
		To: <sip:x@$LAB_SERVER4>;tag=2
		Call-ID: @N@@mallory
		CSeq: 1 ACK
		Max-Forwards: 70
		Content-Length: 0

	END
}

# acks NAME FIRST COUNT [OPTION...]
acks() {
	local name=$1 first=$2 count=$3
	shift 3
	forge "$name" --from "$FORGED_PREFIX4" --targets "$LAB_FLOOD_PREFIX4" --first "$first" \
		--count "$count" "$@" "$LAB_DIR/ack"
}

# flood_after NAME: of the first million; the phones are the generator's probes.
flood_from_targets() {
	local before took=$SECONDS
	before=$(guard_counted .methods.INVITE.passed.packets)
	generate "$1" --method INVITE --random "$LAB_FLOOD_PREFIX4" --sport "$TARGET_PORT" \
		--rate "$(full_or_short 500000 20000)" "${SHAPE[@]}" --seconds "$EACH" \
		--probes "$PHONES_FIRST" --probe-sources "$PHONES" --probe-rate "$PROBE_RATE" \
		--drain "$(full_or_short 1 30)"
	told "flood-sent-$1" "$(generated "$1" .flood_sent)"
	# The budget of strangers.
	at_most "flood-passed-$1" "$(($(guard_counted .methods.INVITE.passed.packets) - before))" \
		$((50 + 1000 * (SECONDS - took + 1)))
	at_least "phones-answered-$1" "$(generated "$1" '.probes_answered / .probes_sent')" 0.999
}

scenario() {
	local count paced
	PHONES=$(full_or_short 250 20)
	PROBE_RATE=$(full_or_short 500 100)
	EACH=$(full_or_short 10 3)
	count=$(full_or_short 1000000 2000)
	paced=$(full_or_short 90000 1500)
	ack >"$LAB_DIR/ack"
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on
	phones_register
	at_least phones-proven "$(proven_flows)" "$PHONES"
	if [[ $LENGTH == full ]]; then
		flood_from_targets before
		# Until the greylist that it armed lets strangers in again.
		sleep 15
	fi

	acks paced 0 "$paced" --rate "$PACED_RATE"
	acks flat "$paced" $((count - paced))
	told acks-sent "$count"
	told acks-a-second-flat "$(generated flat .rate)"
	at_least acks-passed "$(guard_counted .methods.ACK.passed.packets)" $((paced / 2))
	at_most proven-beyond-phones "$(($(proven_flows) - PHONES))" 0
	flood_from_targets after
	at_least phones-still-proven "$(proven_flows)" "$PHONES"
	at_most bans "$(bans true)" 0
}
