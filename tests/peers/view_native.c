// SPDX-License-Identifier: GPL-2.0-only
/* What the guard's reader makes of a message, and how a view is written. */
#include <stdio.h>
#include <string.h>

#include "peer_classes.h"

void view_clear(struct peer_view *view)
{
	memset(view, 0, offsetof(struct peer_view, store));
	view->used = 0;
}

void view_text(struct peer_view *view, enum peer_field field, const void *at, size_t length)
{
	if (length >= PEER_STORE - view->used)
		corpus_die("The values of a message are longer than %d bytes.", PEER_STORE);
	view->value[field] = (struct peer_value){view->store + view->used, length, true};
	memcpy(view->store + view->used, at, length);
	view->used += length;
	view->store[view->used++] = '\0';
}

void view_string(struct peer_view *view, enum peer_field field, const char *string)
{
	view_text(view, field, string ? string : "", string ? strlen(string) : 0);
}

void view_number(struct peer_view *view, enum peer_field field, unsigned long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", number);
	view_string(view, field, text);
}

static void native_span(struct peer_view *view, enum peer_field field, const unsigned char *bytes,
			struct sip_span span)
{
	view_text(view, field, bytes + span.at, span.length);
}

/* A number that the reader finds malformed differs from every one that a library sees. */
static void native_number(struct peer_view *view, enum peer_field field,
			  const struct sip_message *m, enum sip_field id, uint64_t fault,
			  uint32_t number)
{
	if (!(m->seen >> id & 1))
		return;
	if (m->faults & fault)
		view_string(view, field, "malformed");
	else
		view_number(view, field, number);
}

static void native_headers(struct peer_view *view, const struct sip_message *m)
{
	static const struct {
		enum sip_field id;
		bool list;
	} header[] = {
#define X(name, label, compact, list) {SIP_FIELD_##name, list},
		PEER_HEADERS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
		view_number(view, PEER_HEADER_FIRST + i,
			    (m->seen >> header[i].id & 1) +
				    (header[i].list ? m->more[header[i].id] : 0));
}

static void native_start_line(struct peer_view *view, const unsigned char *bytes,
			      const struct sip_message *m)
{
	static const char *const kinds[] = {"neither", "request", "response"};
	const struct sip_party *uri = &m->party[SIP_URI];
	const unsigned char *colon = memchr(bytes + m->uri.at, ':', m->uri.length);

	view_string(view, PEER_KIND, kinds[m->kind]);
	if (m->kind == SIP_RESPONSE)
		view_number(view, PEER_STATUS, m->status);
	if (m->kind != SIP_REQUEST)
		return;
	native_span(view, PEER_METHOD, bytes, m->method);
	view_text(view, PEER_URI_SCHEME, bytes + m->uri.at,
		  uri->scheme != SIP_SCHEME_NONE && colon ? colon - bytes - m->uri.at : 0);
	native_span(view, PEER_URI_USER, bytes, uri->user);
	native_span(view, PEER_URI_HOST, bytes, uri->host);
}

static void native_party(struct peer_view *view, const unsigned char *bytes,
			 const struct sip_party *party, enum peer_field user, enum peer_field host,
			 enum peer_field tag)
{
	native_span(view, user, bytes, party->user);
	native_span(view, host, bytes, party->host);
	native_span(view, tag, bytes, party->tag);
}

static void native_values(struct peer_view *view, const struct corpus_message *message,
			  const struct sip_message *m)
{
	static const char *const transports[] = {"",	NULL,	"udp", "tcp",
						 "tls", "sctp", "ws",  "wss"};
	const unsigned char *bytes = message->bytes;
	size_t body = message->length - m->body;

	if (transports[m->transport])
		view_string(view, PEER_TRANSPORT, transports[m->transport]);
	native_span(view, PEER_VIA_HOST, bytes, m->party[SIP_VIA].host);
	native_span(view, PEER_BRANCH, bytes, m->party[SIP_VIA].tag);
	native_party(view, bytes, &m->party[SIP_FROM], PEER_FROM_USER, PEER_FROM_HOST,
		     PEER_FROM_TAG);
	native_party(view, bytes, &m->party[SIP_TO], PEER_TO_USER, PEER_TO_HOST, PEER_TO_TAG);
	native_span(view, PEER_CALL_ID_VALUE, bytes, m->call_id);
	native_number(view, PEER_CSEQ_NUMBER, m, SIP_FIELD_CSEQ, SIP_FAULT(CSEQ), m->cseq);
	native_span(view, PEER_CSEQ_METHOD, bytes, m->cseq_method);
	native_number(view, PEER_HOPS, m, SIP_FIELD_MAX_FORWARDS, SIP_FAULT(HOPS),
		      m->max_forwards);
	native_number(view, PEER_LENGTH, m, SIP_FIELD_CONTENT_LENGTH, SIP_FAULT(LENGTH),
		      m->content_length);
	native_number(view, PEER_EXPIRES_VALUE, m, SIP_FIELD_EXPIRES, SIP_FAULT(EXPIRES),
		      m->expires);
	/* What lies beyond Content-Length is not the body (RFC 3261 section 18.3). */
	if (m->seen >> SIP_FIELD_CONTENT_LENGTH & 1 && !(m->faults & SIP_FAULT(LENGTH)) &&
	    m->content_length < body)
		body = m->content_length;
	if (!(m->faults & SIP_FAULT(LENGTH)) && (m->flags & SIP_HEAD || !(m->flags & SIP_CUT)))
		view_number(view, PEER_BODY, body);
}

void native_view(struct peer_view *view, struct sip_message *m,
			const struct corpus_message *message)
{
	static const struct sip_caps caps = SIP_CAPS_DEFAULT;
	struct sip_input input = {.wanted = ~0ULL, .length = message->length};

	view_clear(view);
	sip_read_native(message->bytes, &input, &caps, m);
	view->accepted = !(m->faults & SIP_DEFAULT_FAULTS);
	native_start_line(view, message->bytes, m);
	if (m->kind == SIP_NEITHER)
		return;
	native_values(view, message, m);
	native_headers(view, m);
}
