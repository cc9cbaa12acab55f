# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-syn-flood: SYNs from random sources to a server that listens on TCP, too. Phones that nobody
# knows are answered over UDP as if there was nothing, and connect by TCP as fast as without a guard.
#
# Sourced by scenarios.sh.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forger/forging.sh"

SYN_RATE=20000
# Beside the generator's strangers.
CONNECTING_PREFIX=100.64.128.0/17
CONNECTING_FIRST=100.64.128.1
CONNECT_RATE=20
STRANGER_RATE=20

# syn_flood_with GUARD
syn_flood_with() {
	local forger strangers
	forge "syns-$1" --syn --from "$LAB_FLOOD_PREFIX4" --rate "$SYN_RATE" \
		--count $((SYN_RATE * (EACH + 6))) &
	forger=$!
	sleep 1
	# No new ones in its last four seconds.
	generate "strangers-$1" --rate 0 --strangers "$STRANGERS4" --stranger-rate "$STRANGER_RATE" \
		--seconds $((EACH + 4)) --drain "$(full_or_short 1 30)" &
	strangers=$!
	lab_wait_in client nice -n -10 "$BUILD/tools/connects" "$CONNECTING_FIRST" \
		"$LAB_SERVER4" $((CONNECT_RATE * EACH)) "$CONNECT_RATE" "$(full_or_short 10 "$PATIENCE")" \
		>"$LAB_DIR/connects-$1.json"
	wait "$strangers"
	wait "$forger"
}

told_of() {
	told "syns-a-second-$1" "$(generated "syns-$1" .rate)"
	told "connect-ms-p50-$1" "$(generated "connects-$1" .p50_ms)"
	told "connect-ms-p95-$1" "$(generated "connects-$1" .p95_ms)"
	told "connected-$1" "$(generated "connects-$1" '.connected / .asked')"
	told "strangers-within-3s-$1" "$(generated "strangers-$1" \
		'.strangers_answered_within_3s / .strangers_sent')"
}

scenario() {
	EACH=$(full_or_short 30 4)
	callers_at "$CONNECTING_PREFIX"
	server_start
	syn_flood_with none
	told_of none
	guard_on
	syn_flood_with sipguard
	told_of sipguard
	told dropped "$(guard_objections)"
	told connect-p50-of-none "$(ratio "$(generated connects-sipguard .p50_ms)" \
		"$(generated connects-none .p50_ms)")"
	told connect-p95-of-none "$(ratio "$(generated connects-sipguard .p95_ms)" \
		"$(generated connects-none .p95_ms)")"
	at_least connected "$(generated connects-sipguard '.connected / .asked')" 1
	# What the noise of the machine may be.
	fast connect-ms-p95 "$(generated connects-sipguard .p95_ms)" \
		"$(generated connects-none '.p95_ms + 20')"
	at_least strangers-answered "$(generated strangers-sipguard \
		".strangers_answered$(full_or_short _within_3s "") / .strangers_sent")" 0.99
}
