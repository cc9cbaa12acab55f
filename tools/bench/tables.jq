# SPDX-License-Identifier: GPL-2.0-only
# bench.json as tables ($part), as lines of tab-separated cells.

def round_to(places): if . == null or . == "" then "" else . * places | round / places end;

if $part == "prog_run" then
	["program, packet", "ns", "over bare-drop", "bar", "base ns", "of base over bare-drop",
		"two CPUs"],
	(.prog_run[]? | [.name, (.ns | round_to(10)), (.over_bare_drop | round_to(10)), (.bar // ""),
		(.base_ns | round_to(10)),
		((select((.base_over_bare_drop // 0) > 0) | .over_bare_drop / .base_over_bare_drop) // null
			| round_to(100)),
		(.two_cpus | round_to(100))])
elif $part == "flood" then
	["receiver", "sources", "million packets/s"],
	(.flood[]? | [.name, .sources, (.mpps | round_to(100))])
else
	["in situ", "guard", "offered, million packets/s", "judged", "least", "most", "ns a packet",
		"refused by the ring, %"],
	(.in_situ[]? | [.name, .guard] + ([.offered_mpps, .judged_mpps, .least, .most] | map(round_to(100)))
		+ [(.ns | round_to(1)), (.refused * 100 | round_to(1))])
end | @tsv
