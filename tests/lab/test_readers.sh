#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who reads the guard and who changes it do not wait for each other: what session.h says.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

OTHER=sg-$$r
STRACE=
READER=
STATUS=

# Each check begins with a guard on one of the two interfaces.
clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	sipguard attach "$LAB_IF_SERVER" --config "$LAB_DIR/a.yaml" >/dev/null
}

# Somebody is changing the guard for long.
reads_locked() {
	local holder command
	exec {holder}<"$SIPGUARD_PIN_ROOT"
	flock "$holder"
	for command in status stats bans sources connections "allow show" "explain garbage" \
		"status --json" "stats --json"; do
		# shellcheck disable=SC2086 # words of a command
		sipguard $command >/dev/null || {
			echo "fails while another command has the lock: $command"
			return 1
		}
	done
	fails 1 "is changing the guard right now" mode enforce
	exec {holder}<&-
}

stopped() {
	grep -q "stopped by SIGSTOP" "$LAB_DIR/trace"
}

# read_until CALL ARGUMENT...: a reader that stops at its bpf() call of that number.
read_until() {
	: >"$LAB_DIR/trace"
	# shellcheck disable=SC2016 # of the other shell
	lab_in server strace -qq -o "$LAB_DIR/trace" -e trace=bpf,getpid -e inject="bpf:signal=STOP:when=$1" \
		bash -c 'echo $$ >"$1"; shift; exec "$@"' _ "$LAB_DIR/pid" \
		"$SIPGUARD" "${@:2}" >"$LAB_DIR/out" 2>"$LAB_DIR/err" &
	STRACE=$!
	until_true stopped
	READER=$(<"$LAB_DIR/pid")
}

# That reader goes on to its end, with exit status STATUS.
read_on() {
	STATUS=0
	kill -CONT "$READER"
	wait "$STRACE" || STATUS=$?
}

# Wherever a reader stands still, the guard can be changed, and the reader comes to a good end.
changes_beside() {
	local call
	for call in 2 5 12 25 38 48 60; do
		read_until "$call" status --json
		sipguard attach "$OTHER" >/dev/null
		sipguard attach "$LAB_IF_SERVER" >/dev/null
		sipguard reload --config "$LAB_DIR/b.yaml" >/dev/null
		sipguard reload --config "$LAB_DIR/a.yaml" >/dev/null
		sipguard deny add 198.51.100.0/24 >/dev/null
		sipguard deny del 198.51.100.0/24 >/dev/null
		sipguard detach "$OTHER" >/dev/null
		read_on
		equal "$STATUS" 0
		jq -e '.attached and .zones[0].limits.source == {rate: 111, burst: 222} and
			.zones[1].name == "trunk"' "$LAB_DIR/out" >/dev/null
	done
}

# The last interface goes: the reader tells of what was there, or that nothing is; it does not stumble
# over what is missing.
detached_beside() {
	local call
	for call in 2 5 12 25 38 48 60; do
		read_until "$call" status
		sipguard detach --all >/dev/null
		read_on
		guard_left_nothing
		[[ $STATUS == 0 || $STATUS == 3 ]] || {
			echo "exit status $STATUS at call $call: $(<"$LAB_DIR/err")"
			return 1
		}
		[[ $STATUS == 0 || $(<"$LAB_DIR/out") == "The guard is not attached"* ]]
		equal "$(<"$LAB_DIR/err")" ""
		sipguard attach "$LAB_IF_SERVER" >/dev/null
	done
}

lines_of_watch() {
	[[ $(wc -l <"$LAB_DIR/watch") -ge $1 ]]
}

# A watch goes on while the guard is changed, and ends with it.
watches_on() {
	local pid status=0 holder
	(exec nsenter --net="/run/netns/$LAB_NS_SERVER" -- "$SIPGUARD" stats --watch 1 --json) \
		>"$LAB_DIR/watch" 2>"$LAB_DIR/err" &
	pid=$!
	until_true lines_of_watch 1
	sipguard attach "$OTHER" >/dev/null
	sipguard reload --config "$LAB_DIR/b.yaml" >/dev/null
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	sipguard detach "$OTHER" >/dev/null
	exec {holder}<"$SIPGUARD_PIN_ROOT"
	flock "$holder"
	until_true lines_of_watch "$(($(wc -l <"$LAB_DIR/watch") + 8))" # longer than anybody waits for the lock
	exec {holder}<&-
	kill -0 "$pid"
	sipguard detach --all >/dev/null
	wait "$pid" || status=$?
	equal "$status" 3
	equal "$(<"$LAB_DIR/err")" "sipguard: the guard is not attached: \`sipguard attach IFACE\` does that."
	jq -es 'length >= 9 and all(.seconds > 0)' "$LAB_DIR/watch" >/dev/null
}

command -v strace >/dev/null || lab_die "strace is missing: apt-get install strace."
[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT
ip -n "$LAB_NS_SERVER" link add "$OTHER" type veth peer name "${OTHER}p"
ip -n "$LAB_NS_SERVER" link set "$OTHER" up
cat >"$LAB_DIR/a.yaml" <<END
limits: {source: {rate: 111, burst: 222}}
zones: [{name: trunk, prefixes: [198.51.100.0/24]}]
END
cat >"$LAB_DIR/b.yaml" <<END
limits: {source: {rate: 333, burst: 444}}
zones: [{name: office, prefixes: [203.0.113.0/24]}]
END

check "what only reads does not wait for the lock" reads_locked
check "nobody waits for a reader, and it reads on" changes_beside
check "the last interface is detached under a reader" detached_beside
check "a watch goes on while the guard is changed, and ends with it" watches_on
test_done
