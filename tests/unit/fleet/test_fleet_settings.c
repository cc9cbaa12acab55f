// SPDX-License-Identifier: GPL-2.0-only
/* The file of a fleet: what it means, and where it is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fleet/settings.h"
#include "unit.h"

#define SERVERS "servers: [tls://nats1.example.com:4222]\n"

static char path[] = "/tmp/fleet-XXXXXX";
static struct fleet_settings *settings;
static struct error error;

static int load(const char *text)
{
	FILE *file = fopen(path, "w");
	int err;

	fputs(text, file);
	fclose(file);
	free(settings);
	settings = NULL;
	error = (struct error){};
	err = fleet_settings_load(path, &settings, &error);
	return err;
}

static void without_a_word_nothing_is_taken(void **state)
{
	(void)state;
	assert_int_equal(load("member: edge1\n" SERVERS), 0);
	assert_string_equal(settings->access.member, "edge1");
	assert_int_equal(settings->access.servers, 1);
	assert_int_equal(settings->share[FLEET_BANS], 1);
	assert_int_equal(settings->share[FLEET_PROOFS], 1);
	assert_int_equal(settings->share[FLEET_OPERATOR_BANS], 0);
	for (int kind = 0; kind < FLEET_KIND__MAX; kind++)
		assert_int_equal(fleet_mode(settings, kind, "edge2"), SG_MODE_MONITOR);
}

static void a_member_gets_what_is_less(void **state)
{
	(void)state;
	assert_int_equal(load("member: edge1\n" SERVERS
			      "take: {bans: {mode: enforce}, proofs: {mode: monitor}}\n"
			      "from: [{member: edge7, mode: off},\n"
			      "       {member: edge8, mode: enforce}]\n"),
			 0);
	assert_int_equal(fleet_mode(settings, FLEET_BANS, "edge2"), SG_MODE_ENFORCE);
	assert_int_equal(fleet_mode(settings, FLEET_BANS, "edge7"), SG_MODE_OFF);
	assert_int_equal(fleet_mode(settings, FLEET_PROOFS, "edge8"), SG_MODE_MONITOR);
}

static void mistakes_have_their_place(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} wrong[] = {
		{"member: edge1\n", 0},
		{"member: edge.1\n" SERVERS, 1},
		{SERVERS "membre: edge1\n", 2},
		{SERVERS "take: {bans: {mode: on}}\n", 2},
		{SERVERS "take:\n  bans:\n    per-minute: 0\n", 4},
		{SERVERS "take:\n  bans:\n    per-minute: -5\n", 4},
		{SERVERS "take:\n  bans:\n    per-minute: 99999999999\n", 4},
		{SERVERS "take:\n  bands: {mode: off}\n", 3},
		{SERVERS "take: enforce\n", 2},
		{SERVERS "share: {bans: maybe}\n", 2},
		{SERVERS "share: {lists: yes}\n", 2},
		{"servers: nats1.example.com\n", 1},
		{"servers: [nats1.example.com:4222]\n", 1},
		{SERVERS "tls: {certificate: /a.pem}\n", 2},
		{SERVERS "user: edge1\n", 2},
		{SERVERS "user: edge1\npassword-file: /p\ncredentials: /c\n", 2},
		{SERVERS "from: [{member: edge7}]\n", 2},
		{SERVERS "from: [{member: edge7, mode: off, why: no}]\n", 2},
		{SERVERS "from: edge7\n", 2},
		{"[]\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		if (!load(wrong[i].text))
			fail_msg("was taken: %s", wrong[i].text);
		assert_true(error.text[0]);
		if (wrong[i].line && error.line != wrong[i].line)
			fail_msg("line %u, not %u, of: %s", error.line, wrong[i].line,
				 wrong[i].text);
	}
}

static void a_password_is_the_first_line_of_its_file(void **state)
{
	char text[256], secret[] = "/tmp/secret-XXXXXX";
	int fd = mkstemp(secret);

	(void)state;
	assert_true(fd >= 0);
	snprintf(text, sizeof(text), SERVERS "member: edge1\nuser: edge1\npassword-file: %s\n",
		 secret);
	assert_int_not_equal(load(text), 0); /* it is empty */
	assert_int_equal(write(fd, "s3cret\nmore\n", 12), 12);
	close(fd);
	assert_int_equal(load(text), 0);
	assert_string_equal(settings->access.password, "s3cret");
	unlink(secret);
	assert_int_not_equal(load(text), 0);
}

/* Hosts that share one file, as nodes of a cluster do. */
static void the_environment_names_a_member(void **state)
{
	char longest[FLEET_MEMBER + 1];

	(void)state;
	memset(longest, 'x', FLEET_MEMBER);
	longest[FLEET_MEMBER] = '\0';
	setenv(FLEET_MEMBER_VARIABLE, "ip-10-0-1-23.ec2.internal", 1);
	assert_int_equal(load(SERVERS), 0);
	assert_string_equal(settings->access.member, "ip-10-0-1-23_ec2_internal");
	assert_int_equal(load("member: edge1\n" SERVERS), 0);
	assert_string_equal(settings->access.member, "ip-10-0-1-23_ec2_internal");
	setenv(FLEET_MEMBER_VARIABLE, longest + 1, 1);
	assert_int_equal(load(SERVERS), 0);
	assert_string_equal(settings->access.member, longest + 1);
	setenv(FLEET_MEMBER_VARIABLE, longest, 1); /* cut, it could be the name of another one */
	assert_int_not_equal(load(SERVERS), 0);
	setenv(FLEET_MEMBER_VARIABLE, "", 1);
	assert_int_equal(load("member: edge1\n" SERVERS), 0);
	assert_string_equal(settings->access.member, "edge1");
	unsetenv(FLEET_MEMBER_VARIABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_word_nothing_is_taken),
		cmocka_unit_test(a_member_gets_what_is_less),
		cmocka_unit_test(mistakes_have_their_place),
		cmocka_unit_test(a_password_is_the_first_line_of_its_file),
		cmocka_unit_test(the_environment_names_a_member),
	};
	int failed, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(settings);
	unlink(path);
	return failed;
}
