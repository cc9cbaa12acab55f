#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# job.sh VERIFY RUN_TEST PROBE OBJECT...: what run.sh has done under each kernel,
# in the virtual machine or on the host. Objects named guard.bpf.o go through the
# run test and the table of frames (SG_FRAMES) as well, if they are of the compiler
# SG_RUN_WITH, or that is empty; those named probe.bpf.o, through PROBE alone. Last,
# the command SG_SIPGUARD is tried on an interface, see attach.sh. POSIX shell: in
# the machine, the shell is busybox.
#
# Prints "@kernel RELEASE" first, one "@verify {...}" line a program, one
# "@run OBJECT STATUS NUMBER" line a run test, NUMBER being that of the tests
# that passed and STATUS "refused" if the object did not load or "other" if its
# compiler is not that one, one "@frames OBJECT
# STATUS NUMBER" likewise, one "@probe OBJECT STATUS RESULT" line a probe, "@attach
# STATUS RESULT", "@interfaces STATUS MISSING", "@coalesced STATUS MISSING", "@shadow
# STATUS RESULT", "@dispatcher STATUS RESULT", and "@done" last; everything else is for people.

verify=$1 run_test=$2 probe=$3
shift 3
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' INT TERM

# Seconds since the machine began, for people who look for what takes long.
told()
{
	echo "# $* at $(cut -d. -f1 /proc/uptime) s"
}

run_one()
{
	SIPGUARD_OBJ=$1 "$run_test" >"$tmp/out" 2>&1
	status=$?
	cat "$tmp/out"
	passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$tmp/out" |
		 awk '{ n += $1 } END { print n + 0 }')
	echo "@run $1 $status $passed"
}

# In a network namespace of its own.
frames_one()
{
	told "frames, $1"
	SIPGUARD_OBJ=$1 unshare -n "$SG_FRAMES" >"$tmp/out" 2>&1
	status=$?
	cat "$tmp/out"
	passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$tmp/out" |
		 awk '{ n += $1 } END { print n + 0 }')
	echo "@frames $1 $status $passed"
}

# The message reader against the native build.
probe_one()
{
	"$probe" "$1" >"$tmp/out" 2>&1
	status=$?
	cat "$tmp/out"
	echo "@probe $1 $status $(tail -n 1 "$tmp/out")"
}

# script NAME ARGUMENT...: out of sight of whatever else runs here.
script()
{
	name=$1
	told "$name"
	shift
	unshare -n -m sh "${0%/*}/$name.sh" "$@" >"$tmp/out" 2>&1
	status=$?
	cat "$tmp/out"
	echo "@$name $status $(tail -n 1 "$tmp/out")"
}

echo "@kernel $(uname -r)"
for object in "$@"; do
	told "$object"
	case $object in
	*/probe.bpf.o) probe_one "$object"; continue ;;
	esac
	"$verify" "$object" >"$tmp/out"
	status=$?
	sed 's/^/@verify /' "$tmp/out"
	case $object,$status in
	*/"${SG_RUN_WITH:-}"*/guard.bpf.o,0) run_one "$object"; frames_one "$object" ;;
	*/guard.bpf.o,0) echo "@run $object other 0" ;;
	*/guard.bpf.o,*) echo "@run $object refused 0"; echo "@frames $object refused 0" ;;
	esac
done
script attach "$SG_SIPGUARD" "$SG_AT_EGRESS" "$SG_TCP_ENDS"
# By a command with short programs, which the verifier is done with sooner.
script interfaces "$SG_SIPGUARD_SHORT"
script coalesced "$SG_SIPGUARD" "$SG_UDP_SEGMENT"
script shadow "$SG_SIPGUARD" "$SG_SEND_MESSAGES"
script dispatcher "$SG_SIPGUARD" "$SG_XDP/xdp-loader" "$SG_XDP/no_ping.bpf.o" \
	"$SG_XDP/xdp-dispatcher.o"
echo "@done"
