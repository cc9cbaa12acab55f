// SPDX-License-Identifier: GPL-2.0-only
/* The domains of a configuration file: who has which, and what is none. */
#include "config_text.h"

#define ZONE "name: z, prefixes: [192.0.2.0/24]"

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

static void test_forms(void **state)
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

static void test_dots_are_those_of_what_is_below(void **state)
{
	struct config *config = loaded("domains: [a.b.c.d, .b.c, .d]\n");

	(void)state;
	assert_int_equal(config->kernel.profile[0].served, 1 << 0 | 1 << 2 | 1 << 1);
	config_free(config);
}

/* Each layer's list stands in place of the one below it. */
static void test_layers(void **state)
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

static void test_profile_of_the_top(void **state)
{
	(void)state;
	assert_domains("profile: p\nprofiles: [{name: p, domains: [a.example]}]\n", 0, "a.example");
	assert_domains("profile: p\ndomains: [b.example]\n"
		       "profiles: [{name: p, domains: [a.example]}]\n", 0, "b.example");
}

#define LABEL "0123456789012345678901234567890123456789012345678901234567890123"

static void test_mistakes(void **state)
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
		{1, 11, "'*.example.com' is no domain: take letters, digits",
		 "domains: ['*.example.com']\n"},
		{1, 11, "'sip:example.com' is no domain: take letters, digits, '-' and '_', without "
			"port and scheme", "domains: ['sip:example.com']\n"},
		{1, 11, "'example.com:5060' is no domain", "domains: ['example.com:5060']\n"},
		{1, 11, "is no domain: take letters", "domains: ['a b']\n"},
		{1, 11, "is no domain: take letters", "domains: [b\303\274cher.example]\n"},
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
static void test_lists_are_apart(void **state)
{
	(void)state;
	assert_domains("domains: [a.example]\nzones: [{" ZONE ", domains: [a.example]}]\n", 1,
		       "a.example");
}

static void test_longest(void **state)
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
static void test_too_many(void **state)
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
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_dots_are_those_of_what_is_below),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_profile_of_the_top),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_lists_are_apart),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests_name("domains", tests, NULL, NULL);
}
