#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What tools/ has for other programs, with the real ones, in the lab: run.sh [test_NAME.sh ...]
# Exit status 1 if a check failed.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
[[ $# -gt 0 ]] || set -- test_*.sh
status=0
for file; do
	"./$file" || status=1
done
exit "$status"
