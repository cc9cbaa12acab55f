// SPDX-License-Identifier: GPL-2.0-only
/* What sofia-sip makes of a message. */
#include <sys/types.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_util.h>

#include "peers.h"

static void address(struct peer_view *view, const sip_addr_t *a, enum peer_field user,
		    enum peer_field host, enum peer_field tag)
{
	if (!a)
		return;
	view_string(view, user, a->a_url->url_user);
	view_string(view, host, a->a_url->url_host);
	view_string(view, tag, a->a_tag);
}

static unsigned int elements(const void *header)
{
	unsigned int count = 0;

	for (const sip_header_t *h = header; h; h = (const sip_header_t *)h->sh_next)
		count++;
	return count;
}

/* The header fields that it could not parse and goes on without. */
static void unparsed(struct peer_view *view, const sip_t *sip)
{
	static const char *const names[] = {
#define X(id, name, ...) name,
		PEER_HEADERS(X)
#undef X
	};

	for (const sip_error_t *error = sip->sip_error; error; error = error->er_next) {
		/* A second one of what there is once is there as what it is. */
		const char *name = error->er_common->h_class == sip_error_class
					   ? error->er_name : error->er_common->h_class->hc_name;

		for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcasecmp(name, names[i]))
				view->unparsed |= 1ULL << i;
	}
}

static void headers(struct peer_view *view, const sip_t *sip)
{
	const void *const found[] = {
		sip->sip_via, sip->sip_contact, sip->sip_route, sip->sip_record_route,
		sip->sip_from, sip->sip_to, sip->sip_call_id, sip->sip_cseq,
		sip->sip_max_forwards, sip->sip_content_length, sip->sip_content_type,
		sip->sip_content_encoding, sip->sip_expires, sip->sip_user_agent, sip->sip_server,
		sip->sip_authorization, sip->sip_proxy_authorization, sip->sip_event,
		sip->sip_allow_events, sip->sip_refer_to, sip->sip_referred_by, sip->sip_rack,
		sip->sip_supported, sip->sip_require, sip->sip_allow, sip->sip_accept,
		sip->sip_accept_contact, sip->sip_reject_contact, sip->sip_request_disposition,
		sip->sip_session_expires, sip->sip_subject,
	};
	static const bool list[] = {
#define X(name, label, compact, list) list,
		PEER_HEADERS(X)
#undef X
	};

	_Static_assert(sizeof(found) / sizeof(found[0]) == sizeof(list), "one for each header");
	for (size_t i = 0; i < sizeof(list); i++)
		view_number(view, PEER_HEADER_FIRST + i,
			    list[i] ? elements(found[i]) : found[i] != NULL);
}

static void start_line(struct peer_view *view, const sip_t *sip)
{
	const sip_request_t *rq = sip->sip_request;

	view_string(view, PEER_KIND, rq ? "request" : sip->sip_status ? "response" : "neither");
	if (sip->sip_status)
		view_number(view, PEER_STATUS, sip->sip_status->st_status);
	if (!rq)
		return;
	view_string(view, PEER_METHOD, rq->rq_method_name);
	view_string(view, PEER_URI_SCHEME, rq->rq_url->url_scheme);
	view_string(view, PEER_URI_USER, rq->rq_url->url_user);
	view_string(view, PEER_URI_HOST, rq->rq_url->url_host);
}

static void values(struct peer_view *view, const sip_t *sip)
{
	const sip_via_t *via = sip->sip_via;

	if (via) {
		view_string(view, PEER_TRANSPORT, strrchr(via->v_protocol, '/') ?
			    strrchr(via->v_protocol, '/') + 1 : via->v_protocol);
		view_string(view, PEER_VIA_HOST, via->v_host);
		view_string(view, PEER_BRANCH, via->v_branch);
	}
	address(view, sip->sip_from, PEER_FROM_USER, PEER_FROM_HOST, PEER_FROM_TAG);
	address(view, sip->sip_to, PEER_TO_USER, PEER_TO_HOST, PEER_TO_TAG);
	if (sip->sip_call_id)
		view_string(view, PEER_CALL_ID_VALUE, sip->sip_call_id->i_id);
	if (sip->sip_cseq) {
		view_number(view, PEER_CSEQ_NUMBER, sip->sip_cseq->cs_seq);
		view_string(view, PEER_CSEQ_METHOD, sip->sip_cseq->cs_method_name);
	}
	if (sip->sip_max_forwards)
		view_number(view, PEER_HOPS, sip->sip_max_forwards->mf_count);
	if (sip->sip_content_length)
		view_number(view, PEER_LENGTH, sip->sip_content_length->l_length);
	if (sip->sip_expires)
		view_number(view, PEER_EXPIRES_VALUE, sip->sip_expires->ex_delta);
	view_number(view, PEER_BODY, sip->sip_payload ? sip->sip_payload->pl_len : 0);
}

void sofia_view(struct peer_view *view, const void *bytes, size_t length)
{
	msg_t *message = msg_make(sip_default_mclass(), 0, bytes, length);
	const sip_t *sip = message ? sip_object(message) : NULL;

	view_clear(view);
	if (!sip) {
		view->error = "no message";
		return;
	}
	if (sip->sip_flags & MSG_FLG_ERROR)
		view->error = "error flag";
	else if (sip_sanity_check(sip) < 0)
		view->error = "sanity check";
	view->accepted = !view->error;
	start_line(view, sip);
	values(view, sip);
	headers(view, sip);
	unparsed(view, sip);
	msg_destroy(message);
}

unsigned int sofia_errors(const void *bytes, size_t length)
{
	msg_t *message = msg_make(sip_default_mclass(), 0, bytes, length);
	const sip_t *sip = message ? sip_object(message) : NULL;
	unsigned int count = 0;

	for (const sip_error_t *error = sip ? sip->sip_error : NULL; error; error = error->er_next)
		count++;
	if (message)
		msg_destroy(message);
	return count;
}
