// SPDX-License-Identifier: GPL-2.0-only
/* Classes of values that a library reads otherwise: see peer_table.h. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "confirm.h"
#include "peer_classes.h"

/* What lies beyond the part of a message that the guard reads. */
bool value_beyond(const struct difference *d)
{
	const struct plain_field *field;

	if (d->message->length <= SIP_READ_MAX)
		return false;
	if (d->field == PEER_BODY)
		return d->plain->body > SIP_READ_MAX;
	for (size_t n = 0; (field = source(d, n)); n++)
		if (field->end >= SIP_READ_MAX - 2)
			return true;
	return false;
}

/* The libraries keep strings, which end at a NUL. */
bool value_after_nul(const struct difference *d)
{
	const char *nul = memchr(d->plain->text, '\0', d->plain->body);
	const struct plain_field *field;

	if (!nul || d->field == PEER_VERDICT)
		return false;
	if (d->field == PEER_BODY)
		return true;
	for (size_t n = 0; (field = source(d, n)); n++)
		if (nul < field->value + field->length)
			return true;
	return false;
}

static size_t number_of(const struct peer_value *value)
{
	size_t number = 0;

	for (size_t i = 0; i < value->length; i++)
		number = number * 10 + (value->at[i] - '0');
	return number;
}

/* Header fields on one side, the elements that they list on the other. */
bool value_elements(const struct difference *d)
{
	const struct source *s = &sources[d->field];

	return s->list && number_of(&d->a) == plain_count(d->plain, s->name, s->compact) &&
	       number_of(&d->b) == plain_elements(d->plain, s->name, s->compact);
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Theirs is ours without its escapes; what an escaped NUL ends included. */
bool value_unescaped(const struct difference *d)
{
	size_t j = 0;
	char c;

	if (!is_uri(d))
		return false;
	for (size_t i = 0; i < d->a.length; i++) {
		c = d->a.at[i];
		if (c == '%' && i + 2 < d->a.length && isxdigit((unsigned char)d->a.at[i + 1]) &&
		    isxdigit((unsigned char)d->a.at[i + 2])) {
			/* Some are left as they are. */
			if (j < d->b.length && d->b.at[j] == '%' &&
			    !strncasecmp(d->b.at + j, d->a.at + i, 3)) {
				i += 2;
				j += 3;
				continue;
			}
			c = hex(d->a.at[i + 1]) << 4 | hex(d->a.at[i + 2]);
			i += 2;
			if (!c)
				break;
		}
		if (j == d->b.length || d->b.at[j++] != c)
			return false;
	}
	return j == d->b.length;
}

bool value_brackets(const struct difference *d)
{
	return (d->field == PEER_VIA_HOST || is_uri(d)) && d->a.length == d->b.length + 2 &&
	       d->a.at[0] == '[' && d->a.at[d->a.length - 1] == ']' &&
	       !memcmp(d->a.at + 1, d->b.at, d->b.length);
}

static bool is_number(const struct difference *d)
{
	return is_one_of(d, PEER_HOPS, PEER_EXPIRES_VALUE) || d->field == PEER_CSEQ_NUMBER;
}

bool value_zeros(const struct difference *d)
{
	size_t zeros = 0;

	while (zeros + 1 < d->b.length && d->b.at[zeros] == '0')
		zeros++;
	return is_number(d) && zeros && d->a.length == d->b.length - zeros &&
	       !memcmp(d->a.at, d->b.at + zeros, d->a.length);
}

/* The guard calls a number malformed that is none. */
bool value_no_number(const struct difference *d)
{
	const struct plain_field *field = source(d, 0);
	unsigned long number;

	if (!is_number(d) || !field || d->a.length != strlen("malformed"))
		return false;
	if (d->field == PEER_CSEQ_NUMBER)
		return fault_confirmed(SIP_RULE_CSEQ, d->message, d->plain);
	return !plain_number(field, &number) || (d->field == PEER_HOPS && number > 255);
}

bool value_cseq(const struct difference *d)
{
	return d->field == PEER_CSEQ_METHOD && !d->a.length &&
	       fault_confirmed(SIP_RULE_CSEQ, d->message, d->plain);
}

bool value_kind(const struct difference *d)
{
	return d->field == PEER_KIND &&
	       fault_confirmed(SIP_RULE_START_LINE, d->message, d->plain);
}

bool value_method(const struct difference *d)
{
	return (d->field == PEER_METHOD || d->field == PEER_URI_SCHEME ||
		d->field == PEER_URI_USER || d->field == PEER_URI_HOST) &&
	       (has_faults(d, SIP_FAULT(START_LINE) | SIP_FAULT(METHOD_LONG))) &&
	       (!plain_start_is_good(d->plain) ||
		fault_confirmed(SIP_RULE_METHOD_LONG, d->message, d->plain));
}

bool value_via(const struct difference *d)
{
	return is_one_of(d, PEER_TRANSPORT, PEER_BRANCH) && !d->a.length &&
	       fault_confirmed(SIP_RULE_VIA, d->message, d->plain);
}

/* sofia-sip goes on without what it cannot parse. */
bool value_unparsed(const struct difference *d)
{
	return is_header(d) && d->theirs->unparsed >> (d->field - PEER_HEADER_FIRST) & 1 &&
	       source(d, 0) && number_of(&d->a) > number_of(&d->b);
}

bool value_empty(const struct difference *d)
{
	const struct plain_field *field = source(d, 0);

	return is_header(d) && field && !field->length && number_of(&d->a) == 1 &&
	       number_of(&d->b) == 0;
}

bool value_added_length(const struct difference *d)
{
	return (d->field == PEER_CONTENT_LENGTH || d->field == PEER_LENGTH) &&
	       !plain_count(d->plain, "content-length", "l") && d->b.length;
}

bool value_no_type(const struct difference *d)
{
	const struct plain_field *type = plain_find(d->plain, "content-type", "c", 0);

	return d->field == PEER_BODY && (!type || !type->length) && number_of(&d->b) == 0;
}

static bool has_sip_uri(const struct difference *d)
{
	const struct plain_field *field = source(d, 0);
	const char *text = field ? field->value : d->plain->text + d->plain->start;
	size_t length = field ? field->length : d->plain->start_length;

	for (size_t i = 0; i + 5 <= length; i++)
		if (!strncasecmp(text + i, "sip:", 4) || !strncasecmp(text + i, "sips:", 5))
			return true;
	return false;
}

/* Of a scheme that is not sip: what a host is there is each parser's own matter. */
bool value_other_scheme(const struct difference *d)
{
	enum sip_party_id id = d->field == PEER_URI_USER || d->field == PEER_URI_HOST ? SIP_URI :
			       d->field == PEER_FROM_USER || d->field == PEER_FROM_HOST ? SIP_FROM
											: SIP_TO;
	unsigned int scheme = d->native->party[id].scheme;

	return is_uri(d) && scheme != SIP_SCHEME_NONE && scheme != SIP_SCHEME_SIP &&
	       scheme != SIP_SCHEME_SIPS && !has_sip_uri(d);
}

static bool is_address(const struct difference *d)
{
	return is_one_of(d, PEER_FROM_USER, PEER_TO_TAG);
}

bool value_bad_address(const struct difference *d)
{
	return is_address(d) && has_faults(d, SIP_FAULT(ADDRESS)) && source(d, 0) &&
	       !plain_address_is_good(source(d, 0));
}

/* A line that consists of a name, and one that continues it with the colon. */
bool value_colon_folded(const struct difference *d)
{
	const struct source *s = &sources[d->field];

	if (!s->name || plain_find(d->plain, s->name, s->compact, 0) || number_of(&d->a))
		return false;
	for (size_t i = 0; i < d->plain->count; i++) {
		const struct plain_field *field = &d->plain->field[i];
		size_t length = strlen(s->name);

		if (!field->name_length && field->length > length &&
		    !strncasecmp(field->value, s->name, length) &&
		    strchr(" \t:", field->value[length]))
			return true;
	}
	return false;
}

/* The line after the start line begins with blanks, so that it continues nothing. */
bool value_indented(const struct difference *d)
{
	const char *name = sources[d->field].name, *at;

	if (!name || number_of(&d->a) || !d->plain->count)
		return false;
	at = d->plain->field[0].name;
	return isblank((unsigned char)*at) && has_faults(d, SIP_FAULT(FIELD_LINE)) &&
	       !strncasecmp(at + strspn(at, " \t"), name, strlen(name));
}

/* The library takes a CR alone for the end of a line. */
bool value_bare_cr(const struct difference *d)
{
	return d->a.length > d->b.length && d->a.at[d->b.length] == '\r' &&
	       !memcmp(d->a.at, d->b.at, d->b.length) && has_faults(d, SIP_FAULT(LINE_END));
}

/* The same but for white space, which a fold is a part of. */
bool value_folded(const struct difference *d)
{
	size_t j = 0;

	if (is_header(d) || d->field == PEER_VERDICT || !d->plain->folded)
		return false;
	for (size_t i = 0; i < d->a.length; i++) {
		if (isspace((unsigned char)d->a.at[i]))
			continue;
		while (j < d->b.length && isspace((unsigned char)d->b.at[j]))
			j++;
		if (j == d->b.length || d->a.at[i] != d->b.at[j++])
			return false;
	}
	return j == d->b.length && memchr(d->a.at, '\n', d->a.length);
}

/* White space before a value, of which the guard skips 1024 bytes. */
bool value_blanks(const struct difference *d)
{
	size_t blanks = 0;

	while (blanks < d->a.length && isspace((unsigned char)d->a.at[blanks]))
		blanks++;
	return blanks && d->a.length == d->b.length + blanks &&
	       !memcmp(d->a.at + blanks, d->b.at, d->b.length);
}

bool value_status(const struct difference *d)
{
	return d->field == PEER_STATUS && fault_confirmed(SIP_RULE_STATUS, d->message, d->plain);
}

bool value_scheme(const struct difference *d)
{
	return is_one_of(d, PEER_URI_SCHEME, PEER_URI_HOST) &&
	       has_faults(d, SIP_FAULT(URI_SCHEME)) &&
	       fault_confirmed(SIP_RULE_URI_SCHEME, d->message, d->plain);
}

/* An IPv6 address without its brackets. */
bool value_uri_host(const struct difference *d)
{
	return d->field == PEER_URI_HOST && has_faults(d, SIP_FAULT(URI_HOST)) &&
	       d->a.length < d->b.length && memchr(d->b.at, ':', d->b.length) &&
	       !memcmp(d->a.at, d->b.at, d->a.length);
}

/* The library goes on with the next Via if it cannot parse the first. */
bool value_next_via(const struct difference *d)
{
	return is_one_of(d, PEER_TRANSPORT, PEER_BRANCH) &&
	       d->theirs->unparsed >> (PEER_VIA - PEER_HEADER_FIRST) & 1 &&
	       plain_count(d->plain, "via", "v") > 1;
}

/* libosip2 leaves them out, and says nothing. */
bool value_left_out(const struct difference *d)
{
	const struct plain_field *field = source(d, 0);

	return field && number_of(&d->a) == 1 && number_of(&d->b) == 0 &&
	       ((d->field == PEER_RECORD_ROUTE && !memchr(field->value, '<', field->length)) ||
		(d->field == PEER_AUTHORIZATION && !memchr(field->value, '"', field->length)));
}
