# SPDX-License-Identifier: GPL-2.0-only
#
# What of bench.json misses its bar, a sentence each. Those against an older build are only asked for
# where there is one (BENCH_BASE).

def shown: . * 1000 | round / 1000;
def missed(what; bar): "\(what): \(. | shown), \(bar) wanted";
def at_least(what; bar): select(. < bar) | missed(what; bar);
def at_most(what; bar): select(. > bar) | missed(what; bar);

# --- by BPF_PROG_RUN

def run(name): .prog_run[]? | select(.name == name);

def by_itself: .prog_run[]? | select(.bar) |
	. as $entry | .over_bare_drop | at_most("\($entry.name), ns over bare-drop"; $entry.bar);

# The guard's entries: not the bench's own, nor parsers.
def of_guard: .prog_run[]? | select(.name | test("^(bare|rewrite|sofia|osip)-") | not);

# A message of the base's price, and what is dearer than it was.
def of_base: {"valid-options": 0.55, "valid-invite": 0.55, "malformed-invite": 0.6} as $half
	| of_guard | select(.base_ns and .base_over_bare_drop) | .name as $name
	| if $half[$name] then .over_bare_drop / .base_over_bare_drop
		| at_most("\($name), of the base over bare-drop"; $half[$name])
	  else .ns / .base_ns | at_most("\($name), of the base"; 1.05) end;

def parsers: first(run("valid-invite")).over_bare_drop as $invite
	| (run("sofia-sip-parse-invite").ns / $invite
		| at_least("sofia-sip, of the added cost of valid-invite"; 7)),
	  (run("osip-parse-invite").ns / $invite
		| at_least("libosip2, of the added cost of valid-invite"; 11));

def zones: first(run("zones-options")).ns - first(run("zone-options")).ns
	| at_most("ns for four zones of 10 000 prefixes instead of one of one"; 40);

def bytes: [.prog_run[]? | select(.bytes)] | range(length - 1) as $i
	| .[$i].bytes as $from | (.[$i + 1].ns - .[$i].ns) / (.[$i + 1].bytes - $from)
	| at_most("ns a byte, from \($from) bytes on"; 0.5);

# (What bare-drop has here is the machine's: it shares nothing.)
def two_cpus: of_guard | select(.two_cpus) | .name as $name | .two_cpus
	| at_most("\($name), on two CPUs at once over alone"; 1.15);

# --- floods

def flood(name; sources): first(.flood[]? | select(.name == name and .sources == sources)).mpps;
def veth(name; sources; bar): flood("sipguard"; sources) / flood(name; sources)
	| at_least("sipguard / \(name), \(sources)"; bar);

def judged(name; guard): first(.in_situ[]? | select(.name == name and .guard == guard)).judged_mpps;
def in_situ(name; guard; bar): judged(name; "sipguard") / judged(name; guard)
	| at_least("in situ, \(name), sipguard / \(guard)"; bar);

by_itself, of_base, parsers, zones, bytes, two_cpus,
veth("xdp-drop"; "one"; 0.85), veth("xdp-drop"; "random"; 0.75),
veth("nft-meter"; "one"; 1.5), veth("nft-meter"; "random"; 2.5),
in_situ("one-source"; "oracle"; 0.85), in_situ("random-greylisted"; "oracle"; 0.75),
in_situ("one-source"; "base"; 1.5), in_situ("random-greylisted"; "base"; 1.8),
in_situ("half-proven"; "base"; 1.5)
