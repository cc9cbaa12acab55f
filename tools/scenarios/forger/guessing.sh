# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# What the scenarios of guessers share. Sourced by the others here.

# shellcheck source=forging.sh
source "$SCENARIOS_SRC/forger/forging.sh"

GUESS=$BUILD/tools/guess
# Whose OPTIONS tell how far the server is; on the allow list.
FENCE4=203.0.113.90

fence_up() {
	sipguard allow add "$FENCE4/32" >>"$LAB_DIR/sipguard.log"
}

# guess NAME ADDRESS OPTION...: leaves what the server told in $LAB_DIR/NAME.json.
guess() {
	local name=$1 address=$2
	shift 2
	lab_wait_in client taskset -c "$LAB_CPU_FLOOD" "$GUESS" --server "$LAB_SERVER4" \
		--from "$address" --fence "$FENCE4" "$@" >"$LAB_DIR/$name.json"
}

# not_yet METRIC VALUE BAR: as at_most, of what the guard does not hold: `make scenarios` says so, the
# tests go on. Of a user who is known from the source wrong passwords do not count if their nonce was
# told to that source and to others, as Kamailio tells all the same one within a second: anybody
# could send them.
not_yet() {
	fast "$@"
}

# From here on the server has a nonce for each challenge, and has forgotten who is registered.
server_counts_nonces() {
	server_stop
	server_start WITH_PHONES WITH_NONCE_COUNT "PASSWORD=\"$PASSWORD\""
}

# What was refused since it guessed, and what a limit refused.
guesses_refused() {
	guard_counted '(.reasons["auth-failure"].dropped.packets + .reasons.enumeration.dropped.packets)'
}

limits_refused() {
	guard_counted '([.reasons | to_entries[] | select((.key | startswith("limit-")) or
		.key == "unlisted-budget") | .value.dropped.packets] | add)'
}
