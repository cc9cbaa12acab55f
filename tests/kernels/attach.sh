#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# attach.sh SIPGUARD AT_EGRESS TCP_ENDS: the guard is attached to a veth of its own and detached
# again. Called by job.sh. Prints how what the interface sends is seen, tcx or clsact, or what went
# wrong.

sipguard=$1 at_egress=$2 tcp_ends=$3
# shellcheck source-path=SCRIPTDIR disable=SC2317 # some are called by name

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
reply=$(echo "$tmp"/sipguard/v*/reply)

# The kernel names the other end.
make_interface()
{
	ip link add sgv0 type veth || die "cannot make a veth"
	ip addr add 192.0.2.1/24 dev sgv0
	for end in $(ip link | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'); do
		ip link set "$end" up
	done
}

# What is sent passes through the program: to a neighbour not asked for before, at least a question.
neighbour=1
sees_packet()
{
	neighbour=$((neighbour + 1))
	reply=$(echo "$tmp"/sipguard/v*/reply)
	count=$("$at_egress" runs "$reply" \
		sh -c "busybox ping -c 1 -W 1 192.0.2.$neighbour >/dev/null; true")
	case $count in
	*[!0-9]* | "" | 0) die "$1: the program at egress ran \"$count\" times" ;;
	esac
}

seen_by()
{
	"$sipguard" status --json | sed -n 's/.*"replies": "\(.*\)".*/\1/p'
}

answered()
{
	[ "$(tail -n 1 "$tmp.count")" = "$1" ]
}

# live WHEN NUMBER: so many connections are counted, sooner or later.
live()
{
	tries=0
	while [ "$("$sipguard" connections --json | sed -n 's/.*"live": \([0-9]*\).*/\1/p')" != "$2" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 2400 ] || die "$1: $("$sipguard" connections), where $2 should be"
		busybox usleep 50000
	done
}

# Connections on both kinds of sockets, older and newer than the guard. They come from the interface's
# own address, so lo carries them.
count_connections()
{
	ip link set lo up
	"$tcp_ends" serve :: 5060 >"$tmp.out" &
	running=$!
	mkfifo "$tmp.orders"
	"$tcp_ends" client <"$tmp.orders" >"$tmp.count" &
	exec 3>"$tmp.orders"
	rm "$tmp.orders"
	until_true "nobody listens" says "$tmp.out" listens
	echo "open 192.0.2.1 192.0.2.1 5060 3 60000" >&3
	until_true "no connection" answered 3
	attach "attach"
	live "older than the guard" 3
	echo "open 192.0.2.1 192.0.2.1 5060 4 60000" >&3
	live "newer than the guard" 7
	attach "upgrade"
	echo "fin 3" >&3
	live "after FIN" 4
	echo "rst 2" >&3
	live "after RST" 2
	kill -9 "$running"
	running=
	live "without their server" ""
	exec 3>&-
}

attach()
{
	"$sipguard" attach sgv0 >"$tmp.out" 2>&1 || die "$1: $(cat "$tmp.out")"
	sees_packet "$1"
}

make_interface
count_connections
kind=$(seen_by)
attach "upgrade"
[ "$kind" = "$(seen_by)" ] || die "an upgrade turns $kind into $(seen_by)"
ip link del sgv0
make_interface
attach "an interface that vanished"
[ "$kind" = "$(seen_by)" ] || die "$kind becomes $(seen_by)"
"$at_egress" gone "$reply" "$sipguard" detach sgv0 >"$tmp.out" 2>&1 ||
	die "detach: $(cat "$tmp.out")"
rm -f "$tmp.out"
[ ! -e "$tmp/sipguard" ] || die "pins are left"
echo "$kind"
