# SPDX-License-Identifier: GPL-2.0-only
# The one line under the demo's table.

def percent: . * 1000 | round / 10 | tostring + " %";
def shares(guard): [.runs[] | select(.guard == guard) | .probes_answered / .probes_sent];

select((shares("none") | length) > 0 and (shares("sipguard") | length) > 0) |
"Meaning: without a guard at most \(shares("none") | max | percent) of the legitimate requests " +
"got an answer, with sipguard at least \(shares("sipguard") | min | percent)" +
(shares("oracle") | if length == 0 then "."
	else "; the ideal, which is told beforehand who attacks, has \(min | percent) at its worst."
	end)
