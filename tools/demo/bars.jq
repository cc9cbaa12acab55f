# SPDX-License-Identifier: GPL-2.0-only
# What sipguard promises, checked against build/demo.json: one line for each promise that is missed.

.runs as $runs |
def share: .probes_answered / .probes_sent;
def run(guard; flood; rate):
	$runs[] | select(.guard == guard and .flood == flood and .flood_rate == rate);
def where: "\(.flood), \(.flood_rate)";

def answers:
	select(.flood_rate == "0.5M" and share < 0.999) |
	"\(where): \(share) of the probes answered with sipguard, 0.999 wanted";
def calls:
	select(.calls_completed < .calls_attempted) |
	"\(where): \(.calls_completed) of \(.calls_attempted) calls completed with sipguard";
def near_ideal:
	select(.flood_rate == "2M") | . as $s |
	run("oracle"; $s.flood; "2M") | select(($s | share) < 0.99 * share) |
	"\(where): \($s | share) of the probes answered with sipguard, 0.99 of \(share) wanted";
def factor:
	. as $s | run("none"; $s.flood; $s.flood_rate) |
	.flood_packets_reaching_server / ([$s.flood_packets_reaching_server, 1] | max) |
	select(. < 100) |
	"\($s | where): \(floor) times fewer flood packets at the server, 100 wanted";
def starved:
	select(.flood_rate == "0.5M" and share >= 0.1) |
	"\(where): \(share) of the probes answered without a guard, less than 0.1 expected";

($runs[] | select(.guard == "sipguard") | answers, calls, near_ideal, factor),
($runs[] | select(.guard == "none") | starved)
