# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The older commit that the bench compares with, built in a worktree of its own. Sourced by bench.sh.

# base_build COMMIT DIRECTORY: leaves what is measured of it in DIRECTORY/build.
base_build() {
	git worktree add --quiet --detach "$2" "$1" ||
		base_die "there is no commit $1 here: fetch it, or leave BENCH_BASE out."
	# A tree of its own has settings of its own.
	env -u BUILD -u MAKEFLAGS -u MAKELEVEL make -s -C "$2" CLANG="${CLANG:-clang}" \
		build/sipguard build/bpf/guard.bpf.o build/tools/bench build/tools/bench.bpf.o >&2 ||
		base_die "commit $1 does not build: see above. (Those before 7fe977e need libcyaml-dev, which" \
			"no later one does: apt-get install libcyaml-dev.)"
}

base_remove() {
	# It may not be there yet.
	git worktree remove --force "$1" 2>/dev/null || true
}

base_die() {
	printf 'bench: %s\n' "$*" >&2
	exit 1
}
