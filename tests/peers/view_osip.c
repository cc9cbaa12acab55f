// SPDX-License-Identifier: GPL-2.0-only
/* What libosip2 makes of a message. */
#include <string.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/types.h>

#include <osipparser2/osip_parser.h>

#include "peers.h"

static void uri(struct peer_view *view, const osip_uri_t *uri, enum peer_field user,
		enum peer_field host)
{
	if (!uri)
		return;
	view_string(view, user, uri->username);
	/* Of a scheme that is not sip it keeps the rest as it is. */
	view_string(view, host, uri->host ? uri->host : uri->string);
}

static void address(struct peer_view *view, osip_from_t *a, enum peer_field user,
		    enum peer_field host, enum peer_field tag)
{
	osip_generic_param_t *parameter = NULL;

	if (!a)
		return;
	uri(view, a->url, user, host);
	osip_generic_param_get_byname(&a->gen_params, (char *)"tag", &parameter);
	view_string(view, tag, parameter ? parameter->gvalue : NULL);
}

/* The first of the header fields that have no place of their own, by either form of its name. */
static const char *other(const osip_message_t *m, const char *name, const char *compact)
{
	for (int i = 0; i < osip_list_size(&m->headers); i++) {
		osip_header_t *header = osip_list_get(&m->headers, i);

		if (!strcasecmp(header->hname, name) ||
		    (compact && !strcasecmp(header->hname, compact)))
			return header->hvalue ? header->hvalue : "";
	}
	return NULL;
}

static void headers(struct peer_view *view, const osip_message_t *m)
{
	static const struct {
		const char *name, *compact;
		bool list;
	} header[] = {
#define X(id, name, compact, list) {name, compact, list},
		PEER_HEADERS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
		view_number(view, PEER_HEADER_FIRST + i,
			    other(m, header[i].name, header[i].compact) != NULL);
	view_number(view, PEER_VIA, osip_list_size(&m->vias));
	view_number(view, PEER_CONTACT, osip_list_size(&m->contacts));
	view_number(view, PEER_ROUTE, osip_list_size(&m->routes));
	view_number(view, PEER_RECORD_ROUTE, osip_list_size(&m->record_routes));
	view_number(view, PEER_FROM, m->from != NULL);
	view_number(view, PEER_TO, m->to != NULL);
	view_number(view, PEER_CALL_ID, m->call_id != NULL);
	view_number(view, PEER_CSEQ, m->cseq != NULL);
	view_number(view, PEER_CONTENT_LENGTH, m->content_length != NULL);
	view_number(view, PEER_CONTENT_TYPE, m->content_type != NULL);
	view_number(view, PEER_CONTENT_ENCODING, osip_list_size(&m->content_encodings) > 0);
	view_number(view, PEER_AUTHORIZATION, osip_list_size(&m->authorizations) > 0);
	view_number(view, PEER_PROXY_AUTHORIZATION, osip_list_size(&m->proxy_authorizations) > 0);
	view_number(view, PEER_ALLOW, osip_list_size(&m->allows) > 0);
	view_number(view, PEER_ACCEPT, osip_list_size(&m->accepts) > 0);
}

static void start_line(struct peer_view *view, const osip_message_t *m)
{
	view_string(view, PEER_KIND, m->status_code ? "response" : m->sip_method ? "request"
									  : "neither");
	if (m->status_code) {
		view_number(view, PEER_STATUS, m->status_code);
		return;
	}
	view_string(view, PEER_METHOD, m->sip_method);
	if (m->req_uri)
		view_string(view, PEER_URI_SCHEME, m->req_uri->scheme);
	uri(view, m->req_uri, PEER_URI_USER, PEER_URI_HOST);
}

static void values(struct peer_view *view, const osip_message_t *m)
{
	osip_generic_param_t *branch = NULL;
	osip_via_t *via = osip_list_get(&m->vias, 0);
	const char *text;

	if (via) {
		view_string(view, PEER_TRANSPORT, via->protocol);
		view_string(view, PEER_VIA_HOST, via->host);
		osip_via_param_get_byname(via, (char *)"branch", &branch);
		view_string(view, PEER_BRANCH, branch ? branch->gvalue : NULL);
	}
	address(view, m->from, PEER_FROM_USER, PEER_FROM_HOST, PEER_FROM_TAG);
	address(view, m->to, PEER_TO_USER, PEER_TO_HOST, PEER_TO_TAG);
	if (m->cseq) {
		view_string(view, PEER_CSEQ_NUMBER, m->cseq->number);
		view_string(view, PEER_CSEQ_METHOD, m->cseq->method);
	}
	text = other(m, "max-forwards", NULL);
	if (text)
		view_string(view, PEER_HOPS, text);
	text = other(m, "expires", NULL);
	if (text)
		view_string(view, PEER_EXPIRES_VALUE, text);
	if (m->content_length)
		view_string(view, PEER_LENGTH, m->content_length->value);
	/* It takes the parts of a multipart body apart. */
	if (osip_list_size(&m->bodies) < 2 &&
	    !(m->content_type && m->content_type->type &&
	      !strcasecmp(m->content_type->type, "multipart"))) {
		osip_body_t *body = osip_list_get(&m->bodies, 0);

		view_number(view, PEER_BODY, body ? body->length : 0);
	}
}

/* It splits Call-ID in two. */
static void call_id(struct peer_view *view, const osip_message_t *m)
{
	char *text = NULL;

	if (!m->call_id || osip_call_id_to_str(m->call_id, &text))
		return;
	view_string(view, PEER_CALL_ID_VALUE, text);
	osip_free(text);
}

void osip_view(struct peer_view *view, const void *bytes, size_t length)
{
	osip_message_t *message;
	int status;

	parser_init();
	/* It reports each error to standard output. */
	for (int level = 0; level < END_TRACE_LEVEL; level++)
		osip_trace_disable_level(level);
	view_clear(view);
	if (osip_message_init(&message))
		return;
	status = osip_message_parse(message, bytes, length);
	view->accepted = !status;
	view->error = status ? osip_strerror(status) : NULL;
	start_line(view, message);
	values(view, message);
	call_id(view, message);
	headers(view, message);
	osip_message_free(message);
}
