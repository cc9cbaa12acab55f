# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# carrier: an allow-listed trunk places 500 calls a second, and loses nothing while one flood
# follows the other: INVITE, REGISTER and OPTIONS from random sources, INVITE from one source,
# garbage.
#
# 500 calls a second are 6500 messages a second for a Kamailio and two SIPps on two CPUs, which are
# half busy by that alone. So the floods are of a rate that the lab can make beside it: what is
# measured is whether the guard tells one from the other, not how many packets a second it drops
# (that are the spoofed floods). The same calls without any flood, and with the oracle, are beside
# it in the full form.
#
# Sourced by scenarios.sh.

# In the short form less than any machine can do: there the guard's counters tell whether it told one
# from the other.
CALL_RATE=$(full_or_short 500 50)
FLOOD_RATE=$(full_or_short 50000 5000)

# The trunk, in the background: trunk NAME SECONDS
trunk() {
	LAB_CPU=$LAB_CPU_FLOOD lab_sipp "$1" call 4 udp -r "$CALL_RATE" \
		-m $((CALL_RATE * $2)) -l 3000 -timeout $(($2 + $(full_or_short 10 "$PATIENCE"))) \
		-timer_resol 5
	TRUNK_PID=$LAB_PID
}

# flood_of NAME OPTION...: so many frames, however long that takes.
flood_of() {
	local name=$1
	shift
	generate "flood-$name" "$@" --rate "$FLOOD_RATE" --count $((EACH * FLOOD_RATE)) \
		--seconds "$(full_or_short "$EACH" "$PATIENCE")" --drain 0
}

floods() {
	local method
	for method in INVITE REGISTER OPTIONS; do
		flood_of "$method" --method "$method" --random "$LAB_FLOOD_PREFIX4"
	done
	flood_of one --method INVITE --source "$LAB_FLOOD4"
	flood_of garbage --garbage --random "$LAB_FLOOD_PREFIX4"
}

# carry NAME [none]: CALLS in all, LOST of them; AGAIN messages that had to be sent again.
carry() {
	local seconds=$((5 * EACH + 3))
	trunk "$1" "$seconds"
	sleep 1
	[[ ${2:-} == none ]] || floods
	wait "$TRUNK_PID" || true
	CALLS=$((CALL_RATE * seconds))
	LOST=$((CALLS - $(counted "$1" SuccessfulCall)))
	AGAIN=$(counted "$1" Retransmissions)
}

# The least that one of the floods brought to the interface.
weakest_flood() {
	jq -s 'map(.accepted) | min' "$LAB_DIR"/flood-{INVITE,REGISTER,OPTIONS,one,garbage}.json
}

# shellcheck disable=SC2034 # lab_kamailio_start reads it
scenario() {
	LAB_KAMAILIO_MB=512
	EACH=$(full_or_short 6 1)
	if [[ $LENGTH == full ]]; then
		server_start
		carry idle none
		told lost-without-flood "$LOST"
		told repeated-without-flood "$AGAIN"
		server_stop

		server_start
		lab_in server ip link set dev "$LAB_IF_SERVER" xdpdrv obj "$ORACLE" sec xdp
		carry oracle
		told lost-oracle "$LOST"
		told repeated-oracle "$AGAIN"
		lab_in server ip link set dev "$LAB_IF_SERVER" xdp off
		server_stop
	fi

	server_start
	guard_on
	sipguard allow add "$LAB_CLIENT4/32" >>"$LAB_DIR/sipguard.log"
	carry sipguard
	told calls "$CALLS"
	at_least weakest-flood "$(weakest_flood)" $((EACH * FLOOD_RATE / 2))
	at_most lost "$LOST" 0
	told repeated "$AGAIN"
	# What no flood has.
	at_least ends-of-calls-passed "$(guard_counted .methods.BYE.passed.packets)" "$CALLS"
	at_most ends-of-calls-dropped "$(guard_counted \
		'(.methods.ACK.dropped.packets + .methods.BYE.dropped.packets)')" 0
}
