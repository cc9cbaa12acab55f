# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-names: whatever is malformed, hostile or too much, in the name of one legitimate party after
# the other: of a registered phone (its very flow), of a trunk in a zone, of a peer on the allow list,
# of an office behind NAT (other ports of its address). Nobody is banned for it. The peer and the
# office's phones lose nothing; the phone and the trunk at most while it is their name, and they are
# back two seconds later.
#
# Sourced by scenarios.sh.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forging.sh"

PHONE4=203.0.113.20
TRUNK4=203.0.113.30
PEER4=203.0.113.40
OFFICE4=203.0.113.50
OFFICE_PHONES=20
BACK=2
# Who is forged, in this order.
NAMES=(phone trunk office peer)

messages() {
	local at=$LAB_DIR/forged
	mkdir -p "$at"
	forged_request INVITE >"$at/invite"
	forged_request REGISTER >"$at/register"
	forged_request INVITE friendly-scanner >"$at/scanner"
	forged_request INVITE | sed '/^To:/d' >"$at/malformed"
	head -c 300 /dev/urandom | tr '@\n' '##' >"$at/garbage"
}

# source_of NAME: as options of the forger.
source_of() {
	case $1 in
	phone) echo --from "$PHONE4" --port 5060 ;;
	trunk) echo --from "$TRUNK4" --port 5060 ;;
	peer) echo --from "$PEER4" --port 5060 ;;
	office) echo --from "$OFFICE4" --port 30000-65535 ;;
	esac
}

# in_name RATE NAME: while it lasts, until they should be back, and behind that are periods of their
# own: ATTACKED, AFTER.
in_name() {
	local options
	read -ra options <<<"$(source_of "$2")"
	phones_next_period
	ATTACKED[$1-$2]=$PERIOD
	forge "in-name-$1-$2" "${options[@]}" --rate "$1" --count $(($1 * EACH)) \
		"$LAB_DIR/forged/"*
	told "forged-a-second-$1-$2" "$(generated "in-name-$1-$2" .rate)"
	at_most "bans-$1-$2" "$(bans true)" 0
	phones_next_period
	sleep "$BACK"
	phones_next_period
	AFTER[$1-$2]=$PERIOD
	sleep "$(full_or_short 4 2)"
}

parties() {
	local late=()
	callers_at 203.0.113.0/24
	cat >"$LAB_DIR/zone.yaml" <<-END
		zones:
		  - name: trunk
		    prefixes: [$TRUNK4/32]
		    limits: {source: {rate: 2000, burst: 4000}}
	END
	guard_on "$LAB_DIR/zone.yaml"
	sipguard allow add "$PEER4/32" >>"$LAB_DIR/sipguard.log"
	late=(--t1 "$LAB_T1")
	phones_on phone --first "$PHONE4" --user single --renew 2-4 --options 0.1
	phones_on trunk --first "$TRUNK4" --strangers --options 0.05
	phones_on peer --first "$PEER4" --strangers --options 0.05 "${late[@]}"
	phones_on office --first "$OFFICE4" --one-address --phones "$OFFICE_PHONES" --port 20000 \
		--user office --renew 5-10 --options 1 "${late[@]}"
	until_true phones_are_proven $((OFFICE_PHONES + 1))
}

# What each of them has lost: the peer and the office in all periods.
bars() {
	local rate name
	at_least peer-answered "$(share peer at_once "$NOT_FLOODED")" 0.999
	at_least office-answered "$(share office at_once "$NOT_FLOODED")" 0.999
	for rate in "$@"; do
		for name in phone trunk; do
			told "$name-answered-meanwhile-$rate" \
				"$(share "$name" at_once ". == ${ATTACKED[$rate-$name]}")"
			at_least "$name-answered-afterwards-$rate" \
				"$(kept "$name" ". == ${AFTER[$rate-$name]}")" 0.999
		done
	done
}

scenario() {
	local rates rate name
	declare -gA ATTACKED=() AFTER=()
	EACH=$(full_or_short 5 2)
	NOT_FLOODED='. > 0'
	read -ra rates <<<"$(full_or_short "1000 10000 100000" 2000)"
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	messages
	parties
	for rate in "${rates[@]}"; do
		for name in "${NAMES[@]}"; do
			in_name "$rate" "$name"
		done
	done
	at_least proven-to-the-end "$(proven_flows)" $((OFFICE_PHONES + 1))
	phones_off
	bars "${rates[@]}"
}
