/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message reader with every value read the general way. The plain ways (sip/plain.h) must find
 * the same as that, or decline and change nothing.
 */
#ifndef SIPGUARD_GENERAL_H
#define SIPGUARD_GENERAL_H

#include <stdbool.h>
#include <string.h>

#include "sip/reader.h"

/* With these the plain ways of From, To and Via decline at once. */
#define GENERAL_ONLY (SIP_FAULT(DISPLAY_NAME) | SIP_FAULT(VIA_HOST))

static inline bool general_seen(const struct sip_reader *r, __u32 id)
{
	return r->message.seen >> id & 1;
}

/* As sip_values(). */
static inline void general_values(struct sip_reader *r)
{
	sip_start_line(r);
	if (r->message.kind == SIP_NEITHER)
		return;
	if (general_seen(r, SIP_FIELD_VIA))
		sip_via(r);
	if (general_seen(r, SIP_FIELD_FROM))
		sip_address(r, SIP_FROM, SIP_FIELD_FROM);
	if (general_seen(r, SIP_FIELD_TO))
		sip_address(r, SIP_TO, SIP_FIELD_TO);
	if (general_seen(r, SIP_FIELD_CSEQ))
		sip_cseq(r);
	sip_numbers(r);
	sip_cseq_compare(r);
	sip_call_id(r);
	/* Of a plain Contact nothing but the rule CONTACT asks for more, see general_contact(). */
	if (general_seen(r, SIP_FIELD_CONTACT))
		sip_contact(r);
}

/* Reads the lines of a message; its values are still to be read. */
static inline void general_begin(struct sip_reader *r, const __u8 *bytes,
				 const struct sip_input *input)
{
	*r = (struct sip_reader){.source.bytes = bytes, .input = *input};
	r->source.length = input->length < SIP_READ_MAX ? input->length : SIP_READ_MAX;
	r->message.read = r->source.length;
	if (input->length > SIP_READ_MAX || input->flags & SIP_MORE)
		r->message.flags = SIP_CUT;
	sip_lines(r);
}

/* Whether a plain way that is asked by itself takes the value, or leaves everything as it was. */
static inline bool general_tried(struct sip_reader *r, const struct sip_message *before, int taken)
{
	bool fine = taken || !memcmp(&r->message, before, sizeof(*before));

	r->message = *before;
	return fine;
}

/* NULL, or which plain way declines and has changed something. `r` has its lines only. */
static inline const char *general_declines(struct sip_reader *r)
{
	struct sip_message before = r->message;

	if (!general_tried(r, &before, sip_plain_request(r)))
		return "the start line";
	if (general_seen(r, SIP_FIELD_VIA) && !general_tried(r, &before, sip_plain_via(r)))
		return "Via";
	if (general_seen(r, SIP_FIELD_FROM) &&
	    !general_tried(r, &before, sip_plain_address(r, SIP_FROM, SIP_FIELD_FROM)))
		return "From";
	if (general_seen(r, SIP_FIELD_TO) &&
	    !general_tried(r, &before, sip_plain_address(r, SIP_TO, SIP_FIELD_TO)))
		return "To";
	if (general_seen(r, SIP_FIELD_CSEQ) && !general_tried(r, &before, sip_plain_cseq(r)))
		return "CSeq";
	return general_tried(r, &before, sip_plain_counts(r)) ? NULL : "the numbers";
}

/*
 * Whether a Contact that is taken for plain has a host the general way, too. Only its first URI is
 * meant, from the < to the next < or >: whatever comes later is not its business.
 */
static inline bool general_contact(struct sip_reader *r)
{
	struct sip_span *field = &r->message.field[SIP_FIELD_CONTACT];
	__u32 at, end = sip_field_end(r, SIP_FIELD_CONTACT);

	if (!general_seen(r, SIP_FIELD_CONTACT) || !sip_plain_contact(r))
		return true;
	at = sip_plain_value(r, SIP_FIELD_CONTACT) + 1;
	while (at < end && sip_byte(r, at) != '<' && sip_byte(r, at) != '>')
		at++;
	field->length = at - field->at;
	r->message.faults = 0;
	r->message.party[SIP_CONTACT] = (struct sip_party){};
	sip_address(r, SIP_CONTACT, SIP_FIELD_CONTACT);
	return !(r->message.faults & SIP_FAULT(HOST_MISSING));
}

/* What depends on how the values were read: all that is wanted and valid. */
static inline void general_normalize(struct sip_message *message, __u64 wanted)
{
	message->faults &= wanted;
	for (int id = 0; id < SIP_FIELD__MAX; id++)
		if (!(message->seen >> id & 1))
			message->field[id] = (struct sip_span){};
}

/*
 * NULL, or what is not the same the general way. `input` and `caps` as for sip_read_native(), which
 * has to read the same bytes.
 */
static inline const char *general_differs(const __u8 *bytes, const struct sip_input *input,
					  const struct sip_caps *caps)
{
	struct sip_message plain;
	struct sip_reader r;
	const char *what;

	general_begin(&r, bytes, input);
	what = general_declines(&r);
	if (what)
		return what;
	general_values(&r);
	sip_check(&r, caps);
	sip_read_native(bytes, input, caps, &plain);
	general_normalize(&plain, input->wanted);
	general_normalize(&r.message, input->wanted);
	if (plain.faults != r.message.faults)
		return "the faults";
	if (memcmp(plain.party, r.message.party, sizeof(plain.party)))
		return "an address, the URI or Via";
	if (memcmp(&plain, &r.message, sizeof(plain)))
		return "a number, the start line or CSeq";
	return general_contact(&r) ? NULL : "Contact";
}

#endif
