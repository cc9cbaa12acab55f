#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SIPp 3.6.1 (Debian 12, sip-tester 1:3.6.1-1+b2): when <recv timeout="1000" ontimeout="LABEL"> is heeded
# that stands behind optional ones, as the 200 behind <recv response="100" optional="true"/>.
#
# A good guess: it waits for any of them, so no answer at all for a second leads to LABEL, as it does
# without the optional ones.
# Seen: the timeout of the mandatory one is not heeded. SIPp waits at the first optional one, and only
# the timeout that stands there counts; without one the call goes on waiting (20 times as long here),
# and SIPp with it. So a scenario says the timeout at the first of a group of optional messages.
#
# Output seen:
#   mandatory alone: timed out
#   mandatory behind optional: waits
#   first optional: timed out
#
# Needs root, apt, iproute2, python3. The packages are unpacked in a temporary folder, and SIPp runs in
# a network namespace of its own, against a socket that never answers. Exit status: 0 as above, 1 if
# the behaviour has changed, 2 if it could not be tried.
set -uo pipefail
WORK=$(mktemp -d)
NS=srv-find$$
PID=
cleanup() {
	[[ -z $PID ]] || kill "$PID" 2>/dev/null
	wait 2>/dev/null
	ip netns del "$NS" 2>/dev/null
	rm -rf --one-file-system "$WORK"
}
trap cleanup EXIT
cd "$WORK" || exit 2
if ! { apt-get download sip-tester=1:3.6.1-1+b2 libpcap0.8=1.10.3-1 libsctp1=1.0.19+dfsg-2 \
	libgsl27=2.7.1+dfsg-5+deb12u1 libgslcblas0=2.7.1+dfsg-5+deb12u1 &&
	for package in *.deb; do dpkg -x "$package" root || exit; done; } >install.log 2>&1; then
	cat install.log
	exit 2
fi
# scenario NAME RECV...
scenario() {
	local name=$1
	shift
	{
		cat <<-'END'
			<?xml version="1.0"?>
			<scenario name="timeout">
			<send><![CDATA[

			OPTIONS sip:somebody@[remote_ip]:[remote_port] SIP/2.0
			Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
			Max-Forwards: 70
			From: <sip:caller@lab>;tag=[call_number]
			To: <sip:somebody@lab>
			Call-ID: [call_id]
			CSeq: 1 OPTIONS
			Content-Length: 0

			]]></send>
		END
		printf '%s\n' "$@"
		cat <<-'END'
			<label id="1"/>
			<nop><action><log message="timed out"/></action></nop>
			</scenario>
		END
	} >"$name.xml"
}
# It ends by itself as soon as it is through; what waits for ever is ended after many times its second.
try() {
	ip netns exec "$NS" env LD_LIBRARY_PATH="$WORK/root/usr/lib/x86_64-linux-gnu" timeout 20 \
		root/usr/bin/sipp -sf "$1.xml" -m 1 -nostdin -i 127.0.0.1 -p 5071 -trace_logs \
		-log_file "$1.log" 127.0.0.1:5070 >"$1.out" 2>&1
	case $?,$(cat "$1.log" 2>/dev/null) in
	*,"timed out") echo "$2: timed out" ;;
	124,*) echo "$2: waits" ;;
	*) echo "$2: ended otherwise"; tail -n 3 "$1.out" >&2 ;;
	esac
}
TIMEOUT='timeout="1000" ontimeout="1"'
scenario alone "<recv response=\"200\" $TIMEOUT/>"
scenario behind '<recv response="100" optional="true"/>' "<recv response=\"200\" $TIMEOUT/>"
scenario first "<recv response=\"100\" optional=\"true\" $TIMEOUT/>" '<recv response="200"/>'
ip netns add "$NS" || exit 2
ip -n "$NS" link set lo up
ip netns exec "$NS" python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 5070))
time.sleep(3600)' &
PID=$!
for _ in {1..100}; do
	[[ -z $(ip netns exec "$NS" ss -Hlun 'sport = :5070') ]] || break
	sleep 0.1
done
{
	try alone "mandatory alone"
	try behind "mandatory behind optional"
	try first "first optional"
} | tee seen
diff seen - <<'END' || { echo "the behaviour has changed"; exit 1; }
mandatory alone: timed out
mandatory behind optional: waits
first optional: timed out
END
