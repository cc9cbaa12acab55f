// SPDX-License-Identifier: GPL-2.0-only
#include "culprit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "corpus.h"

/* What a field that every message must have is mended with; the others are left out. */
static const struct {
	const char *name, *compact, *mended;
} mandatory[] = {
	{"via", "v", "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"},
	{"from", "f", "From: <sip:a@a.example>;tag=1\r\n"},
	{"to", "t", "To: <sip:b@b.example>;tag=2\r\n"},
	{"call-id", "i", "Call-ID: 1@a.example\r\n"},
};

static size_t put(char *text, size_t at, const void *bytes, size_t length)
{
	memcpy(text + at, bytes, length);
	return at + length;
}

static size_t put_string(char *text, size_t at, const char *string)
{
	return put(text, at, string, strlen(string));
}

/* The method of CSeq, so that a mended start line fits it. */
static size_t put_method(char *text, size_t at, const struct plain *plain)
{
	const struct plain_field *cseq = plain_find(plain, "cseq", NULL, 0);
	size_t i = cseq ? cseq->length : 0;

	while (i && cseq->value[i - 1] >= 'A' && cseq->value[i - 1] <= 'Z')
		i--;
	if (!cseq || i == cseq->length)
		return put_string(text, at, "INVITE");
	return put(text, at, cseq->value + i, cseq->length - i);
}

static size_t put_start(char *text, const struct plain *plain, bool mend, bool response)
{
	size_t at = 0;

	if (!mend) {
		at = put(text, at, plain->text + plain->start, plain->start_length);
	} else if (response) {
		at = put_string(text, at, "SIP/2.0 200 OK");
	} else {
		at = put_method(text, at, plain);
		at = put_string(text, at, " sip:b.example SIP/2.0");
	}
	return put_string(text, at, "\r\n");
}

static bool is_first(const struct plain *plain, const struct plain_field *field, int row)
{
	return plain_find(plain, mandatory[row].name, mandatory[row].compact, 0) == field;
}

/* The method of the start line, as it stands there. */
static size_t put_cseq(char *text, size_t at, const struct plain *plain)
{
	const char *start = plain->text + plain->start;
	size_t length = 0;

	while (length < plain->start_length && start[length] != ' ')
		length++;
	at = put_string(text, at, "CSeq: 1 ");
	at = put(text, at, start, length);
	return put_string(text, at, "\r\n");
}

/* A field that stands there a second time is left out. */
static size_t put_mended(char *text, size_t at, const struct plain *plain,
			 const struct plain_field *field)
{
	if (plain_find(plain, "cseq", NULL, 0) == field)
		return put_cseq(text, at, plain);
	for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++)
		if (is_first(plain, field, i))
			return put_string(text, at, mandatory[i].mended);
	return at;
}

static size_t put_field(char *text, size_t at, const struct plain_field *field)
{
	at = put(text, at, field->name, field->name_length);
	if (field->name_length)
		at = put_string(text, at, ": ");
	at = put(text, at, field->value, field->length);
	return put_string(text, at, "\r\n");
}

static bool is_address(const struct plain_field *field)
{
	static const char *const names[] = {"from", "f", "to", "t", "via", "v"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (field->name_length == strlen(names[i]) &&
		    !strncasecmp(field->name, names[i], field->name_length))
			return true;
	return false;
}

/* The message with one part mended; n: the number of a field, or < 0. */
static size_t compose(char *text, const struct plain *plain, enum culprit_kind kind, size_t n,
		      bool response)
{
	size_t at = put_start(text, plain, kind == CULPRIT_START, response);

	for (size_t i = 0; i < plain->count; i++) {
		const struct plain_field *field = &plain->field[i];

		if ((kind == CULPRIT_FIELD && i == n) ||
		    (kind == CULPRIT_ADDRESSES && is_address(field)))
			at = put_mended(text, at, plain, field);
		else
			at = put_field(text, at, field);
	}
	at = put_string(text, at, "\r\n");
	if (kind == CULPRIT_BODY)
		return at;
	return put(text, at, plain->text + plain->body, plain->length - plain->body);
}

struct culprit culprit_find(const struct plain *plain, view_maker view, bool response)
{
	static struct peer_view seen;
	struct culprit culprit = {CULPRIT_SEVERAL, NULL};
	char *text = malloc(plain->length + 4 * plain->count + 4096), *exact;

	if (!text)
		corpus_die("Out of memory.");
	for (int kind = CULPRIT_LAYOUT; kind <= CULPRIT_ADDRESSES && !culprit.kind; kind++)
		for (size_t n = 0; n < (kind == CULPRIT_FIELD ? plain->count : 1); n++) {
			size_t length = compose(text, plain, kind, n, response);

			exact = malloc(length + 1);
			if (!exact)
				corpus_die("Out of memory.");
			memcpy(exact, text, length);
			exact[length] = '\0';
			view(&seen, exact, length);
			free(exact);
			if (!seen.accepted)
				continue;
			culprit.kind = kind;
			culprit.field = kind == CULPRIT_FIELD ? &plain->field[n] : NULL;
			break;
		}
	free(text);
	return culprit;
}
