# SPDX-License-Identifier: GPL-2.0-only
# build/assessment.md from build/assessment.json.

def cell: tostring | gsub("\\|"; "\\|");

"| threat | objective | target | method | guard off | guard on | legitimate lost | |",
"|---|---|---|---|---|---|---|---|",
(.[] | "| " + ([
	.threat, .objective, .target, .method, .off, .on,
	"\(.legitimate_lost) of \(.legitimate)",
	(if .pass then "pass" else "FAIL" end)
] | map(cell) | join(" | ")) + " |")
