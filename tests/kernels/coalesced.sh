#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# coalesced.sh SIPGUARD UDP_SEGMENT: several messages in one super-packet, as the lab's
# test_coalesced.sh looks at closely, on this kernel: through a veth without native XDP, a tap and a
# bridge. Called by job.sh. Prints what this kernel does not have, or "all", as the last line; or
# what went wrong.

sipguard=$1 udp_segment=$2
server=192.0.2.20 client=192.0.2.1 marker=192.0.2.99
# shellcheck source-path=SCRIPTDIR disable=SC2317 # some are called by name

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
missing=

explain()
{
	"$sipguard" stats 2>&1
}

# sgv0 here, the server's, and sgp0 in another network namespace, the client's.
make()
{
	make_veth "$client" 1500
	there ip addr add "$marker/32" dev sgp0
}

# packets GROUP NAME COLUMN: how many stats counted there; its JSON is on standard input.
packets()
{
	sed -n "/^  \"$1\"/,/^  }/p" | sed -n "/^    \"$2\"/,/^    }/p" |
		sed -n "/\"$3\"/,/}/s/.*\"packets\": \([0-9]*\).*/\1/p"
}

# How many REGISTERs have passed, and how many frames though they had garbage, too.
counted()
{
	"$sipguard" stats --json >"$tmp.stats"
	echo "$(packets methods REGISTER passed <"$tmp.stats")" \
		"$(packets reasons garbage watched <"$tmp.stats")"
}

# The file of the one before says "ready", too.
sink_up()
{
	rm -f "$tmp.sink"
	"$udp_segment" sink "$server" 5060 >"$tmp.sink" &
	sink=$!
	running="$other $sink"
	until_true "no socket receives" says "$tmp.sink" ready
}

# send WAY GOOD BAD SIZE: one frame, from the client or out of a tap.
send()
{
	way=$1
	shift
	if [ "$way" = tap ]; then
		echo >"$tmp.go"
	else
		there "$udp_segment" send "$client" "$server" 5060 "$marker" "$@" ||
			die "nothing was sent"
	fi
}

# tap_up GOOD BAD SIZE: the tap is a guest's who sends this when it is told to.
tap_up()
{
	rm -f "$tmp.go" "$tmp.tap"
	mkfifo "$tmp.go"
	# Open at both ends, so that none of them waits for the other.
	"$udp_segment" tap sgt0 "$client" "$server" 5060 "$marker" "$@" <>"$tmp.go" >"$tmp.tap" 2>&1 &
	tap=$!
	running="$running $tap"
	until_true "there is no tap" says "$tmp.tap" ready
	echo 0 >/proc/sys/net/ipv4/conf/sgt0/rp_filter
	ip link set sgt0 up
}

guard()
{
	cat >"$tmp.yaml" <<-END
		limits: {source: {rate: 100000, burst: 100000}, register: {rate: 100000, burst: 100000}}
		flow-limits: {source: {rate: 100000, burst: 100000}, register: {rate: 100000, burst: 100000}}
		totals: {unlisted-total: {rate: 100000, burst: 100000}}
	END
	"$sipguard" attach "$1" --xdp generic --enforce --config "$tmp.yaml" >"$tmp.out" 2>&1 ||
		die "$1: $(cat "$tmp.out")"
	"$sipguard" allow add "$marker" >"$tmp.out" 2>&1 || die "$1: $(cat "$tmp.out")"
}

detach()
{
	"$sipguard" detach --all >"$tmp.out" 2>&1 || die "$1: $(cat "$tmp.out")"
}

tap_down()
{
	detach sgt0
	kill "$tap" 2>/dev/null
	wait "$tap" 2>/dev/null
}

# frame WHERE WAY GOOD BAD SIZE GOT PASSED WATCHED: what the socket receives, and what is counted.
frame()
{
	where=$1 way=$2 good=$3 bad=$4 size=$5 got=$6 passed=$7 watched=$8
	sink_up
	[ "$way" != tap ] || tap_up "$good" "$bad" "$size"
	"$sipguard" status >/dev/null 2>&1 || guard "$where"
	before=$(counted)
	send "$way" "$good" "$bad" "$size"
	wait "$sink" || die "$where: the marker did not arrive"
	is=$(tail -n 1 "$tmp.sink")
	[ "$is" = "$got" ] || die "$where: of $good good and $bad bad ones arrived \"$is\", not \"$got\""
	is=$(counted)
	is="$((${is% *} - ${before% *})) $((${is#* } - ${before#* }))"
	[ "$is" = "$passed $watched" ] || die "$where: of $good good and $bad bad ones counted \"$is\""
	[ "$way" != tap ] || tap_down
	running=$other
}

# frames WHERE WAY
frames()
{
	frame "$1" "$2" 40 0 1200 "40 0" 40 0
	frame "$1" "$2" 14 0 1300 "14 0" 14 0
	frame "$1" "$2" 1 39 1200 "0 0" 0 0
	frame "$1" "$2" 20 20 1200 "20 20" 20 1
	[ "$2" = tap ] || detach "$1"
}

make
ip addr add "$server/24" dev sgv0
frames sgv0 socket
# Linux 6.2: before it no guest can send several datagrams as one.
case $(uname -r) in
6.1.*) missing="$missing tap" ;;
*) frames sgt0 tap ;;
esac
ip link add name sgb0 type bridge || die "cannot make a bridge"
ip addr del "$server/24" dev sgv0
ip link set sgv0 master sgb0
ip addr add "$server/24" dev sgb0
ip link set sgb0 up
frames sgb0 socket
echo "${missing:-all}"
