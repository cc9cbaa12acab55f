// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP as a stream: segments that begin and end anywhere, come again, overlap, are missing; several
 * messages in one; connections that are forged, forgotten, older than the guard.
 */
#include <stdio.h>
#include <string.h>

#include "stream/stream.h"

static void all_messages_of_a_segment(void)
{
	struct peer peer = alice();

	sends(&peer, OPTIONS("one") NOTIFY("two") "\r\n\r\n" OPTIONS("three"));
	assert_int_equal(passed(SG_METHOD_OPTIONS), 2);
	assert_int_equal(passed(SG_METHOD_NOTIFY), 1);
	may_not_send(&peer, OPTIONS("four") BAD(""));
	assert_int_equal(dropped_by(SG_REASON_FIELD_MISSING), 1);
	sends(&peer, OPTIONS("four"));
}

/* Each of them is charged; the first one decides about the segment. */
static void each_message_is_charged(void)
{
	struct peer peer = alice();

	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_ENFORCE);
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(4);
	sends(&peer, OPTIONS("1") OPTIONS("2") OPTIONS("3"));
	sends(&peer, OPTIONS("4") OPTIONS("5") OPTIONS("6"));
	may_not_send(&peer, OPTIONS("7"));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_FLOW), 1);
	/* Which comes again, later: nothing of the connection is lost. */
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1000);
	sends(&peer, OPTIONS("7"));
	may_not_send(&peer, BAD(""));
}

static void cut(const char *stream, size_t length, size_t piece)
{
	struct peer peer = {.port = 10000 + piece, .at = FIRST_BYTE};

	stats_clear();
	connection_accept(&(struct packet_spec){.sport = peer.port}, peer.at);
	for (size_t at = 0; at < length; at += piece) {
		if (segment_dropped(&peer, stream + at, at + piece < length ? piece : length - at))
			fail_msg("in pieces of %zu the one at %zu is dropped", piece, at);
	}
	if (passed(SG_METHOD_OPTIONS) != 2 || passed(SG_METHOD_NOTIFY) != 2)
		fail_msg("in pieces of %zu: %llu OPTIONS and %llu NOTIFY", piece,
			 passed(SG_METHOD_OPTIONS), passed(SG_METHOD_NOTIFY));
	may_not_send(&peer, BAD(""));
}

/* A good stream never loses a segment, and its messages are counted, however it is cut. */
static void cut_anywhere(void)
{
	const char stream[] = NOTIFY("1") OPTIONS("2") "\r\n\r\n" NOTIFY("3") OPTIONS("4");

	wide();
	mode_set(SG_REASON_FIELD_MISSING, SG_MODE_ENFORCE); /* what is wrong with BAD() */
	for (size_t piece = 1; piece < sizeof(stream); piece++)
		cut(stream, sizeof(stream) - 1, piece);
}

/* A header that ends in a later segment is judged there. */
static void a_header_in_pieces_is_judged(void)
{
	const char bad[] = BAD("");
	struct peer peer = alice();

	for (size_t at = 1; at < sizeof(bad) - 1; at++) {
		fixture_reset(fix.program);
		peer = alice();
		assert_false(segment_dropped(&peer, bad, at));
		may_not_send(&peer, bad + at);
	}
}

static void what_comes_again_passes(void)
{
	const char stream[] = NOTIFY("1") OPTIONS("2");
	struct peer peer = alice(), again = peer;

	sends(&peer, stream);
	for (size_t at = 0; at < sizeof(stream) - 1; at += 7) {
		again.at = FIRST_BYTE + at;
		assert_false(segment_dropped(&again, stream + at, 7 < sizeof(stream) - 1 - at
							 ? 7 : sizeof(stream) - 1 - at));
	}
	assert_int_equal(passed(SG_METHOD_OPTIONS), 1);
	/* With something new behind it, too; and that is read. */
	again.at = FIRST_BYTE;
	sends(&again, NOTIFY("1") OPTIONS("2") OPTIONS("3"));
	assert_int_equal(passed(SG_METHOD_OPTIONS), 2);
	peer.at = again.at - strlen("already there");
	may_not_send(&peer, "already there" BAD(""));
}

/* Nobody knows what a segment behind a gap begins with. */
static void a_gap_is_not_judged(void)
{
	struct peer peer = alice();

	sends(&peer, OPTIONS("1"));
	peer.at += 100;
	sends(&peer, "SIP/2.0 nothing that could be read\r\n\r\n" BAD(""));
	assert_int_equal(counted(SG_COUNT_UNREAD_GAP), 1);
	/* Inside the body of the message that comes late there is no gap left. */
	peer.at = (__u32)(FIRST_BYTE + strlen(OPTIONS("1")));
	sends(&peer, MESSAGE("NOTIFY", "2", "200", ""));
	peer.at += 200;
	sends(&peer, OPTIONS("3"));
	may_not_send(&peer, BAD(""));
}

/* A limit would be none if what is behind a refused segment were let in: it could not be read. */
static void what_is_behind_a_dropped_segment_waits(void)
{
	struct peer peer = alice(), behind;

	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_ENFORCE);
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	sends(&peer, OPTIONS("1"));
	may_not_send(&peer, OPTIONS("2"));
	behind = peer;
	behind.at += strlen(OPTIONS("2"));
	may_not_send(&behind, OPTIONS("3"));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_FLOW), 2);
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1000);
	may_not_send(&behind, OPTIONS("3"));
	sends(&peer, OPTIONS("2"));
	sends(&behind, OPTIONS("3"));
	assert_int_equal(passed(SG_METHOD_OPTIONS), 3);
	may_not_send(&behind, BAD(""));
}

/* The number at which a message was expected comes again, 4 GB later, and is any place by then. */
static void a_gap_does_not_outlive_the_numbers(void)
{
	struct peer peer = alice();

	wide();
	sends(&peer, OPTIONS("1"));
	for (int i = 0; i < 16; i++) {
		peer.at += 1U << 28;
		assert_false(segment_dropped(&peer, "anything", 8));
		peer.at -= 8;
	}
	sends(&peer, BAD(""));
}

/*
 * Behind a gap what begins like a request is charged as one; nothing is held against it, since it
 * may be a body.
 */
static void a_guess_is_charged_and_drops_nothing(void)
{
	struct peer peer = alice();
	struct sg_stats stats;

	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_ENFORCE);
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(4);
	sends(&peer, OPTIONS("1"));
	peer.at += 100;
	sends(&peer, BAD("") OPTIONS("2"));
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_FIELD_MISSING].watched.packets, 1);
	assert_int_equal(stats.count[SG_COUNT_UNREAD_GUESSED], 1);
	/* A wrong guess ends where no message follows; the next request is another one. */
	sends(&peer, "<text>no message, and long enough to be told from the beginning of one"
	      "</text>");
	sends(&peer, OPTIONS("3"));
	may_not_send(&peer, OPTIONS("4"));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_FLOW), 1);
}

/* What may be forged holds up nothing: the peer goes on as soon as its limit lets it. */
static void a_refused_guess_holds_up_nothing(void)
{
	struct peer peer = alice(), forger = peer;

	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_ENFORCE);
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	forger.at += 100000;
	sends(&forger, OPTIONS("1"));
	forger.at -= 200000;
	may_not_send(&forger, OPTIONS("2"));
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1000);
	sends(&peer, OPTIONS("3"));
	/* Nor is one guessed that is far away. */
	peer = alice();
	forger = peer;
	forger.at += 1U << 28;
	sends(&forger, BAD(""));
	may_not_send(&peer, BAD(""));
}

/* A request of STUN begins with a NUL, which is no blank line here; messages follow it. */
static void stun_in_a_stream(void)
{
	struct peer peer = alice();
	const char stun[] = "\0\1\0\0\x21\x12\xa4\x42" "123456789012";

	assert_false(segment_dropped(&peer, stun, sizeof(stun) - 1));
	sends(&peer, OPTIONS("1"));
	assert_int_equal(passed(SG_METHOD_OPTIONS), 1);
	may_not_send(&peer, BAD(""));
}

/* The connection is read no more, and never judged wrongly. */
static void is_lost_by(const char *text)
{
	struct peer peer;

	fixture_reset(fix.program);
	wide();
	peer = alice();
	sends(&peer, text);
	sends(&peer, BAD(""));
	if (counted(SG_COUNT_UNREAD_GUESSED) != 1)
		fail_msg("lost %llu times: %.70s", counted(SG_COUNT_UNREAD_LOST), text);
}

/* Who makes his connection unreadable at its beginning has no more messages for it. */
static void what_is_lost_has_limits(void)
{
	static const char *const starts[] = {
		"PROXY TCP4 192.0.2.1 198.51.100.1 40000 5060\r\n",
		"\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03 a hello of TLS",
		"GET / HTTP/1.1\r\n\r\n", "\xf8\x01\x12\x9f compressed",
	};

	for (size_t i = 0; i < COUNT(starts); i++) {
		struct peer peer;

		fixture_begin(fix.program);
		peer = alice();
		mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_ENFORCE);
		config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(3);
		sends(&peer, starts[i]);
		sends(&peer, OPTIONS("1"));
		peer.at += 1U << 29;
		sends(&peer, OPTIONS("2"));
		peer.at -= 1U << 29;
		sends(&peer, "no request, but long enough to be told from the start of one\r\n");
		sends(&peer, "\r\n\r\n" OPTIONS("3"));
		may_not_send(&peer, "\r\n" OPTIONS("4"));
	}
}

/* Text behind a gap that begins with a blank line leaves the place that is known. */
static void a_wrong_guess_changes_nothing(void)
{
	struct peer peer = alice();

	sends(&peer, OPTIONS("1"));
	peer.at += 100;
	sends(&peer, "\r\n\r\nthe rest of a body, and a long one, that is not read by anybody");
	assert_int_equal(counted(SG_COUNT_UNREAD_GAP), 1);
	peer.at = FIRST_BYTE + (__u32)strlen(OPTIONS("1"));
	may_not_send(&peer, BAD(""));
	sends(&peer, OPTIONS("2"));
	assert_int_equal(counted(SG_COUNT_UNREAD_GUESSED), 0);
}

static void what_cannot_be_followed_is_lost(void)
{
	static char long_one[STREAM_MAX];
	const char end[] = "\r\nTo: <sip:b@example.com>\r\n\r\n";

	is_lost_by("PROXY TCP4 192.0.2.1 198.51.100.1 40000 5060\r\n");
	is_lost_by("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
	is_lost_by("\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03 a hello of TLS");
	mode_set(SG_REASON_LENGTH_MISSING, SG_MODE_OFF);
	is_lost_by("OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\n"
		   "To: <sip:b@example.com>\r\nFrom: <sip:a@example.com>;tag=1\r\nCall-ID: 1\r\n"
		   "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n");
	strcpy(long_one, "OPTIONS sip:b@example.com SIP/2.0\r\nX: ");
	memset(long_one + strlen(long_one), 'x', 6000);
	strcpy(long_one + 6000, end);
	if (fix.program == PROGRAM_FRAGS) /* the other one has no frames of that size */
		is_lost_by(long_one);
}

/* Keepalives are small, so that many of them fit; one segment is not read beyond SG_PARTS. */
static void too_many_in_one_segment(void)
{
	static char blanks[33 * SG_PARTS + 1];
	struct peer peer = alice();

	if (fix.program != PROGRAM_FRAGS) /* the other one has no frames of that size */
		return;
	for (size_t i = 0; i < sizeof(blanks) - 1; i++)
		blanks[i] = i & 1 ? '\n' : '\r';
	wide();
	sends(&peer, blanks);
	sends(&peer, BAD(""));
	assert_int_equal(counted(SG_COUNT_UNREAD_GUESSED), 1);
}

static void known_peer_is_only_watched(enum sg_mode mode)
{
	const struct sg_stats none = {};
	struct sg_stats stats;
	struct peer peer;

	fixture_reset(fix.program);
	fix.state->mode = mode;
	zone_set(0, "192.0.2.0/24", 1);
	config()->profile[1] = config()->profile[0];
	peer = alice();
	sends(&peer, OPTIONS("1"));
	sends(&peer, BAD(""));
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_FIELD_MISSING].watched.packets, 1);
	assert_int_equal(stats.reason[SG_REASON_FIELD_MISSING].would_drop.packets, 0);
	assert_int_equal(stats.method[SG_METHOD_OPTIONS].passed.packets, 2);
	assert_memory_equal(&stats.method[SG_METHOD_OPTIONS].dropped, &none, sizeof(none.allowed));
}

/* A dead connection would take all of their users with it: so it is in enforce mode, too. */
static void faults_of_those_who_are_known_are_counted(void)
{
	known_peer_is_only_watched(SG_MODE_ENFORCE);
	known_peer_is_only_watched(SG_MODE_MONITOR);
}

/* In monitor mode what a reason would have dropped passes, and what is behind it is still read. */
static void monitor_mode_stays_in_step(void)
{
	struct peer peer = alice();
	struct sg_stats stats;

	fix.state->mode = SG_MODE_MONITOR;
	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_ENFORCE);
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	sends(&peer, OPTIONS("1"));
	sends(&peer, OPTIONS("2") NOTIFY("3"));
	sends(&peer, BAD("") OPTIONS("4"));
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_LIMIT_FLOW].would_drop.packets, 2);
	fix.state->mode = SG_MODE_ENFORCE;
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1000);
	may_not_send(&peer, BAD(""));
}

/* Fixed memory: the one of which nothing was seen for the longest time makes room. */
static void many_connections(void)
{
	struct peer live, other = {};
	char source[32];

	wide();
	streams_forget();
	live = alice();
	for (int i = 0; i < 60000; i++) {
		if (i % 64 == 0)
			sends(&live, OPTIONS("1"));
		snprintf(source, sizeof(source), "198.18.%d.%d", i >> 8, i & 0xff);
		other = (struct peer){.source = source, .port = 1024 + i, .at = i};
		connection_accept(&(struct packet_spec){.source = source, .sport = other.port}, i);
		sends(&other, "\r\n\r\n");
	}
	assert_in_range(counted(SG_COUNT_STREAMS_EVICTED), 1, 6000);
	may_not_send(&other, BAD(""));
	sends(&live, OPTIONS("2"));
}

/* Whom a fingerprint has refused for a message has paid for it, wherever in a segment it stood. */
static void a_refused_message_is_charged(void)
{
	static const char scanned[] = OPTIONS("1")
		"OPTIONS sip:bob@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK2\r\nMax-Forwards: 70\r\n"
		"To: <sip:bob@example.com>\r\nFrom: <sip:alice@example.com>;tag=1\r\n"
		"Call-ID: 2\r\nCSeq: 1 OPTIONS\r\nUser-Agent: friendly-scanner\r\n"
		"Content-Length: 0\r\n\r\n";
	struct peer peer = alice();

	wide();
	config()->profile[0].flow[SG_LIMIT_SOURCE] = limit_hourly(4);
	may_not_send(&peer, scanned);
	may_not_send(&peer, scanned);
	assert_int_equal(dropped_by(SG_REASON_SCANNER), 2);
	may_not_send(&peer, scanned);
	assert_int_equal(dropped_by(SG_REASON_LIMIT_FLOW), 1);
}

/* Of strangers: what spends that of UDP takes nothing of it, nor the other way round. */
static void messages_over_tcp_have_a_budget(void)
{
	struct peer peer = alice();

	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
	sends(&peer, OPTIONS("1"));
	SEND(DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = "192.0.2.5",
	     .payload = SIP_REQUEST("OPTIONS"));
	fix.state->greylist_until = 0;
	fix.state->total_tat[SG_TOTAL_UNLISTED_TCP] = tat_spent();
	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = 0;
	may_not_send(&peer, OPTIONS("2"));
	assert_int_equal(fix.state->greylist_until, 0);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.5",
	     .payload = SIP_REQUEST("OPTIONS"));
}

/* In monitor mode what is over the budget is read as well, but not half of a header. */
static void half_a_header_teaches_nothing(void)
{
	static const char message[] = OPTIONS("1");
	struct peer peer = alice();
	struct sg_stats stats;
	size_t half = strstr(message, "Content-Length") - message;

	fix.state->mode = SG_MODE_MONITOR;
	fix.state->total_tat[SG_TOTAL_UNLISTED_TCP] = tat_spent();
	assert_false(segment_dropped(&peer, message, half));
	assert_false(segment_dropped(&peer, message + half, strlen(message) - half));
	stats_read(&stats);
	assert_int_equal(stats.count[SG_COUNT_RETRANSMISSIONS], 0);
}

const struct sequence stream_sequences[] = {
	{"half a header teaches nothing", half_a_header_teaches_nothing},
	{"a refused message is charged", a_refused_message_is_charged},
	{"messages over TCP have a budget", messages_over_tcp_have_a_budget},
	{"all messages of a segment are read", all_messages_of_a_segment},
	{"each message of a segment is charged", each_message_is_charged},
	{"a stream cut anywhere loses nothing", cut_anywhere},
	{"a header in pieces is judged", a_header_in_pieces_is_judged},
	{"what comes again passes", what_comes_again_passes},
	{"a segment behind a gap is not judged", a_gap_is_not_judged},
	{"a guess is charged, and drops nothing", a_guess_is_charged_and_drops_nothing},
	{"a refused guess holds up nothing", a_refused_guess_holds_up_nothing},
	{"STUN in a stream", stun_in_a_stream},
	{"what is behind a dropped segment waits", what_is_behind_a_dropped_segment_waits},
	{"a gap does not outlive the sequence numbers", a_gap_does_not_outlive_the_numbers},
	{"what cannot be followed is lost", what_cannot_be_followed_is_lost},
	{"what is lost has limits", what_is_lost_has_limits},
	{"a wrong guess changes nothing", a_wrong_guess_changes_nothing},
	{"more messages in a segment than are read", too_many_in_one_segment},
	{"faults of those who are known are counted", faults_of_those_who_are_known_are_counted},
	{"monitor mode stays in step", monitor_mode_stays_in_step},
	{"many connections", many_connections},
};

const size_t stream_sequences_count = COUNT(stream_sequences);
