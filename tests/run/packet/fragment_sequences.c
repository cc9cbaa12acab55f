// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments. In most sequences the orphan limit is spent, so that a later fragment passes only if
 * it was found to belong to a first one.
 */

#include "packet/fragments.h"

static void pass_is_inherited(void)
{
	__u32 id = fragment_id(), id6 = fragment_id();

	no_orphans();
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(id, .dport = 5060));
	SEND_LATER_PASSES(LATER(id, .dport = 5060));
	SEND_LATER_PASSES(LAST(id, .dport = 5060));
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST6(id6, .dport = 5060));
	SEND_LATER_PASSES(LATER6(id6, .dport = 5060));
	SEND_LATER_PASSES(LAST6(id6, .dport = 5060));
}

static void drop_is_inherited(void)
{
	__u32 id = fragment_id(), id6 = fragment_id();

	SEND(DROP, GARBAGE, GARBAGE, NONE, FIRST(id, BYTES(NOT_SIP)));
	SEND(DROP, GARBAGE, OTHER, NONE, LATER(id, BYTES(NOT_SIP)));
	SEND(DROP, GARBAGE, OTHER, NONE, LAST(id, BYTES(NOT_SIP)));
	SEND(DROP, GARBAGE, GARBAGE, NONE, FIRST6(id6, BYTES(NOT_SIP)));
	SEND(DROP, GARBAGE, OTHER, NONE, LAST6(id6, BYTES(NOT_SIP)));
}

static void what_is_counted_is_inherited(void)
{
	__u32 id = fragment_id();

	no_orphans();
	fix.state->mode = SG_MODE_MONITOR;
	SEND(WOULD_DROP, GARBAGE, GARBAGE, NONE, FIRST(id, BYTES(NOT_SIP)));
	SEND(WOULD_DROP, GARBAGE, OTHER, NONE, LAST(id, BYTES(NOT_SIP)));
	fix.state->mode = SG_MODE_ENFORCE;
	mode_set(SG_REASON_GARBAGE, SG_MODE_MONITOR);
	id = fragment_id();
	SEND_WATCHED(PASS, NONE, BIT(SG_REASON_GARBAGE), GARBAGE, NONE,
		     FIRST(id, BYTES(NOT_SIP)));
	SEND_WATCHED(PASS, NONE, BIT(SG_REASON_GARBAGE), OTHER, NONE,
		     LAST(id, BYTES(NOT_SIP)));
}

static void inherited_under_the_mode_of_now(void)
{
	__u32 id = fragment_id();

	SEND(DROP, GARBAGE, GARBAGE, NONE, FIRST(id, BYTES(NOT_SIP)));
	mode_set(SG_REASON_GARBAGE, SG_MODE_OFF);
	SEND_LATER_PASSES(LATER(id, BYTES(NOT_SIP)));
	fix.state->mode = SG_MODE_MONITOR;
	mode_set(SG_REASON_GARBAGE, SG_MODE_ENFORCE);
	SEND(WOULD_DROP, GARBAGE, OTHER, NONE, LAST(id, BYTES(NOT_SIP)));
}

static void limits_are_inherited(void)
{
	__u32 id = fragment_id(), second = fragment_id();

	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(id, .dport = 5060));
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, FIRST(second, .dport = 5060));
	SEND_LATER_PASSES(LAST(id, .dport = 5060));
	SEND(DROP, LIMIT_OPTIONS, OTHER, NONE, LAST(second, .dport = 5060));
}

static void unguarded_is_inherited(void)
{
	__u32 id = fragment_id();

	no_orphans();
	SEND_UNGUARDED(FIRST(id, .dport = 2049));
	for (int i = 0; i < 5; i++)
		SEND_UNGUARDED(LATER(id, .dport = 2049));
	/* A payload that looks like UDP from and to 5060, with garbage in it. */
	SEND_UNGUARDED(.id = id, .offset = 8, .more = true,
		       BYTES("\x13\xc4\x13\xc4\0\x40\0\0" NOT_SIP));
}

static void orphans_are_limited(void)
{
	config()->total[SG_TOTAL_ORPHAN_FRAGMENTS] = limit_hourly(3);
	for (int i = 0; i < 6; i++) {
		if (i < 3) {
			SEND_LATER_PASSES(LATER(fragment_id(), .source = "192.0.2.1"));
			SEND_LATER_PASSES(LATER(fragment_id(), .source = IPV6_A));
		} else {
			SEND_ORPHAN(LATER(fragment_id(), .source = "192.0.2.1"));
			SEND_ORPHAN(LATER(fragment_id(), .source = IPV6_B));
		}
	}
	SEND_LATER_PASSES(LATER(fragment_id(), .source = "192.0.2.2"));
	SEND_ORPHAN(LATER(fragment_id(), OVER_TCP, .tcp_options = 4));
	/* Limits of messages are not touched by it. */
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.1");
}

static void orphans_are_limited_together(void)
{
	config()->total[SG_TOTAL_ORPHAN_FRAGMENTS_TOTAL] = limit_hourly(2);
	SEND_LATER_PASSES(LATER(fragment_id(), .source = "192.0.2.1"));
	SEND_LATER_PASSES(LATER(fragment_id(), .source = "192.0.2.2"));
	SEND_ORPHAN(LATER(fragment_id(), .source = "192.0.2.3"));
	list_set("192.0.2.4", SG_LIST_ALLOW);
	packet_check(__func__, &(struct packet_spec){LATER(1, .source = "192.0.2.4")},
		     &(struct expectation){.allowed = true});
}

/* What lies where a first fragment has its ports is payload here. */
static void payload_is_not_ports(void)
{
	struct packet_spec looks = {
		.id = fragment_id(), .offset = 8, .source = "192.0.2.33",
		BYTES("\x13\xc4\x13\xc4\0\x40\0\0" NOT_SIP),
	};
	struct sg_stats stats;

	assert_false(packet_dropped(&looks));
	looks.source = IPV6_A;
	assert_false(packet_dropped(&looks));
	no_orphans();
	assert_true(packet_dropped(&looks));
	stats_read(&stats);
	assert_int_equal(stats.class[SG_CLASS_GARBAGE].dropped.packets, 0);
	assert_int_equal(stats.reason[SG_REASON_ORPHAN_FRAGMENT].dropped.packets, 1);
	assert_int_equal(stats.class[SG_CLASS_OTHER].passed.packets, 2);
}

static void other_keys_do_not_match(void)
{
	__u32 id = fragment_id();

	no_orphans();
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(id, .source = "192.0.2.1"));
	SEND_ORPHAN(LATER(fragment_id(), .source = "192.0.2.1"));
	SEND_ORPHAN(LATER(id, .source = "192.0.2.2"));
	SEND_ORPHAN(LATER(id, .destination = "198.51.100.2"));
	SEND_ORPHAN(LATER(id, OVER_TCP));
	SEND_ORPHAN(LATER6(id, .dport = 5060));
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST6(id, .dport = 5060));
	SEND_ORPHAN(LATER6(id + 1, .dport = 5060));
	SEND_ORPHAN(LATER6(id, .destination = "2001:db8:ffff::2"));
	SEND_ORPHAN(.id = id, .source = IPV6_B, .offset = MTU_V6, LARGE);
	SEND_LATER_PASSES(LAST6(id, .dport = 5060));
}

static void interleaved(void)
{
	__u32 good = fragment_id(), bad = fragment_id(), foreign = fragment_id();

	no_orphans();
	SEND(DROP, GARBAGE, GARBAGE, NONE, FIRST(bad, BYTES(NOT_SIP)));
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(good, .dport = 5060));
	SEND_UNGUARDED(FIRST(foreign, .dport = 53));
	SEND(DROP, GARBAGE, OTHER, NONE, LATER(bad, BYTES(NOT_SIP)));
	SEND_LATER_PASSES(LATER(good, .dport = 5060));
	SEND_UNGUARDED(LATER(foreign, .dport = 53));
	SEND_LATER_PASSES(LAST(good, .dport = 5060));
	SEND_UNGUARDED(LAST(foreign, .dport = 53));
	SEND(DROP, GARBAGE, OTHER, NONE, LAST(bad, BYTES(NOT_SIP)));
}

/* IP ids come round; the verdict of the datagram that came last counts. */
static void ids_are_used_again(void)
{
	__u32 id = fragment_id();

	no_orphans();
	for (int i = 0; i < 3; i++) {
		SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(id, .dport = 5060));
		SEND_LATER_PASSES(LAST(id, .dport = 5060));
		SEND(DROP, GARBAGE, GARBAGE, NONE, FIRST(id, BYTES(NOT_SIP)));
		SEND(DROP, GARBAGE, OTHER, NONE, LAST(id, BYTES(NOT_SIP)));
		SEND_UNGUARDED(FIRST(id, .dport = 53));
		SEND_UNGUARDED(LAST(id, .dport = 53));
	}
}

static void forgotten_after_a_minute(void)
{
	__u32 id = fragment_id();

	no_orphans();
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(id, .dport = 5060));
	clock_move((SG_FRAGMENT_SECONDS - 20) * SECOND);
	SEND_LATER_PASSES(LATER(id, .dport = 5060));
	clock_move(22 * SECOND);
	SEND_ORPHAN(LATER(id, .dport = 5060));
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(id, .dport = 5060));
	SEND_LATER_PASSES(LAST(id, .dport = 5060));
}

/* RFC 1858: 24 bytes of IP payload are the least that shows what it is. */
static void tiny_udp(void)
{
	__u32 id;

	for (size_t size = 8; size < 24; size += 8) {
		id = fragment_id();
		SEND(DROP, TINY_FRAGMENT, KEEPALIVE, NONE, .id = id, .size = size);
		SEND(DROP, TINY_FRAGMENT, OTHER, NONE, .id = id, .offset = size);
	}
	id = fragment_id();
	mode_set(SG_REASON_FRAGMENT_HEAD, SG_MODE_OFF);
	SEND(PASS, NONE, REQUEST, OPTIONS, .id = id, .size = 24);
	SEND_LATER_PASSES(.id = id, .offset = 24);
	SEND_UNGUARDED(.id = id, .size = 8, .dport = 53);
	id = fragment_id();
	SEND(DROP, TINY_FRAGMENT, KEEPALIVE, NONE, .source = IPV6_A, .id = id, .size = 16);
	SEND(DROP, TINY_FRAGMENT, OTHER, NONE, .source = IPV6_A, .id = id, .offset = 16);
}

/* The flags of TCP in the second fragment: a connection that no limit would see. */
static void tiny_tcp(void)
{
	__u32 id;

	for (size_t size = 8; size < 24; size += 8) {
		id = fragment_id();
		SEND(DROP, TINY_FRAGMENT, OTHER, NONE, OVER_TCP, .syn = true,
		     .tcp_options = 20, .id = id, .size = size);
		SEND(DROP, TINY_FRAGMENT, OTHER, NONE, OVER_TCP, .syn = true,
		     .tcp_options = 20, .id = id, .offset = size);
	}
	id = fragment_id();
	SEND_UNGUARDED(OVER_TCP, .dport = 80, .id = id, .size = 8);
	SEND_UNGUARDED(OVER_TCP, .dport = 80, .id = id, .offset = 8);
}

static void tcp_in_fragments(void)
{
	__u32 id = fragment_id();

	no_orphans();
	SEND(PASS, NONE, OTHER, NONE, FIRST(id, OVER_TCP));
	SEND_LATER_PASSES(LAST(id, OVER_TCP));
}

/* The UDP header of a first fragment gives the length of the whole datagram. */
static void udp_length_in_fragments(void)
{
	__u32 id = fragment_id();

	SEND(DROP, UDP_LENGTH, GARBAGE, NONE, .id = id, .size = 400, .payload = "", .fill = 992,
	     .udp_length_error = -1000);
	SEND(DROP, UDP_LENGTH, OTHER, NONE, .id = id, .offset = 400, .payload = "", .fill = 992);
	id = fragment_id();
	SEND(PASS, NONE, REQUEST, OPTIONS, .id = id, .size = 400, LARGE, .udp_length_error = 4000);
}

/* The UDP header tells how long the whole message is, RFC 3261 section 18.3. */
static void whole_length_in_fragments(void)
{
	__u32 id = fragment_id();

	mode_set(SG_REASON_SIZE, SG_MODE_ENFORCE);
	mode_set(SG_REASON_LENGTH_BEYOND, SG_MODE_ENFORCE);
	config()->profile[0].caps.message = 3000;
	SEND(DROP, SIZE, REQUEST, OPTIONS, FIRST(id, .dport = 5060));
	SEND(DROP, SIZE, OTHER, NONE, LAST(id, .dport = 5060));
	SEND(PASS, NONE, REQUEST, OPTIONS, .id = id, .size = MTU_V4, .fill = 2000);
	SEND(DROP, SIZE, REQUEST, OPTIONS, .id = id, .size = 400, .fill = 400,
	     .udp_length_error = 28000);
	SEND(PASS, NONE, REQUEST, OPTIONS, .id = id, .size = MTU_V4, .fill = 2000,
	     .payload = REQUEST_WITH("Content-Length: 2000\r\n"));
	SEND(DROP, LENGTH_BEYOND, REQUEST, OPTIONS, .id = id, .size = MTU_V4, .fill = 2000,
	     .payload = REQUEST_WITH("Content-Length: 2001\r\n"));
	SEND(DROP, LENGTH_BEYOND, OTHER, NONE, .id = id, .offset = MTU_V4, .fill = 2000);
}

/* RFC 6946: a fragment header on a datagram that is whole says nothing about others. */
static void atomic_fragments_are_whole(void)
{
	__u32 id = fragment_id();

	no_orphans();
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A, .id = id);
	SEND_ORPHAN(LATER6(id, .dport = 5060));
}

static void ipv6_chains_around_the_fragment(void)
{
	__u32 id = fragment_id();

	no_orphans();
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST6(id, .chain = "hrfd"));
	SEND_LATER_PASSES(LATER6(id, .chain = "hrfd"));
	SEND_LATER_PASSES(LAST6(id, .chain = "hrfd"));
	id = fragment_id();
	SEND(DROP, GARBAGE, GARBAGE, NONE, FIRST6(id, .chain = "hfd", BYTES(NOT_SIP)));
	SEND(DROP, GARBAGE, OTHER, NONE, LAST6(id, .chain = "hfd", BYTES(NOT_SIP)));
	id = fragment_id();
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST6(id, .chain = "fa"));
	SEND_LATER_PASSES(LAST6(id, .chain = "fa"));
	SEND_ORPHAN(LAST6(fragment_id(), .chain = "fa"));
}

/*
 * RFC 7112: a first fragment that does not reach the transport header. What follows it must not be
 * taken for the rest of a foreign datagram, or the guard could be passed by.
 */
static void first_fragment_without_ports(void)
{
	__u32 id = fragment_id();

	no_orphans();
	/* It ends in the chain, whose rest Linux finds in the next one. */
	SEND(DROP, IPV6_CHAIN, OTHER, NONE, .source = IPV6_A, .id = id, .chain = "fdd", .size = 8);
	SEND(DROP, IPV6_CHAIN, OTHER, NONE, .source = IPV6_A, .id = id, .chain = "fdd",
	     .offset = 8);
	id = fragment_id();
	SEND_UNGUARDED(.source = IPV6_A, .id = id, .chain = "fd", .size = 8);
	SEND_ORPHAN(.source = IPV6_A, .id = id, .chain = "fd", .offset = 8);
	/* Protocol 59 ("no next header") is a foreign one, and no chain that was cut off. */
	SEND_UNGUARDED(.id = fragment_id(), .transport = IPPROTO_NONE, .size = 8);
	SEND_UNGUARDED(.source = IPV6_A, .id = fragment_id(), .transport = IPPROTO_NONE, .size = 8);
	SEND_UNGUARDED(.source = IPV6_A, .id = fragment_id(), .chain = "fd",
		       .transport = IPPROTO_NONE, .size = 16);
	id = fragment_id();
	SEND_UNGUARDED(.id = id, .size = 8, .length_error = -4);
	SEND_ORPHAN(.id = id, .offset = 8);
}

/* One admitted first fragment is not a licence for any number of later ones. */
static void later_fragments_have_an_end(void)
{
	__u32 id = fragment_id();
	int passed = 0;

	no_orphans();
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(id, .dport = 5060));
	/* The largest datagram over IPv6's least MTU (RFC 8200 section 5) has 54 fragments. */
	for (int i = 0; i < 53; i++)
		SEND_LATER_PASSES(LATER(id, .dport = 5060));
	while (passed < 1000 && !packet_dropped(&(struct packet_spec){LATER(id, .dport = 5060)}))
		passed++;
	assert_in_range(passed, 0, 64);
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(id, .dport = 5060));
	SEND_LATER_PASSES(LAST(id, .dport = 5060));
}

static void foreign_fragments(void)
{
	__u32 id = fragment_id();

	no_orphans();
	SEND_UNGUARDED(FIRST(id, .transport = IPPROTO_ICMP));
	SEND_UNGUARDED(LAST(id, .transport = IPPROTO_ICMP));
	SEND_UNGUARDED(LAST(id, .transport = IPPROTO_ESP));
	SEND_UNGUARDED(LAST6(id, .transport = IPPROTO_ICMPV6));
}

static void allowed_first_fragment(void)
{
	__u32 id = fragment_id();

	no_orphans();
	list_set("192.0.2.1", SG_LIST_ALLOW);
	packet_check(__func__, &(struct packet_spec){FIRST(id, BYTES(NOT_SIP))},
		     &(struct expectation){.class = SG_CLASS_GARBAGE, .allowed = true});
	SEND_LATER_PASSES(LAST(id, BYTES(NOT_SIP)));
}

const struct sequence fragment_sequences[] = {
	{"a pass is inherited", pass_is_inherited},
	{"a drop is inherited", drop_is_inherited},
	{"a would-drop and what is watched are inherited", what_is_counted_is_inherited},
	{"what is inherited goes by the mode of now", inherited_under_the_mode_of_now},
	{"a limit is charged once for all fragments", limits_are_inherited},
	{"fragments of unguarded datagrams are not charged", unguarded_is_inherited},
	{"orphans are limited by source", orphans_are_limited},
	{"orphans are limited together", orphans_are_limited_together},
	{"payload of later fragments is not read as ports", payload_is_not_ports},
	{"fragments of other datagrams do not match", other_keys_do_not_match},
	{"datagrams may interleave", interleaved},
	{"ids are used again", ids_are_used_again},
	{"first fragments are forgotten after a minute", forgotten_after_a_minute},
	{"tiny first fragments of udp", tiny_udp},
	{"tiny first fragments of tcp", tiny_tcp},
	{"tcp in fragments", tcp_in_fragments},
	{"udp lengths in fragments", udp_length_in_fragments},
	{"the whole length in fragments", whole_length_in_fragments},
	{"atomic fragments are whole", atomic_fragments_are_whole},
	{"IPv6 chains around the fragment header", ipv6_chains_around_the_fragment},
	{"first fragments without ports", first_fragment_without_ports},
	{"later fragments of one datagram have an end", later_fragments_have_an_end},
	{"fragments of other protocols", foreign_fragments},
	{"fragments of an allowed source", allowed_first_fragment},
};

const size_t fragment_sequences_count = COUNT(fragment_sequences);
