#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make assess: threats, what is to be held against each, and whether it is, with real SIP software:
# each attack is made once without the guard and once with it, beside callers who must not notice.
#
#   assess.sh            all rows, into build/assessment.json and build/assessment.md
#   assess.sh NAME...    these, to standard output as JSON
#
# Exit status: 0 if all of them pass.
#
# A row is a function row_NAME in one of the files of rows/, which says what it is about (about),
# the configuration (policy), how the attack is made (attack NAME ...: prints how many tries got
# through) and who else calls (callers NAME ...: prints how many were lost).

# shellcheck source-path=SCRIPTDIR

set -euo pipefail

ASSESS_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lab/lab.sh
source "$ASSESS_SRC/../lab/lab.sh"

BUILD=$LAB_ROOT/build
SIPGUARD=$BUILD/sipguard
# Nothing here is to be faster than any machine: only what is lost is sent again.
# shellcheck disable=SC2034 # for the lab
{
LAB_T1=30000
LAB_PATIENCE=120
}

# shellcheck source=traffic.sh
source "$ASSESS_SRC/traffic.sh"
# shellcheck source=../scenarios/clients/registrars.sh
source "$ASSESS_SRC/../scenarios/clients/registrars.sh"
# For those registrars.
# shellcheck disable=SC2034
{
CLIENTS=()
PASSWORD=secret
LAB_CPU_SERVER=
}
until_true() {
	lab_until "$@"
}
ejabberd_anew() {
	rm -rf "$LAB_DIR/ejabberd" "$LAB_DIR/ejabberd.log"
	ejabberd_registrar_on
}

for file in "$ASSESS_SRC"/rows/*.sh; do
	# shellcheck source=/dev/null
	source "$file"
done

# --- what a row says

# about THREAT OBJECTIVE TARGET METHOD
about() {
	THREAT=$1 OBJECTIVE=$2 TARGET=$3 METHOD=$4
}

# The configuration of the guard, from standard input; without it the default one. It enforces.
policy() {
	cat >"$LAB_DIR/policy.yaml"
	POLICY=(--config "$LAB_DIR/policy.yaml")
}

# attack TRIES MOST COMMAND...: it prints how many of TRIES got through. Without the guard one does
# at least, with it MOST at most.
attack() {
	TRIES=$1 MOST=$2
	ATTACK=("${@:3}")
}

# callers N COMMAND...: it prints how many of N were lost.
callers() {
	CALLERS=$1
	CALL=("${@:2}")
}

# server COMMAND...: what starts the target, if that is not Kamailio as it is.
server() {
	SERVER=("$@")
}

# --- making it

sipguard() {
	lab_in server "$SIPGUARD" "$@"
}

# half off|on: makes the attack and the calls, each result in a file.
half() {
	"${SERVER[@]}"
	if [[ $1 == on ]]; then
		sipguard attach "$LAB_IF_SERVER" --enforce "${POLICY[@]}" >>"$LAB_DIR/sipguard.log"
	fi
	"${ATTACK[@]}" >"$LAB_DIR/through.$1"
	"${CALL[@]}" >"$LAB_DIR/lost.$1"
	lab_kamailio_stop
	lab_end_processes "$LAB_NS_SERVER"
}

# The row as JSON.
result() {
	local off on lost
	off=$(<"$LAB_DIR/through.off") on=$(<"$LAB_DIR/through.on")
	lost=$(($(<"$LAB_DIR/lost.off") + $(<"$LAB_DIR/lost.on")))
	jq -cn --arg threat "$THREAT" --arg objective "$OBJECTIVE" --arg target "$TARGET" \
		--arg method "$METHOD" --argjson off "$off" --argjson on "$on" --argjson lost "$lost" \
		--argjson tries "$TRIES" --argjson most "$MOST" --argjson callers "$CALLERS" '{
			threat: $threat, objective: $objective, target: $target, method: $method,
			off: "\($off) of \($tries) got through", on: "\($on) of \($tries) got through",
			legitimate: (2 * $callers), legitimate_lost: $lost,
			pass: ($off > 0 and $on <= $most and $lost == 0)
		}'
}

# Why a row stopped early is in its logs.
end_row() {
	local status=$?
	[[ $status -eq 0 || ! -d $LAB_DIR ]] || tail -n 5 "$LAB_DIR"/*.log >&2
	lab_down
	return "$status"
}

# What a row says besides its result is for people.
row() {
	lab_need_root
	lab_up
	trap end_row EXIT
	SERVER=(lab_kamailio_start)
	POLICY=()
	"row_$1"
	half off
	half on
	result
}

rows() {
	declare -F | sed -n 's/^declare -f row_//p'
}

# A row that stops early has failed; what it said is on standard error.
failed_row() {
	jq -cn --arg threat "$1" '{threat: $threat, objective: "", target: "", method: "", off: "",
		on: "the row stopped early", legitimate: 0, legitimate_lost: 0, pass: false}'
}

all_rows() {
	local name
	for name in "$@"; do
		[[ ! -t 2 ]] || printf '%s ...\n' "$name" >&2
		# A lab for each; not "if ! ...": a row stops at the first command that fails.
		"${BASH_SOURCE[0]}" --row "$name" || failed_row "$name"
	done
}

# What a mistyped name would make is no row that has failed.
need_rows() {
	local name
	for name in "$@"; do
		declare -F "row_$name" >/dev/null ||
			lab_die "there is no row $name; there are: $(rows | paste -sd' ')."
	done
}

main() {
	local names table
	[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
	if [[ ${1:-} == --row ]]; then
		row "$2"
		return
	fi
	if [[ $# -gt 0 ]]; then
		need_rows "$@"
		table=$(all_rows "$@" | jq -s .)
		printf '%s\n' "$table"
		jq -e 'all(.pass)' <<<"$table" >/dev/null
		return
	fi
	mapfile -t names < <(rows)
	all_rows "${names[@]}" | jq -s . >"$BUILD/assessment.json.new"
	mv "$BUILD/assessment.json.new" "$BUILD/assessment.json"
	jq -r -f "$ASSESS_SRC/table.jq" "$BUILD/assessment.json" >"$BUILD/assessment.md"
	cat "$BUILD/assessment.md"
	jq -e 'all(.pass)' "$BUILD/assessment.json" >/dev/null
}

main "$@"
