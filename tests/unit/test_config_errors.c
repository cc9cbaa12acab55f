// SPDX-License-Identifier: GPL-2.0-only
/* What a configuration file may not say: the line, the column and what to do about it. */
#include "config_text.h"

static void test_bad_yaml(void **state)
{
	static const struct bad cases[] = {
		{1, 1, "it says nothing", ""},
		{1, 1, "it says nothing", "\n\n"},
		{1, 1, "it says nothing", "# limits:\n"},
		{1, 1, "the file must be a mapping", "hello\n"},
		{1, 1, "the file must be a mapping", "[limits]\n"},
		{2, 1, "the file must be a mapping", "---\n"},
		{2, 1, "not valid YAML", "limits: {invite: {rate: 5}\n"},
		{2, 1, "not valid YAML", "limits:\n\tinvite: {rate: 5}\n"},
		{2, 1, "not valid YAML", "limits: \"\n"},
		{2, 8, "not valid YAML", "limits: {}\nports: }\n"},
		{3, 2, "not valid YAML", "limits:\n  invite: {rate: 5}\n other: {rate: 5}\n"},
		{1, 9, "not text in UTF-8", "limits: \xff\n"},
		{2, 3, "not text in UTF-8", "# \xc3\xa4\n# \xe4\n"},
		{1, 1, "not text in UTF-8", "\xff\xfe" "a\n"},
		{1, 4, "not text in UTF-8", "# \xc3\xa4\xe4\n"}, /* columns are of characters */
		{1, 1, "unknown key", "\xef\xbb\xbf" "foo: {}\n"}, /* the mark is no column */
		{2, 1, "unknown key", "\xef\xbb\xbflimits: {}\nfoo: {}\n"},
		{2, 3, "not text in UTF-8", "# x\n# \x01\n"},
		{3, 1, "a second document", "limits: {}\n\n---\nlimits: {}\n"},
		{2, 9, "&a", "ports: {}\nlimits: &a {}\n"},
		{2, 9, "*a", "ports: {}\nlimits: *a\n"},
		{1, 9, "NUL", "limits: \"a\\0b\"\n"},
		{1, 9, "nested deeper", "[[[[[[[[[[]]]]]]]]]]\n"},
		{1, 19, "a key must be one word", "limits: {invite: {[rate]: 5}}\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
}

static void test_bad_keys_and_types(void **state)
{
	static const struct bad cases[] = {
		{1, 1, "unknown key 'limit' at the top level; known here: profile, ports, limits",
		 "limit: {}\n"},
		{1, 1, "it is a key of modes", "limit-invite: off\n"},
		{1, 7, "'mode' must be one of monitor, enforce, not 'off'", "mode: off\n"},
		{1, 7, "'mode' must be one of monitor, enforce, not a mapping",
		 "mode: {garbage: off}\n"},
		{1, 45, "it is a key at the top level",
		 "zones: [{name: z, prefixes: [192.0.2.0/24], mode: enforce}]\n"},
		{3, 1, "unknown key 'Modes'", "ports: {}\nlimits: {}\nModes: {}\n"},
		{3, 3, "unknown key 'Invite' in limits; known here: source, invite",
		 "limits:\n  other: {rate: 5, burst: 9}\n  Invite: {rate: 5}\n"},
		{1, 28, "unknown key 'bust' in invite; known here: rate, burst",
		 "limits: {invite: {rate: 5, bust: 9}}\n"},
		{1, 9, "unknown key 'sctp' in ports; known here: udp, tcp, tls",
		 "ports: {sctp: [5060]}\n"},
		{1, 9, "unknown key 'none' in modes", "modes: {none: enforce}\n"},
		{4, 5, "unknown key 'prefix' in zones; known here: name, profile, prefixes",
		 "zones:\n  - name: a\n    prefixes: [1::1]\n    prefix: [1::2]\n"},
		{1, 19, "unknown key '<<' in invite", "limits: {invite: {<<: {rate: 5}}}\n"},
		{1, 1, "unknown key ''", "'': {}\n"},
		{1, 1, "unknown key '?[31m'", "\"\\e[31m\": 1\n"},

		{2, 1, "'ports' is here a second time, first on line 1", "ports: {}\nports: {}\n"},
		{1, 28, "'rate' is here a second time", "limits: {invite: {rate: 5, rate: 5}}\n"},
		{3, 3, "'garbage' is here a second time",
		 "modes:\n  garbage: off\n  garbage: enforce\n"},
		{4, 5, "'name' is here a second time",
		 "zones:\n  - name: a\n    prefixes: [1::1]\n    name: b\n"},

		{1, 8, "'limits' must be a mapping with keys out of: source, invite",
		 "limits:\n"},
		{1, 9, "'limits' must be a mapping with keys out of: source", "limits: [1]\n"},
		{1, 18, "'invite' must be a mapping with keys out of: rate, burst, not '20'",
		 "limits: {invite: 20}\n"},
		{1, 14, "'udp' must be a list", "ports: {udp: 5060}\n"},
		{1, 14, "'udp' must be a list", "ports: {udp: {port: 5060}}\n"},
		{1, 7, "'zones' must be a list", "zones:\n"},
		{1, 8, "'zones' must be a list", "zones: {name: a}\n"},
		{2, 5, "each entry of 'zones' must be a mapping", "zones:\n  - carrier\n"},
		{1, 21, "each entry of 'udp' must be a whole number in decimal digits, not 'sip'",
		 "ports: {udp: [5060, sip]}\n"},
		{1, 15, "each entry of 'udp' must be a whole number", "ports: {udp: [[5060]]}\n"},
		{1, 25, "'rate' must be a whole number in decimal digits, not 'fast'",
		 "limits: {invite: {rate: fast}}\n"},
		{1, 25, "not '1.5'", "limits: {invite: {rate: 1.5}}\n"},
		{1, 25, "not '-5'", "limits: {invite: {rate: -5}}\n"},
		{1, 25, "not '+5'", "limits: {invite: {rate: +5}}\n"},
		{1, 25, "not '010'", "limits: {invite: {rate: 010}}\n"},
		{1, 25, "not '0x10'", "limits: {invite: {rate: 0x10}}\n"},
		{1, 25, "not '1e3'", "limits: {invite: {rate: 1e3}}\n"},
		{1, 25, "not '5 6'", "limits: {invite: {rate: 5 6}}\n"},
		{1, 25, "not '5/s'", "limits: {invite: {rate: 5/s}}\n"},
		{1, 25, "not '18446744073709551617'",
		 "limits: {invite: {rate: 18446744073709551617}}\n"},
		{1, 25, "not nothing", "limits: {invite: {rate: }}\n"},
		{1, 25, "not a list", "limits: {invite: {rate: [5]}}\n"},
		{1, 18, "'garbage' must be one of off, monitor, enforce, not 'on'",
		 "modes: {garbage: on}\n"},
		{1, 18, "not 'Enforce'", "modes: {garbage: Enforce}\n"},
		{1, 22, "'preset' must be one of default, strict, not 'lax'",
		 "validation: {preset: lax}\n"},
		{1, 18, "not '2'", "modes: {garbage: 2}\n"},
		{1, 18, "not a mapping", "modes: {garbage: {mode: off}}\n"},
		{1, 16, "'name' must be one word, not a list", "zones: [{name: [a]}]\n"},
		{1, 30, "each entry of 'prefixes' must be one word",
		 "zones: [{name: a, prefixes: [[1::1]]}]\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
}

/* The longest mapping: its last key is compared with all before it, the list of keys is cut. */
static void test_all_modes(void **state)
{
	static const char *const labels[] = {
#define X(number, name, label, ...) label,
		SG_REASONS(X)
#undef X
	};
	const size_t last = COUNT(labels) - 1;
	static char text[8192] = "modes:\n";
	char says[80];

	(void)state;
	for (size_t i = 0; i <= last; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "  %s: off\n",
			 labels[i]);
	config_free(loaded(text));
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "  %s: off\n", labels[last]);
	snprintf(says, sizeof(says), "'%s' is here a second time, first on line %zu", labels[last],
		 last + 2);
	assert_refused(&(struct bad){last + 3, 3, says, text});
	assert_refused(&(struct bad){1, 9, ", ...", "modes: {none: off}\n"});
}

static void test_bad_values(void **state)
{
	static const struct bad cases[] = {
		{1, 15, "port 0 is out of range", "ports: {udp: [0]}\n"},
		{1, 21, "port 65536 is out of range", "ports: {udp: [5060, 65536]}\n"},
		{2, 15, "port 5070 is under 'tls' already", "ports:\n  tls: [5070, 5070]\n"},
		{3, 10, "port 5062 is under both tcp and tls",
		 "ports:\n  tcp: [5062]\n  tls: [ 5062 ]\n"},
		{1, 15, "port 5061 is under both tcp and tls", "ports: {tcp: [5061]}\n"},
		{1, 15, "port 5060 is under both tcp and tls", "ports: {tls: [5060]}\n"},
		{1, 8, "no port is left to guard", "ports: {udp: [], tcp: [], tls: []}\n"},

		{1, 22, "254 is out of range; 'fields' is 1 to 253", "validation: {fields: 254}\n"},
		{1, 19, "0 is out of range; 'uri' is 1 to 65535",
		 "validation: {uri: 0}\n"},
		{1, 26, "65536 is out of range", "validation: {start-line: 65536}\n"},
		{1, 25, "a rate of 0 is out of range", "limits: {invite: {rate: 0}}\n"},
		{1, 31, "a threshold of 1 is out of range; it is 2 to 100000",
		 "bans: {malformed: {threshold: 1}}\n"},
		{1, 33, "a threshold of 26 is out of range; it is 2 to 25",
		 "bans: {enumeration: {threshold: 26}}\n"},
		{1, 24, "'guesses' has no time: nobody is banned for it",
		 "bans: {guesses: {time: 60}}\n"},
		{1, 22, "0 is out of range; it is 1 to 86400 seconds",
		 "bans: {flood: {time: 0}}\n"},
		{1, 16, "86401 is out of range", "proven: {call: 86401}\n"},
		{1, 18, "0 is out of range", "greylist: {hold: 0}\n"},
		{1, 19, "101 is out of range; it is 1 to 100 percent",
		 "overload: {share: 101}\n"},
		{1, 19, "0 is out of range; they are 1 to 1000000 per second",
		 "overload: {least: 0}\n"},
		{1, 18, "4 is out of range; it is 5 to 86400 seconds", "overload: {hold: 4}\n"},
		{1, 18, "10001 is out of range; it is 0 to 10000 calls",
		 "calls: {at-once: 10001}\n"},
		{1, 20, "26 is out of range; it is 2 to 25 forms", "dial-walk: {forms: 26}\n"},
		{1, 21, "0 is out of range; a source may have 1 to 1000000 connections",
		 "connections: {live: 0}\n"},
		{1, 21, "1000001 is out of range", "connections: {live: 1000001}\n"},
		{1, 27, "0 is out of range; it is 1 to 86400 seconds",
		 "connections: {first-data: 0}\n"},
		{1, 28, "a burst of 0 is out of range", "connections: {new: {burst: 0}}\n"},
		{1, 56, "unknown key 'first-data' in connections",
		 "zones: [{name: a, prefixes: [192.0.2.1], connections: {first-data: 9}}]\n"},
		{1, 25, "a rate of 10000001 is out of range",
		 "limits: {invite: {rate: 10000001}}\n"},
		{1, 26, "a burst of 0 is out of range", "limits: {invite: {burst: 0}}\n"},
		{1, 35, "a burst of 1000001 is out of range",
		 "limits: {invite: {rate: 5, burst: 1000001}}\n"},
		{2, 27, "a rate of 0 is out of range", "totals:\n  unlisted-total: {rate:  0}\n"},
		/* 1000 a second are 4 in a tick of 4 ms, and one more. */
		{1, 38, "steps of 4 ms; make the burst 5 or more",
		 "limits: {invite: {rate: 1000, burst: 4}}\n"},
		{1, 25, "a burst of 40 cannot hold a rate of 10000 per second",
		 "limits: {invite: {rate: 10000}}\n"},
		{1, 40, "make the burst 6002 or more",
		 "limits: {source: {rate: 1500001,burst: 6001}}\n"},
		{4, 27, "a burst of 40 cannot hold a rate of 9999",
		 "zones:\n- name: a\n  prefixes: [1::1]\n  limits: {invite: {rate: 9999}}\n"},

		{1, 51, "a rate of 0 is out of range",
		 "zones: [{name: a, prefixes: [1::1], total: {rate: 0}}]\n"},
		{4, 17, "a burst of 4000 cannot hold a rate of 1000000 per second",
		 "zones:\n- name: a\n  prefixes: [1::1]\n  total: {rate: 1000000}\n"},
		{1, 45, "unknown key 'live' in total; known here: rate, burst",
		 "zones: [{name: a, prefixes: [1::1], total: {live: 9}}]\n"},
		{1, 9, "this zone has no name", "zones: [{prefixes: [1::1]}]\n"},
		{1, 9, "this zone has no name", "zones: [{}]\n"},
		{1, 16, "'' cannot name a zone", "zones: [{name: '', prefixes: [1::1]}]\n"},
		{1, 16, "'a b' cannot name a zone", "zones: [{name: a b, prefixes: [1::1]}]\n"},
		{1, 16, "cannot name a zone; take 1 to 31",
		 "zones: [{name: a1234567890123456789012345678901, prefixes: [1::1]}]\n"},
		{1, 16, "a zone 'unlisted' already (that of all sources in no zone)",
		 "zones: [{name: unlisted, prefixes: [1::1]}]\n"},
		{4, 11, "a zone 'a' already",
		 "zones:\n  - name: a\n    prefixes: [1::1]\n  - name: a\n    prefixes: [1::2]\n"},
		{1, 9, "zone 'a' has no prefixes", "zones: [{name: a}]\n"},
		{1, 29, "zone 'a' has no prefixes", "zones: [{name: a, prefixes: []}]\n"},

		{1, 30, "'carrier.example' is not an address",
		 "zones: [{name: a, prefixes: [carrier.example]}]\n"},
		{3, 9, "host bits set; write 192.0.2.0/24",
		 "zones:\n- {name: a, prefixes: [1::1,\n        192.0.2.1/24]}\n"},
		{1, 30, "IPv4 takes 0 to 32", "zones: [{name: a, prefixes: [192.0.2.0/33]}]\n"},
		{1, 30, "too wide for a zone; write 2000::/3",
		 "zones: [{name: a, prefixes: [\"::/0\"]}]\n"},
		{1, 46, "'192.0.2.0/24' is in zone 'a' already",
		 "zones: [{name: a, prefixes: [192.0.2.0/24 ,  192.0.2.0/24]}]\n"},
		{6, 9, "'2001:DB8::/32' is in zone 'a' already",
		 "zones:\n- name: a\n  prefixes: [10.0.0.0/8, \"2001:db8::/32\", 11.0.0.0/8]\n"
		 "- name: b\n  prefixes: [ 1::5,\n        \"2001:DB8::/32\"]\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
}

static void test_too_many_zones(void **state)
{
	char text[2048] = "zones:\n", *at = text + strlen(text);
	struct config *config;

	(void)state;
	for (int i = 0; i < SG_ZONES - 1; i++)
		at += sprintf(at, "- {name: z%d, prefixes: [10.0.0.%d]}\n", i, i);
	config = loaded(text);
	assert_int_equal(config->kernel.zones, SG_ZONES - 1);
	config_free(config);
	sprintf(at, "- {name: last, prefixes: [10.0.1.0]}\n");
	assert_refused(&(struct bad){17, 3, "there are 16 zones, and 15 is the most", text});
}

static void test_too_many_prefixes(void **state)
{
	char *text = malloc(1 << 20), *at = text;
	struct config *config;

	(void)state;
	assert_non_null(text);
	at += sprintf(at, "zones: [{name: a, prefixes: [9.9.9.9");
	for (int i = 1; i < SG_ZONE_ENTRIES; i++)
		at += sprintf(at, ",1.1.%d.%d", i >> 8, i & 255);
	strcpy(at, "]}]");
	config = loaded(text);
	assert_int_equal(config->prefix_count, SG_ZONE_ENTRIES);
	config_free(config);
	strcpy(at, ",1.1.0.0]}]");
	assert_refused(&(struct bad){1, 8, "65537 prefixes together, and 65536 is the most", text});
	free(text);
}

#define LONGEST "0123456789012345678901234567890123456789012345678901234567890123"

static void test_bad_callees(void **state)
{
	static const struct bad cases[] = {
		{1, 10, "'callees' must be a list", "callees: {hotline: {}}\n"},
		{1, 11, "each entry of 'callees' must be a mapping with keys out of: users, limit, "
			"unlimited, not 'bob'", "callees: [bob]\n"},
		{1, 12, "unknown key 'user' in callees; known here: users, limit, unlimited",
		 "callees: [{user: bob}]\n"},
		{2, 3, "unknown key 'domains' in callees", "callees:\n- domains: []\n"},
		{1, 19, "'users' must be a list", "callees: [{users: bob}]\n"},
		{1, 20, "each entry of 'users' must be one word", "callees: [{users: [[]]}]\n"},
		{1, 10, "unknown key 'callees' in zones", "zones: [{callees: []}]\n"},
		{1, 1, "unknown key 'users' at the top", "users: []\n"},
		{1, 1, "; it is a key in callees", "users: []\n"},
		{2, 3, "; it is a key at the top level", "zones:\n- overload: {shed: yes}\n"},
		{1, 1, ", ...; is 'callees' meant?", "calees: []\n"},
		{1, 9, ", ...; is 'limit-own-callee' meant?",
		 "modes: {limit_own_calee: enforce}\n"},

		{1, 11, "there are no users here", "callees: [{unlimited: yes}]\n"},
		{1, 19, "there are no users here", "callees: [{users: [], unlimited: yes}]\n"},
		{1, 20, "'' is no user: there is nothing",
		 "callees: [{users: [''], unlimited: yes}]\n"},
		{1, 23, "'sip:b' is no user: write what stands before the '@'",
		 "callees: [{users: [a, 'sip:b'], unlimited: yes}]\n"},
		{1, 20, "'a@b' is no user", "callees: [{users: [a@b], unlimited: yes}]\n"},
		{1, 20, "'a;b' is no user", "callees: [{users: [a;b], unlimited: yes}]\n"},
		{1, 20, "'a%23' is no user", "callees: [{users: [a%23], unlimited: yes}]\n"},
		{1, 20, "'a b' is no user", "callees: [{users: [a b], unlimited: yes}]\n"},
		{1, 20, "is no user", "callees: [{users: [\303\274], unlimited: yes}]\n"},
		{1, 86, "no more than 64 characters of one are compared",
		 "callees: [{users: [" LONGEST ", " LONGEST "4], unlimited: yes}]\n"},
		{1, 23, "the user 'a' is under 'callees' already",
		 "callees: [{users: [a, a], unlimited: yes}]\n"},
		{3, 15, "the user 'a' is under 'callees' already",
		 "callees:\n- {users: [a], unlimited: yes}\n- {users: [b, a], unlimited: yes}\n"},

		{2, 3, "these users have no limit of their own; give them one",
		 "callees:\n- {users: [a]}\n"},
		{2, 3, "these users have no limit", "callees:\n- {users: [a], unlimited: no}\n"},
		{1, 37, "'unlimited' must be one of no, yes",
		 "callees: [{users: [a], unlimited:   never}]\n"},
		{1, 47, "'unlimited' and have a limit",
		 "callees: [{users: [a], unlimited: yes, limit: {rate: 1, burst: 1}}]\n"},
		{1, 31, "'limit' must be a mapping with keys out of: rate, window, burst",
		 "callees: [{users: [a], limit: 5}]\n"},
		{1, 31, "this limit has no rate; give it one",
		 "callees: [{users: [a], limit: {burst: 1}}]\n"},
		{1, 31, "this limit has no burst", "callees: [{users: [a], limit: {rate: 1}}]\n"},
		{1, 38, "a rate of 0 is out of range; it is 1 to 10000000 calls in a window",
		 "callees: [{users: [a], limit: {rate: 0, burst: 1}}]\n"},
		{1, 49, "a window of 3601 is out of range; it is 1 to 3600 seconds",
		 "callees: [{users: [a], limit: {rate: 1, window: 3601, burst: 1}}]\n"},
		{1, 48, "a burst of 1000001 is out of range",
		 "callees: [{users: [a], limit: {rate: 1, burst: 1000001}}]\n"},
		{1, 50, "a burst of 2 cannot hold a rate of 600 in 1 s",
		 "callees: [{users: [a], limit: {rate: 600, burst: 2}}]\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
	/* In a window the same rate is less. */
	config_free(loaded("callees: [{users: [" LONGEST "], "
			   "limit: {rate: 600, window: 60, burst: 2}}]\n"));
}

static void test_too_many_callees(void **state)
{
	static char text[SG_OWN_CALLEES * 8 + 200] = "callees:\n- {unlimited: yes, users: [";
	struct config *config;

	(void)state;
	for (int i = 1; i < SG_OWN_CALLEES; i++)
		sprintf(text + strlen(text), "u%d, ", i);
	strcat(text, "last]}\n");
	config = loaded(text);
	assert_int_equal(config->kernel.callees, SG_OWN_CALLEES);
	config_free(config);
	strcat(text, "- {unlimited: yes, users: [more]}\n");
	assert_refused(&(struct bad){3, 27, "more than 1024 users by here", text});
}

static void test_what_is_no_file(void **state)
{
	struct config *config = untouched;

	(void)state;
	assert_int_equal(config_load("/nowhere/x.yaml", TICK, &config, &error), -ENOENT);
	assert_int_equal(error.line, 0);
	assert_non_null(strstr(error.text, "No such file or directory; name a readable YAML file"));
	assert_int_equal(config_load("/", TICK, &config, &error), -EISDIR);
	assert_non_null(strstr(error.text, "Is a directory"));
	assert_int_equal(config_load("/dev/zero", TICK, &config, &error), -EFBIG);
	assert_non_null(strstr(error.text, "larger than 1024 KiB"));
	assert_int_equal(config_load("/dev/null", TICK, &config, &error), -EINVAL);
	assert_non_null(strstr(error.text, "it says nothing"));
	assert_ptr_equal(config, untouched);
}

static void test_bad_dialled(void **state)
{
	static const struct bad cases[] = {
		{1, 19, "'dialled-prefixes' must be a list", "dialled-prefixes: +44\n"},
		{1, 20, "each entry of 'dialled-prefixes' must be one word",
		 "dialled-prefixes: [[1]]\n"},
		{1, 20, "'' is no dialled prefix: there is no digit", "dialled-prefixes: ['']\n"},
		{1, 25, "'+44 90' is no dialled prefix: write digits alone",
		 "dialled-prefixes: [+49, +44 90]\n"},
		{1, 20, "'-1' is no dialled prefix: write digits alone",
		 "dialled-prefixes: [-1]\n"},
		{1, 20, "'++44' is no dialled prefix: write digits", "dialled-prefixes: [++44]\n"},
		{1, 20, "'44+' is no dialled prefix: write digits", "dialled-prefixes: [44+]\n"},
		{1, 20, "'+044' is no dialled prefix: no country code begins with 0",
		 "dialled-prefixes: [+044]\n"},
		{1, 20, "'12345678901' is no dialled prefix: it has more than 10 digits",
		 "dialled-prefixes: [12345678901]\n"},
		{2, 20, "'+44' is in this list already", "dialled-prefixes: [+44, 44,\n"
							 "                   +44]\n"},
		{1, 14, "'+' is no exit code: write digits alone", "exit-codes: [+]\n"},
		{1, 14, "'0' is no exit code: it has to have 2 to 5 digits", "exit-codes: [0]\n"},
		{1, 14, "'001122' is no exit code: it has to", "exit-codes: [001122]\n"},
		{1, 18, "'00' is in this list already", "exit-codes: [00, 00]\n"},
		{1, 13, "there are 17 exit codes, and 16 is the most",
		 "exit-codes: [00, 01, 02, 03, 04, 05, 06, 07, 08, 09, 10, 11, 12, 13, 14, 15, "
		 "16]\n"},
		/* They are the same everywhere. */
		{1, 22, "unknown key 'dialled-prefixes'",
		 "profiles: [{name: p, dialled-prefixes: []}]\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
}

static void test_bad_topology(void **state)
{
	static const struct bad cases[] = {
		{1, 11, "'topology' must be one of off, report, mask, not 'hide'",
		 "topology: hide\n"},
		{1, 18, "'topology-fields' must be a list", "topology-fields: X-Node\n"},
		{1, 19, "'' cannot be masked: there is no letter; write a name",
		 "topology-fields: ['']\n"},
		{1, 19, "'X-Node:' cannot be masked: write the name alone, without a colon",
		 "topology-fields: ['X-Node:']\n"},
		{1, 19, "'X-234567890123456789012345678901x' cannot be masked: it has more than 32",
		 "topology-fields: [X-234567890123456789012345678901x]\n"},
		{1, 19, "'VIA' cannot be masked: peers need its value", "topology-fields: [VIA]\n"},
		{1, 19, "'m' cannot be masked: peers need", "topology-fields: [m]\n"},
		{1, 27, "'Content-Disposition' cannot be masked: peers need",
		 "topology-fields: [X-Node, Content-Disposition]\n"},
		{1, 19, "'P-Asserted-Identity' cannot be masked: peers need",
		 "topology-fields: [P-Asserted-Identity]\n"},
		{1, 19, "'server' is looked after without being listed",
		 "topology-fields: [server]\n"},
		{2, 19, "'x-node' is in this list already", "topology-fields: [X-Node,\n"
							    "                  x-node]\n"},
		{1, 18, "there are 17 header fields, and 16 is the most",
		 "topology-fields: [X-a, X-b, X-c, X-d, X-e, X-f, X-g, X-h, X-i, X-j, X-k, X-l, "
		 "X-m, X-n, X-o, X-p, X-q]\n"},
		{1, 22, "unknown key 'topology-fields'",
		 "profiles: [{name: p, topology-fields: []}]\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(&cases[i]);
}

/* As many as there may be, and one more. */
static void test_too_many_dialled(void **state)
{
	static char text[SG_DIALLED * 16 + 200] = "dialled-prefixes: [";
	struct config *config;

	(void)state;
	for (int i = 0; i < SG_DIALLED - 1; i++)
		snprintf(text + strlen(text), 16, "1%04d, ", i);
	strcpy(text + strlen(text), "+1]\n");
	config = loaded(text);
	assert_int_equal(config->kernel.dialled_count, SG_DIALLED);
	config_free(config);
	strcpy(text + strlen(text) - 2, ", 2]\n");
	assert_refused(&(struct bad){1, 19, "there are 1025 prefixes, and 1024 is the most",
				     text});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_yaml),
		cmocka_unit_test(test_bad_keys_and_types),
		cmocka_unit_test(test_all_modes),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_too_many_zones),
		cmocka_unit_test(test_too_many_prefixes),
		cmocka_unit_test(test_bad_callees),
		cmocka_unit_test(test_too_many_callees),
		cmocka_unit_test(test_bad_dialled),
		cmocka_unit_test(test_bad_topology),
		cmocka_unit_test(test_too_many_dialled),
		cmocka_unit_test(test_what_is_no_file),
	};

	return cmocka_run_group_tests_name("config errors", tests, NULL, NULL);
}
