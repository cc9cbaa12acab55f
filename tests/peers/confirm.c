// SPDX-License-Identifier: GPL-2.0-only
#include "confirm.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool is_token_byte(unsigned char c)
{
	return c && c < 128 && (isalnum(c) || strchr("-.!%*_+`'~", c));
}

static bool is_blank_byte(char c)
{
	return c == ' ' || c == '\t';
}

bool plain_number(const struct plain_field *field, unsigned long *number)
{
	*number = 0;
	for (size_t i = 0; i < field->length; i++) {
		if (!isdigit((unsigned char)field->value[i]))
			return false;
		*number = *number * 10 + (field->value[i] - '0');
		if (*number > 0xffffffff)
			return false;
	}
	return field->length > 0;
}

/* Takes a word, or with NULL a token, and the blanks after it. */
static bool take(const char **at, const char *end, const char *word)
{
	const char *begin = *at;

	if (word) {
		if ((size_t)(end - *at) < strlen(word) || strncasecmp(*at, word, strlen(word)))
			return false;
		*at += strlen(word);
	} else {
		while (*at < end && is_token_byte(**at))
			++*at;
		if (*at == begin)
			return false;
	}
	while (*at < end && is_blank_byte(**at))
		++*at;
	return true;
}

bool plain_via_is_good(const struct plain_field *via)
{
	const char *at = via->value, *end = via->value + via->length, *last;

	if (!take(&at, end, "SIP") || !take(&at, end, "/") || !take(&at, end, "2.0") ||
	    !take(&at, end, "/") || !take(&at, end, NULL) || !is_blank_byte(at[-1]) || at == end)
		return false;
	/* A host begins here, not a separator; no < or > in what follows; no comma at its end. */
	last = memchr(at, ',', end - at);
	if (strchr(";,:@=<>?/", *at) || memchr(at, '<', end - at) || memchr(at, '>', end - at))
		return false;
	return !last || (last + 1 < end && (isalpha((unsigned char)last[1]) ||
					    is_blank_byte(last[1])));
}

static size_t count_of(const struct plain_field *field, char c)
{
	size_t count = 0;

	for (size_t i = 0; i < field->length; i++)
		count += field->value[i] == c;
	return count;
}

bool plain_address_is_good(const struct plain_field *field)
{
	const char *end = field->value + field->length;
	const char *open = memchr(field->value, '<', field->length);
	const char *close = memchr(field->value, '>', field->length);
	const char *scheme = open ? open + 1 : field->value, *at;

	if (count_of(field, '<') > 1 || count_of(field, '>') > 1 || !open != !close ||
	    close < open)
		return false;
	for (at = scheme; at < end && isalpha((unsigned char)*at); at++)
		;
	if (at == scheme || at + 1 >= end || *at != ':' || strchr(":;>@", at[1]))
		return false;
	if (!close)
		return true;
	for (close++; close < end && is_blank_byte(*close); close++)
		;
	return close == end || *close == ';';
}

bool plain_start_is_good(const struct plain *plain)
{
	const char *at = plain->text + plain->start, *end = at + plain->start_length;

	if (end - at > 8 && !strncasecmp(at, "SIP/2.0 ", 8))
		return true;
	while (end > at && (is_blank_byte(end[-1]) || !end[-1]))
		end--;
	if (end - at < 10 || strncasecmp(end - 8, " SIP/2.0", 8) || memchr(at, '\r', end - at))
		return false;
	while (at < end && is_token_byte(*at))
		at++;
	return at < end - 8 && at > plain->text + plain->start && *at == ' ';
}

/* The second word of the request line begins with a scheme and a colon. */
static bool scheme_is_good(const struct plain *plain)
{
	const char *at = plain->text + plain->start, *end = at + plain->start_length;
	const char *space = memchr(at, ' ', end - at);

	if (!space)
		return false;
	for (at = space; at < end && is_blank_byte(*at); at++)
		;
	if (at == end || !isalpha((unsigned char)*at))
		return false;
	while (at < end && (isalnum((unsigned char)*at) || strchr("+-.", *at)))
		at++;
	return at < end && *at == ':';
}

static bool status_is_good(const struct plain *plain)
{
	const char *at = plain->text + plain->start + 8;

	return plain->start_length >= 11 && at[0] >= '1' && at[0] <= '6' &&
	       isdigit((unsigned char)at[1]) && isdigit((unsigned char)at[2]) &&
	       (plain->start_length == 11 || at[3] == ' ');
}

static bool cseq_is_good(const struct plain_field *cseq)
{
	struct plain_field number = *cseq;
	const char *at = cseq->value, *end = at + cseq->length;
	unsigned long ignored;

	while (at < end && isdigit((unsigned char)*at))
		at++;
	number.length = at - cseq->value;
	if (!plain_number(&number, &ignored) || at == end || !is_blank_byte(*at))
		return false;
	while (at < end && is_blank_byte(*at))
		at++;
	return take(&at, end, NULL) && at == end;
}

/* The last word of CSeq, and the first of the start line. */
static bool methods_agree(const struct plain *plain)
{
	const struct plain_field *cseq = plain_find(plain, "cseq", NULL, 0);
	const char *start = plain->text + plain->start, *end, *at;
	size_t length = 0;

	if (!cseq)
		return true;
	end = cseq->value + cseq->length;
	for (at = cseq->value; at < end && isdigit((unsigned char)*at); at++)
		;
	while (at < end && is_blank_byte(*at))
		at++;
	while (length < plain->start_length && start[length] != ' ')
		length++;
	return (size_t)(end - at) == length && !memcmp(at, start, length);
}

static bool method_is_long(const struct plain *plain)
{
	const struct plain_field *cseq = plain_find(plain, "cseq", NULL, 0);
	const char *start = plain->text + plain->start;
	const char *space = memchr(start, ' ', plain->start_length);

	return (space ? (size_t)(space - start) : plain->start_length) > 48 ||
	       (cseq && cseq->length > 48);
}

/* A quotation mark without its counterpart, in From, To or Via. */
static bool is_unquoted(const struct plain_field *field)
{
	bool quoted = false;

	for (size_t i = 0; field && i < field->length; i++)
		if (field->value[i] == '\\')
			i++;
		else if (field->value[i] == '"')
			quoted = !quoted;
	return quoted;
}

static bool has_long_parameter(const struct plain_field *field, const char *name)
{
	const char *at = field ? strcasestr(field->value, name) : NULL;

	return at && strcspn(at + strlen(name), ";, \r\n") > 256;
}

static bool is_missing(const struct plain *plain)
{
	return !plain_count(plain, "via", "v") || !plain_count(plain, "from", "f") ||
	       !plain_count(plain, "to", "t") || !plain_count(plain, "call-id", "i") ||
	       !plain_count(plain, "cseq", NULL);
}

/* It stands there with two values; `number`: that is one. */
static bool is_contradicted(const struct plain *plain, const char *name, const char *compact,
			    bool number)
{
	const struct plain_field *first = plain_find(plain, name, compact, 0), *next;
	unsigned long a, b;

	for (size_t n = 1; (next = plain_find(plain, name, compact, n)); n++) {
		if (first->length == next->length &&
		    !memcmp(first->value, next->value, first->length))
			continue;
		if (!number || !plain_number(first, &a) || !plain_number(next, &b) || a != b)
			return true;
	}
	return false;
}

static bool is_repeated(const struct plain *plain)
{
	return is_contradicted(plain, "from", "f", false) ||
	       is_contradicted(plain, "call-id", "i", false) ||
	       is_contradicted(plain, "cseq", NULL, false) ||
	       is_contradicted(plain, "content-length", "l", true) ||
	       is_contradicted(plain, "max-forwards", NULL, true);
}

static bool is_control(unsigned char c, bool nul)
{
	return nul ? !c : c && c < ' ' && c != '\t' && c != '\r' && c != '\n';
}

/*
 * A control character, or a NUL, that is not in a quoted string behind a backslash; `behind`: but
 * behind a backslash.
 */
static bool has_control(const struct plain_field *field, bool nul, bool behind)
{
	bool quoted = false, found = false, hidden = false;

	for (size_t i = 0; i < field->length; i++) {
		unsigned char c = field->value[i];
		bool escaped = i && field->value[i - 1] == '\\';

		if (quoted && c == '\\') {
			i++;
			hidden |= i < field->length && is_control(field->value[i], nul);
		} else if (c == '"' && (quoted || !escaped)) {
			quoted = !quoted;
			hidden = false;
		} else if (is_control(c, nul)) {
			found |= escaped || !behind;
		}
	}
	/* A string that does not end is none. */
	return found || (quoted && hidden);
}

/* A NUL in the start line, or in the name or the value of a field. */
static bool has_nul(const struct plain *plain)
{
	if (memchr(plain->text + plain->start, '\0', plain->start_length))
		return true;
	for (size_t i = 0; i < plain->count; i++) {
		const struct plain_field *field = &plain->field[i];

		if (memchr(field->name, '\0', field->name_length) ||
		    has_control(field, true, false))
			return true;
	}
	return false;
}

static bool has_escaped_control(const struct plain *plain)
{
	for (size_t i = 0; i < plain->count; i++)
		if (has_control(&plain->field[i], false, true))
			return true;
	return false;
}

/* The first sip or sips URI of a field ends where its host would begin. */
static bool is_hostless(const struct plain_field *field)
{
	const char *at, *end, *user, *open;

	if (!field)
		return false;
	end = field->value + field->length;
	open = memrchr(field->value, '<', field->length);
	at = open ? open + 1 : field->value;
	if ((size_t)(end - at) < 4 || strncasecmp(at, "sip", 3))
		return false;
	at += 3 + (at[3] == 's' || at[3] == 'S');
	if (at == end || *at != ':')
		return false;
	at++;
	user = memchr(at, '@', strcspn(at, ">,"));
	at = user ? user + 1 : at;
	return at >= end || strchr(":;?>, ", *at);
}

/* The Request-URI ends with the colon of its scheme. */
static bool is_scheme_alone(const struct plain *plain)
{
	const char *start = plain->text + plain->start;
	const char *colon = memchr(start, ':', plain->start_length);

	return colon && colon[1] == ' ';
}

bool fault_confirmed(enum sip_rule rule, const struct corpus_message *message,
		     const struct plain *plain)
{
	const struct plain_field *cseq = plain_find(plain, "cseq", NULL, 0);
	const struct plain_field *length = plain_find(plain, "content-length", "l", 0);
	const struct plain_field *hops = plain_find(plain, "max-forwards", NULL, 0);
	const struct plain_field *id = plain_find(plain, "call-id", "i", 0);
	const struct plain_field *via = plain_find(plain, "via", "v", 0);
	const struct plain_field *from = plain_find(plain, "from", "f", 0);
	const struct plain_field *to = plain_find(plain, "to", "t", 0);
	unsigned long number;

	switch (rule) {
	case SIP_RULE_START_LINE:
		/* One that does not end in what is read is none. */
		return !plain_start_is_good(plain) ||
		       plain->start + plain->start_length + 2 > SIP_READ_MAX;
	case SIP_RULE_STATUS:
		return !status_is_good(plain);
	case SIP_RULE_METHOD_LONG:
		return method_is_long(plain);
	case SIP_RULE_URI_SCHEME:
		/* After a broken method the URI begins where it broke. */
		return !scheme_is_good(plain) || !plain_start_is_good(plain) ||
		       method_is_long(plain);
	case SIP_RULE_FIELD_MISSING:
		return is_missing(plain);
	case SIP_RULE_HOPS:
		return hops && (!plain_number(hops, &number) || number > 255);
	case SIP_RULE_REPEATED:
		return is_repeated(plain);
	case SIP_RULE_CSEQ:
		return cseq && !cseq_is_good(cseq);
	case SIP_RULE_CSEQ_METHOD:
		return !methods_agree(plain);
	case SIP_RULE_VIA:
		return via && !plain_via_is_good(via);
	case SIP_RULE_PARAMETER_LONG:
		return has_long_parameter(via, "branch=") ||
		       has_long_parameter(from, "tag=") || has_long_parameter(to, "tag=");
	case SIP_RULE_QUOTE:
		return is_unquoted(via) || is_unquoted(from) || is_unquoted(to);
	case SIP_RULE_CALL_ID_LONG:
		/* White space of which more than 1024 bytes come before the value counts, too. */
		return id && (id->length > 512 ||
			      id->value - (id->name + id->name_length) > SIP_SKIP_MAX);
	case SIP_RULE_LENGTH:
		return length && !plain_number(length, &number);
	case SIP_RULE_LENGTH_BEYOND:
		return length && plain_number(length, &number) &&
		       number > plain->length - plain->body;
	case SIP_RULE_NUL:
		return has_nul(plain);
	case SIP_RULE_CONTROL_ESCAPED:
		return has_escaped_control(plain);
	case SIP_RULE_HOST_MISSING:
		return is_hostless(from) || is_hostless(to) ||
		       is_hostless(plain_find(plain, "contact", "m", 0));
	case SIP_RULE_URI_EMPTY:
		return is_scheme_alone(plain);
	case SIP_RULE_FIELDS:
		return plain->count > 127;
	case SIP_RULE_SIZE:
		return message->length > 16384;
	default:
		return false;
	}
}
