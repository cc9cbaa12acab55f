/* SPDX-License-Identifier: GPL-2.0-only */
/* Peers that send streams of TCP, messages for them, and what the guard has counted of it. */
#ifndef SIPGUARD_TEST_STREAM_H
#define SIPGUARD_TEST_STREAM_H

#include <string.h>

#include "cases.h"

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
#define BAD(branch)                                                                               \
	"OPTIONS sip:bob@example.com SIP/2.0\r\nVia: nothing else\r\nl: 0\r\n\r\n" branch

/* Of one connection, or another one by its port. */
struct peer {
	const char *source;
	__u16 port;
	__u32 at; /* number of the byte that is sent next */
};

static inline struct peer alice(void)
{
	struct peer peer = {.port = 40000, .at = FIRST_BYTE};

	mode_set(SG_REASON_FIELD_MISSING, SG_MODE_ENFORCE); /* what is wrong with BAD() */
	connection_accept(&(struct packet_spec){.sport = peer.port}, peer.at);
	return peer;
}

static inline bool segment_dropped(struct peer *peer, const char *bytes, size_t length)
{
	bool dropped = packet_dropped(&(struct packet_spec){
		OVER_TCP, .source = peer->source, .sport = peer->port, .seq = peer->at,
		.payload = bytes, .length = length, .numbered = true,
	});

	if (!dropped)
		peer->at += length;
	return dropped;
}

static inline void sends(struct peer *peer, const char *text)
{
	if (segment_dropped(peer, text, strlen(text)))
		fail_msg("dropped: %.70s, by reason %d", text, dropping_reason());
}

static inline void may_not_send(struct peer *peer, const char *text)
{
	if (!segment_dropped(peer, text, strlen(text)))
		fail_msg("passed: %.70s", text);
}

static inline __u64 passed(enum sg_method method)
{
	struct sg_stats stats;

	stats_read(&stats);
	return stats.method[method].passed.packets;
}

static inline __u64 dropped_by(enum sg_reason reason)
{
	struct sg_stats stats;

	stats_read(&stats);
	return stats.reason[reason].dropped.packets;
}

static inline __u64 counted(enum sg_count id)
{
	struct sg_stats stats;

	stats_read(&stats);
	return stats.count[id];
}

/* So that only what is read is judged. */
static inline void wide(void)
{
	struct sg_limit limit = sg_limit_of(10000000, 1000000);

	for (int id = 0; id < SG_LIMIT__MAX; id++)
		config()->profile[0].limit[id] = config()->profile[0].flow[id] = limit;
	config()->profile[0].segment = limit;
	/* What other tests have spent, for as many flows as here are. */
	limits_forget();
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit;
	config()->total[SG_TOTAL_UNLISTED_TCP] = limit;
	config()->total[SG_TOTAL_SYNS] = limit;
}

#endif
