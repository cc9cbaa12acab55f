# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# nat-office: 200 phones behind one address come back after a power cut within 30 s; nothing is
# dropped. Then one of them floods: it is held to the limits of its flow, and not banned, since its
# flow is proven and anybody could flood in its name; the others lose nothing.
#
# The phones are SIPp's, a socket each, and two of baresip, of which one calls the other meanwhile;
# one of SIPp's is the generator once it has registered. A phone that lost something sends it again:
# that is what is counted.
#
# Sourced by scenarios.sh.

# shellcheck source=../../tools/lab/phone.sh
source "$LAB_ROOT/tools/lab/phone.sh"

OFFICE=$LAB_CLIENT4
# The others' ports are the kernel's choice, below this one.
MAD_PORT=25000
MAD_RATE=5000
# In the short form nobody else sends this: what is dropped of all others is of the others.
MAD_METHOD=$(full_or_short INVITE MESSAGE)

# office_boot PHONES SECONDS PAUSE: they register, publish and subscribe, and go on with keepalives
# and registrations, each time after so many milliseconds.
office_boot() {
	mkdir -p "$LAB_DIR/sipp"
	sed "s/@PAUSE@/$3/" "$SCENARIOS_SRC/sipp/phone.xml" >"$LAB_DIR/sipp/phone.xml"
	lab_sysfs client sysctl -qw net.ipv4.ip_local_port_range="20000 $((MAD_PORT - 1))"
	LAB_CPU=$LAB_CPU_FLOOD LAB_SIPP_FILES=$LAB_DIR/sipp lab_sipp office phone 4 udp -t un \
		-au trunk -ap "$PASSWORD" -m "$1" -l "$1" -r "$1" -rp $(($2 * 1000)) -timeout 600
	OFFICE_PID=$LAB_PID
}

mad_phone_registers() {
	printf 'SEQUENTIAL\nmad;%s\n' "$OFFICE" >"$LAB_DIR/mad.csv"
	callers mad register-digest -inf "$LAB_DIR/mad.csv" -p "$MAD_PORT" -m 1 -timeout "$PATIENCE"
	wait "$LAB_PID" || true
}

# What its limits have refused.
mad_limited() {
	guard_counted '([.reasons | to_entries[] | select(.key | startswith("limit-")) |
		.value.dropped.packets] | add)'
}

mad_is_limited() {
	[[ $(mad_limited) -gt 0 ]]
}

# mad_share SECONDS: what a proven flow may send of this method in that time, by default.
mad_share() {
	full_or_short $((160 + 80 * $1)) $((1600 + 400 * $1))
}

# What they say is for people. (No "$(...)": it would wait until the phones are off.)
baresip_on() {
	phone_start bob 4 udp 5100 6100
	phone_start alice 4 udp 5102 6102
}

# Seconds until the call was set up; null if it was not. (A copy of its INVITE that comes through when
# the flood is over is not what is asked for: the time tells.)
baresip_calls() {
	local from=$EPOCHREALTIME
	phone_do alice-4-udp dial "sip:bob-4-udp@$LAB_SERVER4"
	if phone_event bob-4-udp 1 CALL_INCOMING >&2 && phone_do bob-4-udp accept &&
		phone_event alice-4-udp 1 CALL_ESTABLISHED >&2; then
		jq -n "$EPOCHREALTIME - $from"
	else
		echo null
	fi
}

# The call begins when the flow is over its limit.
mad_phone_floods() {
	local caller
	{
		until_true mad_is_limited
		baresip_calls >"$LAB_DIR/called"
	} &
	caller=$!
	generate mad --method "$MAD_METHOD" --source "$OFFICE" --sport "$MAD_PORT" --rate "$MAD_RATE" \
		--count $((MAD_RATE * $1)) --seconds "$(full_or_short "$1" "$PATIENCE")"
	wait "$caller"
}

office_lost() {
	echo $(($(counted office Retransmissions) + $(counted office FailedCall)))
}

registered() {
	[[ $(counted office registered) -ge $1 ]]
}

# Each has had its answer to all that it sends once.
office_up() {
	[[ $(counted office answered) -ge $((2 * $1)) && $(proven_flows) -ge $(($1 + 3)) ]]
}

scenario() {
	local phones seconds pause flood before answered start
	phones=$(full_or_short 200 40)
	seconds=$(full_or_short 30 6)
	pause=$(full_or_short 10000 4000)
	flood=$(full_or_short 12 5)
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
	guard_on
	mad_phone_registers
	told mad-phone-registered "$(counted mad SuccessfulCall)"
	office_boot "$((phones - 1))" "$seconds" "$pause"
	baresip_on >&2
	if [[ $LENGTH == short ]]; then
		until_true registered $((phones - 1))
		until_true office_up $((phones - 1))
	else
		sleep "$((seconds + 2))"
	fi
	at_least phones-registered "$(counted office registered)" $((phones - 1))
	at_most boot-dropped "$(guard_objections)" 0
	before=$(office_lost)
	at_most boot-lost "$before" 0
	at_least proven-flows "$(proven_flows)" $((phones + 2))

	answered=$(counted office answered)
	start=$SECONDS
	mad_phone_floods "$flood"
	at_most mad-passed "$(($(generated mad .flood_sent) - $(mad_limited)))" \
		"$(mad_share $((SECONDS - start + 1)))"
	at_most bans "$(bans true)" 0
	# What was sent last may have to wait for its second copy, and SIPp tells once a second.
	sleep 2
	fast call-meanwhile-seconds "$(<"$LAB_DIR/called")" 2
	at_least call-meanwhile "$(jq 'if . == null then 0 else 1 end' "$LAB_DIR/called")" 1
	[[ $LENGTH != short ]] || at_most others-dropped "$(dropped_but "$MAD_METHOD")" 0
	told mad-requests-sent "$(generated mad .flood_sent)"
	told mad-requests-answered "$(generated mad .flood_answers)"
	at_most others-lost "$(($(office_lost) - before))" 0
	told others-requests-answered "$(($(counted office answered) - answered))"
	kill -TERM "$OFFICE_PID"
	wait "$OFFICE_PID" || true
}
