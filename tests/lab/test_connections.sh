#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Connections of TCP: counted exactly however they end, limited, reported when they send nothing;
# over reloads and upgrades; and a guard that goes on where the kernel lets it count nothing.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

TCP_ENDS=$LAB_ROOT/build/tests/tcp_ends
OTHER=
SERVERS=()
# The client of tcp_ends: orders go in, answers come out.
CLIENT=()
# As `connections` names the clients.
SOURCE4=$LAB_CLIENT4
SOURCE6=2001:db8:0:1::/64

# serve SIDE ADDRESS PORT: accepts connections there.
serve() {
	: >"$LAB_DIR/serve-$1-$3"
	# The process itself, not a shell in between, is to be killed later.
	(exec nsenter --net="/run/netns/$(lab_ns "$1")" -- "$TCP_ENDS" serve "$2" "$3") \
		>"$LAB_DIR/serve-$1-$3" 2>&1 &
	SERVERS+=($!)
	disown
	until_true grep -q listens "$LAB_DIR/serve-$1-$3"
}

serve_all() {
	SERVERS=()
	serve server :: 5060
	serve server 0.0.0.0 5061
}

# The ends of its pipes are open here too, in both directions: nobody waits for the other to open.
client_start() {
	local name fd
	CLIENT=()
	rm -f "$LAB_DIR/orders" "$LAB_DIR/answers"
	for name in answers orders; do
		mkfifo "$LAB_DIR/$name"
		exec {fd}<>"$LAB_DIR/$name"
		CLIENT+=("$fd")
	done
	lab_in client "$TCP_ENDS" client <"$LAB_DIR/orders" >"$LAB_DIR/answers" 2>"$LAB_DIR/client.log" &
	disown
}

client_end() {
	local fd
	for fd in "${CLIENT[@]}"; do
		exec {fd}<&-
	done
}

# No guard, no connection and nobody who had one; then a guard that limits nothing, servers, and a
# client without connections.
clean_state() {
	sipguard detach --all >/dev/null 2>&1 || true
	lab_end_processes "$LAB_NS_CLIENT"
	lab_end_processes "$LAB_NS_SERVER"
	client_end
	lab_in server ss -tK state connected exclude time-wait >/dev/null
	lab_in client ss -tK state connected exclude time-wait >/dev/null
	[[ ! -e $SIPGUARD_PIN_ROOT ]]
	sipguard attach "$LAB_IF_SERVER" --enforce --config "$LAB_DIR/wide.yaml" >/dev/null
	serve_all
	client_start
	becomes "[]" listed
}

# Has the client do something; it says how many connections it has then.
order() {
	local answer
	echo "$*" >&"${CLIENT[1]}"
	read -r -t "$LAB_PATIENCE" answer <&"${CLIENT[0]}" || {
		echo "no answer to: $*"
		return 1
	}
	echo "$answer"
}

# opened SOURCE SERVER PORT N TOTAL: opens N, however long it takes, and has TOTAL then.
opened() {
	equal "$(order open "$1" "$2" "$3" "$4" "$((LAB_PATIENCE * 1000 / 2))")" "$5"
}

# refused SOURCE SERVER PORT N TOTAL: asks for N, does not wait long, and still has TOTAL.
refused() {
	equal "$(order open "$1" "$2" "$3" "$4" 50)" "$5"
}

# of SOURCE FIELD: what is told of a source, 0 if it has no connection.
of() {
	sipguard connections --json |
		jq --arg source "$1" "[.connections[] | select(.source == \$source) | .$2] | add // 0"
}

listed() {
	sipguard connections --json | jq -c .connections
}

# What the kernel says, in words of ss.
kernel_has() {
	lab_in server ss -Htn state connected "sport = :$1" | grep -cv TIME-WAIT
}

event() {
	sipguard stats --json | jq ".events[\"$1\"]"
}

# dropped_since REASON BEFORE N: at least N more are dropped for it.
dropped_since() {
	local now
	now=$(dropped_for "$1")
	[[ $now -ge $(($2 + $3)) ]] || {
		echo "dropped for $1: $2 before, $now now"
		return 1
	}
}

dropped_for() {
	sipguard stats --json | jq ".reasons[\"$1\"].dropped.packets"
}

configs() {
	cat >"$LAB_DIR/wide.yaml" <<-END
		connections: {new: {rate: 100000, burst: 100000}, live: 1000, first-data: 3600}
		limits: {source: {rate: 100000, burst: 100000}}
		flow-limits: {source: {rate: 100000, burst: 100000}}
		totals: {syns: {rate: 100000, burst: 100000}, unlisted-tcp: {rate: 100000, burst: 100000}}
	END
	sed 's/live: 1000/live: 20/' "$LAB_DIR/wide.yaml" >"$LAB_DIR/live.yaml"
	{
		cat "$LAB_DIR/wide.yaml"
		echo 'ports: {tcp: [5060, 5070]}'
	} >"$LAB_DIR/ports.yaml"
	sed 's/first-data: 3600/first-data: 1/' "$LAB_DIR/wide.yaml" >"$LAB_DIR/data.yaml"
	sed 's/new: {[^}]*}/new: {rate: 1, burst: 10}/' "$LAB_DIR/wide.yaml" >"$LAB_DIR/new.yaml"
}

# exact SOURCE FROM SERVER PORT: 100 connections, that end in every way there is.
exact() {
	local source=$1 from=$2 server=$3 port=$4
	opened "$from" "$server" "$port" 100 100
	becomes 100 of "$source" live
	equal "$(kernel_has "$port")" 100
	order fin 30
	becomes 70 of "$source" live
	order rst 30
	becomes 40 of "$source" live
	equal "$(kernel_has "$port")" 40
}

# The server dies, and all that is left with it.
server_dies() {
	opened "$LAB_CLIENT6" "$LAB_SERVER6" 5060 20 20
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 20 40
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5061 10 50
	becomes 30 of "$SOURCE4" live
	becomes 20 of "$SOURCE6" live
	kill -KILL "${SERVERS[@]}"
	becomes 0 of "$SOURCE4" live
	becomes 0 of "$SOURCE6" live
	equal "$(listed)" "[]"
}

# The client is gone without a word: the server's own timeout ends the connection.
client_vanishes() {
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 8 8
	becomes 8 of "$SOURCE4" live
	lab_in server ss -K dst "$LAB_CLIENT4" >/dev/null
	becomes 0 of "$SOURCE4" live
}

# On both CPUs, so that the last connection ends while a new one begins.
churn() {
	local i pids=()
	for i in 1 2 3 4; do
		echo "churn $LAB_CLIENT4 $LAB_SERVER4 506$((i % 2)) 1000" |
			lab_in client "$TCP_ENDS" client >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	becomes 0 of "$SOURCE4" live
	equal "$(event connections-full)" 0
}

older_than_the_guard() {
	sipguard detach "$LAB_IF_SERVER" >/dev/null
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 5 5
	opened "$LAB_CLIENT6" "$LAB_SERVER6" 5060 2 7
	becomes 7 kernel_has 5060
	sipguard attach "$LAB_IF_SERVER" --enforce --config "$LAB_DIR/wide.yaml" >/dev/null
	equal "$(of "$SOURCE4" live) $(of "$SOURCE6" live)" "5 2"
	order fin 6
	becomes 0 of "$SOURCE4" live
	becomes 1 of "$SOURCE6" live
	order fin 1
	becomes 0 of "$SOURCE6" live
}

# The program is replaced, and goes on where the other one was.
kept() {
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 10 10
	becomes 10 of "$SOURCE4" live
	sipguard reload --config "$LAB_DIR/live.yaml" >/dev/null
	equal "$(of "$SOURCE4" live)" 10
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	sipguard attach "$OTHER" >/dev/null
	equal "$(of "$SOURCE4" live)" 10
	order fin 5
	becomes 5 of "$SOURCE4" live
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5061 5 10
	becomes 10 of "$SOURCE4" live
	sipguard detach "$OTHER" >/dev/null
	equal "$(of "$SOURCE4" live)" 10
}

# A port that is guarded only now has connections already.
more_ports() {
	serve server 0.0.0.0 5070
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5070 3 3
	becomes 3 kernel_has 5070
	equal "$(of "$SOURCE4" live)" 0
	sipguard reload --config "$LAB_DIR/ports.yaml" >/dev/null
	equal "$(of "$SOURCE4" live)" 3
	sipguard reload --config "$LAB_DIR/live.yaml" >/dev/null
	order rst 3
	becomes 0 of "$SOURCE4" live
}

# The limit is that of the live ones. (All that may be are there first, or a burst of as many within
# one tick of the clock would be refused as new ones.)
live_limit() {
	local before
	sipguard reload --config "$LAB_DIR/live.yaml" >/dev/null
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 20 20
	becomes 20 of "$SOURCE4" live
	before=$(dropped_for connections)
	refused "$LAB_CLIENT4" "$LAB_SERVER4" 5060 2 20
	until_true dropped_since connections "$before" 2
	equal "$(of "$SOURCE4" live)" 20
	# Another source has its own.
	opened "$LAB_CLIENT6" "$LAB_SERVER6" 5060 1 21
}

# What the limit refuses gets in when there is room, by itself: no order in between.
live_limit_waits() {
	local before
	sipguard reload --config "$LAB_DIR/live.yaml" >/dev/null
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 20 20
	becomes 20 of "$SOURCE4" live
	before=$(dropped_for connections)
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5061 1 21 &
	until_true dropped_since connections "$before" 1
	equal "$(of "$SOURCE4" live)" 20
	lab_in server ss -K dst "$LAB_CLIENT4" sport = :5060 >/dev/null
	wait $!
}

# The burst of 10 is let in, and then one a second, however long all of it takes.
new_limit() {
	local before start had
	sipguard reload --config "$LAB_DIR/new.yaml" >/dev/null
	before=$(dropped_for limit-connect)
	start=$SECONDS
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 10 10
	had=$(order open "$LAB_CLIENT4" "$LAB_SERVER4" 5060 30 50)
	[[ $had -le $((10 + SECONDS - start + 2)) ]] || {
		echo "$had let in after $((SECONDS - start)) s"
		return 1
	}
	until_true dropped_since limit-connect "$before" 1
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 1 $((had + 1))
}

# received N: so many sockets of the server have had something.
received() {
	equal "$(lab_in server ss -Htni state established "sport = :5060" |
		grep -c bytes_received)" "$1"
}

# Reported once each, while they last. Each has all the time there is until its data has arrived.
silent_live() {
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 5 5
	order send 2
	until_true received 2
	becomes 5 of "$SOURCE4" live
	equal "$(of "$SOURCE4" silent) $(event connection-silent)" "0 0"
	sipguard reload --config "$LAB_DIR/data.yaml" >/dev/null
	becomes 3 of "$SOURCE4" silent
	equal "$(event connection-silent) $(event connection-silent)" "3 3"
	[[ $(sipguard connections "$LAB_CLIENT4") =~ $LAB_CLIENT4\ +5\ +[0-9]+\ +3 ]]
	[[ $(sipguard connections 198.51.100.0/24) == "There is no connection." ]]
	order fin 5
	becomes 0 of "$SOURCE4" live
	equal "$(event connection-silent)" 3
}

# Reported when they end, if nobody looked before: ss does not.
silent_ended() {
	sipguard reload --config "$LAB_DIR/data.yaml" >/dev/null
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 4 4
	order send 1
	until_true received 1
	becomes 4 kernel_has 5060
	sleep 1.2 # longer than first-data; that it may be much longer changes nothing
	order fin 2
	order rst 2
	becomes 0 kernel_has 5060
	equal "$(event connection-silent)" 3
	becomes 0 of "$SOURCE4" live
	equal "$(event connection-silent)" 3
}

# The tracepoint tells of the whole host: only namespaces with a guarded interface count.
elsewhere() {
	serve client 127.0.0.1 5060
	opened 127.0.0.1 127.0.0.1 5060 3 3
	becomes 3 client_has 5060
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 1 4
	becomes 1 of "$SOURCE4" live
	equal "$(sipguard connections --json | jq '[.connections[].live] | add')" 1
}

client_has() {
	lab_in client ss -Htn state established "sport = :$1" | wc -l
}

# As on a kernel without BTF.
attach_blind() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount bash -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' - \
		nsenter --net="/run/netns/$LAB_NS_SERVER" -- \
		"$SIPGUARD" attach "$LAB_IF_SERVER" "$@" 2>&1
}

not_counted() {
	local said
	sipguard detach --all >/dev/null
	said=$(attach_blind --enforce)
	[[ $said == *"TCP are not counted"*"/sys/kernel/btf"* ]]
	equal "$(sipguard status --json | jq .connections.counted)" false
	[[ $(sipguard status) == *"NOT counted"* ]]
	[[ $(sipguard connections) == *"not counted"* ]]
	opened "$LAB_CLIENT4" "$LAB_SERVER4" 5060 2 2
	becomes 2 kernel_has 5060
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	equal "$(sipguard status --json | jq -c .connections)" \
		'{"counted":true,"sources":1,"live":2}'
	# An upgrade that cannot count leaves the older program where it is.
	attach_blind >/dev/null
	order rst 2
	becomes 0 of "$SOURCE4" live
	equal "$(sipguard status --json | jq .connections.counted)" true
}

ended() {
	sipguard detach --all >/dev/null
	guard_left_nothing
}

[[ -x $SIPGUARD && -x $TCP_ENDS ]] ||
	lab_die "$SIPGUARD or $TCP_ENDS is not built: run \"make test-programs\" first."
lab_up
trap test_ended EXIT
OTHER=sg-$$.2
ip -n "$LAB_NS_SERVER" link add "$OTHER" type veth peer name "${OTHER}p"
ip -n "$LAB_NS_SERVER" link set "$OTHER" up
ip -n "$LAB_NS_CLIENT" link set lo up
configs

check "exact: IPv4, on a socket for IPv4" exact "$SOURCE4" "$LAB_CLIENT4" "$LAB_SERVER4" 5061
check "exact: IPv4, on a socket for both" exact "$SOURCE4" "$LAB_CLIENT4" "$LAB_SERVER4" 5060
check "exact: IPv6" exact "$SOURCE6" "$LAB_CLIENT6" "$LAB_SERVER6" 5060
check "exact: the server dies" server_dies
check "exact: the server gives up a connection" client_vanishes
check "exact: 4000 that end as the next ones begin" churn
check "those that are older than the guard" older_than_the_guard
check "kept by reload and upgrade, and by more and fewer interfaces" kept
check "a port that is guarded only now" more_ports
check "live: a limit" live_limit
check "live: who waits gets in" live_limit_waits
check "new: a limit, and who waits gets in" new_limit
check "silent: reported, each once" silent_live
check "silent: reported at its end" silent_ended
check "another network namespace does not count" elsewhere
check "a kernel that lets nothing be counted" not_counted
check "nothing is left" ended
test_done
