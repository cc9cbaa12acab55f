// SPDX-License-Identifier: GPL-2.0-only
/*
 * Labels: complete, distinct, and fit for YAML keys, JSON keys and the command line. And nothing
 * that a terminal could obey leaves as it is.
 */
#include "unit.h"

#include <errno.h>

#include "base/escape.h"
#include "base/names.h"

static void assert_labels(const char *const *labels, size_t count, const char *allowed)
{
	for (size_t i = 0; i < count; i++) {
		const char *label = labels[i];

		assert_non_null(label);
		assert_in_range(strlen(label), 1, 40);
		assert_int_equal(strspn(label, allowed), strlen(label));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(label, labels[j]);
	}
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"

static void test_every_number_has_its_own_label(void **state)
{
	const char *reasons[SG_REASON__MAX] = {};

	(void)state;
	for (int i = 0; i < SG_REASON__MAX; i++)
		reasons[i] = reason_texts[i].label;
	assert_labels(reasons, COUNT(reasons), LOWER "0123456789-");
	assert_labels(class_names, SG_CLASS__MAX, LOWER);
	assert_labels(method_names, SG_METHOD__MAX, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	assert_labels(limit_keys, SG_LIMIT__MAX, LOWER "-");
	assert_labels(total_keys, SG_TOTAL__MAX, LOWER "-");
	assert_labels(mode_names, SG_MODE__MAX, LOWER);
}

static void test_every_event_is_explained(void **state)
{
	(void)state;
	for (int event = 0; event < SG_COUNT__MAX; event++) {
		const char *help = count_helps[event];

		assert_int_equal(count_find(count_names[event]), event);
		assert_true(reason_find(count_names[event]) < 0); /* `explain` takes both */
		assert_true(strlen(help) > 20 && help[strlen(help) - 1] == '.');
	}
	assert_int_equal(count_find("sunshine"), -EINVAL);
}

static void test_every_reason_is_explained(void **state)
{
	(void)state;
	assert_string_equal(reason_texts[SG_REASON_NONE].label, "none");
	for (int i = 1; i < SG_REASON__MAX; i++) {
		const struct reason_text *text = &reason_texts[i];

		assert_true(*text->reference);
		assert_in_range(text->mode, SG_MODE_OFF, SG_MODE_ENFORCE);
		/* One sentence at least, with its full stop. */
		assert_true(strlen(text->help) > 20);
		assert_int_equal(text->help[strlen(text->help) - 1], '.');
	}
}

/* A message shows by itself what rule of grammar it breaks; one packet reaches no limit. */
static void test_what_needs_state(void **state)
{
	(void)state;
#define X(number, ...) assert_false(reason_texts[number].stateful);
	SIP_RULES(X)
#undef X
#define X(name, key, rate, burst, reason, ...)                                                    \
	assert_true(reason_texts[SG_REASON_##reason].stateful);
	SG_LIMITS(X)
#undef X
}

static void test_labels_are_found_again(void **state)
{
	(void)state;
	for (int i = 0; i < SG_REASON__MAX; i++)
		assert_int_equal(reason_find(reason_texts[i].label), i);
	for (int i = 0; i < SG_MODE__MAX; i++)
		assert_int_equal(mode_find(mode_names[i]), i);
}

static void test_numbers_of_scripts_stay(void **state)
{
	(void)state;
	/* Captures and dashboards keep these numbers: a row that moves breaks them. */
	assert_int_equal(reason_find("deny-list"), 1);
	assert_int_equal(reason_find("garbage"), 7);
	assert_int_equal(reason_find("limit-source"), 9);
	assert_int_equal(reason_find("ipv6-chain"), 17);
}

static void test_what_is_no_label_is_not_found(void **state)
{
	static const char *const words[] = {"", "Garbage", "GARBAGE", "garbag", "garbage ", "7"};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		assert_int_equal(reason_find(words[i]), -EINVAL);
	assert_int_equal(mode_find("Off"), -EINVAL);
	assert_int_equal(mode_find(""), -EINVAL);
	assert_int_equal(mode_find("on"), -EINVAL);
}

/* --- what is not ours to print --- */

static const struct {
	const char *text;
	const char *escaped;
} cases[] = {
	{"", ""},
	{"eth0", "eth0"},
	{" ~\\'\"", " ~\\'\""},
	{"a\x1b[31mb", "a\\x1b[31mb"},
	{"a\nb\tc\rd\x7f", "a\\x0ab\\x09c\\x0dd\\x7f"},
	{"\x9b" "2J", "\\x9b2J"},          /* CSI as one byte */
	{"\xc2\x9b" "2J", "\\xc2\\x9b2J"}, /* the same in UTF-8 */
	{"M\xc3\xa4rz", "M\\xc3\\xa4rz"},
	{"\xe2\x80\xae" "fdp", "\\xe2\\x80\\xaefdp"}, /* right to left */
	{"\xff\xc2", "\\xff\\xc2"},
};

static void test_what_is_no_printable_ascii_is_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *escaped = escape(cases[i].text);

		assert_string_equal(escaped, cases[i].escaped);
		free(escaped);
	}
}

static void test_each_byte(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		char text[2] = {byte}, *escaped = escape(text);

		for (char *c = escaped; *c; c++)
			assert_in_range((unsigned char)*c, ' ', '~');
		assert_int_equal(strlen(escaped), byte >= ' ' && byte <= '~' ? 1 : 4);
		free(escaped);
	}
}

/* Of a newline in an argument nothing is left but its number; that at the end is ours. */
static void test_the_last_newline_of_a_format_is_printed(void **state)
{
	char text[64] = "";
	FILE *to = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(to);
	escape_printf(to, "%s: %d\n", "a\nb", 7);
	escape_printf(to, "%s|", "\n");
	fclose(to);
	assert_string_equal(text, "a\\x0ab: 7\n\\x0a|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number_has_its_own_label),
		cmocka_unit_test(test_every_reason_is_explained),
		cmocka_unit_test(test_every_event_is_explained),
		cmocka_unit_test(test_what_needs_state),
		cmocka_unit_test(test_labels_are_found_again),
		cmocka_unit_test(test_numbers_of_scripts_stay),
		cmocka_unit_test(test_what_is_no_label_is_not_found),
		cmocka_unit_test(test_what_is_no_printable_ascii_is_escaped),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_the_last_newline_of_a_format_is_printed),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
