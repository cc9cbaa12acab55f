#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The clients of the scenarios that Debian 12 does not have: fetch.sh npm DIRECTORY, fetch.sh
# asterisk DIRECTORY. What is there already is not fetched again.

set -euo pipefail

usage="usage: fetch.sh npm|asterisk DIRECTORY"

new=
cleanup() {
	[[ -z $new ]] || rm -rf --one-file-system "$new"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The mirror of this machine's own apt. (debootstrap accepts only what Debian has signed.)
mirror() {
	local release
	release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	# shellcheck disable=SC2016 # expanded by apt-get
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $release" \
		'Component: main' | head -n 1
}

fetch_npm() {
	npm install --prefix "$new" --no-audit --no-fund --ignore-scripts sip@0.0.6 ws@6.2.3
}

# Debian's sid in a folder, of which programs run with the libraries there.
fetch_asterisk() {
	debootstrap --variant=minbase --include=asterisk sid "$new" "$(mirror)"
	rm -rf "$new"/var/cache/apt/archives/*.deb
}

[[ $# -eq 2 && ($1 == npm || $1 == asterisk) ]] || { echo "$usage" >&2; exit 2; }
[[ ! -d $2 ]] || exit 0
mkdir -p "$(dirname "$2")"
new=$(mktemp -d "$2.XXXXXX")
chmod 755 "$new"
"fetch_$1"
mv "$new" "$2"
new=
