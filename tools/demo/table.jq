# SPDX-License-Identifier: GPL-2.0-only
# The demo's table from build/demo.json, as lines of tab-separated cells.

def round2: . * 100 | round / 100 | tostring;
def rate: if . == null then "-" else round2 + " M" end;
# Rounded down, as in meaning.jq.
def percent: . * 1000 + 1e-6 | floor / 10 | tostring + " %";
def count:
	if . >= 1e6 then (. / 1e6 | round2) + " M"
	elif . >= 1e4 then (. / 1e3 | round | tostring) + " k"
	else tostring end;
def guards: {
	none: "none",
	nftables: "nftables meter",
	pike: "Kamailio pike",
	sipguard: "sipguard",
	oracle: "(the ideal)"
};
def floods: {"one-source": "one source", "random-sources": "random sources"};

["flood", "offered", "taken", "judged", "guard", "reached server", "requests answered",
	"calls completed"],
(.runs[] | [
	floods[.flood],
	(.flood_offered_mpps, .flood_mpps, .guard_judged_mpps | rate),
	guards[.guard],
	(.flood_packets_reaching_server | count),
	(.probes_answered / .probes_sent | percent),
	"\(.calls_completed) of \(.calls_attempted)"
]) | @tsv
