#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Debian package in a Debian 12 of its own: installed, upgraded while it guards, removed, purged.
# Nothing of this machine is touched: the root is a folder, with namespaces of its own for mounts,
# network and processes, and a BPF file system of its own. The root is made once, by debootstrap,
# and kept in build/package/; all later runs need no network.
#
# Prints "ok" and "not ok" as the other tests do. Exit status 1 if one failed.

# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # the checks are called by name

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=lib.sh
source tests/package/lib.sh

BUILD=${BUILD:-build}
CACHE=$BUILD/package
ROOT=
INSIDE=
DONE=
SUITE=package

cleanup() {
	local status=$?
	[[ -z $INSIDE ]] || kill "$INSIDE" 2>/dev/null || true
	[[ -z $ROOT ]] || rm -rf --one-file-system "$ROOT"
	[[ -n $DONE ]] || echo "not ok - package: stopped early (exit status $status)"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

die() {
	echo "make package-test: $*" >&2
	exit 1
}

# deb VERSION: builds the package of that version, whatever the tree's own is.
deb() {
	make --no-print-directory -s deb-files VERSION="$1" >/dev/null
	cp "$BUILD/deb/sipguard_$1"_*.deb "$ROOT/debs/$1.deb"
}

# deb_of_other_abi VERSION OF: that of version OF with a command whose ABI is the next one.
deb_of_other_abi() {
	local tree=$BUILD/deb/sipguard-$2 copy=$ROOT/abi abi
	abi=$(awk '$2 == "SG_ABI_VERSION" { print $3 }' include/abi.h)
	mkdir "$copy"
	cp -a "$tree"/{Makefile,bpf,user,include,tools,tests} "$copy/"
	mkdir "$copy/build"
	cp -a "$tree"/build/{bpf,*.skel.h} "$copy/build/"
	# The BPF objects stay as they are: what they know of the ABI is not looked at before.
	sed -i "s/^#define SG_ABI_VERSION .*/#define SG_ABI_VERSION $((abi + 1))/" "$copy/include/abi.h"
	touch -r include/abi.h "$copy/include/abi.h"
	make --no-print-directory -s -C "$copy" VERSION="$1" build/sipguard >/dev/null
	dpkg-deb -R "$ROOT/debs/$2.deb" "$copy/deb"
	sed -i "s/^Version: .*/Version: $1/" "$copy/deb/DEBIAN/control"
	install -m 755 "$copy/build/sipguard" "$copy/deb/usr/sbin/sipguard"
	(cd "$copy/deb" && find etc usr lib -type f -exec md5sum {} + >DEBIAN/md5sums)
	dpkg-deb --root-owner-group -b "$copy/deb" "$ROOT/debs/$1.deb" >/dev/null
	rm -rf "$copy"
}

unpack_root() {
	local depends tarball
	depends=iproute2,systemd,libnats3.4,$(dpkg-deb -f "$ROOT/debs/$1.deb" Depends | sed 's/ *([^)]*)//g; s/ //g')
	tarball=$CACHE/root-$(cksum <<<"$depends" | cut -d' ' -f1).tar
	mkdir -p "$CACHE"
	[[ -e $tarball ]] || make_root "$tarball" "$depends"
	mkdir "$ROOT/root"
	tar -C "$ROOT/root" -xf "$tarball"
	mkdir "$ROOT/root/test"
	cp "$ROOT"/debs/*.deb tests/package/{inside.sh,lib.sh,ends.pl} "$(command -v nats-server)" "$ROOT/root/test/"
}

# All that the unit forbids leaves it what it needs; and stopping it detaches nothing.
booted() {
	local said
	chroot "$ROOT/root" dpkg -i "/test/$1.deb" >/dev/null
	said=$(tests/package/boot.sh "$ROOT/root" "$1")
	echo "$said"
	grep -qx "started: active" <<<"$said"
	grep -qx "reloaded" <<<"$said"
	grep -qx "restarted" <<<"$said"
	grep -qx "watching: active" <<<"$said"
	grep -qx "fleet without its file: inactive" <<<"$said"
	grep -qx "fleet: connected and guarded, with 0000008000000000" <<<"$said"
	grep -qx "fleet after an upgrade: another, connected and guarded" <<<"$said"
	grep -qx "fleet after a removal: inactive" <<<"$said"
	grep -q "^restored: 203.0.113.0/24.* enforce$" <<<"$said"
	grep -qx "stopped: inactive" <<<"$said"
	grep -q "^  veth0  *native XDP" <<<"$said"
}

# Checks that need no root of their own.
linted() {
	local file unit said
	said=$(lintian --allow-root "$ROOT/debs/$1.deb")
	[[ -z $said ]] || { echo "lintian: $said"; return 1; }
	shellcheck -s sh tools/package/debian/sipguard.{preinst,postinst,prerm,postrm}
	make --no-print-directory -s install-files PREFIX="$ROOT/units/usr" >/dev/null
	for file in "$ROOT"/units/usr/lib/systemd/system/*.service; do
		unit=$ROOT/units/${file##*/}
		unit=${unit/@./@veth0.}
		cp "$file" "$unit"
		said=$(systemd-analyze verify --man=no "$unit" 2>&1)
		[[ -z $said ]] || { echo "systemd-analyze: $said"; return 1; }
		# In tenths.
		systemd-analyze security --no-pager --offline=yes --threshold=20 "$unit" >"$ROOT/security" ||
			{ tail -n 1 "$ROOT/security"; return 1; }
	done
}

# Mounts and processes end with the namespaces, and these with this script.
inside() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --net --pid --ipc --uts --cgroup --fork --kill-child --propagation private bash -c '
		set -e
		cd "$1"
		mount --bind . . && cd "$1"
		mount -t proc proc proc
		mount -t sysfs sysfs sys
		mount -t bpf bpf sys/fs/bpf
		mount -t tmpfs tmpfs run
		for device in null zero urandom random; do
			[ -e dev/$device ] || touch dev/$device
			mount --bind /dev/$device dev/$device
		done
		exec chroot . /bin/bash /test/inside.sh "${@:2}"' inside "$ROOT/root" "$@" &
	INSIDE=$!
	wait "$INSIDE"
}

[[ $(id -u) -eq 0 ]] || die "it makes namespaces and a root of its own; run it as root."
FAILED=0
version=$(make -s print-version)
ROOT=$(mktemp -d)
chmod 755 "$ROOT"
mkdir "$ROOT/debs" "$ROOT/units"
deb "$version"
deb "$version.1"
deb_of_other_abi "$version.2" "$version.1"
check "its linters find nothing" linted "$version"
unpack_root "$version"
inside "$version" "$version.1" "$version.2" || FAILED=1
check "the units start, reload and stop under a real systemd" booted "$version"
chroot "$ROOT/root" dpkg -i "/test/$version.deb" >"$ROOT/installed" 2>&1
tests/package/pod.sh "$ROOT/root" || FAILED=1
DONE=yes
exit "$FAILED"
