#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The README as a stranger follows it: a clean Debian 12 with git and make, a clone of this tree's
# last commit, and every command of the README's blocks as it stands there, in its order. One that
# fails fails here; so does one of a "console" block that prints something else than what is shown
# under it, figures aside. Before that the same in a PID namespace, where demo and test say at once
# that they cannot run there.
#
# It installs from this machine's own mirror, and takes as long as demo and test do. With
# NEWCOMER=brief it leaves out `make test`, and says so.

# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # the checks are called by name

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=lib.sh
source tests/package/lib.sh

CACHE=${BUILD:-build}/package
SUITE=newcomer
FAILED=0
DONE=
ROOT=$(mktemp -d)
PID=

cleanup() {
	local status=$?
	[[ -z $PID ]] || kill -- "-$PID" 2>/dev/null || true
	rm -rf --one-file-system "$ROOT"
	[[ -n $DONE ]] || echo "not ok - newcomer: stopped early (exit status $status)"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# This machine's way to its mirror; and the tree as everybody gets it.
unpack() {
	local tarball=$CACHE/newcomer.tar
	mkdir -p "$CACHE" "$ROOT/root"
	[[ -e $tarball ]] || make_root "$tarball" git,make,ca-certificates
	tar -C "$ROOT/root" -xf "$tarball"
	rm -rf "$ROOT/root/etc/apt"
	cp -a /etc/apt "$ROOT/root/etc/"
	cp -L /etc/resolv.conf /etc/hosts "$ROOT/root/etc/"
	git clone -q . "$ROOT/root/root/sipguard"
	cp tests/package/{follow.sh,lib.sh} "$ROOT/root/root/"
}

# in_root COMMAND...: mounts end with the namespace, processes with their group.
in_root() {
	local status=0
	# shellcheck disable=SC2016 # expanded by the inner shell
	setsid unshare --mount --propagation private "${NAMESPACES[@]}" bash -c '
		set -e
		cd "$1"
		mount --bind . . && cd "$1"
		mount -t proc proc proc
		mount --rbind /sys sys
		mount --rbind /dev dev
		exec chroot . /usr/bin/env -i HOME=/root TERM=xterm NEWCOMER="${NEWCOMER:-}" \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${@:2}"' \
		in_root "$ROOT/root" "$@" </dev/null &
	PID=$!
	wait "$PID" || status=$?
	PID=
	return "$status"
}

# One sentence, before anything is installed or built.
says_at_once() { # WHAT
	local before after status=0
	before=$(chroot "$ROOT/root" dpkg-query -W | cksum)
	in_root make -C /root/sipguard "$1" >"$ROOT/said" 2>&1 || status=$?
	cat "$ROOT/said"
	after=$(chroot "$ROOT/root" dpkg-query -W | cksum)
	[[ $status -ne 0 && $before == "$after" && ! -e $ROOT/root/root/sipguard/build ]]
	[[ $(grep -vc '^make' "$ROOT/said") -eq 1 ]]
	grep -q '^sipguard: kernel threads cannot be seen here,.*--pid=host' "$ROOT/said"
}

[[ $(id -u) -eq 0 ]] || {
	echo "make package-test: it makes namespaces and a root of its own; run it as root." >&2
	exit 1
}
unpack
NAMESPACES=(--pid --fork --kill-child)
check "in a PID namespace the demo says that it cannot run" says_at_once demo
check "in a PID namespace the tests say that they cannot run" says_at_once test
NAMESPACES=()
in_root bash /root/follow.sh || FAILED=1
DONE=yes
exit "$FAILED"
