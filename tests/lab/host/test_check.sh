#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `status --check`: what monitoring is told, whatever becomes of an interface that was attached.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

PORT=sg-$$v

# A guard at one veth, and nothing else that a check before has made.
clean_state() {
	local link
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	for link in "$PORT" "${PORT}2" sg-upper "sg|2"; do
		ip -n "$LAB_NS_SERVER" link del "$link" 2>/dev/null || true
		ip -n "$LAB_NS_CLIENT" link del "$link" 2>/dev/null || true
	done
	ip -n "$LAB_NS_SERVER" link add "$PORT" type veth peer name "${PORT}p"
	ip -n "$LAB_NS_SERVER" link set "$PORT" up
	ip -n "$LAB_NS_SERVER" link set "${PORT}p" up
	sipguard attach "$PORT" >/dev/null
}

# checked STATUS REGEX: the exit status, and the one line, which has both parts of its kind.
checked() {
	local code=0 said wanted=(OK WARNING CRITICAL UNKNOWN)
	said=$(sipguard status --check 2>&1) || code=$?
	equal "$code" "$1"
	equal "$(wc -l <<<"$said")" 1
	[[ $said =~ ^"SIPGUARD ${wanted[$1]} - "[^\|]*$2 ]] || {
		echo "it said: $said"
		return 1
	}
	equal "$(sipguard status --check --json | jq .exit_status)" "$1"
}

# Words of performance data, each as its guidelines have it.
performance() {
	local word said
	said=$(sipguard status --check)
	for word in ${said#* | }; do
		[[ $word =~ ^[a-z_]+=[0-9]+[cB]?\;[0-9:]*\;[0-9:]*\;[0-9]*(\;[0-9]+)?$ ]] || {
			echo "not performance data: $word"
			return 1
		}
	done
	equal "$(tr ' ' '\n' <<<"$said" | grep -c '^guarded=1;;1:;0;1$')" 1
}

well_then_none() {
	local code=0
	checked 0 "1 interface guarded, mode monitor"
	performance
	sipguard status --check >/dev/full 2>/dev/null || code=$?
	equal "$code" 3
	sipguard detach --all >/dev/null
	checked 2 "is not attached"
}

cannot_tell() {
	rm "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/sg_stats"
	checked 3 "cannot open"
}

# A bar in a name does not end the text.
gone() {
	ip -n "$LAB_NS_SERVER" link add 'sg|2' type veth peer name 'sg|3'
	sipguard attach 'sg|2' >/dev/null
	ip -n "$LAB_NS_SERVER" link del 'sg|2'
	checked 2 "sg/2 is gone.* \\| guarded=1;;2:;0;2"
	ip -n "$LAB_NS_SERVER" link del "$PORT"
	checked 2 "$PORT is gone"
}

program_gone() {
	local pin id
	pin=$(echo "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI/links"/*)
	id=$(bpftool -j link show pinned "$pin" | jq .id)
	bpftool link detach id "$id"
	checked 2 "$PORT is gone, or was taken from the guard"
}

# The guard is of its interface, whatever that is called, wherever it goes.
renamed_and_moved() {
	ip -n "$LAB_NS_SERVER" link set "$PORT" down
	ip -n "$LAB_NS_SERVER" link set "$PORT" name "${PORT}2"
	ip -n "$LAB_NS_SERVER" link set "${PORT}2" up
	# Another one has its name now, and is not guarded; nobody has asked for that.
	ip -n "$LAB_NS_SERVER" link add "$PORT" type veth peer name "${PORT}q"
	checked 0 "1 interface guarded"
	status_is ".interfaces[0].name == \"${PORT}2\""
	ip -n "$LAB_NS_SERVER" link set "${PORT}2" netns "$LAB_NS_CLIENT"
	checked 0 "1 interface guarded"
	ip -n "$LAB_NS_CLIENT" link del "${PORT}2"
	checked 2 "$PORT is gone"
}

# seen: packets that the guard has counted.
seen() {
	sipguard status --json | jq '.interfaces[0].seen'
}

sees_more() {
	ip -n "$LAB_NS_SERVER" neigh flush dev "${PORT}p" 2>/dev/null || true
	lab_in server ping -q -c 1 -w 1 -I "${PORT}p" 203.0.113.77 >/dev/null 2>&1 || true
	[[ $(seen) -gt $1 ]]
}

# joined KIND: a port of a bridge or a bond is guarded as before, and that is no guess.
joined() {
	local before
	ip -n "$LAB_NS_SERVER" link add sg-upper type "$1"
	ip -n "$LAB_NS_SERVER" link set "$PORT" down
	ip -n "$LAB_NS_SERVER" link set "$PORT" master sg-upper
	ip -n "$LAB_NS_SERVER" link set "$PORT" up
	ip -n "$LAB_NS_SERVER" link set sg-upper up
	before=$(seen)
	until_true sees_more "$before"
	checked 0 "1 interface guarded"
}

# The guard works, and somebody should look: a program at egress was taken away, and the interface
# came below another one that is guarded.
in_doubt() {
	rm "$SIPGUARD_PIN_ROOT/$PINS_OF_ABI"/tcx/*:"$PORT"
	checked 1 "what $PORT sends is not seen"
	ip -n "$LAB_NS_SERVER" link add sg-upper type bridge
	ip -n "$LAB_NS_SERVER" link set sg-upper up
	sipguard attach sg-upper >/dev/null 2>&1
	ip -n "$LAB_NS_SERVER" link set "$PORT" master sg-upper
	checked 1 "is charged twice"
}

[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT

check "OK, with performance data; nothing attached: critical; a full disk: unknown" well_then_none
check "a guard that cannot be read: unknown" cannot_tell
check "an interface is gone: critical, whatever its name" gone
check "its program is gone: critical" program_gone
check "renamed, moved: guarded as before, and critical once it is gone" renamed_and_moved
check "a port of a bridge: guarded as before" joined bridge
# Not every kernel has bonds.
if ip -n "$LAB_NS_SERVER" link add sg-upper type bond 2>/dev/null; then
	check "a port of a bond: guarded as before" joined bond
fi
check "replies that are not seen, packets that are charged twice: warning" in_doubt
test_done
