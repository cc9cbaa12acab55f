#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ExaBGP 4.2.21 (Debian 12, 4.2.21-1.1): what its API answers to an announcement of a flow route
# (RFC 8955) that no neighbour can be sent, with acknowledgements on (exabgp.api.ack).
#
# A good guess: "done" says that at least one neighbour is told, and a route of an address family that
# is not configured, or that the peer did not offer (RFC 4760), is answered "error", as a route is
# that cannot be read.
# Seen: "done" in every case. Where the family is not configured its log has a line; where the peer did
# not offer it, there is none. What a program that asks for a filter learns is that its line was
# understood; whether a router has it must be asked of the router.
#
# Output seen:
#   speaker unicast, peer unicast: done; the peer has 0 flow routes
#   speaker unicast, peer flow: done; the peer has 0 flow routes
#   speaker flow, peer unicast: done; the peer has 0 flow routes
#   speaker flow, peer flow: done; the peer has 1 flow routes
#   a route that cannot be read: error
#
# Needs root, apt, iproute2, python3 of Debian 12. The packages are unpacked in a temporary folder and
# run in a network namespace of their own; the peer is GoBGP 3.10.0 (3.10.0-1+b4). Exit status: 0 as
# above, 1 if the behaviour has changed, 2 if it could not be tried.
set -uo pipefail
WORK=$(mktemp -d)
NS=srv-find$$
PIDS=()
end_daemons() {
	[[ ${#PIDS[@]} -eq 0 ]] || kill "${PIDS[@]}" 2>/dev/null
	wait 2>/dev/null
	PIDS=()
}
cleanup() {
	end_daemons
	ip netns del "$NS" 2>/dev/null
	rm -rf --one-file-system "$WORK"
}
trap cleanup EXIT
cd "$WORK" || exit 2
if ! { apt-get download python3-exabgp=4.2.21-1.1 gobgpd=3.10.0-1+b4 python3-pkg-resources &&
	for package in *.deb; do dpkg -x "$package" root || exit; done; } >install.log 2>&1; then
	cat install.log
	exit 2
fi
ip netns add "$NS" && ip -n "$NS" link set lo up || exit 2

# What ExaBGP runs: says each line of the file `asked`, and writes down what is answered.
cat >ask.py <<'END_OF'
import sys
for line in open(sys.argv[1]):
    sys.stdout.write(line)
    sys.stdout.flush()
    answer = sys.stdin.readline()
    with open(sys.argv[2], "a") as answers:
        answers.write(answer)
sys.stdin.read()
END_OF

in_ns() {
	nsenter --net="/run/netns/$NS" -- "$@"
}

# begin SPEAKER_FAMILY PEER_FAMILY: both daemons, and a session of them.
begin() {
	local families='"ipv4-unicast"' family='ipv4 unicast;'
	[[ $1 == unicast ]] || family='ipv4 unicast; ipv4 flow;'
	[[ $2 == unicast ]] || families='"ipv4-unicast", "ipv4-flowspec"'
	{
		printf '[global.config]\nas = 64500\nrouter-id = "192.0.2.1"\nport = 1790\n'
		printf 'local-address-list = ["127.0.0.1"]\n[[neighbors]]\n[neighbors.config]\n'
		printf 'neighbor-address = "127.0.0.2"\npeer-as = 64501\n'
		printf '[neighbors.transport.config]\npassive-mode = true\n'
		for name in ${families//,/}; do
			printf '[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\n'
			printf 'afi-safi-name = %s\n' "$name"
		done
	} >gobgpd.toml
	cat >exabgp.conf <<-END_OF
		process ask { run /usr/bin/python3 $WORK/ask.py $WORK/asked $WORK/answers; encoder text; }
		neighbor 127.0.0.1 {
			router-id 192.0.2.2; local-address 127.0.0.2; local-as 64501; peer-as 64500;
			family { $family }
			api { processes [ ask ]; }
		}
	END_OF
	: >answers
	mkfifo asked
	nsenter --net="/run/netns/$NS" root/usr/bin/gobgpd -f gobgpd.toml >gobgpd.log 2>&1 &
	PIDS+=($!)
	PYTHONPATH=$WORK/root/usr/lib/python3/dist-packages exabgp_daemon_user=root \
		exabgp_api_ack=true exabgp_api_cli=false exabgp_tcp_port=1790 \
		nsenter --net="/run/netns/$NS" /usr/bin/python3 -m exabgp exabgp.conf >exabgp.log 2>&1 &
	PIDS+=($!)
	exec 3>asked
	for _ in {1..150}; do
		[[ $(in_ns root/usr/bin/gobgp neighbor 2>/dev/null) != *Establ* ]] || return 0
		sleep 0.2
	done
	cat gobgpd.log exabgp.log >&2
	exit 2
}

# ask LINE: prints what is answered.
ask() {
	local before
	before=$(wc -l <answers)
	echo "$1" >&3
	for _ in {1..50}; do
		[[ $(wc -l <answers) -eq $before ]] || break
		sleep 0.2
	done
	tail -n +$((before + 1)) answers
}

# routes FAMILY: how many the peer has.
routes() {
	in_ns root/usr/bin/gobgp global rib -a "$1" 2>/dev/null | grep -c '^\*>'
}

FLOW='announce flow route { match { destination 192.0.2.80/32; protocol udp; } then { discard; } }'
for speaker in unicast flow; do
	for peer in unicast flow; do
		begin "$speaker" "$peer"
		answer=$(ask "$FLOW")
		# What is asked for next has arrived: so would have the flow route, two seconds later.
		marked=$(ask 'announce route 198.51.100.0/24 next-hop 192.0.2.2')
		for _ in {1..100}; do
			[[ $(routes ipv4) -eq 0 ]] || break
			sleep 0.2
		done
		[[ $marked == "done" && $(routes ipv4) -eq 1 ]] || { cat gobgpd.log exabgp.log >&2; exit 2; }
		sleep 2
		echo "speaker $speaker, peer $peer: $answer; the peer has $(routes ipv4-flowspec) flow routes"
		[[ $speaker$peer != flowflow ]] ||
			echo "a route that cannot be read: $(ask 'announce flow route { nonsense; }')"
		exec 3>&-
		end_daemons
		rm asked
	done
done >seen
cat seen
diff seen - <<'END_OF' || { echo "the behaviour has changed"; exit 1; }
speaker unicast, peer unicast: done; the peer has 0 flow routes
speaker unicast, peer flow: done; the peer has 0 flow routes
speaker flow, peer unicast: done; the peer has 0 flow routes
speaker flow, peer flow: done; the peer has 1 flow routes
a route that cannot be read: error
END_OF
