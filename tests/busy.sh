#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# busy.sh COMMAND...: runs it while something else wants all of every CPU, and ends with its status.
# What else runs does nothing, is of the ordinary priority, and is gone with this, however it ends.

set -uo pipefail

[[ $# -gt 0 ]] || {
	echo "usage: busy.sh COMMAND..." >&2
	exit 2
}
spinning=()
running=

# shellcheck disable=SC2317 # reached by trap only
stop() {
	[[ -z $running ]] || kill "$running" 2>/dev/null
	kill "${spinning[@]}" 2>/dev/null
	wait
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# It ends by itself when this is gone without a word (SIGKILL).
# shellcheck disable=SC2016 # expanded by the inner shell
for ((cpu = 0; cpu < $(nproc); cpu++)); do
	setsid sh -c 'while kill -0 "$1" 2>/dev/null; do
		i=0
		while [ $i -lt 1000000 ]; do i=$((i + 1)); done
	done' busy $$ </dev/null >/dev/null 2>&1 &
	spinning+=($!)
done
"$@" &
running=$!
wait "$running"
status=$?
running=
exit "$status"
