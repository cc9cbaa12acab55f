#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# shadow.sh SIPGUARD SEND_MESSAGES [FOLDER]: a shadow policy on a veth of its own, by native XDP and
# at tc ingress: what it would change is what two runs of `replay` over the same messages differ in,
# and it ends with what it follows. Called by job.sh, with messages of its own; or with a FOLDER of
# them. Prints "none" as the last line if this kernel lets no program stand in for a function, and
# "all" if all holds; or what went wrong.

sipguard=$1 send_messages=$2 folder=$3
server=192.0.2.2 client=192.0.2.1
# shellcheck source-path=SCRIPTDIR disable=SC2317 # some are called by name

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
pins=

explain()
{
	"$sipguard" shadow 2>&1
}

# message NAME FORMAT...: a file of that name.
message()
{
	name=$1
	shift
	# shellcheck disable=SC2059
	printf "$@" >"$folder/$name"
}

# options NAME URI BRANCH SEQUENCE LINE: a request, good if these are.
options()
{
	begin='OPTIONS %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=%s\r\nCall-ID: %s@192.0.2.1\r\n'
	begin=$begin'From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\n'
	message "$1" "$begin"'CSeq: %s OPTIONS\r\nMax-Forwards: 70\r\n%bContent-Length: 0\r\n\r\n' \
		"$2" "$3" "$1" "$4" "$5"
}

# Good ones, those that only strict refuses, and those that both do.
make_messages()
{
	[ -z "$folder" ] || return 0
	folder=$tmp.messages
	mkdir "$folder"
	options 1-good sip:b@example.com z9hG4bK1 1 ''
	options 2-cookie sip:b@example.com old2 1 ''
	options 3-cookie sip:b@example.com old3 1 ''
	options 4-sequence sip:b@example.com z9hG4bK4 4294967295 ''
	options 5-expires sip:b@example.com z9hG4bK5 1 'Expires: soon\r\n'
	options 6-good sip:c@example.com z9hG4bK6 2 ''
	message 7-garbage 'this is no message of SIP, and nobody would take it for one'
	message 8-keepalive '\r\n\r\n'
}

# A good message is only that, however fast they come.
make_configs()
{
	{
		echo modes:
		for reason in orphan-fragment unlisted-budget limit-source limit-invite \
			limit-register limit-options limit-event limit-other limit-response \
			limit-keepalive greylist limit-flow auth-failure enumeration dial-walk \
			limit-callee overload; do
			echo "  $reason: off"
		done
	} >"$tmp.usual"
	{
		cat "$tmp.usual"
		echo "validation: {preset: strict}"
	} >"$tmp.strict"
	echo "validation: {preset: lax}" >"$tmp.wrong"
}

make_interface()
{
	make_veth "$client" 3400 # a message of the corpus is one frame
	ip addr add "$server/24" dev sgv0
}

# verdicts CONFIG: file, verdict and reason of each message, by replay.
verdicts()
{
	"$sipguard" replay --raw "$folder" --config "$1" --json 2>/dev/null |
		sed 's/.*"file":"\([^"]*\)".*"verdict":"\([a-z]*\)","reason":"*\([a-z-]*\).*/\1 \2 \3/'
}

# expected FORCE SHADOW: way, reason and number of the differences of two runs of replay.
expected()
{
	verdicts "$1" >"$tmp.force"
	verdicts "$2" >"$tmp.shadow"
	awk 'NR == FNR { verdict[$1] = $2; reason[$1] = $3; next }
	     verdict[$1] != $2 { print $2 == "drop" ? "drops " $3 : "passes " reason[$1] }' \
		"$tmp.force" "$tmp.shadow" | sort | uniq -c | awk '{ print $2, $3, $1 }'
}

# The same, as the shadow has it.
seen()
{
	"$sipguard" shadow --json >"$tmp.json" || die "shadow --json failed"
	sed -n '/^  "differences"/,/^  \]/p' "$tmp.json" |
		awk -F '"' '/"shadow"/ { way = $4 } /"reason"/ { reason = $4 }
			    /"packets"/ { gsub(/[^0-9]/, "", $3); print way, reason, $3 }' | sort
}

number() # KEY: of the shadow.
{
	"$sipguard" shadow --json | sed -n "s/^  \"$1\": \([0-9a-z]*\).*/\1/p"
}

has_judged()
{
	[ "$(number judged)" -ge "$1" ]
}

# One of the sources, and one of the examples.
tells_more()
{
	grep -q "\"source\": \"$client\"" "$tmp.json" || die "no source is told"
	grep -q "\"source\": \"$client:5060\"" "$tmp.json" || die "no example is told"
	grep -q '"text": "[A-Z]* ' "$tmp.json" || die "the text of no example is told"
}

# The kernel sends packets of its own, so it is not the number of packets that tells.
is_as_expected()
{
	seen >"$tmp.got"
	diff "$tmp.want" "$tmp.got" >/dev/null
}

# differs FORCE SHADOW: both on the same messages, live and in replay.
differs()
{
	"$sipguard" reload --config "$1" >/dev/null || die "no reload"
	"$sipguard" shadow "$2" >/dev/null || die "no shadow"
	[ -z "$(seen)" ] || die "the counters did not begin anew"
	sent=$(there "$send_messages" "$server" 5060 "$folder") || die "nothing was sent"
	until_true "the shadow has not judged all that was sent" has_judged "$sent"
	expected "$1" "$2" >"$tmp.want"
	[ -s "$tmp.want" ] || die "the two do not differ in replay"
	until_true "the shadow of $2 differs elsewhere than replay does" is_as_expected
	tells_more
}

# A killed command has left half of it.
is_cleaned_up()
{
	"$sipguard" shadow "$tmp.strict" >/dev/null || die "no shadow"
	rmdir "$pins/shadow/on"
	"$sipguard" shadow | grep -q "No shadow" || die "half a shadow counts as one"
	[ ! -e "$pins/shadow" ] || die "half a shadow stays"
	for pause in 100000 700000 1300000 1900000; do
		"$sipguard" shadow "$tmp.strict" >/dev/null 2>&1 &
		command=$!
		busybox usleep "$pause"
		kill -9 "$command" 2>/dev/null
		wait "$command" 2>/dev/null
		running=$(number running)
		[ "$running" = true ] || [ ! -e "$pins/shadow" ] || die "a killed command left half"
	done
	running=$other
	"$sipguard" shadow off >/dev/null 2>&1
	[ ! -e "$pins/shadow" ] || die "the shadow did not end"
}

is_accepted()
{
	cp "$tmp.strict" "$tmp.new"
	"$sipguard" shadow "$tmp.new" >/dev/null || die "no shadow"
	"$sipguard" shadow "$tmp.wrong" 2>"$tmp.said" && die "a file with a mistake is a shadow"
	grep -q "wrong:1:[0-9]*: " "$tmp.said" || die "no line and column: $(cat "$tmp.said")"
	[ "$(number running)" = true ] || die "a file with a mistake has ended the shadow"
	echo "identity: yes" >>"$tmp.new"
	"$sipguard" shadow accept 2>"$tmp.said" && die "a file that has changed was accepted"
	grep -q "has changed" "$tmp.said" || die "it does not say why: $(cat "$tmp.said")"
	cp "$tmp.strict" "$tmp.new"
	"$sipguard" shadow accept >/dev/null || die "the shadow was not accepted"
	"$sipguard" status | grep -q "configuration .*new" || die "it is not in force"
	[ ! -e "$pins/shadow" ] || die "what was accepted is still a shadow"
	"$sipguard" shadow accept 2>/dev/null && die "there was nothing to accept"
	"$sipguard" shadow off 2>/dev/null && die "there was nothing to end"
}

judged_at()
{
	"$sipguard" shadow --json | sed -n '/^  "interfaces"/,/^  \]/s/^    "\(.*\)".*/\1/p' | sort |
		tr '\n' ' '
}

follows_interfaces()
{
	ip link add sgv1 type veth || die "cannot make a second veth"
	ip link set sgv1 up
	"$sipguard" attach sgv1 >/dev/null || die "attach sgv1 failed"
	"$sipguard" shadow "$tmp.strict" >/dev/null || die "no shadow"
	[ "$(judged_at)" = "sgv0 sgv1 " ] || die "it does not judge at both"
	"$sipguard" detach sgv1 >/dev/null || die "no detach"
	[ "$(judged_at)" = "sgv0 " ] || die "it judges where nothing is guarded"
	"$sipguard" attach sgv1 >/dev/null 2>"$tmp.said" || die "attach sgv1 failed"
	grep -q "does not judge what comes in by the new" "$tmp.said" || die "nobody says that"
	[ "$(judged_at)" = "sgv0 " ] || die "it judges at an interface that came later"
	"$sipguard" detach sgv1 >/dev/null || die "no detach"
}

follows_guard()
{
	"$sipguard" shadow "$tmp.strict" >/dev/null || die "no shadow"
	"$sipguard" status | grep -q "shadow .*strict" || die "status does not tell of it"
	"$sipguard" attach sgv0 >/dev/null 2>"$tmp.said" || die "no upgrade"
	grep -q "the shadow has ended" "$tmp.said" || die "nobody says that it ended"
	[ ! -e "$pins/shadow" ] || die "the shadow is still there after an upgrade"
	"$sipguard" shadow "$tmp.strict" >/dev/null || die "no shadow after an upgrade"
	"$sipguard" detach --all >/dev/null || die "no detach"
	[ ! -e "$pins" ] || die "something is left: $(find "$pins")"
	"$sipguard" shadow off 2>/dev/null
	[ $? -eq 3 ] || die "a shadow without a guard"
}

# This kernel lets no program stand in: nothing has changed, and one sentence says so.
is_refused()
{
	"$sipguard" shadow "$tmp.strict" >/dev/null 2>"$tmp.said" && return 1
	grep -q BPF_PROG_TYPE_EXT "$tmp.said" || die "$(cat "$tmp.said")"
	[ "$(wc -l <"$tmp.said")" = 1 ] || die "it takes more than a sentence"
	[ ! -e "$pins/shadow" ] || die "half a shadow is left"
	"$sipguard" detach --all >/dev/null
	[ ! -e "$pins" ] || die "something is left"
}

try()
{
	"$sipguard" attach sgv0 --xdp "$1" >/dev/null || die "attach --xdp $1 failed"
	pins=$(echo "$tmp"/sipguard/v*)
	is_refused && return 1
	differs "$tmp.usual" "$tmp.strict"
	differs "$tmp.strict" "$tmp.usual"
}

make_messages
make_configs
make_interface
if ! try native; then
	echo none
	exit 0
fi
is_cleaned_up
is_accepted
follows_interfaces
follows_guard
try generic
"$sipguard" detach --all >/dev/null
echo all
