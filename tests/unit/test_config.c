// SPDX-License-Identifier: GPL-2.0-only
/* What a configuration file means. */
#include "base/names.h"
#include "config_text.h"

static void assert_limit(const struct sg_limit *limit, __u32 rate, __u32 burst)
{
	assert_int_equal(limit->rate, rate);
	assert_int_equal(limit->burst, burst);
	assert_int_equal(limit->interval, SG_NSEC_PER_SEC / rate);
	assert_int_equal(limit->tolerance, limit->interval * (burst - 1));
}

/* The next doubt about it is of a zone and a key; both NULL: there is none. */
static void assert_doubt(const struct config *config, size_t *next, const char *zone,
			 const char *key)
{
	char text[256] = "", begin[80];

	assert_int_equal(config_doubt(config, next, text, sizeof(text)), zone != NULL);
	if (!zone)
		return;
	snprintf(begin, sizeof(begin), "zone '%s': '%s' is ", zone, key);
	assert_memory_equal(text, begin, strlen(begin));
	assert_non_null(strstr(text, "; raise '"));
}

static void test_default(void **state)
{
	struct config *config;
	int guarded = 0;

	(void)state;
	assert_int_equal(config_default(&config), 0);
	assert_limit(&config->kernel.profile[0].limit[SG_LIMIT_INVITE], 20, 40);
	assert_limit(&config->kernel.total[SG_TOTAL_UNLISTED_TOTAL], 1000, 50);
	assert_limit(&config->kernel.total[SG_TOTAL_SYNS], 50000, 10000);
	assert_int_equal(config->kernel.profile[0].mode[SG_REASON_GARBAGE], SG_MODE_ENFORCE);
	assert_int_equal(config->kernel.profile[0].mode[SG_REASON_IPV6_CHAIN], SG_MODE_ENFORCE);
	assert_int_equal(config->kernel.zones, 0);
	assert_int_equal(config->prefix_count, 0);
	for (int i = 0; i < SG_PORTS; i++)
		guarded += config->kernel.port[i] != 0;
	assert_int_equal(guarded, 2);
	assert_int_equal(config->kernel.port[5060], SG_PORT_UDP | SG_PORT_TCP);
	assert_int_equal(config->kernel.port[5061], SG_PORT_TLS);
	config_free(config);
	config_free(NULL);
}

static void test_strict_and_caps(void **state)
{
	struct config *config = loaded("modes: {head-end: off}\n"
				       "validation: {preset: strict, uri: 100, message: 65535}\n");

	(void)state;
	for (int i = 1; i < SG_REASON__MAX; i++)
		if (i != SG_REASON_HEAD_END)
			assert_int_equal(config->kernel.profile[0].mode[i], reason_texts[i].strict);
	assert_int_equal(config->kernel.profile[0].mode[SG_REASON_HEAD_END], SG_MODE_OFF);
	assert_int_equal(config->kernel.profile[0].rules & SIP_FAULT(HEAD_END), 0);
	assert_int_equal(config->kernel.profile[0].rules & SIP_STRICT_FAULTS,
			 SIP_STRICT_FAULTS & ~SIP_FAULT(HEAD_END));
	assert_int_equal(config->kernel.profile[0].caps.uri, 100);
	assert_int_equal(config->kernel.profile[0].caps.message, 65535);
	assert_int_equal(config->kernel.profile[0].caps.method, 48);
	config_free(config);
	assert_int_equal(config_default(&config), 0);
	assert_int_equal(config->kernel.profile[0].rules, SIP_WANTED_DEFAULT);
	config_free(config);
}

/* The example says every key, and every one with its default. */
static void test_example_is_the_default(void **state)
{
	static char text[1 << 15];
	struct config *config, *expected;
	char key[SG_ZONE_NAME + 24];
	const char *found;
	FILE *file = fopen(EXAMPLE, "re");

	(void)state;
	assert_non_null(file);
	assert_in_range(fread(text, 1, sizeof(text) - 1, file), 1, sizeof(text) - 2);
	fclose(file);
	config = loaded(text);
	assert_int_equal(config_default(&expected), 0);
	assert_memory_equal(&config->kernel, &expected->kernel, sizeof(config->kernel));
	for (int i = 1; i < SG_REASON__MAX; i++) {
		snprintf(key, sizeof(key), "\n  %s: %s", reason_texts[i].label,
			 mode_names[reason_texts[i].mode]);
		found = strstr(text, key);
		assert_non_null(found);
		assert_non_null(strchr(" \n", found[strlen(key)]));
	}
	for (int i = 0; i < SIP_CAP__MAX; i++) {
		snprintf(key, sizeof(key), "\n  %s: ", cap_keys[i]);
		assert_non_null(strstr(text, key));
	}
	for (int i = 0; i < SG_LIMIT__MAX + SG_TOTAL__MAX; i++) {
		snprintf(key, sizeof(key), "\n  %s:", i < SG_LIMIT__MAX ? limit_keys[i] :
							total_keys[i - SG_LIMIT__MAX]);
		assert_non_null(strstr(text, key));
	}
	config_free(config);
	config_free(expected);
}

/* The zone that the example has in a comment is one that loads. */
static void test_examples_zone_loads(void **state)
{
	static char text[1 << 15], used[1 << 15];
	struct config *config;
	FILE *file = fopen(EXAMPLE, "re");
	size_t next = 0;
	char *at;

	(void)state;
	assert_non_null(file);
	assert_in_range(fread(text, 1, sizeof(text) - 1, file), 1, sizeof(text) - 2);
	fclose(file);
	at = strstr(text, "\n# zones:\n");
	assert_non_null(at);
	for (char *line = strtok(at, "\n"); line; line = strtok(NULL, "\n")) {
		assert_memory_equal(line, "# ", 2);
		strcat(strcat(used, line + 2), "\n");
	}
	config = loaded(used);
	assert_int_equal(config->kernel.zones, 1);
	assert_int_equal(config->prefix_count, 2);
	assert_limit(&config->kernel.total[sg_zone_total(1)], 5000, 10000);
	assert_doubt(config, &next, NULL, NULL);
	config_free(config);
}

static void test_ports(void **state)
{
	struct config *config;

	(void)state;
	config = loaded("ports: {udp: [5060, 5080, 65535], tls: [1]}\n");
	assert_int_equal(config->kernel.port[5060], SG_PORT_UDP | SG_PORT_TCP);
	assert_int_equal(config->kernel.port[5080], SG_PORT_UDP);
	assert_int_equal(config->kernel.port[65535], SG_PORT_UDP);
	assert_int_equal(config->kernel.port[1], SG_PORT_TLS);
	assert_int_equal(config->kernel.port[5061], 0);
	config_free(config);

	config = loaded("ports:\n  tcp: []\n  tls: [5060]\n");
	assert_int_equal(config->kernel.port[5060], SG_PORT_UDP | SG_PORT_TLS);
	config_free(config);
}

static void test_connections(void **state)
{
	struct config *config;

	(void)state;
	config = loaded("connections: {new: {burst: 80}, live: 60, first-data: 5}\n"
			"zones:\n"
			"  - {name: a, prefixes: [192.0.2.0/24], connections: {new: {rate: 500}}}\n"
			"  - {name: b, prefixes: [192.0.3.0/24], connections: {live: 4000}}\n");
	assert_int_equal(config->kernel.first_data, 5);
	assert_int_equal(config->kernel.profile[0].live, 60);
	assert_int_equal(config->kernel.profile[0].new_connections.rate, 20);
	assert_int_equal(config->kernel.profile[0].new_connections.burst, 80);
	/* As many at once as it may have, and no more. */
	assert_int_equal(config->kernel.profile[0].new_connections.tolerance,
			 59 * SG_NSEC_PER_SEC / 20);
	assert_int_equal(config->kernel.profile[1].live, 60);
	assert_int_equal(config->kernel.profile[1].new_connections.rate, 500);
	assert_int_equal(config->kernel.profile[1].new_connections.burst, 80);
	assert_int_equal(config->kernel.profile[2].live, 4000);
	assert_limit(&config->kernel.profile[2].new_connections, 20, 80);
	config_free(config);
	config = loaded("limits: {}\n");
	assert_int_equal(config->kernel.profile[0].live, 256);
	assert_limit(&config->kernel.profile[0].new_connections, 20, 50);
	assert_int_equal(config->kernel.first_data, 20);
	config_free(config);
}

static void test_limits_and_modes(void **state)
{
	struct config *config;

	(void)state;
	config = loaded("limits:\n"
			"  invite: {rate: 10000000, burst: 1000000}\n"
			"  register: {burst: 1000}\n"
			"  options: {rate: 30}\n"
			"  event: {}\n"
			"  keepalive: {rate: 1, burst: 1}\n"
			"totals: {orphan-fragments: {rate: \"7\", burst: 8}}\n"
			"modes: {garbage: off, limit-source: monitor, ipv6-chain: enforce}\n");
	assert_limit(&config->kernel.profile[0].limit[SG_LIMIT_INVITE], 10000000, 1000000);
	assert_limit(&config->kernel.profile[0].limit[SG_LIMIT_REGISTER], 50, 1000);
	assert_limit(&config->kernel.profile[0].limit[SG_LIMIT_OPTIONS], 30, 40);
	assert_limit(&config->kernel.profile[0].limit[SG_LIMIT_EVENT], 50, 400);
	assert_limit(&config->kernel.profile[0].limit[SG_LIMIT_KEEPALIVE], 1, 1);
	assert_limit(&config->kernel.profile[0].limit[SG_LIMIT_OTHER], 100, 400);
	assert_limit(&config->kernel.total[SG_TOTAL_ORPHAN_FRAGMENTS], 7, 8);
	assert_limit(&config->kernel.total[SG_TOTAL_ORPHAN_FRAGMENTS_TOTAL], 1400, 2800);
	assert_int_equal(config->kernel.profile[0].mode[SG_REASON_GARBAGE], SG_MODE_OFF);
	assert_int_equal(config->kernel.profile[0].mode[SG_REASON_LIMIT_SOURCE], SG_MODE_MONITOR);
	assert_int_equal(config->kernel.profile[0].mode[SG_REASON_IPV6_CHAIN], SG_MODE_ENFORCE);
	assert_int_equal(config->kernel.profile[0].mode[SG_REASON_LIMIT_INVITE], SG_MODE_ENFORCE);
	config_free(config);
}

/* Limits of flows, what proves them, and what bans them. */
static void test_flows(void **state)
{
	struct config *config = loaded("flow-limits: {invite: {rate: 7, burst: 70}}\n"
				       "proven-limits: {invite: {rate: 90}}\n"
				       "proven: {call: 30, unchallenged: yes}\n"
				       "greylist: {hold: 3}\n"
				       "memory: small\n"
				       "overload: {shed: yes, share: 70, least: 9, hold: 5,\n"
				       "           unchallenged: yes}\nfigures: yes\n"
				       "bans: {malformed: {threshold: 5, time: 9}}\n"
				       "zones:\n"
				       "  - {name: a, prefixes: [192.0.2.0/24],\n"
				       "     limits: {invite: {rate: 500, burst: 600}}}\n"
				       "  - {name: b, prefixes: [198.51.100.0/24],\n"
				       "     flow-limits: {invite: {rate: 3, burst: 4}}}\n");
	const struct sg_config *kernel = &config->kernel;
	const struct sg_ban_rule *rule = &kernel->ban[SG_OFFENCE_MALFORMED];

	(void)state;
	assert_int_equal(kernel->profile[0].flow[SG_LIMIT_INVITE].rate, 7);
	assert_int_equal(kernel->profile[0].flow[SG_LIMIT_INVITE].burst, 70);
	assert_int_equal(kernel->profile[0].limit[SG_LIMIT_INVITE].rate, 20);
	assert_int_equal(kernel->proven[SG_LIMIT_INVITE].rate, 90);
	assert_int_equal(kernel->proven[SG_LIMIT_INVITE].burst, 160);
	assert_int_equal(kernel->proven_call, 30);
	assert_int_equal(kernel->proven_unchallenged, 1);
	assert_int_equal(kernel->greylist_hold, 3);
	assert_int_equal(kernel->memory_preset, SG_MEMORY_SMALL);
	assert_int_equal(kernel->overload_shed, 1);
	assert_int_equal(kernel->overload_share, 70);
	assert_int_equal(kernel->overload_least, 9);
	assert_int_equal(kernel->overload_hold, 5);
	assert_int_equal(kernel->overload_unchallenged, 1);
	assert_int_equal(kernel->figures, 1);
	assert_int_equal(rule->threshold, 5);
	assert_int_equal(rule->window, 30);
	assert_int_equal(rule->seconds, 9);
	/* Four may come at once, and the fifth is one too many. */
	assert_int_equal(rule->limit.tolerance, 4 * rule->limit.interval);
	/* A flow of a zone may take what its source may. */
	assert_int_equal(kernel->profile[1].flow[SG_LIMIT_INVITE].rate, 500);
	assert_int_equal(kernel->profile[2].flow[SG_LIMIT_INVITE].rate, 3);
	assert_int_equal(kernel->profile[2].limit[SG_LIMIT_INVITE].rate, 20);
	config_free(config);
}

static void test_zones_inherit_limits(void **state)
{
	struct config *config;
	const struct sg_profile *profile;
	const struct sg_zone *zone;

	(void)state;
	/* `limits` comes last: what a zone inherits does not hang on the order of the keys. */
	config = loaded("zones:\n"
			"  - name: carrier\n"
			"    prefixes: [198.51.100.0/24, \"2001:db8::/32\"]\n"
			"    limits: {invite: {rate: 500, burst: 1000}, register: {burst: 500}}\n"
			"  - {name: office.2_b-C, prefixes: [198.51.100.7]}\n"
			"limits: {invite: {rate: 30, burst: 60}, register: {rate: 60}}\n");
	zone = config->kernel.zone;
	profile = config->kernel.profile;
	assert_int_equal(config->kernel.zones, 2);
	assert_string_equal(zone[1].name, "carrier");
	assert_string_equal(zone[2].name, "office.2_b-C");
	assert_limit(&profile[0].limit[SG_LIMIT_INVITE], 30, 60);
	assert_limit(&profile[1].limit[SG_LIMIT_INVITE], 500, 1000);
	assert_limit(&profile[1].limit[SG_LIMIT_REGISTER], 60, 500);
	assert_limit(&profile[1].limit[SG_LIMIT_SOURCE], 100, 400);
	assert_limit(&profile[2].limit[SG_LIMIT_INVITE], 30, 60);

	assert_int_equal(config->prefix_count, 3);
	assert_int_equal(config->prefixes[0].zone, 1);
	assert_int_equal(config->prefixes[0].prefix.length, 96 + 24);
	assert_memory_equal(config->prefixes[0].prefix.address,
			    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\0", 16);
	assert_int_equal(config->prefixes[1].zone, 1);
	assert_int_equal(config->prefixes[1].prefix.length, 32);
	assert_memory_equal(config->prefixes[1].prefix.address,
			    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(config->prefixes[2].zone, 2);
	assert_int_equal(config->prefixes[2].prefix.length, 128);
	config_free(config);
}

/* What the file does not say is ten times the limit of a source, as far as that goes. */
static void test_totals_of_zones(void **state)
{
	struct config *config;
	const struct sg_limit *total;

	(void)state;
	config = loaded("limits: {source: {rate: 120, burst: 500}}\n"
			"zones:\n"
			"  - {name: a, prefixes: [192.0.2.0/24]}\n"
			"  - {name: b, prefixes: [192.0.3.0/24], limits: {source: {rate: 2000,\n"
			"     burst: 4000}}}\n"
			"  - {name: c, prefixes: [192.0.4.0/24], total: {rate: 30, burst: 70}}\n"
			"  - {name: d, prefixes: [192.0.5.0/24], total: {burst: 99}}\n"
			"  - {name: e, prefixes: [192.0.6.0/24], limits: {source: {rate: 2000000,\n"
			"     burst: 300000}}}\n");
	total = &config->kernel.total[sg_zone_total(0)];
	assert_limit(&total[1], 1200, 5000);
	assert_limit(&total[2], 20000, 40000);
	assert_limit(&total[3], 30, 70);
	assert_limit(&total[4], 1200, 99);
	assert_limit(&total[5], 10000000, 1000000);
	assert_limit(&config->kernel.total[SG_TOTAL_SYNS], 50000, 10000);
	config_free(config);
}

static void test_ways_to_write_yaml(void **state)
{
	static const char *const same[] = {
		"ports: {udp: [5080]}\n",
		"ports: {udp: [5080]}",
		"ports:\r\n  udp:\r\n  - 5080\r\n",
		"\xef\xbb\xbfports:\n  udp: [ '5080' ] # UTF-8: \xc3\xa4\n",
		"%YAML 1.1\n---\n\"ports\": {\"udp\": [5080]}\n...\n",
		"{ports: {udp: [5080,]}}\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		struct config *config = loaded(same[i]);

		assert_int_equal(config->kernel.port[5080], SG_PORT_UDP);
		config_free(config);
	}
}

/* The smallest burst that is taken follows the clock of the kernel. */
static void test_burst_follows_the_tick(void **state)
{
	static const struct {
		__u64 tick;
		const char *text;
		int err;
	} cases[] = {
		{1000000, "limits: {invite: {rate: 1000, burst: 2}}", 0},
		{1000000, "limits: {invite: {rate: 1000, burst: 1}}", -EINVAL},
		{10000000, "limits: {invite: {rate: 1000, burst: 11}}", 0},
		{10000000, "limits: {invite: {rate: 1000, burst: 10}}", -EINVAL},
		{10000000, "limits: {invite: {rate: 10, burst: 1}}", 0},
		{10000000, "limits: {invite: {rate: 11, burst: 1}}", -EINVAL},
		{10000000, "limits: {invite: {rate: 10000000, burst: 1000000}}", 0},
		{10000000, "{}", 0},
		{0, "limits: {invite: {rate: 10000000, burst: 1}}", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct memory_file file = memory_file(cases[i].text, strlen(cases[i].text));
		struct config *config = NULL;

		assert_int_equal(config_load(file.path, cases[i].tick, &config, &error),
				 cases[i].err);
		config_free(config);
		memory_file_end(&file);
	}
}

/* A limit of a zone that never decides is told; what it only takes over is not. */
static void test_doubts(void **state)
{
	struct config *config;
	size_t next = 0;

	(void)state;
	config = loaded("limits: {options: {rate: 200}}\n"
			"zones:\n"
			"- {name: a, prefixes: [10.1.0.0/16], limits: {register: {rate: 101}}}\n"
			"- {name: b, prefixes: [10.2.0.0/16], limits: {event: {burst: 401}}}\n"
			"- {name: c, prefixes: [10.3.0.0/16], limits: {register: {rate: 100}}}\n"
			"- {name: d, prefixes: [10.4.0.0/16], total: {rate: 99}}\n"
			"- {name: e, prefixes: [10.5.0.0/16], total: {burst: 399}}\n"
			"- {name: f, prefixes: [10.6.0.0/16], total: {rate: 100, burst: 400}}\n"
			"- {name: g, prefixes: [10.7.0.0/16], limits: {source: {rate: 9}}}\n"
			"- {name: h, prefixes: [10.8.0.0/16], total: {rate: 9}, limits: {source:\n"
			"   {rate: 200}, response: {rate: 201}, other: {rate: 300}}}\n");
	assert_doubt(config, &next, "a", "register");
	assert_doubt(config, &next, "b", "event");
	assert_doubt(config, &next, "d", "total");
	assert_doubt(config, &next, "e", "total");
	assert_doubt(config, &next, "h", "total");
	assert_doubt(config, &next, "h", "other");
	assert_doubt(config, &next, "h", "response");
	assert_doubt(config, &next, NULL, NULL);
	config_free(config);
}

static void assert_callee(const struct config *config, __u32 i, const char *user, __u64 window,
			  __u64 rate, __u64 burst)
{
	const struct sg_own_callee *callee = &config->callees[i];

	assert_string_equal(callee->text, user);
	assert_int_equal(callee->order, i);
	assert_int_equal(callee->window, window);
	assert_int_equal(callee->limit.rate, rate);
	assert_int_equal(callee->limit.burst, burst);
	assert_int_equal(callee->limit.interval, rate ? window * SG_NSEC_PER_SEC / rate : 0);
	assert_int_equal(callee->limit.tolerance, rate ? callee->limit.interval * (burst - 1) : 0);
}

static void test_callees(void **state)
{
	struct config *config = loaded("callees:\n"
				       "- {users: [hotline, 0800], unlimited: yes}\n"
				       "- {users: [+49-30_1*2#], limit: {rate: 7, burst: 3}}\n"
				       "- {users: [H], unlimited: no,\n"
				       "   limit: {rate: 1, window: 3600, burst: 1000000}}\n");

	(void)state;
	assert_int_equal(config->kernel.callees, 4);
	assert_int_equal(config->callee_count, 4);
	assert_callee(config, 0, "hotline", 0, 0, 0);
	assert_callee(config, 1, "0800", 0, 0, 0);
	assert_callee(config, 2, "+49-30_1*2#", 1, 7, 3);
	assert_callee(config, 3, "H", 3600, 1, 1000000);
	config_free(config);
	config = loaded("callees: []\n");
	assert_int_equal(config->kernel.callees, 0);
	config_free(config);
}

/* What is watched and stands for a +, as "a b, c d". */
static void assert_dialled(const char *text, const char *expected)
{
	struct config *config = loaded(text);
	char said[512] = "", one[DIALLED_TEXT];

	for (__u32 i = 0; i < config->kernel.dialled_count; i++)
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s", i ? " " : "",
			 dialled_text(&config->kernel.dialled[i], one));
	strcat(said, ",");
	for (__u32 i = 0; i < config->kernel.exit_count; i++)
		snprintf(said + strlen(said), sizeof(said) - strlen(said), " %s",
			 dialled_text(&config->kernel.exit[i], one));
	assert_string_equal(said, expected);
	config_free(config);
}

static void test_dialled(void **state)
{
	(void)state;
	assert_dialled("limits: {}\n", ", 00 011 0011 010 810");
	assert_dialled("dialled-prefixes: []\nexit-codes: []\n", ",");
	assert_dialled("dialled-prefixes: [+, +44, '+4490', 0900, 44, 1, +1234567890]\n",
		       "+ +44 +4490 0900 44 1 +1234567890, 00 011 0011 010 810");
	assert_dialled("exit-codes: [00, 01017]\n", ", 00 01017");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_strict_and_caps),
		cmocka_unit_test(test_example_is_the_default),
		cmocka_unit_test(test_examples_zone_loads),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_limits_and_modes),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_zones_inherit_limits),
		cmocka_unit_test(test_totals_of_zones),
		cmocka_unit_test(test_ways_to_write_yaml),
		cmocka_unit_test(test_burst_follows_the_tick),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_callees),
		cmocka_unit_test(test_dialled),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
