// SPDX-License-Identifier: GPL-2.0-only
/*
 * For every reason a packet that gives it, and one that nearly does, in all combinations of modes.
 * A reason of include/reasons.h without a row here fails the suite.
 */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "limit/trigger.h"

static const char *const labels[SG_REASON__MAX] = {
	"none",
#define X(number, name, label, reference, mode, strict, state, help) [number] = label,
	SG_REASONS(X)
#undef X
};

static const char *const mode_names[] = {"off", "monitor", "enforce"};

/* Only the reason under test matches, whatever its default is. */
static void prepare(int reason)
{
	const struct trigger *t = &triggers[reason];

	fixture_reset(fix.program);
	if (t->setup)
		t->setup();
	mode_set(reason, SG_MODE_ENFORCE);
}

static void check_mode(int reason, int mode, int global)
{
	const struct trigger *t = &triggers[reason];
	struct expectation e = {.class = t->class, .method = t->method};
	char where[128];

	prepare(reason);
	mode_set(reason, mode);
	fix.state->mode = global;
	if (mode == SG_MODE_OFF) {
		e.outcome = t->off;
	} else if (mode == SG_MODE_MONITOR) {
		e.outcome = PASS;
		e.watched = REASON_BIT(reason);
	} else {
		e.outcome = global == SG_MODE_ENFORCE ? DROP : WOULD_DROP;
		e.reason = reason;
	}
	snprintf(where, sizeof(where), "reason %s in mode %s, global mode %s", labels[reason],
		 mode_names[mode], mode_names[global]);
	packet_check(where, &t->packet, &e);
}

static bool has_trigger(int reason)
{
	static const struct trigger none;

	return memcmp(&triggers[reason], &none, sizeof(none));
}

/* Those have tests of their own, see grammar_sequences.c and flow_sequences.c. */
static bool is_elsewhere(int reason)
{
#define X(number, name, label, reference, mode, strict, state, help) || reason == number
	return reason == SG_REASON_REPLIES || reason == SG_REASON_MALFORMED ||
	       reason == SG_REASON_FLOOD ||
	       reason == SG_REASON_AUTH_FAILURE || reason == SG_REASON_ENUMERATION ||
	       reason == SG_REASON_SCANNER || reason == SG_REASON_LOOKALIKE SIP_RULES(X);
#undef X
}

/* What needs a header of the link is nothing for the program without one. */
static bool is_possible(int reason)
{
	return !packet_bare || !packet_needs_link(&triggers[reason].packet);
}

/* Retired reasons keep their number, and nothing gives them. */
#define FOR_EACH_REASON(reason)                                                                   \
	for (int reason = 1; reason < SG_REASON__MAX; reason++)                                   \
		if (strncmp(labels[reason], "retired", 7) && !is_elsewhere(reason) &&             \
		    is_possible(reason))

static void every_mode(void)
{
	FOR_EACH_REASON(reason) {
		if (!has_trigger(reason))
			fail_msg("reason %s has no row in %s", labels[reason], __FILE__);
		for (int mode = 0; mode < SG_MODE__MAX; mode++) {
			check_mode(reason, mode, SG_MODE_MONITOR);
			check_mode(reason, mode, SG_MODE_ENFORCE);
		}
	}
}

static void every_neighbour(void)
{
	char where[128];

	FOR_EACH_REASON(reason) {
		prepare(reason);
		snprintf(where, sizeof(where), "what is nearly %s", labels[reason]);
		packet_check(where, &triggers[reason].near, &triggers[reason].near_does);
		coverage.near_reason |= REASON_BIT(reason);
	}
}

/* An allowed source is dropped for no reason whatever. */
static void allow_beats_all(void)
{
	char where[128];

	FOR_EACH_REASON(reason) {
		const struct trigger *t = &triggers[reason];
		const char *source = t->packet.source ? t->packet.source : "192.0.2.1";
		struct expectation e = {
			.outcome = t->off,
			.class = t->class,
			.method = t->method,
			.allowed = t->off != UNGUARDED,
		};

		if (reason == SG_REASON_VLAN_TAGS)
			continue; /* the source is not reached */
		prepare(reason);
		list_set(source, SG_LIST_ALLOW);
		snprintf(where, sizeof(where), "an allowed source, otherwise %s", labels[reason]);
		packet_check(where, &t->packet, &e);
	}
}

/* The global mode is an emergency exit: in monitor mode nothing is ever dropped. */
static void monitor_drops_nothing(void)
{
	FOR_EACH_REASON(reason) {
		prepare(reason);
		for (int other = 1; other < SG_REASON__MAX; other++)
			mode_set(other, SG_MODE_ENFORCE);
		fix.state->mode = SG_MODE_MONITOR;
		assert_false(packet_dropped(&triggers[reason].packet));
	}
}

const struct sequence reason_sequences[] = {
	{"every reason in every mode", every_mode},
	{"every reason has a neighbour it does not reach", every_neighbour},
	{"the allow list beats every reason", allow_beats_all},
	{"global monitor mode drops nothing", monitor_drops_nothing},
};

const size_t reason_sequences_count = COUNT(reason_sequences);
