# SPDX-License-Identifier: GPL-2.0-only
# What the runs of the demo showed, under its table: a line for each guard and for how the generator
# was driven. Every figure is of these runs. A rate is what the interface took: it may be far from
# what the generator was told, and flat out may be less than a pace.

# Rounded down: 99.96 % is not all.
def percent: . * 1000 + 1e-6 | floor / 10 | tostring;
def round2: . * 100 | round / 100 | tostring;
def range(unit): (min | unit) as $least | (max | unit) as $most
	| if $least == $most then $least else "\($least) to \($most)" end;
def guards: [
	["none", "without a guard"],
	["nftables", "with the meter of nftables"],
	["pike", "with Kamailio's pike"],
	["sipguard", "with sipguard"],
	["oracle", "with a filter that was told beforehand who attacks"]
];
def refused: if (.flood_sent // 0) > 0 then .flood_refused_by_ring / .flood_sent else 0 end;
# What no guard has seen no guard can have saved; the probes are among it.
def unseen: map(refused) | max
	| if . >= 0.001 then "; up to \(percent) % of all frames refused by the interface" else "" end;
def line($name):
	"  \($name): \(map(.probes_answered / .probes_sent) | range(percent)) %"
	+ ", at \(map(.flood_mpps) | range(round2)) M/s taken\(unseen)";
def lines($title):
	. as $runs | if length == 0 then empty
	else $title, (guards[] | . as [$guard, $name]
		| $runs | map(select(.guard == $guard)) | select(length > 0) | line($name))
	end;

[.runs[] | select(.probes_sent > 0)]
| (map(select(.flood_rate != "flat"))
	| lines("Meaning: of the legitimate requests got an answer, in this run,")),
  (map(select(.flood_rate == "flat"))
	| lines("and with the generator as fast as it could, which is no promise to be faster:"))
