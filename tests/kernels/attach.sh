#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# attach.sh SIPGUARD AT_EGRESS: the guard is attached to a veth of its own and detached again. Called
# in a network namespace and a mount namespace of its own. Prints how what the interface sends is
# seen, tcx or clsact, or what went wrong. POSIX shell: in the machine, the shell is busybox.

sipguard=$1 at_egress=$2
tmp=$(mktemp -d) || exit 1
trap 'umount "$tmp"; rmdir "$tmp"' EXIT
mount -t bpf bpf "$tmp" || exit 1
export SIPGUARD_PIN_ROOT="$tmp/sipguard"
reply=$(echo "$tmp"/sipguard/v*/reply)

die()
{
	echo "$*"
	exit 1
}

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

attach()
{
	"$sipguard" attach sgv0 >"$tmp.out" 2>&1 || die "$1: $(cat "$tmp.out")"
	sees_packet "$1"
}

make_interface
attach "attach"
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
