// SPDX-License-Identifier: GPL-2.0-only
/* What accidents and enemies make of a configuration file. */
#include "config_text.h"

/* A mebibyte of anything ends soon, one way or the other. */
static void test_large_files(void **state)
{
	static const struct {
		const char *piece;
		int err;
	} cases[] = {
		{"[", -EINVAL},	    {"{", -EINVAL},	    {"a: ", -EINVAL},
		{"- ", -EINVAL},    {"? ", -EINVAL},	    {"a: b\n", -EINVAL},
		{"[a, ", -EINVAL},  {"\"", -EINVAL},	    {"%", -EINVAL},
		{"a", -EINVAL},	    {"!", -EINVAL},	    {"&a ", -EINVAL},
		{"*a ", -EINVAL},   {"--- {}\n", -EINVAL},  {"|\n", -EINVAL},
		{"# c\n", -EINVAL}, {"\xf0\x9f\x98\x80", -EINVAL},
	};
	const size_t room = 1 << 20;
	char *text = malloc(room + 1);
	struct config *config;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t step = strlen(cases[i].piece), size = 0;

		for (; size + step <= room; size += step)
			memcpy(text + size, cases[i].piece, step);
		assert_int_equal(load_bytes(text, size, &config), cases[i].err);
		assert_true(*error.text);
	}
	/* Just as large as allowed, and one byte more. */
	memset(text, '#', room);
	memcpy(text, "limits: {}\n", 11);
	assert_int_equal(load_bytes(text, room, &config), 0);
	config_free(config);
	text[room] = '\n';
	assert_int_equal(load_bytes(text, room + 1, &config), -EFBIG);
	free(text);
}

/* A billion laughs: nine levels of nine aliases each. Refused at the first anchor. */
static void test_alias_bomb(void **state)
{
	static char text[2048] = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";

	(void)state;
	for (int i = 1; i < 9; i++) {
		size_t size = strlen(text);

		size += sprintf(text + size, "a%d: &a%d [", i, i);
		for (int j = 0; j < 9; j++)
			size += sprintf(text + size, "%s*a%d", j ? ", " : "", i - 1);
		strcpy(text + size, "]\n");
	}
	assert_refused(&(struct bad){1, 5, "anchors and aliases", text});
}

/* --- out of memory --- */

static int allocations_left = -1; /* of ours and of libyaml; -1: no end */

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool allocation_fails(void)
{
	return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return allocation_fails() ? NULL : __real_realloc(memory, size);
}

/* libyaml's, which it exports and calls by name: these come before them. */
void *yaml_malloc(size_t size);
void *yaml_realloc(void *memory, size_t size);
char *yaml_strdup(const char *text);

void *yaml_malloc(size_t size)
{
	return allocation_fails() ? NULL : malloc(size ? size : 1);
}

void *yaml_realloc(void *memory, size_t size)
{
	return allocation_fails() ? NULL : __real_realloc(memory, size ? size : 1);
}

char *yaml_strdup(const char *text)
{
	return allocation_fails() || !text ? NULL : strdup(text);
}

/* Whichever allocation fails: said so, and nothing is left behind (the leak sanitizer looks). */
static void test_out_of_memory(void **state)
{
	static const char text[] = "ports: {udp: [5060, 5080]}\n"
				   "modes: {garbage: off}\n"
				   "zones: [{name: a, prefixes: [1::1, 1::2],\n"
				   "         limits: {other: {}}}]\n";
	struct config *config;
	int err, failures = 0;

	(void)state;
	do {
		struct memory_file file = memory_file(text, sizeof(text) - 1);

		config = untouched;
		allocations_left = failures;
		err = config_load(file.path, TICK, &config, &error);
		allocations_left = -1;
		memory_file_end(&file);
		if (err) {
			assert_int_equal(err, -ENOMEM);
			assert_ptr_equal(config, untouched);
			assert_non_null(strstr(error.text, "out of memory"));
			failures++;
		}
	} while (err);
	config_free(config);
	assert_in_range(failures, 100, 10000);
}

/* --- mutations --- */

static size_t mutate(char *text, size_t size, size_t room, uint64_t *random)
{
	static const char spice[] = ":-{}[],&*!|>'\"%@`#?\t\n\r \\~<=0159aZ\xff\x80\xc3\x01";
	size_t at = random_next(random) % size, length = 1 + random_next(random) % 40;

	length = length > size - at ? size - at : length;
	switch (random_next(random) % 6) {
	case 0:
		text[at] ^= 1 << random_next(random) % 8;
		return size;
	case 1:
		text[at] = spice[random_next(random) % (sizeof(spice) - 1)];
		return size;
	case 2: /* cut out */
		memmove(text + at, text + at + length, size - at - length);
		return size - length ? size - length : size;
	case 3: /* say twice */
		if (size + length > room)
			return size;
		memmove(text + at + length, text + at, size - at);
		return size + length;
	case 4: /* insert */
		if (size == room)
			return size;
		memmove(text + at + 1, text + at, size - at);
		text[at] = spice[random_next(random) % (sizeof(spice) - 1)];
		return size + 1;
	default: /* the end is missing, now and then */
		return random_next(random) % 8 ? size : at + 1;
	}
}

static void assert_sane(const struct config *config)
{
	for (__u32 i = 0; i <= config->kernel.zones; i++)
		for (int id = 0; id < SG_LIMIT__MAX; id++)
			assert_in_range(config->kernel.profile[i].limit[id].interval, 100,
					SG_NSEC_PER_SEC);
	for (__u32 i = 1; i <= config->kernel.zones; i++)
		assert_in_range(config->kernel.total[sg_zone_total(i)].interval, 100,
				SG_NSEC_PER_SEC);
	for (int i = 0; i < SG_REASON__MAX; i++)
		assert_in_range(config->kernel.profile[0].mode[i], SG_MODE_OFF, SG_MODE_ENFORCE);
	for (size_t i = 0; i < config->prefix_count; i++) {
		assert_in_range(config->prefixes[i].zone, 1, config->kernel.zones);
		assert_in_range(config->prefixes[i].prefix.length, 1, 128);
	}
}

static void test_mutations_of_the_example(void **state)
{
	enum { VARIANTS = 4000 };
	static const char zones[] = "\nzones:\n- name: a\n"
				    "  prefixes: [192.0.2.0/24, \"2001:db8::/32\"]\n"
				    "  limits: {invite: {rate: 50, burst: 90}}\n"
				    "  total: {rate: 700, burst: 800}\n";
	static char example[1 << 15], text[1 << 16];
	uint64_t random = 20240229;
	struct config *config;
	FILE *file = fopen(EXAMPLE, "re");
	size_t size, taken = 0;
	char *comment;

	(void)state;
	assert_non_null(file);
	size = fread(example, 1, sizeof(example) - 1, file);
	fclose(file);
	/* With a real zone, and without the comments, in which a mutation means nothing. */
	comment = strstr(example, "\nzones: []\n");
	assert_non_null(comment);
	strcpy(comment, zones);
	size = 0;
	for (char *line = strtok(example, "\n"); line; line = strtok(NULL, "\n"))
		if (*line != '#')
			size += sprintf(text + size, "%.*s\n", (int)strcspn(line, "#"), line);
	memcpy(example, text, size);
	for (int i = 0; i < VARIANTS; i++) {
		size_t now = size;

		memcpy(text, example, size);
		for (int m = 1 + random_next(&random) % 4; m; m--)
			now = mutate(text, now, sizeof(text), &random);
		if (load_bytes(text, now, &config)) {
			assert_ptr_equal(config, untouched);
			assert_in_range(strlen(error.text), 10, sizeof(error.text) - 1);
			assert_in_range(error.line, 1, now + 1);
			assert_in_range(error.column, 1, now + 1);
		} else {
			taken++;
			assert_sane(config);
			config_free(config);
		}
	}
	/* Mutations that only ever fail would not reach what is behind the parser. */
	assert_in_range(taken, VARIANTS / 20, VARIANTS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_files),
		cmocka_unit_test(test_alias_bomb),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_mutations_of_the_example),
	};

	return cmocka_run_group_tests_name("config abuse", tests, NULL, NULL);
}
