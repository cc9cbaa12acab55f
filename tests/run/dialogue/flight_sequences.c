// SPDX-License-Identifier: GPL-2.0-only
/* Guesses that are sent before the server has answered the first. */
#include "dialogue/guesses.h"

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

/* Nothing waits for answers that go another way, or for those of a server that is down. */
static void without_answers_nothing_waits(void)
{
	plenty();
	fix.state->answers_until = 0;
	assert_int_equal(judged_in_flight(1), FLIGHT);
}

const struct sequence flight_sequences[] = {
	{"without answers nothing waits", without_answers_nothing_waits},
	{"guesses in flight are counted", guesses_in_flight_are_counted},
	{"guesses of many ports in flight are counted",
	 guesses_of_many_ports_in_flight_are_counted},
	{"made-up nonces in flight are counted", made_up_nonces_in_flight_are_counted},
	{"calls that ring hold up nobody", calls_that_ring_hold_up_nobody},
	{"what is not answered is no guess", what_is_not_answered_is_no_guess},
	{"many users in flight get in", many_users_in_flight_get_in},
	{"an own account in flight hides no guess", an_own_account_in_flight_hides_no_guess},
	{"no credentials in flight hide no guess", no_credentials_in_flight_hide_no_guess},
	{"equal ends of credentials are no cover", equal_ends_of_credentials_are_no_cover},
};

const size_t flight_sequences_count = COUNT(flight_sequences);
