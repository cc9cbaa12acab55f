# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# operate-reload, operate-upgrade: a thousand reloads, each to another configuration, and a hundred
# upgrades, while a peer of a zone sends 200 000 packets a second. None of them is lost: each is
# judged, and by one configuration or the other, whose zones both have him.
#
# Sourced by scenarios.sh.

# shellcheck source=peer.sh
source "$SCENARIOS_SRC/operate/peer.sh"

reloads() {
	local i
	for ((i = 0; i < $1; i++)); do
		sipguard reload --config "$LAB_DIR/$((i % 2)).yaml" >/dev/null
	done
	echo "$i"
}

upgrades() {
	local i
	for ((i = 0; i < $1; i++)); do
		sipguard attach "$LAB_IF_SERVER" >/dev/null
	done
	echo "$i"
}

scenario() {
	local wanted from changed
	peer_config 0.yaml trunk
	peer_config 1.yaml carrier
	peer_ends
	guard_on "$LAB_DIR/0.yaml"
	# shellcheck disable=SC2119
	peer_begin
	from=$EPOCHREALTIME
	if [[ $SCENARIO == operate-reload ]]; then
		wanted=$(full_or_short 1000 10)
		changed=$(reloads "$wanted")
	else
		wanted=$(full_or_short 100 3)
		changed=$(upgrades "$wanted")
	fi
	told seconds "$(jq -n "$EPOCHREALTIME - $from")"
	peer_stop
	at_least "${SCENARIO#operate-}s" "$changed" "$wanted"
	peer_rows
}
