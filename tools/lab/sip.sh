# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# The SIP software of the lab: Kamailio as the protected server, SIPp and sipsak as its callers.
# Sourced by lab.sh.

# Where the answering party listens. Not a guarded port: only Kamailio is behind the guard.
LAB_ANSWER_PORT=5070

# Kamailio's shared memory: 64 MB hold the transactions of 100 calls a second.
LAB_KAMAILIO_MB=64

# Milliseconds after which SIPp sends again what was not answered (T1 of RFC 3261). What is lost is
# counted by what is sent again: who counts it gives a slow machine more time, and Kamailio then
# gives its peers 30 s.
LAB_T1=${LAB_T1:-500}

# Where lab_sipp looks for a scenario.
LAB_SIPP_FILES=$LAB_SRC/sipp

LAB_KAMAILIO_PID=
LAB_ANSWER_PID=

# Starts something in the background on one side, its output in $LAB_DIR/NAME.log and its pid in
# LAB_PID: lab_spawn SIDE NAME CMD... With LAB_CPU set it has that CPU, and goes before the other
# processes of the machine there: what is measured is the flood, not a compiler that runs beside it.
lab_spawn() {
	local side=$1 name=$2
	shift 2
	[[ -z ${LAB_CPU:-} ]] || set -- nice -n -10 taskset -c "$LAB_CPU" "$@"
	lab_in "$side" "$@" </dev/null >"$LAB_DIR/$name.log" 2>&1 &
	LAB_PID=$!
}

# lab_scenario FILE NAME: prints where the scenario of SIPp is, with that T1.
lab_scenario() {
	sed "s/retrans=\"500\"/retrans=\"$LAB_T1\"/" "$1" >"$LAB_DIR/$2.xml"
	echo "$LAB_DIR/$2.xml"
}

# Waits until a UDP port is open on the server's side.
lab_wait_port() {
	local i
	for ((i = 0; i < 2400; i++)); do
		[[ -z $(lab_in server ss -Hlun "sport = :$1") ]] || return 0
		sleep 0.05
	done
	return 1
}

# lab_relayed_ack TARGET FROM: an ACK that Kamailio relays to TARGET by loose routing, whoever sends
# it; @N@ is its number.
lab_relayed_ack() {
	cat <<-END
		ACK sip:x@$1 SIP/2.0
		Via: SIP/2.0/UDP $2;branch=z9hG4bKack-@N@
		Route: <sip:$LAB_SERVER4:5060;lr>
		From: <sip:mallory@$LAB_SERVER4>;tag=1
		To: <sip:x@$LAB_SERVER4>;tag=2
		Call-ID: @N@@mallory
		CSeq: 1 ACK
		Max-Forwards: 70
		Content-Length: 0

	END
}

# lab_kamailio_start [DEFINE...]: a define as for -A. Small memory and few children: what a flood
# costs is to be seen, not hidden behind a big machine.
lab_kamailio_start() {
	local define defines=()
	[[ $LAB_T1 -le 500 ]] || defines=(-A SLOW_MACHINE)
	for define in "UAS4=\"$LAB_SERVER4:$LAB_ANSWER_PORT\"" "$@"; do
		defines+=(-A "$define")
	done
	mkdir -p "$LAB_DIR/kamailio"
	lab_spawn server answer sipp \
		-sf "$(lab_scenario "$LAB_SRC/sipp/answer.xml" answer-scenario)" \
		-i "$LAB_SERVER4" -p "$LAB_ANSWER_PORT" -nostdin -skip_rlimit
	LAB_ANSWER_PID=$LAB_PID
	lab_spawn server kamailio kamailio -DD -E -f "$LAB_SRC/kamailio.cfg" -m "$LAB_KAMAILIO_MB" -M 8 \
		-Y "$LAB_DIR/kamailio" -w "$LAB_DIR/kamailio" "${defines[@]}" \
		-l "udp:$LAB_SERVER4:5060" -l "tcp:$LAB_SERVER4:5060" \
		-l "udp:[$LAB_SERVER6]:5060" -l "tcp:[$LAB_SERVER6]:5060"
	LAB_KAMAILIO_PID=$LAB_PID
	lab_wait_port "$LAB_ANSWER_PORT" || lab_die "SIPp does not start: see below.
$(tail -n 5 "$LAB_DIR/answer.log")"
	lab_kamailio_ready || lab_die "Kamailio does not answer: see below.
$(tail -n 5 "$LAB_DIR/kamailio.log")"
}

# An open port is not yet a server: wait until it answers. The request takes the way of every other
# caller's, so this is also the first check of a guard.
lab_kamailio_ready() {
	local i
	lab_wait_port 5060 || return 1
	for ((i = 0; i < 60; i++)); do
		! lab_sipsak udp >/dev/null 2>&1 || return 0
		kill -0 "$LAB_KAMAILIO_PID" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

lab_kamailio_stop() {
	local pid
	for pid in $LAB_KAMAILIO_PID $LAB_ANSWER_PID; do
		# Kamailio waits a minute for children that a flood keeps busy;
		# nothing here is worth that.
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	lab_end_processes "$LAB_NS_SERVER"
	LAB_KAMAILIO_PID=''
	LAB_ANSWER_PID=''
}

# One OPTIONS over IPv4 (sipsak knows no IPv6); exit status 0 if it was answered with 200:
# lab_sipsak udp|tcp. LAB_SIPSAK_SECONDS: how long it waits; over TCP a fifth of it (sipsak's -D is
# in halves of a second).
lab_sipsak() {
	local seconds=${LAB_SIPSAK_SECONDS:-5}
	# The host name of the machine may not resolve inside a lab: -H says who asks.
	lab_in client timeout "$seconds" sipsak -H "$LAB_CLIENT4" -E "$1" -D $((2 * seconds / 5)) \
		-s "sip:ping@$LAB_SERVER4:5060"
}

# lab_request METHOD URI [LINE...]: a request of the client's, none like the one before, with these
# lines of header besides.
lab_request() {
	local id=$EPOCHREALTIME-$RANDOM
	printf '%s\r\n' "$1 $2 SIP/2.0" \
		"Via: SIP/2.0/UDP $LAB_CLIENT4:5070;branch=z9hG4bK-$id;rport" "${@:3}" \
		"From: <sip:peer@$LAB_CLIENT4>;tag=$id" "To: <$2>" "Call-ID: $id@lab" \
		"CSeq: 1 $1" "Contact: <sip:peer@$LAB_CLIENT4:5070>" "Max-Forwards: 70" \
		"Content-Length: 0" ""
}

# lab_until CMD...: until the command succeeds, for LAB_PATIENCE seconds at most.
lab_until() {
	local end=$((SECONDS + LAB_PATIENCE))
	until "$@"; do
		[[ $SECONDS -lt $end ]] || return 1
		sleep 0.02
	done
}

lab_is_answered() { # FORMER CMD...
	[[ -s $LAB_DIR/answer || $("${@:2}") != "$1" ]]
}

# lab_answer FILE CMD...: sends the datagram to Kamailio over IPv4, and prints the first line of the
# first datagram that comes back. None does where CMD..., which tells how many a guard has dropped,
# says something else than before.
lab_answer() {
	local pid before
	before=$("${@:2}")
	: >"$LAB_DIR/answer"
	# It is to be ended itself, not a shell around it.
	# shellcheck disable=SC2016 # expanded by the inner shell
	(exec nsenter --net="/run/netns/$LAB_NS_CLIENT" -- bash -c 'exec 3<>"/dev/udp/$1/5060"
		cat "$2" >&3
		exec timeout "$3" dd bs=4096 count=1 <&3 2>/dev/null' asker "$LAB_SERVER4" "$1" \
		"$LAB_PATIENCE") >"$LAB_DIR/answer" &
	pid=$!
	lab_until lab_is_answered "$before" "${@:2}" || true
	kill "$pid" 2>/dev/null || true
	wait "$pid" || true
	head -n 1 "$LAB_DIR/answer" | tr -d '\r'
}

# Starts SIPp as a caller in the background: lab_sipp NAME SCENARIO 4|6 udp|tcp [SIPP-OPTION...]
# Its pid is in LAB_PID; lab_sipp_count reads its statistics. LAB_SIPP_EXTRA: a header line for
# the INVITEs.
lab_sipp() {
	local name=$1 scenario=$2 family=$3 transport=u1 to=$LAB_SERVER4 from=$LAB_CLIENT4
	# What the last one of this name counted is not this one's.
	rm -f "$LAB_DIR/$name.stats"
	[[ $4 != tcp ]] || transport=t1
	shift 4
	if [[ $family == 6 ]]; then
		to="[$LAB_SERVER6]"
		from=$LAB_CLIENT6
	fi
	lab_spawn client "$name" sipp \
		-sf "$(lab_scenario "$LAB_SIPP_FILES/$scenario.xml" "scenario-$name")" -i "$from" -t "$transport" \
		-nostdin -skip_rlimit -trace_stat -fd 1 -stf "$LAB_DIR/$name.stats" \
		-trace_err -error_file "$LAB_DIR/$name.err" \
		-key extra "${LAB_SIPP_EXTRA:-Subject: lab}" "$@" "$to:5060"
}

# The last value of a column of SIPp's statistics, as "SuccessfulCall(C)": lab_sipp_count NAME
# COLUMN
lab_sipp_count() {
	awk -F ';' -v column="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i; next }
		at && NF >= at { value = $at }
		END { if (value == "") exit 1; print value }' "$LAB_DIR/$1.stats"
}

# Ten calls and their outcome, for people.
lab_call() {
	lab_sipp call call 4 udp -r 5 -m 10 -timeout 30
	wait "$LAB_PID" || true
	echo "calls completed: $(lab_sipp_count call 'SuccessfulCall(C)') of 10"
}
