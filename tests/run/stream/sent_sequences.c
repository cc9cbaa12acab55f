// SPDX-License-Identifier: GPL-2.0-only
/* What the server's segments teach, which end where the peer's window has it. */
#include <stdio.h>

#include "stream/stream.h"

#define HEADER(status, more)                                                                      \
	"SIP/2.0 " status "\r\n"                                                                  \
	"Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKone\r\n"                                   \
	"To: Bob <sip:bob@example.com>;tag=of-the-server\r\n"                                     \
	"From: Alice <sip:alice@example.com>;tag=1928301774\r\n"                                  \
	"Call-ID: one@192.0.2.1\r\n"                                                              \
	"CSeq: 314159 INVITE\r\n" more
#define ANSWER HEADER("200 OK", "Content-Length: 0\r\n\r\n")
#define RINGING HEADER("180 Ringing", "Content-Length: 0\r\n\r\n")

/* The peer has called, by a new connection; `at`: number of the server's byte that comes next. */
static struct server {
	__u32 at;
} server;

static void bob_is_called(void)
{
	struct peer peer;

	fixture_begin(fix.program);
	peer = alice();
	sends(&peer, MESSAGE("INVITE", "one", "0", ""));
	server.at = TCP_SEQ_ACK;
}

static void server_sends(const char *bytes, size_t length)
{
	assert_false(reply_dropped(&(struct packet_spec){
		OVER_TCP, .source = PACKET_SERVER4, .destination = PACKET_CLIENT4, .dport = 40000,
		.numbered = true, .seq = server.at, .payload = bytes, .length = length,
	}));
	server.at += length;
}

static void server_says(const char *text)
{
	server_sends(text, strlen(text));
}

static void proven(enum sg_proof proof)
{
	assert_int_equal(proven_of(PACKET_CLIENT4, IPPROTO_TCP, 40000), proof);
}

static void one_segment_after_the_other(void)
{
	bob_is_called();
	server_says(RINGING "\r\n\r\n" RINGING);
	server_says("\r\n");
	proven(SG_PROOF_NONE);
	server_says(ANSWER);
	proven(SG_PROOF_CALL);
	assert_int_equal(counted(SG_COUNT_REPLIES_SEEN), 3);
	assert_int_equal(counted(SG_COUNT_REPLIES_UNREAD), 0);
}

/* Wherever it is cut, it is read once. */
static void a_header_in_two_segments(void)
{
	for (size_t cut = 1; cut < strlen(ANSWER); cut += 7) {
		bob_is_called();
		server_sends(ANSWER, cut);
		proven(SG_PROOF_NONE);
		server_says(ANSWER + cut);
		proven(SG_PROOF_CALL);
		assert_int_equal(counted(SG_COUNT_REPLIES_SEEN), 1);
	}
}

static void a_header_in_many_segments(void)
{
	bob_is_called();
	server_says(RINGING "SIP");
	server_says("/2.0 180 Ringing\r\nContent-");
	server_says("Length: 6\r\n");
	server_says("\r\nv=0");
	proven(SG_PROOF_NONE);
	server_says("\r\n\n" ANSWER);
	proven(SG_PROOF_CALL);
	assert_int_equal(counted(SG_COUNT_REPLIES_UNREAD), 0);
}

/* What a header repeats, and what a body carries, the peer may have written, or his friend. */
static void within_a_message_none_begins(void)
{
	char line[32];

	bob_is_called();
	server_says("SIP/2.0 180 Ringing\r\nVia: SIP/2.0/TCP 192.0.2.1;x=\"");
	server_says(ANSWER);
	proven(SG_PROOF_NONE);
	bob_is_called();
	snprintf(line, sizeof(line), "Content-Length: %zu\r\n\r\n", strlen(ANSWER) + 5);
	server_says("MESSAGE sip:alice@192.0.2.1 SIP/2.0\r\n");
	server_says(line);
	server_says(ANSWER);
	proven(SG_PROOF_CONTACT); /* by the request itself */
	server_says("12345");
	server_says(ANSWER);
	proven(SG_PROOF_CALL);
}

/* TCP sends again what is not acknowledged, with what is new behind it. */
static void what_is_sent_again(void)
{
	bob_is_called();
	server_says(RINGING);
	server.at = TCP_SEQ_ACK;
	server_says(RINGING);
	server.at = TCP_SEQ_ACK + 20;
	server_says(&(RINGING ANSWER)[20]);
	proven(SG_PROOF_CALL);
	assert_int_equal(counted(SG_COUNT_REPLIES_SEEN), 2);
}

/* It left by another way, or before the guard was there; and it may come again. */
static void something_is_missing(void)
{
	bob_is_called();
	server.at += strlen(RINGING);
	server_says(ANSWER);
	proven(SG_PROOF_NONE);
	assert_int_equal(counted(SG_COUNT_REPLIES_UNREAD), 1);
	server.at = TCP_SEQ_ACK;
	server_says(RINGING);
	server_says(ANSWER);
	proven(SG_PROOF_CALL);
}

/* Behind it nobody knows, and nothing is learned until the peer connects again. */
static void no_content_length(void)
{
	bob_is_called();
	server_says(HEADER("180 Ringing", "") "\r\n");
	server_says(ANSWER);
	proven(SG_PROOF_NONE);
	assert_int_equal(counted(SG_COUNT_REPLIES_UNREAD), 2);
	bob_is_called();
	server_says(ANSWER);
	proven(SG_PROOF_CALL);
}

static void a_header_too_long(void)
{
	char part[1001] = "SIP/2.0 180 Ringing\r\nSubject: ";

	bob_is_called();
	memset(part + strlen(part), 'x', sizeof(part) - 1 - strlen(part));
	for (int i = 0; i < 5; i++)
		server_says(part);
	server_says(ANSWER);
	proven(SG_PROOF_NONE);
}

/* What begins like a message is taken for one. */
static void of_an_older_connection(void)
{
	bob_is_called();
	streams_forget();
	server.at += 5;
	server_says(ANSWER);
	proven(SG_PROOF_CALL);
}

/* Long after the guard there is none that is older: one that looks so has been made to. */
static void when_none_can_be_older(void)
{
	bob_is_called();
	streams_forget();
	fix.state->heard_since = guard_clock() - 7300 * SG_NSEC_PER_SEC;
	server_says(ANSWER);
	proven(SG_PROOF_NONE);
	assert_int_equal(counted(SG_COUNT_REPLIES_UNREAD), 1);
}

/* The server may have answered it before its client has said a number. */
static void behind_data_in_a_syn(void)
{
	struct peer peer = {.port = 40000, .at = FIRST_BYTE + 50};

	fixture_begin(fix.program);
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .syn = true, .numbered = true, .seq = FIRST_BYTE - 1,
		.payload = MESSAGE("INVITE", "two", "0", ""), .length = 50,
	}));
	connection_accept(&(struct packet_spec){.sport = peer.port}, peer.at);
	sends(&peer, MESSAGE("INVITE", "one", "0", ""));
	server.at = TCP_SEQ_ACK;
	server_says(ANSWER);
	proven(SG_PROOF_NONE);
}

/* Whom the server knows gains nothing by it, and his connection may last for weeks. */
static void it_goes_on_for_who_is_proven(void)
{
	bob_is_called();
	proven_set(PACKET_CLIENT4, IPPROTO_TCP, 40000, SG_PROOF_REGISTER, 60);
	server_says(HEADER("180 Ringing", "") "\r\n");
	server_says("and a body");
	server_says(RINGING);
	assert_int_equal(counted(SG_COUNT_REPLIES_SEEN), 2);
	assert_int_equal(counted(SG_COUNT_REPLIES_UNREAD), 2);
	server_sends(RINGING, 100);
	server_says(RINGING + 100);
	assert_int_equal(counted(SG_COUNT_REPLIES_SEEN), 3);
	/* Something went another way. */
	server.at += 1000;
	server_says(RINGING);
	server_sends(RINGING, 100);
	server_says(RINGING + 100);
	assert_int_equal(counted(SG_COUNT_REPLIES_SEEN), 5);
	assert_int_equal(counted(SG_COUNT_REPLIES_UNREAD), 2);
}

/* Others fill all places for headers, and go on doing so. */
static void places_for_headers_are_full(void)
{
	for (int trusted = 0; trusted < 2; trusted++) {
		bob_is_called();
		if (trusted)
			proven_set(PACKET_CLIENT4, IPPROTO_TCP, 40000, SG_PROOF_REGISTER, 60);
		heads_fill();
		server_sends(ANSWER, 100);
		server_says(ANSWER + 100);
		assert_int_equal(counted(SG_COUNT_REPLIES_SEEN), trusted);
	}
}

/* The answer to a request of another connection is not that of what stands behind it. */
static void two_ports_in_one_segment(void)
{
	struct peer other = {.port = 40001, .at = FIRST_BYTE};
	struct peer peer = {.port = 40000, .at = FIRST_BYTE};

	bob_is_called();
	connection_accept(&(struct packet_spec){.sport = other.port}, other.at);
	sends(&other, MESSAGE("INVITE", "two", "0", ""));
	server_says("SIP/2.0 404 Not Found\r\n"
		    "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKtwo\r\n"
		    "To: Bob <sip:bob@example.com>;tag=of-the-server\r\n"
		    "From: Alice <sip:alice@example.com>;tag=1928301774\r\n"
		    "Call-ID: two@192.0.2.1\r\nCSeq: 314159 INVITE\r\n"
		    "Content-Length: 0\r\n\r\n" ANSWER);
	proven(SG_PROOF_CALL);
	/* And is known to be: a fault is not held against him. */
	peer.at += strlen(MESSAGE("INVITE", "one", "0", ""));
	sends(&peer, BAD(""));
}

const struct sequence sent_sequences[] = {
	{"the server's segments are read one after the other", one_segment_after_the_other},
	{"a header of the server's in two segments", a_header_in_two_segments},
	{"a header of the server's in many segments", a_header_in_many_segments},
	{"within a message of the server's none begins", within_a_message_none_begins},
	{"what the server sends again is read once", what_is_sent_again},
	{"something of the server's is missing", something_is_missing},
	{"behind a message of the server's without Content-Length", no_content_length},
	{"a header of the server's that is too long", a_header_too_long},
	{"what the server sends on a connection older than the guard", of_an_older_connection},
	{"what the server sends when none can be older", when_none_can_be_older},
	{"what the server sends behind data in a SYN", behind_data_in_a_syn},
	{"what the server sends is read again for who is proven", it_goes_on_for_who_is_proven},
	{"places for headers are full, and the server's is split", places_for_headers_are_full},
	{"the server's answers to two ports in one segment", two_ports_in_one_segment},
};

const size_t sent_sequences_count = COUNT(sent_sequences);
