#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dispatcher.sh SIPGUARD XDP_LOADER NO_PING [DISPATCHER]: the guard beside an XDP program of somebody
# else on a veth, both called by libxdp's dispatcher, whose object is that file if it is not where
# Debian has it. Called by job.sh. Prints "none" as the last line if this kernel lets no program
# stand in for a function, and "all" if all holds; or what went wrong.

sipguard=$1 loader=$2 no_ping=$3
server=192.0.2.2 client=192.0.2.1
# shellcheck source-path=SCRIPTDIR disable=SC2317 # some are called by name

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# libxdp pins where the guard does, and finds its object.
export LIBXDP_BPFFS="$tmp"
[ -z "$4" ] || export LIBXDP_OBJECT_PATH="$PWD/${4%/*}"

explain()
{
	"$sipguard" status 2>&1
	"$loader" status sgv0 2>&1
	cat "$tmp.said" 2>/dev/null
}

run() # WHAT COMMAND...: does what it has to.
{
	what=$1
	shift
	"$@" >"$tmp.said" 2>&1 || die "$what failed"
}

refuses() # WORDS COMMAND...: ends with these words in its one sentence.
{
	words=$1
	shift
	"$@" >/dev/null 2>"$tmp.said" && die "not refused: $*"
	grep -q "$words" "$tmp.said" || die "it does not say \"$words\""
	[ "$(wc -l <"$tmp.said")" = 1 ] || die "it says more than one sentence"
}

# how: as which the interface is guarded.
how()
{
	"$sipguard" status --json | sed -n 's/.*"xdp": "\(.*\)".*/\1/p'
}

seen()
{
	"$sipguard" status --json | sed -n 's/.*"seen": \([0-9]*\).*/\1/p'
}

called() # NAME: how many programs of that name the dispatcher calls.
{
	"$loader" status sgv0 2>/dev/null | grep -c "=>.* $1 "
}

pings()
{
	there busybox ping -c 1 -W "$1" "$server" >/dev/null
}

# runs GUARD OTHER WHEN: yes or no of each.
runs()
{
	before=$(seen)
	if [ "$2" = yes ]; then
		pings 1 && die "$3: the other program does not run"
	else
		until_true "$3: nothing comes through" pings 1
	fi
	if [ "$1" = yes ]; then
		[ "$(seen)" -gt "$before" ] || die "$3: the guard sees nothing"
		[ "$(called guard)" = 1 ] || die "$3: the guard is called $(called guard) times"
	else
		[ "$(called guard)" = 0 ] || die "$3: the guard is still called"
	fi
}

attach()
{
	run "$1" "$sipguard" attach sgv0 --dispatcher
	[ "$(how)" = dispatcher ] || die "$1: it is guarded by $(how)"
}

no_pins()
{
	[ ! -e "$tmp/sipguard" ] || die "$1: pins are left: $(find "$tmp/sipguard")"
}

is_refused()
{
	grep -q "cannot be guarded by libxdp's dispatcher" "$tmp.said" || die "it does not say why"
	[ "$(wc -l <"$tmp.said")" = 1 ] || die "it says more than one sentence"
	no_pins "refused"
	ip link show sgv0 | grep -q xdp && die "something is left at the interface"
	echo none
	exit 0
}

# Killed when the dispatcher calls the guard already, and no link says that it shall.
is_finished()
{
	attach "before it is killed"
	rmdir "$tmp"/sipguard/v*/links/*
	"$sipguard" status >/dev/null 2>&1 && die "it is guarded without a link"
	runs no yes "after it was killed"
	no_pins "after it was killed"
}

make_veth "$client" 1500
ip addr add "$server/24" dev sgv0
refuses "leave --xdp out" "$sipguard" attach sgv0 --dispatcher --xdp native
refuses "leave --xdp out" "$sipguard" attach sgv0 --xdp native --dispatcher
"$sipguard" attach sgv0 --dispatcher >"$tmp.said" 2>&1 || is_refused
[ "$(how)" = dispatcher ] || die "it is guarded by $(how)"
runs yes no "alone"
run "xdp-loader load" "$loader" load -m native sgv0 "$no_ping"
runs yes yes "before another one"
run "upgrade" "$sipguard" attach sgv0
runs yes yes "upgraded"
refuses "guarded in dispatcher mode already" "$sipguard" attach sgv0 --xdp native
echo "limits: {}" >"$tmp.yaml"
refuses "can be no shadow of sgv0" "$sipguard" shadow "$tmp.yaml"
run "save" "$sipguard" save "$tmp.state"
run "detach" "$sipguard" detach sgv0
no_pins "detached"
runs no yes "detached"
refuses "use --dispatcher" "$sipguard" attach sgv0
no_pins "refused"
run "restore" "$sipguard" restore "$tmp.state"
[ "$(how)" = dispatcher ] || die "restored: it is guarded by $(how)"
runs yes yes "behind another one"
run "xdp-loader unload" "$loader" unload sgv0 --all
"$sipguard" status --json | grep -q '"state": "not guarded"' || die "nobody says that it was taken off"
run "attach again" "$sipguard" attach sgv0
runs yes no "brought back"
run "detach" "$sipguard" detach --all
no_pins "the end"
ip link show sgv0 | grep -q xdp && die "a dispatcher without a program stays"
run "another one" "$loader" load -m native sgv0 "$no_ping"
is_finished
run "xdp-loader unload" "$loader" unload sgv0 --all
ls "$tmp"/xdp/* >/dev/null 2>&1 && die "libxdp has pins of ours"
echo all
