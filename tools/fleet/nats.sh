#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A fleet on one machine: three servers of NATS, each in a namespace, members in namespaces of their
# own, and a bridge in between, in one more. Sourced by fleet.sh:
#
#   fleet_up; fleet_nats_up MEMBER...
#
# Invariants, as those of tools/lab/lab.sh: every interface is born inside a namespace that was made
# here, and what runs in those was started here. fleet_destroy works from what is on disk alone: the
# EXIT trap calls it, and so does a reaper when the owner was killed. As a command: nats.sh reap
# DIR.

# shellcheck source-path=SCRIPTDIR

set -euo pipefail

FLEET_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lab/lab.sh
source "$FLEET_SRC/../lab/lab.sh"

# RFC 2544, nobody's: servers are 198.18.0.1 to 3, members 198.18.1.N.
FLEET_NET=198.18
FLEET_SERVERS=3
FLEET_STORE=${FLEET_STORE:-4GB}
# That of every user; no certificate is shared.
FLEET_PASSWORD=fleet-lab
FLEET_DIR=
FLEET_ID=
FLEET_PID=

fleet_use() {
	FLEET_DIR=$1
	FLEET_ID=$(<"$1/id")
	export FLEET_DIR FLEET_ID
}

# The namespace of a server (nats1), a member, or the bridge.
fleet_ns() {
	echo "sgf-$FLEET_ID-$1"
}

# fleet_in NAME CMD...: on the network of that one; only the network changes, as with lab_in.
fleet_in() {
	local ns
	ns=$(fleet_ns "$1")
	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

# fleet_spawn NAME LOG CMD...: in the background; its own process id, no shell's, is in FLEET_PID.
fleet_spawn() {
	local ns log=$2
	ns=$(fleet_ns "$1")
	shift 2
	(exec nsenter --net="/run/netns/$ns" -- "$@" </dev/null >>"$log" 2>&1) &
	FLEET_PID=$!
	disown
}

fleet_reaper() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	setsid bash -c 'tail --pid="$1" -s 0.3 -f /dev/null; exec "$2" reap "$3"' \
		reaper "$$" "$FLEET_SRC/nats.sh" "$FLEET_DIR" </dev/null >/dev/null 2>&1 &
	echo $! >"$FLEET_DIR/reaper"
	disown
}

# Sets the traps EXIT, HUP, INT and TERM.
fleet_up() {
	lab_need_root
	trap fleet_down EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	FLEET_DIR=$(mktemp -d "$LAB_RUN/sipguard-fleet.XXXXXX")
	echo "$$" >"$FLEET_DIR/id"
	fleet_use "$FLEET_DIR"
	fleet_reaper
	mkdir "$FLEET_DIR/bpf" "$FLEET_DIR/certificates"
	mount -t bpf none "$FLEET_DIR/bpf"
	ip netns add "$(fleet_ns bridge)"
	ip -n "$(fleet_ns bridge)" link add name bridge type bridge forward_delay 0 mcast_snooping 0
	ip -n "$(fleet_ns bridge)" link set bridge up
}

# fleet_destroy DIR: safe to call twice, and on a fleet that was only half made.
fleet_destroy() {
	local - dir=$1 ns reaper=
	set +e
	[[ -e $dir/id ]] || {
		rm -rf --one-file-system "$dir"
		return
	}
	fleet_use "$dir"
	# All are told at once; each is waited for.
	for ns in /run/netns/"sgf-$FLEET_ID"-*; do
		[[ -e $ns ]] || continue
		# shellcheck disable=SC2046 # one argument for each process
		kill -TERM $(ip netns pids "${ns##*/}") 2>/dev/null
	done
	for ns in /run/netns/"sgf-$FLEET_ID"-*; do
		[[ -e $ns ]] || continue
		lab_end_processes "${ns##*/}"
		ip netns del "${ns##*/}"
	done
	! mountpoint -q "$dir/bpf" || umount "$dir/bpf"
	mountpoint -q "$dir/store" && umount "$dir/store"
	[[ ! -e $dir/reaper ]] || reaper=$(<"$dir/reaper")
	rm -rf --one-file-system "$dir"
	[[ -z $reaper || $reaper == "$$" ]] || kill -- "-$reaper" 2>/dev/null || true
}

fleet_down() {
	local status=$?
	trap '' HUP INT TERM
	trap - EXIT
	[[ -z $FLEET_DIR ]] || fleet_destroy "$FLEET_DIR"
	FLEET_DIR=
	trap - HUP INT TERM
	return "$status"
}

# fleet_join NAME ADDRESS: a namespace that is at the bridge by an interface "nats".
fleet_join() {
	local ns
	ns=$(fleet_ns "$1")
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	ip link add name nats netns "$ns" type veth \
		peer name "$1" netns "$(fleet_ns bridge)"
	ip -n "$ns" addr add "$2/16" dev nats
	ip -n "$ns" link set nats up
	ip -n "$(fleet_ns bridge)" link set "$1" master bridge up
}

# Nothing goes to or from this one any more, and nobody is told: the link is up, as where a router
# in between has died.
fleet_partition() {
	ip -n "$(fleet_ns bridge)" link set "$1" nomaster
}

fleet_heal() {
	ip -n "$(fleet_ns bridge)" link set "$1" master bridge
}

# fleet_split NAME...: these reach each other, and none of the others; until fleet_join_halves NAME...
fleet_split() {
	local name ns
	ns=$(fleet_ns bridge)
	ip -n "$ns" link show other >/dev/null 2>&1 || ip -n "$ns" link add other type bridge
	ip -n "$ns" link set other up
	for name in "$@"; do
		ip -n "$ns" link set "$name" master other
	done
}

fleet_join_halves() {
	local name
	for name in "$@"; do
		fleet_heal "$name"
	done
}

# The same, and its host sees that there is no carrier.
fleet_link() { # NAME up|down
	ip -n "$(fleet_ns bridge)" link set "$1" "$2"
}

# --- certificates

# fleet_certificate NAME [ADDRESS]
fleet_certificate() {
	local at=$FLEET_DIR/certificates/$1
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$at.key" -subj "/CN=$1" -out "$at.csr" 2>"$FLEET_DIR/openssl.log" ||
		lab_die "openssl makes no key: $(<"$FLEET_DIR/openssl.log")"
	openssl x509 -req -in "$at.csr" -days 2 -out "$at.pem" \
		-CA "$FLEET_DIR/certificates/ca.pem" -CAkey "$FLEET_DIR/certificates/ca.key" \
		-extfile <(echo "subjectAltName=DNS:$1${2:+,IP:$2}") \
		2>"$FLEET_DIR/openssl.log" ||
		lab_die "openssl makes no certificate: $(<"$FLEET_DIR/openssl.log")"
	rm -f "$at.csr"
}

fleet_authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-keyout "$FLEET_DIR/certificates/ca.key" -subj "/CN=fleet lab" \
		-out "$FLEET_DIR/certificates/ca.pem" 2>"$FLEET_DIR/openssl.log" ||
		lab_die "openssl makes no authority: $(<"$FLEET_DIR/openssl.log")"
}

# --- servers

# fleet_users MEMBER...
fleet_users() {
	local member
	for member in "$@"; do
		sed -e "s|@MEMBER@|$member|g" -e "s|@PASSWORD@|$FLEET_PASSWORD|" \
			"$FLEET_SRC/nats-member.conf.in"
	done >"$FLEET_DIR/members.conf"
	sed -e "s|@ADMIN_PASSWORD@|$FLEET_PASSWORD|" -e "s|@LISTS_PASSWORD@|$FLEET_PASSWORD|" \
		-e "/^@MEMBERS@$/{r $FLEET_DIR/members.conf" -e 'd;}' \
		"$FLEET_SRC/nats-users.conf.in" >"$FLEET_DIR/nats-users.conf"
}

fleet_server_config() { # NUMBER
	local i routes='' alone=''
	# One alone is no cluster, and would wait for others.
	[[ $FLEET_SERVERS -gt 1 ]] || alone='/^cluster {/,/^}/d'
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		routes+="\"nats://$FLEET_NET.0.$i:6222\", "
	done
	sed -e "s|@NAME@|nats$1|g" -e "s|@ADDRESS@|$FLEET_NET.0.$1|g" \
		-e "s|@CERTIFICATES@|$FLEET_DIR/certificates|g" \
		-e "s|@STATE@|${FLEET_STATE:-$FLEET_DIR}/nats$1|" -e "s|@STORE@|$FLEET_STORE|" \
		-e "s|@ROUTES@|$routes|" -e "$alone" \
		"$FLEET_SRC/nats.conf.in" >"$FLEET_DIR/nats$1.conf"
}

# fleet_nats_up MEMBER...: with a user for each; until JetStream answers.
fleet_nats_up() {
	local i member
	fleet_authority
	fleet_certificate admin
	fleet_certificate lists
	for member in "$@"; do
		fleet_certificate "$member"
	done
	fleet_users "$@"
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		fleet_certificate "nats$i" "$FLEET_NET.0.$i"
		fleet_join "nats$i" "$FLEET_NET.0.$i"
		fleet_server_config "$i"
	done
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		fleet_nats_start "$i"
	done
	fleet_nats_ready
}

fleet_nats_start() { # NUMBER
	fleet_spawn "nats$1" "$FLEET_DIR/nats$1.out" \
		nats-server -c "$FLEET_DIR/nats$1.conf" -l "$FLEET_DIR/nats$1.log"
	echo "$FLEET_PID" >"$FLEET_DIR/nats$1.pid"
}

fleet_gone() {
	! kill -0 "$1" 2>/dev/null
}

# fleet_nats_stop NUMBER [SIGNAL]: KILL is what no server sees coming.
fleet_nats_stop() {
	local pid
	pid=$(<"$FLEET_DIR/nats$1.pid")
	kill "-${2:-TERM}" "$pid"
	lab_until fleet_gone "$pid" || lab_die "the server nats$1 does not end."
}

# What a server says of its JetStream, for jq.
fleet_jsz() { # NUMBER FILTER
	fleet_in "nats$1" curl -s -m 2 "http://127.0.0.1:8222/jsz?$3" 2>/dev/null | jq -r "$2"
}

# A server that leads: all that live say the same, and it has heard from each.
fleet_has_leader() {
	local i leader='' said living=0
	for ((i = 1; i <= FLEET_SERVERS; i++)); do
		! fleet_gone "$(<"$FLEET_DIR/nats$i.pid")" || continue
		living=$((living + 1))
		said=$(fleet_jsz "$i" '.meta_cluster.leader // ""' "")
		[[ -n $said && ${leader:-$said} == "$said" ]] || return 1
		leader=$said
	done
	[[ -n $leader && $(fleet_jsz "${leader#nats}" \
		"[.meta_cluster.replicas[]? | select(.current)] | length" "") -ge $((living - 1)) ]]
}

fleet_alone_answers() {
	[[ -n $(fleet_jsz 1 '.server_id // ""' "") ]]
}

fleet_nats_ready() {
	local ready=fleet_has_leader
	[[ $FLEET_SERVERS -gt 1 ]] || ready=fleet_alone_answers
	lab_until "$ready" ||
		lab_die "the servers of NATS do not agree: $(tail -n 3 "$FLEET_DIR"/nats?.log)"
}

# The number of the server that leads a stream, as one that lives tells it: NUMBER STREAM
fleet_stream_leader() {
	local leader
	leader=$(fleet_jsz "$1" "[.account_details[]?.stream_detail[]? |
		select(.name == \"$2\") | .cluster.leader] | first // \"\"" \
		"accounts=true&streams=true")
	[[ -n $leader ]] && echo "${leader#nats}"
}

# The options of a client of libnats: liar and others have them alike.
fleet_client() { # USER
	local at=tls://$FLEET_NET.0
	echo "--server $at.1:4222,$at.2:4222,$at.3:4222" \
		"--user $1 --password $FLEET_PASSWORD --ca $FLEET_DIR/certificates/ca.pem" \
		"--certificate $FLEET_DIR/certificates/$1.pem --key $FLEET_DIR/certificates/$1.key"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	[[ ${1:-} == reap && -n ${2:-} ]] || lab_die "as a command this takes: reap DIRECTORY."
	fleet_destroy "$2"
fi
