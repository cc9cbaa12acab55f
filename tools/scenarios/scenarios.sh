#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make scenarios: what callers notice while their server is attacked, with real SIP software; and
# what packets notice while the guard is operated (operate-NAME).
#
#   scenarios.sh               all of them, into build/scenarios.json and build/operate.json, and a
#                              table
#   scenarios.sh NAME...       these
#   scenarios.sh --rows NAME   one of them, its rows on standard output: a line of JSON for each
#
# Environment:
#   SCENARIOS="NAME ..."       as NAME...
#   SCENARIO_LENGTH=short      the form that the tests run
#   SCENARIOS_JSON=FILE        instead of build/scenarios.json; operate.json is beside it
#   SCENARIOS_LOGS=DIRECTORY   keeps there what SIPp, Kamailio, the generator and the guard said
#
# A scenario is a function in the file of its name, forger-NAME in forger/NAME.sh, which prints its
# rows. operate-soak, which takes two hours, is only run by its name. Each has a lab of its own and ends with it.

# shellcheck source-path=SCRIPTDIR

set -euo pipefail

SCENARIOS_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
source "$SCENARIOS_SRC/common.sh"

# In the order of the cost: what is quick first.
ALL=(brute-force enumeration scanner reflection hoard nat-office carrier
	spoofed-invite-flood spoofed-register-flood
	forger-pbx forger-keepalive forger-syn-flood forger-names forger-acks forger-register-flood
	forger-guesser forger-enumeration forger-proxy forger-branches forger-clients
	operate-reload operate-import operate-events operate-kill operate-upgrade)
BY_NAME=(operate-soak)
JSON=${SCENARIOS_JSON:-$LAB_ROOT/build/scenarios.json}

scenario_exists() {
	local name
	for name in "${ALL[@]}" "${BY_NAME[@]}"; do
		[[ $name != "$1" ]] || return 0
	done
	lab_die "there is no scenario $1; there are: ${ALL[*]} ${BY_NAME[*]}."
}

# What a scenario says besides its rows is for people.
scenario_rows() {
	SCENARIO=$1
	scenario_exists "$1"
	scenario_up
	trap scenario_ended EXIT
	# shellcheck source=/dev/null
	source "$SCENARIOS_SRC/$(scenario_file "$1")"
	scenario
}

scenario_ended() {
	[[ -z ${SCENARIOS_LOGS:-} || ! -d $LAB_DIR ]] ||
		tar -C "$LAB_DIR" --exclude=./bpf -cf "$SCENARIOS_LOGS/$SCENARIO.tar" . || true
	lab_down
}

# Two scenarios differ by a word only.
scenario_file() {
	case $1 in
	spoofed-*) echo spoofed-flood.sh ;;
	forger-*) echo "forger/${1#forger-}.sh" ;;
	operate-reload | operate-upgrade) echo operate/change.sh ;;
	operate-*) echo "operate/${1#operate-}.sh" ;;
	*) echo "$1.sh" ;;
	esac
}

# write_json ROWS FILTER FILE: those of a kind; a run without any leaves the file as it is.
write_json() {
	local found
	found=$(jq -s "map(select(.name | $2))" "$1")
	[[ $found == "[]" ]] || echo "$found" >"$3"
}

scenarios() {
	local name rows status passed
	rows=$(mktemp)
	for name in "$@"; do
		scenario_exists "$name"
	done
	for name in "$@"; do
		[[ ! -t 2 ]] || printf '%s ...\n' "$name" >&2
		status=0
		# Not "if ! ...": a scenario stops at the first command that fails.
		"${BASH_SOURCE[0]}" --rows "$name" >>"$rows" || status=$?
		[[ $status -eq 0 ]] || SCENARIO=$name row ran-to-its-end 0 1 false >>"$rows"
	done
	write_json "$rows" 'startswith("operate-") | not' "$JSON"
	write_json "$rows" 'startswith("operate-")' "$(dirname "$JSON")/operate.json"
	jq -rs -f "$SCENARIOS_SRC/table.jq" "$rows" | column -t -s $'\t'
	passed=$(jq -s 'all(.pass)' "$rows")
	rm -f "$rows"
	[[ $passed == true ]]
}

main() {
	local names=()
	lab_need_root
	need_built
	if [[ ${1:-} == --rows ]]; then
		scenario_rows "${2:-}"
		return
	fi
	read -ra names <<<"${SCENARIOS:-${ALL[*]}}"
	[[ $# -eq 0 ]] || names=("$@")
	scenarios "${names[@]}"
}

main "$@"
