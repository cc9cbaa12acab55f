# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# operate-soak: two hours of calls and registrations, and of floods that come and go, while all that
# runs for long runs (watch, events, capture), metrics are read, and the configuration, a list and
# bans change every minute. At the end: no call lost, the memory of each process and of the guard as
# it was after the first quarter, and no counter that is wrong.
#
# SOAK_SECONDS=7200: how long. Only run by its name: make scenarios SCENARIOS=operate-soak
#
# Sourced by scenarios.sh.

# shellcheck source=peer.sh
source "$SCENARIOS_SRC/operate/peer.sh"

SOAK_SECONDS=${SOAK_SECONDS:-$(full_or_short 7200 60)}
ROUND=$(full_or_short 60 10) # seconds
CALL_RATE=10
FLOOD_RATE=20000
METRICS=127.0.0.1:9560
declare -A LASTING=()

soak_config() {
	cat >"$LAB_DIR/$1" <<-END
		zones:
		  - name: $2
		    prefixes: [$LAB_CLIENT4/32]
	END
}

# last NAME ARGUMENT...: what runs as long as the soak does.
last() {
	lab_spawn server "$1" "$SIPGUARD" "${@:2}"
	LASTING[$1]=$LAB_PID
}

lasting_on() {
	last watch watch --metrics "$METRICS"
	last events events --json
	last capture capture --write /dev/null --sample 100
}

# The process itself, below the one that went into the namespace.
pid_of() {
	pgrep -P "${LASTING[$1]}" || echo "${LASTING[$1]}"
}

# sample: a line NAME VALUE for all whose size is to be as it was. Kilobytes, or numbers.
sample() {
	local name pid
	for name in "${!LASTING[@]}"; do
		pid=$(pid_of "$name")
		echo "$name-kb $(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")"
		echo "$name-files $(find "/proc/$pid/fd" -mindepth 1 | wc -l)"
	done
	echo "guard-kb $(($(sipguard status --json | jq .memory.bytes) / 1024))"
	echo "pins $(find "$SIPGUARD_PIN_ROOT" | wc -l)"
}

# Every other round another flood, for half of it.
flood() {
	local kind=("--method INVITE --random $LAB_FLOOD_PREFIX4" "--method REGISTER --source $LAB_FLOOD4"
		"--garbage --random $LAB_FLOOD_PREFIX4" "--method OPTIONS --random $LAB_FLOOD_PREFIX4")
	# shellcheck disable=SC2086 # words
	generate flood ${kind[$1 % 4]} --rate "$FLOOD_RATE" --seconds $((ROUND / 2)) --drain 0
}

scrape() {
	lab_in server curl -s --max-time 20 "http://$METRICS/$1"
}

operate() {
	sipguard reload --config "$LAB_DIR/$(($1 % 2)).yaml"
	sipguard ban 192.0.2.99 --for 5s
	awk -v n="$1" 'BEGIN { for (i = 0; i < 5000; i++) printf "20.%d.%d.%d\n", n % 200, i / 250, i % 250 }' |
		sipguard deny import - --name many --replace
} >>"$LAB_DIR/sipguard.log"

one_round() {
	local until=$((SECONDS + ROUND))
	operate "$1"
	if (($1 % 2)); then
		flood "$1"
	fi
	while [[ $SECONDS -lt $until ]]; do
		scrape metrics >>"$LAB_DIR/scraped" || true
		sleep 5
	done
	sample | sed "s/^/$1 /" >>"$LAB_DIR/samples"
	: >"$LAB_DIR/scraped"
}

phones_on() {
	lab_sipp phones register 4 udp -r 2 -m $((2 * SOAK_SECONDS)) \
		-timeout $((SOAK_SECONDS + PATIENCE))
	PHONES_PID=$LAB_PID
}

calls_on() {
	LAB_CPU=$LAB_CPU_FLOOD lab_sipp calls call 4 udp -r "$CALL_RATE" \
		-m $((CALL_RATE * SOAK_SECONDS)) -l 1000 -timeout $((SOAK_SECONDS + PATIENCE))
	CALLS_PID=$LAB_PID
}

# What the interface gave to the program, by the driver's own count.
given() {
	lab_in server ethtool -S "$LAB_IF_SERVER" |
		awk '/rx_queue_[0-9]+_xdp_packets:/ { sum += $2 } END { print sum }'
}

counted_by_guard() {
	guard_counted '[.interfaces[].packets] | add'
}

quiet() {
	local before
	before=$(given)
	sleep 1
	[[ $before == "$(given)" ]]
}

# grown NAME: what the last quarter has more than the second one.
grown() {
	awk -v name="$1" -v rounds="$ROUNDS" '$2 == name && NF == 3 {
		if ($1 >= rounds / 4 && $1 < rounds / 2 && $3 > early) early = $3
		if ($1 >= rounds * 3 / 4 && $3 > late) late = $3
	} END { if (early && late) print late - early; else print "null" }' "$LAB_DIR/samples"
}

scenario() {
	local round name given
	ROUNDS=$((SOAK_SECONDS / ROUND))
	server_start
	soak_config 0.yaml office
	soak_config 1.yaml trunk
	guard_on "$LAB_DIR/0.yaml"
	given=$(($(given) - $(counted_by_guard)))
	lasting_on
	phones_on
	calls_on
	for ((round = 0; round < ROUNDS; round++)); do
		one_round "$round"
	done
	wait "$CALLS_PID" "$PHONES_PID" || true
	until_true quiet
	told seconds "$SOAK_SECONDS"
	told packets "$(counted_by_guard)"
	at_least calls "$(counted calls SuccessfulCall)" $((CALL_RATE * SOAK_SECONDS))
	at_most calls-failed "$(counted calls FailedCall)" 0
	at_most registrations-failed "$(counted phones FailedCall)" 0
	at_least flood-dropped "$(guard_counted '[.classes[].dropped.packets] | add')" 1
	at_most not-counted "$(jq -n "$(given) - $(counted_by_guard) - $given | fabs")" 0
	while read -r name; do
		case $name in
		*-kb) at_most "grown-$name" "$(grown "$name")" 512 ;;
		*) at_most "grown-$name" "$(grown "$name")" 0 ;;
		esac
	done < <(awk '{ print $2 }' "$LAB_DIR/samples" | sort -u)
	for name in "${!LASTING[@]}"; do
		at_least "$name-runs" "$(kill -0 "${LASTING[$name]}" 2>/dev/null && echo 1 || echo 0)" 1
		end "${LASTING[$name]}"
	done
}
