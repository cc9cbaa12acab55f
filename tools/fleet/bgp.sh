# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# A router between the callers and the server, with a real BGP daemon; and speakers beside the guard.
# What is between the router and the server is a link that tc limits. Sourced by upstream.sh, after
# common.sh.

ROUTER4=192.0.2.1
LINK_MBIT=20
ROUTER_MAC=02:00:5e:10:00:03

# As lab_spawn, in a namespace, but LAB_PID is the process itself, to be sent signals.
begin() { # NAMESPACE NAME CMD...
	local ns=$1 name=$2
	shift 2
	nsenter --net="/run/netns/$ns" -- "$@" </dev/null >"$LAB_DIR/$name.log" 2>&1 &
	LAB_PID=$!
}

# in_router CMD...
in_router() {
	nsenter --net="/run/netns/$LAB_NS_FAR" -- "$@"
}

# The two ends of the lab, and a router in between in place of the wire.
router_up() {
	local outer=${LAB_IF_SERVER%s}x inner=${LAB_IF_SERVER%s}y ns
	LAB_CLIENT4=203.0.113.1
	SECOND4=192.0.2.11
	ip -n "$LAB_NS_CLIENT" link del "$LAB_IF_CLIENT"
	ip netns add "$LAB_NS_FAR"
	ip link add name "$LAB_IF_CLIENT" netns "$LAB_NS_CLIENT" address "$LAB_CLIENT_MAC" \
		numtxqueues 1 numrxqueues 1 type veth peer name "$outer" netns "$LAB_NS_FAR" \
		address "$ROUTER_MAC" numtxqueues 1 numrxqueues 1
	ip link add name "$LAB_IF_SERVER" netns "$LAB_NS_SERVER" address "$LAB_SERVER_MAC" \
		numtxqueues 1 numrxqueues 1 type veth peer name "$inner" netns "$LAB_NS_FAR" \
		numtxqueues 1 numrxqueues 1
	for ns in "$LAB_NS_FAR" "$LAB_NS_SERVER" "$LAB_NS_CLIENT"; do
		ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.accept_dad=0
		ip -n "$ns" link set lo up
	done
	ip -n "$LAB_NS_CLIENT" addr add "$LAB_CLIENT4/24" dev "$LAB_IF_CLIENT"
	ip -n "$LAB_NS_FAR" addr add 203.0.113.254/24 dev "$outer"
	ip -n "$LAB_NS_FAR" addr add "$ROUTER4/24" dev "$inner"
	ip -n "$LAB_NS_SERVER" addr add "$LAB_SERVER4/24" dev "$LAB_IF_SERVER"
	ip -n "$LAB_NS_SERVER" addr add "$SECOND4/24" dev "$LAB_IF_SERVER"
	ip -n "$LAB_NS_SERVER" addr add "$LAB_SERVER6/64" dev "$LAB_IF_SERVER" nodad
	ip -n "$LAB_NS_CLIENT" link set "$LAB_IF_CLIENT" up
	ip -n "$LAB_NS_FAR" link set "$outer" up
	ip -n "$LAB_NS_FAR" link set "$inner" up
	ip -n "$LAB_NS_SERVER" link set "$LAB_IF_SERVER" up
	# Redirected frames are refused in silence by a veth without XDP and without GRO.
	ip netns exec "$LAB_NS_FAR" ethtool -K "$outer" gro on
	ip netns exec "$LAB_NS_CLIENT" ethtool -K "$LAB_IF_CLIENT" gro on
	ip -n "$LAB_NS_CLIENT" route add default via 203.0.113.254
	ip -n "$LAB_NS_SERVER" route add default via "$ROUTER4"
	ip -n "$LAB_NS_FAR" route add default via "$LAB_CLIENT4"
	tc -n "$LAB_NS_FAR" qdisc add dev "$inner" root handle 1: tbf rate "${LINK_MBIT}mbit" \
		burst 32kb latency 50ms
	# Its own queue counts bytes: there the small probes would find room between large frames. And
	# the session goes over the same link, so it goes first, as with any router: BIRD asks for
	# that (SO_PRIORITY).
	ip -n "$LAB_NS_FAR" link set "$inner" txqueuelen 100
	tc -n "$LAB_NS_FAR" qdisc add dev "$inner" parent 1:1 pfifo_fast
	lab_link_ready
}

# --- BIRD, and what makes filters of its table

bird() {
	timeout 10 birdc -s "$LAB_DIR/bird.ctl" "$@" 2>/dev/null
}

bird_up() {
	cat >"$LAB_DIR/bird.conf" <<-END
		router id $ROUTER4;
		flow4 table flowspec4;
		flow6 table flowspec6;
		ipv4 table blackholes;
		protocol device {}
		protocol bgp guard {
			passive;
			local $ROUTER4 as 64500;
			neighbor $LAB_SERVER4 as 64501;
			flow4 { table flowspec4; import all; export none; };
			flow6 { table flowspec6; import all; export none; };
			ipv4 {
				table blackholes;
				import filter {
					if net.len = 32 && (65535, 666) ~ bgp_community then accept;
					reject;
				};
				export none;
			};
		}
	END
	begin "$LAB_NS_FAR" bird bird -f -c "$LAB_DIR/bird.conf" -s "$LAB_DIR/bird.ctl" \
		-P "$LAB_DIR/bird.pid"
	# shellcheck disable=SC2034 # for case_frr
	BIRD_PID=$LAB_PID
}

bird_established() {
	bird show protocols guard | grep -q Established
}

# How many routes of a table are like the pattern: TABLE [PATTERN]
announced() {
	bird show route table "$1" | grep -cE "^(flow|[0-9]).*${2:-}" || true
}

is_announced() {
	[[ $(announced "$@") -gt 0 ]]
}

none_announced() {
	[[ $(announced "$@") -eq 0 ]]
}

# What a router of a provider does by itself: filters by what its BGP daemon has. Until it is ended.
filter_turns() {
	local last=- rules
	while :; do
		rules=$(bird show route table flowspec4 all | awk -f "$FLEET_SRC/flowspec.awk" | sort -sn |
			cut -f2) || rules=
		if [[ $rules != "$last" ]]; then
			in_router nft -f - <<-END || true
				table inet flowspec {}
				delete table inet flowspec
				table inet flowspec {
					chain forward {
						type filter hook forward priority 0; policy accept;
						$rules
					}
				}
			END
			last=$rules
		fi
		sleep 0.1
	done
}

filter_up() {
	filter_turns 2>>"$LAB_DIR/filter.log" &
	FILTER_PID=$!
}

filter_down() {
	[[ -z ${FILTER_PID:-} ]] || kill "$FILTER_PID" 2>/dev/null || true
	wait "${FILTER_PID:-}" 2>/dev/null || true
	FILTER_PID=
	in_router nft delete table inet flowspec 2>/dev/null || true
}

# --- speakers

# exabgp_up [CMD...]: until the command says that there is a session.
exabgp_up() {
	[[ $# -gt 0 ]] || set -- bird_established
	mkdir -p "$LAB_DIR/run/exabgp"
	[[ -p $LAB_DIR/run/exabgp/exabgp.in ]] ||
		mkfifo "$LAB_DIR/run/exabgp/exabgp.in" "$LAB_DIR/run/exabgp/exabgp.out"
	cat >"$LAB_DIR/exabgp.conf" <<-END
		neighbor $ROUTER4 {
			router-id $LAB_SERVER4;
			local-address $LAB_SERVER4;
			local-as 64501;
			peer-as 64500;
			family {
				ipv4 unicast;
				ipv4 flow;
				ipv6 flow;
			}
		}
	END
	begin "$LAB_NS_SERVER" exabgp env exabgp_daemon_drop=false exabgp_log_destination=stdout \
		exabgp --root "$LAB_DIR" "$LAB_DIR/exabgp.conf"
	SPEAKER_PID=$LAB_PID
	lab_until "$@" || lab_die "ExaBGP has no session: see below.
$(tail -n 5 "$LAB_DIR/exabgp.log")"
}

gobgp_up() {
	cat >"$LAB_DIR/gobgpd.toml" <<-END
		[global.config]
		as = 64501
		router-id = "$LAB_SERVER4"
		port = -1
		[[neighbors]]
		[neighbors.config]
		neighbor-address = "$ROUTER4"
		peer-as = 64500
		[[neighbors.afi-safis]]
		[neighbors.afi-safis.config]
		afi-safi-name = "ipv4-unicast"
		[[neighbors.afi-safis]]
		[neighbors.afi-safis.config]
		afi-safi-name = "ipv4-flowspec"
		[[neighbors.afi-safis]]
		[neighbors.afi-safis.config]
		afi-safi-name = "ipv6-flowspec"
	END
	begin "$LAB_NS_SERVER" gobgpd gobgpd -f "$LAB_DIR/gobgpd.toml" --api-hosts 127.0.0.1:50051
	SPEAKER_PID=$LAB_PID
	lab_until bird_established || lab_die "GoBGP has no session: see below.
$(tail -n 5 "$LAB_DIR/gobgpd.log")"
}

# speaker_down SIGNAL
speaker_down() {
	kill "-$1" "$SPEAKER_PID" 2>/dev/null || true
	wait "$SPEAKER_PID" 2>/dev/null || true
	SPEAKER_PID=
}
