# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# members: one of them lies. It has the rights of a member and no more, and says what it likes:
# floods of bans, bans of parties that everybody needs, ends that were or are in ten years, and what
# is no message at all. Then the engine is slow, full, restarted, gone. At no time does a legitimate
# party lose a packet, and what the others tell arrives all the same.
#
# Sourced by fleet.sh. edge1 takes from all; edge2 too, but no private addresses; edge3 is honest.

PHONES=100
PHONES_FIRST=203.0.113.1 # registered at edge1 and edge2, port 40000
ALLOWED=198.51.100.7     # on the allow list of edge1, not on that of edge2
PRIVATE=10.1.2.3
# shellcheck disable=SC2016 # no variable
API='$JS.API'
HONEST=0                 # batches of bans of edge3 so far

# lie [OPTION...]: the message is on standard input.
lie() {
	local client
	read -ra client <<<"$(fleet_client evil)"
	fleet_in nats1 "$PROGRAMS/liar" "${client[@]}" "$@" >"$FLEET_DIR/lie.json" \
		2>>"$FLEET_DIR/lie.log" ||
		lab_die "the liar cannot lie: $(tail -n 1 "$FLEET_DIR/lie.log")"
}

first_line() {
	echo "sipguard-fleet ${1:-1} @MS@ 5f1c2a9be01d77c3"
}

# tell LINE...: as a message of evil's, well-formed but for these lines.
tell() {
	{
		first_line
		printf '%s\n' "$@"
	} | lie --subject sipguard.told.evil
}

at() { # SECONDS: from now on, since 1970
	echo $(($(date +%s) + $1))
}

# Requests of legitimate parties that are dropped now: the phones at both, the peer that is allowed
# at edge1, and whoever has a private address at edge2.
legitimate_dropped() {
	local one=$FLEET_DIR/bpf/edge1 two=$FLEET_DIR/bpf/edge2
	{
		"$PROGRAMS/judge" --first "$PHONES_FIRST" --count "$PHONES" "$one" "$two"
		"$PROGRAMS/judge" --first "$ALLOWED" --count 1 "$one"
		"$PROGRAMS/judge" --first "$PRIVATE" --count 1 "$two"
	} | jq -s 'map(.dropped) | add'
}

# What the honest say still travels: of the 20 bans of the batch of this number, those that edge1
# and edge2 have heard in so many seconds, together. The stream is in order, so by then they have
# judged what was told before.
honest_heard() {
	{
		"$PROGRAMS/banner" --tries 2 --count 20 --rate 1000 \
			--first "198.18.$((100 + HONEST)).1" "$(member_pins edge3)" \
			2>>"$FLEET_DIR/banner.log" || true
	} | "$PROGRAMS/seer" --wait "${1:-$FLEET_PATIENCE}" "$(member_pins edge1)" "$(member_pins edge2)" |
		jq '2 * .bans - .missing'
}

# after WHAT: nobody has lost anything by it, all live, and the honest are heard.
after() {
	local heard
	HONEST=$((HONEST + 1))
	heard=$(honest_heard)
	at_most "legitimate-dropped-$1" "$(legitimate_dropped)" 0
	at_least "agents-live-$1" "$(agents_living edge1 edge2 edge3)" 3
	at_least "honest-heard-$1" "$heard" 40
}


parties() {
	local end
	end=$(at 3600)
	tell "ban $ALLOWED - $end operator" "ban $ALLOWED:40000 udp $end auth-failure" \
		"ban 192.0.2.10 - $end operator" "ban $PHONES_FIRST - $end operator" \
		"ban $PHONES_FIRST:40000 udp $end auth-failure" "ban $PRIVATE - $end operator" \
		"ban $PRIVATE:40000 udp $end auth-failure"
	after parties
	tell "ban 0.0.0.0 - $end operator" "ban 127.0.0.1 - $end operator" \
		"ban 255.255.255.255 - $end operator" "ban 224.0.0.1 - $end operator" \
		"ban :: - $end operator" "ban ::1 - $end operator"
	tell "ban 0.0.0.0/0 - $end operator"
	tell "ban ::/0 - $end operator"
	tell "ban 203.0.113.0/24 - $end operator"
	after internet
}

ends() {
	local i
	tell "ban 198.18.77.1 - $(at -100) operator" "ban 198.18.77.2 - $(at 315360000) operator" \
		"ban 198.18.77.3:40000 udp 0 auth-failure" \
		"ban 198.18.77.4:40000 udp 1099511627776 auth-failure"
	# A clock that is a day ahead, or behind.
	for i in 86400 -86400; do
		{
			echo "sipguard-fleet 1 $(at "$i")000 5f1c2a9be01d77c3"
			echo "ban $ALLOWED - $(at $((i + 600))) operator"
			echo "ban $PHONES_FIRST:40000 udp $(at $((i + 600))) auth-failure"
			echo "ban 198.18.77.5:40000 udp $(at $((i + 600))) auth-failure"
		} | lie --subject sipguard.told.evil
	done
	after ends
	at_most banned-by-ends "$("$PROGRAMS/judge" --first 198.18.77.1 --count 5 \
		"$(member_pins edge1)" | jq .dropped)" 0
}

no_messages() {
	local end i
	end=$(at 3600)
	head -c 4000 /dev/urandom | lie --subject sipguard.told.evil
	lie --subject sipguard.told.evil </dev/null
	printf 'sipguard-fleet 1 @MS@ 5f1c2a9be01d77c3\nban 198.18.78.1 - %s operator' "$end" |
		lie --subject sipguard.told.evil
	{
		first_line
		head -c 7000 /dev/zero | tr '\0' x
	} | lie --subject sipguard.told.evil
	{
		first_line
		for ((i = 1; i <= 150; i++)); do
			echo "ban 198.18.78.$i - $end operator"
		done
	} | lie --subject sipguard.told.evil
	{
		first_line 2
		echo "ban 198.18.78.2 - $end operator"
	} | lie --subject sipguard.told.evil
	{
		first_line
		head -c 9000 /dev/zero | tr '\0' '\n'
	} | lie --subject sipguard.told.evil
	# More than the stream takes, and nearly what the servers do.
	head -c 60000 /dev/zero | lie --subject sipguard.told.evil
	{
		first_line
		echo "ban 198.18.78.3 - $end operator of-the-future word"
	} | lie --subject sipguard.told.evil
	after no-messages
	at_most banned-by-no-messages "$("$PROGRAMS/judge" --first 198.18.78.1 --count 3 \
		"$(member_pins edge1)" | jq .dropped)" 0
}

# An agent that begins anew judges the lies that the stream still has as it did when they came: who
# sends from the address of a phone, behind the same NAT, is not banned by them.
begins_anew() {
	local end
	end=$(at 3600)
	tell "ban $PHONES_FIRST - $end operator" "ban $PHONES_FIRST:41000 udp $end auth-failure"
	agent_stop edge1
	agent_start edge1
	agents_ready edge1
	after begun-anew
	at_most neighbour-dropped-begun-anew "$("$PROGRAMS/judge" --first "$PHONES_FIRST" \
		--port 41000 --count 1 "$(member_pins edge1)" | jq .dropped)" 0
	at_most name-twice-begun-anew "$(agent_says edge1 'if .["name-twice"] then 1 else 0 end')" 0
}

# What a liar has declared proven is his word alone: nobody tells it on in his own name, also not
# who does not listen to him any more. And whom he has banned before is let go there, too.
not_told_on() {
	local before
	before=$(agent_says edge3 '.told.entries.proofs')
	tell "proof 198.18.76.1:40000 udp $(at 2000000)" \
		"ban 198.18.76.2:40000 udp $(at 2000000) auth-failure"
	after proof
	agent_config edge3 "$TAKE_DEFAULT" "from: [{member: evil, mode: off}]"
	agent_stop edge3
	agent_start edge3
	agents_ready edge3
	# It is told within two seconds of looking, if it is.
	sleep 4
	after proof-off
	at_most lies-told-on "$(agent_says edge3 '.told.entries.proofs')" "$before"
	fleet_in edge1 "$SIPGUARD" fleet unban 198.18.76.2:40000 --config \
		"$FLEET_DIR/edge1.fleet.yaml" >>"$FLEET_DIR/edge1.log"
	after lifted
	at_most banned-after-lifted "$("$PROGRAMS/judge" --first 198.18.76.2 --count 1 \
		"$(member_pins edge3)" | jq .dropped)" 0
}

# Without a guard the agent is still there, and its clock is right.
unguarded() {
	guard edge3 detach sip >>"$FLEET_DIR/edge3.log"
	agent_stop edge3
	agent_start edge3
	agents_ready edge3
	sleep 3
	at_most unguarded-status "$(fleet_in edge3 "$SIPGUARD" fleet status --json --config \
		"$FLEET_DIR/edge3.fleet.yaml" >"$FLEET_DIR/unguarded" 2>&1; echo $?)" 0
	at_most unguarded-clock-off "$(grep -c 'clock of edge3' "$FLEET_DIR/edge1.agent.log" ||
		true)" 0
	guard_up edge3 "bans: {auth-failure: {threshold: 2, window: 3600, time: 600}}"
	after unguarded
}

# In the name of others, and as the publisher of lists.
names() {
	local end
	end=$(at 3600)
	for subject in sipguard.told.edge3 sipguard.list.bad sipguard.here.edge3 \
		sipguard.seen.edge1.edge3 "$API.STREAM.PURGE.SIPGUARD" \
		"$API.STREAM.DELETE.SIPGUARD" "$API.STREAM.UPDATE.SIPGUARD" _INBOX_edge1.x; do
		{
			first_line
			echo "ban 198.18.79.1 - $end operator"
		} | lie --subject "$subject"
		at_least "refused-${subject#"$API".}" \
			"$(jq '.refused // 0' "$FLEET_DIR/lie.json")" 1
	done
	after names
}

# What the agents of both have said of this list: so many times at least.
said_of_list() {
	local name
	for name in edge1 edge2; do
		[[ $(grep -c 'list fleet.wrong' "$FLEET_DIR/$name.agent.log") -ge $1 ]] || return 1
	done
}

# He who may publish lists makes a mistake. The last one is not even published.
lists() {
	local prefix times=0
	for prefix in 203.0.113.0/24 "$ALLOWED" 0.0.0.0/0; do
		echo "$prefix" >"$FLEET_DIR/list"
		lists_say publish deny wrong "$FLEET_DIR/list"
		[[ $prefix == */0 ]] || times=$((times + 1))
		lab_until said_of_list "$times" || lab_die "nobody has taken the list of $prefix."
		after "list-$prefix"
	done
	lists_say withdraw deny wrong
}

flood_lines() {
	local i
	first_line
	for ((i = 0; i < 100; i++)); do
		echo "ban @ADDRESS@:5060 udp $1 auth-failure"
	done
}

# A hundred bans in each message, as fast as the servers take them.
flood() {
	local before
	flood_lines "$(at 3600)" |
		lie --subject sipguard.told.evil --count "$(full_or_short 5000 500)" --rate 5000
	told flood-bans "$(jq '.sent * 100' "$FLEET_DIR/lie.json")"
	after flood
	before=$(bans_of edge1)
	# Half of what there is room for is of all others together, and half of that of one.
	at_most flood-bans-in-force "$before" 17000
	fast agent-mb-after-flood "$(memory_of "$(agent_pid edge1)")" 40
}

# What the stream has forgotten is in the table all the same: an agent that begins anew gives the
# liar no second part of it.
flood_again() {
	local before client
	read -ra client <<<"$(fleet_client admin)"
	before=$(bans_of edge1)
	fleet_in nats1 "$PROGRAMS/liar" "${client[@]}" --subject "$API.STREAM.PURGE.SIPGUARD" \
		--reply _INBOX_admin.purge </dev/null >"$FLEET_DIR/purge.json" \
		2>>"$FLEET_DIR/lie.log"
	agent_stop edge1
	agent_start edge1
	agents_ready edge1
	flood_lines "$(at 3600)" | sed s/:5060/:5061/ |
		lie --subject sipguard.told.evil --count "$(full_or_short 500 200)" --rate 5000
	after flood-again
	# Of those that ended meanwhile there are fewer, and those of the honest are more.
	at_most flood-again-bans-more $(($(bans_of edge1) - before)) 40
}

# --- the engine

slow() {
	local i
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		fleet_in nats$i tc qdisc add dev nats root tbf rate 200kbit burst 8k latency 500ms
	done
	after slow
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		fleet_in nats$i tc qdisc del dev nats root
	done
}

servers_stop() {
	local i
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		fleet_nats_stop "$i" KILL
	done
}

servers_start() {
	local i
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		fleet_nats_start "$i"
	done
	fleet_nats_ready
}

restarted() {
	servers_stop
	at_most legitimate-dropped-gone "$(legitimate_dropped)" 0
	at_least agents-live-gone "$(agents_living edge1 edge2 edge3)" 3
	servers_start
	after restarted
}

# The disk of every server is full: they find no leader then, nor when there is room again, but when
# they are started anew.
full() {
	fallocate -l 64M "$FLEET_STATE/ballast" 2>/dev/null ||
		dd if=/dev/zero of="$FLEET_STATE/ballast" bs=1M 2>/dev/null || true
	# A server that cannot write may end the connection of who tells.
	flood_lines "$(at 3600)" | lie --subject sipguard.told.evil --count 2000 --rate 1000 || true
	at_most legitimate-dropped-while-full "$(legitimate_dropped)" 0
	at_least agents-live-while-full "$(agents_living edge1 edge2 edge3)" 3
	HONEST=$((HONEST + 1))
	told honest-heard-while-full "$(honest_heard 5)"
	rm -f "$FLEET_STATE/ballast"
	servers_stop
	servers_start
	after full
}

scenario() {
	local i
	FLEET_STATE=$FLEET_DIR/store
	mkdir "$FLEET_STATE"
	mount -t tmpfs -o size=96M none "$FLEET_STATE"
	fleet_nats_up edge1 edge2 edge3 evil
	fleet_setup
	for i in 1 2 3; do
		member_up "edge$i" "$i"
		guard_up "edge$i" "bans: {auth-failure: {threshold: 2, window: 3600, time: 600}}"
	done
	agent_config edge1
	agent_config edge2 "$TAKE_DEFAULT" "private: no"
	agent_config edge3
	guard edge1 allow add "$ALLOWED" >>"$FLEET_DIR/edge1.log"
	for i in 1 2; do
		"$PROGRAMS/banner" --succeed --first "$PHONES_FIRST" --count "$PHONES" --rate 1000 \
			"$(member_pins "edge$i")" 2>>"$FLEET_DIR/banner.log"
	done
	for i in 1 2 3; do
		agent_start "edge$i"
	done
	agents_ready edge1 edge2 edge3
	at_most legitimate-dropped-before "$(legitimate_dropped)" 0
	parties
	begins_anew
	not_told_on
	unguarded
	ends
	no_messages
	names
	lists
	slow
	restarted
	flood
	flood_again
	full
}
