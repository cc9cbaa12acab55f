// SPDX-License-Identifier: GPL-2.0-only
/* What calibrate reckons with: demands against the guard's own arithmetic, and edits of a file. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "calibrate/demand.h"
#include "calibrate/edit.h"
#include "calibrate/servers.h"
#include "calibrate/table.h"
#include "replay/endpoints.h"

#define MSEC 1000000ULL
#define SEC SG_NSEC_PER_SEC
#define MESSAGES 4000

/* Bursts and pauses, in ms as a clock that ticks: the same ones in each test. */
static void make_times(__u64 *times, uint64_t seed)
{
	__u64 now = 3600 * SEC;

	for (int i = 0; i < MESSAGES; i++) {
		uint64_t number = random_next(&seed);

		if (number % 4 == 0)
			now += number / 4 % (number % 97 == 0 ? 3000 : 60) * MSEC;
		times[i] = now;
	}
}

static struct demand demand_of(const __u64 *times, struct demand_spread *spread)
{
	struct demand demand = {};

	for (int i = 0; i < MESSAGES; i++)
		demand_add(&demand, times[i], spread);
	demand_end(&demand, spread);
	return demand;
}

/* How many a limit drops, by gcra.h. */
static int dropped(const __u64 *times, const struct sg_limit *limit)
{
	__u64 tat = 0;
	int drops = 0;

	for (int i = 0; i < MESSAGES; i++) {
		if (sg_gcra_conforms(tat, times[i], limit))
			tat = sg_gcra_next(tat, times[i], limit);
		else
			drops++;
	}
	return drops;
}

/* The burst that is said to be enough is, and one less is not. */
static void bursts_are_least(void **state)
{
	static __u64 times[MESSAGES];

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct demand_spread spread = {};
		struct demand demand;

		make_times(times, seed);
		demand = demand_of(times, &spread);
		for (int i = 0; i < DEMAND_RUNGS; i++) {
			double burst = demand_burst(&demand, demand_rates[i]);
			/* A float and ns that are cut off: a thousandth of a message. */
			__u32 rate = demand_rates[i];
			struct sg_limit enough = sg_limit_of(rate, (__u32)(burst + 1.002));
			struct sg_limit less = sg_limit_of(rate, (__u32)(burst - 0.002));

			assert_int_equal(dropped(times, &enough), 0);
			if (burst >= 2)
				assert_int_not_equal(dropped(times, &less), 0);
		}
	}
}

/* Between two rates the lower one decides: too much at once, never too little. */
static void rates_between_are_safe(void **state)
{
	static __u64 times[MESSAGES];
	struct demand_spread spread = {};
	struct demand demand;

	(void)state;
	make_times(times, 7);
	demand = demand_of(times, &spread);
	for (__u32 rate = 1; rate < 2000; rate += 7) {
		struct sg_limit limit = sg_limit_of(rate, (__u32)demand_burst(&demand, rate) + 2);

		assert_int_equal(dropped(times, &limit), 0);
	}
}

static void limits_hold(void **state)
{
	static const struct sg_limit no_less[] = {
		{.rate = 1, .burst = 1}, {.rate = 30, .burst = 10}, {.rate = 60, .burst = 40},
		{.rate = 2000, .burst = 9000},
	};
	static __u64 times[MESSAGES];

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct demand_spread spread = {};
		struct demand demand;

		make_times(times, seed);
		demand = demand_of(times, &spread);
		for (size_t i = 0; i < COUNT(no_less); i++) {
			struct sg_limit least = sg_limit_of(no_less[i].rate, no_less[i].burst);
			struct sg_limit limit;

			assert_true(demand_limit(&demand, &least, 1.5, &limit));
			assert_int_equal(dropped(times, &limit), 0);
			assert_true(limit.rate >= least.rate && limit.burst >= least.burst);
			assert_true(demand_fits(&demand, &limit, 1.5));
			/* What is enough is proposed again. */
			assert_true(demand_limit(&demand, &limit, 1.5, &least));
			assert_int_equal(least.rate, limit.rate);
			assert_int_equal(least.burst, limit.burst);
		}
	}
}

/* A flood needs more than can be proposed, and that is said. */
static void too_much_is_said(void **state)
{
	const struct sg_limit least = sg_limit_of(100, 400);
	struct demand_spread spread = {};
	struct demand demand = {};
	struct sg_limit limit;

	(void)state;
	for (__u64 i = 0; i < 2000000; i++)
		demand_add(&demand, SEC + i * 20000, &spread); /* 50 000 a second, 40 s */
	assert_false(demand_limit(&demand, &least, 1.5, &limit));
	assert_int_equal(limit.rate, demand_rates[DEMAND_RUNGS - 1]);
}

static void windows_and_spread(void **state)
{
	struct demand_spread spread = {};
	struct demand demand = {};

	(void)state;
	/* 999 seconds with one message each, then one with 500. */
	for (__u64 i = 0; i < 999; i++)
		demand_add(&demand, (6000 + i) * SEC, &spread);
	for (__u64 i = 0; i < 500; i++)
		demand_add(&demand, 7020 * SEC + i * MSEC, &spread);
	demand_end(&demand, &spread);
	assert_int_equal(demand.most[DEMAND_1S], 500);
	assert_int_equal(demand.most[DEMAND_10S], 500);
	assert_int_equal(demand.most[DEMAND_60S], 500);
	assert_int_equal(spread.all, 1000);
	assert_int_equal(demand_quantile(&spread, 1), 1);
	assert_in_range(demand_quantile(&spread, 0), 500, 515);
	assert_int_equal(demand_quantile(&(struct demand_spread){}, 1), 0);
}

/* --- the table --- */

static bool is_even(const void *item, const void *context)
{
	(void)context;
	return *(const __u64 *)item % 2 == 0;
}

static void table_is_bounded(void **state)
{
	struct table table;

	(void)state;
	assert_int_equal(table_init(&table, sizeof(__u64), 2 * sizeof(__u64), 1000), 0);
	assert_null(table_find(&table, &(__u64){1}));
	for (__u64 key = 0; key < 1000; key++) {
		__u64 *item = table_add(&table, &key);

		assert_non_null(item);
		item[1] = key * 3;
	}
	assert_null(table_add(&table, &(__u64){1000}));
	assert_non_null(table_add(&table, &(__u64){999}));
	table_keep(&table, is_even, NULL);
	assert_int_equal(table.count, 500);
	for (__u64 key = 0; key < 1000; key++) {
		__u64 *item = table_find(&table, &key);

		assert_int_equal(item != NULL, key % 2 == 0);
		if (item)
			assert_int_equal(item[1], key * 3);
	}
	table_free(&table);
}

/* --- edits --- */

struct edit_case {
	const char *before, *parent, *section, *key;
	const char *after; /* NULL: it is refused, and the text is as it was */
};

/* All are set to 7 and 9. */
static const struct edit_case edits[] = {
	{"", "", "limits", "invite", "limits:\n  invite: {rate: 7, burst: 9}\n"},
	{"# all\nlimits:\n  invite: {rate: 1, burst: 2} # mine\n", "", "limits", "invite",
	 "# all\nlimits:\n  invite: {rate: 7, burst: 9} # mine\n"},
	{"# Ä ö €\nlimits: {invite: {rate: 1}}", "", "limits", "invite",
	 "# Ä ö €\nlimits: {invite: {rate: 7, burst: 9}}"},
	{"limits:\n  invite:\n    rate: 1 # a\n    burst: 2\n  # b\n  other: {rate: 5}\n",
	 "", "limits", "invite",
	 "limits:\n  invite:\n    rate: 7 # a\n    burst: 9\n  # b\n  other: {rate: 5}\n"},
	{"limits:\n  invite: {rate: 1}\n  # of it\n  other: {rate: 5}\n", "", "limits", "event",
	 "limits:\n  invite: {rate: 1}\n  event: {rate: 7, burst: 9}\n  # of it\n"
	 "  other: {rate: 5}\n"},
	{"limits: {}\n", "", "limits", "event", "limits: {event: {rate: 7, burst: 9}}\n"},
	{"limits: {invite: {rate: 1},}\n", "", "limits", "event",
	 "limits: {invite: {rate: 1},event: {rate: 7, burst: 9}}\n"},
	{"ports: {udp: [5060]}", "", "totals", "syns",
	 "ports: {udp: [5060]}\ntotals:\n  syns: {rate: 7, burst: 9}\n"},
	{"{ports: {udp: [5060]}}", "", "totals", "syns",
	 "{ports: {udp: [5060]}, totals:\n  syns: {rate: 7, burst: 9}}"},
	{"zones:\n  - name: a\n    prefixes: [192.0.2.1]\n", "zones/0", "", "total",
	 "zones:\n  - name: a\n    total: {rate: 7, burst: 9}\n    prefixes: [192.0.2.1]\n"},
	{"zones: [{name: a}]", "zones/0", "limits", "invite",
	 "zones: [{name: a, limits: {invite: {rate: 7, burst: 9}}}]"},
	{"zones:\n  - prefixes: [192.0.2.1]\n", "zones/0", "limits", "invite",
	 "zones:\n  - limits: {invite: {rate: 7, burst: 9}}\n    prefixes: [192.0.2.1]\n"},
	{"---\nports: {udp: [5060]} # \u00fc\n... # end\n", "", "totals", "syns",
	 "---\nports: {udp: [5060]} # \u00fc\ntotals:\n  syns: {rate: 7, burst: 9}\n... # end\n"},
	{"limits:\n", "", "limits", "invite", NULL},
	{"limits: {invite: [1]}\n", "", "limits", "invite", NULL},
	{"zones: []\n", "zones/0", "limits", "invite", NULL},
};

static void begin(struct text *text, const char *content)
{
	struct error error = {};

	assert_int_equal(edit_begin("", text, &error), 0);
	text_add(text, "%s", content);
}

static void limits_are_set(void **state)
{
	const struct sg_limit limit = sg_limit_of(7, 9);

	(void)state;
	for (size_t i = 0; i < COUNT(edits); i++) {
		const struct edit_case *e = &edits[i];
		struct error error = {};
		struct text text;
		int err;

		begin(&text, e->before);
		err = edit_limit(&text, e->parent, e->section, e->key, &limit, &error);
		assert_string_equal(text.data, e->after ? e->after : e->before);
		assert_int_equal(err != 0, !e->after);
		assert_int_equal(error.text[0] != 0, !e->after);
		text_free(&text);
	}
}

struct zone_case {
	const char *before, *after;
};

#define ZONE "{name: own, prefixes: [\"192.0.2.7\"], profile: peer}"

static const struct zone_case zone_cases[] = {
	{"", "zones:\n  - " ZONE "\n"},
	{"zones: [] # none\n", "zones: [" ZONE "] # none\n"},
	{"zones: [{name: a}]\n", "zones: [" ZONE ", {name: a}]\n"},
	{"zones:\n  # first\n  - name: a\n", "zones:\n  - " ZONE "\n  # first\n  - name: a\n"},
	{"zones:\n- name: a\n", "zones:\n- " ZONE "\n- name: a\n"},
	{"# x\nlimits: {}\n", "# x\nlimits: {}\nzones:\n  - " ZONE "\n"},
	{"---\nlimits: {}\n...\n", "---\nlimits: {}\nzones:\n  - " ZONE "\n...\n"},
	{"zones: {}\n", NULL},
};

static void zones_are_put_in(void **state)
{
	const struct prefix prefix = {.family = AF_INET, .length = 32, .address = {192, 0, 2, 7}};

	(void)state;
	for (size_t i = 0; i < COUNT(zone_cases); i++) {
		const struct zone_case *z = &zone_cases[i];
		struct error error = {};
		struct text text;
		int err;

		begin(&text, z->before);
		err = edit_zone(&text, "own", &prefix, "peer", &error);
		assert_string_equal(text.data, z->after ? z->after : z->before);
		assert_int_equal(err != 0, !z->after);
		text_free(&text);
	}
}

/* What a first change has spoilt is not said to be a mistake of who wrote the file. */
static void spoilt_is_said(void **state)
{
	const struct prefix prefix = {.family = AF_INET, .length = 32, .address = {192, 0, 2, 7}};
	const struct sg_limit limit = sg_limit_of(7, 9);
	struct error error = {};
	struct text text;

	(void)state;
	begin(&text, "zones: !!seq\n  - name: a\n");
	assert_int_equal(edit_zone(&text, "own", &prefix, NULL, &error), 0);
	assert_int_equal(edit_limit(&text, "zones/0", "limits", "invite", &limit, &error), -EINVAL);
	assert_non_null(strstr(error.text, "cannot be changed in place"));
	assert_int_equal(error.line, 0);
	text_free(&text);
}

/* --- who sends a frame --- */

#define ETHERNET "abcdefghijkl"
#define IP4(protocol, fragment)                                                                   \
	"\x45\0\0\x20\0\0" fragment "\x40" protocol "\0\0\xc0\0\2\1\xc6\x33\x64\1"
#define PORTS "\x9c\x40\x13\xc4\0\x0c\0\0body"

struct frame_case {
	const char *bytes;
	size_t length;
	bool found;
	const char *from;
	__u32 payload;
};

#define FRAME(bytes) bytes, sizeof(bytes) - 1

static const struct frame_case frame_cases[] = {
	{FRAME(ETHERNET "\x08\0" IP4("\x11", "\0\0") PORTS "padding"), true, "192.0.2.1", 4},
	{FRAME(ETHERNET "\x81\0\0\5\x08\0" IP4("\x11", "\0\0") PORTS), true, "192.0.2.1", 4},
	{FRAME(ETHERNET "\x88\x64\x11\0\0\1\0\x22\0\x21" IP4("\x11", "\0\0") PORTS), true,
	 "192.0.2.1", 4},
	{FRAME(ETHERNET "\x08\0" IP4("\x11", "\0\1") PORTS), false, NULL, 0}, /* a later fragment */
	{FRAME(ETHERNET "\x08\0" IP4("\x01", "\0\0") PORTS), false, NULL, 0}, /* ICMP */
	{FRAME(ETHERNET "\x86\xdd\x60\0\0\0\0\x14\0\x40" "\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\5"
	       "\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\6" "\x11\0\0\0\0\0\0\0" PORTS), true,
	 "2001:db8::5", 4}, /* behind hop-by-hop options */
};

static void endpoints_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(frame_cases); i++) {
		const struct frame_case *f = &frame_cases[i];
		struct frame frame = {.bytes = (const __u8 *)f->bytes, .length = f->length};
		char text[PREFIX_TEXT];
		struct endpoints ends;

		assert_int_equal(endpoints_find(&frame, &ends), f->found);
		if (!f->found)
			continue;
		ends.from.port = 0;
		assert_string_equal(
			inet_ntop(ends.from.family == 4 ? AF_INET : AF_INET6,
				  ends.from.family == 4 ? (void *)&ends.from.address[3]
							: (void *)ends.from.address,
				  text, sizeof(text)), f->from);
		assert_int_equal(ntohs(ends.to.port), 5060);
		assert_int_equal(ends.payload, f->payload);
		assert_false(ends.syn);
	}
}

/* At each byte, in memory that ends there: the sanitizer sees who reads on. */
static void cut_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(frame_cases); i++) {
		for (size_t length = 0; length < frame_cases[i].length; length++) {
			__u8 *bytes = malloc(length + !length);
			struct frame frame = {.bytes = bytes, .length = length};
			struct endpoints ends;

			memcpy(bytes, frame_cases[i].bytes, length);
			endpoints_find(&frame, &ends);
			free(bytes);
		}
	}
}

/* --- which way --- */

struct packet {
	__u8 from, to; /* last bytes of the addresses; 1 is the server */
	__u16 sport, dport;
	__u8 wire_from, wire_to; /* the same on the wire */
	enum direction direction;
};

static void make_packet(const struct packet *p, __u8 *bytes, struct endpoints *ends)
{
	*ends = (struct endpoints){
		.from = {{0, 0, htonl(0xffff), htonl(0xc0000200 | p->from)}, htons(p->sport),
			 IPPROTO_UDP, 4},
		.to = {{0, 0, htonl(0xffff), htonl(0xc0000200 | p->to)}, htons(p->dport),
		       IPPROTO_UDP, 4},
	};
	memset(bytes, 0, ETH_HLEN);
	bytes[0] = p->wire_to;
	bytes[ETH_ALEN] = p->wire_from;
}

static void check_directions(const struct packet *packets, size_t count,
			     const struct prefix *named)
{
	static struct sg_config config;
	struct error error = {};
	struct servers servers;
	__u8 bytes[ETH_HLEN];
	const struct frame frame = {.bytes = bytes, .length = ETH_HLEN};
	struct endpoints ends;

	config.port[5060] = SG_PORT_UDP;
	assert_int_equal(servers_init(&servers, &config, named, named != NULL, &error), 0);
	for (size_t i = 0; i < count; i++) {
		make_packet(&packets[i], bytes, &ends);
		servers_vote(&servers, &frame, &ends);
	}
	for (size_t i = 0; i < count; i++) {
		make_packet(&packets[i], bytes, &ends);
		assert_int_equal(servers_direction(&servers, &frame, &ends), packets[i].direction);
	}
	servers_free(&servers);
}

/* Phones with ports of their own tell which address of a trunk at 5060 is the server. */
static const struct packet with_phones[] = {
	{2, 1, 40000, 5060, 2, 1, DIRECTION_IN}, {1, 2, 5060, 40000, 1, 2, DIRECTION_OUT},
	{2, 1, 40000, 5060, 2, 1, DIRECTION_IN}, {3, 1, 5060, 5060, 3, 1, DIRECTION_IN},
	{1, 3, 5060, 5060, 1, 3, DIRECTION_OUT}, {2, 1, 40000, 80, 2, 1, DIRECTION_OTHER},
	/* It asks another server, and is answered. */
	{1, 9, 41000, 5060, 1, 3, DIRECTION_OTHER}, {9, 1, 5060, 41000, 3, 1, DIRECTION_OTHER},
};

/* Its other address is known by its interface. */
static const struct packet by_wire[] = {
	{2, 1, 40000, 5060, 2, 1, DIRECTION_IN}, {3, 7, 5060, 5060, 3, 1, DIRECTION_IN},
	{7, 3, 5060, 5060, 1, 3, DIRECTION_OUT},
};

static const struct packet by_peers[] = {
	{2, 1, 5060, 5060, 0, 0, DIRECTION_IN}, {1, 3, 5060, 5060, 0, 0, DIRECTION_OUT},
	{3, 1, 5060, 5060, 0, 0, DIRECTION_IN},
};

static const struct packet one_peer[] = {
	{2, 1, 5060, 5060, 0, 0, DIRECTION_UNKNOWN}, {1, 2, 5060, 5060, 0, 0, DIRECTION_UNKNOWN},
};

static const struct packet named[] = {
	{2, 1, 5060, 5060, 0, 0, DIRECTION_IN}, {1, 2, 5060, 5060, 0, 0, DIRECTION_OUT},
	{2, 3, 40000, 5060, 0, 0, DIRECTION_OTHER}, {2, 3, 5060, 5060, 0, 0, DIRECTION_OTHER},
};

static void directions(void **state)
{
	const struct prefix server = {.family = AF_INET, .length = 32, .address = {192, 0, 2, 1}};

	(void)state;
	check_directions(with_phones, COUNT(with_phones), NULL);
	check_directions(by_wire, COUNT(by_wire), NULL);
	check_directions(by_peers, COUNT(by_peers), NULL);
	check_directions(one_peer, COUNT(one_peer), NULL);
	check_directions(named, COUNT(named), &server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_are_least),
		cmocka_unit_test(rates_between_are_safe),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(too_much_is_said),
		cmocka_unit_test(windows_and_spread),
		cmocka_unit_test(table_is_bounded),
		cmocka_unit_test(limits_are_set),
		cmocka_unit_test(zones_are_put_in),
		cmocka_unit_test(spoilt_is_said),
		cmocka_unit_test(endpoints_are_found),
		cmocka_unit_test(cut_frames),
		cmocka_unit_test(directions),
	};

	return cmocka_run_group_tests_name("calibrate", tests, NULL, NULL);
}
