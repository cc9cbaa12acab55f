# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# The members of a fleet: a namespace each, with a guarded interface, a guard with pins of its own,
# and an agent. Sourced by fleet.sh, after nats.sh.

# The agent is what its member's file is given to.
read -ra FLEET_AGENT <<<"${FLEET_AGENT:-$SIPGUARD fleet run --config}"
# Seconds that a ban may take on a busy machine before it is missing; who has it is seen at once.
# shellcheck disable=SC2034 # for the scenarios
FLEET_PATIENCE=180
# shellcheck disable=SC2034 # for the scenarios
PROGRAMS=$BUILD/tools/fleet

# member_up NAME NUMBER: at the bridge, with a pair of interfaces of which "sip" is to be guarded.
member_up() {
	local ns
	ns=$(fleet_ns "$1")
	fleet_join "$1" "$FLEET_NET.1.$2"
	ip link add name sip netns "$ns" type veth peer name far netns "$ns"
	ip -n "$ns" addr add 192.0.2.10/24 dev sip
	ip -n "$ns" link set sip up
	ip -n "$ns" link set far up
}

member_pins() {
	echo "$FLEET_DIR/bpf/$1"
}

# member_pins_of NAME...: of each, a line.
member_pins_of() {
	printf "$FLEET_DIR/bpf/%s\n" "$@"
}

# guard NAME COMMAND...: the command sipguard of a member.
guard() {
	local name=$1
	shift
	SIPGUARD_PIN_ROOT=$(member_pins "$name") fleet_in "$name" "$SIPGUARD" "$@"
}

# guard_config NAME [LINE...]: of its guard, with these lines besides. Nothing but wrong passwords
# is in the way of who guesses.
guard_config() {
	local name=$1 wide='{rate: 10000000, burst: 1000000}'
	shift
	cat >"$FLEET_DIR/$name.guard.yaml" <<END_OF_FILE
limits: {source: $wide, register: $wide, options: $wide, response: $wide, other: $wide}
totals: {unlisted-total: $wide, replies: $wide, proofs: $wide}
END_OF_FILE
	[[ $# -eq 0 ]] || printf '%s\n' "$@" >>"$FLEET_DIR/$name.guard.yaml"
}

guard_reload() {
	guard_config "$@"
	guard "$1" reload --config "$FLEET_DIR/$1.guard.yaml" >>"$FLEET_DIR/$1.log"
}

# Attached, in mode enforce.
guard_up() {
	local name=$1
	guard_config "$@"
	guard "$name" attach sip --enforce --config "$FLEET_DIR/$name.guard.yaml" \
		>>"$FLEET_DIR/$name.log" 2>&1 ||
		lab_die "the guard of $name does not start: $(tail -n 1 "$FLEET_DIR/$name.log")"
}

# How much a member takes: for agent_config.
# shellcheck disable=SC2034 # for the scenarios
TAKE_ALL='{mode: enforce, per-minute: 100000000, most: 250000, most-each: 250000}'
TAKE_DEFAULT='{mode: enforce}'

# agent_config NAME [TAKE [LINE...]]: its file, with these lines besides.
agent_config() {
	local name=$1 take=${2:-$TAKE_DEFAULT} i servers=
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		servers+="tls://$FLEET_NET.0.$i:4222, "
	done
	echo "$FLEET_PASSWORD" >"$FLEET_DIR/password"
	cat >"$FLEET_DIR/$name.fleet.yaml" <<END_OF_FILE
member: $name
servers: [${servers%, }]
tls:
  ca: $FLEET_DIR/certificates/ca.pem
  certificate: $FLEET_DIR/certificates/$name.pem
  key: $FLEET_DIR/certificates/$name.key
user: $name
password-file: $FLEET_DIR/password
share: {bans: yes, operator-bans: yes, proofs: yes}
take: {bans: $take, operator-bans: $take, proofs: $take, lists: {mode: enforce}}
status: $FLEET_DIR/$name.status.json
END_OF_FILE
	# Addresses of the lab are nobody's on the Internet.
	[[ $* == *"private:"* ]] || echo "private: yes" >>"$FLEET_DIR/$name.fleet.yaml"
	shift "$(($# < 2 ? $# : 2))"
	[[ $# -eq 0 ]] || printf '%s\n' "$@" >>"$FLEET_DIR/$name.fleet.yaml"
}

agent_start() { # NAME
	SIPGUARD_PIN_ROOT=$(member_pins "$1") fleet_spawn "$1" "$FLEET_DIR/$1.agent.log" \
		"${FLEET_AGENT[@]}" "$FLEET_DIR/$1.fleet.yaml"
	echo "$FLEET_PID" >"$FLEET_DIR/$1.agent"
}

agent_pid() {
	cat "$FLEET_DIR/$1.agent"
}

agent_stop() { # NAME [SIGNAL]
	local pid
	pid=$(agent_pid "$1")
	kill "-${2:-TERM}" "$pid" 2>/dev/null || true
	lab_until fleet_gone "$pid" || lab_die "the agent of $1 does not end."
}

agents_living() { # NAME...: how many of these
	local name count=0
	for name in "$@"; do
		! kill -0 "$(agent_pid "$name")" 2>/dev/null || count=$((count + 1))
	done
	echo "$count"
}

# What the agent says of itself, for jq: null before it has said anything.
agent_says() { # NAME FILTER
	jq "$2" "$FLEET_DIR/$1.status.json" 2>/dev/null || echo null
}

# It, and no agent before it, has read all that was told.
agent_is_connected() {
	[[ $(agent_says "$1" ".pid == $(agent_pid "$1") and .connected and .[\"caught-up\"]") == true ]]
}

agents_ready() { # NAME...
	local name
	for name in "$@"; do
		lab_until agent_is_connected "$name" ||
			lab_die "the agent of $name has no connection: $(tail -n 2 \
				"$FLEET_DIR/$name.agent.log")"
	done
}

fleet_sets_up() {
	fleet_in nats1 "$SIPGUARD" fleet setup --config "$FLEET_DIR/admin.fleet.yaml" \
		>>"$FLEET_DIR/setup.log" 2>&1
}

# The streams, by the command of the admin. Servers that have just agreed on who leads may not know
# yet that all three are there.
fleet_setup() {
	agent_config admin "" "private: no"
	lab_until fleet_sets_up ||
		lab_die "the streams cannot be made: $(tail -n 1 "$FLEET_DIR/setup.log")"
}

# lists_say ARGUMENT...: sipguard fleet, as the user who publishes lists.
lists_say() {
	[[ -e $FLEET_DIR/lists.fleet.yaml ]] || agent_config lists
	fleet_in nats1 "$SIPGUARD" fleet "$@" --config "$FLEET_DIR/lists.fleet.yaml" \
		>>"$FLEET_DIR/lists.log" 2>&1 || echo "status $?" >>"$FLEET_DIR/lists.log"
}

# Seconds of CPU that a process has had.
cpu_of() { # PID
	awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / tick }' \
		"/proc/$1/stat"
}

# MB that are a process's own, shared pages by their share. The tables of the guard, of which it has
# some mapped, are the kernel's, and there whether it is or not: memory_of PID; memory_with_tables
# PID
memory_of() {
	awk '/^[0-9a-f]+-/ { tables = /anon_inode:bpf-map/ } $1 == "Pss:" && !tables { sum += $2 }
		END { print sum / 1000 }' "/proc/$1/smaps"
}

memory_with_tables() {
	awk '$1 == "Pss:" { print $2 / 1000 }' "/proc/$1/smaps_rollup"
}

# The bans that a guard has, by its map's walk: NAME
bans_of() {
	"$PROGRAMS/seer" --same 0 "$(member_pins "$1")" | jq .bans
}

# --- bans, and who has them

# bans_at NAME COUNT RATE PORT: made at a guard; a line of each in the file of that port.
bans_at() {
	"$PROGRAMS/banner" --tries 2 --count "$2" --rate "$3" --port "$4" "$(member_pins "$1")" \
		>"$FLEET_DIR/bans.$4" 2>>"$FLEET_DIR/banner.log" || true
}

# What was banned is looked for at these guards from now on: PORT SECONDS NAME...
seen_from_now() {
	local now port=$1 seconds=$2
	shift 2
	now=$(awk '{ printf "%.0f", $1 * 1e9 }' /proc/uptime)
	mapfile -t pins < <(member_pins_of "$@")
	awk -v now="$now" '{ print $1, $2, now }' "$FLEET_DIR/bans.$port" |
		"$PROGRAMS/seer" --wait "$seconds" "${pins[@]}"
}

same() { # NAME...
	mapfile -t pins < <(member_pins_of "$@")
	"$PROGRAMS/seer" --same 2000 "${pins[@]}"
}

dropped_at() { # PORT COUNT NAME...
	mapfile -t pins < <(member_pins_of "${@:3}")
	"$PROGRAMS/judge" --count "$2" --port "$1" "${pins[@]}" | jq .dropped
}
