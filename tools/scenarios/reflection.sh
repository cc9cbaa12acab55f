# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# reflection: INVITEs that bear the address of a victim. The server answers each several times over
# (100, 180, 200, and the 200 again and again for 32 s, since no ACK comes). What goes to the victim
# stays below the cap on replies to a destination that has proven nothing; once with the default
# configuration, and once with limits so wide that only the cap can hold it back.
#
# Sourced by scenarios.sh.

VICTIM4=203.0.113.77
# The cap's defaults, packets a second and at once; and over the time that the server goes on.
CAP_RATE=100
CAP_BURST=400

victim_counter() {
	lab_in client nft -f - <<-END
		table netdev sg_victim {
			counter victim {
			}
			chain ingress {
				type filter hook ingress device $LAB_IF_CLIENT priority 0;
				ip daddr $VICTIM4 counter name victim
			}
		}
	END
}

# To the generator, while it runs, and to the victim.
victim_packets() {
	local later
	later=$(lab_in client nft -j list counter netdev sg_victim victim |
		jq '.nftables[].counter? // empty | .packets')
	lab_in client nft delete table netdev sg_victim
	echo $((later + $(generated "$1" .flood_answers)))
}

# reflect NAME: leaves in START when it began.
reflect() {
	START=$SECONDS
	victim_counter
	generate "$1" --method INVITE --source "$VICTIM4" --rate 2000 --count "$INVITES" \
		--seconds "$PATIENCE"
	sleep "$WAIT"
}

# What the cap lets through in the time that it took, until now; said after what came was counted.
cap() {
	echo $((CAP_BURST + CAP_RATE * (SECONDS - START + 1)))
}

wide_limits() {
	cat <<-END
		limits:
		  source: {rate: 1000000, burst: 1000000}
		  invite: {rate: 1000000, burst: 1000000}
		flow-limits:
		  source: {rate: 1000000, burst: 1000000}
		  invite: {rate: 1000000, burst: 1000000}
		totals:
		  unlisted-total: {rate: 1000000, burst: 1000000}
	END
}

scenario() {
	INVITES=$(full_or_short 10000 2000)
	WAIT=$(full_or_short 33 2)
	if [[ $LENGTH == full ]]; then
		server_start
		reflect none
		told packets-to-victim-none "$(victim_packets none)"
		server_stop
	fi

	server_start
	guard_on
	reflect default
	at_most packets-to-victim "$(some "$(victim_packets default)")" \
		"$(cap)"
	guard_off
	server_stop

	server_start
	wide_limits >"$LAB_DIR/wide.yaml"
	guard_on "$LAB_DIR/wide.yaml"
	reflect wide
	at_most packets-to-victim-wide-limits "$(some "$(victim_packets wide)")" \
		"$(cap)"
}
