# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# operate-import: a million prefixes are put on the deny list, half of them are replaced, and replaced
# again while two senders go on: a peer who is on neither list, all of whose packets pass, and one who
# is on both, none of whose packets passes.
#
# Sourced by scenarios.sh.

# shellcheck source=peer.sh
source "$SCENARIOS_SRC/operate/peer.sh"

PREFIXES=$(full_or_short 1000000 20000)
RATE=$(full_or_short 20000 5000)
DENIED=$LAB_PROBE4

# numbers FROM TO: addresses, scattered as those of a real list. (An odd factor makes each another.)
numbers() {
	awk -v from="$1" -v to="$2" 'BEGIN {
		for (i = from; i < to; i++) {
			n = (i * 2654435761) % 1073741824
			printf "%d.%d.%d.%d\n", 20 + int(n / 16777216), int(n / 65536) % 256,
				int(n / 256) % 256, n % 256
		}
	}'
}

# import FILE: the seconds that it took.
import() {
	local from=$EPOCHREALTIME
	sipguard deny import "$LAB_DIR/$1" --name big --replace >>"$LAB_DIR/sipguard.log"
	jq -n "$EPOCHREALTIME - $from"
}

denied_dropped() {
	guard_counted '.reasons["deny-list"].dropped.packets'
}

drops() {
	[[ $(denied_dropped) -gt 10 ]]
}

scenario() {
	{ numbers 0 "$PREFIXES"; echo "$DENIED"; } >"$LAB_DIR/old"
	{ numbers $((PREFIXES / 2)) $((PREFIXES * 3 / 2)); echo "$DENIED"; } >"$LAB_DIR/new"
	peer_config 0.yaml trunk
	peer_ends
	guard_on "$LAB_DIR/0.yaml"
	fast import-seconds "$(import old)" 10
	told replace-half-seconds "$(import new)"
	peer_begin --probes "$DENIED" --probe-rate "$((RATE / 10))"
	until_true drops
	told replace-half-in-traffic-seconds "$(import old)"
	peer_stop
	at_least listed "$(sipguard deny lists --json | jq '.lists[0].prefixes // 0')" "$PREFIXES"
	at_least denied-dropped "$(denied_dropped)" 100
	at_most denied-but-passed "$(arrived others)" 0
	told packets "$(generated peer .flood_sent)"
	at_most peer-not-arrived $(($(generated peer .accepted) - $(generated peer .probes_sent) \
		- ARRIVED)) 0
}
