// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP as a stream: segments that begin and end anywhere, come again, overlap, are missing; several
 * messages in one; connections that are forged, forgotten, older than the guard.
 */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "maps.h"

#define FIRST_BYTE TCP_SEQ /* of a client; the numbers wrap within its first message */
#define STREAM_MAX 16384

#define MESSAGE(method, branch, length, body)                                                     \
	method " sip:bob@example.com SIP/2.0\r\n"                                                 \
	"Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK" branch "\r\n"                            \
	"Max-Forwards: 70\r\n"                                                                    \
	"To: Bob <sip:bob@example.com>\r\n"                                                       \
	"From: Alice <sip:alice@example.com>;tag=1928301774\r\n"                                  \
	"Call-ID: " branch "@192.0.2.1\r\n"                                                       \
	"CSeq: 314159 " method "\r\n"                                                             \
	"Content-Length: " length "\r\n\r\n" body
#define OPTIONS(branch) MESSAGE("OPTIONS", branch, "0", "")
/* Its body has lines that look like messages. */
#define FALSE_STARTS                                                                              \
	"SIP/2.0 200 OK\r\nGET / HTTP\r\nword sip:a\r\nINVITE sip:a@b SIP/2.0\r\nTo: me\r\n\r\n"
#define NOTIFY(branch) MESSAGE("NOTIFY", branch, "74", FALSE_STARTS)
#define BAD(branch) "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: nothing else\r\nl: 0\r\n\r\n" branch

/* Of one connection, or another one by its port. */
struct peer {
	const char *source;
	__u16 port;
	__u32 at; /* number of the byte that is sent next */
};

static struct peer alice(void)
{
	struct peer peer = {.port = 40000, .at = FIRST_BYTE};

	mode_set(SG_REASON_FIELD_MISSING, SG_MODE_ENFORCE); /* what is wrong with BAD() */
	/* Or the same requests in another test are retransmissions. */
	memset(maps.transactions, 0, SG_TRANSACTIONS * sizeof(struct sg_transactions));
	connection_accept(&(struct packet_spec){.sport = peer.port}, peer.at);
	return peer;
}

static bool segment_dropped(struct peer *peer, const char *bytes, size_t length)
{
	bool dropped = packet_dropped(&(struct packet_spec){
		OVER_TCP, .source = peer->source, .sport = peer->port, .seq = peer->at,
		.payload = bytes, .length = length, .numbered = true,
	});

	if (!dropped)
		peer->at += length;
	return dropped;
}

static int dropping_reason(void)
{
	struct sg_stats stats;
	int reason = 1;

	stats_read(&stats);
	while (reason < SG_REASON__MAX && !stats.reason[reason].dropped.packets)
		reason++;
	return reason;
}

static void sends(struct peer *peer, const char *text)
{
	if (segment_dropped(peer, text, strlen(text)))
		fail_msg("dropped: %.70s, by reason %d", text, dropping_reason());
}

static void may_not_send(struct peer *peer, const char *text)
{
	if (!segment_dropped(peer, text, strlen(text)))
		fail_msg("passed: %.70s", text);
}

static __u64 passed(enum sg_method method)
{
	struct sg_stats stats;

	stats_read(&stats);
	return stats.method[method].passed.packets;
}

static __u64 dropped_by(enum sg_reason reason)
{
	struct sg_stats stats;

	stats_read(&stats);
	return stats.reason[reason].dropped.packets;
}

static __u64 counted(enum sg_event event)
{
	struct sg_stats stats;

	stats_read(&stats);
	return stats.event[event];
}

/* So that only what is read is judged. */
static void wide(void)
{
	struct sg_limit limit = sg_limit_of(10000000, 1000000);

	for (int id = 0; id < SG_LIMIT__MAX; id++)
		config()->zone[0].limit[id] = config()->zone[0].flow[id] = limit;
	config()->zone[0].segment = limit;
	/* What other tests have spent, for as many flows as here are. */
	memset(fix.slots, 0, 2 * SG_SLOT_ROW * sizeof(*fix.slots));
	memset(fix.flow_slots, 0, 2 * SG_FLOW_ROW * sizeof(*fix.flow_slots));
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit;
}

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
	config()->zone[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(4);
	sends(&peer, OPTIONS("1") OPTIONS("2") OPTIONS("3"));
	sends(&peer, OPTIONS("4") OPTIONS("5") OPTIONS("6"));
	may_not_send(&peer, OPTIONS("7"));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_FLOW), 1);
	/* Which comes again, later: nothing of the connection is lost. */
	config()->zone[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1000);
	sends(&peer, OPTIONS("7"));
	may_not_send(&peer, BAD(""));
}

static void cut(const char *stream, size_t length, size_t piece)
{
	struct peer peer = alice();

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

	for (size_t piece = 1; piece < sizeof(stream); piece++) {
		fixture_reset(fix.program);
		wide();
		cut(stream, sizeof(stream) - 1, piece);
	}
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
	assert_int_equal(counted(SG_EVENT_UNREAD_GAP), 1);
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
	config()->zone[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	sends(&peer, OPTIONS("1"));
	may_not_send(&peer, OPTIONS("2"));
	behind = peer;
	behind.at += strlen(OPTIONS("2"));
	may_not_send(&behind, OPTIONS("3"));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_FLOW), 2);
	config()->zone[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1000);
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
 * Behind a gap what begins like a request is charged as one; nothing is held against it, since it may
 * be a body.
 */
static void a_guess_is_charged_and_drops_nothing(void)
{
	struct peer peer = alice();
	struct sg_stats stats;

	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_ENFORCE);
	config()->zone[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(4);
	sends(&peer, OPTIONS("1"));
	peer.at += 100;
	sends(&peer, BAD("") OPTIONS("2"));
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_FIELD_MISSING].would_drop.packets, 1);
	assert_int_equal(stats.event[SG_EVENT_UNREAD_GUESSED], 1);
	/* A wrong guess ends where no message follows; the next request is another one. */
	sends(&peer, "<text>no message, and long enough to be told from the beginning of one</text>");
	sends(&peer, OPTIONS("3"));
	may_not_send(&peer, OPTIONS("4"));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_FLOW), 1);
}

/* Forged, it has no number that the server said, or does not come where the server goes on. */
static void no_handshake_no_judgement(void)
{
	struct peer forger = {.port = 40000, .at = 77};

	sends(&forger, BAD(""));
	alice();
	forger.at = FIRST_BYTE;
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .seq = FIRST_BYTE, .ack_seq = 0x40000000, .payload = BAD(""),
		.numbered = true,
	}));
	may_not_send(&forger, BAD(""));
}

/* What a SYN says counts when the server has answered it. */
static void a_syn_changes_nothing(void)
{
	struct peer peer = alice();

	sends(&peer, OPTIONS("1"));
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .syn = true, .numbered = true, .seq = 99, .sport = peer.port,
	}));
	may_not_send(&peer, BAD(""));
	sends(&peer, OPTIONS("2"));
	/* Another connection of the same ports. */
	peer = alice();
	may_not_send(&peer, BAD(""));
	sends(&peer, OPTIONS("1"));
}

static void answer_syn(__u32 ack)
{
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .syn = true, .ack = true, .numbered = true, .seq = FIRST_BYTE - 1,
		.ack_seq = ack, .sport = 40000,
	}));
}

/* Some servers call others from their own port: the peer's SYN-ACK tells where it begins. */
static void the_server_opens(void)
{
	struct peer peer = alice();

	peer.at += 1000;
	assert_false(reply_dropped(&(struct packet_spec){
		.source = PACKET_SERVER4, .destination = PACKET_CLIENT4, .sport = 5060,
		.dport = 40000, .transport = IPPROTO_TCP, .syn = true, .numbered = true, .seq = 7,
	}));
	answer_syn(100);
	sends(&peer, BAD(""));
	answer_syn(8);
	peer.at = FIRST_BYTE;
	may_not_send(&peer, BAD(""));
	sends(&peer, OPTIONS("1"));
	assert_int_equal(passed(SG_METHOD_OPTIONS), 1);
}

/* A SYN that brings data may have brought half a message. */
static void data_in_a_syn(void)
{
	struct peer peer = {.port = 40000, .at = FIRST_BYTE + 50};

	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .syn = true, .numbered = true, .seq = FIRST_BYTE - 1, .payload = OPTIONS("1"),
		.length = 50,
	}));
	connection_accept(&(struct packet_spec){.sport = peer.port}, peer.at);
	sends(&peer, "and the rest of it, which is not judged, and nothing behind it\r\n\r\n");
	assert_int_equal(counted(SG_EVENT_UNREAD_LOST), 1);
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
	if (counted(SG_EVENT_UNREAD_GUESSED) + counted(SG_EVENT_UNREAD_FOREIGN) != 1)
		fail_msg("lost %llu times: %.70s", counted(SG_EVENT_UNREAD_LOST), text);
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
	assert_int_equal(counted(SG_EVENT_UNREAD_GUESSED), 1);
}

/* A dead connection would take all of their users with it. */
static void faults_of_those_who_are_known_are_counted(void)
{
	struct sg_stats stats;
	struct peer peer;

	zone_set(0, "192.0.2.0/24", 1);
	config()->zone[1] = config()->zone[0];
	peer = alice();
	sends(&peer, OPTIONS("1"));
	sends(&peer, BAD(""));
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_FIELD_MISSING].would_drop.packets, 1);
	assert_int_equal(stats.method[SG_METHOD_OPTIONS].dropped.packets, 0);
}

/* In monitor mode what a reason would have dropped passes, and what is behind it is still read. */
static void monitor_mode_stays_in_step(void)
{
	struct peer peer = alice();
	struct sg_stats stats;

	fix.state->mode = SG_MODE_MONITOR;
	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_ENFORCE);
	config()->zone[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	sends(&peer, OPTIONS("1"));
	sends(&peer, OPTIONS("2") NOTIFY("3"));
	sends(&peer, BAD("") OPTIONS("4"));
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_LIMIT_FLOW].would_drop.packets, 2);
	fix.state->mode = SG_MODE_ENFORCE;
	config()->zone[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1000);
	may_not_send(&peer, BAD(""));
}

/* Fixed memory: the one of which nothing was seen for the longest time makes room. */
static void many_connections(void)
{
	struct peer live, other = {};
	char source[32];

	wide();
	memset(maps.streams, 0, SG_STREAMS * sizeof(*maps.streams));
	live = alice();
	for (int i = 0; i < 60000; i++) {
		if (i % 64 == 0)
			sends(&live, OPTIONS("1"));
		snprintf(source, sizeof(source), "198.18.%d.%d", i >> 8, i & 0xff);
		other = (struct peer){.source = source, .port = 1024 + i, .at = i};
		connection_accept(&(struct packet_spec){.source = source, .sport = other.port}, i);
		sends(&other, "\r\n\r\n");
	}
	assert_in_range(counted(SG_EVENT_STREAMS_EVICTED), 1, 6000);
	may_not_send(&other, BAD(""));
	sends(&live, OPTIONS("2"));
}

/* --- whatever order, never a false verdict */

#define ROUNDS 40
#define ROUND_MESSAGES 24
#define ROUND_SEGMENTS 400

static __u32 draw(__u64 *state, __u32 below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % below;
}

static size_t draw_stream(char *stream, __u64 *state)
{
	static const char *const texts[] = {
		OPTIONS("a"), NOTIFY("b"), "\r\n\r\n", MESSAGE("INVITE", "c", "74", FALSE_STARTS),
		MESSAGE("MESSAGE", "d", "3", "BYE"), "\r\n" OPTIONS("e"),
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z9hG4bKf\r\nTo: <sip:a@b>\r\n"
		"From: <sip:a@b>;tag=1\r\nCall-ID: f\r\nCSeq: 1 OPTIONS\r\nl:0\r\n\r\n",
	};
	size_t length = 0;

	for (int i = 0; i < ROUND_MESSAGES; i++) {
		const char *text = texts[draw(state, COUNT(texts))];

		memcpy(stream + length, text, strlen(text));
		length += strlen(text);
	}
	return length;
}

/*
 * Segments of a good stream, of any length, in nearly any order, some of them twice, overlapping
 * each other. At the end what was missed comes again, so that the kernel would have had all of it.
 */
static void in_any_order(void)
{
	static char stream[STREAM_MAX];
	__u64 state = 20261128;

	wide();
	for (int round = 0; round < ROUNDS; round++) {
		struct peer peer = alice(), at;
		size_t length = draw_stream(stream, &state), front = 0;

		for (int i = 0; i < ROUND_SEGMENTS && front < length; i++) {
			size_t back = draw(&state, 4) ? 0 : draw(&state, 600);
			size_t from = front < back ? 0 : front - back;
			size_t size = 1 + draw(&state, draw(&state, 3) ? 700 : 20);

			from += draw(&state, 10) ? 0 : draw(&state, 300);
			if (from >= length)
				continue;
			size = size < length - from ? size : length - from;
			at = peer;
			at.at += from;
			if (segment_dropped(&at, stream + from, size))
				fail_msg("round %d: %zu bytes at %zu of %zu dropped by %d", round,
					 size, from, length, dropping_reason());
			front = from + size > front ? from + size : front;
		}
	}
}

/* What contradicts itself has some verdict, and the guard lives on. */
static void with_other_content(void)
{
	static char stream[STREAM_MAX];
	__u64 state = 42;
	struct peer peer;

	wide();
	for (int round = 0; round < ROUNDS; round++) {
		size_t length = draw_stream(stream, &state);

		peer = alice();
		for (int i = 0; i < ROUND_SEGMENTS / 4; i++) {
			size_t from = draw(&state, length), size = 1 + draw(&state, 1200);
			struct peer at = peer;

			size = size < length - from ? size : length - from;
			at.at += draw(&state, 3000) - 500;
			segment_dropped(&at, stream + from, size);
		}
	}
	peer = alice();
	sends(&peer, OPTIONS("1"));
}

/* --- several datagrams in one frame, as only tc tells them apart */

#define DATAGRAM 400

static char datagrams[40 * DATAGRAM];

/* Datagrams of one size: `good` requests, and garbage. Others than the first get another branch. */
static struct packet_spec coalesced(int good, int bad)
{
	char branch[16];

	for (int i = 0; i < good + bad; i++) {
		char *at = datagrams + i * DATAGRAM;
		size_t length = strlen(SIP_REQUEST("REGISTER"));

		memset(at, i < good ? ' ' : '\xd7', DATAGRAM);
		if (i >= good)
			continue;
		memcpy(at, SIP_REQUEST("REGISTER"), length);
		snprintf(branch, sizeof(branch), "%07d", i);
		memcpy(strstr(at, "branch=") + 14, branch, 7);
	}
	fix.gso_size = DATAGRAM;
	return (struct packet_spec){
		.payload = datagrams, .length = (good + bad) * DATAGRAM, .again = true,
	};
}

/* What BPF_PROG_RUN takes at tc: a page less what the kernel keeps of it (up to 7.1). */
#define MOST 8

static void each_datagram_is_charged(void)
{
	struct packet_spec packet;

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	config()->zone[0].flow[SG_LIMIT_REGISTER] = limit_hourly(MOST + 1);
	packet = coalesced(MOST, 0);
	assert_false(packet_dropped(&packet));
	assert_int_equal(passed(SG_METHOD_REGISTER), MOST);
	/* One is left, and lets in the frame; what it costs more is a debt. */
	memcpy(strstr(datagrams, "branch=") + 14, "another", 7);
	assert_false(packet_dropped(&packet));
	fix.gso_size = 0;
	assert_true(packet_dropped(&(struct packet_spec){.payload = SIP_REQUEST("REGISTER")}));
}

static void one_verdict_for_several_datagrams(void)
{
	struct packet_spec packet;

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	packet = coalesced(1, MOST - 1);
	assert_true(packet_dropped(&packet));
	assert_int_equal(dropped_by(SG_REASON_GARBAGE), 1);
	packet = coalesced(MOST - 1, 1);
	assert_false(packet_dropped(&packet));
	packet = coalesced(0, MOST);
	assert_true(packet_dropped(&packet));
	packet = coalesced(MOST, 0);
	packet.length -= DATAGRAM - 350; /* the last one may be shorter */
	assert_false(packet_dropped(&packet));
	/* What is a datagram too large in one is none in several. */
	config()->caps.message = DATAGRAM;
	mode_set(SG_REASON_SIZE, SG_MODE_ENFORCE);
	assert_false(packet_dropped(&packet));
	fix.gso_size = 0;
	assert_true(packet_dropped(&packet));
}

/* Each of them alone would be one keepalive; together they are more blanks than any has. */
static void keepalives_in_one_frame(void)
{
	static char blanks[400];
	struct packet_spec packet = {.payload = blanks, .length = sizeof(blanks)};

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	memset(blanks, '\n', sizeof(blanks));
	fix.gso_size = 4;
	assert_false(packet_dropped(&packet));
	fix.gso_size = 0;
	assert_true(packet_dropped(&packet));
}

const struct sequence stream_sequences[] = {
	{"all messages of a segment are read", all_messages_of_a_segment},
	{"each message of a segment is charged", each_message_is_charged},
	{"a stream cut anywhere loses nothing", cut_anywhere},
	{"a header in pieces is judged", a_header_in_pieces_is_judged},
	{"what comes again passes", what_comes_again_passes},
	{"a segment behind a gap is not judged", a_gap_is_not_judged},
	{"a guess is charged, and drops nothing", a_guess_is_charged_and_drops_nothing},
	{"what is behind a dropped segment waits", what_is_behind_a_dropped_segment_waits},
	{"a gap does not outlive the sequence numbers", a_gap_does_not_outlive_the_numbers},
	{"without a handshake nothing is judged", no_handshake_no_judgement},
	{"a SYN changes nothing", a_syn_changes_nothing},
	{"the server opens a connection", the_server_opens},
	{"data in a SYN", data_in_a_syn},
	{"what cannot be followed is lost", what_cannot_be_followed_is_lost},
	{"more messages in a segment than are read", too_many_in_one_segment},
	{"faults of those who are known are counted", faults_of_those_who_are_known_are_counted},
	{"monitor mode stays in step", monitor_mode_stays_in_step},
	{"many connections", many_connections},
	{"segments in any order lose nothing", in_any_order},
	{"segments with other content", with_other_content},
	{"each datagram of a frame is charged", each_datagram_is_charged},
	{"one verdict for several datagrams", one_verdict_for_several_datagrams},
	{"keepalives in one frame", keepalives_in_one_frame},
};

const size_t stream_sequences_count = COUNT(stream_sequences);
