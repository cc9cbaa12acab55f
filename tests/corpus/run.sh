#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The rules of grammar against a folder of messages that is not in this tree ($SIPGUARD_CORPUS):
# no good message is dropped by default, strict drops 0.95 of the malformed ones, and the kernel
# finds the same in each as the native build does, and in mutations of them.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=${BUILD:-build}
folder=${SIPGUARD_CORPUS:-../shared/corpus}
failed=0

check() { # WHAT COMMAND...
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then
		echo "ok - corpus: $what ($(tail -n 1 <<<"$out"))"
	else
		failed=1
		echo "not ok - corpus: $what"
		tail -n 40 <<<"$out" | sed 's/^/#   /'
	fi
}

if [[ ! -d $folder ]]; then
	echo "# there is no folder of messages at $folder: set SIPGUARD_CORPUS to one"
	echo "ok - corpus: nothing to hold the rules against"
	exit 0
fi
check "verdicts" "$build/tests/corpus_check" "$folder"
for object in "$build"/tests/corpus/clang*/probe.bpf.o; do
	compiler=$(basename "$(dirname "$object")")
	check "kernel and native build agree, $compiler" env SG_TIMES=0 \
		SG_MUTATIONS="${SIPGUARD_MUTATIONS:-100000}" \
		"$build/tests/corpus_probe" "$object" "$folder"
done
exit "$failed"
