#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kamailio 5.6.3 (Debian 12, 5.6.3-2), auth module: what a client hears that answers with a nonce of
# this server's own that has expired.
#
# A good guess (RFC 2617 section 3.2.1; the module's own documentation of nonce_expire): 401 with
# stale=true, since the server knows that only the nonce is old; so who reads the wire can tell an
# old nonce from a wrong password.
# Seen: www_challenge(realm, "1") says the same as to a wrong password, without stale. The flag 16
# ("17") adds stale=true, but to every challenge, also to a request without credentials. Only the
# route knows: its $rc is -4 for an old nonce (-6 for one used before, if nonces are counted), -2 for
# a wrong password, -5 for no credentials. Kamailio 6.1.5 of sid does the same.
#
# Output seen:
#   plain: no credentials 401; wrong password 401; right 200; right, old nonce 401
#   always: no credentials 401 stale=true; wrong password 401 stale=true; right 200; right, old
#     nonce 401 stale=true (one line)
#   asked: no credentials 401; wrong password 401; right 200; right, old nonce 401 stale=true
#
# Needs root, apt, iproute2, python3. The package is unpacked in a temporary folder (it needs no
# library but libc) and runs in a network namespace of its own. Exit status: 0 as above, 1 if the
# behaviour has changed, 2 if it could not be tried.
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
if ! { apt-get download kamailio=5.6.3-2 && dpkg -x kamailio_*.deb root; } >install.log 2>&1; then
	cat install.log
	exit 2
fi
LIB=$WORK/root/usr/lib/x86_64-linux-gnu/kamailio
cat >kamailio.cfg <<'END'
log_stderror=yes
fork=yes
children=1
disable_tcp=yes
dns=no
rev_dns=no
auto_aliases=no
listen=udp:127.0.0.1:5060
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "auth.so"
modparam("auth", "nonce_expire", 2)
request_route {
	if (!pv_www_authenticate("lab", "secret", "0")) {
		$var(rc) = $rc;
		# which challenge is asked for by the user
		if ($fU == "plain")
			www_challenge("lab", "1");
		else if ($fU == "always")
			www_challenge("lab", "17");
		else if ($var(rc) == -4 || $var(rc) == -6)
			www_challenge("lab", "17");
		else
			www_challenge("lab", "1");
		exit;
	}
	sl_send_reply("200", "OK");
}
END
cat >probe.py <<'END'
import hashlib, os, re, socket, time
md5 = lambda s: hashlib.md5(s.encode()).hexdigest()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 5070))
s.settimeout(5)
cseq = 0
def ask(user, credentials=''):
    global cseq
    cseq += 1
    s.sendto(('REGISTER sip:lab SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK%s\r\n'
              'Max-Forwards: 70\r\nFrom: <sip:%s@lab>;tag=f\r\nTo: <sip:%s@lab>\r\nCall-ID: %s\r\n'
              'CSeq: %d REGISTER\r\nContact: <sip:%s@127.0.0.1:5070>\r\n%sContent-Length: 0\r\n\r\n'
              % (os.urandom(6).hex(), user, user, user, cseq, user, credentials)).encode(),
             ('127.0.0.1', 5060))
    text = s.recv(65535).decode()
    nonce = re.search('nonce="(.*?)"', text)
    return (text[8:11] + (' stale=true' if 'stale=true' in text else ''),
            nonce and nonce.group(1))
def credentials(user, nonce, password):
    ha1, ha2 = md5('%s:lab:%s' % (user, password)), md5('REGISTER:sip:lab')
    return ('Authorization: Digest username="%s", realm="lab", nonce="%s", uri="sip:lab", qop=auth, '
            'nc=00000001, cnonce="c", response="%s"\r\n'
            % (user, nonce, md5('%s:%s:00000001:c:auth:%s' % (ha1, nonce, ha2))))
for user in 'plain', 'always', 'asked':
    first, nonce = ask(user)
    wrong = ask(user, credentials(user, nonce, 'guess'))[0]
    right = ask(user, credentials(user, nonce, 'secret'))[0]
    time.sleep(4)
    old = ask(user, credentials(user, nonce, 'secret'))[0]
    print('%s: no credentials %s; wrong password %s; right %s; right, old nonce %s'
          % (user, first, wrong, right, old))
END
ip netns add "$NS" || exit 2
ip -n "$NS" link set lo up
mkdir run
LD_LIBRARY_PATH=$LIB ip netns exec "$NS" root/usr/sbin/kamailio -DD -E -f kamailio.cfg \
	-L "$LIB/modules" -m 32 -M 8 \
	-Y run -w run >kamailio.log 2>&1 &
PID=$!
for _ in {1..100}; do
	[[ -z $(ip netns exec "$NS" ss -Hlun 'sport = :5060') ]] || break
	sleep 0.1
done
ip netns exec "$NS" python3 probe.py | tee seen || { tail -n 5 kamailio.log; exit 2; }
diff seen - <<'END' || { echo "the behaviour has changed"; exit 1; }
plain: no credentials 401; wrong password 401; right 200; right, old nonce 401
always: no credentials 401 stale=true; wrong password 401 stale=true; right 200; right, old nonce 401 stale=true
asked: no credentials 401; wrong password 401; right 200; right, old nonce 401 stale=true
END
