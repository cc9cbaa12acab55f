#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `sipguard upstream` as a command: its file, its words, that there is one of it, and that it opens
# nothing. What it announces, with real routers, is measured by tools/fleet/upstream.sh.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

PID=

clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	rm -rf "$LAB_DIR/run"
	settings "speed: 20M"
}

# settings LINE...: the file.
settings() {
	printf '%s\n' "interface: $LAB_IF_SERVER" "state: $LAB_DIR/run/upstream" "$@" \
		>"$LAB_DIR/upstream.yaml"
}

upstream() {
	sipguard upstream "$@" --config "$LAB_DIR/upstream.yaml"
}

fails_with() { # CODE REGEX ARGUMENT...
	fails "$@" --config "$LAB_DIR/upstream.yaml"
}

start() {
	rm -f "$LAB_DIR/run/upstream.lock"
	nsenter --net="/run/netns/$LAB_NS_SERVER" -- "$SIPGUARD" upstream \
		--config "$LAB_DIR/upstream.yaml" >"$LAB_DIR/upstream.log" 2>&1 &
	PID=$!
	until_true test -e "$LAB_DIR/run/upstream.lock"
}

stop() {
	local status=0
	kill -TERM "$PID"
	wait "$PID" || status=$?
	equal "$status" "$1"
}

says_what_it_means() {
	upstream check | grep -qF "$LAB_IF_SERVER is full at 90 % of 20.0 Mbit/s, for 1 s."
	upstream check | grep -qF "nothing is announced"
	settings "speed: 20M" "dry-run: no" "rtbh: the-address-goes-dark" "next-hop: 192.0.2.66"
	upstream check | grep -qF "An address may go dark."
	[[ $(upstream check) != *"dry run"* ]]
	upstream check --json |
		jq -e '.speed == 20000000 and .rate == 625000 and .rtbh and (.dry_run | not)'
	[[ ! -e $LAB_DIR/run ]]
}

# Which is no mistake of the file.
says_what_is_missing() {
	local said reader
	settings "speed: 20M" "pipe: $LAB_DIR/in" "answers: ''"
	said=$(upstream check 2>&1)
	[[ $said == *"cannot open $LAB_DIR/in: No such file"*"the guard is not attached"* ]]
	mkfifo "$LAB_DIR/in"
	[[ $(upstream check 2>&1) == *"nobody reads $LAB_DIR/in: start ExaBGP"* ]]
	exec {reader}<>"$LAB_DIR/in"
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	[[ $(upstream check 2>&1 >/dev/null) == "" ]]
	exec {reader}<&-
	rm "$LAB_DIR/in"
}

tells_of_mistakes() {
	settings "speed: 20M" "rtbh: yes"
	fails_with 1 "upstream.yaml:4:7: 'rtbh' takes no or the-address-goes-dark" upstream
	settings "speed: 20M" "threshhold: 80"
	fails_with 1 "upstream.yaml:4:1: 'threshhold' is no key" upstream check
	settings
	fails_with 1 "does not say how fast it is: write" upstream check
	settings "speed: 20M" "rate: 10M"
	fails_with 1 "so much alone fills the link: .* write less than 2250000" upstream check
	settings "speed: 20M" "speaker: gobgp" "api: here" "dry-run: no"
	fails_with 1 "no address of GoBGP's API" upstream
	echo "interface: none" >"$LAB_DIR/upstream.yaml"
	fails_with 1 "there is no interface none here" upstream check
	rm "$LAB_DIR/upstream.yaml"
	fails_with 1 "cannot read it" upstream
	fails_with 2 "does not know what to do with 'now'" upstream now
}

# Neither a guard nor a speaker has to be there for it to begin, to wait, and to end.
waits_for_what_is_not_there() {
	settings "speed: 20M" "dry-run: no" "pipe: $LAB_DIR/none" "answers: $LAB_DIR/none"
	start
	stop 0
	equal "$(cat "$LAB_DIR/upstream.log")" ""
}

is_one() {
	start
	fails_with 1 "another .sipguard upstream. runs already" upstream
	stop 0
	start
	stop 0
}

state_has() {
	[[ $(wc -l <"$LAB_DIR/run/upstream") == "$1" ]]
}

# As with a terminal that is stopped: what was left is told to the speaker, and a signal ends it.
writes_to_nobody() {
	local in said
	mkdir -p "$LAB_DIR/run"
	printf '192.0.2.10 %s udp 5060 limit 1000\n' any 198.51.100.7 >"$LAB_DIR/run/upstream"
	mkfifo "$LAB_DIR/in" "$LAB_DIR/said"
	exec {in}<>"$LAB_DIR/in" {said}<>"$LAB_DIR/said"
	dd if=/dev/zero of="$LAB_DIR/said" bs=4096 oflag=nonblock 2>/dev/null || true
	settings "speed: 20M" "pipe: $LAB_DIR/in" "answers: ''"
	nsenter --net="/run/netns/$LAB_NS_SERVER" -- "$SIPGUARD" upstream \
		--config "$LAB_DIR/upstream.yaml" >"$LAB_DIR/said" &
	PID=$!
	until_true state_has 0
	stop 0
	exec {in}<&- {said}<&-
	rm "$LAB_DIR/in" "$LAB_DIR/said"
}

opens_nothing() {
	guard_attach
	start
	equal "$(lab_in server ss -Hnap | grep -c "pid=$PID," || true)" 0
	stop 0
}

lab_up
trap test_ended EXIT
check "what the file means" says_what_it_means
check "what is missing, which is no mistake" says_what_is_missing
check "mistakes, with line and column" tells_of_mistakes
check "neither guard nor speaker has to be there" waits_for_what_is_not_there
check "a second one is refused" is_one
check "a line that nobody reads holds up nothing" writes_to_nobody
check "nothing listens" opens_nothing
test_done
