#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# FRR 8.4.4 (Debian 12, 8.4.4-1.1~deb12u2): what becomes of a route of a directly connected eBGP peer
# with the community BLACKHOLE (RFC 7999), when a route-map sets its next hop to an address that a
# static route drops: the usual way to have a router do what the community asks for.
#
# A good guess: the next hop is resolved by the static route, as zebra resolves other ones by it, so
# packets to the destination are dropped.
# Seen: bgpd says "valid, external, best", and zebra says "inactive", since it resolves next hops of
# such a peer by connected routes only. Nothing is installed, no log line says so, and the packets go
# on by the connected /24 as before. With `neighbor ADDRESS disable-connected-check`, which is about
# sessions by its name, the route is installed and drops. Without any route-map it is installed, too,
# as an ordinary route towards the peer.
#
# Output seen:
#   no route-map: bgpd has it; zebra installs it; a packet goes via 192.0.2.10
#   route-map: bgpd has it; zebra says inactive; a packet goes to the wire
#   route-map, disable-connected-check: bgpd has it; zebra installs it; a packet is dropped
#
# Needs root, apt, iproute2, util-linux. The packages are unpacked in a temporary folder and run in two
# network namespaces of their own. FRR insists on a group of its own, which /etc/group has in a mount
# namespace. Exit status: 0 as above, 1 if the behaviour has changed, 2 if it could not be tried.
set -uo pipefail
[[ ${1:-} == inside ]] || exec unshare --mount "$0" inside
WORK=$(mktemp -d)
ROUTER=srv-find$$r PEER=srv-find$$p
PIDS=()
cleanup() {
	local ns
	[[ ${#PIDS[@]} -eq 0 ]] || kill "${PIDS[@]}" 2>/dev/null
	wait 2>/dev/null
	for ns in "$ROUTER" "$PEER"; do
		ip netns del "$ns" 2>/dev/null
	done
	rm -rf --one-file-system "$WORK"
}
trap cleanup EXIT
cd "$WORK" || exit 2
if ! { apt-get download frr=8.4.4-1.1~deb12u2 libyang2 libjson-c5 libc-ares2 libreadline8 &&
	for package in *.deb; do dpkg -x "$package" root || exit; done; } >install.log 2>&1; then
	cat install.log
	exit 2
fi
{ grep -v '^frrvty:' /etc/group; echo "frrvty:x:64999:root"; } >group
mount --bind group /etc/group || exit 2
export LD_LIBRARY_PATH=$WORK/root/usr/lib/x86_64-linux-gnu/frr:$WORK/root/usr/lib/x86_64-linux-gnu

# daemon NAMESPACE NAME [OPTION...]: with its file in the namespace's folder.
daemon() {
	local ns=$1 name=$2
	shift 2
	ip netns exec "$ns" "root/usr/lib/frr/$name" -u root -g root -f "$WORK/$ns/$name.conf" \
		-i "$WORK/$ns/$name.pid" -z "$WORK/$ns/zserv" --vty_socket "$WORK/$ns" "$@" \
		>"$ns/$name.log" 2>&1 &
	PIDS+=($!)
	for _ in {1..100}; do
		[[ ! -S $ns/$name.vty ]] || return 0
		sleep 0.1
	done
	cat "$ns/$name.log"
	exit 2
}

vty() { # NAMESPACE COMMAND
	root/usr/bin/vtysh --vty_socket "$WORK/$1" -c "$2" 2>/dev/null
}

for ns in "$ROUTER" "$PEER"; do
	ip netns add "$ns" || exit 2
	ip -n "$ns" link set lo up
	mkdir "$ns"
done
ip link add name wire netns "$ROUTER" type veth peer name wire netns "$PEER" || exit 2
ip -n "$ROUTER" addr add 192.0.2.1/24 dev wire
ip -n "$PEER" addr add 192.0.2.10/24 dev wire
ip -n "$ROUTER" link set wire up
ip -n "$PEER" link set wire up

: >"$PEER/zebra.conf"
: >"$ROUTER/zebra.conf"
echo "ip route 192.0.2.66/32 blackhole" >"$ROUTER/staticd.conf"
cat >"$PEER/bgpd.conf" <<'END_OF'
route-map blackhole permit 10
 set community 65535:666
router bgp 64501
 bgp router-id 192.0.2.10
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 192.0.2.1 remote-as 64500
 address-family ipv4 unicast
  network 192.0.2.11/32 route-map blackhole
 exit-address-family
END_OF
cat >"$ROUTER/bgpd.conf" <<'END_OF'
bgp community-list standard BLACKHOLE permit 65535:666
route-map drop permit 10
 match community BLACKHOLE
 set ip next-hop 192.0.2.66
router bgp 64500
 bgp router-id 192.0.2.1
 no bgp ebgp-requires-policy
 neighbor 192.0.2.10 remote-as 64501
END_OF
daemon "$PEER" zebra
daemon "$PEER" bgpd
daemon "$ROUTER" zebra
daemon "$ROUTER" staticd
daemon "$ROUTER" bgpd

# Configures the router, begins the session anew, and waits until the route is there.
configure() {
	local line commands=()
	for line in "$@"; do
		commands+=(-c "$line")
	done
	root/usr/bin/vtysh --vty_socket "$WORK/$ROUTER" -c "configure terminal" \
		-c "router bgp 64500" "${commands[@]}" >/dev/null 2>&1 || exit 2
	# Route-maps take effect five seconds later.
	sleep 7
	vty "$ROUTER" "clear ip bgp *" >/dev/null
	sleep 2
	for _ in {1..300}; do
		! vty "$ROUTER" "show ip bgp 192.0.2.11/32" | grep -q "best" || break
		sleep 0.1
	done
	sleep 2
}

tell() { # WHAT
	local bgpd="does not have it" zebra="does not have it" packet
	! vty "$ROUTER" "show ip bgp 192.0.2.11/32" | grep -q "valid, external, best" || bgpd="has it"
	if vty "$ROUTER" "show ip route 192.0.2.11/32" | grep -q "inactive"; then
		zebra="says inactive"
	elif [[ -n $(ip -n "$ROUTER" route show 192.0.2.11/32) ]]; then
		zebra="installs it"
	fi
	packet=$(ip -n "$ROUTER" route get 192.0.2.11 2>&1)
	case $packet in
	*via\ 192.0.2.10*) packet="goes via 192.0.2.10" ;;
	*dev\ wire*) packet="goes to the wire" ;;
	*) packet="is dropped" ;;
	esac
	echo "$1: bgpd $bgpd; zebra $zebra; a packet $packet"
}

{
	configure "address-family ipv4 unicast" "neighbor 192.0.2.10 activate"
	tell "no route-map"
	configure "address-family ipv4 unicast" "neighbor 192.0.2.10 route-map drop in"
	tell "route-map"
	configure "neighbor 192.0.2.10 disable-connected-check"
	tell "route-map, disable-connected-check"
} | tee seen
diff seen - <<'END_OF' || { echo "the behaviour has changed"; exit 1; }
no route-map: bgpd has it; zebra installs it; a packet goes via 192.0.2.10
route-map: bgpd has it; zebra says inactive; a packet goes to the wire
route-map, disable-connected-check: bgpd has it; zebra installs it; a packet is dropped
END_OF
