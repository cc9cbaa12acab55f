# SPDX-License-Identifier: GPL-2.0-only
# The one line under the demo's table. Flat out the CPU cannot even receive what the generator makes,
# so that is told apart.

def percent: . * 1000 | round / 10 | tostring + " %";
def shares(guard; flat): [.runs[] | select(.guard == guard and (.flood_rate == "flat") == flat)
	| .probes_answered / .probes_sent];
def least(guard; flat): shares(guard; flat) | min | percent;
def known(guard; flat): (shares(guard; flat) | length) > 0;

select(known("none"; false) and known("sipguard"; false)) |
"Meaning: without a guard at most \(shares("none"; false) | max | percent) of the legitimate "
+ "requests got an answer, with sipguard at least \(least("sipguard"; false))"
+ (if known("oracle"; false) then
	", with a filter that was told beforehand who attacks (the ideal) \(least("oracle"; false))"
	else "" end)
+ (if known("sipguard"; true) and known("oracle"; true) then
	"; flat out, when packets come faster than this CPU can take them in, "
	+ "\(least("sipguard"; true)) and \(least("oracle"; true))."
	else "." end)
