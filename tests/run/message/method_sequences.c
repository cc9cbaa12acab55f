// SPDX-License-Identifier: GPL-2.0-only
/* Methods, as their list in include/words.h has them: a new row is tested without a word here. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cases.h"

static const char *const labels[SG_METHOD__MAX] = {
#define X(name, label, limit, ...) [SG_METHOD_##name] = label,
	SG_METHODS(X)
#undef X
};

#define FOR_EACH_REGISTERED(method)                                                               \
	for (int method = SG_METHOD_NONE + 1; method < SG_METHOD_UNKNOWN; method++)

/* Sends `start` and then the rest of a request. */
static void send_start(const char *start, __u8 transport, enum sg_class class, int method)
{
	char payload[1024], where[128];
	struct expectation expected = {.class = class, .method = method};
	struct packet_spec packet = {.transport = transport, .payload = payload};

	snprintf(payload, sizeof(payload),
		 "%ssip:bob@example.com SIP/2.0\r\n" SIP_HEADERS("INVITE"), start);
	snprintf(where, sizeof(where), "a message that starts with \"%s\"", start);
	if (class == SG_CLASS_GARBAGE) {
		expected.outcome = DROP;
		expected.reason = SG_REASON_GARBAGE;
	}
	packet_check(where, &packet, &expected);
}

static void send_form(const char *format, const char *label, enum sg_class class, int method)
{
	char start[64];

	snprintf(start, sizeof(start), format, label);
	send_start(start, IPPROTO_UDP, class, method);
}

static void registered(void)
{
	FOR_EACH_REGISTERED(method) {
		fixture_reset(fix.program);
		send_form("%s ", labels[method], SG_CLASS_REQUEST, method);
		send_form("\r\n\r\n%s ", labels[method], SG_CLASS_REQUEST, method);
	}
}

static void registered_over_tcp(void)
{
	char start[64];

	FOR_EACH_REGISTERED(method) {
		fixture_reset(fix.program);
		snprintf(start, sizeof(start), "%s ", labels[method]);
		send_start(start, IPPROTO_TCP, SG_CLASS_REQUEST, method);
	}
}

/* RFC 3261 section 7.1: methods are case-sensitive, and a token goes on to the space. */
static void nearly_registered(void)
{
	FOR_EACH_REGISTERED(method) {
		char lower[32], shorter[32];
		size_t length = strlen(labels[method]);

		for (size_t i = 0; i <= length; i++)
			lower[i] = tolower(labels[method][i]);
		snprintf(shorter, sizeof(shorter), "%.*s", (int)length - 1, labels[method]);
		fixture_reset(fix.program);
		send_form("%s ", lower, SG_CLASS_REQUEST, SG_METHOD_UNKNOWN);
		send_form("%s ", shorter, SG_CLASS_REQUEST, SG_METHOD_UNKNOWN);
		send_form("%sX ", labels[method], SG_CLASS_REQUEST, SG_METHOD_UNKNOWN);
		send_form("X%s ", labels[method], SG_CLASS_REQUEST, SG_METHOD_UNKNOWN);
		coverage.near_method |= BIT(method);
	}
}

/* Shorter than any SIP message, but long enough to be told from a keepalive. */
static void ends_behind_the_method(void)
{
	char payload[64];

	FOR_EACH_REGISTERED(method) {
		struct expectation expected = {.class = SG_CLASS_REQUEST, .method = method};

		fixture_reset(fix.program);
		snprintf(payload, sizeof(payload), "%s s:a@b.c", labels[method]);
		packet_check(payload, &(struct packet_spec){.payload = payload}, &expected);
	}
}

/* The padding of a short frame must not complete a method. */
static void padding_is_no_method(void)
{
	SEND(DROP, GARBAGE, GARBAGE, NONE, .payload = "SUBSCRIBE", .pad = 9, .pad_byte = ' ');
	SEND(PASS, NONE, KEEPALIVE, NONE, .payload = "REGISTER", .pad = 10, .pad_byte = ' ');
	SEND(PASS, NONE, KEEPALIVE, NONE, .payload = "SIP/2.0", .pad = 11, .pad_byte = ' ');
}

const struct sequence method_sequences[] = {
	{"every registered method over udp", registered},
	{"every registered method over tcp", registered_over_tcp},
	{"what is nearly a registered method", nearly_registered},
	{"messages that end behind the method", ends_behind_the_method},
	{"padding does not complete a method", padding_is_no_method},
};

const size_t method_sequences_count = COUNT(method_sequences);
