/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests of a phone and the server's replies to them: requests come in by the guard, replies
 * leave by the reply program, on the same maps.
 */
#ifndef SIPGUARD_TEST_DIALOGUE_H
#define SIPGUARD_TEST_DIALOGUE_H

#include <netinet/in.h>

#include "cases.h"

#define PHONE "192.0.2.1"
#define PORT 40000 /* that of packets without another one */
#define OTHER_PORT 40001

/* Headers of a message and of the reply to it, which have the same Via and CSeq. */
#define HEADERS(cseq, tag, more)                                                                  \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"                             \
	"Max-Forwards: 70\r\n"                                                                    \
	"To: <sip:bob@example.com>" tag "\r\n"                                                    \
	"From: <sip:bob@example.com>;tag=1928301774\r\n"                                          \
	"Call-ID: a84b4c76e66710@192.0.2.1\r\n"                                                   \
	"CSeq: " cseq "\r\n" more                                                                 \
	"Content-Length: 0\r\n\r\n"
#define REQUEST_OF(method, more)                                                                  \
	method " sip:example.com SIP/2.0\r\n" HEADERS("1 " method, "", more)
#define REPLY_OF(status, method, more)                                                            \
	"SIP/2.0 " status "\r\n" HEADERS("1 " method, ";tag=of-the-server", more)

/* A request to any URI, with any in To. */
#define REQUEST_TO(method, uri, to)                                                               \
	method " " uri " SIP/2.0\r\n"                                                             \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"                             \
	"Max-Forwards: 70\r\n"                                                                    \
	"To: <" to ">\r\n"                                                                        \
	"From: <sip:bob@example.com>;tag=1928301774\r\n"                                          \
	"Call-ID: a84b4c76e66710@192.0.2.1\r\n"                                                   \
	"CSeq: 1 " method "\r\n"                                                                  \
	"Content-Length: 0\r\n\r\n"

#define CHALLENGE "WWW-Authenticate: Digest realm=\"lab\", nonce=\"YWJjZGVmZ2hpamtsbW5v\"\r\n"
#define CREDENTIALS(nonce)                                                                        \
	"Authorization: Digest username=\"bob\",realm=\"lab\",cnonce=\"xyz\",nonce=\"" nonce      \
	"\",uri=\"sip:example.com\",response=\"0123\"\r\n"
#define RIGHT_NONCE CREDENTIALS("YWJjZGVmZ2hpamtsbW5v")
#define BINDING "Contact: <sip:bob@192.0.2.1>;expires=60, <sip:bob@192.0.2.9>;EXPIRES=3600\r\n"

/* What is sent here in an instant takes minutes in life. */
static inline void take_time(void)
{
	for (int limit = 0; limit < SG_LIMIT__MAX; limit++) {
		config()->profile[0].limit[limit] = limit_hourly(1000);
		config()->profile[0].flow[limit] = limit_hourly(1000);
		config()->proven[limit] = limit_hourly(1000);
	}
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(1000);
	config()->total[SG_TOTAL_REPLIES] = limit_hourly(1000);
}

/* The next request of a flow. */
static inline void asks_of(const char *source, const char *payload, __u16 port)
{
	assert_false(packet_dropped(&(struct packet_spec){
		.source = source, .sport = port, .payload = payload,
	}));
}

static inline void asks(const char *payload, __u16 port)
{
	asks_of(PHONE, payload, port);
}

/* The server's reply to the request before. */
static inline void answers_to(const char *destination, const char *payload, __u16 port)
{
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = destination, .dport = port, .payload = payload, .again = true,
	}));
}

static inline void answers(const char *payload, __u16 port)
{
	answers_to(PHONE, payload, port);
}

static inline void registers(const char *credentials, const char *reply, __u16 port)
{
	asks(REQUEST_OF("REGISTER", ""), port);
	answers(REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE), port);
	asks(credentials, port);
	answers(reply, port);
}

#define REGISTER_RIGHT REQUEST_OF("REGISTER", RIGHT_NONCE)
#define REGISTER_OK REPLY_OF("200 OK", "REGISTER", BINDING)

/* In a call, by its Call-ID: `tag` is that in To, with its ";tag=", or nothing. */
#define CALL_HEADERS(method, call, tag)                                                           \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"                             \
	"Max-Forwards: 70\r\n"                                                                    \
	"To: <sip:bob@example.com>" tag "\r\n"                                                    \
	"From: <sip:alice@example.com>;tag=1928301774\r\n"                                        \
	"Call-ID: " call "\r\n"                                                                   \
	"CSeq: 1 " method "\r\n"                                                                  \
	"Content-Length: 0\r\n\r\n"
#define CALL_REQUEST(method, call, tag)                                                           \
	method " sip:bob@example.com SIP/2.0\r\n" CALL_HEADERS(method, call, tag)
#define CALL_REPLY(status, method, call, tag)                                                     \
	"SIP/2.0 " status "\r\n" CALL_HEADERS(method, call, tag)
#define TAGGED ";tag=of-the-server"
#define WITHIN(method, call) CALL_REQUEST(method, call, TAGGED)

/* A call of somebody is let in, answered and completed. */
static inline void call_begins(const char *source, __u16 port, const char *invite,
			       const char *reply, const char *ack)
{
	asks_of(source, invite, port);
	answers_to(source, reply, port);
	asks_of(source, ack, port);
}

/* The guard has listened for long enough: the server is in the dialog "known". */
static inline void listens(void)
{
	for (int zone = 0; zone < 2; zone++)
		config()->profile[zone].dialog_grace = 0;
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = PHONE, .dport = PORT,
		.payload = CALL_REPLY("200 OK", "INVITE", "known", TAGGED),
	}));
}

#endif
