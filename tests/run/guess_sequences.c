// SPDX-License-Identifier: GPL-2.0-only
/* Who guesses passwords or users: how many the server gets to judge, and whom it must not touch. */
#include <netinet/in.h>
#include <stdio.h>

#include "dialogue.h"
#include "maps.h"
#include "stream.h"

#define OTHER "192.0.2.9"
#define NONCE "b25seSBvbmNl"

struct try {
	const char *source, *method, *uri, *to;
	const char *tag;   /* of To */
	const char *name;  /* of the credentials; NULL: it has none */
	const char *nonce;
	const char *auth;  /* all lines of its credentials, instead of those */
	int number;        /* of branch, Call-ID and response */
	int branch;        /* this branch, if it is not that of `number` */
	__u16 port;
};

/* A REGISTER of bob's phone, unless it says something else. */
static struct try try(struct try t)
{
	t.source = t.source ? t.source : PHONE;
	t.port = t.port ? t.port : PORT;
	t.method = t.method ? t.method : "REGISTER";
	t.uri = t.uri ? t.uri : "";
	t.to = t.to ? t.to : "bob@";
	t.nonce = t.nonce ? t.nonce : NONCE;
	return t;
}

#define TRY(...) try((struct try){__VA_ARGS__})

/* What a request and its reply have in common. */
static int common(char *text, size_t size, const struct try *t, const char *tag)
{
	return snprintf(text, size,
			"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\n"
			"To: <sip:%sexample.com>%s\r\nFrom: <sip:a@example.com>;tag=1\r\n"
			"Call-ID: %d@192.0.2.1\r\nCSeq: 1 %s\r\n",
			t->branch ? t->branch : t->number, t->to, tag, t->number, t->method);
}

/* No other limit is in the way, nor what other tests have spent. */
static void plenty(void)
{
	wide();
	config()->total[SG_TOTAL_REPLIES] = config()->total[SG_TOTAL_UNLISTED_TOTAL];
	for (int id = 0; id < SG_LIMIT__MAX; id++)
		config()->proven[id] = config()->zone[0].flow[id];
}

static bool refused(struct try t)
{
	char text[1024];
	int at = snprintf(text, sizeof(text), "%s sip:%sexample.com SIP/2.0\r\n", t.method, t.uri);

	at += common(text + at, sizeof(text) - at, &t, t.tag ? t.tag : "");
	if (t.auth)
		at += snprintf(text + at, sizeof(text) - at, "%s", t.auth);
	else if (t.name)
		at += snprintf(text + at, sizeof(text) - at,
			       "Authorization: Digest username=\"%s\", realm=\"lab\", "
			       "nonce=\"%s\", uri=\"sip:example.com\", response=\"%032d\"\r\n",
			       t.name, t.nonce, t.number);
	snprintf(text + at, sizeof(text) - at, "Content-Length: 0\r\n\r\n");
	return packet_dropped(&(struct packet_spec){
		.source = t.source, .sport = t.port, .payload = text,
	});
}

static void replies(struct try t, const char *status, const char *more)
{
	char text[1024];
	int at = snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", status);

	at += common(text + at, sizeof(text) - at, &t, ";tag=2");
	snprintf(text + at, sizeof(text) - at, "%sContent-Length: 0\r\n\r\n", more);
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = t.source, .dport = t.port, .payload = text,
	}));
}

static int number; /* no two requests are the same, unless that is meant */

static int next(void)
{
	return ++number;
}

/* The server has a nonce of this flow, or of whoever is told next. */
static void challenges(const char *source, __u16 port, const char *user)
{
	struct try t = TRY(.source = source, .port = port, .to = user, .number = next());
	char more[128];

	assert_false(refused(t));
	snprintf(more, sizeof(more), "WWW-Authenticate: Digest realm=\"lab\", nonce=\"%s\"\r\n",
		 NONCE);
	replies(t, "401 Unauthorized", more);
}

/* A password is judged, and wrong. False: it was not even judged. */
static bool fails(struct try t)
{
	t.number = next();
	if (refused(t))
		return false;
	replies(t, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"lab\", nonce=\"new\"\r\n");
	return true;
}

static void succeeds(struct try t)
{
	t.number = next();
	assert_false(refused(t));
	replies(t, "200 OK", "Contact: <sip:bob@192.0.2.1>;expires=3600\r\n");
}

/* The same, if it is not refused. */
static void may_succeed(struct try t)
{
	t.number = next();
	if (!refused(t))
		replies(t, "200 OK", "Contact: <sip:bob@192.0.2.1>;expires=3600\r\n");
}

static void nobody_is_banned(void)
{
	struct sg_ban ban;

	assert_false(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
	assert_false(ban_find(PHONE, 0, 0, &ban));
}

/* A nonce asked for on one port, and used from others. */
static void of_many_ports_few_are_judged(void)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	for (int i = 1; i < 100; i++)
		judged += fails(TRY(.name = "bob", .port = PORT + i));
	assert_int_equal(judged, 24);
	assert_true(dropped_by(SG_REASON_AUTH_FAILURE) > 0);
	coverage.reason |= REASON_BIT(SG_REASON_AUTH_FAILURE);
	nobody_is_banned();
	/* Who has no credentials is challenged as before, and others go on. */
	challenges(PHONE, PORT, "carol@");
	assert_true(fails(TRY(.name = "bob", .source = OTHER)));
}

/* With nonces that nobody was told, which a forger could send as well. */
static void of_made_up_nonces_fewer_are_judged(void)
{
	int judged = 0;

	plenty();
	for (int i = 1; i < 100; i++)
		judged += fails(TRY(.name = "bob", .nonce = "made up", .port = PORT + i));
	assert_int_equal(judged, 6);
	nobody_is_banned();
	/* Who answers a challenge of his own is no forger. */
	challenges(PHONE, PORT, "carol@");
	succeeds(TRY(.name = "carol", .to = "carol@"));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* An accomplice elsewhere has the same nonce told to him. */
static void an_accomplice_does_not_hide_a_guesser(void)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	challenges(OTHER, PORT, "bob@");
	for (int i = 0; i < 100; i++)
		judged += fails(TRY(.name = "bob", .port = PORT + i % 50));
	assert_int_equal(judged, 6);
}

static void of_one_flow_six_are_judged(void)
{
	int judged = 0;

	plenty();
	config()->ban[SG_OFFENCE_GUESS_FORGED] = sg_ban_rule_of(1000, 600, 0);
	for (int i = 0; i < 100; i++)
		judged += fails(TRY(.name = i % 2 ? "bob" : "carol", .nonce = "made up"));
	assert_int_equal(judged, 6);
	assert_true(fails(TRY(.name = "bob", .nonce = "made up", .port = OTHER_PORT)));
}

/* Forgers know the name and the flow of a phone, and that its nonce is everybody's. */
static void forged_failures_touch_no_known_user(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	challenges(OTHER, PORT, "bob@");
	for (int i = 0; i < 100; i++) {
		fails(TRY(.name = "bob"));
		fails(TRY(.name = "bob", .nonce = "made up", .port = PORT + i));
		fails(TRY(.name = "nobody"));
	}
	nobody_is_banned();
	succeeds(TRY(.name = "bob"));
	/* Its NAT moves it: a stranger whose user is known from there. */
	challenges(PHONE, OTHER_PORT, "bob@");
	succeeds(TRY(.name = "bob", .port = OTHER_PORT));
}

/* A proxy, or a push gateway: one flow of all its users. */
static void one_of_many_users_mistypes(void)
{
	char name[24], to[24];
	int judged = 0;

	plenty();
	for (int user = 0; user < 30; user++) {
		snprintf(name, sizeof(name), "user%d", user);
		snprintf(to, sizeof(to), "user%d@", user);
		challenges(PHONE, PORT, to);
		succeeds(TRY(.name = name, .to = to));
	}
	for (int i = 0; i < 50; i++)
		judged += fails(TRY(.name = "user7", .to = "user7@"));
	assert_int_equal(judged, 6);
	nobody_is_banned();
	for (int user = 0; user < 30; user++) {
		snprintf(name, sizeof(name), "user%d", user);
		if (user != 7)
			succeeds(TRY(.name = name));
	}
	/* He is on another phone, too, with the right one. */
	challenges(PHONE, OTHER_PORT, "user7@");
	succeeds(TRY(.name = "user7", .to = "user7@", .port = OTHER_PORT));
}

/* Who has an account guesses those of others in between. */
static void a_success_takes_back_no_others_failures(void)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "mallory@");
	for (int i = 0; i < 100; i++) {
		judged += fails(TRY(.name = "bob"));
		succeeds(TRY(.name = "mallory"));
	}
	assert_int_equal(judged, 6);
}

/* Phones that try an old nonce first fail once each time. */
static void a_success_takes_back_ones_own(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 100; i++) {
		assert_true(fails(TRY(.name = "bob")));
		succeeds(TRY(.name = "bob"));
	}
}

/* All with the branch, CSeq and Call-ID of the first, which was answered. */
static void copies_are_no_cover(void)
{
	struct try t = TRY(.name = "bob", .nonce = "made up");
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	for (int i = 0; i < 50; i++) {
		t.branch = t.number = number;
		if (refused(t))
			continue;
		replies(t, "401 Unauthorized", "");
		judged++;
	}
	assert_int_equal(judged, 6);
}

/* Of phones that use one branch and CSeq for all: what the server says is of one of them. */
static void equal_branches_are_told_apart(void)
{
	struct try first = TRY(.number = 8001, .branch = 8000);
	struct try second = TRY(.number = 8002, .branch = 8000, .port = OTHER_PORT);
	static const char ok[] = "Contact: <sip:bob@192.0.2.1>;expires=3600\r\n";

	challenges(PHONE, PORT, "bob@");
	challenges(PHONE, OTHER_PORT, "bob@");
	first.name = second.name = "bob";
	assert_false(refused(first));
	assert_false(refused(second));
	replies(first, "200 OK", ok);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_NONE);
}

/* Of all messages of a proven connection none is held up for what one user does. */
static void over_tcp_nobody_waits_behind_a_guesser(void)
{
	struct peer peer = alice();

	proven_set(PHONE, IPPROTO_TCP, peer.port, SG_PROOF_REGISTER, 60);
	proven_user(PHONE, IPPROTO_TCP, peer.port, 1);
	guessed_set(PHONE, IPPROTO_TCP, peer.port);
	may_not_send(&peer, REQUEST_OF("REGISTER", CREDENTIALS("any")));
	assert_int_equal(dropping_reason(), SG_REASON_AUTH_FAILURE);
	proven_user(PHONE, IPPROTO_TCP, peer.port, SG_PROVEN_USERS);
	sends(&peer, REQUEST_OF("REGISTER", CREDENTIALS("any")));
}

/* --- users --- */

/* Asks for a user who is not there. False: the server was not asked. */
static bool is_told(struct try t)
{
	t.number = next();
	if (refused(t))
		return false;
	replies(t, "404 Not Found", "");
	return true;
}

/* Numbers of 16 bits are remembered: one that is new may be taken for one of those. */
#define assert_few(told) assert_in_range(told, 24, 26)

static int told_of_many(bool by_to, bool by_uri, bool by_port)
{
	char user[24];
	int told = 0;

	for (int i = 0; i < 600; i++) {
		snprintf(user, sizeof(user), "%d@", 100 + i);
		told += is_told(TRY(.method = "INVITE", .uri = by_uri ? user : "1@",
				    .to = by_to ? user : "1@",
				    .port = by_port ? PORT + 5000 + i : PORT));
	}
	return told;
}

static void of_many_users_24_are_told(void)
{
	plenty();
	assert_few(told_of_many(true, true, true));
	assert_true(dropped_by(SG_REASON_ENUMERATION) > 0);
	coverage.reason |= REASON_BIT(SG_REASON_ENUMERATION);
	nobody_is_banned();
	/* Those that it has asked for, it may ask for; and so may others. */
	assert_true(is_told(TRY(.method = "INVITE", .uri = "101@", .to = "101@")));
	assert_true(is_told(TRY(.method = "INVITE", .uri = "900@", .to = "900@",
				.source = OTHER)));
	/* Nor does it end a call. */
	assert_false(refused(TRY(.method = "BYE", .uri = "900@", .to = "900@", .tag = ";tag=7",
				 .number = next())));
}

/* To is the same for all, or the Request-URI is. */
static void the_user_is_the_one_that_the_server_looks_for(void)
{
	plenty();
	assert_few(told_of_many(false, true, false));
}

static void the_user_of_to_counts_as_well(void)
{
	plenty();
	assert_few(told_of_many(true, false, true));
}

/* A wrong number, again and again. */
static void one_user_is_not_many(void)
{
	plenty();
	for (int i = 0; i < 100; i++)
		assert_true(is_told(TRY(.method = "INVITE", .uri = "7@", .to = "7@")));
	coverage.near_reason |= REASON_BIT(SG_REASON_ENUMERATION);
}

/* One more a window later. */
static void the_window_ends(void)
{
	plenty();
	assert_few(told_of_many(true, true, false));
	clock_move(601 * SECOND);
	assert_true(is_told(TRY(.method = "INVITE", .uri = "900@", .to = "900@")));
}

/* 150 INVITEs to ever other numbers, whose challenges nobody answers. */
static void challenges_without_an_answer_count(void)
{
	char user[24];
	int asked = 0;

	plenty();
	for (int i = 0; i < 150; i++) {
		struct try t = TRY(.method = "INVITE", .number = next(), .port = PORT + i);

		snprintf(user, sizeof(user), "%d@", 100 + i);
		t.to = t.uri = user;
		if (refused(t))
			continue;
		replies(t, "407 Proxy Authentication Required",
			"Proxy-Authenticate: Digest realm=\"lab\", nonce=\"a\"\r\n");
		asked++;
	}
	assert_few(asked);
}

/* An office that comes back after a power cut: each of them answers. */
static void who_answers_is_no_scanner(void)
{
	char name[24], to[24];

	plenty();
	for (int user = 0; user < 300; user++) {
		snprintf(name, sizeof(name), "user%d", user);
		snprintf(to, sizeof(to), "user%d@", user);
		challenges(PHONE, PORT + user, to);
		succeeds(TRY(.name = name, .to = to, .port = PORT + user));
	}
	/* Then somebody scans in its name, and it comes back. Some look like one of the 300. */
	assert_in_range(told_of_many(true, true, true), 24, 40);
	for (int user = 0; user < 300; user++) {
		snprintf(name, sizeof(name), "user%d", user);
		snprintf(to, sizeof(to), "user%d@", user);
		challenges(PHONE, PORT + 1000 + user, to);
		succeeds(TRY(.name = name, .to = to, .port = PORT + 1000 + user));
	}
}

/* A trunk that calls unassigned numbers, a phone that dials wrong. */
static void who_is_proven_may_ask(void)
{
	plenty();
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_CALL, 600);
	assert_int_equal(told_of_many(true, true, false), 600);
	/* And credentials of anybody are no way round. */
	plenty();
	for (int i = 0; i < 30; i++)
		is_told(TRY(.method = "INVITE", .uri = "900@", .to = "900@", .port = OTHER_PORT));
}

/* --- whose name it is --- */

#define AUTHORIZATION(realm, user)                                                                \
	"Authorization: Digest " user ", realm=\"" realm "\", nonce=\"" NONCE "\", "               \
	"uri=\"sip:example.com\", response=\"0123\"\r\n"
#define MALLORY "username=\"mallory\""
#define BOB "username=\"bob\""

/* How many of bob's passwords are judged between successes of mallory, who is a customer. */
static int judged_between(const char *own, const char *guess)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "mallory@");
	for (int i = 0; i < 50; i++) {
		may_succeed(TRY(.auth = own, .to = "mallory@"));
		judged += fails(TRY(.auth = guess));
	}
	return judged;
}

/* Names that the guard does not find are not all the same one. */
static void names_that_are_not_found_are_nobodys(void)
{
	assert_int_equal(judged_between(AUTHORIZATION("lab", "username = \"mallory\""),
					AUTHORIZATION("lab", "username = \"bob\"")), 6);
}

static void names_without_quotes_are_nobodys(void)
{
	assert_int_equal(judged_between(AUTHORIZATION("lab", "username=mallory"),
					AUTHORIZATION("lab", "username=bob")), 6);
}

/* Servers take the last one. */
static void a_second_name_hides_no_guess(void)
{
	assert_int_equal(judged_between(AUTHORIZATION("lab", MALLORY),
					AUTHORIZATION("lab", MALLORY "," BOB)), 6);
}

static void a_second_name_with_blanks_hides_no_guess(void)
{
	assert_int_equal(judged_between(AUTHORIZATION("lab", MALLORY),
					AUTHORIZATION("lab", MALLORY ",username =\"bob\"")), 6);
	clock_move(3600 * SECOND);
	assert_int_equal(judged_between(AUTHORIZATION("lab", MALLORY),
					AUTHORIZATION("lab", "username =\"bob\"," MALLORY)), 6);
	clock_move(3600 * SECOND);
	assert_int_equal(judged_between(AUTHORIZATION("lab", MALLORY),
					AUTHORIZATION("lab", MALLORY ",\r\n username=bob")), 6);
}

/* The server looks for those of its realm. */
static void a_second_field_hides_no_guess(void)
{
	assert_int_equal(judged_between(AUTHORIZATION("lab", MALLORY) AUTHORIZATION("x", BOB),
					AUTHORIZATION("x", MALLORY) AUTHORIZATION("lab", BOB)), 6);
}

static void a_third_field_hides_no_guess(void)
{
	assert_int_equal(judged_between(AUTHORIZATION("lab", MALLORY),
					AUTHORIZATION("x", MALLORY) AUTHORIZATION("lab", BOB)
					AUTHORIZATION("y", BOB)), 6);
}

static void a_fourth_field_hides_no_guess(void)
{
	assert_int_equal(judged_between(AUTHORIZATION("x", MALLORY),
					AUTHORIZATION("x", MALLORY) AUTHORIZATION("x", MALLORY)
					AUTHORIZATION("x", MALLORY) AUTHORIZATION("lab", BOB)), 6);
}

/* Two tenants have an extension 100 each. */
static void a_name_of_another_realm_is_another_user(void)
{
	assert_int_equal(judged_between(AUTHORIZATION("own.example.com", "username=\"100\""),
					AUTHORIZATION("example.com", "username=\"100\"")), 6);
}

/* Most servers answer OPTIONS, and calls to their own users, without a look at credentials. */
static int judged_behind(const char *method)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	for (int i = 0; i < 50; i++) {
		may_succeed(TRY(.method = method, .name = "bob", .uri = "echo@", .to = "echo@"));
		judged += fails(TRY(.name = "bob"));
	}
	return judged;
}

static void what_is_answered_without_a_challenge_tells_of_no_password(void)
{
	assert_int_equal(judged_behind("OPTIONS"), 6);
}

/* Nor does it take back what his neighbour has guessed: bob is known from there. */
static void what_is_not_checked_forgives_nothing(void)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	clock_move(3600 * SECOND);
	challenges(PHONE, OTHER_PORT, "bob@");
	for (int i = 0; i < 50; i++) {
		may_succeed(TRY(.method = "OPTIONS", .name = "bob", .port = OTHER_PORT));
		judged += fails(TRY(.name = "bob", .port = OTHER_PORT));
	}
	assert_int_equal(judged, 6);
}

static void a_call_without_a_challenge_tells_of_no_password(void)
{
	assert_int_equal(judged_behind("INVITE"), 6);
}

/* --- all at once --- */

#define FLIGHT 200

/* How many are judged of as many, all of which are sent before the server answers the first. */
static int judged_in_flight(int ports)
{
	int first = number + 1, judged = 0;
	struct try t = TRY(.name = "bob");
	bool sent[FLIGHT];

	for (int i = 0; i < FLIGHT; i++) {
		t.number = next();
		t.port = PORT + i % ports;
		sent[i] = !refused(t);
		judged += sent[i];
	}
	for (int i = 0; i < FLIGHT; i++) {
		t.number = first + i;
		t.port = PORT + i % ports;
		if (sent[i])
			replies(t, "401 Unauthorized", "");
	}
	return judged;
}

static void guesses_in_flight_are_counted(void)
{
	plenty();
	mode_set(SG_REASON_BAN_FLOW, SG_MODE_OFF);
	challenges(PHONE, PORT, "bob@");
	assert_int_equal(judged_in_flight(1), 6);
	assert_int_equal(judged_in_flight(1), 0);
	clock_move(601 * SECOND);
	assert_int_equal(judged_in_flight(1), 1);
}

static void guesses_of_many_ports_in_flight_are_counted(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	assert_int_equal(judged_in_flight(FLIGHT), 24);
	assert_int_equal(judged_in_flight(FLIGHT), 0);
	clock_move(151 * SECOND);
	assert_int_equal(judged_in_flight(FLIGHT), 1);
}

/* With nonces that a forger could have, and no more of them at once than one after the other. */
static void made_up_nonces_in_flight_are_counted(void)
{
	int judged = 0;

	plenty();
	for (int i = 0; i < 50; i++)
		judged += !refused(TRY(.name = "bob", .nonce = "made up", .port = PORT + i,
				       .number = next()));
	assert_int_equal(judged, 6);
}

/* Nor do calls of a user who is known, many of which ring at once, hold up others of his flow. */
static void calls_that_ring_hold_up_nobody(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 50; i++)
		assert_false(refused(TRY(.method = "INVITE", .name = "bob", .number = next())));
	succeeds(TRY(.name = "carol"));
}

/* Nobody waits for longer than a moment for a reply that never comes, nor who is known at all. */
static void what_is_not_answered_is_no_guess(void)
{
	struct try t = TRY(.name = "bob");

	plenty();
	challenges(PHONE, PORT, "bob@");
	for (int i = 0; i < 100; i++) {
		t.number = next();
		assert_false(refused(t));
		clock_move(SECOND / 5);
	}
	succeeds(t);
	for (int i = 0; i < 100; i++) {
		t.number = next();
		assert_false(refused(t));
	}
}

/* An office that comes back at once, as one flow: who is refused comes again soon. */
static void many_users_in_flight_get_in(void)
{
	bool done[100] = {};
	char name[24];
	int left = 100;

	plenty();
	challenges(PHONE, PORT, "user0@");
	for (int round = 0; round < 20 && left; round++) {
		int first = number + 1;

		for (int pass = 0; pass < 2; pass++) {
			for (int user = 0; user < 100; user++) {
				struct try t = TRY(.name = name, .number = first + user);

				snprintf(name, sizeof(name), "user%d", user);
				if (!pass && !done[user])
					done[user] = refused(t) ? false : --left >= 0;
				else if (pass && done[user])
					replies(t, "200 OK", "Contact: <sip:a@b>;expires=60\r\n");
			}
		}
		number = first + 100;
		clock_move(SECOND / 2);
	}
	assert_int_equal(left, 0);
}

/* The same transaction; only the end of the credentials is equal. */
static void equal_ends_of_credentials_are_no_cover(void)
{
	static const char hundred[] =
		"01234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789";
	struct try t = TRY(.number = next());
	char auth[512];
	int judged = 0;

	plenty();
	guessed_set(PHONE, IPPROTO_UDP, PORT + 1);
	t.auth = auth;
	for (int i = 0; i < 20; i++) {
		snprintf(auth, sizeof(auth), "Authorization: Digest username=\"bob\", "
			 "response=\"%032d\", realm=\"lab\", nonce=\"made up\", opaque=\"%s\"\r\n",
			 i, hundred);
		judged += !refused(t);
		if (!i)
			guessed_set(PHONE, IPPROTO_UDP, PORT);
	}
	assert_int_equal(judged, 1);
}

/* A request with the same branch, CSeq and Call-ID takes the reply to a guess upon itself. */
static int judged_beside(const char *own)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "mallory@");
	succeeds(TRY(.auth = AUTHORIZATION("lab", MALLORY), .to = "mallory@"));
	for (int i = 0; i < 50; i++) {
		struct try guess = TRY(.name = "bob", .number = next());
		struct try other = guess;
		bool sent;

		other.auth = own;
		other.name = NULL;
		if (refused(guess))
			continue;
		judged++;
		sent = !refused(other);
		replies(guess, "401 Unauthorized", "");
		if (sent && *own)
			replies(other, "200 OK", "Contact: <sip:bob@192.0.2.1>;expires=3600\r\n");
		else if (sent)
			replies(other, "401 Unauthorized", "");
		clock_move(SECOND);
	}
	return judged;
}

static void an_own_account_in_flight_hides_no_guess(void)
{
	assert_in_range(judged_beside(AUTHORIZATION("lab", MALLORY)), 1, 6);
}

static void no_credentials_in_flight_hide_no_guess(void)
{
	assert_in_range(judged_beside(""), 1, 6);
}

/* --- more of users --- */

/* Outside of a dialog BYE and PRACK are as good as any other method. */
static void methods_of_dialogs_tell_as_few_users(void)
{
	static const char *const methods[] = {"BYE", "PRACK"};
	char user[24];

	for (size_t m = 0; m < COUNT(methods); m++) {
		int told = 0;

		plenty();
		for (int i = 0; i < 100; i++) {
			snprintf(user, sizeof(user), "%d@", 1000 * (int)(m + 1) + i);
			told += is_told(TRY(.method = methods[m], .uri = user, .to = user,
					    .port = PORT + m));
		}
		assert_few(told);
		clock_move(601 * SECOND);
	}
}

/* OPTIONS of the server itself is answered, whatever its credentials are and whoever is in To. */
static void an_answer_to_another_method_takes_back_no_user(void)
{
	char user[24];
	int told = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	for (int i = 0; i < 100; i++) {
		snprintf(user, sizeof(user), "%d@", 100 + i);
		told += is_told(TRY(.to = user));
		may_succeed(TRY(.method = "OPTIONS", .name = "x", .to = user));
	}
	assert_in_range(told, 23, 26);
}

/* A trunk that never registers: a call is evidence of its password if it was challenged. */
static void a_call_that_was_challenged_makes_its_user_known(void)
{
	struct try t = TRY(.method = "INVITE", .uri = "7@", .to = "7@", .number = next());

	plenty();
	assert_false(refused(t));
	replies(t, "407 Proxy Authentication Required",
		"Proxy-Authenticate: Digest realm=\"lab\", nonce=\"" NONCE "\"\r\n");
	t.name = "trunk";
	succeeds(t);
	for (int i = 0; i < 50; i++)
		fails(TRY(.name = "nobody", .nonce = "made up"));
	succeeds(t);
}

/* One call is challenged, another one is not: its user is not known. */
static void a_challenge_is_of_one_call(void)
{
	struct try t = TRY(.method = "INVITE", .uri = "far@", .to = "7@", .number = next());
	int judged = 0;

	plenty();
	assert_false(refused(t));
	replies(t, "407 Proxy Authentication Required",
		"Proxy-Authenticate: Digest realm=\"lab\", nonce=\"" NONCE "\"\r\n");
	t.name = "bob";
	t.uri = "echo@";
	for (int i = 0; i < 50; i++) {
		may_succeed(t);
		judged += fails(TRY(.name = "bob"));
	}
	assert_int_equal(judged, 6);
}

/* A trunk that answers each challenge, and whose calls nobody takes. */
static void who_answers_may_call_in_vain(void)
{
	static const char *const ends[] = {
		"180 Ringing", "183 Session Progress", "486 Busy Here", "487 Request Terminated",
		"503 Service Unavailable", "603 Decline",
	};
	char user[24];

	plenty();
	for (int i = 0; i < 100; i++) {
		struct try t = TRY(.method = "INVITE", .number = next());

		snprintf(user, sizeof(user), "%d@", 100 + i);
		t.to = t.uri = user;
		assert_false(refused(t));
		replies(t, "407 Proxy Authentication Required",
			"Proxy-Authenticate: Digest realm=\"lab\", nonce=\"" NONCE "\"\r\n");
		t.number = next();
		t.name = "trunk";
		assert_false(refused(t));
		replies(t, ends[i % COUNT(ends)], "");
	}
}

/* --- what counts, and for whom --- */

/* A user asked for in vain by one who has credentials, a challenge that nobody answers. */
static void asks_in_vain(const char *status, const char *name, __u16 port, int count)
{
	char user[24];

	for (int i = 0; i < count; i++) {
		struct try t = TRY(.method = "INVITE", .name = name, .port = port,
				   .number = next());

		snprintf(user, sizeof(user), "%d@", number);
		t.uri = t.to = user;
		assert_false(refused(t));
		replies(t, status, "");
	}
}

static bool stranger_may_ask(void)
{
	return !refused(TRY(.method = "INVITE", .uri = "new@", .to = "new@", .port = PORT + 99,
			    .number = next()));
}

/* What a trunk asks for is not held against the strangers behind its NAT. */
static void who_is_proven_asks_for_himself(void)
{
	static const char *const status[] = {"404 Not Found", "401 Unauthorized"};

	for (size_t i = 0; i < COUNT(status); i++) {
		plenty();
		proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_CALL, 600);
		asks_in_vain(status[i], NULL, PORT, 40);
		assert_true(stranger_may_ask());
	}
}

/* The NAT has moved his phone: the flow is nobody's, the user is known from there. */
static void who_is_known_asks_for_himself(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	asks_in_vain("404 Not Found", "bob", OTHER_PORT, 40);
	assert_true(stranger_may_ask());
	/* When a stranger has asked for too many he goes on. */
	asks_in_vain("404 Not Found", NULL, OTHER_PORT + 1, 24);
	assert_false(stranger_may_ask());
	asks_in_vain("404 Not Found", "bob", OTHER_PORT, 3);
}

/* Phones that give up when they are challenged are no scanner's, if they were here before. */
static void challenges_of_known_users_do_not_count(void)
{
	char name[24], to[24];

	plenty();
	for (int round = 0; round < 2; round++) {
		for (int user = 0; user < 40; user++) {
			snprintf(name, sizeof(name), "user%d", user);
			snprintf(to, sizeof(to), "user%d@", user);
			challenges(PHONE, PORT + 100 * round + user, to);
			if (!round)
				succeeds(TRY(.name = name, .to = to, .port = PORT + user));
		}
	}
	assert_true(stranger_may_ask());
}

static void other_words_for_unknown_count(void)
{
	static const char *const status[] = {"484 Address Incomplete", "604 Not Anywhere"};

	for (size_t i = 0; i < COUNT(status); i++) {
		plenty();
		asks_in_vain(status[i], NULL, PORT, 24);
		assert_false(stranger_may_ask());
		clock_move(601 * SECOND);
	}
}

static void as_many_users_as_the_limit_says(void)
{
	plenty();
	config()->ban[SG_OFFENCE_ENUMERATION] = sg_ban_rule_of(3, 600, 0);
	asks_in_vain("404 Not Found", NULL, PORT, 3);
	assert_false(stranger_may_ask());
}

/* One who answers is taken out of the list, and no other one. */
static void an_answer_takes_back_its_own_user(void)
{
	plenty();
	config()->ban[SG_OFFENCE_ENUMERATION] = sg_ban_rule_of(3, 600, 0);
	challenges(PHONE, PORT, "a@");
	challenges(PHONE, PORT + 1, "b@");
	succeeds(TRY(.name = "a", .to = "a@"));
	challenges(PHONE, PORT + 2, "b@");
	challenges(PHONE, PORT + 3, "c@");
	challenges(PHONE, PORT + 4, "d@");
	assert_false(stranger_may_ask());
}

static int refused_with_403(const char *method, const char *name, __u16 port)
{
	int judged = 0;

	for (int i = 0; i < 50; i++) {
		struct try t = TRY(.method = method, .name = name, .port = port, .number = next());

		if (refused(t))
			continue;
		replies(t, "403 Forbidden", "");
		judged++;
	}
	return judged;
}

/* 403: that one may not call there; or that his password is wrong. */
static void a_403_is_a_guess_of_who_is_not_known(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	assert_int_equal(refused_with_403("INVITE", "bob", PORT), 50);
	assert_int_equal(refused_with_403("REGISTER", "carol", PORT), 6);
	/* On a flow that is not proven it is held against bob, too. */
	challenges(PHONE, OTHER_PORT, "bob@");
	assert_int_equal(refused_with_403("INVITE", "bob", OTHER_PORT), 6);
}

/* Behind a NAT all ports may use it: that is evidence of the source, and not of the flow. */
static void nobody_is_banned_for_the_nonce_of_another_port(void)
{
	struct sg_ban ban;

	plenty();
	challenges(PHONE, PORT, "bob@");
	for (int i = 0; i < 10; i++)
		fails(TRY(.name = "bob", .port = OTHER_PORT));
	assert_false(ban_find(PHONE, IPPROTO_UDP, OTHER_PORT, &ban));
}

/* A phone that tries an old nonce, and then one that has just become too old. */
static void a_success_takes_back_two(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 50; i++) {
		assert_true(fails(TRY(.name = "bob")));
		assert_true(fails(TRY(.name = "bob")));
		succeeds(TRY(.name = "bob"));
	}
}

/* A registrar refuses everybody for ten minutes. No debt is longer than the window. */
static void an_outage_is_over_soon(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	mode_set(SG_REASON_AUTH_FAILURE, SG_MODE_MONITOR);
	for (int i = 0; i < 100; i++)
		assert_true(fails(TRY(.name = "bob")));
	mode_set(SG_REASON_AUTH_FAILURE, SG_MODE_ENFORCE);
	assert_false(fails(TRY(.name = "bob")));
	clock_move(601 * SECOND);
	succeeds(TRY(.name = "bob"));
	/* His success makes room for the next. */
	succeeds(TRY(.name = "bob"));
}

/* In a zone, and when the zone is gone. */
static void what_a_zone_does_is_not_counted(void)
{
	plenty();
	zone_set(0, PHONE, 1);
	config()->zone[1] = config()->zone[0];
	config()->total[sg_zone_total(1)] = config()->total[SG_TOTAL_UNLISTED_TOTAL];
	for (int i = 0; i < 100; i++)
		assert_true(fails(TRY(.name = "bob", .nonce = "made up", .port = PORT + i % 9)));
	asks_in_vain("404 Not Found", NULL, PORT, 40);
	config()->zones = 0;
	assert_true(fails(TRY(.name = "bob", .nonce = "made up")));
	assert_true(stranger_may_ask());
	/* Nor is it looked at there what it did before. */
	for (int i = 0; i < 10; i++)
		fails(TRY(.name = "bob", .nonce = "made up"));
	assert_false(fails(TRY(.name = "bob", .nonce = "made up")));
	config()->zones = 1;
	assert_true(fails(TRY(.name = "bob", .nonce = "made up")));
}

/* --- tables --- */

/* Random sources that each ask for one user put out none that has asked for many. */
static void a_full_table_forgets_who_asks_least(void)
{
	char source[24];

	plenty();
	config()->ban[SG_OFFENCE_ENUMERATION] = sg_ban_rule_of(3, 600, 0);
	asks_in_vain("404 Not Found", NULL, PORT, 3);
	for (int i = 0; i < 30000; i++) {
		snprintf(source, sizeof(source), "10.1.%d.%d", i / 250, i % 250 + 1);
		is_told(TRY(.method = "INVITE", .uri = "1@", .to = "1@", .source = source));
	}
	assert_false(stranger_may_ask());
}

/* A forger fills the table of offenders; who goes on stays in it. */
static void a_full_table_forgets_the_least(void)
{
	plenty();
	for (int i = 0; i < 6; i++)
		fails(TRY(.name = "bob", .nonce = "made up", .port = 7));
	for (__u32 i = 0; i < SG_CONDUCT; i++) {
		struct sg_conduct *c = &fix.conduct[i];

		if (c->who)
			continue;
		c->who = i + 1;
		c->tat[SG_OFFENCE_GUESS] = guard_clock() + 600 * SECOND;
	}
	stats_clear();
	clock_move(1);
	fails(TRY(.name = "bob", .source = OTHER, .nonce = "made up"));
	assert_true(counted(SG_EVENT_OFFENCES_FULL) > 0);
	assert_false(fails(TRY(.name = "bob", .nonce = "made up", .port = 7)));
	memset(fix.conduct, 0, SG_CONDUCT * sizeof(*fix.conduct));
}

const struct sequence guess_sequences[] = {
	{"of many ports few passwords are judged", of_many_ports_few_are_judged},
	{"of made-up nonces fewer are judged", of_made_up_nonces_fewer_are_judged},
	{"an accomplice does not hide a guesser", an_accomplice_does_not_hide_a_guesser},
	{"of one flow six are judged", of_one_flow_six_are_judged},
	{"forged failures touch no known user", forged_failures_touch_no_known_user},
	{"one of many users mistypes", one_of_many_users_mistypes},
	{"a success takes back no others' failures", a_success_takes_back_no_others_failures},
	{"a success takes back one's own", a_success_takes_back_ones_own},
	{"copies are no cover", copies_are_no_cover},
	{"equal branches are told apart", equal_branches_are_told_apart},
	{"over TCP nobody waits behind a guesser", over_tcp_nobody_waits_behind_a_guesser},
	{"of many users 24 are told", of_many_users_24_are_told},
	{"the user is the one that the server looks for",
	 the_user_is_the_one_that_the_server_looks_for},
	{"the user of To counts as well", the_user_of_to_counts_as_well},
	{"one user is not many", one_user_is_not_many},
	{"the window of users ends", the_window_ends},
	{"challenges without an answer count", challenges_without_an_answer_count},
	{"who answers is no scanner", who_answers_is_no_scanner},
	{"who is proven may ask", who_is_proven_may_ask},
	{"names that are not found are nobody's", names_that_are_not_found_are_nobodys},
	{"names without quotes are nobody's", names_without_quotes_are_nobodys},
	{"a second name hides no guess", a_second_name_hides_no_guess},
	{"a second name with blanks hides no guess", a_second_name_with_blanks_hides_no_guess},
	{"a second field hides no guess", a_second_field_hides_no_guess},
	{"a third field hides no guess", a_third_field_hides_no_guess},
	{"a fourth field hides no guess", a_fourth_field_hides_no_guess},
	{"a name of another realm is another user", a_name_of_another_realm_is_another_user},
	{"what is answered without a challenge tells of no password",
	 what_is_answered_without_a_challenge_tells_of_no_password},
	{"what is not checked forgives nothing", what_is_not_checked_forgives_nothing},
	{"a call without a challenge tells of no password",
	 a_call_without_a_challenge_tells_of_no_password},
	{"guesses in flight are counted", guesses_in_flight_are_counted},
	{"guesses of many ports in flight are counted",
	 guesses_of_many_ports_in_flight_are_counted},
	{"made-up nonces in flight are counted", made_up_nonces_in_flight_are_counted},
	{"calls that ring hold up nobody", calls_that_ring_hold_up_nobody},
	{"a challenge is of one call", a_challenge_is_of_one_call},
	{"what is not answered is no guess", what_is_not_answered_is_no_guess},
	{"many users in flight get in", many_users_in_flight_get_in},
	{"an own account in flight hides no guess", an_own_account_in_flight_hides_no_guess},
	{"no credentials in flight hide no guess", no_credentials_in_flight_hide_no_guess},
	{"equal ends of credentials are no cover", equal_ends_of_credentials_are_no_cover},
	{"methods of dialogs tell as few users", methods_of_dialogs_tell_as_few_users},
	{"an answer to another method takes back no user",
	 an_answer_to_another_method_takes_back_no_user},
	{"a call that was challenged makes its user known",
	 a_call_that_was_challenged_makes_its_user_known},
	{"who answers may call in vain", who_answers_may_call_in_vain},
	{"who is proven asks for himself", who_is_proven_asks_for_himself},
	{"who is known asks for himself", who_is_known_asks_for_himself},
	{"challenges of known users do not count", challenges_of_known_users_do_not_count},
	{"other words for unknown count", other_words_for_unknown_count},
	{"as many users as the limit says", as_many_users_as_the_limit_says},
	{"an answer takes back its own user", an_answer_takes_back_its_own_user},
	{"a 403 is a guess of who is not known", a_403_is_a_guess_of_who_is_not_known},
	{"nobody is banned for the nonce of another port",
	 nobody_is_banned_for_the_nonce_of_another_port},
	{"a success takes back two", a_success_takes_back_two},
	{"an outage is over soon", an_outage_is_over_soon},
	{"what a zone does is not counted", what_a_zone_does_is_not_counted},
	{"a full table forgets who asks least", a_full_table_forgets_who_asks_least},
	{"a full table forgets the least", a_full_table_forgets_the_least},
};

const size_t guess_sequences_count = COUNT(guess_sequences);
