// SPDX-License-Identifier: GPL-2.0-only
/* Who guesses passwords: how many the server gets to judge, and whom it must not touch. */
#include "dialogue/guesses.h"

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
	/* Once more, and it keeps the nonce that it has. */
	succeeds(TRY(.name = "bob", .port = OTHER_PORT + 1));
}

/* All phones of a second are told one nonce, and the NAT of one of them moves it. */
static void a_shared_nonce_moves_with_its_phone(void)
{
	plenty();
	challenges(PHONE, PORT, "bob@");
	challenges(OTHER, PORT, "carol@");
	succeeds(TRY(.name = "bob", .port = OTHER_PORT));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_REGISTER);
}

/* Behind bob's address somebody guesses his password, by nonces that went to an accomplice. */
static void nonces_of_others_are_no_phones(void)
{
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 100; i++)
		judged += fails(TRY(.name = "bob", .nonce = "made up", .port = OTHER_PORT + i % 9));
	assert_int_equal(judged, 6);
	nobody_is_banned();
	/* His own nonce went to his address; one that is forgotten comes from his proven flow. */
	succeeds(TRY(.name = "bob", .port = OTHER_PORT));
	succeeds(TRY(.name = "bob", .nonce = "forgotten"));
}

/* Many at once, before the server has judged the first. */
static void nonces_of_others_wait_for_the_server(void)
{
	struct try t = TRY(.name = "bob", .nonce = "made up", .port = OTHER_PORT);
	int judged = 0;

	plenty();
	challenges(PHONE, PORT, "bob@");
	succeeds(TRY(.name = "bob"));
	for (int i = 0; i < 100; i++) {
		t.number = next();
		judged += !refused(t);
	}
	assert_int_equal(judged, 6);
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

/* --- whose name it is --- */

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

const struct sequence guess_sequences[] = {
	{"of many ports few passwords are judged", of_many_ports_few_are_judged},
	{"of made-up nonces fewer are judged", of_made_up_nonces_fewer_are_judged},
	{"an accomplice does not hide a guesser", an_accomplice_does_not_hide_a_guesser},
	{"of one flow six are judged", of_one_flow_six_are_judged},
	{"forged failures touch no known user", forged_failures_touch_no_known_user},
	{"a shared nonce moves with its phone", a_shared_nonce_moves_with_its_phone},
	{"nonces of others are no phone's", nonces_of_others_are_no_phones},
	{"nonces of others wait for the server", nonces_of_others_wait_for_the_server},
	{"one of many users mistypes", one_of_many_users_mistypes},
	{"a success takes back no others' failures", a_success_takes_back_no_others_failures},
	{"a success takes back one's own", a_success_takes_back_ones_own},
	{"copies are no cover", copies_are_no_cover},
	{"equal branches are told apart", equal_branches_are_told_apart},
	{"over TCP nobody waits behind a guesser", over_tcp_nobody_waits_behind_a_guesser},
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
};

const size_t guess_sequences_count = COUNT(guess_sequences);
