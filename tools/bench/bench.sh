#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make bench: nanoseconds a packet by BPF_PROG_RUN, and floods through veth; writes build/bench.json,
# prints both with their bars, and ends with 1 if a bar is missed.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=${BUILD:-build}
clang=$(${CLANG:-clang} --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "BPF_PROG_RUN, about a minute ..." >&2
"$build/tools/bench" prog-run "$build/bpf/guard.bpf.o" "$build/tools/bench.bpf.o" >"$work/prog_run"
echo "floods through veth, about a minute ..." >&2
tools/bench/flood.sh >"$work/flood"
jq -n --arg kernel "$(uname -r)" --arg clang "$clang" --slurpfile run "$work/prog_run" \
	--slurpfile flood "$work/flood" \
	'{kernel: $kernel, clang: $clang, prog_run: $run[0], flood: $flood[0]}' >"$build/bench.json"

jq -r 'def round1: . * 10 | round / 10;
	["program, packet", "ns", "over bare-drop", "bar"],
	(.prog_run[] | [.name, (.ns | round1), (.over_bare_drop // "" | if . == "" then . else round1 end),
		(.bar // "")]) | @tsv' "$build/bench.json" | column -t -s $'\t'
echo
jq -r '["receiver", "sources", "million packets/s"],
	(.flood[] | [.name, .sources, (.mpps * 100 | round / 100)]) | @tsv' "$build/bench.json" |
	column -t -s $'\t'
echo

mapfile -t missed < <(jq -r '
	. as $bench
	| def mpps(n; s): first($bench.flood[] | select(.name == n and .sources == s) | .mpps);
	def ratio(n; s; least): (mpps("sipguard"; s) / mpps(n; s)) as $x
		| select($x < least)
		| "sipguard / \(n), \(s): \($x * 100 | round / 100), \(least) wanted";
	(.prog_run[] | select(.bar and .over_bare_drop > .bar)
		| "\(.name): \(.over_bare_drop) ns over bare-drop, \(.bar) wanted"),
	(first(.prog_run[] | select(.name == "valid-invite") | .over_bare_drop) as $invite
		| (.prog_run[] | select(.name | startswith("sofia"))
			| select(.ns < 6 * $invite)
			| "\(.name): \(.ns / $invite) of the added cost of valid-invite, 6 wanted"),
		(.prog_run[] | select(.name | startswith("osip"))
			| select(.ns < 12 * $invite)
			| "\(.name): \(.ns / $invite) of the added cost of valid-invite, 12 wanted")),
	(def ns(n): first(.prog_run[] | select(.name == n) | .ns);
		ns("zones-options") - ns("zone-options") | select(. > 40)
		| "\(.) ns for four zones of 10 000 prefixes instead of one of one, 40 wanted"),
	([.prog_run[] | select(.bytes)] | range(length - 1) as $i
		| ((.[$i + 1].ns - .[$i].ns) / (.[$i + 1].bytes - .[$i].bytes))
		| select(. > 0.5) | "\(.) ns a byte, 0.5 wanted"),
	ratio("xdp-drop"; "one"; 0.85), ratio("xdp-drop"; "random"; 0.85),
	ratio("nft-meter"; "one"; 1.5), ratio("nft-meter"; "random"; 2.5)' "$build/bench.json")
[ ${#missed[@]} -eq 0 ] && exit 0
printf 'Missed: %s\n' "${missed[@]}"
exit 1
