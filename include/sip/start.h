/* SPDX-License-Identifier: GPL-2.0-only */
/* The start line: request or status line (RFC 3261 sections 7.1, 7.2). */
#ifndef SIPGUARD_SIP_START_H
#define SIPGUARD_SIP_START_H

#include "sip/names.h"
#include "sip/scan.h"
#include "sip/state.h"
#include "sip/values.h"

#define SIP_VERSION SIP_WORD('s', 'i', 'p', '/', '2', '.', '0')

/* 100 to 699, three digits and then a space; a line that ends after them is taken, too. */
SIP_INLINE void sip_status_line(struct sip_reader *r, __u32 at, __u32 end)
{
	struct sip_message *m = &r->message;
	__u64 word = sip_load8(r, at + 8);
	__u32 status = sip_digits_number(word, 3);

	m->kind = SIP_RESPONSE;
	m->version = sip_span(at, at + 7);
	if (sip_digits(word) != 3 || status < 100 || status > 699 ||
	    (at + 11 < end && (word >> 24 & 0xff) != ' '))
		sip_fault(r, SIP_FAULT(STATUS));
	else
		m->status = status;
}

/* Only in lines with more spaces than two: whether a blank stands between two offsets. */
SIP_FUNCTION int sip_has_blank(struct sip_reader *r, __u32 at, __u32 end)
{
	__u64 blank;

	if (!r)
		return 0;
	for (__u32 i = 0; i < SIP_SKIP_MAX / 8 && at < end; i++, at += 8) {
		blank = sip_below(sip_load8(r, at), ' ' + 1);
		if (blank)
			return at + sip_first(blank) < end;
	}
	return 0;
}

/* Sets method and its id; returns where it ends. */
SIP_INLINE __u32 sip_method(struct sip_reader *r, __u32 at, __u32 end)
{
	struct sip_message *m = &r->message;
	__u64 a, b;
	__u32 length = sip_method_until(r, at, ' ', &a, &b);

	m->method_id = length ? sip_method_id(a, b) : SG_METHOD_UNKNOWN;
	if (m->method_id == SG_METHOD_UNKNOWN) {
		length = sip_token_length(r, at);
		sip_fault(r, SIP_FAULT(METHOD_UNKNOWN));
	}
	m->method = sip_span(at, at + length);
	/* A token that goes on and on, or a byte that ends it and is no space. */
	if (at + length < end && sip_byte(r, at + length) != ' ')
		sip_fault(r, length >= SIP_NAME_MAX ? SIP_FAULT(METHOD_LONG)
						    : SIP_FAULT(START_LINE));
	return at + length;
}

/* Where the URI ends: before the SIP/2.0 at the line's end; 0 if that is not there. */
SIP_INLINE __u32 sip_version(struct sip_reader *r, __u32 at, __u32 end)
{
	__u64 version;

	if (end > at && sip_byte(r, end - 1) <= ' ') {
		sip_fault(r, SIP_FAULT(START_SPACES));
		end = sip_trim(r, at, end);
	}
	if (end < at + 8)
		return 0;
	version = sip_fold(sip_load8(r, end - 8));
	if (version >> 8 != SIP_VERSION || (version & 0xff) != ' ')
		return 0;
	r->message.version = sip_span(end - 7, end);
	return end - 8;
}

/* The host or the port of the Request-URI is not there, or is an IPv6 address without brackets. */
SIP_INLINE void sip_uri_host(struct sip_reader *r, struct sip_party *uri)
{
	__u32 port = uri->host.at + uri->host.length + 1;

	if (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS)
		return;
	if (!uri->host.length || (uri->port && !sip_is_digit(sip_byte(r, port))))
		sip_fault(r, SIP_FAULT(URI_HOST));
	else if (uri->port && sip_byte(r, port + SIP_DECIMAL_DIGITS(sip_decimal(r, port))) == ':')
		sip_fault(r, SIP_FAULT(URI_HOST));
}

SIP_INLINE void sip_request_uri(struct sip_reader *r, __u32 at, __u32 end)
{
	struct sip_party *uri = &r->message.party[SIP_URI];

	if (sip_is_blank(sip_byte(r, at))) {
		at += sip_blank_length(r, at);
		sip_fault(r, SIP_FAULT(START_SPACES));
	}
	if (sip_has_blank(r, at, end))
		sip_fault(r, SIP_FAULT(START_SPACES));
	r->message.uri = sip_cut(r, at, end);
	r->scan.state = SIP_SCAN_SCHEME;
	r->scan.bracket = SIP_ONLY_URI;
	sip_scan(r, SIP_URI, r->message.uri.at, r->message.uri.at + r->message.uri.length);
	if (uri->scheme == SIP_SCHEME_NONE || uri->scheme >= SIP_SCHEME__MAX)
		sip_fault(r, SIP_FAULT(URI_SCHEME));
	else if (uri->scheme == SIP_SCHEME_OTHER)
		sip_fault(r, SIP_FAULT(URI_UNKNOWN));
	if (uri->scheme != SIP_SCHEME_NONE && r->scan.item == r->scan.end &&
	    r->scan.host == r->scan.end)
		sip_fault(r, SIP_FAULT(URI_EMPTY));
	if (uri->headers)
		sip_fault(r, SIP_FAULT(URI_HEADERS));
	sip_uri_host(r, uri);
}

SIP_INLINE void sip_request_line(struct sip_reader *r, __u32 at, __u32 end)
{
	__u32 after, version = sip_version(r, at, end);

	if (!version) {
		sip_fault(r, SIP_FAULT(START_LINE));
		return;
	}
	r->message.kind = SIP_REQUEST;
	after = sip_method(r, at, end);
	if (after >= version) {
		sip_fault(r, SIP_FAULT(START_LINE));
		return;
	}
	sip_request_uri(r, after + 1, version);
}

SIP_FUNCTION int sip_start_line(struct sip_reader *r)
{
	struct sip_message *m;
	__u32 at, end;

	if (!r)
		return 0;
	m = &r->message;
	at = m->start;
	end = at + m->start_line.length;
	/* Of a line that ends in another fragment only the length is known. */
	if (!m->lines) {
		if (r->input.length > SIP_READ_MAX || m->flags & SIP_HEAD || !(m->flags & SIP_CUT))
			sip_fault(r, SIP_FAULT(START_LINE));
		return 0;
	}
	if (sip_fold(sip_load8(r, at)) == (SIP_VERSION | (__u64)' ' << 56))
		sip_status_line(r, at, end);
	else
		sip_request_line(r, at, end);
	return 0;
}

#endif
