# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# travel: who guesses passwords at one guard is banned there, and soon after at all others. Guards
# and agents are real; the guesser's packets are shown to the guard's own programs, so that any rate
# of bans can be had.
#
# Sourced by fleet.sh.

GUARDS=$(full_or_short 20 4)

members_all() {
	local i
	for ((i = 1; i <= GUARDS; i++)); do
		echo "edge$i"
	done
}

# travel NAME RATE SECONDS PORT [OPTION...]: bans at the first guard, and what the others see of it.
travel() {
	local name=$1 rate=$2 seconds=$3 port=$4
	shift 4
	"$PROGRAMS/banner" --count $((rate * seconds)) --rate "$rate" --port "$port" "$@" \
		"$(member_pins edge1)" 2>"$FLEET_DIR/banner.log" |
		"$PROGRAMS/seer" --wait "$FLEET_PATIENCE" "${OTHERS[@]}" >"$FLEET_DIR/$name.json" || true
	at_least "banned-$name" "$(jq '.bans // 0' "$FLEET_DIR/$name.json")" \
		$((rate * seconds * 99 / 100))
	at_most "missing-$name" "$(jq .missing "$FLEET_DIR/$name.json")" 0
	told "p50-ms-$name" "$(jq '.p50_ms // null' "$FLEET_DIR/$name.json")"
	told "max-ms-$name" "$(jq '.max_ms // null' "$FLEET_DIR/$name.json")"
}

p99() {
	jq '.p99_ms // null' "$FLEET_DIR/$1.json"
}

# What all others do with the first hundred flows: PORT passed|dropped
judged() {
	"$PROGRAMS/judge" --count 100 --port "$1" "${OTHERS[@]}" | jq ".$2"
}

denies_at() { # COUNT NAME...: whether each has as many prefixes denied
	local name count=$1
	shift
	for name in "$@"; do
		[[ $(guard "$name" status --json | jq .lists.deny) -eq $count ]] || return 1
	done
}

# One command puts a list in force everywhere, and one takes it off: a thousand prefixes.
lists() { # NAME...
	local i begin=$EPOCHREALTIME
	for ((i = 0; i < 1000; i++)); do
		echo "11.$((i / 256)).$((i % 256)).0/24"
	done >"$FLEET_DIR/bad"
	lists_say publish deny bad "$FLEET_DIR/bad"
	lab_until denies_at 1000 "$@" || true
	told list-seconds "$(jq -n "$EPOCHREALTIME - $begin")"
	at_most list-missing "$(denies_at 1000 "$@" && echo 0 || echo 1)" 0
	lists_say withdraw deny bad
	lab_until denies_at 0 "$@" || true
	at_most list-left "$(denies_at 0 "$@" && echo 0 || echo 1)" 0
}

# Every member answers.
asked() {
	guard edge1 fleet test --config "$FLEET_DIR/edge1.fleet.yaml" >"$FLEET_DIR/test.log" 2>&1 ||
		true
	at_least answers "$(grep -c '^edge[0-9]* .* ms ' "$FLEET_DIR/test.log" || true)" "$GUARDS"
}

scenario() {
	local names name i=0 cpu pid
	mapfile -t names < <(members_all)
	mapfile -t OTHERS < <(member_pins_of "${names[@]:1}")
	fleet_nats_up "${names[@]}"
	fleet_setup
	for name in "${names[@]}"; do
		i=$((i + 1))
		member_up "$name" "$i"
		# With two wrong passwords to a ban the guesser needs less of the CPU of all.
		guard_up "$name" "bans: {auth-failure: {threshold: 2, window: 3600, time: 600}}"
		agent_config "$name" "$TAKE_ALL"
		agent_start "$name"
	done
	agents_ready "${names[@]}"
	at_most dropped-before "$(judged 40000 dropped)" 0
	pid=$(agent_pid edge2)
	cpu=$(cpu_of "$pid")
	travel 1k "$(full_or_short 1000 100)" "$(full_or_short 10 3)" 40000 --tries 2
	fast cpu-percent-1k "$(jq -n "($(cpu_of "$pid") - $cpu) * 100 / $(full_or_short 10 3)")" 5
	fast p99-ms-1k "$(p99 1k)" 300
	at_most passed-after "$(judged 40000 passed)" 0
	travel 10k "$(full_or_short 10000 1000)" "$(full_or_short 3 1)" 40001 --tries 2
	fast p99-ms-10k "$(p99 10k)" 2000
	asked
	lists "${names[@]}"
	fast agent-mb "$(memory_of "$pid")" 40
	told agent-mb-with-tables "$(memory_with_tables "$pid")"
}
