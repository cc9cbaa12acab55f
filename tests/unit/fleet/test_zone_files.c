// SPDX-License-Identifier: GPL-2.0-only
/* Prefixes of zones in files of their own: what counts as one, and which line is wrong. */
#include "config_text.h"

#include <sys/stat.h>

/* Of a fleet, and not there: no fleet may have a name with a dot. */
#define ABSENT CONFIG_FLEET_ZONES "not.there"

static struct memory_file one, two;

/* Two files, of which a zone may say PATH(one.fd). */
static void write_files(const char *first, const char *second)
{
	memory_file_end(&one);
	memory_file_end(&two);
	one = memory_file(first, strlen(first));
	two = memory_file(second, strlen(second));
}

/* A configuration with the paths of both files in place of {1} and {2}. */
static const char *with_paths(const char *text)
{
	static char all[1024];
	char *at = all;

	for (; *text; text++) {
		if (!strncmp(text, "{1}", 3) || !strncmp(text, "{2}", 3)) {
			at += sprintf(at, "%s", text[1] == '1' ? one.path : two.path);
			text += 2;
		} else {
			*at++ = *text;
		}
	}
	*at = '\0';
	return all;
}

static void a_file_has_more_of_the_prefixes(void **state)
{
	const struct zone_prefix *prefix;
	struct config *config;

	(void)state;
	write_files("# customers\n\n192.0.2.0/24 # one of them\r\n 2001:db8::/32\n", "10.0.0.1");
	config = loaded(with_paths("zones:\n"
				   "- {name: a, prefixes: [11.0.0.0/8], prefixes-file: {1}}\n"
				   "- {name: b, prefixes-file: {2}}\n"));
	prefix = config->prefixes;
	assert_int_equal(config->prefix_count, 4);
	assert_int_equal(config->entry_count, 4);
	assert_int_equal(prefix[0].zone, 1);
	assert_int_equal(prefix[1].zone, 1);
	assert_int_equal(prefix[1].prefix.length, 96 + 24);
	assert_memory_equal(prefix[1].prefix.address, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02", 16);
	assert_int_equal(prefix[2].prefix.length, 32);
	assert_int_equal(prefix[3].zone, 2);
	assert_int_equal(prefix[3].prefix.length, 128);
	/* It is a zone like any other: known, with a total of its own. */
	assert_int_equal(config->kernel.zone[2].known, 1);
	assert_true(config->kernel.total[sg_zone_total(2)].rate);
	config_free(config);
}

static void a_mistake_has_its_file_line_and_zone(void **state)
{
	static const struct {
		const char *first, *second, *says;
	} cases[] = {
		{"192.0.2.0/24\n\n# x\n192.0.2.1/24\n", "", "line 4: '192.0.2.1/24' has host bits"},
		{"sip.example.com", "", "line 1: 'sip.example.com' is not an address"},
		{"1::1\n::/0\n", "", "line 2: '::/0' is too wide for a zone; write 2000::/3"},
		{"\n10.0.0.0/8\n", "", "line 2: '10.0.0.0/8' is in zone 'own' already"},
		{"1::1\n1::2\n1::1\n", "", "line 3: '1::1' is in zone 'a' already"},
		{"# nobody\n", "", ": there is no prefix in it"},
		{"192.0.2.0/24\n\xff\xfe\n", "", "line 2: '\?\?' is not"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char says[160];

		write_files(cases[i].first, cases[i].second);
		snprintf(says, sizeof(says), "zone 'a', %s%s%s", one.path,
			 cases[i].says[0] == ':' ? "" : " ", cases[i].says);
		assert_refused(&(struct bad){4, 18, says, with_paths(
			       "zones:\n- {name: own, prefixes: [10.0.0.0/8]}\n"
			       "- name: a\n  prefixes-file: {1}\n")});
	}
	/* Of two files the second is named; of a list that comes behind a file, its place. */
	write_files("1::1\n1::2\n", "1::3\n1::2\n");
	assert_refused(&(struct bad){3, 29, "line 2: '1::2' is in zone 'a' already", with_paths(
		       "zones:\n- {name: a, prefixes-file: {1}}\n"
		       "- {name: b, prefixes-file:  {2}}\n")});
	assert_refused(&(struct bad){3, 30, "'1::2' is in zone 'a' already", with_paths(
		       "zones:\n- {name: a, prefixes-file: {1}}\n"
		       "- {name: b, prefixes: [3::1, 1::2]}\n")});
}

static void what_is_no_file_is_refused(void **state)
{
	static char longest[ZONE_FILE_PATH + 80];
	static const struct bad cases[] = {
		{2, 28, "from / on", "zones:\n- {name: a, prefixes-file: list.txt}\n"},
		{2, 28, "from / on", "zones:\n- {name: a, prefixes-file: ''}\n"},
		{2, 28, "zone 'a', /dev/zero: it is no plain file",
		 "zones:\n- {name: a, prefixes-file: /dev/zero}\n"},
		{2, 28, "zone 'a', /tmp: it is no plain file",
		 "zones:\n- {name: a, prefixes-file: /tmp}\n"},
		{2, 28, "zone 'a', /no/such: cannot read it: No such file or directory",
		 "zones:\n- {name: a, prefixes-file: /no/such}\n"},
		/* Below the folder of the fleet is not in it. */
		{2, 28, "cannot read it: No such file",
		 "zones:\n- {name: a, prefixes-file: " CONFIG_FLEET_ZONES "x/y}\n"},
		{2, 28, "'prefixes-file' must be one word, not a list",
		 "zones:\n- {name: a, prefixes-file: [/tmp/a]}\n"},
		{1, 1, "unknown key 'prefixes-file' at the top level", "prefixes-file: /tmp/a\n"},
		{1, 13, "unknown key 'prefixes-file' in profiles",
		 "profiles: [{prefixes-file: /tmp/a}]\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
	snprintf(longest, sizeof(longest), "zones:\n- {name: a, prefixes-file: /%0*d}\n",
		 ZONE_FILE_PATH - 1, 0);
	assert_refused(&(struct bad){2, 28, "at most 255 bytes", longest});
}

static void too_much_is_refused(void **state)
{
	const char *text = "zones: [{name: a, prefixes: [9.9.9.9], prefixes-file: {1}}]\n";
	char line[16];

	(void)state;
	write_files("", "");
	for (int i = 1; i < SG_ZONE_ENTRIES; i++)
		assert_true(dprintf(one.fd, "1.1.%d.%d\n", i >> 8, i & 255) > 0);
	config_free(loaded(with_paths(text)));
	snprintf(line, sizeof(line), "1.1.0.0\n");
	assert_int_equal(write(one.fd, line, strlen(line)), strlen(line));
	assert_refused(&(struct bad){1, 8, "65537 prefixes together, and 65536 is the most",
				     with_paths(text)});
	assert_int_equal(ftruncate(one.fd, ZONE_FILE_SIZE + 1), 0);
	assert_refused(&(struct bad){1, 55, "it is larger than 4096 KiB", with_paths(text)});
}

/* Before the fleet has published it: a zone that nobody is in yet, which is said. */
static void what_a_fleet_has_not_published_is_empty(void **state)
{
	char text[512];
	struct config *config = loaded("zones: [{name: a, prefixes-file: " ABSENT "}]\n");
	size_t next = 0;

	(void)state;
	assert_int_equal(config->prefix_count, 0);
	assert_int_equal(config->entry_count, 0);
	assert_int_equal(config->kernel.zone[1].known, 1);
	assert_true(config->file[1].absent);
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_non_null(strstr(text, "zone 'a': there is no " ABSENT));
	assert_false(config_doubt(config, &next, text, sizeof(text)));
	config_free(config);
	/* Others of the same file are there. */
	config = loaded("zones: [{name: a, prefixes: [1::1], prefixes-file: " ABSENT "}]\n");
	assert_int_equal(config->prefix_count, 1);
	config_free(config);
}

/* Who is in no zone is refused there, so a zone that nobody is in yet would lock customers out. */
static void a_closed_zone_does_not_wait_for_its_file(void **state)
{
	struct config *config;

	(void)state;
	assert_refused(&(struct bad){1, 67, "zone 'a' is closed, and there is no " ABSENT,
		"zones: [{name: a, closed: yes, interfaces: [eth1], prefixes-file: "
		ABSENT "}]\n"});
	assert_refused(&(struct bad){2, 63, "zone 'a' is closed, and there is no " ABSENT,
		"closed: yes\nzones: [{name: b, prefixes: [1::1]}, {name: a, prefixes-file: "
		ABSENT "}]\n"});
	config = loaded("closed: yes\nzones: [{name: b, prefixes: [1::1]}, {name: a, closed: no, "
			"interfaces: [eth1], prefixes-file: " ABSENT "}]\n");
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_has_more_of_the_prefixes),
		cmocka_unit_test(a_mistake_has_its_file_line_and_zone),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(what_a_fleet_has_not_published_is_empty),
		cmocka_unit_test(a_closed_zone_does_not_wait_for_its_file),
	};

	one = memory_file("", 0);
	two = memory_file("", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
