#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The pictures of README.md: `top` and the status page during a flood in the lab, into docs/images/,
# or into another folder: screenshots.sh [FOLDER].

# shellcheck source-path=SCRIPTDIR disable=SC2119 # its arguments are not those of others

# shellcheck source=../../tests/watch/watch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../tests/watch/watch.sh"
# shellcheck source=../../tests/page/browser.sh
source "$LAB_ROOT/tests/page/browser.sh"

TO=$(realpath "${1:-$LAB_ROOT/docs/images}")
SECONDS_OF_FLOOD=180
COLUMNS_OF_TOP=120
# Of documentation prefixes: a trunk, and a scanner.
TRUNK=192.0.2.30
SCANNER=198.51.100.4

terminal() {
	env -u TMUX tmux -S "$LAB_DIR/tmux" -f /dev/null "$@"
}

server_begin() {
	local address
	cat >"$LAB_DIR/sipguard.yaml" <<-END
		zones:
		  - name: trunk
		    prefixes: [$TRUNK/32]
	END
	for address in "$TRUNK" "$SCANNER"; do
		ip -n "$LAB_NS_CLIENT" address add "$address/32" dev "$LAB_IF_CLIENT"
	done
	sipguard attach "$LAB_IF_SERVER" --enforce --config "$LAB_DIR/sipguard.yaml" >/dev/null
	sipguard ban 203.0.113.200 --for 40m >/dev/null
	sipguard ban 2001:db8:bad::1 --for 3h >/dev/null
	sipguard deny add 198.18.7.0/24 >/dev/null
}

# caller ADDRESS NAME SCENARIO SIPP-OPTION...
caller() {
	LAB_CLIENT4=$1 lab_sipp "$2" "$3" 4 udp -timeout "$SECONDS_OF_FLOOD" "${@:4}"
}

# Those who are wanted, and those who are not.
traffic_begin() {
	local i
	for i in 1 2 3 4 5 6; do
		caller "$LAB_CLIENT4" "phone-$i" call -p $((5080 + 2 * i)) -r "$i"
	done
	caller "$TRUNK" trunk call -r 15
	LAB_SIPP_EXTRA="User-Agent: friendly-scanner" caller "$SCANNER" scanner call -r 12 -l 100000
	sleep 8 # the phones are known before the flood, as they would be
	nsenter --net="/run/netns/$LAB_NS_CLIENT" -- "$LAB_ROOT/build/sipguard-flood" --dev \
		"$LAB_IF_CLIENT" --dst "$LAB_SERVER4" --dst-mac "$LAB_SERVER_MAC" --method REGISTER \
		--sources 9 --prefix 203.0.113.64/26 --sport 5060 --rate 6000 \
		--seconds "$SECONDS_OF_FLOOD" >"$LAB_DIR/flood.log" 2>&1 &
}

# What is on the screen, when all of them have been seen for a while.
picture_of_top() {
	terminal new-session -d -x "$COLUMNS_OF_TOP" -y 34 env TERM=tmux-256color \
		"SIPGUARD_PIN_ROOT=$SIPGUARD_PIN_ROOT" nsenter --net="/run/netns/$LAB_NS_SERVER" -- \
		"$SIPGUARD" top
	sleep 15
	terminal send-keys Home
	sleep 1
	terminal capture-pane -p -e -N >"$LAB_DIR/top.txt"
	awk -v columns="$COLUMNS_OF_TOP" -f "$LAB_ROOT/tools/screenshots/svg.awk" \
		"$LAB_DIR/top.txt" >"$TO/top.svg"
	terminal kill-server
}

# part FILE WIDTH HEIGHT: what a window of that size shows.
part() {
	browser Emulation.setDeviceMetricsOverride "{\"width\": $2, \"height\": $3,
		\"deviceScaleFactor\": 1, \"mobile\": false}" >/dev/null
	sleep 1 # it is drawn anew
	browser Page.captureScreenshot '{}' | jq -r .data | base64 -d >"$1"
}

# When its charts have something to show.
pictures_of_page() {
	watch_start
	browser_start
	browser Page.navigate "{\"url\": \"http://$WATCH_AT/\"}" >/dev/null
	sleep "${PAGE_SECONDS:-100}"
	browser Emulation.setScrollbarsHidden '{"hidden": true}' >/dev/null
	browser Emulation.setEmulatedMedia '{"features": [{"name": "prefers-color-scheme",
		"value": "light"}]}' >/dev/null
	part "$TO/page.png" 1200 784
	part "$TO/page-phone.png" 390 844
	browser_stop
	watch_stop
}

# shellcheck disable=SC2317 # reached by trap only
ended() {
	terminal kill-server 2>/dev/null || true
	lab_down
}

if ! command -v tmux >/dev/null || ! command -v chromium >/dev/null; then
	lab_die "this needs tmux and chromium: run \"make screenshots\"."
fi
mkdir -p "$TO"
lab_up
trap ended EXIT
lab_kamailio_start
server_begin
traffic_begin
picture_of_top
pictures_of_page
ls -l "$TO"
