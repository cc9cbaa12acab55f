#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# lib.sh: how attach.sh, interfaces.sh, coalesced.sh, shadow.sh and dispatcher.sh begin, which job.sh
# calls in a network namespace and a mount namespace of their own. Sourced with `sipguard` set. Sets tmp,
# beside which a script may make files "$tmp".NAME, and the pins' root below it; what is in
# `running` ends with the script. POSIX shell: in the machine, the shell is busybox.

# shellcheck disable=SC2034 # used by those that source this

tmp=$(mktemp -d) || exit 1
running=
trap 'kill -9 $running 2>/dev/null; umount "$tmp"; rmdir "$tmp"; rm -rf "$tmp".*' EXIT
mount -t bpf bpf "$tmp" || exit 1
export SIPGUARD_PIN_ROOT="$tmp/sipguard"

# Whoever sources this may say more before the end.
explain()
{
	:
}

die()
{
	echo "$*"
	explain
	exit 1
}

# until_true WHAT COMMAND...: waits for it.
until_true()
{
	what=$1 tries=0
	shift
	while ! "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 2400 ] || die "$what"
		busybox usleep 50000
	done
}

# says FILE WORD: whether a program that was started says it by now.
says()
{
	grep -qs "$2" "$1"
}

apart()
{
	[ "$(readlink "/proc/$other/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Another network namespace, that of process `other`.
make_other()
{
	unshare -n sleep 100000 &
	other=$!
	running="$running $other"
	until_true "there is no other network namespace" apart
}

# make_veth ADDRESS MTU: sgv0 here, and sgp0 in another network namespace, which has the address.
make_veth()
{
	make_other
	ip link add sgv0 type veth || die "cannot make a veth"
	peer=$(ip link | sed -n 's/^[0-9]*: \(veth[0-9]*\)[@:].*/\1/p')
	ip link set "$peer" name sgp0
	ip link set sgp0 netns "$other" || die "cannot move sgp0"
	ip link set lo up
	ip link set sgv0 mtu "$2"
	ip link set sgv0 up
	there ip link set sgp0 mtu "$2"
	there ip link set sgp0 up
	there ip addr add "$1/24" dev sgp0
}

there()
{
	busybox nsenter -t "$other" -n "$@"
}
