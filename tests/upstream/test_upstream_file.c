// SPDX-License-Identifier: GPL-2.0-only
/* The file of upstream, what is kept for the next start, and a speaker behind named pipes. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/stat.h>

#include "../unit/unit.h"

#include "announce/kept.h"
#include "announce/settings.h"
#include "announce/speaker.h"

static struct upstream settings;
static struct error why;

static int read_text(const char *text)
{
	struct memory_file file = memory_file(text, strlen(text));
	int err;

	why = (struct error){};
	err = upstream_read(file.path, &settings, &why);
	memory_file_end(&file);
	return err;
}

static void fails(const char *text, unsigned int line, unsigned int column, const char *says)
{
	assert_int_equal(read_text(text), -EINVAL);
	if (!strstr(why.text, says))
		fail_msg("it says: %s", why.text);
	assert_int_equal(why.line, line);
	assert_int_equal(why.column, column);
}

/* What is dangerous is off, and has to be written. */
static void defaults(void **state)
{
	(void)state;
	assert_int_equal(read_text("interface: eth0\n"), 0);
	assert_true(settings.dry_run);
	assert_false(settings.rtbh);
	assert_int_equal(settings.action, CHOICE_LIMIT);
	assert_int_equal(settings.all_senders, CHOICE_LIMIT);
	assert_int_equal(settings.threshold, 90);
	assert_int_equal(settings.hold, 60);
	assert_int_equal(settings.longest, 3600);
	assert_int_equal(settings.address_count, 0);
	assert_string_equal(settings.community, "65535:666");
}

static void all_keys(void **state)
{
	(void)state;
	assert_int_equal(read_text(
		"interface: eth0\nspeed: 10G\nthreshold: 80\npackets: 500k\nfull-for: 2\n"
		"count-dropped: yes\nrefused: 30\naddresses: [192.0.2.10, '2001:db8::10']\n"
		"speaker: gobgp\npipe: /a\nanswers: ''\napi: '[::1]:50051'\naction: discard\n"
		"all-senders: no\nrate: 1M\nexceptions: 7\nhold: 2m\nlongest: 2h\nmost: 3\n"
		"rtbh: the-address-goes-dark\nnext-hop: 192.0.2.1\ncommunity: 64500:1\n"
		"dry-run: no\nstate: /b\n"), 0);
	assert_int_equal(settings.speed, 10000000000ULL);
	assert_int_equal(settings.packets, 500000);
	assert_int_equal(settings.address_count, 2);
	assert_int_equal(settings.speaker, SPEAKER_GOBGP);
	assert_string_equal(settings.answers, "");
	assert_int_equal(settings.action, CHOICE_DISCARD);
	assert_int_equal(settings.all_senders, CHOICE_NO);
	assert_int_equal(settings.rate, 1000000);
	assert_int_equal(settings.hold, 120);
	assert_int_equal(settings.longest, 7200);
	assert_true(settings.rtbh);
	assert_false(settings.dry_run);
}

static void mistakes(void **state)
{
	(void)state;
	fails("speed: 1G\n", 1, 1, "no 'interface'");
	fails("interface: eth0\nspeed: fast\n", 2, 8, "takes a number");
	fails("interface: eth0\nspeed: 1Gb\n", 2, 8, "takes a number");
	fails("interface: eth0\nspeed: 18446744074G\n", 2, 8, "takes a number");
	fails("interface: eth0\nhold: 213503982334602d\n", 2, 7, "takes a time");
	fails("interface: eth0\nhold: 2\n", 2, 7, "takes a time");
	fails("interface: eth0\nhold: 010\n", 2, 7, "takes a time");
	fails("interface: eth0\nhold: 10m\nlongest: 60\n", 3, 10, "shorter than 'hold'");
	fails("interface: eth0\ncolour: red\n", 2, 1, "no key of this file");
	fails("interface: eth0\ninterface: eth1\n", 2, 1, "twice");
	fails("interface: [eth0]\n", 1, 12, "one value");
	fails("interface: eth0;reboot\n", 1, 12, "cannot be in it");
	fails("interface: eth0123456789012345\n", 1, 12, "too long");
	fails("interface: eth0\naddresses: [192.0.2.0/24]\n", 2, 13, "more than one address");
	fails("interface: eth0\naddresses: 192.0.2.1\n", 2, 12, "a list");
	fails("interface: eth0\naddresses: [0.0.0.0]\n", 2, 13, "no address that a router");
	fails("interface: eth0\naddresses: ['::1']\n", 2, 13, "no address that a router");
	fails("interface: eth0\nnext-hop: 224.0.0.1\n", 2, 11, "no address that a router");
	fails("interface: eth0\ndry-run: maybe\n", 2, 10, "no or yes");
	fails("interface: eth0\naction: ''\n", 2, 9, "rate-limit or discard");
	fails("interface: eth0\ncommunity: 65536:1\n", 2, 12, "no community");
	fails("interface: eth0\ncommunity: 4294967297:1\n", 2, 12, "no community");
	fails("interface: eth0\npipe: '/run/x y'\n", 2, 7, "cannot be in it");
	fails("- eth0\n", 1, 1, "keys and values");
}

/* `yes` is what somebody writes who has not read what it does. */
static void dark_only_in_words(void **state)
{
	(void)state;
	fails("interface: eth0\nrtbh: yes\nnext-hop: 192.0.2.1\n", 2, 7, "the-address-goes-dark");
	fails("interface: eth0\nrtbh: the-address-goes-dark\n", 2, 7, "'next-hop'");
}

/* --- behind pipes --- */

static char folder[] = "/tmp/upstream-XXXXXX";
static int in, out; /* of the speaker: -1 while it is down */

static void speaker_up(void)
{
	in = open(settings.pipe, O_RDWR | O_NONBLOCK);
	out = open(settings.answers, O_RDWR | O_NONBLOCK);
	assert_true(in >= 0 && out >= 0);
}

static void speaker_down(void)
{
	close(in);
	close(out);
	in = out = -1;
}

static int pipes_begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/upstream-XXXXXX");
	assert_non_null(mkdtemp(folder));
	settings = (struct upstream){.speaker = SPEAKER_EXABGP};
	strcpy(settings.community, "65535:666");
	snprintf(settings.pipe, sizeof(settings.pipe), "%s/in", folder);
	snprintf(settings.answers, sizeof(settings.answers), "%s/out", folder);
	snprintf(settings.state, sizeof(settings.state), "%s/state", folder);
	assert_int_equal(mkfifo(settings.pipe, 0600), 0);
	assert_int_equal(mkfifo(settings.answers, 0600), 0);
	in = out = -1;
	return 0;
}

static int pipes_end(void **state)
{
	static const char *const names[] = {"in", "out", "state", "state.lock", "state.new"};
	char path[64];

	(void)state;
	if (in >= 0)
		speaker_down();
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

static struct rule rule(const char *source, enum rule_action action)
{
	return (struct rule){
		.destination = prefix("192.0.2.10"),
		.source = source ? prefix(source) : (struct prefix){},
		.transport = IPPROTO_UDP,
		.port = 5060,
		.action = action,
		.rate = 1000,
	};
}

/* What it has been told: the next line, which it answers. "": nothing. */
static const char *hears(const char *answer)
{
	static char line[1024];
	size_t length = 0;

	while (length < sizeof(line) - 1 && read(in, line + length, 1) == 1 &&
	       line[length] != '\n')
		length++;
	line[length] = '\0';
	if (length && answer)
		assert_true(write(out, answer, strlen(answer)) > 0);
	return line;
}

static void told_and_withdrawn(void **state)
{
	struct rule limit = rule("198.51.100.0/24", RULE_LIMIT);
	struct speaker *s = speaker_begin(&settings, &why);
	struct rule left;

	(void)state;
	speaker_up();
	assert_int_equal(speaker_announce(s, &limit), 0);
	assert_false(speaker_turn(s, 1));
	assert_string_equal(hears("done\n"), "announce flow route { match { destination "
			    "192.0.2.10/32; source 198.51.100.0/24; protocol udp; "
			    "destination-port =5060; } then { rate-limit 1000; } }");
	speaker_turn(s, 20);
	assert_int_equal(speaker_left(s, &left, 1), 1);
	assert_int_equal(speaker_withdraw(s, &limit), 0);
	for (int i = 0; i < 100 && speaker_left(s, &left, 1); i++) {
		speaker_turn(s, 1);
		hears("done\n");
	}
	assert_int_equal(speaker_left(s, &left, 1), 0);
	speaker_free(s);
}

/* It must not block, nor die, and is told when it is there. */
static void a_pipe_that_nobody_reads(void **state)
{
	struct rule limit = rule(NULL, RULE_LIMIT);
	struct speaker *s = speaker_begin(&settings, &why);

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(speaker_announce(s, &limit), 0);
	assert_false(speaker_turn(s, 10));
	speaker_up();
	while (!speaker_turn(s, 20)) {
		hears("done\n");
		usleep(10000);
	}
	assert_true(speaker_turn(s, 20));
	/* It goes, and comes again as one that knows nothing. */
	speaker_down();
	speaker_turn(s, 10);
	speaker_up();
	do {
		speaker_turn(s, 20);
		usleep(10000);
	} while (!hears("done\n")[0]);
	speaker_free(s);
}

/* What a speaker never heard of has not to be withdrawn; what is left from before has. */
static void what_was_never_told_is_forgotten(void **state)
{
	struct rule limit = rule(NULL, RULE_LIMIT), left;
	struct speaker *s = speaker_begin(&settings, &why);

	(void)state;
	speaker_announce(s, &limit);
	speaker_turn(s, 1);
	speaker_withdraw(s, &limit);
	assert_int_equal(speaker_left(s, &left, 1), 0);
	speaker_withdraw(s, &limit);
	assert_int_equal(speaker_left(s, &left, 1), 1);
	speaker_free(s);
}

static void a_file_is_no_pipe(void **state)
{
	struct rule limit = rule(NULL, RULE_LIMIT);
	struct speaker *s = speaker_begin(&settings, &why);
	struct stat st;
	int fd;

	(void)state;
	unlink(settings.pipe);
	fd = open(settings.pipe, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(speaker_announce(s, &limit), 0);
	assert_false(speaker_turn(s, 10));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	close(fd);
	speaker_free(s);
}

static void expect_order(struct speaker *s, const char *first, const char *second)
{
	const char *line;

	speaker_turn(s, 1);
	line = hears("done\n");
	if (!strstr(line, first))
		fail_msg("it was told: %s", line);
	speaker_turn(s, 1);
	line = hears("done\n");
	if (!strstr(line, second))
		fail_msg("it was told: %s", line);
	speaker_turn(s, 1);
}

/* At no moment does a rule for all stand without those that let customers through. */
static void exceptions_come_first_and_go_last(void **state)
{
	struct rule all = rule(NULL, RULE_LIMIT), one = rule("203.0.113.9", RULE_ACCEPT);
	struct speaker *s = speaker_begin(&settings, &why);

	(void)state;
	speaker_up();
	speaker_announce(s, &all);
	speaker_announce(s, &one);
	expect_order(s, "source 203.0.113.9/32; protocol udp; destination-port =5060; } then { "
		     "accept; }", "then { rate-limit 1000; }");
	speaker_withdraw(s, &one);
	speaker_withdraw(s, &all);
	expect_order(s, "withdraw flow route { match { destination 192.0.2.10/32; protocol",
		     "withdraw flow route { match { destination 192.0.2.10/32; source");
	speaker_free(s);
}

/* What the speaker refuses for ever must not keep another rule where it is. */
static void one_that_is_refused_holds_up_no_other(void **state)
{
	struct rule refused = rule("203.0.113.9", RULE_LIMIT), limit = rule(NULL, RULE_LIMIT);
	struct speaker *s = speaker_begin(&settings, &why);
	struct rule left[2];

	(void)state;
	speaker_up();
	speaker_withdraw(s, &refused);
	speaker_withdraw(s, &limit);
	for (int i = 0; i < 2000 && speaker_left(s, left, 2) == 2; i++) {
		const char *line, *answer;

		speaker_turn(s, 5);
		line = hears(NULL);
		answer = strstr(line, "203.0.113.9") ? "error\n" : "done\n";
		if (line[0])
			assert_true(write(out, answer, strlen(answer)) > 0);
		usleep(5000);
	}
	assert_int_equal(speaker_left(s, left, 2), 1);
	assert_true(rule_equals(&left[0], &refused));
	speaker_free(s);
}

/* As a script does at ExaBGP's start, when it was tried before whether somebody reads. */
static void pipes_that_are_made_anew(void **state)
{
	struct rule limit = rule(NULL, RULE_LIMIT);
	struct speaker *s = speaker_begin(&settings, &why);

	(void)state;
	speaker_announce(s, &limit);
	assert_false(speaker_turn(s, 1));
	unlink(settings.pipe);
	unlink(settings.answers);
	assert_int_equal(mkfifo(settings.pipe, 0600), 0);
	assert_int_equal(mkfifo(settings.answers, 0600), 0);
	speaker_up();
	for (int i = 0; i < 1000 && !speaker_turn(s, 5); i++) {
		hears("done\n");
		usleep(5000);
	}
	assert_true(speaker_turn(s, 20));
	speaker_free(s);
}

/* However many customers were let through, a rule that follows is told. */
static void exceptions_leave_room_for_rules(void **state)
{
	struct rule one = rule("203.0.113.9", RULE_ACCEPT), limit = rule(NULL, RULE_LIMIT);
	struct speaker *s = speaker_begin(&settings, &why);
	int err = 0;

	(void)state;
	for (int i = 0; !err && i <= SPEAKER_RULES; i++) {
		one.source.address[2] = i >> 8;
		one.source.address[3] = i;
		err = speaker_announce(s, &one);
	}
	assert_int_equal(err, -ENOSPC);
	for (int i = 0; i < UPSTREAM_RULES; i++) {
		limit.port = i;
		assert_int_equal(speaker_announce(s, &limit), 0);
	}
	speaker_free(s);
}

static void a_rule_is_read_back(void **state)
{
	const struct rule rules[] = {
		rule("198.51.100.0/24", RULE_LIMIT), rule(NULL, RULE_DISCARD),
		rule("203.0.113.9", RULE_ACCEPT),
		{.destination = prefix("2001:db8::10"), .action = RULE_BLACKHOLE},
	};
	char line[RULE_TEXT];
	struct rule back;

	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		assert_int_equal(rule_parse(rule_line(&rules[i], line), &back), 0);
		assert_true(rule_equals(&back, &rules[i]));
	}
	assert_int_equal(rule_parse("192.0.2.10 any udp 5060 explode 0", &back), -EINVAL);
	assert_int_equal(rule_parse("192.0.2.10 any udp", &back), -EINVAL);
	assert_int_equal(rule_parse("192.0.2.0/24 any udp 5060 limit 1", &back), -EINVAL);
	assert_int_equal(rule_parse("192.0.2.10 2001:db8::1 udp 5060 limit 1", &back), -EINVAL);
}

static void kept_for_the_next_start(void **state)
{
	const struct rule rules[] = {rule("198.51.100.7", RULE_LIMIT), rule(NULL, RULE_DISCARD)};
	struct kept kept, second;
	struct rule *left;
	size_t count;

	(void)state;
	assert_int_equal(kept_begin(&kept, settings.state, &left, &count, &why), 0);
	assert_int_equal(count, 0);
	assert_int_equal(kept_write(&kept, rules, 2, &why), 0);
	assert_int_equal(kept_begin(&second, settings.state, &left, &count, &why), -EBUSY);
	kept_end(&kept);
	assert_int_equal(kept_begin(&kept, settings.state, &left, &count, &why), 0);
	assert_int_equal(count, 2);
	assert_true(rule_equals(&left[0], &rules[0]) && rule_equals(&left[1], &rules[1]));
	free(left);
	assert_int_equal(kept_write(&kept, rules, 0, &why), 0);
	kept_end(&kept);
}

#define PIPES(test) cmocka_unit_test_setup_teardown(test, pipes_begin, pipes_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_keys),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(dark_only_in_words),
		PIPES(told_and_withdrawn),
		PIPES(a_pipe_that_nobody_reads),
		PIPES(what_was_never_told_is_forgotten),
		PIPES(a_file_is_no_pipe),
		PIPES(exceptions_come_first_and_go_last),
		PIPES(one_that_is_refused_holds_up_no_other),
		PIPES(pipes_that_are_made_anew),
		PIPES(exceptions_leave_room_for_rules),
		cmocka_unit_test(a_rule_is_read_back),
		PIPES(kept_for_the_next_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
