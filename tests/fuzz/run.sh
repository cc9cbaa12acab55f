#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Fuzzes the message reader for FUZZ_SECONDS (30); what is found interesting is kept in build/fuzz/.
# Seeds are $SIPGUARD_CORPUS, if it is there, and the words of SIP.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=${BUILD:-build}
seconds=${FUZZ_SECONDS:-30}
folder=${SIPGUARD_CORPUS:-../shared/corpus}
log=$build/tests/logs/fuzz_reader.log
seeds=()
[[ ! -d $folder/rfc4475 ]] || seeds=("$folder/rfc4475" "$folder/legit/src")
mkdir -p "$build/fuzz" "$(dirname "$log")"

if "$build/tests/fuzz_reader" -dict=tests/fuzz/sip.dict -max_len=6000 -timeout=5 \
	-max_total_time="$seconds" -artifact_prefix="$build/fuzz-" -print_final_stats=1 \
	"$build/fuzz" "${seeds[@]}" >"$log" 2>&1; then
	echo "ok - fuzz: the message reader, $(awk '/number_of_executed_units/ { print $2 }' "$log") inputs in $seconds s"
else
	echo "not ok - fuzz: the message reader; the input is in $build/fuzz-*, the report in $log"
	tail -n 30 "$log" | sed 's/^/#   /'
	exit 1
fi
