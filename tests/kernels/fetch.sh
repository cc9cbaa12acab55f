#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Puts the Debian kernels that the tests boot into build/kernels/<series>/:
#   vmlinuz    the kernel image
#   modules/   the modules the tests need and what those depend on, unpacked,
#              numbered in the order in which they must be loaded
#   release    what `uname -r` says in that kernel
#   suite      the Debian suite it came from; written last, so a folder that
#              has it is complete and is not fetched again
#
# The mirror is whatever this machine's own apt uses: proxies, credentials and
# mirror lists of /etc/apt stay in force. Lists, cache and dpkg status are
# private ones, so nothing of the machine's own package state changes.
#
# Trust: each suite is accepted only if it is signed by a key of Debian's own
# keyring (package debian-archive-keyring), whatever the machine's sources say
# about keys. The keyring of Debian 12 is enough for the newer suites, too:
# Debian signs every suite, sid included, with the automatic key of each
# supported release, and apt asks for one good signature, not for all.

set -euo pipefail
export LC_ALL=C

usage="usage: fetch.sh [DIRECTORY]   (default: build/kernels)"
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# suite, series of kernels. sid moves on: its series is what was current when
# the project was last tried, a newer one is taken and named.
suites=("bookworm 6.1" "trixie 6.12" "sid 7.2")
modules=(veth sch_ingress cls_bpf 8021q bridge macvlan bonding tun)
meta=linux-image-cloud-amd64

tmp=
cleanup()
{
	[[ -z $tmp ]] || rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

die()
{
	echo "fetch.sh: $*" >&2
	exit 1
}

# Prints the folder that holds the kernel of a suite; fails if there is none.
cached()
{
	local file

	for file in "$dest"/*/suite; do
		[[ -f $file && $(<"$file") == "$1" ]] || continue
		dirname "$file"
		return 0
	done
	return 1
}

need_tools()
{
	local pair

	[[ $(dpkg --print-architecture 2>/dev/null) == amd64 ]] ||
		die "the test kernels are Debian's amd64 ones; run this on an amd64 Debian."
	for pair in apt-get:apt busybox:busybox-static flock:util-linux; do
		command -v "${pair%%:*}" >/dev/null ||
			die "${pair%%:*} is missing; install the package ${pair##*:}" \
			    "and run this again."
	done
	for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[[ ! -r $keyring ]] || return 0
	done
	die "Debian's archive keys are missing; install the package debian-archive-keyring" \
	    "and run this again."
}

# Not in build/: that may be where apt's unprivileged download user cannot go.
make_private_state()
{
	tmp=$(mktemp -d)
	chmod 755 "$tmp"
	mkdir -p "$tmp"/{none,lists,cache/archives}/partial "$tmp/debs"
	if [[ $EUID == 0 ]] && id _apt >/dev/null 2>&1; then
		chown _apt "$tmp/debs"
	fi
	# Read by apt after the machine's own configuration. The hooks have to go
	# because they act on the machine's own caches and services. Dates are not
	# checked: they guard against a mirror that holds security updates back,
	# but a kernel that only ever runs tests in an emulator may be old, and sid's
	# lists expire within a week on a mirror that lags or is frozen on purpose.
	cat >"$tmp/apt.conf" <<-EOF
	#clear APT::Update::Pre-Invoke;
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	#clear APT::Default-Release;
	Dir::Etc::sourcelist "$tmp/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	Dir::Etc::preferences "/dev/null";
	Dir::Etc::preferencesparts "/dev/null";
	Dir::State::lists "$tmp/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$tmp/cache";
	Acquire::Languages "none";
	Acquire::Check-Valid-Until "false";
	Acquire::Check-Date "false";
	Acquire::Retries "3";
	Acquire::http::Timeout "30";
	Acquire::https::Timeout "30";
	EOF
}

# Base addresses of the machine's apt sources. apt itself reads its files here
# (one-line and deb822 alike, disabled stanzas left out) and names the index
# files it would ask for; the private, empty list folder makes it name all.
# Vendors' repositories are in it, too: they are sorted out by signature.
base_uris()
{
	apt-get --print-uris -o Dir::State::lists="$tmp/none" update 2>/dev/null |
		sed -nE "s#^'(.*)/dists/([^/']+)/InRelease'.*#\2 \1#p" |
		awk '$1 !~ /-(security|updates|backports|backports-sloppy)$/ &&
		     $2 !~ /^cdrom:/ && !seen[$2]++ { print $2 }'
}

# Leaves the lists of one suite in the private state.
update_suite()
{
	local suite=$1 uri

	for uri in "${uris[@]}"; do
		echo "deb [arch=amd64 target=Packages signed-by=$keyring] $uri $suite main" \
			>"$tmp/sources.list"
		# Without --error-on=any, apt-get calls a failed download a success.
		if apt-get -q -c "$tmp/apt.conf" --error-on=any update >"$tmp/log" 2>&1; then
			return 0
		fi
		tried+=" $uri ($(sed -nE 's/^[EW]: //p' "$tmp/log" | head -n 1))"
	done
	return 1
}

depends()
{
	apt-cache -c "$tmp/apt.conf" show "$1" 2>/dev/null | sed -n 's/^Depends: //p'
}

# Downloads the newest cloud kernel of the suite in the lists. Since 7.x Debian
# splits a kernel: the image package is empty and depends on the pieces.
download()
{
	local image parts

	image=$(depends "$meta" | grep -oE 'linux-image-[0-9][^ ,]*' | head -n 1) || return 1
	mapfile -t parts < <(depends "$image" | grep -oE 'linux-(binary|modules)-[0-9][^ ,]*')
	rm -f "$tmp"/debs/*
	(cd "$tmp/debs" && apt-get -q -c "$tmp/apt.conf" download "$image" "${parts[@]}") \
		>"$tmp/log" 2>&1
}

unpack()
{
	local deb

	rm -rf "$tmp/tree"
	mkdir "$tmp/tree"
	for deb in "$tmp"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$tmp/tree" --wildcards --no-wildcards-match-slash \
				--exclude='*/doc' 2>"$tmp/log" || return 1
	done
}

# Adds a module after everything it depends on to the folder $out/modules.
add_module()
{
	local name=$1 file target dep

	[[ -z ${added[$name]-} ]] || return 0
	added[$name]=1
	file=$(find "$tmp/tree" -name "$name.ko*" -print -quit)
	if [[ -z $file ]]; then
		grep -rqsF "/$name.ko" --include=modules.builtin "$tmp/tree" && return 0
		die "Debian's kernel $release has no module $name; the tests need another kernel."
	fi
	target=$tmp/$name.ko
	case $file in
	*.ko)	 cp "$file" "$target" ;;
	*.ko.xz) busybox xzcat "$file" >"$target" ;;
	*)	 die "cannot unpack ${file##*/}; fetch.sh has to learn this format." ;;
	esac
	while read -r dep; do
		[[ -z $dep ]] || add_module "$dep"
	done < <(grep -zaoE '^depends=[a-z0-9_,-]*' "$target" | tr '\0' '\n' |
		 sed 's/^depends=//' | tr ',' '\n')
	count=$((count + 1))
	mv "$target" "$out/modules/$(printf '%02d' "$count")-$name.ko"
}

# From the unpacked packages to build/kernels/<series>.
install_kernel()
{
	local suite=$1 want=$2 image name series
	local -A added=()
	local count=0

	image=$(find "$tmp/tree" -name 'vmlinuz*' -type f -print -quit)
	[[ -n $image ]] || die "Debian's kernel package of $suite holds no vmlinuz."
	release=$(basename "$(find "$tmp/tree" -path '*/lib/modules/*' -prune -print -quit)")
	series=$(grep -oE '^[0-9]+\.[0-9]+' <<<"$release")
	[[ $series == "$want" ]] ||
		echo "fetch.sh: $suite now has kernel $series; it is tested in place of $want." >&2
	out=$(mktemp -d "$dest/.new.XXXXXX")
	chmod 755 "$out"
	mkdir "$out/modules"
	cp "$image" "$out/vmlinuz"
	for name in "${modules[@]}"; do
		add_module "$name"
	done
	echo "$release" >"$out/release"
	echo "$suite" >"$out/suite"
	rm -rf "${dest:?}/$series"
	mv "$out" "$dest/$series"
	echo "kernel $release ($suite) is in ${dest#"$root"/}/$series"
}

fetch_suite()
{
	local suite=$1 series=$2 tried=

	update_suite "$suite" ||
		die "Debian's suite $suite (kernel $series) cannot be reached through this" \
		    "machine's package sources; see to the network or the mirror in /etc/apt" \
		    "and run this again. Tried:${tried:- nothing, there is no Debian mirror in /etc/apt}"
	download ||
		die "the kernel of Debian's suite $suite cannot be downloaded" \
		    "($(sed -nE 's/^[EW]: //p' "$tmp/log" 2>/dev/null | head -n 1));" \
		    "run this again."
	unpack || die "the kernel of Debian's suite $suite cannot be unpacked ($(<"$tmp/log"))."
	install_kernel "$suite" "$series"
}

[[ $# -le 1 && ${1-} != -* ]] || { echo "$usage" >&2; exit 2; }
dest=${1:-$root/build/kernels}
mkdir -p "$dest"
dest=$(cd "$dest" && pwd)

missing=()
# Two runs at once: the second waits, and then finds everything there.
exec {lock}>"$dest/.lock"
flock "$lock"
for row in "${suites[@]}"; do
	cached "${row%% *}" >/dev/null || missing+=("$row")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

rm -rf "$dest"/.new.*
need_tools
make_private_state
mapfile -t uris < <(base_uris)
for row in "${missing[@]}"; do
	fetch_suite "${row%% *}" "${row##* }"
done
