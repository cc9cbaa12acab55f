// SPDX-License-Identifier: GPL-2.0-only
/* Classes of messages that only the guard or only a library refuses: see peer_table.h. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "confirm.h"
#include "peer_classes.h"

/* A token before the colon. */
static bool is_name(const struct plain_field *field)
{
	for (size_t i = 0; i < field->name_length; i++)
		if (!is_token_byte(field->name[i]))
			return false;
	return field->name_length > 0;
}

/* --- what the guard refuses and the library takes: each fault has to be there --- */

static bool refused_for(const struct difference *d, enum sip_rule rule)
{
	uint64_t faults = d->native->faults & SIP_DEFAULT_FAULTS;

	if (d->field != PEER_VERDICT || d->ours->accepted || __builtin_ctzll(faults) != (int)rule)
		return false;
	for (int i = 0; i < SIP_RULE__MAX; i++)
		if (faults >> i & 1 && !fault_confirmed(i, d->message, d->plain))
			return false;
	return true;
}

#define REFUSED_FOR(name, rule)                                                                   \
	bool refused_##name(const struct difference *d)                                           \
	{                                                                                         \
		return refused_for(d, SIP_RULE_##rule);                                           \
	}
REFUSED_FOR(start_line, START_LINE)
REFUSED_FOR(status, STATUS)
REFUSED_FOR(method_long, METHOD_LONG)
REFUSED_FOR(uri_scheme, URI_SCHEME)
REFUSED_FOR(field_missing, FIELD_MISSING)
REFUSED_FOR(hops, HOPS)
REFUSED_FOR(repeated, REPEATED)
REFUSED_FOR(cseq, CSEQ)
REFUSED_FOR(cseq_method, CSEQ_METHOD)
REFUSED_FOR(via, VIA)
REFUSED_FOR(parameter_long, PARAMETER_LONG)
REFUSED_FOR(call_id_long, CALL_ID_LONG)
REFUSED_FOR(length, LENGTH)
REFUSED_FOR(length_beyond, LENGTH_BEYOND)
REFUSED_FOR(nul, NUL)
REFUSED_FOR(host_missing, HOST_MISSING)
REFUSED_FOR(size, SIZE)

/* --- what the library refuses and the guard lets pass --- */

static bool accepts(const struct difference *d)
{
	return d->field == PEER_VERDICT && d->ours->accepted;
}

/* The library refuses the message for this field, and for nothing else. */
static bool culprit_is(const struct difference *d, const char *name, const char *compact)
{
	const struct plain_field *field = d->culprit.field;

	return accepts(d) && field &&
	       ((field->name_length == strlen(name) &&
		 !strncasecmp(field->name, name, field->name_length)) ||
		(compact && field->name_length == 1 && (*field->name | 0x20) == *compact));
}

static bool culprit_is_address(const struct difference *d)
{
	return culprit_is(d, "from", "f") || culprit_is(d, "to", "t") ||
	       (accepts(d) && d->culprit.kind == CULPRIT_ADDRESSES);
}

/* It goes on beyond what the guard reads, or what is wrong comes after that. */
bool passed_beyond(const struct difference *d)
{
	const struct plain_field *field = d->culprit.field;

	if (!accepts(d) || d->message->length <= SIP_READ_MAX)
		return false;
	return field ? field->end > SIP_READ_MAX - 2
		     : d->culprit.kind == CULPRIT_SEVERAL && d->plain->body > SIP_READ_MAX;
}

/* A NUL with a backslash before it, inside a quoted string. */
static bool has_escaped_nul(const struct plain_field *field)
{
	bool quoted = false;

	for (size_t i = 0; field && i < field->length; i++) {
		if (field->value[i] == '"')
			quoted = !quoted;
		if (field->value[i] != '\\')
			continue;
		i++;
		if (i < field->length && !field->value[i] && quoted)
			return true;
	}
	return false;
}

bool passed_quoted_nul(const struct difference *d)
{
	return accepts(d) && !has_faults(d, SIP_FAULT(CONTROL)) &&
	       (has_escaped_nul(plain_find(d->plain, "from", "f", 0)) ||
		has_escaped_nul(plain_find(d->plain, "to", "t", 0)));
}

bool passed_control(const struct difference *d)
{
	const struct plain_field *field = d->culprit.field;

	for (size_t i = 0; accepts(d) && field && i < field->length; i++)
		if ((unsigned char)field->value[i] < ' ' && field->value[i] != '\t')
			return has_faults(d, SIP_FAULT(CONTROL));
	return false;
}

bool passed_high(const struct difference *d)
{
	const struct plain_field *field = d->culprit.field;

	for (size_t i = 0; accepts(d) && field && i < field->length; i++)
		if ((unsigned char)field->value[i] >= 128)
			return true;
	return false;
}

bool passed_address(const struct difference *d)
{
	return culprit_is_address(d) &&
	       has_faults(d, SIP_FAULT(ADDRESS) | SIP_FAULT(DISPLAY_NAME) |
				     SIP_FAULT(PARAMETER_EMPTY));
}

bool passed_name_quote(const struct difference *d)
{
	return culprit_is_address(d) && has_faults(d, SIP_FAULT(NAME_QUOTE));
}

/* The same value, more than once. */
bool passed_again(const struct difference *d)
{
	static const char *const single[][2] = {
		{"from", "f"}, {"to", "t"}, {"call-id", "i"}, {"cseq", NULL},
		{"content-length", "l"}, {"max-forwards", NULL},
	};

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (plain_count(d->plain, single[i][0], single[i][1]) > 1)
			return accepts(d);
	return false;
}

/* The tag is empty, or goes on with another equals sign. */
bool passed_tag(const struct difference *d)
{
	const struct plain_field *field = d->culprit.field;
	const char *tag = culprit_is(d, "from", "f") ? strcasestr(field->value, ";tag=") : NULL;

	return tag && (tag + 5 == field->value + field->length || tag[5] == '=');
}

bool passed_via(const struct difference *d)
{
	return culprit_is(d, "via", "v") &&
	       has_faults(d, SIP_FAULT(VIA_HOST) | SIP_FAULT(PARAMETER_EMPTY));
}

bool passed_call_id(const struct difference *d)
{
	return culprit_is(d, "call-id", "i") && has_faults(d, SIP_FAULT(CALL_ID));
}

bool passed_contact(const struct difference *d)
{
	return culprit_is(d, "contact", "m") && has_faults(d, SIP_FAULT(CONTACT));
}

/* More than one quoted string before the address. */
bool passed_contact_name(const struct difference *d)
{
	const struct plain_field *field = d->culprit.field;

	return culprit_is(d, "contact", "m") && field->length > 4 && *field->value == '"' &&
	       memmem(field->value, field->length, "\" \"", 3);
}

bool passed_not_read(const struct difference *d)
{
	return culprit_is(d, "content-type", "c") || culprit_is(d, "www-authenticate", NULL);
}

bool passed_head_end(const struct difference *d)
{
	return accepts(d) && d->culprit.kind == CULPRIT_LAYOUT &&
	       has_faults(d, SIP_FAULT(HEAD_END)) && !d->plain->ended;
}

bool passed_field_line(const struct difference *d)
{
	if (!accepts(d) || d->culprit.kind != CULPRIT_SEVERAL ||
	    !has_faults(d, SIP_FAULT(FIELD_LINE)))
		return false;
	for (size_t i = 0; i < d->plain->count; i++)
		if (!is_name(&d->plain->field[i]))
			return true;
	return false;
}

bool passed_parts(const struct difference *d)
{
	const struct plain_field *type = plain_find(d->plain, "content-type", "c", 0);

	return accepts(d) && d->culprit.kind == CULPRIT_BODY && type &&
	       !strncasecmp(type->value, "multipart/", 10);
}

bool passed_start(const struct difference *d)
{
	return accepts(d) && d->culprit.kind == CULPRIT_START &&
	       has_faults(d, SIP_FAULT(START_SPACES) | SIP_FAULT(URI_HOST));
}

bool passed_scheme(const struct difference *d)
{
	return accepts(d) && d->culprit.kind == CULPRIT_START &&
	       (d->native->faults & ~SIP_FAULT(VIA_TRANSPORT)) == SIP_FAULT(URI_UNKNOWN);
}

/* A token, which no method of its list begins with as it looks for it. */
bool passed_method(const struct difference *d)
{
	char first = d->ours->value[PEER_METHOD].at ? *d->ours->value[PEER_METHOD].at : 0;

	return accepts(d) && d->culprit.kind == CULPRIT_SEVERAL &&
	       has_faults(d, SIP_FAULT(METHOD_UNKNOWN)) && plain_start_is_good(d->plain) &&
	       (first == 'S' || !isalpha((unsigned char)first));
}
