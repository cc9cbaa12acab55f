#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who forges packets in somebody's name, in front of Kamailio as it is by default, which gives one
# nonce to all whom it challenges within one second. The forger sees the replies to his own address,
# and no others.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

FORGER=$LAB_ROOT/build/tests/forger
PASSWORD=secret
PHONE_PORT=6100
OWN_PORT=6200 # the forger's

# Each of them with a guard that has seen nothing yet.
clean_state() {
	if sipguard status >/dev/null 2>&1; then
		sipguard detach --all >/dev/null
	fi
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
}

# register USER ADDRESS CSEQ [LINE]: the request.
register() {
	cat <<-END
		REGISTER sip:$LAB_SERVER4 SIP/2.0
		Via: SIP/2.0/UDP $2:@N@;rport;branch=z9hG4bK$3-$RANDOM$RANDOM-@N@
		From: <sip:$1@$LAB_SERVER4>;tag=$RANDOM
		To: <sip:$1@$LAB_SERVER4>
		Call-ID: $RANDOM$RANDOM-@N@
		CSeq: $3 REGISTER
		Contact: <sip:$1@$2:@N@>
		Expires: 300
		Max-Forwards: 70
		${4:+$4
		}Content-Length: 0

	END
}

# credentials USER NONCE [PASSWORD]: with qop, as Kamailio asks for.
credentials() {
	local a1 a2 response
	a1=$(md5 "$1:lab:${3:-wrong}")
	a2=$(md5 "REGISTER:sip:$LAB_SERVER4")
	response=$(md5 "$a1:$2:00000001:c:auth:$a2")
	echo "Authorization: Digest username=\"$1\", realm=\"lab\", nonce=\"$2\"," \
		"uri=\"sip:$LAB_SERVER4\", response=\"$response\", algorithm=MD5, qop=auth," \
		"nc=00000001, cnonce=\"c\""
}

md5() {
	printf '%s' "$1" | md5sum | cut -d ' ' -f 1
}

# ask ADDRESS PORT: the reply to the request on standard input.
ask() {
	lab_in client "$FORGER" ask "$1" "$2" "$LAB_SERVER4" 5060
}

# forge ADDRESS PORT [FIRST COUNT]
forge() {
	lab_in client "$FORGER" send "$1" "$2" "$LAB_SERVER4" 5060 "${3:-$2}" "${4:-1}"
}

# What the server says to the forger when he asks for himself.
own_nonce() {
	register mallory "$LAB_PROBE4" 1 | ask "$LAB_PROBE4" "$OWN_PORT" |
		sed -n 's/^WWW-Authenticate:.*nonce="\([^"]*\)".*/\1/p'
}

# All that was sent before has been answered: the server has one process for it.
server_is_through() {
	register mallory "$LAB_PROBE4" 1 | ask "$LAB_PROBE4" "$OWN_PORT" >/dev/null
}

proven() {
	{ sipguard sources --json || echo '{"sources": []}'; } | jq -c '[.sources[] | select(.proof == "register" or
		.proof == "call")] | length'
}

phone_registers() {
	printf 'SEQUENTIAL\nbob;%s\n' "$LAB_CLIENT4" >"$LAB_DIR/bob.csv"
	LAB_SIPP_FILES=$LAB_ROOT/tools/scenarios/sipp lab_sipp phone register-digest 4 udp -au bob \
		-ap "$PASSWORD" -inf "$LAB_DIR/bob.csv" -p "$PHONE_PORT" -m 1 -timeout "$LAB_PATIENCE"
	wait "$LAB_PID"
	equal "$(proven)" 1
}

# Three times as many as it takes to ban a flow; where the second ends between two of them, the
# nonce is the forger's alone.
forged_wrong_passwords() {
	local nonce i
	phone_registers
	for ((i = 0; i < 30; i++)); do
		register bob "$LAB_CLIENT4" 1 | forge "$LAB_CLIENT4" "$PHONE_PORT"
		nonce=$(own_nonce)
		register bob "$LAB_CLIENT4" 2 "$(credentials bob "$nonce")" |
			forge "$LAB_CLIENT4" "$PHONE_PORT"
	done
	server_is_through
	equal "$(sipguard bans --json | jq '.bans | length')" 0
	# It registers again, and is still the one that is known.
	phone_registers
}

# register_alice [PASSWORD]: the answer to one try of a phone that is not known.
register_alice() {
	local nonce
	nonce=$(own_nonce)
	register alice "$LAB_PROBE4" 2 "$(credentials alice "$nonce" "$@")" |
		ask "$LAB_PROBE4" "$OWN_PORT" | head -n 1
}

is_banned() {
	sipguard bans --json | jq -e '.bans | length > 0' >/dev/null
}

guess_until_banned() {
	local i
	for ((i = 0; i < 20; i++)); do
		is_banned || register_alice >/dev/null
	done
	is_banned
}

# Who has found the right password at last is let in by `unban`, and not at his next mistake banned.
unban_forgets() {
	guess_until_banned
	sipguard unban "$LAB_PROBE4:$OWN_PORT" >/dev/null
	register_alice "$PASSWORD" | grep -q "200 OK"
	equal "$(proven)" 1
}

# Likewise of all who are banned, in one command.
unban_all_forgets() {
	guess_until_banned
	sipguard ban 198.51.100.9 >/dev/null
	equal "$(sipguard unban --all)" "2 bans lifted: nobody is banned."
	equal "$(sipguard bans)" "Nothing is banned."
	equal "$(sipguard unban --all --json | jq -c .)" '{"lifted":0}'
	register_alice "$PASSWORD" | grep -q "200 OK"
	equal "$(proven)" 1
}

# A customer forges flows of others, with the nonce of his own challenge and his own password: each
# is accepted, and a few of them are proven.
forged_registrations() {
	local nonce i
	for ((i = 0; i < 30; i++)); do
		register mallory "$LAB_CLIENT4" 1 | forge "$LAB_CLIENT4" $((7000 + i))
		nonce=$(own_nonce)
		register mallory "$LAB_CLIENT4" 2 "$(credentials mallory "$nonce" "$PASSWORD")" |
			forge "$LAB_CLIENT4" $((7000 + i))
	done
	server_is_through
	echo "proven: $(proven)"
	[[ $(proven) -le 4 ]]
}

# The server relays a stranger's ACK to where its Request-URI says.
forged_acks() {
	lab_relayed_ack "$LAB_CLIENT4:@N@" "$LAB_PROBE4:$OWN_PORT" >"$LAB_DIR/ack"
	# Faster his flow would be over its limit.
	for ((i = 0; i < 100; i++)); do
		forge "$LAB_PROBE4" $((8000 + i)) $((30000 + i)) <"$LAB_DIR/ack"
	done
	server_is_through
	equal "$(sipguard stats --json | jq .methods.ACK.passed.packets)" 100
	equal "$(proven)" 0
}

# called_as FROM [LINE]: the peer has called as somebody; the reply is of no matter.
called_as() {
	cat <<-END | ask "$LAB_PROBE4" "$OWN_PORT" >/dev/null
		INVITE sip:nobody@$LAB_SERVER4 SIP/2.0
		Via: SIP/2.0/UDP $LAB_PROBE4:@N@;rport;branch=z9hG4bK$RANDOM$RANDOM-@N@
		From: <$1>;tag=$RANDOM
		To: <sip:nobody@$LAB_SERVER4>
		Call-ID: $RANDOM$RANDOM-@N@
		CSeq: 1 INVITE
		Max-Forwards: 70
		${2:+$2
		}Content-Length: 0

	END
}

flagged() {
	sipguard stats --json | jq '.reasons["identity-elsewhere"].watched.packets'
}

# The phone says that it is gone, by the nonce of its own challenge.
phone_unregisters() {
	local nonce
	nonce=$(register bob "$LAB_CLIENT4" 1 | ask "$LAB_CLIENT4" "$PHONE_PORT" |
		sed -n 's/^WWW-Authenticate:.*nonce="\([^"]*\)".*/\1/p')
	register bob "$LAB_CLIENT4" 2 "$(credentials bob "$nonce" "$PASSWORD")" |
		sed 's/^Expires: .*/Expires: 0/' | ask "$LAB_CLIENT4" "$PHONE_PORT" |
		grep -q '^SIP/2.0 200 '
}

# A carrier calls in the name of a phone that is registered here, and of one that is elsewhere.
called_in_their_names() {
	local bob=sip:bob@$LAB_SERVER4
	printf 'zones: [{name: carrier, prefixes: [%s/32], profile: peer}]\n' "$LAB_PROBE4" \
		>"$LAB_DIR/peer.yaml"
	sipguard reload --config "$LAB_DIR/peer.yaml" >/dev/null
	called_as "$bob"
	equal "$(flagged)" 0
	phone_registers
	called_as "$bob"
	equal "$(flagged)" 1
	# A reload and an upgrade keep what was learned.
	sipguard reload --config "$LAB_DIR/peer.yaml" >/dev/null
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	called_as sip:nobody@example.com "P-Asserted-Identity: <$bob>"
	equal "$(flagged)" 2
	equal "$(sipguard identity show --json | jq -c .registered)" '[{"zone":"unlisted","count":1}]'
	phone_unregisters
	called_as "$bob"
	equal "$(flagged)" 2
	identities_by_hand
}

identities_by_hand() {
	local i
	sipguard identity add +442079460000 alice@example.com --for 2h >/dev/null
	sipguard identity add alice@example.com --zone carrier >/dev/null
	called_as "sip:442079460000@carrier.example"
	equal "$(flagged)" 3
	called_as "sip:alice@example.com"
	equal "$(flagged)" 3
	equal "$(sipguard identity show --json | jq -c '[.added[] | [.identity, .zone]]')" \
		'[["sip:alice@example.com","carrier"],["tel:+442079460000","unlisted"]]'
	fails 1 "has no zone 'nowhere'" identity add bob@x --zone nowhere
	fails 1 "'sip:bob@x' was not added" identity del alice@example.com bob@x
	fails 2 "neither --zone nor --for" identity show --for 1h
	fails 2 "'bob' is no identity: write it like" identity add alice@x bob
	printf 'a@x\n# b\nb\n' >"$LAB_DIR/identities"
	fails 1 "identities:3: 'b' is no identity.*nothing of the file" identity import "$LAB_DIR/identities"
	for ((i = 0; i < 4096; i++)); do echo "user$i@x"; done >"$LAB_DIR/identities"
	fails 1 "2 identities are there.* 4096 are the most" identity import "$LAB_DIR/identities"
	equal "$(sipguard identity show --json | jq '.added | length')" 2
	sipguard identity del alice@example.com +442079460000 >/dev/null
	called_as "sip:442079460000@carrier.example"
	equal "$(flagged)" 3
	sipguard identity import "$LAB_DIR/identities" >/dev/null
	called_as "sip:user4095@x"
	equal "$(flagged)" 4
}

lab_up
trap test_ended EXIT
ip -n "$LAB_NS_CLIENT" addr add "$LAB_PROBE4/32" dev "$LAB_IF_CLIENT"
lab_kamailio_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
check "forged wrong passwords ban no registered phone" forged_wrong_passwords
check "who has guessed wrong is let in by unban" unban_forgets
check "and so are all at once" unban_all_forgets
check "a customer proves few flows of others" forged_registrations
check "ACKs that the server relays prove nobody" forged_acks
check "who calls in the name of a registered phone is noticed" called_in_their_names
test_done
