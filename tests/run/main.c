// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF_PROG_RUN tests of the guard: the tables of cases.h, each with the programs, and at the end
 * the proof that no reason, class or method was left out.
 *
 *   SIPGUARD_OBJ        the object (build/bpf/clang14/guard.bpf.o)
 *   SIPGUARD_MUTATIONS  how many random frames (100000)
 *   SIPGUARD_CORPUS     a folder of messages (../shared/corpus)
 *   SIPGUARD_TEST       names of tests, with * and ?: no others are run (all)
 */
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"

static void run_once(const struct test_case *c, const char *name, const struct packet_spec *packet)
{
	for (int program = 0; program < PROGRAM__MAX; program++) {
		if (program == PROGRAM_BARE && packet_needs_link(packet))
			continue;
		fixture_reset(program);
		if (c->setup)
			c->setup();
		packet_check(name, packet, &c->expected);
	}
}

/* Tagged, too: the guard reads plain frames on a shorter way, and both must come to the same. */
static void run_case(void **state)
{
	const struct test_case *c = *state;
	struct packet_spec tagged = c->packet;
	char name[128];

	run_once(c, c->name, &c->packet);
	if (!tagged.vlan[0]) {
		tagged.vlan[0] = ETH_P_8021Q;
		snprintf(name, sizeof(name), "%s, with a VLAN tag", c->name);
		run_once(c, name, &tagged);
	}
	coverage.near_class |= c->near_class;
	coverage.near_method |= c->near_method;
}

static void run_with(const struct sequence *s, int programs)
{
	for (int program = 0; program < programs; program++) {
		fixture_begin(program);
		s->run();
	}
}

static void run_sequence(void **state)
{
	run_with(*state, PROGRAM_BARE);
}

/* Those that care for headers: without one of the link, too. */
static void run_sequence_bare(void **state)
{
	run_with(*state, PROGRAM__MAX);
}

static void missing(const char *kind, const char *label, int *count)
{
	print_error("no test for %s %s\n", kind, label);
	++*count;
}

/* Retired reasons have no case. */
static void nothing_is_left_out(void **state)
{
	int count = 0;

	(void)state;
#define X(number, name, label, reference, mode, strict, state, help)                              \
	if (strncmp(label, "retired", 7) && !(coverage.reason & REASON_BIT(number)))              \
		missing("reason", label, &count);                                                 \
	if (strncmp(label, "retired", 7) && !(coverage.near_reason & REASON_BIT(number)))         \
		missing("a neighbour of reason", label, &count);
	SG_REASONS(X)
#undef X
#define X(name, label)                                                                            \
	if (!(coverage.class & BIT(SG_CLASS_##name)))                                             \
		missing("class", label, &count);                                                  \
	if (!(coverage.near_class & BIT(SG_CLASS_##name)))                                        \
		missing("a neighbour of class", label, &count);
	SG_CLASSES(X)
#undef X
#define X(name, label, limit, ...)                                                                \
	if (!(coverage.method & BIT(SG_METHOD_##name)))                                           \
		missing("method", label, &count);                                                 \
	if (!(coverage.near_method & BIT(SG_METHOD_##name)))                                      \
		missing("a neighbour of method", label, &count);
	SG_METHODS(X)
#undef X
	if (count)
		fail_msg("%d rows of include/ without a test", count);
}

static struct CMUnitTest tests[1024];
static size_t count;

static void add(const char *name, CMUnitTestFunction function, const void *state)
{
	if (count == COUNT(tests))
		abort();
	tests[count++] = (struct CMUnitTest){
		.name = name, .test_func = function, .initial_state = (void *)state,
	};
}

static void add_cases(const struct test_case *cases, size_t number)
{
	for (size_t i = 0; i < number; i++)
		add(cases[i].name, run_case, &cases[i]);
}

static void add_sequences(const struct sequence *sequences, size_t number)
{
	for (size_t i = 0; i < number; i++)
		add(sequences[i].name, run_sequence, &sequences[i]);
}

static void add_bare_sequences(const struct sequence *sequences, size_t number)
{
	for (size_t i = 0; i < number; i++)
		add(sequences[i].name, run_sequence_bare, &sequences[i]);
}

int main(void)
{
	if (geteuid()) {
		fprintf(stderr, "run_guard: loads programs into the kernel; run it as root.\n");
		return 1;
	}
	add_cases(packet_cases, packet_cases_count);
	add_cases(class_cases, class_cases_count);
	add_sequences(method_sequences, method_sequences_count);
	add_cases(policy_cases, policy_cases_count);
	add_sequences(policy_sequences, policy_sequences_count);
	add_sequences(reason_sequences, reason_sequences_count);
	add_sequences(limit_sequences, limit_sequences_count);
	add_sequences(zone_sequences, zone_sequences_count);
	add_sequences(mask_sequences, mask_sequences_count);
	add_sequences(place_sequences, place_sequences_count);
	add_sequences(dial_sequences, dial_sequences_count);
	add_sequences(dialled_sequences, dialled_sequences_count);
	add_sequences(identity_sequences, identity_sequences_count);
	add_bare_sequences(topology_sequences, topology_sequences_count);
	add_sequences(routing_sequences, routing_sequences_count);
	add_sequences(route_sequences, route_sequences_count);
	add_sequences(callee_sequences, callee_sequences_count);
	add_sequences(overload_sequences, overload_sequences_count);
	add_sequences(figure_sequences, figure_sequences_count);
	add_sequences(event_sequences, event_sequences_count);
	add_bare_sequences(flow_sequences, flow_sequences_count);
	add_bare_sequences(greylist_sequences, greylist_sequences_count);
	add_bare_sequences(rush_sequences, rush_sequences_count);
	add_sequences(offences_sequences, offences_sequences_count);
	add_sequences(guess_sequences, guess_sequences_count);
	add_sequences(nonce_sequences, nonce_sequences_count);
	add_sequences(flight_sequences, flight_sequences_count);
	add_sequences(ask_sequences, ask_sequences_count);
	add_sequences(connection_sequences, connection_sequences_count);
	add_sequences(secret_sequences, secret_sequences_count);
	add_sequences(neighbour_sequences, neighbour_sequences_count);
	add_sequences(stream_sequences, stream_sequences_count);
	add_sequences(handshake_sequences, handshake_sequences_count);
	add_sequences(order_sequences, order_sequences_count);
	add_sequences(sent_sequences, sent_sequences_count);
	add_sequences(grammar_sequences, grammar_sequences_count);
	add_bare_sequences(fragment_sequences, fragment_sequences_count);
	add_bare_sequences(cut_head_sequences, cut_head_sequences_count);
	add_bare_sequences(hostile_sequences, hostile_sequences_count);
	add_sequences(corpus_sequences, corpus_sequences_count);
	add_sequences(corpus_stream_sequences, corpus_stream_sequences_count);
	add_sequences(dialog_sequences, dialog_sequences_count);
	add_sequences(calls_sequences, calls_sequences_count);
	add("no reason, class or method is left out", nothing_is_left_out, NULL);
	cmocka_set_test_filter(getenv("SIPGUARD_TEST"));
	/* cmocka_run_group_tests() wants an array whose size the compiler knows. */
	return _cmocka_run_group_tests("guard", tests, count, fixture_open, fixture_close);
}
