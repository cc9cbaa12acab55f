# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# The same router with FRR, which does by itself what the community BLACKHOLE asks for. Sourced by
# upstream.sh, after bgp.sh.

FRR_BIN=/usr/lib/frr
DARK4=192.0.2.66 # nobody's: a static route drops what goes there

frr_config() {
	: >"$LAB_DIR/frr/zebra.conf"
	echo "ip route $DARK4/32 blackhole" >"$LAB_DIR/frr/staticd.conf"
	# For our own addresses, of one address each, and nothing else. The next hop is resolved by
	# a static route only with disable-connected-check: findings/frr-blackhole.sh.
	cat >"$LAB_DIR/frr/bgpd.conf" <<-END
		bgp community-list standard BLACKHOLE permit 65535:666
		ip prefix-list OWN permit 192.0.2.0/24 ge 32
		route-map guard permit 10
		 match community BLACKHOLE
		 match ip address prefix-list OWN
		 set ip next-hop $DARK4
		router bgp 64500
		 bgp router-id $ROUTER4
		 neighbor $LAB_SERVER4 remote-as 64501
		 neighbor $LAB_SERVER4 disable-connected-check
		 address-family ipv4 unicast
		  neighbor $LAB_SERVER4 route-map guard in
		  neighbor $LAB_SERVER4 maximum-prefix 16
		 exit-address-family
	END
}

frr_up() {
	local daemon
	FRR_PIDS=()
	# They are the user frr, and reach their folder and no other.
	mkdir "$LAB_DIR/frr"
	frr_config
	chown -R frr:frr "$LAB_DIR/frr"
	chmod 711 "$LAB_DIR"
	for daemon in zebra staticd bgpd; do
		begin "$LAB_NS_FAR" "frr-$daemon" "$FRR_BIN/$daemon" \
			-f "$LAB_DIR/frr/$daemon.conf" -i "$LAB_DIR/frr/$daemon.pid" \
			-z "$LAB_DIR/frr/zserv" --vty_socket "$LAB_DIR/frr"
		FRR_PIDS+=("$LAB_PID")
		lab_until test -S "$LAB_DIR/frr/$daemon.vty" ||
			lab_die "FRR's $daemon does not start: $(tail -n 3 "$LAB_DIR/frr-$daemon.log")"
	done
	# A route-map takes effect five seconds after it was read, and ExaBGP sends no route twice.
	sleep 6
}

frr() {
	timeout 10 vtysh --vty_socket "$LAB_DIR/frr" -c "$1" 2>/dev/null
}

frr_established() {
	frr "show bgp ipv4 unicast summary json" |
		jq -e '.peers | any(.state == "Established")' >/dev/null
}

# Whether the kernel of the router drops what goes to an address.
is_dark() {
	[[ $(ip -n "$LAB_NS_FAR" route show "$1/32") == blackhole* ]]
}

is_light() {
	! is_dark "$1"
}

frr_down() {
	kill "${FRR_PIDS[@]}" 2>/dev/null || true
	wait "${FRR_PIDS[@]}" 2>/dev/null || true
}
