# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# Attacks and callers of the assessment: what prints how many got through, or were lost. Sourced by
# assess.sh.

# Packets that the guard has dropped; 0 without one.
dropped() {
	{ sipguard stats --json 2>/dev/null || echo '{"classes": {}}'; } |
		jq '[.classes[].dropped.packets] | add // 0'
}

# answered N METHOD URI [LINE...]: requests, one after the other, until each has an answer or is
# dropped. What the server says to them is their own affair: it got them.
answered() {
	local i count=$1 through=0
	for ((i = 0; i < count; i++)); do
		lab_request "${@:2}" | sed "${EDIT:-}" >"$LAB_DIR/request"
		[[ $(lab_answer "$LAB_DIR/request" dropped) != SIP/2.0* ]] || through=$((through + 1))
	done
	echo "$through"
}

# came SIDE N MATCH CMD...: of the N packets that CMD makes, how many have come to the IP stack of a
# side, past XDP and before fragments are put together.
came() {
	local gone
	gone=$(dropped)
	lab_in "$1" nft -f - <<-END
		table inet sg_assess {
			counter came { }
			chain prerouting {
				type filter hook prerouting priority -450
				$3 counter name came
			}
		}
	END
	"${@:4}"
	lab_until have_come "$1" "$2" "$gone"
	count_of "$1"
	lab_in "$1" nft delete table inet sg_assess
}

count_of() { # SIDE
	lab_in "$1" nft -j list counter inet sg_assess came | jq '.nftables[].counter.packets // empty'
}

# have_come SIDE N GONE: with what the guard has dropped beyond GONE.
have_come() {
	[[ $(($(count_of "$1") + $(dropped) - $3)) -ge $2 ]]
}

# arrived FOLDER: its files, a datagram each, from one port at once: how many have reached the server.
arrived() {
	came server "$(find "$1" -type f | wc -l)" "iifname $LAB_IF_SERVER udp dport 5060" burst_out "$1"
}

burst_out() { # FOLDER
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_in client bash -c 'exec 3<>"/dev/udp/$1/5060"
		for file in "$2"/*; do cat "$file" >&3; done' sender "$LAB_SERVER4" "$1"
}

# hurled N MATCH OPTION...: packets of hping3, a thousand a second; how many have reached the server.
hurled() {
	came server "$1" "iifname $LAB_IF_SERVER $2" hping -c "$1" "${@:3}"
}

hping() {
	lab_in client hping3 -q -i u1000 "$@" "$LAB_SERVER4" >"$LAB_DIR/hping.log" 2>&1 || true
}

# flooded N OPTION...: so many requests of the generator, two thousand a second; how many have reached
# the server's stack.
flooded() {
	came server "$1" "iifname $LAB_IF_SERVER udp dport 5060" flood --count "$@"
}

flood() {
	lab_in client "$BUILD/sipguard-flood" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --rate 2000 --seconds 60 --drain 5 --json "$@" \
		>"$LAB_DIR/flood.json"
}

# beside_phones N CMD...: N phones register, and while CMD is made they (the generator's probes) ask
# the server; how many of these had no answer, unanswered_probes tells.
beside_phones() {
	local i
	{ echo SEQUENTIAL
	  for ((i = 1; i <= $1; i++)); do echo "phone$i;203.0.113.$i"; done; } >"$LAB_DIR/phones.csv"
	ip -n "$LAB_NS_CLIENT" route replace local 203.0.113.0/24 dev lo
	LAB_SIPP_FILES=$ASSESS_SRC/../scenarios/sipp lab_sipp phones register-digest 4 udp -t ui \
		-inf "$LAB_DIR/phones.csv" -ip_field 1 -p 5060 -au trunk -ap "$PASSWORD" -r 20 -m "$1" \
		-timeout "$LAB_PATIENCE"
	wait "$LAB_PID" || true
	ip -n "$LAB_NS_CLIENT" route del local 203.0.113.0/24 dev lo
	"${@:2}" --probes 203.0.113.1 --probe-sources "$1" --probe-rate 50
}

unanswered_probes() {
	jq '.probes_sent - .probes_answered' "$LAB_DIR/flood.json"
}

# lost NAME N: of the N calls of SIPp run NAME, those that failed, were not made, or had to say
# something twice.
lost() {
	local good again
	good=$(lab_sipp_count "$1" 'SuccessfulCall(C)')
	again=$(lab_sipp_count "$1" 'Retransmissions(C)')
	echo $(($2 - good + again))
}

# sipp N SCENARIO udp|tcp: that many at twenty a second, the widest published pace of a trunk; how
# many were lost.
sipp_calls() {
	lab_sipp "$2-$3" "$2" 4 "$3" -r 20 -m "$1" -timeout "$LAB_PATIENCE"
	wait "$LAB_PID" || true
	lost "$2-$3" "$1"
}

# unanswered N METHOD URI [LINE...]: the other way round, of callers.
unanswered() {
	echo $(($1 - $(answered "$@")))
}

# as ADDRESS CMD...: the client's datagrams come from there meanwhile.
as() {
	ip -n "$LAB_NS_CLIENT" address replace "$1/32" dev lo
	ip -n "$LAB_NS_SERVER" route replace "$1/32" via "$LAB_CLIENT4"
	ip -n "$LAB_NS_CLIENT" route replace "$LAB_SERVER4/32" dev "$LAB_IF_CLIENT" src "$1"
	"${@:2}"
	ip -n "$LAB_NS_CLIENT" route del "$LAB_SERVER4/32" dev "$LAB_IF_CLIENT" src "$1"
}

# denied PREFIX CMD...: with the prefix on the deny list of a guard, if there is one.
denied() {
	! sipguard status >/dev/null 2>&1 || sipguard deny add "$1" >>"$LAB_DIR/sipguard.log"
	"${@:2}"
}

# edited SCRIPT CMD...: with each request that answered() sends first gone through that script of sed.
edited() {
	EDIT=$1 "${@:2}"
}

# relayed N LINE: INVITEs with that Route; how many of them come to port 5099 of the client, who is
# the victim here.
relayed() {
	came client "$1" "udp dport 5099" invites_by "$@"
}

invites_by() { # N LINE
	local i
	for ((i = 0; i < $1; i++)); do
		lab_request INVITE "sip:victim@example.com" "$2" >"$LAB_DIR/request"
		lab_answer "$LAB_DIR/request" dropped >/dev/null
	done
}

# burst N METHOD URI: that many requests, files in $LAB_DIR/burst; "@@" in the URI is their number.
burst() {
	local i
	mkdir -p "$LAB_DIR/burst"
	for ((i = 0; i < $1; i++)); do
		lab_request "$2" "${3/@@/$i}" >"$LAB_DIR/burst/$i"
	done
}

# One cap of `validation` is exceeded in each.
oversized() {
	local long
	long=$(printf 'x%.0s' {1..600})
	mkdir -p "$LAB_DIR/burst"
	lab_request OPTIONS "sip:ping@$LAB_SERVER4" | sed "s/^Call-ID: /&$long/" >"$LAB_DIR/burst/1"
	lab_request OPTIONS "sip:ping@$LAB_SERVER4" | sed "s/branch=z9hG4bK/&$long/" >"$LAB_DIR/burst/2"
	lab_request "${long:0:60}" "sip:ping@$LAB_SERVER4" >"$LAB_DIR/burst/3"
	lab_request OPTIONS "sip:ping@$LAB_SERVER4" "${LINES_150[@]}" >"$LAB_DIR/burst/4"
	lab_request OPTIONS "sip:ping@$LAB_SERVER4" "Subject: a" "${FOLDS_20[@]}" \
		>"$LAB_DIR/burst/5"
}

mapfile -t LINES_150 < <(printf 'X-%d: a\n' {1..150})
mapfile -t FOLDS_20 < <(printf ' %d\n' {1..20})

# after_malformed N: a request that breaks the grammar, over TCP, until the guard bans its flow, if
# there is one; then N good ones from the same port: how many were answered.
after_malformed() {
	local i through=0
	lab_request OPTIONS "sip:ping@$LAB_SERVER4" | sed '/^CSeq/d' >"$LAB_DIR/bad"
	! sipguard status >/dev/null 2>&1 || lab_until is_banned
	for ((i = 0; i < $1; i++)); do
		lab_request OPTIONS "sip:ping@$LAB_SERVER4" | sed 's,^Via: SIP/2.0/UDP,Via: SIP/2.0/TCP,' \
			>"$LAB_DIR/good"
		[[ $(by_port 2 "$LAB_DIR/good") != SIP/2.0* ]] || through=$((through + 1))
	done
	echo "$through"
}

is_banned() {
	by_port 1 "$LAB_DIR/bad" >/dev/null
	sipguard bans --json | jq -e '.bans | length > 0' >/dev/null
}

# by_port SECONDS FILE: sends it over TCP from port 5090, and prints the first line that comes back.
by_port() {
	lab_in client timeout "$1" socat -T 1 - \
		"TCP:$LAB_SERVER4:5060,sourceport=5090,reuseaddr" <"$2" 2>/dev/null | head -n 1 || true
}

# garbage N
garbage() {
	local i
	mkdir -p "$LAB_DIR/burst"
	for ((i = 0; i < $1; i++)); do
		# Of a byte that begins no SIP, and no other protocol of that port.
		{ printf '\xf5' && head -c 300 /dev/urandom; } >"$LAB_DIR/burst/$i"
	done
}

# What is done to a valid request, as scripts of sed.
FAULTS=('/^Call-ID/d' '/^CSeq/d' '/^To/d' '/^From/d' '/^Via/d' 's/^CSeq: 1 .*/CSeq: 1 BYE\r/'
	's/^CSeq: 1/CSeq: 99999999999/' 's/^Content-Length: 0/Content-Length: -1/'
	's/^Content-Length: 0/Content-Length: 9999/' 's,SIP/2.0\r$,SIP/7.0\r,'
	's/^Call-ID.*/&\nCall-ID: other\r/')

malformed() {
	local fault
	mkdir -p "$LAB_DIR/burst"
	for fault in "${FAULTS[@]}"; do
		lab_request OPTIONS "sip:ping@$LAB_SERVER4" | sed "$fault" \
			>"$LAB_DIR/burst/$(find "$LAB_DIR/burst" -type f | wc -l)"
	done
}

# invited URI...: an INVITE for each, one after the other; how many were answered.
invited() {
	local uri through=0
	for uri in "$@"; do
		through=$((through + $(answered 1 INVITE "$uri")))
	done
	echo "$through"
}

# guesses N: that many wrong passwords, one after the other; how many the server has judged.
guesses() {
	LAB_SIPP_FILES=$ASSESS_SRC/../scenarios/sipp lab_sipp guesser guess 4 udp -m "$1" -l 1 -r 5 \
		-recv_timeout 5000 -default_behaviors all,-bye -timeout "$LAB_PATIENCE"
	wait "$LAB_PID" || true
	lab_sipp_count guesser 'judged(C)'
}

# reflected FOLDER: its files, a datagram each and each from a port of its own; how many replies come
# back to where they say they are from.
reflected() {
	came client "$(find "$1" -type f | wc -l)" "ip saddr $LAB_SERVER4 udp sport 5060" \
		each_from_its_port "$1"
}

each_from_its_port() { # FOLDER
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_in client bash -c 'for file in "$2"/*; do cat "$file" >"/dev/udp/$1/5060"; done' sender \
		"$LAB_SERVER4" "$1"
}

# connected N: connections that are opened one after the other and kept; how many the server has at
# the end.
connected() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_in client bash -c 'for ((i = 0; i < $2; i++)); do
			exec {fd}<>"/dev/tcp/$1/5060" || exit; done
		echo opened; exec sleep 1000' opener "$LAB_SERVER4" "$1" >"$LAB_DIR/opener" 2>&1 &
	OPENER=$!
	lab_until are_connected "$1" "$(dropped)" || true
	established
	lab_end_processes "$LAB_NS_CLIENT"
	wait "$OPENER" 2>/dev/null || true
}

are_connected() { # N GONE
	[[ $(($(established) + $(dropped) - $2)) -ge $1 ]]
}

established() {
	lab_in server ss -Htn state established "sport = :5060" | wc -l
}

# in_the_name_of USER ADDRESS: the client registers as that user, and five calls with his identity come
# from the address; how many were answered.
in_the_name_of() {
	equal_to 1 answered 1 REGISTER "sip:$1@$LAB_SERVER4"
	as "$2" answered 5 INVITE "sip:bob@$LAB_SERVER4" \
		"P-Asserted-Identity: <sip:$1@$LAB_SERVER4>"
}

# equal_to N CMD...: or the attack is not what it is said to be.
equal_to() {
	[[ $("${@:2}") == "$1" ]] || lab_die "not $1: ${*:2}"
}

# while_calls_are_refused CMD...: beside forty calls a second over TCP, once a guard, if there is one,
# says that the server is overloaded.
while_calls_are_refused() {
	local calls
	lab_sipp refused call 4 tcp -r 40 -timeout "$LAB_PATIENCE"
	calls=$LAB_PID
	! sipguard status >/dev/null 2>&1 || lab_until is_overloaded
	"$@"
	kill "$calls" 2>/dev/null || true
	wait "$calls" 2>/dev/null || true
}

is_overloaded() {
	sipguard status --json | jq -e '.overload.level >= 1' >/dev/null
}

# once_heard CMD...: once a guard has heard the server say something.
once_heard() {
	lab_sipsak udp >/dev/null
	"$@"
}

# responses N: that many which answer nothing, files in $LAB_DIR/burst.
responses() {
	local i
	mkdir -p "$LAB_DIR/burst"
	for ((i = 0; i < $1; i++)); do
		lab_request OPTIONS "sip:ping@$LAB_SERVER4" |
			sed '1s/.*/SIP\/2.0 200 OK\r/; s/^To: .*>/&;tag=a/; /^Max-Forwards/d' \
			>"$LAB_DIR/burst/$i"
	done
}

# at_once N ADDRESS: calls from there, one a second, each of which lasts until all have begun; how
# many came about.
at_once() {
	mkdir -p "$LAB_DIR/sipp"
	sed "s/milliseconds=\"200\"/milliseconds=\"$((1000 * $1 + 2000))\"/" "$LAB_SRC/sipp/call.xml" \
		>"$LAB_DIR/sipp/held.xml"
	# Who has no answer gives up before another call ends.
	LAB_CLIENT4=$2 LAB_SIPP_FILES=$LAB_DIR/sipp lab_sipp held held 4 udp -r 1 -m "$1" \
		-recv_timeout $((200 * $1)) -default_behaviors all,-bye -timeout "$LAB_PATIENCE"
	wait "$LAB_PID" || true
	lab_sipp_count held 'SuccessfulCall(C)'
}

# telling N WORD: of N answers to OPTIONS, how many have that word.
telling() {
	local i count=0
	for ((i = 0; i < $1; i++)); do
		lab_request OPTIONS "sip:ping@$LAB_SERVER4" >"$LAB_DIR/request"
		[[ $(lab_answer "$LAB_DIR/request" dropped) == SIP/2.0* ]] ||
			lab_die "an OPTIONS has no answer"
		! grep -qi "$2" "$LAB_DIR/answer" || count=$((count + 1))
	done
	echo "$count"
}
