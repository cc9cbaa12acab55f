// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares what a packet did with what it should have done: all counters at once, so a packet that
 * is counted twice, or in a second place, fails as well as one that is not counted.
 */
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

static const char *const reason_names[SG_REASON__MAX] = {
	"none",
#define X(number, name, label, reference, mode, strict, state, help) [number] = label,
	SG_REASONS(X)
#undef X
};

static const char *const class_names[SG_CLASS__MAX] = {
#define X(name, label) [SG_CLASS_##name] = label,
	SG_CLASSES(X)
#undef X
};

static const char *const method_names[SG_METHOD__MAX] = {
#define X(name, label, limit, ...) [SG_METHOD_##name] = label,
	SG_METHODS(X)
#undef X
};

static const char *const program_names[PROGRAM__MAX] = {
	"program guard", "program guard_frags", "program ingress",
	"program guard_frags without a link header",
};

static struct sg_counter *tally_column(struct sg_tally *tally, enum outcome outcome)
{
	switch (outcome) {
	case DROP:
		return &tally->dropped;
	case WOULD_DROP:
		return &tally->would_drop;
	default:
		return &tally->passed;
	}
}

static void counters_expect(struct sg_stats *stats, const struct expectation *e, size_t length)
{
	const struct sg_counter one = {.packets = 1, .bytes = length};

	if (e->allowed)
		stats->allowed = one;
	if (e->outcome == UNGUARDED) {
		stats->unguarded[0] = one;
		return;
	}
	for (int reason = 0; reason < SG_REASON__MAX; reason++) {
		if (e->watched & REASON_BIT(reason))
			stats->reason[reason].watched = one;
	}
	if (e->reason || !e->watched)
		*tally_column(&stats->reason[e->reason], e->outcome) = one;
	*tally_column(&stats->class[e->class], e->outcome) = one;
	*tally_column(&stats->method[e->method], e->outcome) = one;
}

static int counter_differs(const char *kind, const char *name, const struct sg_counter *is,
			   const struct sg_counter *expected)
{
	if (!memcmp(is, expected, sizeof(*is)))
		return 0;
	print_error("  counter %s %s: %llu packets, %llu bytes; expected %llu and %llu\n", kind,
		    name, is->packets, is->bytes, expected->packets, expected->bytes);
	return 1;
}

static int tallies_differ(const char *kind, const char *const *names, const struct sg_tally *is,
			  const struct sg_tally *expected, int count)
{
	int differences = 0;
	char column[64];

	for (int i = 0; i < count; i++) {
		snprintf(column, sizeof(column), "%s passed", names[i]);
		differences += counter_differs(kind, column, &is[i].passed, &expected[i].passed);
		snprintf(column, sizeof(column), "%s would-drop", names[i]);
		differences += counter_differs(kind, column, &is[i].would_drop,
					       &expected[i].would_drop);
		snprintf(column, sizeof(column), "%s dropped", names[i]);
		differences += counter_differs(kind, column, &is[i].dropped, &expected[i].dropped);
		snprintf(column, sizeof(column), "%s watched", names[i]);
		differences += counter_differs(kind, column, &is[i].watched, &expected[i].watched);
	}
	return differences;
}

static int stats_differ(const struct sg_stats *is, const struct sg_stats *expected)
{
	return counter_differs("", "unguarded", is->unguarded, expected->unguarded) +
	       counter_differs("", "allowed", &is->allowed, &expected->allowed) +
	       tallies_differ("reason", reason_names, is->reason, expected->reason,
			      SG_REASON__MAX) +
	       tallies_differ("class", class_names, is->class, expected->class, SG_CLASS__MAX) +
	       tallies_differ("method", method_names, is->method, expected->method,
			      SG_METHOD__MAX);
}

/* A packet that was as expected counts as shown; only those under a check, not their neighbours. */
static void coverage_add(const struct expectation *e)
{
	if (e->outcome == UNGUARDED)
		return;
	coverage.reason |= e->watched | (e->reason ? REASON_BIT(e->reason) : 0);
	coverage.class |= BIT(e->class);
	coverage.method |= BIT(e->method);
}

/* The handshake of the connection that a segment begins. */
static void connection_open(const struct packet_spec *spec)
{
	if (spec->transport != IPPROTO_TCP || spec->syn || spec->numbered || spec->stray ||
	    spec->offset)
		return;
	connection_accept(&(struct packet_spec){
		.source = spec->source, .destination = spec->destination, .sport = spec->sport,
		.sport_zero = spec->sport_zero, .dport = spec->dport,
	}, TCP_SEQ);
}

void connection_accept(const struct packet_spec *peer, __u32 seq)
{
	const char *server = packet_is_ipv6(peer) ? PACKET_SERVER6 : PACKET_SERVER4;
	struct packet_spec answer = {
		.source = peer->destination ? peer->destination : server,
		.destination = peer->source ? peer->source : PACKET_CLIENT4,
		.sport = peer->dport ? peer->dport : 5060,
		.dport = peer->sport_zero ? 0 : peer->sport ? peer->sport : 40000,
		.transport = IPPROTO_TCP, .syn = true, .ack = true, .again = true,
		.numbered = true, .seq = TCP_SEQ_ACK - 1, .ack_seq = seq,
	};

	assert_false(reply_dropped(&answer));
}

void packet_check(const char *where, const struct packet_spec *spec,
		  const struct expectation *expected)
{
	struct sg_stats before, is, due = {};
	__u64 *now = (__u64 *)&is;
	__u8 frame[FRAME_MAX];
	size_t length = packet_build(spec, frame);
	int action, differences;

	connection_open(spec);
	stats_read(&before);
	action = fixture_run(frame, length);
	stats_read(&is);
	for (size_t i = 0; i < sizeof(is) / sizeof(*now); i++)
		now[i] -= ((const __u64 *)&before)[i];
	counters_expect(&due, expected, length);
	differences = stats_differ(&is, &due);
	if (differences)
		fail_msg("%s: the packet was not counted as expected, %s", where,
			 program_names[fix.program]);
	if (action != (expected->outcome == DROP ? XDP_DROP : XDP_PASS))
		fail_msg("%s: XDP action %d", where, action);
	coverage_add(expected);
}

bool packet_dropped(const struct packet_spec *spec)
{
	__u8 frame[FRAME_MAX];
	size_t length = packet_build(spec, frame);

	connection_open(spec);
	return fixture_run(frame, length) == XDP_DROP;
}

enum sg_reason dropping_reason(void)
{
	struct sg_stats stats;

	stats_read(&stats);
	for (int reason = 1; reason < SG_REASON__MAX; reason++) {
		if (stats.reason[reason].dropped.packets)
			return reason;
	}
	return SG_REASON_NONE;
}
