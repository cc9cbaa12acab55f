// SPDX-License-Identifier: GPL-2.0-only
/* Figures of RFC 6076: what is asked of our server, what it says to that, and after how long. */
#include <stdio.h>
#include <string.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define STRANGER "203.0.113.9"
#define MEMBER "198.18.0.7" /* of zone 1 */
#define EPOCH (1ULL << SG_EPOCH_SHIFT)
#define UNITS(ns) ((ns) >> SG_DELAY_SHIFT)
#define OFTEN 50000 /* attempts, of two messages each */

static struct sg_figures figures;

/* Somebody, by his address and transport. */
struct caller {
	const char *source;
	__u8 transport;
	struct peer peer; /* of TCP */
};

static struct caller caller = {.source = STRANGER, .transport = IPPROTO_UDP};

/* Who is nobody's business but that of the figures. */
static void on(void)
{
	wide();
	config()->total[SG_TOTAL_REPLIES] = config()->profile[0].limit[0];
	zone_set(0, "198.18.0.0/16", 1);
	config()->profile[1] = config()->profile[0];
	config()->total[sg_zone_total(1)] = config()->profile[0].limit[0];
	config()->zone[1].id = 0;
	config()->zone[1].since = 0;
	config()->dialogs = 0; /* or the many here would fill the table for tests that come after */
	config()->figures = 1;
	figures_forget();
	caller = (struct caller){.source = STRANGER, .transport = IPPROTO_UDP};
}

static const char *message(const char *start, const char *method, const char *call, int cseq,
			   const char *tag)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"
		 "Max-Forwards: 70\r\nTo: <sip:bob@example.com>%s\r\n"
		 "From: <sip:alice@example.com>;tag=1928301774\r\nCall-ID: %s\r\n"
		 "CSeq: %d %s\r\nContent-Length: 0\r\n\r\n", start, tag, call, cseq, method);
	return text;
}

static void comes(const char *text)
{
	if (caller.transport == IPPROTO_TCP)
		sends(&caller.peer, text);
	else
		asks_of(caller.source, text, PORT);
}

/* A request of a call or a registration, by its Call-ID and its number. */
static void asked(const char *method, const char *call, int cseq, const char *tag)
{
	char start[64];

	snprintf(start, sizeof(start), "%s sip:bob@example.com SIP/2.0", method);
	comes(message(start, method, call, cseq, tag));
}

static void said(const char *status, const char *method, const char *call, int cseq)
{
	char start[64];

	snprintf(start, sizeof(start), "SIP/2.0 %s", status);
	assert_false(reply_dropped(&(struct packet_spec){
		.source = strchr(caller.source, ':') ? PACKET_SERVER6 : NULL,
		.destination = caller.source, .dport = PORT, .again = true,
		.transport = caller.transport,
		.payload = message(start, method, call, cseq, ";tag=of-the-server"),
	}));
}

static const struct sg_figured_counts *of(__u32 zone, enum sg_figured what)
{
	figures_read(zone, &figures);
	return &figures.of[what];
}

static void are(const struct sg_figured_counts *c, __u64 requests, __u64 copies, __u64 waiting)
{
	assert_int_equal(c->requests, requests);
	assert_int_equal(c->copies, copies);
	assert_int_equal(c->pending[0].count, waiting);
}

/* All responses to requests: by class, as many digits. */
static void responses(const struct sg_figured_counts *c, const char *classes)
{
	for (int i = 0; i < 6; i++)
		assert_int_equal(c->class[i], classes[i] - '0');
}

static __u64 delays(enum sg_delay_of of, __u64 *units)
{
	__u64 count = 0;

	for (size_t i = 0; i < SG_DELAY_COUNTS; i++)
		count += figures.delay[of].count[i];
	*units = figures.delay[of].units;
	return count;
}

/* What is rounded to units, and by one bit. */
static void one_delay(enum sg_delay_of of, __u64 ms)
{
	__u64 units;

	assert_int_equal(delays(of, &units), 1);
	assert_in_range(units, UNITS(ms * MS) - 2, UNITS(ms * MS) + 2);
}

static void a_call(void)
{
	asked("INVITE", "one", 1, "");
	are(of(0, SG_FIGURED_INVITE), 1, 0, 1);
	clock_move(10 * MS);
	said("100 Trying", "INVITE", "one", 1);
	are(of(0, SG_FIGURED_INVITE), 1, 0, 0);
	clock_move(140 * MS);
	said("180 Ringing", "INVITE", "one", 1);
	said("183 Session Progress", "INVITE", "one", 1);
	clock_move(5 * SECOND);
	said("200 OK", "INVITE", "one", 1);
	responses(of(0, SG_FIGURED_INVITE), "110000");
	one_delay(SG_DELAY_SESSION, 150);
	assert_int_equal(figures.delay[SG_DELAY_SESSION].count[5], 1); /* of 100 to 200 ms */
	are(of(0, SG_FIGURED_REGISTER), 0, 0, 0);
}

/* It is the same by all ways, and is counted by zone. */
static void every_way(void)
{
	on();
	a_call();
	on();
	caller.source = MEMBER;
	asked("INVITE", "one", 1, "");
	said("200 OK", "INVITE", "one", 1);
	are(of(0, SG_FIGURED_INVITE), 0, 0, 0);
	responses(of(1, SG_FIGURED_INVITE), "010000");
	on();
	caller.source = IPV6_A;
	a_call();
	on();
	caller = (struct caller){.source = PACKET_CLIENT4, .transport = IPPROTO_TCP,
				 .peer = alice()};
	a_call();
}

/* The answer to a challenge goes on with what began: one delay, and no attempt more. */
static void a_challenge(void)
{
	static const struct {
		const char *method, *status;
		enum sg_figured what;
		enum sg_delay_of of;
	} all[] = {
		{"REGISTER", "401 Unauthorized", SG_FIGURED_REGISTER, SG_DELAY_REGISTER},
		{"INVITE", "407 Proxy Authentication Required", SG_FIGURED_INVITE,
		 SG_DELAY_SESSION},
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		on();
		asked(all[i].method, "two", 1, "");
		clock_move(30 * MS);
		said(all[i].status, all[i].method, "two", 1);
		clock_move(20 * MS);
		asked(all[i].method, "two", 2, "");
		are(of(0, all[i].what), 2, 0, 1);
		clock_move(40 * MS);
		/* One more of the first, late, is not of the second. */
		said("404 Not Found", all[i].method, "two", 1);
		said("200 OK", all[i].method, "two", 2);
		are(of(0, all[i].what), 2, 0, 0);
		responses(&figures.of[all[i].what], "010100");
		one_delay(all[i].of, 90);
	}
	/* A minute later it is another one, and so is a registration that is renewed. */
	on();
	asked("REGISTER", "two", 1, "");
	said("401 Unauthorized", "REGISTER", "two", 1);
	clock_move(60 * SECOND);
	asked("REGISTER", "two", 2, "");
	clock_move(80 * MS);
	said("200 OK", "REGISTER", "two", 2);
	assert_int_equal(of(0, SG_FIGURED_REGISTER)->requests, 2);
	one_delay(SG_DELAY_REGISTER, 80);
	asked("REGISTER", "two", 3, "");
	are(of(0, SG_FIGURED_REGISTER), 3, 0, 1);
}

static void failures(void)
{
	static const struct {
		const char *status;
		int id, class;
		bool delayed;
	} all[] = {
		{"486 Busy Here", SG_STATUS_486, 4, true},
		{"487 Request Terminated", SG_STATUS_487, 4, true},
		{"408 Request Timeout", SG_STATUS_408, 4, true},
		{"503 Service Unavailable", SG_STATUS_503, 5, true},
		{"603 Decline", SG_STATUS_603, 6, true},
		{"302 Moved Temporarily", SG_STATUS__MAX, 3, false},
		{"488 Not Acceptable Here", SG_STATUS__MAX, 4, true},
	};
	const struct sg_figured_counts *c;
	__u64 units;

	for (size_t i = 0; i < COUNT(all); i++) {
		on();
		asked("INVITE", "three", 1, "");
		clock_move(70 * MS);
		said(all[i].status, "INVITE", "three", 1);
		c = of(0, SG_FIGURED_INVITE);
		for (int class = 1; class <= 6; class++)
			assert_int_equal(c->class[class - 1], class == all[i].class);
		for (int id = 0; id < SG_STATUS__MAX; id++)
			assert_int_equal(c->status[id], id == all[i].id);
		if (all[i].delayed)
			one_delay(SG_DELAY_FAILED, 70);
		else
			assert_int_equal(delays(SG_DELAY_FAILED, &units), 0);
		assert_int_equal(delays(SG_DELAY_SESSION, &units), 0);
	}
	/* What rang before has told by then how it stands. */
	on();
	asked("INVITE", "three", 1, "");
	clock_move(70 * MS);
	said("180 Ringing", "INVITE", "three", 1);
	clock_move(9 * SECOND);
	said("486 Busy Here", "INVITE", "three", 1);
	of(0, SG_FIGURED_INVITE);
	one_delay(SG_DELAY_FAILED, 70);
}

/* Nothing twice: requests that come again, responses that leave again, by one way or by two. */
static void copies(void)
{
	const struct sg_figured_counts *c;

	on();
	asked("INVITE", "four", 7, "");
	clock_move(500 * MS);
	asked("INVITE", "four", 7, "");
	said("486 Busy Here", "INVITE", "four", 7);
	said("486 Busy Here", "INVITE", "four", 7); /* at another interface */
	assert_int_equal(of(0, SG_FIGURED_INVITE)->resent, 0);
	clock_move(500 * MS);
	asked("INVITE", "four", 7, "");
	said("486 Busy Here", "INVITE", "four", 7);
	c = of(0, SG_FIGURED_INVITE);
	are(c, 1, 2, 0);
	responses(c, "000100");
	assert_int_equal(c->resent, 1);
	assert_int_equal(c->status[SG_STATUS_486], 1);
	/* The next one of this Call-ID is no copy. */
	asked("INVITE", "four", 8, "");
	are(of(0, SG_FIGURED_INVITE), 2, 2, 1);
}

/* Others that look like it: in a dialog, of another method, or responses of what nobody asked. */
static void neighbours(void)
{
	on();
	asked("INVITE", "five", 1, ";tag=of-the-server");
	asked("OPTIONS", "five", 2, "");
	said("200 OK", "OPTIONS", "five", 2);
	said("200 OK", "INVITE", "six", 1);
	said("200 OK", "BYE", "five", 3);
	are(of(0, SG_FIGURED_INVITE), 0, 0, 0);
	are(of(0, SG_FIGURED_REGISTER), 0, 0, 0);
	responses(of(0, SG_FIGURED_INVITE), "000000");
	/* CANCEL is answered by itself, and what it ends by 487. */
	asked("INVITE", "five", 1, "");
	asked("CANCEL", "five", 1, "");
	said("200 OK", "CANCEL", "five", 1);
	said("487 Request Terminated", "INVITE", "five", 1);
	responses(of(0, SG_FIGURED_INVITE), "000100");
	assert_int_equal(of(0, SG_FIGURED_INVITE)->requests, 1);
	/* Two sources may have one Call-ID. */
	caller.source = PHONE;
	said("200 OK", "INVITE", "five", 1);
	responses(of(0, SG_FIGURED_INVITE), "000100");
}

/* Behind five epochs nobody waits any more; what was heard of in time is not silent. */
static void silence(void)
{
	const struct sg_figured_counts *c;

	on();
	asked("INVITE", "seven", 1, "");
	asked("INVITE", "eight", 1, "");
	said("100 Trying", "INVITE", "eight", 1);
	asked("REGISTER", "nine", 1, "");
	clock_move(4 * EPOCH);
	are(of(0, SG_FIGURED_INVITE), 2, 0, 1);
	assert_int_equal(of(0, SG_FIGURED_INVITE)->silent, 0);
	clock_move(EPOCH);
	are(of(0, SG_FIGURED_INVITE), 2, 0, 0);
	assert_int_equal(of(0, SG_FIGURED_INVITE)->silent, 1);
	assert_int_equal(of(0, SG_FIGURED_REGISTER)->silent, 1);
	/* Also when the place of their epoch is taken by another one, and if it speaks too late. */
	for (int i = 0; i < 20; i++) {
		clock_move(EPOCH);
		asked("INVITE", "ten", 100 + i, "");
		said("200 OK", "INVITE", "ten", 100 + i);
	}
	said("200 OK", "INVITE", "seven", 1);
	c = of(0, SG_FIGURED_INVITE);
	are(c, 22, 0, 0);
	assert_int_equal(c->silent, 1);
	assert_int_equal(c->lost, 0);
}

/* What finds no place is counted as such, and nobody waits for it. */
static void more_than_there_is_room_for(void)
{
	const __u32 many = 2 * 8 * SG_ATTEMPTS;
	const struct sg_figured_counts *c;
	char call[16];

	on();
	for (__u32 i = 0; i < many; i++) {
		snprintf(call, sizeof(call), "c%u", i);
		asked("INVITE", call, 1, "");
	}
	c = of(0, SG_FIGURED_INVITE);
	assert_int_equal(c->requests, many);
	assert_int_equal(c->lost + c->pending[0].count, many);
	assert_in_range(c->pending[0].count, many / 2 - many / 100, many / 2);
}

/* None is lost where each is answered. */
static void a_hundred_thousand_messages(void)
{
	const struct sg_figured_counts *c;
	char call[16];
	__u64 units;

	on();
	for (int i = 0; i < OFTEN; i++) {
		snprintf(call, sizeof(call), "d%d", i);
		asked("INVITE", call, 1, "");
		said(i % 10 ? "200 OK" : "486 Busy Here", "INVITE", call, 1);
	}
	c = of(0, SG_FIGURED_INVITE);
	are(c, OFTEN, 0, 0);
	assert_int_equal(c->class[1], OFTEN / 10 * 9);
	assert_int_equal(c->status[SG_STATUS_486], OFTEN / 10);
	assert_int_equal(c->lost + c->silent, 0);
	/* In one tick the delay of the first is measured, and of one in 16. */
	assert_in_range(delays(SG_DELAY_SESSION, &units), OFTEN / 20, OFTEN / 10);
}

static void off_counts_nothing(void)
{
	static struct sg_figures none;

	on();
	config()->figures = 0;
	asked("INVITE", "one", 1, "");
	said("200 OK", "INVITE", "one", 1);
	asked("REGISTER", "two", 1, "");
	said("401 Unauthorized", "REGISTER", "two", 1);
	of(0, SG_FIGURED_INVITE);
	assert_memory_equal(&figures, &none, sizeof(none));
	/* Nor has it remembered any. */
	config()->figures = 1;
	said("200 OK", "INVITE", "one", 1);
	responses(of(0, SG_FIGURED_INVITE), "000000");
}

/* What the guard does not let in, the server never sees. */
static void dropped_is_not_asked(void)
{
	on();
	config()->profile[0].limit[SG_LIMIT_SOURCE] = limit_hourly(1);
	asked("INVITE", "one", 1, "");
	assert_true(packet_dropped(&(struct packet_spec){
		.source = STRANGER, .sport = PORT,
		.payload = message("INVITE sip:bob@example.com SIP/2.0", "INVITE", "two", 1, ""),
	}));
	are(of(0, SG_FIGURED_INVITE), 1, 0, 1);
}

/* A reload may give the number of a zone to another one. */
static void another_zone_begins_anew(void)
{
	on();
	caller.source = MEMBER;
	config()->zone[1].id = sg_zone_id("before");
	asked("INVITE", "one", 1, "");
	asked("INVITE", "two", 1, "");
	are(of(1, SG_FIGURED_INVITE), 2, 0, 2);
	config()->zone[1].id = sg_zone_id("after");
	asked("INVITE", "three", 1, "");
	are(of(1, SG_FIGURED_INVITE), 1, 0, 1);
}

/* An attempt of before a reload is not of the zone that has got its number. */
static void another_zone_is_not_answered(void)
{
	const struct sg_figured_counts *c;

	on();
	caller.source = MEMBER;
	config()->zone[1].id = sg_zone_id("before");
	asked("INVITE", "one", 1, "");
	asked("REGISTER", "two", 1, "");
	clock_move(MS);
	config()->zone[1].id = sg_zone_id("after");
	config()->zone[1].since = UNITS(guard_clock());
	asked("INVITE", "three", 1, "");
	said("200 OK", "INVITE", "one", 1);
	said("200 OK", "INVITE", "three", 1);
	said("401 Unauthorized", "REGISTER", "two", 1);
	clock_move(8 * EPOCH);
	c = of(1, SG_FIGURED_INVITE);
	responses(c, "010000");
	assert_int_equal(c->silent, 0);
	are(c, 1, 0, 0);
	c = of(1, SG_FIGURED_REGISTER);
	responses(c, "000000");
	assert_int_equal(c->silent, 0);
	/* Nor is what comes again a copy. */
	asked("REGISTER", "two", 1, "");
	are(of(1, SG_FIGURED_REGISTER), 1, 0, 1);
}

/* Who waits in a queue is told so for long; RFC 3261 section 13.3.1.1 has a proxy hear it. */
static void a_long_queue(void)
{
	on();
	asked("INVITE", "one", 1, "");
	clock_move(100 * MS);
	said("182 Queued", "INVITE", "one", 1);
	for (int i = 0; i < 30; i++) {
		clock_move(60 * SECOND);
		said("182 Queued", "INVITE", "one", 1);
	}
	said("200 OK", "INVITE", "one", 1);
	responses(of(0, SG_FIGURED_INVITE), "110000");
	one_delay(SG_DELAY_SESSION, 100);
}

/* A challenge after it rang: what was kept of the first is how long that took, and no time. */
static void a_challenge_that_rang(void)
{
	__u64 units;

	on();
	asked("INVITE", "one", 1, "");
	clock_move(100 * MS);
	said("183 Session Progress", "INVITE", "one", 1);
	clock_move(100 * MS);
	said("407 Proxy Authentication Required", "INVITE", "one", 1);
	clock_move(100 * MS);
	asked("INVITE", "one", 2, "");
	clock_move(100 * MS);
	said("200 OK", "INVITE", "one", 2);
	responses(of(0, SG_FIGURED_INVITE), "110100");
	assert_int_equal(delays(SG_DELAY_SESSION, &units), 0);
}

const struct sequence figure_sequences[] = {
	{"figures: a call, over UDP and TCP, IPv4 and IPv6, of a zone or none", every_way},
	{"figures: an answered challenge belongs to what it began with", a_challenge},
	{"figures: failures by their status", failures},
	{"figures: nothing is counted twice", copies},
	{"figures: re-INVITE, CANCEL and other methods are no attempts", neighbours},
	{"figures: who is never answered is silent, and not before", silence},
	{"figures: more attempts than there is room for", more_than_there_is_room_for},
	{"figures: of 100 000 messages none is lost", a_hundred_thousand_messages},
	{"figures: off counts nothing", off_counts_nothing},
	{"figures: what is dropped is no attempt", dropped_is_not_asked},
	{"figures: the number of a zone is given to another one", another_zone_begins_anew},
	{"figures: what is of a zone of before is not of the one with its number",
	 another_zone_is_not_answered},
	{"figures: a call that waits in a queue for half an hour", a_long_queue},
	{"figures: a challenge after it rang", a_challenge_that_rang},
};
const size_t figure_sequences_count = COUNT(figure_sequences);
