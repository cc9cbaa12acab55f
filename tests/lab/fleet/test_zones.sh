#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Zones that a fleet shares, with a real nats-server and a real agent: published, withdrawn, and
# refused where the configuration is not valid with them. /var/lib is the lab's own here.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

ZONES=/var/lib/sipguard/fleet/zone

# private CMD...: on the network of the server, with the lab's /var/lib.
# shellcheck disable=SC2016 # expanded by the inner shell
private() {
	lab_in server unshare --mount sh -c 'mount --bind "$1" /var/lib && shift && exec "$@"' \
		sh "$LAB_DIR/var" "$@"
}

sipguard() {
	private "$SIPGUARD" "$@"
}

fleet() {
	sipguard fleet "$1" --config "$LAB_DIR/fleet.yaml" "${@:2}"
}

server_start() {
	cat >"$LAB_DIR/nats.conf" <<END_OF_FILE
listen: "127.0.0.1:4222"
jetstream { store_dir: "$LAB_DIR/nats", max_memory_store: 16MB, max_file_store: 1GB }
END_OF_FILE
	lab_in server nats-server -c "$LAB_DIR/nats.conf" </dev/null >"$LAB_DIR/nats.log" 2>&1 &
}

agent_config() { # MODE
	cat >"$LAB_DIR/fleet.yaml" <<END_OF_FILE
member: edge1
servers: [nats://127.0.0.1:4222]
take: {lists: {mode: $1}}
status: $LAB_DIR/fleet.json
END_OF_FILE
}

# Its process id is that of the agent: what is in between becomes it.
# shellcheck disable=SC2016 # expanded by the inner shell
agent_start() {
	(exec nsenter --net="/run/netns/$LAB_NS_SERVER" -- unshare --mount \
		sh -c 'mount --bind "$1" /var/lib && shift && exec "$@"' sh "$LAB_DIR/var" \
		"$SIPGUARD" fleet run --config "$LAB_DIR/fleet.yaml" </dev/null \
		>"$LAB_DIR/agent.log" 2>&1) &
	echo $! >"$LAB_DIR/agent"
	disown
}

agent_stop() { # [SIGNAL]
	[[ -e $LAB_DIR/agent ]] || return 0
	kill "-${1:-TERM}" "$(<"$LAB_DIR/agent")" 2>/dev/null || true
	until_true agent_is_gone
	rm "$LAB_DIR/agent"
}

# Nobody may be there to hear of its end.
agent_is_gone() {
	! grep -q '^State:[[:space:]]*[^Z]' "/proc/$(<"$LAB_DIR/agent")/status" 2>/dev/null
}

# One member, whose agent takes lists; the configuration names the zone "customers".
clean_state() {
	agent_stop
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null 2>&1
	rm -rf "${LAB_DIR:?}/var"
	mkdir -m 755 "$LAB_DIR/var"
	FILE=$LAB_DIR/var/${ZONES#/var/lib/}/customers
	LIST=$LAB_DIR/list
	CONFIG=$LAB_DIR/sipguard.yaml
	printf 'zones:\n- name: own\n  prefixes: [198.51.100.0/24]\n- name: a\n  prefixes-file: %s\n' \
		"$ZONES/customers" >"$CONFIG"
	agent_config enforce
	[[ -z $STREAMS ]] || fleet withdraw zone customers >/dev/null
	agent_start
	sipguard attach "$LAB_IF_SERVER" --config "$CONFIG" >/dev/null 2>&1
}

zone_of() {
	sipguard why "$1" --json | jq -r '.zone // "none"'
}

publish() { # PREFIX...
	printf '%s\n' "$@" >"$LIST"
	fleet publish zone customers "$LIST" >/dev/null
}

# says TEXT: the agent does, by and by.
says() {
	until_true grep -qF -- "$1" "$LAB_DIR/agent.log"
}

nothing_undecided() {
	equal "$(find "$(dirname "$FILE")" -name '*.*')" ""
}

published_and_withdrawn() {
	publish 203.0.113.0/24 2001:db8::/32
	becomes a zone_of 203.0.113.9
	equal "$(zone_of 2001:db8::1)" a
	says "the zone customers of the fleet is in force: 2 prefixes"
	equal "$(stat -c %a "$FILE")" 600
	equal "$(grep -cv '^#' "$FILE")" 2
	fleet withdraw zone customers >/dev/null
	becomes none zone_of 203.0.113.9
	equal "$(zone_of 198.51.100.9)" own
	nothing_undecided
}

# Who begins again reads all of it again, and finds it there: what was set by hand stays.
again_is_no_change() {
	publish 203.0.113.0/24
	becomes a zone_of 203.0.113.9
	agent_stop
	sipguard mode scanner off >/dev/null
	agent_start
	fleet publish deny marker "$LIST" >/dev/null
	says "the list fleet.marker of the fleet is taken"
	equal "$(sipguard explain scanner --json | jq -r .mode)" off
	equal "$(zone_of 203.0.113.9)" a
}

# The prefix is in another zone here already.
refused_where_not_valid() {
	publish 203.0.113.0/24
	becomes a zone_of 203.0.113.9
	publish 203.0.113.0/24 192.0.2.0/25 198.51.100.0/24
	says "the zone customers of the fleet is not taken: $CONFIG:5: zone 'a', $ZONES/customers"
	says "line 2: '198.51.100.0/24' is in zone 'own' already"
	becomes 1 grep -cv '^#' "$FILE"
	equal "$(zone_of 203.0.113.9)" a
	equal "$(zone_of 192.0.2.99)" none
	nothing_undecided
	publish 192.0.2.0/25
	becomes a zone_of 192.0.2.99
}

not_there_before() {
	sed -i "s|$ZONES/.*|$ZONES/first|" "$CONFIG"
	sipguard reload >/dev/null 2>&1
	echo 198.51.100.0/24 >"$LIST"
	fleet publish zone first "$LIST" >/dev/null
	says "the zone first of the fleet is not taken: $CONFIG:5: zone 'a'"
	until_true nothing_undecided
	[[ ! -e ${FILE%/*}/first ]]
	fleet withdraw zone first >/dev/null
}

# Nobody asks for it, or nobody is there to ask.
written_and_said() {
	echo 'zones: []' >"$CONFIG"
	sipguard reload >/dev/null
	publish 203.0.113.0/24
	says "the zone customers of the fleet is written, and no zone has it as its prefixes-file: 1 "
	equal "$(grep -cv '^#' "$FILE")" 1
	equal "$(zone_of 203.0.113.9)" none
}

only_said_in_monitor() {
	agent_stop
	agent_config monitor
	agent_start
	publish 203.0.113.0/24
	says "the zone customers of the fleet, 1 prefix, would be taken"
	equal "$(zone_of 203.0.113.9)" none
}

# What was in force is there again, and what was not there is not.
killed_in_between() {
	publish 203.0.113.0/24
	becomes a zone_of 203.0.113.9
	agent_stop KILL
	cp "$FILE" "$FILE.old"
	echo 198.51.100.0/24 >"$FILE"
	echo 1 >"$FILE.new"
	: >"${FILE%/*}/first.old"
	echo 198.51.100.0/24 >"${FILE%/*}/first"
	agent_config monitor # which writes nothing else
	agent_start
	becomes "" find "${FILE%/*}" -name '*.*'
	equal "$(sed '/^#/d' "$FILE")" 203.0.113.0/24
	[[ ! -e ${FILE%/*}/first ]]
}

# What no agent would take is not published.
not_published() {
	printf '203.0.113.0/24\n10.0.0.0/7\n' >"$LIST"
	fails 1 "10.0.0.0/7 is too large a part" fleet publish zone x "$LIST" --config "$LAB_DIR/fleet.yaml"
	printf '203.0.113.0/24\n203.0.113.0/24\n' >"$LIST"
	fails 1 "203.0.113.0/24 is there twice" fleet publish zone x "$LIST" --config "$LAB_DIR/fleet.yaml"
	fails 2 "a zone is there until" fleet publish zone x "$LIST" --for 1h --config "$LAB_DIR/fleet.yaml"
	fails 2 "- and _, up to 25" fleet publish deny "$(printf %026d 0)" "$LIST" \
		--config "$LAB_DIR/fleet.yaml"
	fails 2 "takes allow, deny or zone" fleet publish zones x "$LIST" --config "$LAB_DIR/fleet.yaml"
}

# Before the streams are made nothing would keep it.
no_stream() {
	echo 203.0.113.0/24 >"$LIST"
	fails 1 "have no stream" fleet publish deny x "$LIST" --config "$LAB_DIR/fleet.yaml"
}

# Another command is at work on the guard.
busy() {
	local holder
	publish 192.0.2.0/25
	becomes a zone_of 192.0.2.99
	exec {holder}<"$SIPGUARD_PIN_ROOT"
	flock "$holder"
	publish 203.0.113.0/24
	until_true grep -q 203.0.113.0 "$FILE"
	equal "$(zone_of 192.0.2.99)" a
	exec {holder}<&-
	becomes a zone_of 203.0.113.9
}

[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
command -v nats-server >/dev/null || lab_die "nats-server is missing: apt-get install nats-server."
lab_up
trap test_ended EXIT
mkdir "$LAB_DIR/var"
server_start
agent_config enforce
STREAMS=
check "what no server keeps is not published" no_stream
until_true fleet setup
STREAMS=yes

check "a published zone is in force, and out of it when it is withdrawn" published_and_withdrawn
check "who begins again changes nothing" again_is_no_change
check "what is not valid here changes nothing, and is said with its line" refused_where_not_valid
check "a first one that is not valid leaves no file" not_there_before
check "what no zone names is written and said" written_and_said
check "in monitor mode it is only said" only_said_in_monitor
check "an agent that was killed in between: the old zone" killed_in_between
check "a guard that another command has is waited for" busy
check "what no host would take is not published" not_published
test_done
