# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What the scenarios of operating share: a peer who may send as much as he likes, all of whose packets
# have to arrive, whatever is done to the guard meanwhile. Three count them, of which no one knows the
# others: the generator (what the interface took), the guard, and the packet filter behind it, where
# they end. Sourced by them.

PEER=$LAB_FLOOD4
# More than the bar speaks of: the commands that are tried take some of the generator's CPU.
RATE=$(full_or_short 240000 5000)

# On any CPU: the generator has one of them to itself, all but a little.
sipguard() {
	lab_in server taskset -c "$LAB_CPU_FLOOD,$LAB_CPU_SERVER" "$SIPGUARD" "$@"
}

# peer_config FILE NAME: a configuration with a zone for the peer. Limits that nobody reaches.
peer_config() {
	local much='{rate: 1000000, burst: 1000000}'
	cat >"$LAB_DIR/$1" <<-END
		zones:
		  - name: $2
		    prefixes: [$PEER/32]
		    limits: {source: $much, options: $much}
	END
}

# They end here: nobody answers, and no server is what is measured.
peer_ends() {
	lab_in server nft -f - <<-END
		table inet sg_peer {
			counter peer {
			}
			counter others {
			}
			chain input {
				type filter hook prerouting priority -300; policy accept;
				ip saddr $PEER udp dport 5060 counter name peer drop
				udp dport 5060 counter name others drop
			}
		}
	END
}

# arrived peer|others
arrived() {
	lab_in server nft -j list counter inet sg_peer "$1" |
		jq '.nftables[] | select(.counter) | .counter.packets'
}

judged() {
	guard_counted '[.classes[][].packets] | add'
}

# end PID: of what runs in a namespace in the background; it says what it has to say.
end() {
	pkill -TERM -P "$1" || true
	wait "$1" || true
}

peer_begin() {
	JUDGED=$(judged)
	ARRIVED=$(arrived peer)
	lab_in client nice -n -10 "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --cpu "$LAB_CPU_FLOOD" --json --method OPTIONS \
		--source "$PEER" --rate "$RATE" --queue 2048 --seconds 36000 --drain 0 "$@" \
		>"$LAB_DIR/peer.json" &
	PEER_PID=$!
	until_true peer_sends
}

peer_sends() {
	[[ $(judged) -gt $JUDGED ]]
}

all_judged() {
	[[ $(($(judged) - JUDGED)) -ge $(generated peer .accepted) ]]
}

peer_stop() {
	end "$PEER_PID"
	until_true all_judged
	JUDGED=$(($(judged) - JUDGED))
	ARRIVED=$(($(arrived peer) - ARRIVED))
}

# The rows of what he sent since peer_begin.
peer_rows() {
	local accepted
	accepted=$(generated peer .accepted)
	told packets "$accepted"
	fast_enough
	at_most not-judged $((accepted - JUDGED)) 0
	at_most not-arrived $((accepted - ARRIVED)) 0
	at_most dropped "$(guard_counted '[.classes[].dropped.packets] | add')" 0
}

# 200 000 packets a second, in the full form.
fast_enough() {
	local mpps
	mpps=$(generated peer .mpps)
	if [[ $LENGTH == short ]]; then
		told mpps "$mpps"
	else
		at_least mpps "$mpps" 0.2
	fi
}
