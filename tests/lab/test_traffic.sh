#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Real callers, sipguard in enforce mode with its default configuration: not one message is lost. A
# lost one would show as a failed call, as a retransmission, or as a packet in the guard's counters.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

# 2 kB of signature, as STIR puts it into an INVITE (RFC 8224): two IP fragments.
large_header() {
	printf 'Identity: %s;info=<https://cert.example/a.pem>;alg=ES256;ppt=shaken' \
		"$(head -c 2000 /dev/zero | tr '\0' a)"
}

reassembled() {
	lab_in server cat /proc/net/snmp /proc/net/snmp6 | awk -v family="$1" '
		family == 4 && $1 == "Ip:" && $2 != "Forwarding" { print $16 }
		family == 6 && $1 == "Ip6ReasmOKs" { print $2 }'
}

large_calls() {
	local family=$1 before after
	before=$(reassembled "$family")
	LAB_SIPP_EXTRA=$(large_header) lab_sipp "large-$family" call "$family" udp -r 10 -m 10 \
		-timeout "$LAB_PATIENCE"
	wait "$LAB_PID"
	call_all "large-$family" 10
	after=$(reassembled "$family")
	# Or the test would not test what it says.
	equal $((after - before)) 10
}

nothing_dropped() {
	[[ ${TEST_GUARD:-sipguard} != none ]] || return 0
	lab_in server "$SIPGUARD" stats --json >"$LAB_DIR/stats.json"
	# sipsak is what scanners look like, too, and is counted for that.
	jq -e "$STATS_DROPPED == 0 and $STATS_PASSED > 500 and
		$STATS_WATCHED == .reasons[\"scanner-lookalike\"].watched.packets" \
		"$LAB_DIR/stats.json" || {
		cat "$LAB_DIR/stats.json"
		return 1
	}
}

test_lab
guard_attach
for family in 4 6; do
	for transport in udp tcp; do
		for scenario in call register options; do
			check "SIPp $scenario, IPv$family, $transport" \
				sipp_run "$scenario" "$family" "$transport" 20
		done
	done
	check "SIPp call, IPv$family, INVITE in fragments" large_calls "$family"
done
check "sipsak OPTIONS, udp" lab_sipsak udp
check "sipsak OPTIONS, tcp" lab_sipsak tcp
check "the guard dropped nothing, and saw it all" nothing_dropped
test_done
