// SPDX-License-Identifier: GPL-2.0-only
/* Nothing that a terminal could obey leaves as it is. */
#include "unit.h"

#include "base/escape.h"

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
		cmocka_unit_test(test_what_is_no_printable_ascii_is_escaped),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_the_last_newline_of_a_format_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
