#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# interfaces.sh SIPGUARD: interfaces that are renamed, made anew, moved, put below or above others.
# What the guard says of them must be true, and what comes in must be seen once. Called by job.sh.
# Prints the kinds of interfaces that this kernel does not have, or "all", as the last line; or what
# went wrong.

sipguard=$1
# shellcheck source-path=SCRIPTDIR disable=SC2317 # some are called by name

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
missing=

explain()
{
	"$sipguard" status 2>&1 | sed -n '/^Interfaces/,/^Guarded/p'
}

# veth NAME PEER: busybox lets the kernel name the other end.
veth()
{
	ip link add "$1" type veth || die "cannot make a veth"
	ip link set "$(ip link | sed -n 's/^[0-9]*: \(veth[0-9]*\)[@:].*/\1/p')" name "$2"
	ip link set "$1" up
	ip link set "$2" up
}

# make: sgv0, whose peer is sgp0, in the way of nothing else.
make()
{
	ip link del sgv0 2>/dev/null
	veth sgv0 sgp0
}

# add NAME KIND [UPPER_OF]: whether the kernel has this kind.
add()
{
	if ip link add ${3:+link "$3"} name "$1" type "$2" ${4:+id "$4"} 2>/dev/null; then
		ip link set "$1" up
		return 0
	fi
	missing="$missing $2"
	return 1
}

# sg WHAT ARGUMENT...: must be done.
sg()
{
	what=$1
	shift
	"$sipguard" "$@" >"$tmp.out" 2>&1 || die "$what: sipguard $*: $(cat "$tmp.out")"
}

# no CODE WORDS ARGUMENT...: must be refused in one sentence with these words.
no()
{
	code=$1 words=$2
	shift 2
	"$sipguard" "$@" >"$tmp.out" 2>&1
	[ $? = "$code" ] || die "sipguard $* should end with $code: $(cat "$tmp.out")"
	[ "$(wc -l <"$tmp.out")" = 1 ] || die "sipguard $*: more than one line: $(cat "$tmp.out")"
	grep -q "$words" "$tmp.out" || die "sipguard $*: $(cat "$tmp.out")"
}

# field KEY: of the only interface, or of all, one a line.
field()
{
	"$sipguard" status --json | sed -n '/"interfaces"/,/\]/ s/^ *"'"$1"'": "\{0,1\}\([^",]*\).*/\1/p'
}

# is WHAT KEY VALUE
is()
{
	[ "$(field "$2")" = "$3" ] || die "$1: $2 is \"$(field "$2")\", should be \"$3\""
}

# send IFACE: one frame of ARP at least. Each time to another one, who is not there.
neighbour=1
send()
{
	neighbour=$((neighbour + 1))
	ip addr add 192.0.2.1/24 dev "$1" 2>/dev/null
	busybox arping -q -c 1 -w 1 -I "$1" "192.0.2.$neighbour" >/dev/null
}

# sees WHAT IFACE: what is sent at IFACE, the peer, comes in and is seen.
sees()
{
	before=$(field seen)
	send "$2"
	[ "$(field seen)" -gt "$before" ] || die "$1: sent at $2, and not seen"
	is "$1" blind false
}

# rename OLD NEW: Linux 6.1 wants it down for that.
rename()
{
	ip link set "$1" name "$2" 2>/dev/null && return
	ip link set "$1" down
	ip link set "$1" name "$2" || die "cannot rename $1"
	ip link set "$2" up
}

# renamed MODE: all goes by the interface; a stranger that has its old name now is let alone.
renamed()
{
	make
	sg "attach" attach sgv0 --xdp "$1"
	rename sgv0 sgr0
	is "renamed" name sgr0
	sees "renamed" sgp0
	sg "renamed" attach sgr0
	grep -q "^sgr0: upgraded" "$tmp.out" || die "renamed: $(cat "$tmp.out")"
	no 3 "sgv0 is not guarded" detach sgv0
	veth sgv0 sgq0
	no 3 "sgv0 is not guarded" detach sgv0
	is "beside another one of its old name" name sgr0
	sg "one of the old name" attach sgv0 --xdp "$1"
	sg "one of the old name" detach sgv0
	is "its like is detached" name sgr0
	sees "its like is detached" sgp0
	sg "renamed" detach sgr0
	gone "renamed"
	ip link del sgr0
	ip link del sgv0
}

gone()
{
	[ ! -e "$tmp/sipguard" ] || die "$1: pins are left"
}

# made_anew MODE
made_anew()
{
	make
	sg "attach" attach sgv0 --xdp "$1"
	ip link del sgv0
	is "deleted" state gone
	make
	sg "made anew" attach sgv0 --xdp "$1"
	is "made anew" state guarded
	sees "made anew" sgp0
	sg "made anew" detach sgv0
	gone "made anew"
	ip link del sgv0
}

# moved MODE: a link goes with its interface, a filter ends: then it is said that nothing guards.
moved()
{
	make
	make_other
	sg "attach" attach sgv0 --xdp "$1"
	hook=$(field hook)
	ip link set sgv0 netns "$other" || die "cannot move sgv0"
	there ip link set sgv0 name sgm0
	there ip link set sgm0 up
	state=$(field state)
	if [ "$state" = gone ]; then
		[ "$hook" = tc ] || die "moved: a link of $hook is gone"
		sg "moved" detach sgv0
	else
		is "moved" state "in another network namespace"
		state=$(there "$sipguard" status --json | sed -n 's/^ *"name": "\(sg.*\)".*/\1/p')
		[ "$state" = sgm0 ] || die "moved: there it is called \"$state\""
		there "$sipguard" attach sgm0 >"$tmp.out" 2>&1 || die "moved: $(cat "$tmp.out")"
		grep -q "^sgm0: upgraded" "$tmp.out" || die "moved: $(cat "$tmp.out")"
		there "$sipguard" detach sgm0 >"$tmp.out" 2>&1 || die "moved: $(cat "$tmp.out")"
	fi
	gone "moved"
	kill "$other"
	wait "$other" 2>/dev/null
	running=
	ip link del sgp0 2>/dev/null
}

# stacked UPPER LOWER PEER: never both; each alone sees what comes in.
stacked()
{
	sg "$1" attach "$2"
	no 1 "$1 is above $2.*twice" attach "$1"
	sg "$1" detach "$2"
	sg "$1" attach "$1"
	no 1 "$2 is below $1.*twice" attach "$2"
	sees "$1" "$3"
	sg "$1" detach "$1"
	gone "$1"
}

# Two that are guarded, and put upon each other later: status says it.
stacked_later()
{
	make
	add sgb0 bridge || return
	sg "bridge" attach sgv0 sgb0
	ip link set sgv0 master sgb0
	"$sipguard" status >"$tmp.out"
	[ "$(grep -c "charged TWICE" "$tmp.out")" = 2 ] || die "status does not say: twice"
	sg "bridge" detach --all
	ip link del sgb0
	ip link del sgv0
}

bridge()
{
	make
	add sgb0 bridge || return
	ip link set sgv0 master sgb0
	stacked sgb0 sgv0 sgp0
	sg "bridge" attach sgb0
	is "bridge" hook tc
	sg "bridge" detach sgb0
	ip link del sgb0
	ip link del sgv0
}

bond()
{
	make
	add sgb0 bond || return
	ip link set sgv0 down
	ip link set sgv0 master sgb0 || die "cannot make sgv0 a member"
	ip link set sgb0 up
	stacked sgb0 sgv0 sgp0
	ip link del sgb0
	ip link del sgv0
}

vlan()
{
	make
	add sgv0.5 vlan sgv0 5 || return
	add sgp0.5 vlan sgp0 5
	stacked sgv0.5 sgv0 sgp0.5
	ip link del sgv0
}

macvlan()
{
	make
	add sgm0 macvlan sgv0 || return
	stacked sgm0 sgv0 sgp0
	ip link del sgv0
}

tap()
{
	busybox tunctl -t sgt0 >/dev/null 2>&1 || {
		missing="$missing tun"
		return
	}
	no 1 "sgt0 cannot be guarded by native XDP, because it is a tap" attach sgt0 --xdp native
	sg "tap" attach sgt0
	is "tap" hook tc
	sg "tap" detach sgt0
	ip link del sgt0
}

for mode in auto generic; do
	renamed $mode
	made_anew $mode
	moved $mode
done
bridge
stacked_later
bond
vlan
macvlan
tap
echo "${missing:-all}"
