# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the package share. Sourced; SUITE is what their lines are called, FAILED becomes
# 1 if one failed. ROOT is a folder that they may use.

check() { # WHAT CMD...
	local what=$1 out status errexit=${-//[^e]/}
	shift
	set +e
	out=$(set -e; "$@" 2>&1)
	status=$?
	[[ -z $errexit ]] || set -e
	if [[ $status -eq 0 ]]; then
		echo "ok - $SUITE: $what"
	else
		# shellcheck disable=SC2034 # for who sources this
		FAILED=1
		echo "not ok - $SUITE: $what"
		printf '#   %s\n' "$* (exit status $status)" "${out//$'\n'/$'\n#   '}"
	fi
}

# The mirror of this machine's own apt.
mirror() {
	# shellcheck disable=SC2016 # expanded by apt-get
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Release: bookworm' \
		'Component: main' | head -n 1
}

# A Debian 12 with some packages more.
make_root() { # TARBALL PACKAGE,...
	local new=$ROOT/new url
	url=$(mirror)
	debootstrap --variant=minbase --include="$2" bookworm "$new" \
		"${url:-http://deb.debian.org/debian}" >"$1.log" 2>&1 || {
		echo "make package-test: debootstrap could not make a Debian 12; see $1.log." >&2
		return 1
	}
	rm -rf "$new"/var/cache/apt/archives/*.deb "$new"/var/lib/apt/lists/*
	tar -C "$new" -cf "$1.new" .
	mv "$1.new" "$1"
	rm -rf "$new"
}
