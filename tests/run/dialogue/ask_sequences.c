// SPDX-License-Identifier: GPL-2.0-only
/* Who asks for users: how many he is told of, and what counts for whom. */
#include "dialogue/guesses.h"

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

/* A trunk calls, is challenged, and calls again. True if its user is known by that. */
static bool trunk_is_known(void)
{
	struct try t = TRY(.method = "INVITE", .uri = "7@", .to = "7@", .number = next());

	assert_false(refused(t));
	replies(t, "407 Proxy Authentication Required",
		"Proxy-Authenticate: Digest realm=\"lab\", nonce=\"" NONCE "\"\r\n");
	t.name = "trunk";
	succeeds(t);
	for (int i = 0; i < 50; i++)
		fails(TRY(.name = "nobody", .nonce = "made up"));
	t.number = next();
	return !refused(t);
}

/* A trunk that never registers: a call is evidence of its password if it was challenged. */
static void a_call_that_was_challenged_makes_its_user_known(void)
{
	plenty();
	assert_true(trunk_is_known());
}

/* A server that challenges calls: known from its first challenge on, for a day. */
static void the_first_challenge_of_a_call_tells_of_the_server(void)
{
	plenty();
	fix.state->challenges_until = 0;
	assert_false(trunk_is_known());
	clock_move(23 * 3600 * SECOND);
	assert_true(trunk_is_known());
	clock_move(25 * 3600 * SECOND);
	assert_false(fix.state->challenges_until > guard_clock());
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

/* Asks for a user who is not there, another one each time. False: the server was not asked. */
static bool asks_once_in_vain(const char *status, const char *name, __u16 port)
{
	struct try t = TRY(.method = "INVITE", .name = name, .port = port, .number = next());
	char user[24];

	snprintf(user, sizeof(user), "%d@", number);
	t.uri = t.to = user;
	if (refused(t))
		return false;
	replies(t, status, "");
	return true;
}

/* A user asked for in vain by one who has credentials, a challenge that nobody answers. */
static void asks_in_vain(const char *status, const char *name, __u16 port, int count)
{
	for (int i = 0; i < count; i++)
		assert_true(asks_once_in_vain(status, name, port));
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
	/* When a stranger has asked for too many he goes on. (Two users may have one number.) */
	for (int i = 0; i < 30 && asks_once_in_vain("404 Not Found", NULL, OTHER_PORT + 1); i++)
		;
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

/* How many users a stranger is told of so before he may not ask any more; 40: of all. */
static int told_in_vain(const char *status)
{
	int told = 0;

	while (told < 40 && asks_once_in_vain(status, NULL, PORT))
		told++;
	return told;
}

static void other_words_for_unknown_count(void)
{
	static const char *const status[] = {"484 Address Incomplete", "604 Not Anywhere"};

	for (size_t i = 0; i < COUNT(status); i++) {
		plenty();
		assert_few(told_in_vain(status[i]));
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
	config()->profile[1] = config()->profile[0];
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
	guessed_by_all();
	stats_clear();
	clock_move(1);
	fails(TRY(.name = "bob", .source = OTHER, .nonce = "made up"));
	assert_true(counted(SG_COUNT_OFFENCES_FULL) > 0);
	assert_false(fails(TRY(.name = "bob", .nonce = "made up", .port = 7)));
	offences_forget();
}

const struct sequence ask_sequences[] = {
	{"of many users 24 are told", of_many_users_24_are_told},
	{"the user is the one that the server looks for",
	 the_user_is_the_one_that_the_server_looks_for},
	{"the user of To counts as well", the_user_of_to_counts_as_well},
	{"one user is not many", one_user_is_not_many},
	{"the window of users ends", the_window_ends},
	{"challenges without an answer count", challenges_without_an_answer_count},
	{"who answers is no scanner", who_answers_is_no_scanner},
	{"who is proven may ask", who_is_proven_may_ask},
	{"a challenge is of one call", a_challenge_is_of_one_call},
	{"methods of dialogs tell as few users", methods_of_dialogs_tell_as_few_users},
	{"an answer to another method takes back no user",
	 an_answer_to_another_method_takes_back_no_user},
	{"a call that was challenged makes its user known",
	 a_call_that_was_challenged_makes_its_user_known},
	{"the first challenge of a call tells of the server",
	 the_first_challenge_of_a_call_tells_of_the_server},
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

const size_t ask_sequences_count = COUNT(ask_sequences);
