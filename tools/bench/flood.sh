#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Floods through a veth pair: how many packets a second a receiver takes that drops them all. Prints
# the array "flood" of bench.json.
#
# Generator and receiver share one CPU (the NAPI of the veth runs where the generator's frames are
# queued), so a packet's whole cost is in the figure and no scheduler is. All receivers are measured
# in turn, round after round; an entry is the median. Accepted frames only: what the ring refused
# was dropped before any receiver saw it.

# shellcheck source-path=SCRIPTDIR
set -euo pipefail

BENCH_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lab/lab.sh
source "$BENCH_SRC/../lab/lab.sh"

BUILD=${BENCH_BUILD:-$LAB_ROOT/build}
ROUNDS=${BENCH_ROUNDS:-3}
SECONDS_EACH=${BENCH_SECONDS:-2}
RECEIVERS=(xdp-drop nft-drop nft-meter sipguard)

receiver_on() {
	case $1 in
	xdp-drop) lab_in server ip link set dev "$LAB_IF_SERVER" xdpdrv \
		obj "$BUILD/tools/drop.bpf.o" sec xdp ;;
	nft-drop) lab_in server nft -f - <<-END ;;
		table netdev sg_drop {
			chain ingress {
				type filter hook ingress device $LAB_IF_SERVER priority 0; policy accept;
				udp dport 5060 drop
			}
		}
	END
	nft-meter) lab_in server nft -f - <<-END ;;
		table netdev sg_meter {
			set sources { type ipv4_addr; flags dynamic; size 65535; timeout 30s; }
			chain ingress {
				type filter hook ingress device $LAB_IF_SERVER priority 0; policy accept;
				udp dport 5060 update @sources { ip saddr limit rate over 10/second } drop
			}
		}
	END
	sipguard) lab_in server "$BUILD/sipguard" attach "$LAB_IF_SERVER" --xdp native --enforce \
		>"$LAB_DIR/sipguard.log" ;;
	esac
}

receiver_off() {
	case $1 in
	xdp-drop) lab_in server ip link set dev "$LAB_IF_SERVER" xdp off ;;
	nft-drop) lab_in server nft delete table netdev sg_drop ;;
	nft-meter) lab_in server nft delete table netdev sg_meter ;;
	sipguard) lab_in server "$BUILD/sipguard" detach "$LAB_IF_SERVER" >"$LAB_DIR/sipguard.log" ;;
	esac
}

# measure RECEIVER one|random: one line of JSON.
measure() {
	local source=(--source "$LAB_FLOOD4")
	[[ $2 == one ]] || source=(--random "$LAB_FLOOD_PREFIX4")
	receiver_on "$1"
	lab_wait_in client "$BUILD/sipguard-flood" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --method INVITE --size 660 "${source[@]}" \
		--seconds "$SECONDS_EACH" --drain 0 --cpu "$CPU" --json |
		jq -c --arg name "$1" --arg sources "$2" \
			'{name: $name, sources: $sources, mpps: .mpps, refused: .refused}'
	receiver_off "$1"
}

lab_need_root
CPU=$(taskset -pc $$ | sed 's/.*[ ,-]//')
lab_up
for ((round = 0; round < ROUNDS; round++)); do
	for receiver in "${RECEIVERS[@]}"; do
		for sources in one random; do
			measure "$receiver" "$sources" >>"$LAB_DIR/flood.lines"
		done
	done
done
jq -s 'group_by([.name, .sources]) | map({name: .[0].name, sources: .[0].sources,
	mpps: (map(.mpps) | sort | .[length / 2 | floor]), refused: (map(.refused) | add)})' \
	"$LAB_DIR/flood.lines"
