/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests, as tables: a case is one packet, a sequence is several. main.c runs each of them with
 * both programs. A new table is declared here and entered in main.c.
 */
#ifndef SIPGUARD_TEST_CASES_H
#define SIPGUARD_TEST_CASES_H

#include "fixture.h"

struct test_case {
	const char *name;
	void (*setup)(void);             /* NULL: defaults */
	struct packet_spec packet;
	struct expectation expected;
	__u64 near_class, near_method;   /* BIT()s: the packet is nearly that, and is not */
};

struct sequence {
	const char *name;
	void (*run)(void);
};

#define EXPECT(outcome_, reason_, class_, method_)                                                \
	.expected = {.outcome = outcome_, .reason = SG_REASON_##reason_,                          \
		     .class = SG_CLASS_##class_, .method = SG_METHOD_##method_}
#define PASSES(class, method) EXPECT(PASS, NONE, class, method)
#define IS_GARBAGE EXPECT(DROP, GARBAGE, GARBAGE, NONE)
#define NOT_LOOKED_AT .expected = {.outcome = UNGUARDED}

#define NEAR_CLASS(name) .near_class = BIT(SG_CLASS_##name)
#define NEAR_METHOD(name) .near_method = BIT(SG_METHOD_##name)

extern const struct test_case class_cases[], packet_cases[], policy_cases[];
extern const size_t class_cases_count, packet_cases_count, policy_cases_count;

extern const struct sequence method_sequences[], reason_sequences[], policy_sequences[];
extern const struct sequence limit_sequences[], fragment_sequences[], hostile_sequences[];
extern const struct sequence corpus_sequences[], grammar_sequences[];
extern const struct sequence flow_sequences[], offences_sequences[], connection_sequences[];
extern const struct sequence secret_sequences[], stream_sequences[], order_sequences[];
extern const struct sequence corpus_stream_sequences[], neighbour_sequences[], guess_sequences[];
extern const struct sequence nonce_sequences[], greylist_sequences[], rush_sequences[];
extern const struct sequence handshake_sequences[], cut_head_sequences[], sent_sequences[];
extern const struct sequence zone_sequences[], flight_sequences[], ask_sequences[];
extern const struct sequence mask_sequences[], callee_sequences[], routing_sequences[];
extern const struct sequence route_sequences[], overload_sequences[];
extern const struct sequence place_sequences[], dial_sequences[], dialled_sequences[];
extern const struct sequence identity_sequences[], topology_sequences[];
extern const struct sequence dialog_sequences[], calls_sequences[], event_sequences[];
extern const struct sequence figure_sequences[];
extern const size_t event_sequences_count, figure_sequences_count;
extern const size_t method_sequences_count, reason_sequences_count, policy_sequences_count;
extern const size_t limit_sequences_count, fragment_sequences_count, hostile_sequences_count;
extern const size_t corpus_sequences_count, grammar_sequences_count;
extern const size_t flow_sequences_count, offences_sequences_count, connection_sequences_count;
extern const size_t secret_sequences_count, stream_sequences_count, order_sequences_count;
extern const size_t sent_sequences_count;
extern const size_t corpus_stream_sequences_count, neighbour_sequences_count;
extern const size_t guess_sequences_count, zone_sequences_count;
extern const size_t flight_sequences_count, ask_sequences_count, nonce_sequences_count;
extern const size_t mask_sequences_count, callee_sequences_count, routing_sequences_count;
extern const size_t route_sequences_count;
extern const size_t place_sequences_count, dial_sequences_count, dialled_sequences_count;
extern const size_t identity_sequences_count, topology_sequences_count;
extern const size_t dialog_sequences_count, calls_sequences_count;
extern const size_t rush_sequences_count;
extern const size_t greylist_sequences_count, handshake_sequences_count, cut_head_sequences_count;
extern const size_t overload_sequences_count;

#endif
