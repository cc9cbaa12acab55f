// SPDX-License-Identifier: GPL-2.0-only
/* Where zones are: what the table and the trie come to, and what is wrong with a place. */
#include "config_text.h"

#include <stdio.h>
#include <stdlib.h>

#define A "name: a, prefixes: [192.0.2.0/24]"
#define B "name: b, prefixes: [192.0.2.0/24]"

/* Which zones are at an interface and on a VLAN; "" and 0 for what no zone names. */
static __u16 zones_at(const struct config *config, const char *interface, __u16 vlan)
{
	const struct sg_places *places = &config->kernel.places;
	__u32 number = 0;

	for (__u32 i = 1; i < SG_ZONE_INTERFACES; i++)
		if (*places->interface[i] && !strcmp(places->interface[i], interface))
			number = i;
	return places->zones[number][places->vlan_of[vlan]];
}

/* What the trie would find for an address, of 4 bytes; 0: nothing. The longest, and the last. */
static __u32 found(const struct config *config, __u16 here, const __u8 *address)
{
	const __u8 mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = address[0], [13] = address[1],
				 [14] = address[2], [15] = address[3]};
	__u32 value = 0, longest = 0;

	for (size_t i = 0; i < config->entry_count; i++) {
		const struct zone_entry *entry = &config->entries[i];
		__u32 bits = entry->key.length - SG_ZONE_HERE, bit = 0;

		while (bit < bits && !((entry->key.address[bit / 8] ^ mapped[bit / 8]) &
				       0x80 >> bit % 8))
			bit++;
		if (entry->key.here != here || bit < bits || entry->key.length < longest)
			continue;
		longest = entry->key.length;
		value = entry->value;
	}
	return value;
}

static void assert_zone(const struct config *config, const char *interface, __u16 vlan,
			const char *zone, bool known)
{
	static const __u8 address[4] = {192, 0, 2, 7};
	__u32 value = found(config, zones_at(config, interface, vlan), address);

	assert_string_equal(config->kernel.zone[value & 0xff].name, zone);
	assert_int_equal(!!(value & SG_ZONE_KNOWN), known);
}

static void test_everywhere(void **state)
{
	struct config *config = loaded("zones: [{" A "}]\n");

	(void)state;
	assert_zone(config, "", 0, "a", true);
	assert_zone(config, "eth0", 100, "a", true);
	assert_int_equal(config->entry_count, 1);
	config_free(config);
}

static void test_interface(void **state)
{
	struct config *config = loaded("zones: [{" A ", interfaces: [eth0, eth1]}]\n");

	(void)state;
	assert_zone(config, "eth0", 0, "a", true);
	assert_zone(config, "eth1", 0, "a", true);
	assert_zone(config, "eth1", 100, "a", true);
	assert_zone(config, "eth2", 0, "unlisted", false);
	config_free(config);
}

static void test_vlan(void **state)
{
	struct config *config = loaded("zones: [{" A ", vlans: [100]}, {" B ", vlans: [200]}]\n");

	(void)state;
	assert_zone(config, "eth0", 100, "a", true);
	assert_zone(config, "eth1", 200, "b", true);
	assert_zone(config, "eth0", 300, "unlisted", false);
	assert_zone(config, "eth0", 0, "unlisted", false);
	config_free(config);
}

static void test_both(void **state)
{
	struct config *config = loaded("zones: [{" A ", interfaces: [eth0], vlans: [100]}]\n");

	(void)state;
	assert_zone(config, "eth0", 100, "a", true);
	assert_zone(config, "eth0", 0, "unlisted", false);
	assert_zone(config, "eth1", 100, "unlisted", false);
	config_free(config);
}

/* In whatever order they stand in the file. */
static void test_closer_first(void **state)
{
	static const char *const texts[] = {
		"zones: [{" A "}, {" B ", interfaces: [eth0]}, {name: c, prefixes: "
		"[192.0.2.0/24], interfaces: [eth0], vlans: [7]}]\n",
		"zones: [{name: c, prefixes: [192.0.2.0/24], interfaces: [eth0], vlans: [7]}, "
		"{" B ", interfaces: [eth0]}, {" A "}]\n",
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct config *config = loaded(texts[i]);

		assert_zone(config, "eth1", 0, "a", true);
		assert_zone(config, "eth0", 0, "b", true);
		assert_zone(config, "eth0", 7, "c", true);
		config_free(config);
	}
}

/* The longest prefix decides before that. */
static void test_longest(void **state)
{
	struct config *config = loaded("zones: [{name: a, prefixes: [192.0.2.7/32]}, "
				       "{" B ", interfaces: [eth0]}]\n");

	(void)state;
	assert_zone(config, "eth0", 0, "a", true);
	config_free(config);
}

static void test_strangers(void **state)
{
	struct config *config = loaded("zones: [{name: wan, interfaces: [eth0], "
				       "methods: {only: [REGISTER]}, limits: {invite: {rate: 1, "
				       "burst: 2}}}, {name: a, prefixes: [198.51.100.0/24]}]\n");
	const struct sg_profile *wan = sg_profile_of(&config->kernel, 1);

	(void)state;
	assert_zone(config, "eth0", 0, "wan", false);
	assert_zone(config, "eth1", 0, "unlisted", false);
	assert_int_equal(wan->methods, 1U << SG_METHOD_REGISTER);
	/* As strangers elsewhere: a flow does not follow its source. */
	assert_int_equal(wan->limit[SG_LIMIT_INVITE].rate, 1);
	assert_int_equal(wan->flow[SG_LIMIT_INVITE].rate,
			 sg_profile_of(&config->kernel, 0)->flow[SG_LIMIT_INVITE].rate);
	assert_false(config->kernel.zone[1].known);
	assert_true(config->kernel.zone[2].known);
	config_free(config);
}

static void test_closed(void **state)
{
	struct config *config = loaded("zones: [{name: a, prefixes: [198.51.100.0/24], "
				       "interfaces: [veth0], profile: core}]\n");

	(void)state;
	assert_zone(config, "veth0", 0, "a", false);
	assert_zone(config, "eth0", 0, "unlisted", false);
	assert_true(sg_profile_of(&config->kernel, 1)->closed);
	assert_false(sg_profile_of(&config->kernel, 0)->closed);
	config_free(config);
}

/* Two zones of one place may both be closed, and one that is everywhere says nothing of others. */
static void test_closed_together(void **state)
{
	struct config *config = loaded("closed: yes\nzones: [{" A "}, {name: b, prefixes: "
				       "[198.51.100.0/24], interfaces: [e], profile: core}, {name: "
				       "c, prefixes: [203.0.113.0/24], interfaces: [e], profile: "
				       "core}]\n");

	(void)state;
	assert_zone(config, "e", 0, "a", true);
	/* One entry of strangers for each zone that names a place, and none for the other. */
	assert_int_equal(config->entry_count, 1 + 3 + 2);
	config_free(config);
}

/* A set of zones has its entries once, however many places have it. */
static void test_sets(void **state)
{
	struct config *config = loaded("zones: [{" A "}, {name: b, prefixes: [10.0.0.0/8], "
				       "interfaces: [e1, e2, e3, e4], vlans: [1, 2, 3]}]\n");

	(void)state;
	assert_int_equal(config->entry_count, 1 + 2);
	config_free(config);
}

static void test_mistakes(void **state)
{
	static const struct bad bad[] = {
		{1, 9, "has no prefixes", "zones: [{name: a}]"},
		{1, 31, "has no prefixes",
		 "zones: [{name: a, prefixes:   [], interfaces: [eth0]}]"},
		{1, 57, "is empty", "zones: [{" A ", interfaces: []}]"},
		{1, 34, "name of an interface",
		 "zones: [{name: a,  interfaces: [ 'eth 0']}]"},
		{1, 34, "name of an interface",
		 "zones: [{name: a,  interfaces: [ abcdefghijklmnop]}]"},
		{1, 27, "1 to 4094", "zones: [{name: a, vlans: [4095]}]"},
		{1, 27, "1 to 4094", "zones: [{name: a, vlans: [0]}]"},
		{1, 27, "number", "zones: [{name: a, vlans: [x]}]"},
		{2, 1, "already", "zones: [{" A ", interfaces: [eth0]}, {name: b, prefixes: [\n"
		 "192.0.2.0/24], interfaces: [eth1, eth0]}]"},
		{2, 1, "already", "zones: [{" A ", interfaces: [eth0]}, {name: b, prefixes: [\n"
		 "192.0.2.0/24], vlans: [3]}]"},
		{2, 1, "who else may send", "zones: [{name: a, interfaces: [eth0]},\n"
		 "{name: b, interfaces: [eth0]}]"},
		{2, 1, "who else may send", "zones: [{name: a, interfaces: [eth0]},\n"
		 "{" B ", interfaces: [eth0], profile: core}]"},
		{1, 9, "names neither", "zones: [{" A ", profile: core}]"},
		{1, 9, "nobody could", "zones: [{name: a, interfaces: [eth0], closed: yes}]"},
		{1, 9, "there is none", "closed: yes"},
		{1, 10, "there is none", "profile: core"},
		{1, 53, "take 'total' out",
		 "zones: [{name: a, interfaces: [eth0], total: {rate: 1000, burst: 1000}}]"},
		{1, 1, "unknown key 'interfaces'", "interfaces: [eth0]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_refused(&bad[i]);
}

/* Five sets of zones have the prefixes of zone a, and four of them a zone of strangers. */
static int load_sets(__u32 prefixes, struct config **config)
{
	char *text = malloc(1 << 20);
	size_t used;
	int err;

	assert_non_null(text);
	used = sprintf(text, "zones:\n");
	for (int zone = 0; zone < 4; zone++)
		used += sprintf(text + used, "  - {name: s%d, interfaces: [e%d]}\n", zone, zone);
	used += sprintf(text + used, "  - {name: a, prefixes: [");
	for (__u32 i = 0; i < prefixes; i++)
		used += sprintf(text + used, "%s10.0.%u.%u", i ? "," : "", i >> 8, i & 255);
	used += sprintf(text + used, "]}\n");
	err = load_bytes(text, used, config);
	free(text);
	return err;
}

/* As many entries as the trie has room for, those of strangers counted, too; and more. */
static void test_most_entries(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(load_sets((SG_ZONE_ENTRIES - 4) / 5, &config), 0);
	assert_in_range(config->entry_count, SG_ZONE_ENTRIES - 5, SG_ZONE_ENTRIES);
	config_free(config);
	assert_int_equal(load_sets((SG_ZONE_ENTRIES - 4) / 5 + 1, &config), -EINVAL);
	assert_non_null(strstr(error.text, "is the most"));
}

/* All places that zones may name, and one more. */
static void test_most_places(void **state)
{
	char text[2048];

	(void)state;
	for (int most = SG_ZONE_INTERFACES - 1; most <= SG_ZONE_INTERFACES; most++) {
		int used = sprintf(text, "zones: [{" A ", interfaces: [e0");
		struct config *config;
		int err;

		for (int i = 1; i < most; i++)
			used += sprintf(text + used, ", e%d", i);
		used += sprintf(text + used, "]}]\n");
		err = load_bytes(text, used, &config);
		assert_int_equal(err, most < SG_ZONE_INTERFACES ? 0 : -EINVAL);
		if (!err)
			config_free(config);
	}
	for (int most = SG_ZONE_VLANS - 1; most <= SG_ZONE_VLANS; most++) {
		int used = sprintf(text, "zones: [{" A ", vlans: [1");
		struct config *config;
		int err;

		for (int i = 1; i < most; i++)
			used += sprintf(text + used, ", %d", i + 1);
		used += sprintf(text + used, "]}]\n");
		err = load_bytes(text, used, &config);
		assert_int_equal(err, most < SG_ZONE_VLANS ? 0 : -EINVAL);
		if (!err)
			config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everywhere),
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_closer_first),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_closed_together),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_most_entries),
		cmocka_unit_test(test_most_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
