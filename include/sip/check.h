/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules that need no bytes of the message, only what was read from it.
 */
#ifndef SIPGUARD_SIP_CHECK_H
#define SIPGUARD_SIP_CHECK_H

#include "sip/state.h"

/* Via, From, To, Call-ID and CSeq are in every message (RFC 3261 section 8.1.1). */
#define SIP_MANDATORY                                                                             \
	(SIP_SEEN(VIA) | SIP_SEEN(FROM) | SIP_SEEN(TO) | SIP_SEEN(CALL_ID) | SIP_SEEN(CSEQ))

SIP_INLINE __u64 sip_if(int broken, __u64 fault)
{
	return broken ? fault : 0;
}

/* Nothing is missing from a header whose end was not read. */
SIP_INLINE __u64 sip_check_missing(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;
	__u64 faults = 0;

	if ((m->flags & (SIP_CUT | SIP_HEAD)) == SIP_CUT)
		return 0;
	faults |= sip_if((m->seen & SIP_MANDATORY) != SIP_MANDATORY, SIP_FAULT(FIELD_MISSING));
	faults |= sip_if(m->kind == SIP_REQUEST && !(m->seen & SIP_SEEN(MAX_FORWARDS)),
			 SIP_FAULT(HOPS_MISSING));
	faults |= sip_if(!(m->flags & SIP_HEAD), SIP_FAULT(HEAD_END));
	faults |= sip_if(r->input.flags & SIP_STREAM && !(m->seen & SIP_SEEN(CONTENT_LENGTH)),
			 SIP_FAULT(LENGTH_MISSING));
	return faults;
}

/*
 * The UDP header of a first fragment has the length of the whole datagram (section 18.3). A stream
 * goes on.
 */
SIP_INLINE int sip_length_known(const struct sip_reader *r)
{
	return r->input.whole || !(r->input.flags & (SIP_MORE | SIP_STREAM));
}

SIP_INLINE __u32 sip_length(const struct sip_reader *r)
{
	return r->input.whole > r->input.length ? r->input.whole : r->input.length;
}

SIP_INLINE __u64 sip_check_fields(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;
	__u64 faults = 0;

	faults |= sip_if(m->max_forwards > SIP_HOPS_MAX, SIP_FAULT(HOPS));
	faults |= sip_if(m->seen & SIP_SEEN(FROM) && !m->party[SIP_FROM].tag.length,
			 SIP_FAULT(FROM_TAG));
	faults |= sip_if(m->transport && (m->transport == SIP_TRANSPORT_UDP) ==
						 !!(r->input.flags & SIP_STREAM),
			 SIP_FAULT(VIA_TRANSPORT));
	faults |= sip_if(m->flags & SIP_HEAD && sip_length_known(r) &&
				 m->content_length > sip_length(r) - m->body,
			 SIP_FAULT(LENGTH_BEYOND));
	return faults;
}

/* What depends on the method: CSeq's, and the fields that it asks for. */
SIP_INLINE __u64 sip_check_method(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;
	__u64 faults = 0, needed = 0;

	if (m->kind != SIP_REQUEST)
		return 0;
	if (m->cseq_method.length && !(m->flags & SIP_SAME_CSEQ))
		faults |= SIP_FAULT(CSEQ_METHOD);
	switch (m->method_id) {
	case SG_METHOD_REGISTER:
		faults |= sip_if(m->party[SIP_URI].user.length, SIP_FAULT(REGISTER_USER));
		break;
	case SG_METHOD_SUBSCRIBE:
	case SG_METHOD_NOTIFY:
	case SG_METHOD_PUBLISH:
		needed = SIP_SEEN(EVENT);
		break;
	case SG_METHOD_PRACK:
		needed = SIP_SEEN(RACK);
		break;
	case SG_METHOD_REFER:
		needed = SIP_SEEN(REFER_TO);
		faults |= sip_if(m->again & needed, SIP_FAULT(METHOD_FIELD));
		break;
	}
	if ((m->flags & (SIP_CUT | SIP_HEAD)) != SIP_CUT)
		faults |= sip_if((m->seen & needed) != needed, SIP_FAULT(METHOD_FIELD));
	return faults;
}

/* Bytes of the message: a stream goes on behind it, and may have brought only its beginning. */
SIP_INLINE __u64 sip_size(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;

	return r->input.flags & SIP_STREAM ? (__u64)m->body + m->content_length : sip_length(r);
}

/* The caps of rule G18. */
SIP_INLINE __u64 sip_check_caps(const struct sip_reader *r, const struct sip_caps *caps)
{
	const struct sip_message *m = &r->message;
	__u64 faults = 0;

	faults |= sip_if(sip_size(r) > caps->message, SIP_FAULT(SIZE));
	faults |= sip_if(m->start_line.length > caps->start_line, SIP_FAULT(START_LONG));
	faults |= sip_if(m->uri.length > caps->uri, SIP_FAULT(URI_LONG));
	faults |= sip_if(m->method.length > caps->method || m->cseq_method.length > caps->method,
			 SIP_FAULT(METHOD_LONG));
	faults |= sip_if(m->longest > caps->field, SIP_FAULT(FIELD_LONG));
	faults |= sip_if(m->fields > caps->fields, SIP_FAULT(FIELDS));
	faults |= sip_if(m->folds > caps->folds, SIP_FAULT(FOLDS));
	faults |= sip_if(m->party[SIP_FROM].tag.length > caps->parameter ||
				 m->party[SIP_TO].tag.length > caps->parameter ||
				 m->party[SIP_VIA].tag.length > caps->parameter,
			 SIP_FAULT(PARAMETER_LONG));
	faults |= sip_if(m->call_id.length > caps->call_id, SIP_FAULT(CALL_ID_LONG));
	/* A response goes no further than its request came. */
	faults |= sip_if((m->kind == SIP_REQUEST) & (m->max_forwards > caps->max_forwards),
			 SIP_FAULT(HOPS));
	return faults;
}

/* Adds to the faults of the message what follows from its numbers. */
SIP_INLINE void sip_check(struct sip_reader *r, const struct sip_caps *caps)
{
	__u64 faults = sip_check_caps(r, caps);

	if (r->message.kind != SIP_NEITHER)
		faults |= sip_check_missing(r) | sip_check_fields(r) | sip_check_method(r);
	sip_fault(r, faults);
}

#endif
