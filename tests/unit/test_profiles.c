// SPDX-License-Identifier: GPL-2.0-only
/* Profiles: what zones take from them, their domains, and what is wrong with them. */
#include "config_text.h"
#include "policy/config_reader.h"

#define ZONE "name: z, prefixes: [192.0.2.0/24]"

static const struct sg_profile *profile(const struct config *config, __u32 zone)
{
	return sg_profile_of(&config->kernel, zone);
}

static void assert_rate(const struct sg_limit *limit, __u32 rate, __u32 burst)
{
	assert_int_equal(limit->rate, rate);
	assert_int_equal(limit->burst, burst);
}

/* No carrier registers, and it may send what a trunk of many calls sends. */
static void test_peer(void **state)
{
	struct config *config = loaded("zones: [{" ZONE ", profile: peer}]\n");
	const struct sg_profile *peer = profile(config, 1), *others = profile(config, 0);

	(void)state;
	assert_int_equal(others->methods & ~peer->methods, 1U << SG_METHOD_REGISTER);
	assert_rate(&peer->limit[SG_LIMIT_INVITE], 200, 400);
	assert_rate(&peer->flow[SG_LIMIT_INVITE], 200, 400);
	assert_rate(&peer->limit[SG_LIMIT_OPTIONS], others->limit[SG_LIMIT_OPTIONS].rate,
		    others->limit[SG_LIMIT_OPTIONS].burst);
	assert_rate(&config->kernel.total[sg_zone_total(1)], 20000, 40000);
	assert_rate(&others->limit[SG_LIMIT_INVITE], 20, 40);
	config_free(config);
}

/* Who is registered is learned if anybody asks, and a zone is known by its name. */
static void test_identities(void **state)
{
	static const char *const asks[] = {
		"zones: [{" ZONE ", profile: peer}]\n", "identity: yes\n",
		"zones: [{name: a, prefixes: [10.0.0.0/8]}, {" ZONE ", identity: yes}]\n",
	};
	static const char *const asks_not[] = {
		"limits: {}\n", "zones: [{" ZONE "}]\n", "profiles: [{name: p, identity: yes}]\n",
		"zones: [{" ZONE ", profile: peer, identity: no}]\n",
	};
	struct config *config;

	(void)state;
	for (size_t i = 0; i < COUNT(asks); i++) {
		config = loaded(asks[i]);
		assert_int_equal(config->kernel.identities, 1);
		config_free(config);
	}
	for (size_t i = 0; i < COUNT(asks_not); i++) {
		config = loaded(asks_not[i]);
		assert_int_equal(config->kernel.identities, 0);
		config_free(config);
	}
	config = loaded(asks[2]);
	assert_int_equal(config->kernel.zone[0].id, 0);
	assert_int_equal(config->kernel.zone[2].id, sg_zone_id("z"));
	assert_int_not_equal(config->kernel.zone[1].id, config->kernel.zone[2].id);
	config_free(config);
}

/* `access` has what the file would have without it. */
static void test_access(void **state)
{
	struct config *with = loaded("profile: access\n"), *without = loaded("limits: {}\n");

	(void)state;
	assert_memory_equal(&with->kernel, &without->kernel, sizeof(with->kernel));
	config_free(with);
	config_free(without);
}

static void test_ims_access(void **state)
{
	struct config *config = loaded("profile: ims-access\n"
				       "zones: [{" ZONE ", profile: peer}]\n");

	(void)state;
	assert_int_equal(profile(config, 0)->methods, 1U << SG_METHOD_REGISTER);
	assert_true(profile(config, 1)->methods & 1U << SG_METHOD_INVITE);
	config_free(config);
}

/* The zone's own keys over its profile, that over what it builds on, that over the top. */
static void test_layers(void **state)
{
	struct config *config = loaded("limits: {invite: {rate: 31, burst: 61}}\n"
				       "modes: {garbage: monitor, utf8: off}\n"
				       "profiles:\n"
				       "  - name: low\n"
				       "    limits: {invite: {rate: 32}, register: {rate: 42}}\n"
				       "    modes: {garbage: off}\n"
				       "    validation: {uri: 100}\n"
				       "  - name: high\n"
				       "    profile: low\n"
				       "    limits: {register: {rate: 43}, options: {rate: 53}}\n"
				       "    transports: {not: [udp]}\n"
				       "zones:\n"
				       "  - {" ZONE ", profile: high, modes: {nul: off},\n"
				       "     limits: {options: {rate: 54}}}\n"
				       "  - {name: y, prefixes: [10.0.0.0/8],\n"
				       "     validation: {preset: strict, uri: 90}}\n");
	const struct sg_profile *z = profile(config, 1), *y = profile(config, 2);

	(void)state;
	assert_rate(&z->limit[SG_LIMIT_INVITE], 32, 61);
	assert_rate(&z->limit[SG_LIMIT_REGISTER], 43, 300);
	assert_rate(&z->limit[SG_LIMIT_OPTIONS], 54, 40);
	/* Flows follow whatever layer it was that gave the limit. */
	assert_rate(&z->flow[SG_LIMIT_INVITE], 32, 61);
	assert_rate(&z->flow[SG_LIMIT_REGISTER], 43, 300);
	assert_rate(&z->flow[SG_LIMIT_OPTIONS], 54, 40);
	assert_int_equal(z->transports, SG_PORT_TCP | SG_PORT_TLS);
	assert_int_equal(z->mode[SG_REASON_GARBAGE], SG_MODE_OFF);
	assert_int_equal(z->mode[SG_REASON_UTF8], SG_MODE_OFF);
	assert_int_equal(z->mode[SG_REASON_NUL], SG_MODE_OFF);
	assert_int_equal(z->rules >> SIP_RULE_NUL & 1, 0);
	assert_int_equal(z->caps.uri, 100);
	/* And nobody else is touched. */
	assert_rate(&profile(config, 0)->limit[SG_LIMIT_INVITE], 31, 61);
	assert_int_equal(profile(config, 0)->mode[SG_REASON_GARBAGE], SG_MODE_MONITOR);
	assert_int_equal(profile(config, 0)->mode[SG_REASON_NUL], SG_MODE_ENFORCE);
	assert_int_equal(profile(config, 0)->transports, SG_PORT_UDP | SG_PORT_TCP | SG_PORT_TLS);
	/* A preset is that of all reasons, over what is above. */
	assert_int_equal(y->mode[SG_REASON_UTF8], SG_MODE_ENFORCE);
	assert_int_equal(y->mode[SG_REASON_GARBAGE], SG_MODE_ENFORCE);
	assert_int_equal(y->caps.uri, 90);
	assert_true(y->rules >> SIP_RULE_CALL_ID & 1);
	config_free(config);
}

/* A flow limit that a profile gives is not lost to the limits of the zone that has it. */
static void test_flow_limits_of_a_profile(void **state)
{
	struct config *config = loaded("profiles:\n"
				       "  - name: p\n"
				       "    flow-limits: {invite: {rate: 5, burst: 9}}\n"
				       "zones:\n"
				       "  - {" ZONE ", profile: p,\n"
				       "     limits: {source: {rate: 900}}}\n"
				       "  - {name: y, prefixes: [10.0.0.0/8], profile: p,\n"
				       "     limits: {invite: {rate: 300, burst: 600}}}\n");

	(void)state;
	assert_rate(&profile(config, 1)->flow[SG_LIMIT_INVITE], 5, 9);
	assert_rate(&profile(config, 1)->flow[SG_LIMIT_SOURCE], 900, 400);
	assert_rate(&profile(config, 2)->flow[SG_LIMIT_INVITE], 300, 600);
	config_free(config);
}

static void test_mistakes(void **state)
{
	static const struct bad cases[] = {
		{1, 10, "no profile 'pear'; take one of access, ims-access, peer, core, or",
		 "profile: pear\n"},
		{1, 54, "there is no profile 'q'; take one of access",
		 "zones: [{name: z, prefixes: [192.0.2.0/24], profile: q}]\n"},
		{2, 36, "there is no profile 'b' above this one; take one of",
		 "profiles:\n  - {name: a, limits: {}, profile: b}\n  - {name: b}\n"},
		{2, 24, "there is no profile 'a' above this one",
		 "profiles:\n  - {name: a, profile: a}\n"},
		{3, 12, "there is a profile 'a' already",
		 "profiles:\n  - {name: a}\n  - {name: a}\n"},
		{2, 12, "'peer' is a profile that comes with sipguard",
		 "profiles:\n  - {name: peer}\n"},
		{2, 12, "'a b' cannot name a profile", "profiles:\n  - {name: a b}\n"},
		{2, 5, "this profile has no name", "profiles:\n  - {limits: {}}\n"},
		{2, 15, "unknown key 'prefixes' in profiles; known here: name, profile",
		 "profiles:\n  - {name: a, prefixes: [10.0.0.0/8]}\n"},
		{2, 15, "unknown key 'total' in profiles",
		 "profiles:\n  - {name: a, total: {rate: 1}}\n"},
		{2, 15, "unknown key 'totals' in profiles",
		 "profiles:\n  - {name: a, totals: {}}\n"},
		/* One that nobody takes is read, too. */
		{2, 39, "a rate of 0 is out of range; it is 1 to 10000000 per second",
		 "profiles:\n  - {name: a, limits: {invite: {rate: 0}}}\n"},
		{1, 11, "'profiles' must be a list", "profiles: {name: a}\n"},
		{1, 18, "each entry of 'only' must be one of INVITE, ACK",
		 "methods: {only: [invite]}\n"},
		{1, 18, "each entry of 'only' must be one of INVITE", "methods: {only: [none]}\n"},
		{1, 18, "each entry of 'only' must be one of INVITE", "methods: {only: ['']}\n"},
		{1, 17, "'only' must be a list", "methods: {only: REGISTER}\n"},
		{1, 17, "nothing is left of 'methods'; leave at least one",
		 "methods: {only: []}\n"},
		{1, 19, "nothing is left of 'transports'",
		 "transports: {not: [udp, tcp, tls]}\n"},
		{1, 14, "unknown key 'sctp' in transports; known here: only, not",
		 "transports: {sctp: no}\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
}

static void test_too_many(void **state)
{
	static char text[4096] = "profiles:\n";

	(void)state;
	for (int i = 0; i < CONFIG_PROFILES; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "  - {name: p%d}\n", i);
	config_free(loaded(text));
	strcat(text, "  - {name: more}\n");
	assert_refused(&(struct bad){CONFIG_PROFILES + 2, 5, "there are 33 profiles, and 32 is",
				     text});
}

/* Zones that have it, zones that build on it, and the top all use a profile. */
static void test_who_is_not_used(void **state)
{
	struct config *config = loaded("profile: top\n"
				       "profiles: [{name: top}, {name: base},\n"
				       "           {name: on-it, profile: base}, {name: idle}]\n"
				       "zones: [{" ZONE ", profile: on-it}]\n");
	size_t next = 0;
	char text[200];

	(void)state;
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_string_equal(text, "profile 'idle' is not used; give a zone 'profile: idle', or "
				  "take it out");
	assert_false(config_doubt(config, &next, text, sizeof(text)));
	config_free(config);
}

static void test_what_does_nothing(void **state)
{
	struct config *config = loaded("zones:\n"
			"  - {" ZONE ", dialled: {zones: yes}, callee: {priority: yes}}\n"
			"  - {name: port, interfaces: [eth9], callee: {priority: yes}}\n");
	size_t next = 0;
	char text[256];

	(void)state;
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_non_null(strstr(text, "'dialled: {zones: yes}' counts nothing"));
	assert_true(config_doubt(config, &next, text, sizeof(text)));
	assert_memory_equal(text, "zone 'port': 'callee: {priority: yes}' does nothing", 51);
	assert_false(config_doubt(config, &next, text, sizeof(text)));
	config_free(config);
	/* Nor is it one where there is something to count, or all zones take it over. */
	config = loaded("dialled-prefixes: ['+']\ncallee: {priority: yes}\n"
			"zones:\n"
			"  - {" ZONE ", dialled: {zones: yes}}\n"
			"  - {name: port, interfaces: [eth9]}\n");
	next = 0;
	assert_false(config_doubt(config, &next, text, sizeof(text)));
	config_free(config);
}

/* The page has the shipped ones as they are. */
static void test_page_has_the_shipped(void **state)
{
	static char page[1 << 16];
	struct document document;
	FILE *file = fopen("docs/profiles.md", "re");
	const char *entry, *end;

	(void)state;
	assert_non_null(file);
	assert_in_range(fread(page, 1, sizeof(page) - 1, file), 1, sizeof(page) - 2);
	fclose(file);
	assert_int_equal(profiles_shipped(&document, &error), 0);
	for (entry = strstr((char *)document.text, "  - name: "); entry; entry = end) {
		char one[2048];

		end = strstr(entry + 1, "\n  - name: ");
		end = end ? end + 1 : NULL;
		snprintf(one, sizeof(one), "%.*s", end ? (int)(end - entry) : -1, entry);
		if (!strstr(page, one))
			fail_msg("docs/profiles.md lacks this profile:\n%s", one);
	}
	document_free(&document);
}

/* --- domains that are served --- */

/* What a zone is asked for, as "a b". */
static const char *domains_of(const struct config *config, __u32 zone)
{
	const struct sg_profile *profile = sg_profile_of(&config->kernel, zone);
	static char text[2048];
	__u32 served = 0;

	*text = '\0';
	for (size_t i = 0; i < config->domain_count; i++) {
		const struct served_domain *domain = &config->domains[i];

		if (!profile->domains || domain->list != profile->domains)
			continue;
		served |= 1U << domain->dots;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			 *text ? " " : "", domain->text);
	}
	assert_int_equal(profile->served, served);
	return text;
}

static void assert_domains(const char *text, __u32 zone, const char *expected)
{
	struct config *config = loaded(text);

	assert_string_equal(domains_of(config, zone), expected);
	config_free(config);
}

static void test_domains(void **state)
{
	(void)state;
	assert_domains("limits: {}\n", 0, "");
	assert_domains("domains: []\n", 0, "");
	assert_domains("domains: [example.com, .example.net]\n", 0, "example.com .example.net");
	assert_domains("domains: [Example.COM, sip_1.example.com, pbx, xn--bcher-kva.example]\n", 0,
		       "example.com sip_1.example.com pbx xn--bcher-kva.example");
	assert_domains("domains: [192.0.2.10, .com, 3com.example, 1.2.example]\n", 0,
		       "192.0.2.10 .com 3com.example 1.2.example");
	assert_domains("domains: [2001:DB8::1, '[2001:db8::2]']\n", 0,
		       "[2001:db8::1] [2001:db8::2]");
	assert_domains("domains: [.1.2.3.4.5.6.7.h]\n", 0, ".1.2.3.4.5.6.7.h");
}

static void test_dots_of_domains(void **state)
{
	struct config *config = loaded("domains: [a.b.c.d, .b.c, .d]\n");

	(void)state;
	assert_int_equal(config->kernel.profile[0].served, 1 << 0 | 1 << 2 | 1 << 1);
	config_free(config);
}

/* Each layer's list stands in place of the one below it. */
static void test_domains_by_layer(void **state)
{
	static const char text[] = "domains: [top.example]\n"
				   "profiles:\n"
				   "  - {name: with, domains: [a.example, b.example]}\n"
				   "  - {name: without}\n"
				   "  - {name: on-it, profile: with}\n"
				   "  - {name: lifted, profile: with, domains: []}\n"
				   "zones:\n"
				   "  - {" ZONE "}\n"
				   "  - {name: y1, prefixes: [10.1.0.0/16], profile: with}\n"
				   "  - {name: y2, prefixes: [10.2.0.0/16], profile: without}\n"
				   "  - {name: y3, prefixes: [10.3.0.0/16], profile: on-it}\n"
				   "  - {name: y4, prefixes: [10.4.0.0/16], profile: lifted}\n"
				   "  - {name: y5, prefixes: [10.5.0.0/16], profile: with,\n"
				   "     domains: [own.example]}\n"
				   "  - {name: y6, prefixes: [10.6.0.0/16], domains: []}\n"
				   "  - {name: y7, prefixes: [10.7.0.0/16], profile: peer}\n";
	static const char *const expected[] = {
		"top.example", "top.example", "a.example b.example", "top.example",
		"a.example b.example", "", "own.example", "", "top.example",
	};

	(void)state;
	for (size_t zone = 0; zone < COUNT(expected); zone++)
		assert_domains(text, zone, expected[zone]);
}

static void test_domains_of_the_top(void **state)
{
	(void)state;
	assert_domains("profile: p\nprofiles: [{name: p, domains: [a.example]}]\n", 0, "a.example");
	assert_domains("profile: p\ndomains: [b.example]\n"
		       "profiles: [{name: p, domains: [a.example]}]\n", 0, "b.example");
}

#define LABEL "0123456789012345678901234567890123456789012345678901234567890123"

static void test_bad_domains(void **state)
{
	static const struct bad cases[] = {
		{1, 10, "'domains' must be a list", "domains: example.com\n"},
		{1, 11, "each entry of 'domains' must be one word", "domains: [{a: b}]\n"},
		{1, 14, "'a..b' is no domain: a dot stands at its end", "domains: [a, a..b]\n"},
		{1, 11, "'example.com.' is no domain: a dot stands at its end, or two in a row",
		 "domains: [example.com.]\n"},
		{1, 11, "'' is no domain: there is no name", "domains: ['']\n"},
		{1, 11, "'.' is no domain: there is no name", "domains: [.]\n"},
		{1, 11, "'..com' is no domain", "domains: [..com]\n"},
		{1, 11, "'*.example.com' is no domain: write the name alone",
		 "domains: ['*.example.com']\n"},
		{1, 11, "'sip:example.com' is no domain: write the name alone",
		 "domains: ['sip:example.com']\n"},
		{1, 11, "'example.com:5060' is no domain", "domains: ['example.com:5060']\n"},
		{1, 11, "is no domain: write the name", "domains: ['a b']\n"},
		{1, 11, "is no domain: write the name", "domains: [b\303\274cher.example]\n"},
		{1, 11, "is no domain: more than 63 characters", "domains: [" LABEL ".com]\n"},
		{1, 11, "'192.0.2.300' is no domain: it ends as an IPv4 address, and is none",
		 "domains: [192.0.2.300]\n"},
		{1, 11, "it ends as an IPv4 address", "domains: [192.0.2.0.1]\n"},
		{1, 11, "it ends as an IPv4 address", "domains: ['5060']\n"},
		{1, 11, "no name stands below an address", "domains: [.192.0.2.1]\n"},
		{1, 11, "is no domain", "domains: ['2001:db8::g']\n"},
		{1, 11, "is no domain", "domains: ['[2001:db8::1']\n"},
		{1, 11, "is no domain", "domains: ['2001:db8::1]']\n"},
		{1, 11, "is no domain", "domains: ['[2001:db8::1]:5060']\n"},
		{1, 11, "may have 8 of them", "domains: [.1.2.3.4.5.6.7.8.i]\n"},
		{2, 12, "'b.example' is in this list already", "domains: [a.example, b.example,\n"
							      "           B.Example]\n"},
		/* A zone and a profile that nobody takes are read, too. */
		{1, 58, "'a.' is no domain", "zones: [{" ZONE ", domains: [a, a.]}]\n"},
		{1, 32, "'-.' is no domain", "profiles: [{name: p, domains: [-.]}]\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
}

/* One list may have what another one has. */
static void test_lists_of_domains_are_apart(void **state)
{
	(void)state;
	assert_domains("domains: [a.example]\nzones: [{" ZONE ", domains: [a.example]}]\n", 1,
		       "a.example");
}

static void test_longest_domain(void **state)
{
	static char text[400] = "domains: [.";
	size_t start = strlen(text);

	(void)state;
	for (int i = 0; i < SG_DOMAIN_MOST; i++)
		text[start + i] = i % 50 == 49 ? '.' : 'a';
	strcpy(text + start + SG_DOMAIN_MOST, "]\n");
	config_free(loaded(text));
	strcpy(text + start + SG_DOMAIN_MOST, "a]\n");
	assert_refused(&(struct bad){1, 11, "it has more than 253 characters", text});
}

/* As many as there may be, in two lists. */
static void test_too_many_domains(void **state)
{
	static char text[SG_DOMAINS * 24 + 200] = "domains: [";
	struct config *config;
	size_t used;

	(void)state;
	for (int i = 0; i < SG_DOMAINS - 1; i++)
		snprintf(text + strlen(text), 24, "a%d.com, ", i);
	strcat(text, "last]\n");
	config = loaded(text);
	assert_int_equal(config->domain_count, SG_DOMAINS);
	config_free(config);
	used = strlen(text);
	strcpy(text + used, "zones: [{" ZONE ", domains: [one.more]}]\n");
	assert_refused(&(struct bad){2, 54, "the lists have more than 1024 domains together",
				     text});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_ims_access),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_flow_limits_of_a_profile),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_who_is_not_used),
		cmocka_unit_test(test_what_does_nothing),
		cmocka_unit_test(test_page_has_the_shipped),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_dots_of_domains),
		cmocka_unit_test(test_domains_by_layer),
		cmocka_unit_test(test_domains_of_the_top),
		cmocka_unit_test(test_bad_domains),
		cmocka_unit_test(test_lists_of_domains_are_apart),
		cmocka_unit_test(test_longest_domain),
		cmocka_unit_test(test_too_many_domains),
	};

	return cmocka_run_group_tests_name("profiles", tests, NULL, NULL);
}
