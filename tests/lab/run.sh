#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the lab tests, all or those named: tests/lab/run.sh [test_NAME.sh ...]
# Each prints "ok - NAME" or "not ok - NAME" for every check. Exit status 1 if one failed or stopped
# early.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
[[ $# -gt 0 ]] || set -- test_*.sh

failed=0
for file in "$@"; do
	file=$(basename "$file")
	"./$file" || failed=1
done
exit "$failed"
