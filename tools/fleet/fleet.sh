#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make fleet: what guards tell each other by a real cluster of NATS, how soon, what survives, and
# what members can do to each other; and what routers do when they are asked.
#
#   fleet.sh               all scenarios, into build/fleet.json, and a table
#   fleet.sh NAME...       these
#   fleet.sh --rows NAME   one of them, its rows on standard output: a line of JSON for each
#   fleet.sh shell         servers and two members, to try things by hand
#
# Environment:
#   FLEET="NAME ..."       as NAME...
#   FLEET_LENGTH=short     the form that the tests run
#   FLEET_JSON=FILE        instead of build/fleet.json
#   FLEET_LOGS=DIRECTORY   keeps there what servers, agents and guards said
#   FLEET_AGENT=COMMAND    instead of the command's own agent; it is given a file
#
# A scenario is a function in the file of its name, which prints its rows. Each has a fleet of its
# own and ends with it.

# shellcheck source-path=SCRIPTDIR

set -euo pipefail

FLEET_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SCENARIOS_SRC=$FLEET_SRC/../scenarios
# shellcheck disable=SC2034 # for common.sh
SCENARIO_LENGTH=${FLEET_LENGTH:-full}
# shellcheck source=../scenarios/common.sh
source "$SCENARIOS_SRC/common.sh"
# shellcheck source=nats.sh
source "$FLEET_SRC/nats.sh"
# shellcheck source=hosts.sh
source "$FLEET_SRC/hosts.sh"

ALL=(nothing travel members newcomer split restored failover upstream)
JSON=${FLEET_JSON:-$LAB_ROOT/build/fleet.json}

fleet_need() {
	local file pair
	for pair in nats-server:nats-server openssl:openssl curl:curl jq:jq; do
		command -v "${pair%%:*}" >/dev/null ||
			lab_die "${pair%%:*} is missing: apt-get install ${pair#*:}."
	done
	for file in "$SIPGUARD" "$PROGRAMS"/{banner,judge,seer,liar}; do
		[[ -x $file ]] || lab_die "$file is not built: run \"make fleet\"."
	done
}

scenario_exists() {
	local name
	for name in "${ALL[@]}"; do
		[[ $name != "$1" ]] || return 0
	done
	lab_die "there is no scenario $1; there are: ${ALL[*]}."
}

# What a scenario says besides its rows is for people.
fleet_rows() {
	SCENARIO=$1
	scenario_exists "$1"
	# This one has a lab of another kind.
	[[ $1 != upstream ]] || exec "$FLEET_SRC/upstream.sh" --rows
	fleet_up
	trap fleet_ended EXIT
	# shellcheck source=/dev/null
	source "$FLEET_SRC/$1.sh"
	scenario
}

fleet_ended() {
	local status=$?
	if [[ -n ${FLEET_LOGS:-} && -d $FLEET_DIR ]]; then
		tar -C "$FLEET_DIR" --exclude=./bpf --exclude=./certificates --exclude='./nats?' \
			-cf "$FLEET_LOGS/fleet-$SCENARIO.tar" . || true
	fi
	fleet_down || true
	exit "$status"
}

fleet_run() {
	local name rows status passed
	rows=$(mktemp)
	# shellcheck disable=SC2064 # this file
	trap "rm -f '$rows'" EXIT
	for name in "$@"; do
		scenario_exists "$name"
	done
	for name in "$@"; do
		[[ ! -t 2 ]] || printf '%s ...\n' "$name" >&2
		status=0
		"${BASH_SOURCE[0]}" --rows "$name" >>"$rows" || status=$?
		# Somebody wants it to end, and all of it.
		[[ $status -lt 128 ]] || exit "$status"
		[[ $status -eq 0 ]] || SCENARIO=$name row ran-to-its-end 0 1 false >>"$rows"
	done
	jq -s . "$rows" >"$JSON"
	jq -rs -f "$SCENARIOS_SRC/table.jq" "$rows" | column -t -s $'\t'
	passed=$(jq -s 'all(.pass)' "$rows")
	[[ $passed == true ]]
}

fleet_shell() {
	fleet_up
	fleet_nats_up edge1 edge2
	fleet_setup
	for number in 1 2; do
		member_up "edge$number" "$number"
		guard_up "edge$number"
		agent_config "edge$number"
		agent_start "edge$number"
	done
	echo "Servers nats1 to nats3, members edge1 and edge2, files and logs in $FLEET_DIR."
	echo "Try: guard edge1 ban 198.51.100.9 --for 1m; guard edge2 bans; fleet_nats_stop 2 KILL"
	cat >"$FLEET_DIR/rc" <<END
SCENARIOS_SRC=$SCENARIOS_SRC
source "$SCENARIOS_SRC/common.sh"
source "$FLEET_SRC/nats.sh"
source "$FLEET_SRC/hosts.sh"
set +eu +o pipefail
fleet_use "$FLEET_DIR"
PS1='(sipguard fleet) \\w # '
END
	bash --rcfile "$FLEET_DIR/rc" -i || true
}

main() {
	local names=()
	lab_need_root
	fleet_need
	case ${1:-} in
	--rows)
		fleet_rows "${2:-}"
		return
		;;
	shell)
		fleet_shell
		return
		;;
	esac
	read -ra names <<<"${FLEET:-${ALL[*]}}"
	[[ $# -eq 0 ]] || names=("$@")
	fleet_run "${names[@]}"
}

main "$@"
