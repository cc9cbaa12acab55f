/* SPDX-License-Identifier: GPL-2.0-only */
/* A request made of parts, of which a test puts another one in the place of one. */
#ifndef SIPGUARD_TEST_REQUEST_H
#define SIPGUARD_TEST_REQUEST_H

#include <stddef.h>
#include <string.h>

struct text {
	const char *bytes;
	size_t length;
};

#define TEXT(literal) {literal, sizeof(literal) - 1}

enum part { START, VIA, HOPS, FROM, TO, CALL_ID, CSEQ, LENGTH, MORE, END, BODY, PARTS };

static const struct text request[PARTS] = {
	[START] = TEXT("INVITE sip:bob@example.com SIP/2.0\r\n"),
	[VIA] = TEXT("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"),
	[HOPS] = TEXT("Max-Forwards: 70\r\n"),
	[FROM] = TEXT("From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n"),
	[TO] = TEXT("To: Bob <sip:bob@example.com>\r\n"),
	[CALL_ID] = TEXT("Call-ID: a84b4c76e66710@192.0.2.1\r\n"),
	[CSEQ] = TEXT("CSeq: 31 INVITE\r\n"),
	[LENGTH] = TEXT("Content-Length: 4\r\n"),
	[END] = TEXT("\r\n"),
	[BODY] = TEXT("v=0\n"),
};

/* Writes the request with `with` in the place of `part` (PARTS: as it is), returns its length. */
static inline size_t request_compose(char *buffer, enum part part, struct text with)
{
	size_t length = 0;

	for (int i = 0; i < PARTS; i++) {
		struct text text = i == (int)part ? with : request[i];

		if (text.length)
			memcpy(buffer + length, text.bytes, text.length);
		length += text.length;
	}
	return length;
}

#endif
