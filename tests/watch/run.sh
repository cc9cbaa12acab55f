#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the tests of `sipguard watch` that need a lab, as tests/lab/run.sh does.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

failed=0
for file in test_*.sh; do
	start=$SECONDS
	"./$file" || failed=1
	echo "# ok: $file took $((SECONDS - start)) s"
done
exit "$failed"
