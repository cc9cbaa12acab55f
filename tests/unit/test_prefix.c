// SPDX-License-Identifier: GPL-2.0-only
/* Addresses, prefixes, flows to ban, list files. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/prefix.h"
#include "named/source.h"

static struct error why;

static struct prefix parsed(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix, &why), 0);
	return prefix;
}

static void test_prefixes_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *formatted;
		int family;
		__u32 length;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.0/24", AF_INET, 24},
		{"192.0.2.1", "192.0.2.1", AF_INET, 32},
		{"192.0.2.1/32", "192.0.2.1", AF_INET, 32},
		{"192.0.2.254/31", "192.0.2.254/31", AF_INET, 31},
		{"0.0.0.0/0", "0.0.0.0/0", AF_INET, 0},
		{"128.0.0.0/1", "128.0.0.0/1", AF_INET, 1},
		{"2001:DB8::/32", "2001:db8::/32", AF_INET6, 32},
		{"2001:db8::1", "2001:db8::1", AF_INET6, 128},
		{"2001:db8:0:8000::/49", "2001:db8:0:8000::/49", AF_INET6, 49},
		{"::/0", "::/0", AF_INET6, 0},
		{"1:2:3:4:5:6:7:8/127", "1:2:3:4:5:6:7:8/127", AF_INET6, 127},
	};
	char text[PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix prefix = parsed(cases[i].text);

		assert_int_equal(prefix.family, cases[i].family);
		assert_int_equal(prefix.length, cases[i].length);
		prefix_format(&prefix, text, sizeof(text));
		assert_string_equal(text, cases[i].formatted);
	}
	assert_memory_equal(parsed("198.51.100.7").address,
			    "\xc6\x33\x64\x07\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void test_bad_prefixes_are_explained(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "not an address"},
		{"/", "not an address"},
		{"/24", "not an address"},
		{"carrier.example", "not an address"},
		{"192.0.2", "not an address"},
		{"192.0.2.256", "not an address"},
		{"192.0.2.010", "not an address"},
		{" 192.0.2.1", "not an address"},
		{"192.0.2.1 ", "not an address"},
		{"192.0.2.1:5060", "not an address"},
		{"fe80::1%eth0", "not an address"},
		{"2001:db8::1::", "not an address"},
		{"1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20", "not an address"},
		{"192.0.2.0/", "IPv4 takes 0 to 32"},
		{"192.0.2.0/33", "IPv4 takes 0 to 32"},
		{"192.0.2.0/-1", "IPv4 takes 0 to 32"},
		{"192.0.2.0/+24", "IPv4 takes 0 to 32"},
		{"192.0.2.0/024", "IPv4 takes 0 to 32"},
		{"192.0.2.0/24/24", "IPv4 takes 0 to 32"},
		{"192.0.2.0/255.255.255.0", "IPv4 takes 0 to 32"},
		{"192.0.2.0/18446744073709551640", "IPv4 takes 0 to 32"},
		{"2001:db8::/129", "IPv6 takes 0 to 128"},
		{"192.0.2.1/24", "write 192.0.2.0/24 for the prefix, or 192.0.2.1 for the"},
		{"192.0.2.128/24", "write 192.0.2.0/24"},
		{"1.0.0.0/0", "write 0.0.0.0/0"},
		{"2001:db8::1/64", "write 2001:db8::/64"},
		{"2001:db8:0:c000::/49", "write 2001:db8:0:8000::/49"},
		{"::ffff:192.0.2.1", "write it as IPv4"},
		{"::ffff:0.0.0.0/96", "write it as IPv4"},
		{"\x1b[31m\xff", "'?[31m?'"},
	};
	struct prefix prefix;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&prefix, 0xa5, sizeof(prefix));
		why = (struct error){};
		assert_int_equal(prefix_parse(cases[i].text, &prefix, &why), -EINVAL);
		if (!strstr(why.text, cases[i].why))
			fail_msg("'%s': '%s' lacks '%s'", cases[i].text, why.text, cases[i].why);
		assert_int_equal(prefix.length, 0xa5a5a5a5);
	}
}

static void test_a_prefix_contains(void **state)
{
	static const struct {
		const char *outer, *inner;
		bool contains;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.0/24", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "192.0.0.0/16", false},
		{"192.0.2.0/24", "192.0.2.0/23", false},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.0", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "192.0.2.1", false},
		{"2001:db8::/33", "2001:db8:7fff::/48", true},
		{"2001:db8::/33", "2001:db8:8000::/48", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix outer = parsed(cases[i].outer), inner = parsed(cases[i].inner);

		assert_int_equal(prefix_contains(&outer, &inner), cases[i].contains);
	}
}

static void test_bans_are_keyed_as_the_data_path_does(void **state)
{
	static const __u8 mapped[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	static const __u8 full[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 9, 0, 1, 0, 2, 0, 3, 0, 4};
	static const __u8 upper[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 9};
	struct sg_flow_key key;

	(void)state;
	assert_int_equal(flow_parse("192.0.2.1", NULL, &key, &why), 0);
	assert_memory_equal(key.address, mapped, sizeof(mapped));
	assert_int_equal(key.family, 4);
	assert_int_equal(key.port, 0);
	assert_int_equal(key.transport, 0);

	assert_int_equal(flow_parse("192.0.2.1:5060", "tcp", &key, &why), 0);
	assert_memory_equal(key.address, mapped, sizeof(mapped));
	assert_int_equal(key.port, htons(5060));
	assert_int_equal(key.transport, IPPROTO_TCP);

	/* A source is the /64, a flow is one host of it. */
	assert_int_equal(flow_parse("2001:db8:0:9:1:2:3:4", NULL, &key, &why), 0);
	assert_memory_equal(key.address, upper, sizeof(upper));
	assert_int_equal(key.family, 6);
	assert_int_equal(flow_parse("[2001:db8:0:9:1:2:3:4]:5062", NULL, &key, &why),
			 0);
	assert_memory_equal(key.address, full, sizeof(full));
	assert_int_equal(key.family, 6);
	assert_int_equal(key.port, htons(5062));
	assert_int_equal(key.transport, IPPROTO_UDP);
}

static void test_bans_are_written_as_they_are_read(void **state)
{
	static const struct {
		const char *text, *formatted;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1/32", "192.0.2.1"},
		{"192.0.2.1:65535", "192.0.2.1:65535"},
		{"2001:db8::1", "2001:db8::/64"},
		{"2001:db8:0:5::/64", "2001:db8:0:5::/64"},
		{"[2001:db8::1]:1", "[2001:db8::1]:1"},
		{"[2001:db8:0:5::/128]:1", "[2001:db8:0:5::]:1"},
	};
	struct sg_flow_key key, again;
	char text[PREFIX_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(flow_parse(cases[i].text, NULL, &key, &why), 0);
		flow_format(&key, text, sizeof(text));
		assert_string_equal(text, cases[i].formatted);
		assert_int_equal(flow_parse(text, NULL, &again, &why), 0);
		assert_memory_equal(&key, &again, sizeof(key));
	}
}

static void test_bad_bans_are_explained(void **state)
{
	static const struct {
		const char *text, *transport, *why;
	} cases[] = {
		{"", NULL, "not an address"},
		{":", NULL, "not an address"},
		{":5060", NULL, "not an address"},
		{"[", NULL, "not an address"},
		{"[:5060", NULL, "not an address"},
		{"]:5060", NULL, "not an address"},
		{"[]:5060", NULL, "not an address"},
		{"[2001:db8::1]", NULL, "not an address"},
		{"[2001:db8::1]5060", NULL, "not an address"},
		{"192.0.2.1:", NULL, "ports are 1 to 65535"},
		{"192.0.2.1:0", NULL, "ports are 1 to 65535"},
		{"192.0.2.1:65536", NULL, "ports are 1 to 65535"},
		{"192.0.2.1:sip", NULL, "ports are 1 to 65535"},
		{"192.0.2.1:05060", NULL, "ports are 1 to 65535"},
		{"192.0.2.0/24", NULL, "`sipguard deny add`"},
		{"2001:db8::/48", NULL, "`sipguard deny add`"},
		{"2001:db8::/65", NULL, "`sipguard deny add`"},
		{"192.0.2.0/24:5060", NULL, "`sipguard deny add`"},
		{"[2001:db8::/64]:5060", NULL, "a flow is of one"},
		{"192.0.2.1", "udp", "needs a port"},
		{"192.0.2.1:5060", "tls", "udp or tcp"},
		{"192.0.2.1:5060", "UDP", "udp or tcp"},
	};
	struct sg_flow_key key;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&key, 0xa5, sizeof(key));
		why = (struct error){};
		assert_int_equal(flow_parse(cases[i].text, cases[i].transport, &key, &why),
				 -EINVAL);
		if (!strstr(why.text, cases[i].why))
			fail_msg("'%s': '%s' lacks '%s'", cases[i].text, why.text, cases[i].why);
		assert_int_equal(key.family, 0xa5);
	}
}

/* source_read() of a file with this content. */
static int list_file(const char *content, size_t size, struct prefix **prefixes, size_t *count,
		     size_t *line)
{
	struct memory_file file = memory_file(content, size);
	struct source source;
	int err;

	*prefixes = NULL;
	*count = 12345;
	*line = 12345;
	why = (struct error){};
	err = source_read(file.path, &(struct source_wish){.format = SOURCE_TEXT}, &source, &why);
	*line = why.line;
	if (!err) {
		*prefixes = source.count ? calloc(source.count, sizeof(**prefixes)) : NULL;
		*count = source.count;
		for (size_t i = 0; i < source.count; i++)
			(*prefixes)[i] = source.item[i].prefix;
	}
	source_free(&source);
	memory_file_end(&file);
	return err;
}

static void test_list_file(void **state)
{
	static const char content[] = "# carriers\n"
				      "\n"
				      "192.0.2.0/24\n"
				      "  198.51.100.7\t# the office\r\n"
				      "\t \r\n"
				      "2001:db8::/32#home\n"
				      "192.0.2.0/24"; /* again, and without a line end */
	struct prefix *prefixes;
	size_t count, line;

	(void)state;
	assert_int_equal(list_file(content, sizeof(content) - 1, &prefixes, &count, &line), 0);
	assert_int_equal(count, 4);
	assert_int_equal(prefixes[0].length, 24);
	assert_memory_equal(prefixes[1].address, "\xc6\x33\x64\x07", 4);
	assert_int_equal(prefixes[2].family, AF_INET6);
	assert_int_equal(prefixes[3].length, 24);
	free(prefixes);

	assert_int_equal(list_file("", 0, &prefixes, &count, &line), 0);
	assert_int_equal(count, 0);
	assert_null(prefixes);
	assert_int_equal(list_file("# nobody", 8, &prefixes, &count, &line), 0);
	assert_int_equal(count, 0);
	assert_int_equal(list_file("\xef\xbb\xbf" "192.0.2.1\n", 13, &prefixes, &count, &line), 0);
	assert_int_equal(count, 1);
	assert_int_equal(prefixes[0].length, 32);
	free(prefixes);
}

static void test_bad_list_file_names_the_line_and_gives_nothing(void **state)
{
	static const struct {
		const char *content;
		size_t size, line;
		const char *why;
	} cases[] = {
#define TEXT(content) content, sizeof(content) - 1
		{TEXT("192.0.2.1\n\n# x\n192.0.2.256\n192.0.2.2\n"), 4, "not an address"},
		{TEXT("192.0.2.1 192.0.2.2\n"), 1, "not an address"},
		{TEXT("192.0.2.1\n192.0.2.1/24"), 2, "host bits"},
		{TEXT("192.0.2.1\n192.0.2.2\0\n"), 2, "NUL"},
		{TEXT("# \0\n"), 1, "NUL"},
		{TEXT("\n; spamhaus\n"), 2, "not an address"},
#undef TEXT
	};
	struct prefix *prefixes;
	size_t count, line;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(list_file(cases[i].content, cases[i].size, &prefixes, &count,
					   &line), -EINVAL);
		assert_int_equal(line, cases[i].line);
		if (!strstr(why.text, cases[i].why))
			fail_msg("case %zu: '%s' lacks '%s'", i, why.text, cases[i].why);
		assert_null(prefixes);
		assert_int_equal(count, 12345);
	}
}

static void test_list_file_of_endless_lines(void **state)
{
	static char content[100000];
	struct prefix *prefixes;
	size_t count, line;

	(void)state;
	memset(content, '1', sizeof(content));
	assert_int_equal(list_file(content, sizeof(content), &prefixes, &count, &line), -EINVAL);
	assert_int_equal(line, 1);
	assert_non_null(strstr(why.text, "one prefix a line"));
	content[0] = '#'; /* a comment may be as long as it likes */
	assert_int_equal(list_file(content, sizeof(content), &prefixes, &count, &line), 0);
}

static void test_unreadable_list_files(void **state)
{
	static const struct source_wish any;
	struct source source;

	(void)state;
	why = (struct error){};
	assert_int_equal(source_read("/nowhere/list", &any, &source, &why), -ENOENT);
	assert_int_equal(why.line, 0);
	assert_int_equal(why.code, -ENOENT);
	assert_non_null(strstr(why.text, "No such file"));
	assert_int_equal(source_read("/", &any, &source, &why), -EISDIR);
	assert_null(source.item);
}

/* What a list may hold is read; one more is refused, with its line. */
static void test_largest_list_file(void **state)
{
	size_t count, line, size = 0, room = (SG_LIST_ENTRIES + 1) * sizeof("255.255.255.255");
	char *content = malloc(room);
	struct prefix *prefixes;

	(void)state;
	assert_non_null(content);
	for (__u32 i = 0; i <= SG_LIST_ENTRIES; i++)
		size += snprintf(content + size, room - size, "10.%u.%u.%u\n", i >> 16,
				 i >> 8 & 255, i & 255);
	assert_int_equal(list_file(content, size, &prefixes, &count, &line), -EINVAL);
	assert_int_equal(line, SG_LIST_ENTRIES + 1);
	assert_non_null(strstr(why.text, "a list holds no more"));
	size -= sizeof("10.32.0.0\n") - 1;
	assert_int_equal(list_file(content, size, &prefixes, &count, &line), 0);
	assert_int_equal(count, SG_LIST_ENTRIES);
	free(prefixes);
	free(content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes_are_read_and_written),
		cmocka_unit_test(test_bad_prefixes_are_explained),
		cmocka_unit_test(test_a_prefix_contains),
		cmocka_unit_test(test_bans_are_keyed_as_the_data_path_does),
		cmocka_unit_test(test_bans_are_written_as_they_are_read),
		cmocka_unit_test(test_bad_bans_are_explained),
		cmocka_unit_test(test_list_file),
		cmocka_unit_test(test_bad_list_file_names_the_line_and_gives_nothing),
		cmocka_unit_test(test_list_file_of_endless_lines),
		cmocka_unit_test(test_unreadable_list_files),
		cmocka_unit_test(test_largest_list_file),
	};

	return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
