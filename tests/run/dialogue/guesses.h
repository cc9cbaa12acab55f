/* SPDX-License-Identifier: GPL-2.0-only */
/* Who tries passwords and users, and what the server says to it. */
#ifndef SIPGUARD_TEST_GUESSES_H
#define SIPGUARD_TEST_GUESSES_H

#include <netinet/in.h>
#include <stdio.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define OTHER "192.0.2.9"
#define NONCE "b25seSBvbmNl"

struct try {
	const char *source, *method, *uri, *to;
	const char *tag;   /* of To */
	const char *name;  /* of the credentials; NULL: it has none */
	const char *nonce;
	const char *auth;  /* all lines of its credentials, instead of those */
	int number;        /* of branch, Call-ID and response */
	int branch;        /* this branch, if it is not that of `number` */
	__u16 port;
};

/* A REGISTER of bob's phone, unless it says something else. */
static inline struct try try(struct try t)
{
	t.source = t.source ? t.source : PHONE;
	t.port = t.port ? t.port : PORT;
	t.method = t.method ? t.method : "REGISTER";
	t.uri = t.uri ? t.uri : "";
	t.to = t.to ? t.to : "bob@";
	t.nonce = t.nonce ? t.nonce : NONCE;
	return t;
}

#define TRY(...) try((struct try){__VA_ARGS__})

/* What a request and its reply have in common. */
static inline int common(char *text, size_t size, const struct try *t, const char *tag)
{
	return snprintf(text, size,
			"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\n"
			"To: <sip:%sexample.com>%s\r\nFrom: <sip:a@example.com>;tag=1\r\n"
			"Call-ID: %d@192.0.2.1\r\nCSeq: 1 %s\r\n",
			t->branch ? t->branch : t->number, t->to, tag, t->number, t->method);
}

/* No other limit is in the way, nor what other tests have spent. */
static inline void plenty(void)
{
	wide();
	config()->total[SG_TOTAL_REPLIES] = config()->total[SG_TOTAL_UNLISTED_TOTAL];
	for (int id = 0; id < SG_LIMIT__MAX; id++)
		config()->proven[id] = config()->profile[0].flow[id];
	/* The server is one that answers, and challenges calls. */
	fix.state->answers_until = guard_clock() + 3600 * SECOND;
	fix.state->challenges_until = guard_clock() + 3600 * SECOND;
}

static inline bool refused(struct try t)
{
	char text[1024];
	int at = snprintf(text, sizeof(text), "%s sip:%sexample.com SIP/2.0\r\n", t.method, t.uri);

	at += common(text + at, sizeof(text) - at, &t, t.tag ? t.tag : "");
	if (t.auth)
		at += snprintf(text + at, sizeof(text) - at, "%s", t.auth);
	else if (t.name)
		at += snprintf(text + at, sizeof(text) - at,
			       "Authorization: Digest username=\"%s\", realm=\"lab\", "
			       "nonce=\"%s\", uri=\"sip:example.com\", response=\"%032d\"\r\n",
			       t.name, t.nonce, t.number);
	snprintf(text + at, sizeof(text) - at, "Content-Length: 0\r\n\r\n");
	return packet_dropped(&(struct packet_spec){
		.source = t.source, .sport = t.port, .payload = text,
	});
}

static inline void replies(struct try t, const char *status, const char *more)
{
	char text[1024];
	int at = snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", status);

	at += common(text + at, sizeof(text) - at, &t, ";tag=2");
	snprintf(text + at, sizeof(text) - at, "%sContent-Length: 0\r\n\r\n", more);
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = t.source, .dport = t.port, .payload = text,
	}));
}

static int number; /* no two requests are the same, unless that is meant */

static inline int next(void)
{
	return ++number;
}

/* The server has a nonce of this flow, or of whoever is told next. */
static inline void challenges(const char *source, __u16 port, const char *user)
{
	struct try t = TRY(.source = source, .port = port, .to = user, .number = next());
	char more[128];

	assert_false(refused(t));
	snprintf(more, sizeof(more), "WWW-Authenticate: Digest realm=\"lab\", nonce=\"%s\"\r\n",
		 NONCE);
	replies(t, "401 Unauthorized", more);
}

/* A password is judged, and wrong. False: it was not even judged. */
static inline bool fails(struct try t)
{
	t.number = next();
	if (refused(t))
		return false;
	replies(t, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"lab\", nonce=\"new\"\r\n");
	return true;
}

static inline void succeeds(struct try t)
{
	t.number = next();
	assert_false(refused(t));
	replies(t, "200 OK", "Contact: <sip:bob@192.0.2.1>;expires=3600\r\n");
}

/* The same, if it is not refused. */
static inline void may_succeed(struct try t)
{
	t.number = next();
	if (!refused(t))
		replies(t, "200 OK", "Contact: <sip:bob@192.0.2.1>;expires=3600\r\n");
}

static inline void nobody_is_banned(void)
{
	struct sg_ban ban;

	assert_false(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
	assert_false(ban_find(PHONE, 0, 0, &ban));
}

/* Asks for a user who is not there. False: the server was not asked. */
static inline bool is_told(struct try t)
{
	t.number = next();
	if (refused(t))
		return false;
	replies(t, "404 Not Found", "");
	return true;
}

/* Numbers of 16 bits are remembered: one that is new may be taken for one of those. */
#define assert_few(told) assert_in_range(told, 24, 26)

static inline int told_of_many(bool by_to, bool by_uri, bool by_port)
{
	char user[24];
	int told = 0;

	for (int i = 0; i < 600; i++) {
		snprintf(user, sizeof(user), "%d@", 100 + i);
		told += is_told(TRY(.method = "INVITE", .uri = by_uri ? user : "1@",
				    .to = by_to ? user : "1@",
				    .port = by_port ? PORT + 5000 + i : PORT));
	}
	return told;
}

#define AUTHORIZATION(realm, user)                                                                \
	"Authorization: Digest " user ", realm=\"" realm "\", nonce=\"" NONCE "\", "               \
	"uri=\"sip:example.com\", response=\"0123\"\r\n"
#define MALLORY "username=\"mallory\""
#define BOB "username=\"bob\""

#endif
