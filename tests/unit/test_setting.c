// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of settings: that it is sound, that it is what happens to a file, and that defaults,
 * table and example are one.
 */
#include "config_text.h"
#include "policy/document.h"
#include "policy/setting.h"

#define ZONE "name: z, prefixes: [192.0.2.0/24], interfaces: [eth0]"

static bool is_number(const struct setting *s)
{
	return s->width && !s->words;
}

static bool is_set(const struct setting *s)
{
	return s->type == SETTING_ONLY || s->type == SETTING_NOT;
}

/* The file that gives the row this value, at the top or in the only zone. */
static char *file_with(const struct setting *s, bool in_zone, const char *value)
{
	static char text[512];
	char key[SETTING_PATH], *rest, *part;
	size_t used = 0, depth = 0;

	snprintf(key, sizeof(key), "%s", s->key);
	if (in_zone)
		used = sprintf(text, "zones: [{" ZONE ", ");
	else
		used = sprintf(text, "{");
	for (part = strtok_r(key, "/", &rest); part; part = strtok_r(NULL, "/", &rest), depth++)
		used += sprintf(text + used, "%s%s: ", depth ? "{" : "", part);
	used += sprintf(text + used, "%s", value);
	/* What is closed needs a zone that may come in. */
	if (!in_zone && !strcmp(s->key, "closed"))
		used += sprintf(text + used, ", zones: [{" ZONE "}]");
	for (; depth; depth--)
		used += sprintf(text + used, "}");
	sprintf(text + used, in_zone ? "]\n" : "\n");
	return text;
}

/* On a clock without ticks, which takes any burst. */
static struct config *config_with(const struct setting *s, bool in_zone, __u64 number)
{
	char value[24];
	struct memory_file file;
	struct config *config;
	const char *text;
	int err;

	snprintf(value, sizeof(value), "%llu", (unsigned long long)number);
	text = file_with(s, in_zone, s->words ? s->words[number] : value);
	file = memory_file(text, strlen(text));
	err = config_load(file.path, 0, &config, &error);
	memory_file_end(&file);
	if (err)
		fail_msg("%s: %s", text, error.text);
	return config;
}

/* --- the rows --- */

static void test_rows_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];

		assert_in_range(strlen("zones/15/") + strlen(s->key), 1, SETTING_PATH - 1);
		if (is_number(s)) {
			assert_true(s->least < s->most);
			assert_non_null(s->range);
			assert_true(s->scope == SCOPE_ZONE || s->refused ||
				    (s->standard >= s->least && s->standard <= s->most));
		}
		if (s->type == SETTING_BURST)
			assert_int_equal(settings[i - 1].type, SETTING_RATE);
		for (size_t j = 0; j < settings_count; j++) {
			bool both = false;

			for (int place = PLACE_TOP; place <= PLACE_CALLEE; place++)
				both |= setting_is_of(s, place) &&
					setting_is_of(&settings[j], place);

			assert_false(both && setting_below(&settings[j], s->key));
			assert_false(both && i != j && !strcmp(settings[j].key, s->key));
		}
	}
}

static void test_defaults_are_the_built_in(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(config_default(&config), 0);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];

		if (s->type == SETTING_PORTS)
			assert_true(config->kernel.port[s->standard] & s->bit);
		else if (s->width && s->scope != SCOPE_ZONE)
			if (setting_get(s, &config->kernel, 0) != s->standard)
				fail_msg("%s is not %u", s->key, s->standard);
	}
	config_free(config);
}

/* --- what the file gives lands, and nothing else changes --- */

static void assert_lands(const struct setting *s, __u32 zone, __u32 value)
{
	struct config *config = config_with(s, zone, value), *usual;

	/* What is not given is as without it, if it does not follow from this one. */
	usual = config_with(setting_find("proven/unchallenged", PLACE_TOP), false, 0);
	if (setting_get(s, &config->kernel, zone) != value)
		fail_msg("%s does not land", s->key);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *other = &settings[i];

		if (other == s || !other->width || !setting_is_of(other, PLACE_TOP))
			continue;
		if (setting_get(other, &config->kernel, 0) !=
		    setting_get(other, &usual->kernel, 0))
			fail_msg("%s changes %s", s->key, other->key);
	}
	config_free(config);
	config_free(usual);
}

static void assert_out_of_range(const struct setting *s, bool in_zone, __u64 value)
{
	struct bad bad = {.line = 1, .says = " is out of range; "};
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)value);
	bad.text = file_with(s, in_zone, number);
	bad.column = strstr(bad.text, number) - bad.text + 1;
	for (const char *at = bad.text; (at = strstr(at, number)); at++)
		bad.column = at - bad.text + 1;
	assert_refused(&bad);
}

static void test_every_row_is_read(void **state)
{
	int read = 0;

	(void)state;
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];

		for (__u32 zone = 0; zone < 2; zone++) {
			if (!s->width || s->refused || is_set(s) ||
			    !setting_is_of(s, zone ? PLACE_ZONE : PLACE_TOP))
				continue;
			read++;
			if (s->words) {
				for (__u32 word = s->least; s->words[word]; word++)
					assert_lands(s, zone, word);
				continue;
			}
			assert_lands(s, zone, s->least);
			assert_lands(s, zone, s->most);
			assert_out_of_range(s, zone, s->least - 1);
			assert_out_of_range(s, zone, s->most + 1ULL);
		}
	}
	assert_in_range(read, SG_REASON__MAX + 2 * SG_LIMIT__MAX, 10 * SG_REASON__MAX);
}

/* --- sets --- */

static void assert_set(const char *text, const char *path, __u32 zone, const char *expected)
{
	const struct setting *s = setting_find(path, PLACE_ZONE);
	struct config *config = loaded(text);
	char words[SETTING_SET_TEXT];

	assert_string_equal(setting_set_text(s, setting_get(s, &config->kernel, zone), words),
			    expected);
	config_free(config);
}

static void test_sets(void **state)
{
	(void)state;
	assert_set("limits: {}\n", "methods/only", 0, "all");
	assert_set("methods: {not: [REGISTER, PUBLISH]}\n", "methods/only", 0,
		   "all but REGISTER, PUBLISH");
	assert_set("methods: {only: [REGISTER]}\n", "methods/only", 0, "only REGISTER");
	assert_set("methods: {only: [ACK, BYE], not: [ACK]}\n", "methods/only", 0, "only BYE");
	assert_set("methods: {not: [unknown]}\n", "methods/only", 0, "all but unknown");
	assert_set("transports: {not: [tls]}\n", "transports/only", 0, "all but tls");
	assert_set("transports: {only: [tls, udp], not: []}\n", "transports/only", 0,
		   "all but tcp");
	/* A zone takes it over, gives its own, or takes something from it. */
	assert_set("methods: {only: [ACK]}\nzones: [{" ZONE "}]\n", "methods/only", 1,
		   "only ACK");
	assert_set("methods: {only: [ACK]}\nzones: [{" ZONE ", methods: {only: [BYE]}}]\n",
		   "methods/only", 1, "only BYE");
	assert_set("methods: {only: [ACK, BYE]}\nzones: [{" ZONE ", methods: {not: [ACK]}}]\n",
		   "methods/only", 1, "only BYE");
	assert_set("zones: [{" ZONE ", methods: {only: [BYE]}}]\n", "methods/only", 0, "all");
}

/* --- what zones take over --- */

static void assert_taken_over(const struct setting *s, const struct setting *from, __u32 times)
{
	__u32 value = from->standard < from->most ? from->standard + 1 : from->standard - 1;
	struct config *config;
	char text[600];

	snprintf(text, sizeof(text), "%u", value);
	snprintf(text, sizeof(text), "%.*s, zones: [{" ZONE "}]}\n",
		 (int)strlen(file_with(from, false, text)) - 2, file_with(from, false, text));
	config = loaded(text);
	if (setting_get(s, &config->kernel, 1) != value * times)
		fail_msg("%s of a zone does not follow %s", s->key, from->key);
	config_free(config);
}

static void test_zones_take_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i], *from = NULL;

		if (!is_number(s) || s->scope == SCOPE_GUARD)
			continue;
		if (!s->times) {
			assert_taken_over(s, s, 1);
			continue;
		}
		/* It is read before. */
		for (size_t j = 0; j < i; j++)
			if (settings[j].scope == SCOPE_PROFILE && settings[j].offset == s->from)
				from = &settings[j];
		assert_non_null(from);
		assert_taken_over(s, from, s->times);
	}
}

/* --- what follows from others --- */

/* Dialogs are learned if anybody's modes ask for it. */
static void test_dialogs(void **state)
{
	static const struct {
		const char *text;
		bool learned;
	} cases[] = {
#define ALL_OFF "modes: {dialog-unknown: off, transaction-unknown: off, limit-dialog: off}"
		{"{" ALL_OFF "}\n", false},
		{"{" ALL_OFF ", zones: [{" ZONE "}]}\n", false},
		{"{" ALL_OFF ", zones: [{" ZONE ", modes: {limit-dialog: monitor}}]}\n", true},
		{"limits: {}\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config *config = loaded(cases[i].text);

		assert_int_equal(config->kernel.dialogs, cases[i].learned);
		config_free(config);
	}
}

/* --- the example --- */

/* The comment right above line `line` (from 0) and the one on it, without breaks. */
static void comment_of(const char *text, size_t line, char *comment, size_t size)
{
	const char *lines[1024] = {}, *hash;
	size_t count = 0, first = line;
	bool open = true;

	for (const char *at = text; at && *at && count < COUNT(lines); at++) {
		lines[count++] = at;
		at = strchr(at, '\n');
		if (!at)
			break;
	}
	assert_true(line < count && count < COUNT(lines));
	*comment = '\0';
	while (first && open) {
		const char *above = lines[first - 1] + strspn(lines[first - 1], " ");

		open = *above == '#';
		first -= open;
	}
	for (; first <= line; first++) {
		size_t length = strcspn(lines[first], "\n");

		hash = memchr(lines[first], '#', length);
		if (hash)
			snprintf(comment + strlen(comment), size - strlen(comment), " %.*s",
				 (int)(length - (hash + 2 - lines[first])), hash + 2);
	}
}

/* `only` has all, `not` none. */
static void assert_set_is_default(const struct document *document, const yaml_node_t *list,
				  const struct setting *s)
{
	__u32 bit = 0;

	if (s->type == SETTING_NOT) {
		assert_int_equal(document_entries(list), 0);
		return;
	}
	for (size_t i = 0; i < document_entries(list); i++, bit++) {
		while (!*s->words[bit])
			bit++;
		assert_string_equal(document_text(document_entry(document, list, i)),
				    s->words[bit]);
	}
	assert_null(s->words[bit]);
}

static void assert_dialled_is_default(const struct document *document, const yaml_node_t *list,
				      enum setting_type type)
{
	struct config *usual;
	char text[DIALLED_TEXT];
	__u32 count;

	assert_int_equal(config_default(&usual), 0);
	count = type == SETTING_EXITS ? usual->kernel.exit_count : usual->kernel.dialled_count;
	assert_int_equal(document_entries(list), count);
	for (__u32 i = 0; i < count; i++)
		assert_string_equal(document_text(document_entry(document, list, i)),
				    dialled_text(&usual->kernel.exit[i], text));
	config_free(usual);
}

/* The example has every row, with its default, and says beside or above it what it is. */
static void test_example_has_every_row(void **state)
{
	static char comment[4096];
	struct document document;

	(void)state;
	assert_int_equal(document_load(&document, EXAMPLE, &error), 0);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];
		const yaml_node_t *node;
		char value[24];

		if (s->scope == SCOPE_ZONE || s->scope == SCOPE_NAMED ||
		    s->scope == SCOPE_CALLEE || s->refused)
			continue;
		node = document_find(&document, "%s", s->key);
		if (!node)
			fail_msg(EXAMPLE " lacks %s", s->key);
		if (s->type == SETTING_ZONES || s->type == SETTING_PROFILES)
			continue;
		if (s->type == SETTING_DOMAINS || s->type == SETTING_CALLEES ||
		    s->type == SETTING_FIELDS) {
			assert_int_equal(document_entries(node), 0);
			continue;
		}
		if (s->type == SETTING_DIALLED || s->type == SETTING_EXITS) {
			assert_dialled_is_default(&document, node, s->type);
			continue;
		}
		if (is_set(s)) {
			assert_set_is_default(&document, node, s);
			continue;
		}
		if (s->type == SETTING_PROFILE) {
			assert_string_equal(document_text(node), "access");
			continue;
		}
		snprintf(value, sizeof(value), "%u", s->standard);
		if (s->type == SETTING_PORTS) {
			assert_int_equal(document_entries(node), 1);
			node = document_entry(&document, node, 0);
		}
		if (strcmp(document_text(node), s->words ? s->words[s->standard] : value))
			fail_msg("%s is not the default in " EXAMPLE, s->key);
		comment_of((const char *)document.text, node->start_mark.line, comment,
			   sizeof(comment));
		if (s->help && !strcasestr(comment, s->help))
			fail_msg(EXAMPLE " does not say of %s: %s, but:%s", s->key, s->help,
				 comment);
	}
	document_free(&document);
}

/* The kind of a field, found as the kernel finds it. */
static __u32 topology_kind(const struct config *config, const char *name)
{
	const struct sg_topology_names *names = &config->kernel.names;
	__u64 hash = sg_topology_hash(name);
	__u64 place = names->place[sg_topology_place(hash, names->factor)];

	return (place ^ hash) & ~SG_TOPOLOGY_KIND ? SG_TOPOLOGY_NONE : place & SG_TOPOLOGY_KIND;
}

/* Who names fields, and has them masked for nobody, is told. */
static void test_topology_doubt(void **state)
{
	struct config *config = loaded("topology-fields: [X-Node]\nprofiles: [{name: p}]\n");
	char text[512];
	size_t next = 0;

	(void)state;
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_non_null(strstr(text, "profile 'p' is not used"));
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_non_null(strstr(text, "'topology' is off for all"));
	assert_false(config_doubt(config, &next, text, sizeof(text)));
	config_free(config);
	config = loaded("topology-fields: [X-Node]\ntopology: report\n");
	next = 0;
	assert_false(config_doubt(config, &next, text, sizeof(text)));
	config_free(config);
}

/* A limit that a zone gives and does not ask for; without prefixes it need not. */
static void test_unasked_doubt(void **state)
{
	struct config *config = loaded("zones: [{name: a,prefixes: [1.1.1.1], calls: {at-once: 5}},"
		"{name: dialogs, prefixes: [1.1.1.2], dialogs: {rate: 5}},"
		"{name: dialled, prefixes: [1.1.1.3], dialled: {calls: 5}},"
		"{name: e, prefixes: [1.1.1.5], calls: {at-once: 5, zones: yes}},"
		"{name: f, prefixes: [1.1.1.6]}, {name: g, interfaces: [x], dialogs: {rate: 5}}]");
	size_t next = 0;
	char text[256];

	(void)state;
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_memory_equal(text, "zone 'a': 'calls' does nothing", 30);
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_memory_equal(text, "zone 'dialogs': 'dialogs' does", 30);
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_memory_equal(text, "zone 'dialled': 'dialled' does", 30);
	assert_false(config_doubt(config, &next, text, sizeof(text)));
	config_free(config);
}

static void test_topology(void **state)
{
	struct config *config = loaded("topology-fields: [X-Node, Organization, "
				       "P-Of-Thirty-Two-Characters-Or-so]\n"
				       "zones: [{name: a, prefixes: [192.0.2.0/24]}]\n");

	(void)state;
	assert_int_equal(config->kernel.names.count, 3);
	assert_int_equal(topology_kind(config, "x-nODE"), SG_TOPOLOGY_LISTED);
	assert_int_equal(topology_kind(config, "Organization"), SG_TOPOLOGY_LISTED);
	assert_int_equal(topology_kind(config, "P-Of-Thirty-Two-Characters-Or-so"),
			 SG_TOPOLOGY_LISTED);
	assert_int_equal(topology_kind(config, "X-Nodes"), SG_TOPOLOGY_NONE);
#define X(kind, name) assert_int_equal(topology_kind(config, name), SG_TOPOLOGY_##kind);
	SG_TOPOLOGY_BUILT_IN(X)
#undef X
	/* As many as there may be. */
	config_free(loaded("topology-fields: [X-a, X-b, X-c, X-d, X-e, X-f, X-g, X-h, X-i, X-j, "
			   "X-k, X-l, X-m, X-n, X-o, X-p]\n"));
	/* Nobody asks: nothing is looked at. */
	assert_int_equal(config->kernel.topology, 0);
	config_free(config);
	config = loaded("zones: [{name: a, prefixes: [192.0.2.0/24], topology: report}]\n");
	assert_int_equal(config->kernel.topology, 1);
	assert_int_equal(sg_profile_of(&config->kernel, 0)->topology, SG_TOPOLOGY_OFF);
	assert_int_equal(sg_profile_of(&config->kernel, 1)->topology, SG_TOPOLOGY_REPORT);
	config_free(config);
	config = loaded("topology: mask\n"
			"zones: [{name: a, prefixes: [192.0.2.0/24]},\n"
			"        {name: b, prefixes: [10.0.0.0/8], topology: off}]\n");
	assert_int_equal(config->kernel.topology, 1);
	assert_int_equal(sg_profile_of(&config->kernel, 1)->topology, SG_TOPOLOGY_MASK);
	assert_int_equal(sg_profile_of(&config->kernel, 2)->topology, SG_TOPOLOGY_OFF);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_sound),
		cmocka_unit_test(test_defaults_are_the_built_in),
		cmocka_unit_test(test_every_row_is_read),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_zones_take_over),
		cmocka_unit_test(test_dialogs),
		cmocka_unit_test(test_example_has_every_row),
		cmocka_unit_test(test_topology),
		cmocka_unit_test(test_topology_doubt),
		cmocka_unit_test(test_unasked_doubt),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
