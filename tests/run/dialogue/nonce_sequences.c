// SPDX-License-Identifier: GPL-2.0-only
/* What a forger gains by nonces: of others, of a callee, of nobody. */
#include "dialogue/guesses.h"

#define CALLEE "198.51.100.7" /* a phone of the attacker, which the server has registered */
#define CALLEE_PORT 5070
#define MALLORYS "198.51.100.9"

/* --- a customer's own proven flow, known user, nonces of an accomplice --- */

static void on_a_proven_flow_foreign_nonces_are_limited(void)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	challenges(PHONE, OTHER_PORT, "mallory@");
	succeeds(TRY(.name = "mallory", .to = "mallory@", .port = OTHER_PORT));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_REGISTER);
	for (int i = 0; i < 200; i++)
		judged += fails(TRY(.name = "bob", .nonce = "of an accomplice",
				    .port = OTHER_PORT));
	assert_in_range(judged, 0, 12);
}

/* The same from elsewhere, in the name of bob's own proven flow: a hit brings bob's calls here. */
static void in_bobs_own_flow_forgers_guesses_are_limited(void)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 200; i++)
		judged += fails(TRY(.name = "bob", .nonce = "the forger's"));
	assert_in_range(judged, 0, 12);
}

/* --- the nonce that a callee chooses --- */

/* Our server sends the INVITE of `source` on, its callee challenges it, and that is relayed. */
static void callee_tells(const char *source, __u16 port, const char *nonce)
{
	struct try t = TRY(.source = source, .port = port, .method = "INVITE", .uri = "callee@",
			   .to = "callee@", .number = next());
	char more[128], text[1024];
	int at;

	assert_false(refused(t));
	snprintf(more, sizeof(more),
		 "Proxy-Authenticate: Digest realm=\"lab\", nonce=\"%s\"\r\n", nonce);
	proven_set(CALLEE, IPPROTO_UDP, CALLEE_PORT, SG_PROOF_REGISTER, 600);
	at = snprintf(text, sizeof(text), "SIP/2.0 407 Proxy Authentication Required\r\n"
		      "Via: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKours%d\r\n", number);
	at += common(text + at, sizeof(text) - at, &t, ";tag=2");
	snprintf(text + at, sizeof(text) - at, "%sContent-Length: 0\r\n\r\n", more);
	assert_false(packet_dropped(&(struct packet_spec){
		.source = CALLEE, .sport = CALLEE_PORT, .payload = text,
	}));
	replies(t, "407 Proxy Authentication Required", more);
}

static void a_callees_nonce_bans_nobody(void)
{
	plenty();
	callee_tells(PHONE, PORT, "chosen");
	for (int i = 0; i < 10; i++)
		fails(TRY(.name = "nobody", .nonce = "chosen"));
	nobody_is_banned();
}

/* A registered phone, whose flow, user and address are known to a forger, cannot renew. */
static void a_callees_nonce_locks_no_phone_out(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	callee_tells(PHONE, PORT, "chosen");
	for (int i = 0; i < 20; i++)
		fails(TRY(.name = "bob", .nonce = "chosen"));
	succeeds(TRY(.name = "bob"));
}

/*
 * The nonce is a valid one that the guard did not see being told (over TLS, by an interface that is
 * not guarded), or has forgotten.
 */
static void a_callees_nonce_proves_no_forged_flows(void)
{
	int proven = 0;

	plenty();
	for (__u16 port = PORT; port < PORT + 20; port++) {
		callee_tells(PHONE, port, "valid");
		may_succeed(TRY(.name = "mallory", .to = "mallory@", .nonce = "valid",
				.port = port));
		proven += proven_of(PHONE, IPPROTO_UDP, port) == SG_PROOF_REGISTER;
	}
	assert_in_range(proven, 0, 4);
}

/*
 * A guesser behind bob's address makes his own unique nonces everybody's: then nobody counts them.
 * All by one more call, from a forged address or that of an accomplice.
 */
static void a_callee_makes_no_nonce_everybodys(void)
{
	char nonce[32], more[128];
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 100; i++) {
		struct try t = TRY(.port = OTHER_PORT, .number = next());

		snprintf(nonce, sizeof(nonce), "single%d", number);
		assert_false(refused(t));
		snprintf(more, sizeof(more),
			 "WWW-Authenticate: Digest realm=\"lab\", nonce=\"%s\"\r\n", nonce);
		replies(t, "401 Unauthorized", more);
		callee_tells(MALLORYS, PORT, nonce);
		judged += fails(TRY(.name = "bob", .nonce = nonce, .port = OTHER_PORT));
	}
	assert_in_range(judged, 0, 12);
}

/* --- a phone that roams, while somebody forges --- */

/* bob registers from here with a nonce of its own. */
static void registers_with(const char *source, __u16 port, const char *nonce)
{
	struct try t = TRY(.source = source, .port = port, .number = next());
	char more[128];

	assert_false(refused(t));
	snprintf(more, sizeof(more), "WWW-Authenticate: Digest realm=\"lab\", nonce=\"%s\"\r\n",
		 nonce);
	replies(t, "401 Unauthorized", more);
	succeeds(TRY(.name = "bob", .source = source, .port = port, .nonce = nonce));
}

/*
 * bob is known at home and in the office, and comes home with the nonce of the office, as clients
 * do that keep theirs. A forger has sent wrong passwords in his name, six in an hour.
 */
static void a_phone_that_roams_is_not_locked_out(void)
{
	plenty();
	registers_with(PHONE, PORT, "of home");
	registers_with(OTHER, PORT, "of the office");
	for (int i = 0; i < 20; i++)
		fails(TRY(.name = "bob", .nonce = "the forger's", .port = OTHER_PORT));
	succeeds(TRY(.name = "bob", .nonce = "of the office", .port = OTHER_PORT + 1));
	assert_false(fails(TRY(.name = "bob", .nonce = "the forger's", .port = OTHER_PORT)));
}

/* --- a call that is challenged from one port, and not from another --- */

/*
 * Servers that challenge no calls of registered flows (Kamailio's registered(), Asterisk's identify
 * by address and port): a guesser has one port that is challenged, and one that is not.
 */
static void a_challenge_of_another_flow_checks_no_call(void)
{
	struct try call = TRY(.method = "INVITE", .uri = "echo@", .to = "echo@");
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	call.port = OTHER_PORT;
	call.number = next();
	assert_false(refused(call));
	replies(call, "407 Proxy Authentication Required", "");
	for (int i = 0; i < 50; i++) {
		may_succeed(TRY(.method = "INVITE", .uri = "echo@", .to = "echo@", .name = "bob"));
		judged += fails(TRY(.name = "bob"));
	}
	assert_int_equal(judged, 6);
}

/* --- accounts are told by the host of To --- */

static void an_account_has_one_record(void)
{
	int proven = 0;

	plenty();
	for (int i = 0; i < 20; i++) {
		__u16 port = PORT + i;
		char to[40];

		snprintf(to, sizeof(to), "mallory@h%d.", i);
		challenges(PHONE, port, "mallory@");
		challenges(MALLORYS, port, "mallory@");
		may_succeed(TRY(.name = "mallory", .to = to, .port = port));
		proven += proven_of(PHONE, IPPROTO_UDP, port) == SG_PROOF_REGISTER;
	}
	assert_in_range(proven, 0, 4);
}

/* --- neighbours of these --- */

#define RESPONSE                                                                                 \
	"Authorization: Digest username=\"bob\", realm=\"lab\", nonce=\"made up\", opaque=\""      \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"\", uri=\"sip:example.com\", response=\"%032d\"\r\n"

/* Long credentials that differ at their end, in what looks like copies, unanswered as yet. */
static void long_credentials_are_no_copies(void)
{
	struct try t = TRY(.number = next());
	char auth[512];
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	t.number = next();
	for (int i = 0; i < 10; i++) {
		snprintf(auth, sizeof(auth), RESPONSE, i);
		t.auth = auth;
		judged += !refused(t);
	}
	/* Each is one that waits. */
	assert_int_equal(judged, 6);
}

/* What the packet before it on its CPU has left is not a request's own. */
static void what_was_checked_before_is_not_this(void)
{
	struct try call = TRY(.method = "INVITE", .uri = "echo@", .to = "echo@");
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	for (int i = 0; i < 50; i++) {
		call.name = NULL;
		call.number = next();
		if (!refused(call))
			replies(call, "407 Proxy Authentication Required", "");
		call.name = "mallory";
		call.number = next();
		refused(call);
		may_succeed(TRY(.method = "OPTIONS", .name = "bob"));
		judged += fails(TRY(.name = "bob"));
	}
	assert_in_range(judged, 0, 6);
}

static void shared_nonces_are_not_foreign(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	challenges(OTHER, PORT, "bob@");
	for (int i = 0; i < 20; i++)
		fails(TRY(.name = "bob", .port = OTHER_PORT + i));
	/* With a nonce of nobody: none of those was held against it. */
	assert_true(fails(TRY(.name = "bob", .nonce = "made up", .port = OTHER_PORT)));
}

static void foreign_nonces_are_of_their_user(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	succeeds(TRY(.name = "carol", .to = "carol@"));
	for (int i = 0; i < 20; i++)
		fails(TRY(.name = "bob", .nonce = "made up", .port = OTHER_PORT));
	assert_true(fails(TRY(.name = "carol", .nonce = "made up", .port = OTHER_PORT)));
}

/* Before anything has forgiven. */
static void foreign_nonces_bind_no_proven_flow(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 20; i++)
		fails(TRY(.name = "bob", .nonce = "made up", .port = OTHER_PORT));
	succeeds(TRY(.name = "bob", .nonce = "forgotten"));
}

static void a_success_takes_back_foreign_ones(void)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 20; i++) {
		judged += fails(TRY(.name = "bob", .nonce = "old", .port = OTHER_PORT));
		succeeds(TRY(.name = "bob"));
	}
	assert_int_equal(judged, 20);
}

/* What waits with a foreign nonce is nothing of its flow and source. */
static void foreign_nonces_keep_no_stranger_waiting(void)
{
	struct try t = TRY(.name = "bob", .nonce = "made up", .port = OTHER_PORT);

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 6; i++) {
		t.number = next();
		assert_false(refused(t));
	}
	assert_true(fails(TRY(.name = "carol", .nonce = "made up", .port = OTHER_PORT)));
}

/* Over TCP, where each nonce is its own, a connection each. */
static void over_tcp_no_nonce_is_foreign(void)
{
	struct peer peer = alice();

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 20; i++)
		fails(TRY(.name = "bob", .port = OTHER_PORT));
	may_not_send(&peer, REQUEST_OF("REGISTER",
		"Authorization: Digest username=\"bob\", realm=\"lab\", nonce=\"made up\", "
		"uri=\"sip:example.com\", response=\"1\"\r\n"));
	assert_int_equal(dropping_reason(), SG_REASON_AUTH_FAILURE);
}

const struct sequence nonce_sequences[] = {
	{"on a proven flow foreign nonces are limited",
	 on_a_proven_flow_foreign_nonces_are_limited},
	{"in bob's own flow a forger's guesses are limited",
	 in_bobs_own_flow_forgers_guesses_are_limited},
	{"a callee's nonce bans nobody", a_callees_nonce_bans_nobody},
	{"a callee's nonce locks no phone out", a_callees_nonce_locks_no_phone_out},
	{"a callee's nonce proves no forged flows", a_callees_nonce_proves_no_forged_flows},
	{"a callee makes no nonce everybody's", a_callee_makes_no_nonce_everybodys},
	{"a phone that roams is not locked out", a_phone_that_roams_is_not_locked_out},
	{"a challenge of another flow checks no call",
	 a_challenge_of_another_flow_checks_no_call},
	{"an account has one record", an_account_has_one_record},
	{"long credentials are no copies", long_credentials_are_no_copies},
	{"what was checked before is not this", what_was_checked_before_is_not_this},
	{"shared nonces are not foreign", shared_nonces_are_not_foreign},
	{"foreign nonces are of their user", foreign_nonces_are_of_their_user},
	{"foreign nonces bind no proven flow", foreign_nonces_bind_no_proven_flow},
	{"a success takes back foreign ones", a_success_takes_back_foreign_ones},
	{"foreign nonces keep no stranger waiting", foreign_nonces_keep_no_stranger_waiting},
	{"over TCP no nonce is foreign", over_tcp_no_nonce_is_foreign},
};

const size_t nonce_sequences_count = COUNT(nonce_sequences);
