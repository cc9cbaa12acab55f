# SPDX-License-Identifier: GPL-2.0-only
# The scenarios' table from build/scenarios.json, as lines of tab-separated cells.

def shown: if . == null then "-" elif type == "number" then . * 1e4 | round / 1e4 | tostring
	else tostring end;

["scenario", "what", "measured", "bar", ""],
(.[] | [
	.name,
	.metric,
	(.value | shown),
	(if .bar == null then "" else .bar | shown end),
	(if .bar == null then "" elif .pass then "ok" else "MISSED" end)
]) | @tsv
