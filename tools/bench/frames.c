// SPDX-License-Identifier: GPL-2.0-only
/* The frames of the bench: real-looking messages, since what a parser costs depends on them. */
#include <arpa/inet.h>
#include <string.h>

#include "bench.h"

#define VIA_TO_CONTACT(method, cseq)                                                              \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKd41a7c0e\r\n"                         \
	"Max-Forwards: 70\r\n"                                                                    \
	"From: \"Alice\" <sip:alice@example.com>;tag=5f0c2b91\r\n"                                 \
	"To: <sip:bob@example.com>\r\n"                                                           \
	"Call-ID: 7c1e55aa-0d3b-4f6e@192.0.2.1\r\n"                                               \
	"CSeq: " cseq " " method "\r\n"                                                           \
	"Contact: <sip:alice@192.0.2.1:5060>\r\n"

static const char sdp[] =
	"v=0\r\n"
	"o=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\n"
	"s=-\r\n"
	"c=IN IP4 192.0.2.1\r\n"
	"t=0 0\r\n"
	"m=audio 49170 RTP/AVP 0 8 101\r\n"
	"a=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\n"
	"a=sendrecv\r\n";

static const char invite[] =
	"INVITE sip:bob@example.com SIP/2.0\r\n"
	VIA_TO_CONTACT("INVITE", "1")
	"User-Agent: Desk Phone 4.21\r\n"
	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
	"Content-Type: application/sdp\r\n"
	"Content-Length: 207\r\n"
	"\r\n";

static const char registration[] =
	"REGISTER sip:example.com SIP/2.0\r\n"
	VIA_TO_CONTACT("REGISTER", "17")
	"Expires: 300\r\n"
	"User-Agent: Desk Phone 4.21\r\n"
	"Content-Length: 0\r\n"
	"\r\n";

static const char options[] =
	"OPTIONS sip:bob@example.com SIP/2.0\r\n"
	VIA_TO_CONTACT("OPTIONS", "4")
	"Accept: application/sdp\r\n"
	"Content-Length: 0\r\n"
	"\r\n";

static const char keepalive[] = "\r\n\r\n";

_Static_assert(sizeof(invite) + sizeof(sdp) - 2 == BENCH_INVITE_LENGTH, "the figures are for it");

/* What every request has. */
static const char shortest[] =
	"OPTIONS sip:b@b.example SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKd41a\r\n"
	"Max-Forwards: 70\r\n"
	"From: <sip:a@a.example>;tag=5f0c\r\n"
	"To: <sip:b@b.example>\r\n"
	"Call-ID: 7c1e55aa\r\n"
	"CSeq: 4 OPTIONS\r\n";

/* Grown by header fields as a proxy adds them, and a last one of what is left; size 200 or more. */
static size_t sized_text(char *text, size_t size)
{
	static const char field[] =
		"Record-Route: <sip:proxy-17.pop3.example.com;lr;ftag=5f0c2b91;did=3c1.a4f>\r\n";
	size_t length = sizeof(shortest) - 1, room;

	memcpy(text, shortest, length);
	for (room = size - length - 2; room > 2 * sizeof(field); room -= sizeof(field) - 1) {
		memcpy(text + length, field, sizeof(field) - 1);
		length += sizeof(field) - 1;
	}
	memcpy(text + length, "s: ", 3);
	memset(text + length + 3, 'x', room - 5);
	memcpy(text + length + room - 2, "\r\n\r\n", 4);
	return size;
}

/* Letters of the upper case that begin no method: what a fuzzer or a stray protocol sends. */
static size_t garbage_text(char *text)
{
	for (size_t i = 0; i < BENCH_INVITE_LENGTH; i++)
		text[i] = "ZQ{0x}"[i * 7 % 6];
	return BENCH_INVITE_LENGTH;
}

static size_t text_copy(char *text, const char *from, size_t length)
{
	memcpy(text, from, length);
	return length;
}

static size_t text_build(enum message message, char *text)
{
	size_t length;

	switch (message) {
	case MESSAGE_INVITE:
		length = text_copy(text, invite, sizeof(invite) - 1);
		return length + text_copy(text + length, sdp, sizeof(sdp) - 1);
	case MESSAGE_REGISTER:
		return text_copy(text, registration, sizeof(registration) - 1);
	case MESSAGE_INVITE_TCP:
		length = text_build(MESSAGE_INVITE, text);
		memcpy(strstr(text, "UDP"), "TCP", 3);
		return length;
	case MESSAGE_OPTIONS_TCP:
		length = text_build(MESSAGE_OPTIONS, text);
		memcpy(strstr(text, "UDP"), "TCP", 3);
		return length;
	case MESSAGE_OPTIONS:
		return text_copy(text, options, sizeof(options) - 1);
	case MESSAGE_MALFORMED:
		length = text_build(MESSAGE_INVITE, text);
		memcpy(strstr(text, "CSeq: ") + 6, "x", 1);
		return length;
	case MESSAGE_200:
		return sized_text(text, 200);
	case MESSAGE_400:
		return sized_text(text, 400);
	case MESSAGE_800:
		return sized_text(text, 800);
	case MESSAGE_1400:
		return sized_text(text, 1400);
	case MESSAGE_4000:
		return sized_text(text, 4000);
	case MESSAGE_KEEPALIVE:
		return text_copy(text, keepalive, sizeof(keepalive) - 1);
	default:
		return garbage_text(text);
	}
}

char *message_text(enum message message, size_t *length)
{
	static _Thread_local char text[BENCH_TEXT_MAX];

	*length = text_build(message, text);
	text[*length] = '\0';
	return text;
}

/* Each sender calls somebody else. */
static void callee_set(char *text, size_t length, __u32 sender)
{
	for (char *at = text; (at = memmem(at, text + length - at, "bob@", 4)); at += 4)
		at[2] += sender;
}

size_t frame_build(enum message message, __u32 sender, unsigned char frame[FRAME_MAX])
{
	struct in_addr address = {htonl(BENCH_SOURCE + sender)};
	struct packet_spec spec = {
		.source = inet_ntoa(address),
		.sport = BENCH_PORT,
		.dport = message == MESSAGE_DNS ? 53 : 5060,
		.again = true, /* each time the very same frame */
	};
	char *text;

	text = message_text(message, &spec.length);
	callee_set(text, spec.length, sender);
	spec.payload = text;
	if (message == MESSAGE_OPTIONS_TCP || message == MESSAGE_INVITE_TCP ||
	    message == MESSAGE_HTTPS) {
		spec.transport = IPPROTO_TCP;
		spec.sport = 40000;
	}
	if (message == MESSAGE_HTTPS)
		spec.dport = 443;
	return packet_build(&spec, frame);
}
