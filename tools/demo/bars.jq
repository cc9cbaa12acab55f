# SPDX-License-Identifier: GPL-2.0-only
# What sipguard promises, checked against build/demo.json: one object for each promise that is missed,
# with the flood and the rate that the generator was told.

.runs as $runs |
def share: .probes_answered / .probes_sent;
def short: . * 1e4 | floor / 1e4;
def run(guard; flood; rate):
	$runs[] | select(.guard == guard and .flood == flood and .flood_rate == rate);
def where: "\(.flood), \(.flood_mpps * 100 | round / 100) M/s";

# What is missing may have been lost before any guard saw it, on a machine that is not quiet.
def disturbance:
	if .flood_sent then
		" (the interface refused \(.flood_refused_by_ring / .flood_sent * 1e4 | round / 100) % of "
		+ "all frames before any guard; the hypervisor held the CPU back for "
		+ "\(.server_cpu_stolen_ms) ms)"
	else "" end;

def missed(text): {flood, flood_rate, text: text};

def answers:
	select(.flood_rate == "0.5M" and share < 0.999) |
	missed("\(where): \(share | short) of the probes answered with sipguard, 0.999 wanted\(disturbance)");
def calls:
	select(.flood_rate != "flat" and .calls_completed < .calls_attempted) |
	missed("\(where): \(.calls_completed) of \(.calls_attempted) calls completed with sipguard");
def near_ideal:
	select(.flood_rate == "2M") | . as $s |
	run("oracle"; $s.flood; "2M") | share as $ideal | $s | select(share < 0.99 * $ideal) |
	missed("\(where): \(share | short) of the probes answered with sipguard, 0.99 of \($ideal | short) wanted");
def factor:
	. as $s | run("none"; $s.flood; $s.flood_rate) |
	.flood_packets_reaching_server / ([$s.flood_packets_reaching_server, 1] | max) |
	select(. < 100) | floor as $times |
	$s | missed("\(where): \($times) times fewer flood packets at the server, 100 wanted");
def starved:
	select(.flood_rate == "0.5M" and share >= 0.1) |
	missed("\(where): \(share | short) of the probes answered without a guard, less than 0.1 expected");

($runs[] | select(.guard == "sipguard") | answers, calls, near_ideal, factor),
($runs[] | select(.guard == "none") | starved)
