#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The message reader finds the same in each of the project's own messages, and in mutations of them,
# by its plain ways and by the general one, and in the kernel as in the native build. The same for a
# folder of messages that is not in this tree ($SIPGUARD_CORPUS), against which the rules of grammar
# are held, too: no good message is dropped by default, strict drops 0.95 of the malformed ones, and
# two SIP libraries see the same values or differ in a way that is listed. What is masked on its way
# out is to both of them what it was.
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

folders=()
if [[ -d $folder ]]; then
	folders=("$folder")
	check "verdicts" "$build/tests/corpus_check" "$folder"
	check "two SIP libraries" "$build/tests/peers" "$folder"
else
	echo "# there is no folder of messages at $folder (SIPGUARD_CORPUS): no verdicts, and only the"
	echo "# project's own messages for the kernel"
fi
export SG_MUTATIONS=${SIPGUARD_MUTATIONS:-100000}
check "plain and general way agree" "$build/tests/corpus_general" "${folders[@]}"
for object in "$build"/tests/corpus/clang*/probe.bpf.o; do
	compiler=$(basename "$(dirname "$object")")
	check "kernel and native build agree, $compiler" \
		"$build/tests/corpus_probe" "$object" "${folders[@]}"
done
check "masked messages are what they were" "$build/tests/corpus_masked" "${folders[@]}"
exit "$failed"
