# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# forger-names: whatever is malformed, hostile or too much, in the name of one legitimate party after
# the other: of a registered phone (its very flow), of a trunk in a zone, of an office behind NAT
# (other ports of its address), of a peer on the allow list. Nobody is banned for it. The peer and the
# office's phones lose nothing; the phone and the trunk at most while it is their name, and they are
# back two seconds later.
#
# What is sent in the name of the peer reaches the server, all of it: that is what the allow list is
# for. When that is more than the server can read, everybody behind it loses: what becomes of them is
# told, beside what the kernel dropped since the server's socket was full. A peer whose address can be
# forged belongs in a zone, as the trunk does.
#
# Sourced by scenarios.sh.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forger/forging.sh"

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

# Datagrams that came when the server's socket was full.
server_overrun() {
	# shellcheck disable=SC2016 # the fields are awk's
	lab_in server awk '$1 == "Udp:" && at { print $at }
		$1 == "Udp:" { for (i = 2; i <= NF; i++) if ($i == "RcvbufErrors") at = i }' \
		/proc/net/snmp
}

# in_name RATE NAME: what is begun while it lasts, until they should be back, and behind that are
# periods of their own, the first and the last of which are ATTACKED and AFTER.
in_name() {
	local options dropped overrun after
	read -ra options <<<"$(source_of "$2")"
	dropped=$(options_dropped)
	overrun=$(server_overrun)
	phones_next_period
	ATTACKED[$1-$2]=$PERIOD
	forge "in-name-$1-$2" "${options[@]}" --rate "$1" --count $(($1 * EACH)) \
		"$LAB_DIR/forged/"*
	told "forged-a-second-$1-$2" "$(generated "in-name-$1-$2" .rate)"
	at_most "bans-$1-$2" "$(bans true)" 0
	told "server-overrun-$1-$2" "$(($(server_overrun) - overrun))"
	# Of these two nobody loses anything, and nobody forges OPTIONS.
	[[ $2 != office && $2 != peer ]] ||
		at_most "dropped-of-parties-$1-$2" "$(($(options_dropped) - dropped))" 0
	phones_next_period
	sleep "$BACK"
	phones_next_period
	AFTER[$1-$2]=$PERIOD
	after=$(options_dropped)
	sleep "$(full_or_short 4 2)"
	at_most "dropped-afterwards-$1-$2" "$(($(options_dropped) - after))" 0
}

parties() {
	callers_at 203.0.113.0/24
	cat >"$LAB_DIR/zone.yaml" <<-END
		zones:
		  - name: trunk
		    prefixes: [$TRUNK4/32]
		    limits: {source: {rate: 2000, burst: 4000}}
	END
	guard_on "$LAB_DIR/zone.yaml"
	sipguard allow add "$PEER4/32" >>"$LAB_DIR/sipguard.log"
	phones_on phone --first "$PHONE4" --user single --renew 2-4 --options 0.1
	phones_on trunk --first "$TRUNK4" --strangers --options 0.05
	phones_on peer --first "$PEER4" --strangers --options 0.05 --t1 "$LAB_T1"
	phones_on office --first "$OFFICE4" --one-address --phones "$OFFICE_PHONES" --port 20000 \
		--user office --renew 5-10 --options 1 --t1 "$LAB_T1"
	until_true phones_are_proven $((OFFICE_PHONES + 1))
}

# bars_of RATE: the peer and the office from the first forged packet to the last period behind it.
bars_of() {
	local rate=$1 name share others=". >= ${ATTACKED[$1-phone]} and . <= ${AFTER[$1-office]}"
	for name in peer office; do
		at_least "$name-answered-$rate" "$(share "$name" at_once "$others")" 0.999
		share=$(share "$name" at_once \
			". >= ${ATTACKED[$rate-peer]} and . <= ${AFTER[$rate-peer]}")
		# What the server can read is a matter of the machine, and 100 000 a second is more.
		if [[ $LENGTH == short || $rate -gt 10000 ]]; then
			told "$name-answered-$rate-in-the-peers-name" "$share"
		else
			at_least "$name-answered-$rate-in-the-peers-name" "$share" 0.999
		fi
	done
	for name in phone trunk; do
		told "$name-answered-meanwhile-$rate" \
			"$(share "$name" at_once ". == ${ATTACKED[$rate-$name]}")"
		at_least "$name-answered-afterwards-$rate" \
			"$(kept "$name" ". == ${AFTER[$rate-$name]}")" 0.999
	done
}

scenario() {
	local rates rate name
	declare -gA ATTACKED=() AFTER=()
	EACH=$(full_or_short 5 2)
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
	for rate in "${rates[@]}"; do
		bars_of "$rate"
	done
}
