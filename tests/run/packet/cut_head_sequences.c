// SPDX-License-Identifier: GPL-2.0-only
/* Requests whose header ends in a later fragment. */
#include "packet/fragments.h"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define SUBJECT "Subject: " X64 X64 X64 X64 X64 X64 X64 X64 "\r\n"
#define START_LINE "INVITE sip:bob@example.com SIP/2.0\r\n"
/* Its header ends in the second fragment. */
#define LONG_HEAD START_LINE SUBJECT SUBJECT SUBJECT SIP_HEADERS("INVITE")
#define SEND_CUT_DROPS(...)                                                                       \
	SEND(DROP, FRAGMENT_HEAD, REQUEST, INVITE, .payload = LONG_HEAD, __VA_ARGS__)
#define SEND_CUT_PASSES(...)                                                                      \
	SEND(PASS, NONE, REQUEST, INVITE, .payload = LONG_HEAD, __VA_ARGS__)

/* As at the greylist: what is sent once does not come in, a client's retransmission does. */
static void cut_head_has_to_come_again(void)
{
	__u32 id = fragment_id(), again = fragment_id(), third = fragment_id();

	no_orphans();
	SEND_CUT_DROPS(FIRST(id, .sport = 5060));
	SEND(DROP, FRAGMENT_HEAD, OTHER, NONE, LATER(id, .sport = 5060, .again = true));
	SEND(DROP, FRAGMENT_HEAD, OTHER, NONE, LAST(id, .sport = 5060, .again = true));
	/* At once is not how a client does it. */
	SEND_CUT_DROPS(FIRST(again, .sport = 5060, .again = true));
	clock_move(500 * MS);
	SEND_CUT_PASSES(FIRST(again, .sport = 5060, .again = true));
	SEND_LATER_PASSES(LATER(again, .sport = 5060, .again = true));
	SEND_LATER_PASSES(LAST(again, .sport = 5060, .again = true));
	clock_move(1000 * MS);
	SEND_CUT_PASSES(FIRST(third, .sport = 5060, .again = true));
	SEND_LATER_PASSES(LAST(third, .sport = 5060, .again = true));
	/* Another flow has to do it for itself, and so has another message. */
	SEND_CUT_DROPS(FIRST(fragment_id(), .sport = 5062, .again = true));
	SEND_CUT_DROPS(FIRST(fragment_id(), .sport = 5060));
}

static void cut_head_over_ipv6(void)
{
	__u32 id = fragment_id(), again = fragment_id();

	no_orphans();
	SEND_CUT_DROPS(FIRST6(id, .chain = "hf"));
	SEND(DROP, FRAGMENT_HEAD, OTHER, NONE, LAST6(id, .chain = "hf", .again = true));
	clock_move(500 * MS);
	SEND_CUT_PASSES(FIRST6(again, .chain = "hf", .again = true));
	SEND_LATER_PASSES(LAST6(again, .chain = "hf", .again = true));
}

/* Daily business of peers that are known in any way. */
static void cut_head_of_known_peers(void)
{
	zone_set(0, "192.0.2.50", 1);
	SEND_CUT_PASSES(FIRST(fragment_id(), .source = "192.0.2.50"));
	proven_set("192.0.2.51", IPPROTO_UDP, 40000, SG_PROOF_CALL, 60);
	SEND_CUT_PASSES(FIRST(fragment_id(), .source = "192.0.2.51"));
	SEND_CUT_DROPS(FIRST(fragment_id(), .source = "192.0.2.51", .sport = 40001));
	proven_set("192.0.2.52", IPPROTO_UDP, 40000, SG_PROOF_GREYLIST, 60);
	SEND_CUT_DROPS(FIRST(fragment_id(), .source = "192.0.2.52"));
	list_set("192.0.2.53", SG_LIST_ALLOW);
	packet_check(__func__,
		     &(struct packet_spec){FIRST(fragment_id(), .source = "192.0.2.53"),
					   .payload = LONG_HEAD},
		     &(struct expectation){.class = SG_CLASS_REQUEST, .allowed = true,
					   .method = SG_METHOD_INVITE});
	/* Nor do messages whose head is whole, other things, and TCP have to come again. */
	SEND(PASS, NONE, REQUEST, OPTIONS, FIRST(fragment_id(), .sport = 5060));
	SEND(PASS, NONE, STUN, NONE, FIRST(fragment_id(),
	     BYTES("\0\1\x0b\xb8\x21\x12\xa4\x42" "123456789012")));
	SEND(PASS, NONE, OTHER, NONE, FIRST(fragment_id(), OVER_TCP, .payload = LONG_HEAD));
}

/* No link makes such fragments: they show a request line, and hide the scanner behind it. */
static void small_cut_head_never_comes_in(void)
{
	static const size_t sizes[] = {24, 64, 256, 504};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		SEND_CUT_DROPS(.id = fragment_id(), .size = sizes[i]);
		for (int again = 0; again < 3; again++) {
			clock_move(1000 * MS);
			SEND_CUT_DROPS(.id = fragment_id(), .size = sizes[i], .again = true);
		}
	}
	SEND_CUT_DROPS(.id = fragment_id(), .size = 512);
	clock_move(1000 * MS);
	SEND_CUT_PASSES(.id = fragment_id(), .size = 512, .again = true);
}

/* What lies in the frame behind the IP packet is no part of the fragment. */
static void trailer_is_no_head(void)
{
	SEND_CUT_DROPS(.id = fragment_id(), .size = 1024, .pad = 64, .pad_byte = '\n');
}

static void cut_head_that_came_is_judged(void)
{
	__u32 id = fragment_id();

	mode_set(SG_REASON_START_LINE, SG_MODE_ENFORCE);
	for (int i = 0; i < 2; i++) {
		clock_move(500 * MS);
		SEND(DROP, START_LINE, REQUEST, INVITE, FIRST(id, .again = i),
		     .payload = "INVITE sip:bob@example.com SIP/3.0\r\n" SUBJECT SUBJECT SUBJECT
				SIP_HEADERS("INVITE"));
	}
	mode_set(SG_REASON_START_LINE, SG_MODE_OFF);
	config()->profile[0].limit[SG_LIMIT_INVITE] = limit_hourly(1);
	SEND_CUT_DROPS(FIRST(id, .sport = 5070));
	clock_move(500 * MS);
	SEND_CUT_PASSES(FIRST(id, .sport = 5070, .again = true));
	SEND(DROP, LIMIT_INVITE, REQUEST, INVITE, FIRST(id, .sport = 5070),
	     .payload = LONG_HEAD);
}

const struct sequence cut_head_sequences[] = {
	{"a cut head has to come again", cut_head_has_to_come_again},
	{"a cut head over IPv6", cut_head_over_ipv6},
	{"a cut head of known peers", cut_head_of_known_peers},
	{"a small cut head never comes in", small_cut_head_never_comes_in},
	{"a trailer is no head", trailer_is_no_head},
	{"a cut head that came again is judged", cut_head_that_came_is_judged},
};

const size_t cut_head_sequences_count = COUNT(cut_head_sequences);
