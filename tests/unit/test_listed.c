// SPDX-License-Identifier: GPL-2.0-only
/*
 * The marks that say in which /16 an IPv4 prefix is listed: too few would let denied packets by.
 * The files that lists come from.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "abi.h"
#include "named/source.h"

static __u64 listed4[SG_LISTED_BLOCKS / 64];

static void mark(const char *address, __u32 length)
{
	struct in_addr parsed;

	assert_int_equal(inet_pton(AF_INET, address, &parsed), 1);
	sg_listed4_set(listed4, (const __u8 *)&parsed, length);
}

static unsigned int marked(void)
{
	unsigned int count = 0;

	for (size_t i = 0; i < SG_LISTED_BLOCKS / 64; i++)
		count += __builtin_popcountll(listed4[i]);
	return count;
}

/* As a packet from there asks. */
static bool is_marked(unsigned int first, unsigned int second)
{
	unsigned int block = first << 8 | second;

	return listed4[block / 64] >> block % 64 & 1;
}

static int setup(void **state)
{
	(void)state;
	memset(listed4, 0, sizeof(listed4));
	return 0;
}

static void test_a_longer_prefix_marks_its_block(void **state)
{
	(void)state;
	mark("192.0.2.1", 32);
	mark("192.0.2.0", 24);
	mark("198.18.0.0", 16);
	assert_true(is_marked(192, 0));
	assert_true(is_marked(198, 18));
	assert_int_equal(marked(), 2);
}

static void test_a_shorter_prefix_marks_all_of_its_blocks(void **state)
{
	(void)state;
	mark("198.18.0.0", 15);
	assert_true(is_marked(198, 18) && is_marked(198, 19));
	assert_int_equal(marked(), 2);
	mark("10.0.0.0", 8);
	assert_true(is_marked(10, 0) && is_marked(10, 255));
	assert_false(is_marked(9, 255) || is_marked(11, 0));
	assert_int_equal(marked(), 2 + 256);
}

static void test_the_ends_of_the_address_space(void **state)
{
	(void)state;
	mark("255.255.255.255", 32);
	mark("0.0.0.0", 32);
	assert_true(is_marked(255, 255) && is_marked(0, 0));
	assert_int_equal(marked(), 2);
	mark("0.0.0.0", 0);
	assert_int_equal(marked(), SG_LISTED_BLOCKS);
}

/* Bits of the host are no reason to write beyond the table. */
static void test_host_bits_do_not_count(void **state)
{
	(void)state;
	mark("255.255.255.255", 0);
	assert_int_equal(marked(), SG_LISTED_BLOCKS);
}

/* --- files --- */

static struct error why;

/* What was read of a file with this content, "PREFIX PREFIX+SECONDS"; or "LINE: what is wrong". */
static const char *read_as(const struct source_wish *wish, const char *content, size_t size)
{
	struct memory_file file = memory_file(content, size);
	static char text[4096];
	char prefix[PREFIX_TEXT];
	struct source source;
	size_t length = 0;

	why = (struct error){};
	text[0] = '\0';
	if (source_read(file.path, wish, &source, &why))
		snprintf(text, sizeof(text), "%u: %s", why.line, why.text);
	for (size_t i = 0; i < source.count; i++) {
		const struct source_item *item = &source.item[i];

		prefix_format(&item->prefix, prefix, sizeof(prefix));
		length += snprintf(text + length, sizeof(text) - length, "%s%s", i ? " " : "",
				   prefix);
		if (item->seconds)
			length += snprintf(text + length, sizeof(text) - length, "+%u",
					   item->seconds);
	}
	source_free(&source);
	memory_file_end(&file);
	return text;
}

struct file_case {
	const char *content, *column;
	const char *expected; /* all that was read, or how what is wrong begins */
};

static void check_files(const struct file_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct source_wish wish = {.column = cases[i].column};
		const char *text = read_as(&wish, cases[i].content, strlen(cases[i].content));

		if (strncmp(text, cases[i].expected, strlen(cases[i].expected)) ||
		    (!why.text[0] && strcmp(text, cases[i].expected)))
			fail_msg("case %zu: '%s', wanted '%s'", i, text, cases[i].expected);
	}
}

#define CREATE "create bad hash:net family inet hashsize 1024 maxelem 65536 timeout 0\n"

static void test_sets_of_ipset(void **state)
{
	static const struct file_case cases[] = {
		{CREATE "add bad 192.0.2.0/24 timeout 300\nadd bad 198.51.100.7\n", NULL,
		 "192.0.2.0/24+300 198.51.100.7"},
		{CREATE, NULL, ""},
		{"add a 192.0.2.1 packets 0 bytes 0 timeout 5 comment \"timeout 7 nomatch\"\n",
		 NULL, "192.0.2.1+5"},
		{"create b hash:ip family inet6\nadd b 2001:db8::1 timeout 0\n", NULL,
		 "2001:db8::1"},
		{CREATE "add bad 192.0.2.1\nadd bad 192.0.2.300\n", NULL,
		 "3: '192.0.2.300' is not"},
		{CREATE "add bad 192.0.2.1,udp:5060\n", NULL, "2: '192.0.2.1,udp:5060' is more"},
		{CREATE "add bad 192.0.2.0/24 nomatch\n", NULL, "2: 'nomatch' makes"},
		{CREATE "add bad 192.0.2.1 timeout\n", NULL, "2: '' is not a timeout"},
		{CREATE "add bad 192.0.2.1 timeout 9999999999\n", NULL, "2: '9999999999' is not"},
		{CREATE "add bad\n", NULL, "2: write `add SET PREFIX`"},
		{CREATE "192.0.2.1\n", NULL, "2: '192.0.2.1' is nothing that `ipset save`"},
	};

	(void)state;
	check_files(cases, COUNT(cases));
}

static void test_answers_of_apiban(void **state)
{
	static const struct file_case cases[] = {
		{"{\"ipaddress\": [\"192.0.2.1\", \"2001:db8::1\"], \"ID\": \"1700000000\"}", NULL,
		 "192.0.2.1 2001:db8::1"},
		{" \n{\"ID\":\"1\",\"ipaddress\":[\"192.0.2.1\"]}\n"
		 "{\"ipaddress\":[\"192.0.2.2\"]}\n", NULL, "192.0.2.1 192.0.2.2"},
		/* To replace a list by nothing is not what they mean. */
		{"{\"ipaddress\":[\"no new bans\"], \"ID\":\"none\"}", NULL,
		 "0: it has no addresses: APIBAN said 'no new bans'"},
		{"{\"ipaddress\":\"rate limit exceeded\", \"ID\":\"unauthorized\"}", NULL,
		 "0: it has no addresses: APIBAN said 'rate limit exceeded'"},
		{"{\"ipaddress\":[\"192.0.2.1\", \"not blocked\"], \"ID\":\"7\"}", NULL,
		 "0: ipaddress 2: 'not blocked' is not an address"},
		{"{\"ipaddress\":[7]}", NULL, "0: ipaddress 1 is no string"},
		{"{\"ipaddress\":\"192.0.2.1\"}", NULL, "0: \"ipaddress\" is no array"},
		{"{\"error\": true}", NULL, "0: there is no \"ipaddress\" in it"},
		{"{\"ipaddress\":\n[\"192.0.2.1\"", NULL, "2: this is no JSON: "},
		{"{\"ipaddress\":[\"192.0.2.1\"]} nonsense", NULL, "0: this is no JSON: "},
	};

	(void)state;
	check_files(cases, COUNT(cases));
}

static void test_tables(void **state)
{
	static const struct file_case cases[] = {
		{"country,ip,reports\nDE,192.0.2.1,7\nFR,\"198.51.100.0/24\",9\n", NULL,
		 "192.0.2.1 198.51.100.0/24"},
		{"192.0.2.1,DE\n2001:db8::/32,FR\n", NULL, "192.0.2.1 2001:db8::/32"},
		{"who;where\n\"a;b \"\"c\"\"\";192.0.2.1\n", "where", "192.0.2.1"},
		{"who\tWHERE\n#1\t192.0.2.1\n", "where", "192.0.2.1"},
		{"DE,192.0.2.1\nFR,192.0.2.2\n", "2", "192.0.2.1 192.0.2.2"},
		{"land,wer\nFR,192.0.2.2\n", "2", "192.0.2.2"},
		{"DE,192.0.2.300\n", "2", "1: '192.0.2.300' is not"},
		{"ip,n\n192.0.2.1,1\n192.0.2.1/24,2\n", NULL, "3: '192.0.2.1/24' has host bits"},
		{"n,ip\n1,192.0.2.1\n2\n", NULL, "3: there is no column 2"},
		{"a,b\n1,192.0.2.1\n", NULL, "1: no column here has a name for addresses"},
		{"a,b\n1,192.0.2.1\n", "c", "1: there is no column 'c'"},
		{"n,ip\n1,\"192.0.2.1\n", NULL, "2: a quoted field does not end"},
	};

	(void)state;
	check_files(cases, COUNT(cases));
}

/* --- a MaxMind DB, made here: https://maxmind.github.io/MaxMind-DB --- */

#define NODES 512
#define LEAF 0x80000000U /* and the offset of its data */

struct db {
	__u32 record[NODES][2]; /* 0: empty */
	__u32 nodes;
	unsigned char data[256], file[8192];
	size_t data_size, size;
};

static __u32 *db_record(struct db *db, const char *address, __u32 length)
{
	__u8 bits[16];
	__u32 *record = NULL;
	__u32 node = 0;

	assert_int_equal(inet_pton(AF_INET6, address, bits), 1);
	for (__u32 i = 0; i < length; i++) {
		if (record && !*record)
			*record = db->nodes++;
		node = record ? *record : 0;
		record = &db->record[node][bits[i / 8] >> (7 - i % 8) & 1];
	}
	assert_true(db->nodes < NODES);
	return record;
}

static void put(unsigned char *to, size_t *size, const void *bytes, size_t count)
{
	memcpy(to + *size, bytes, count);
	*size += count;
}

#define PUT(to, size, text) put(to, size, text, sizeof(text) - 1)

/* {"country": {"iso_code": code}, "autonomous_system_number": number} for a network. */
static void db_add(struct db *db, const char *address, __u32 length, const char *code,
		   unsigned char number)
{
	*db_record(db, address, length) = LEAF | db->data_size;
	PUT(db->data, &db->data_size, "\xe2\x47" "country" "\xe1\x48" "iso_code" "\x42");
	put(db->data, &db->data_size, code, 2);
	PUT(db->data, &db->data_size, "\x58" "autonomous_system_number" "\xc1");
	put(db->data, &db->data_size, &number, 1);
}

static void db_write(struct db *db)
{
	unsigned char count[] = {db->nodes >> 8, db->nodes};

	db->size = 0;
	for (__u32 i = 0; i < 2 * db->nodes; i++) {
		__u32 record = db->record[i / 2][i % 2];
		__u32 value = !record ? db->nodes
			      : record & LEAF ? db->nodes + 16 + (record & ~LEAF) : record;
		unsigned char bytes[] = {value >> 16, value >> 8, value};

		put(db->file, &db->size, bytes, 3);
	}
	PUT(db->file, &db->size, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	put(db->file, &db->size, db->data, db->data_size);
	PUT(db->file, &db->size, "\xab\xcd\xef" "MaxMind.com" "\xe9");
	PUT(db->file, &db->size, "\x5b" "binary_format_major_version" "\xa1\x02");
	PUT(db->file, &db->size, "\x5b" "binary_format_minor_version" "\xa0");
	PUT(db->file, &db->size, "\x4b" "build_epoch" "\x01\x02\x01");
	PUT(db->file, &db->size, "\x4d" "database_type" "\x44" "Test");
	PUT(db->file, &db->size, "\x4b" "description" "\xe0");
	PUT(db->file, &db->size, "\x4a" "ip_version" "\xa1\x06");
	PUT(db->file, &db->size, "\x49" "languages" "\x00\x04");
	PUT(db->file, &db->size, "\x4b" "record_size" "\xa1\x18");
	PUT(db->file, &db->size, "\x4a" "node_count" "\xc2");
	put(db->file, &db->size, count, 2);
}

/* Two countries, three networks; IPv4 is reached by ::ffff:0:0/96 and 2002::/16, too. */
static struct db *db_make(void)
{
	static struct db db;

	db = (struct db){.nodes = 1};
	db_add(&db, "::192.0.2.0", 96 + 25, "XA", 100);
	db_add(&db, "::192.0.2.128", 96 + 25, "XA", 101);
	db_add(&db, "::198.51.100.0", 96 + 24, "XB", 100);
	db_add(&db, "2001:db8::", 32, "XA", 100);
	*db_record(&db, "::ffff:0:0", 96) = *db_record(&db, "::", 96);
	*db_record(&db, "2002::", 16) = *db_record(&db, "::", 96);
	db_write(&db);
	return &db;
}

static void test_networks_of_a_database(void **state)
{
	static const struct {
		const char *countries, *networks, *expected;
	} cases[] = {
		/* Neighbours are joined, and nothing comes twice. */
		{"XA", NULL, "192.0.2.0/24 2001:db8::/32"},
		{"xb,XA", NULL, "192.0.2.0/24 198.51.100.0/24 2001:db8::/32"},
		{NULL, "101", "192.0.2.128/25"},
		{NULL, "AS100", "192.0.2.0/25 198.51.100.0/24 2001:db8::/32"},
		{"XB", "100,101", "198.51.100.0/24"},
		{"XC", NULL, "0: it has no network of these"},
		{"XAA", NULL, "0: 'XAA' is no list of countries"},
		{"XA,", NULL, "0: '' is no list of countries"},
		{NULL, "1x", "0: '1x' is no list of networks"},
		{NULL, NULL, "0: say which of its networks are meant"},
	};
	struct db *db = db_make();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct source_wish wish = {.format = SOURCE_MMDB,
						 .countries = cases[i].countries,
						 .networks = cases[i].networks};
		const char *text = read_as(&wish, (char *)db->file, db->size);

		if (strncmp(text, cases[i].expected, strlen(cases[i].expected)) ||
		    (!why.text[0] && strcmp(text, cases[i].expected)))
			fail_msg("case %zu: '%s', wanted '%s'", i, text, cases[i].expected);
	}
}

/* Cut, or with other bytes in its tree: refused, or read to an end. */
static void test_a_database_that_is_damaged(void **state)
{
	const struct source_wish wish = {.format = SOURCE_MMDB, .countries = "XA,XB"};
	struct db *db = db_make();
	uint64_t seed = 7;

	(void)state;
	for (size_t cut = 0; cut < 1600; cut += 7) {
		db = db_make();
		read_as(&wish, (char *)db->file, db->size > cut ? db->size - cut : 0);
		assert_true(cut == 0 || why.text[0]);
	}
	db = db_make();
	/* No tree: two ways lead to each node, and 2^40 to the last. */
	for (__u32 i = 0; i <= 40; i++)
		db->record[i][0] = db->record[i][1] = i < 40 ? i + 1 : 0;
	db_write(db);
	read_as(&wish, (char *)db->file, db->size);
	assert_non_null(strstr(why.text, "its nodes are no tree"));
	for (int i = 0; i < 2000; i++) {
		db = db_make();
		for (int j = 0; j < 8; j++)
			db->file[random_next(&seed) % (6 * db->nodes)] = random_next(&seed);
		read_as(&wish, (char *)db->file, db->size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_longer_prefix_marks_its_block, setup),
		cmocka_unit_test_setup(test_a_shorter_prefix_marks_all_of_its_blocks, setup),
		cmocka_unit_test_setup(test_the_ends_of_the_address_space, setup),
		cmocka_unit_test_setup(test_host_bits_do_not_count, setup),
		cmocka_unit_test(test_sets_of_ipset),
		cmocka_unit_test(test_answers_of_apiban),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_networks_of_a_database),
		cmocka_unit_test(test_a_database_that_is_damaged),
	};

	return cmocka_run_group_tests_name("listed", tests, NULL, NULL);
}
