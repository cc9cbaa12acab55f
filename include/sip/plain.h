/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The request line and the values that matter, in the form that nearly all messages have. Whatever
 * has another form is left to the general way (sip/start.h, sip/via.h, sip/scan.h, sip/values.h),
 * which finds the same and more: the functions here then return 0, with nothing changed.
 *
 * A return costs 7 to 8 ns where it is made safe. All the same the address, the Via and the request
 * line are functions: in one piece with the lines the verifier of 6.1 follows 350 000 instructions
 * more (clang 19).
 */
#ifndef SIPGUARD_SIP_PLAIN_H
#define SIPGUARD_SIP_PLAIN_H

#include "sip/names.h"
#include "sip/start.h"
#include "sip/state.h"
#include "sip/stops.h"
#include "sip/values.h"
#include "sip/via.h"

#define SIP_PARAMETERS 6 /* of a Via */
#define SIP_URI_STOPS 4  /* semicolons and equals signs in the parameters of a URI */

/* A URI so far: offsets, and `user` is `host` without one. All scalars, for the compiler. */
struct sip_plain_uri {
	__u32 user;
	__u32 host; /* ends at `end`, the user one byte before it begins */
	__u32 end;
	__u32 port;
	__u32 scheme;
};

/* Beyond the parameters of a URI, from behind the first semicolon on. Returns the stop, or 0. */
SIP_FUNCTION int sip_plain_rest(struct sip_reader *r, __u32 at)
{
	__u32 stop;

	if (!r)
		return 0;
	stop = sip_stop(r, at);
	for (__u32 i = 1; i < SIP_URI_STOPS; i++) {
		if (!SIP_STOP_IS(stop, ';') && !SIP_STOP_IS(stop, '='))
			break;
		stop = sip_stop(r, SIP_STOP_AT(stop) + 1);
	}
	return stop;
}

/*
 * user@host:port;parameters of a URI from `at` on. Returns its stop, or 0. IPv6 addresses are not
 * plain.
 */
SIP_INLINE __u32 sip_plain_uri(struct sip_reader *r, __u32 at, struct sip_plain_uri *uri)
{
	__u32 stop = sip_stop(r, at);

	uri->user = uri->host = at;
	if (SIP_STOP_IS(stop, '@') && SIP_STOP_AT(stop) != at) {
		uri->host = SIP_STOP_AT(stop) + 1;
		stop = sip_stop(r, uri->host);
	}
	uri->end = SIP_STOP_AT(stop);
	uri->port = SIP_STOP_IS(stop, ':');
	if (uri->port)
		stop = sip_stop(r, uri->end + 1);
	if (SIP_STOP_IS(stop, '=') || uri->end == uri->host || sip_byte(r, uri->host) == '[')
		return 0;
	return SIP_STOP_IS(stop, ';') ? (__u32)sip_plain_rest(r, SIP_STOP_AT(stop) + 1) : stop;
}

/* What is between two offsets, and not nothing. */
SIP_INLINE struct sip_span sip_part(__u32 at, __u32 end)
{
	return (struct sip_span){at, end - at};
}

SIP_INLINE void sip_plain_party(struct sip_party *party, const struct sip_plain_uri *uri)
{
	if (uri->user != uri->host)
		party->user = sip_part(uri->user, uri->host - 1);
	party->host = sip_part(uri->host, uri->end);
	party->scheme = uri->scheme;
	party->port = uri->port;
}

/* The scheme at the low end of a word, sip: or sips:, and its length with the colon; 0: another. */
SIP_INLINE __u32 sip_plain_scheme(__u64 word, struct sip_plain_uri *uri)
{
	word = sip_fold(word);
	uri->scheme = SIP_SCHEME_SIP;
	if ((__u32)word == SIP_WORD('s', 'i', 'p', ':'))
		return 4;
	uri->scheme = SIP_SCHEME_SIPS;
	return sip_head(word, 5) == SIP_WORD('s', 'i', 'p', 's', ':') ? 5 : 0;
}

/* From the space behind its first word to where a display name ends. Returns the stop, or 0. */
SIP_FUNCTION int sip_plain_words(struct sip_reader *r, __u32 at, __u32 quoted)
{
	__u32 stop = SIP_STOP(at, ' ');

	if (!r)
		return 0;
	for (__u32 i = 0; i < 3 && SIP_STOP_IS(stop, ' '); i++) {
		if (!quoted && sip_byte(r, SIP_STOP_AT(stop) + 1) == '<')
			break;
		stop = sip_stop(r, SIP_STOP_AT(stop) + 1);
	}
	return stop;
}

/*
 * Beyond a display name and the space after it: a quoted string without escapes, or tokens. What
 * has another name comes back at a byte that is no <.
 */
SIP_INLINE __u32 sip_plain_name(struct sip_reader *r, __u32 at)
{
	__u32 c = sip_byte(r, at), quoted = c == '"', stop, end;

	if (c == '<')
		return at;
	stop = sip_stop(r, at + quoted);
	if (SIP_STOP_IS(stop, ' ') &&
	    (quoted || sip_byte(r, SIP_STOP_AT(stop) + 1) != '<'))
		stop = sip_plain_words(r, SIP_STOP_AT(stop), quoted);
	end = SIP_STOP_AT(stop);
	if (!quoted)
		return SIP_STOP_IS(stop, ' ') ? end + 1 : end;
	if (!SIP_STOP_IS(stop, '"') || sip_byte(r, end - 1) == '\\')
		return at;
	return sip_byte(r, end + 1) == ' ' ? end + 2 : end + 1;
}

/* Where the value of a field begins: after a space. */
SIP_INLINE __u32 sip_plain_value(const struct sip_reader *r, __u32 id)
{
	__u32 at = r->message.field[id].at;

	return at + (sip_byte(r, at) == ' ');
}

/* From or To: ["Name"] <sip:user@host:port;parameters>[;tag=x] */
SIP_FUNCTION int sip_plain_address(struct sip_reader *r, __u32 which, __u32 id)
{
	__u32 at, end, scheme, stop, close, tag_end;
	struct sip_plain_uri uri;
	struct sip_party *party;
	__u64 word;

	if (!r || which >= SIP_PARTIES || id >= SIP_FIELD__MAX ||
	    r->input.wanted & SIP_FAULT(DISPLAY_NAME))
		return 0;
	at = sip_plain_value(r, id);
	end = sip_field_end(r, id);
	at = sip_plain_name(r, at);
	word = sip_load8(r, at);
	scheme = sip_plain_scheme(word >> 8, &uri);
	if ((word & 0xff) != '<' || !scheme)
		return 0;
	stop = sip_plain_uri(r, at + 1 + scheme, &uri);
	if (!SIP_STOP_IS(stop, '>'))
		return 0;
	close = tag_end = SIP_STOP_AT(stop) + 1;
	word = sip_load8(r, close);
	if (sip_head(sip_fold(word), 5) == SIP_WORD(';', 't', 'a', 'g', '=')) {
		tag_end = SIP_STOP_AT(sip_stop(r, close + 5));
		if (tag_end == close + 5)
			return 0;
	}
	if (tag_end != end)
		return 0;
	/* Again: clang keeps it where the verifier forgets its bound. */
	SIP_BARRIER(which);
	if (which >= SIP_PARTIES)
		return 0;
	party = &r->message.party[which];
	if (close != end)
		party->tag = sip_part(close + 5, end);
	sip_plain_party(party, &uri);
	return 1;
}

/*
 * Whether the first Contact begins as nearly all do, with a URI of a host: what has another form,
 * or a display name, is left to the general way. By default nothing else is wanted of it.
 */
SIP_INLINE int sip_plain_contact(struct sip_reader *r)
{
	__u32 at = sip_plain_value(r, SIP_FIELD_CONTACT), scheme, stop, c;
	struct sip_plain_uri uri;
	__u64 word = sip_load8(r, at);

	scheme = sip_plain_scheme(word >> 8, &uri);
	if ((word & 0xff) != '<' || !scheme)
		return 0;
	at += 1 + scheme;
	stop = sip_stop(r, at);
	if (SIP_STOP_AT(stop) <= at)
		return 0;
	if (!SIP_STOP_IS(stop, '@'))
		return SIP_STOP_IS(sip_plain_uri(r, at, &uri), '>');
	c = sip_byte(r, SIP_STOP_AT(stop) + 1);
	return sip_is_letter(c) || sip_is_digit(c) || c == '[';
}

/*
 * The parameters of a Via, of which the first semicolon is `stop`; the stops behind it are in the
 * mask. Sets the branch. Returns the stop at the end, or 0. What was found is kept in memory, lest
 * the verifier follow each combination of it.
 */
SIP_INLINE __u32 sip_plain_parameters(struct sip_reader *r, __u32 base, __u32 stop, __u64 mask)
{
	struct sip_span *branch = &r->message.party[SIP_VIA].tag;
	__u32 before, at;

	for (__u32 i = 0; i < SIP_PARAMETERS && SIP_STOP_IS(stop, ';'); i++) {
		before = SIP_STOP_AT(stop) + 1;
		stop = sip_next_stop(r, base, &mask);
		if (SIP_STOP_AT(stop) == before)
			return 0;
		if (!SIP_STOP_IS(stop, '='))
			continue;
		at = SIP_STOP_AT(stop) + 1;
		stop = sip_next_stop(r, base, &mask);
		if (before + 7 != at || branch->length ||
		    sip_head(sip_fold(sip_load8(r, before)), 6) !=
			    SIP_WORD('b', 'r', 'a', 'n', 'c', 'h'))
			continue;
		*branch = sip_span(at, SIP_STOP_AT(stop));
		SIP_MEMORY();
	}
	return stop;
}

/* SIP/2.0/UDP host:port;parameters, in 76 bytes. */
SIP_FUNCTION int sip_plain_via(struct sip_reader *r)
{
	__u32 at, transport, host, end, port, stop;
	struct sip_party *party;
	__u64 mask;

	if (!r)
		return 0;
	party = &r->message.party[SIP_VIA];
	at = sip_plain_value(r, SIP_FIELD_VIA);
	host = at + 12;
	if (sip_fold(sip_load8(r, at)) != SIP_WORD('s', 'i', 'p', '/', '2', '.', '0', '/') ||
	    r->input.wanted & SIP_FAULT(VIA_HOST))
		return 0;
	transport = sip_head(sip_fold(sip_load8(r, at + 8)), 4);
	transport = transport == SIP_WORD('u', 'd', 'p', ' ')   ? SIP_TRANSPORT_UDP
		    : transport == SIP_WORD('t', 'c', 'p', ' ') ? SIP_TRANSPORT_TCP
		    : transport == SIP_WORD('t', 'l', 's', ' ') ? SIP_TRANSPORT_TLS
							      : SIP_TRANSPORT_NONE;
	mask = sip_stops_mask(r, host);
	stop = sip_next_stop(r, host, &mask);
	end = SIP_STOP_AT(stop);
	port = SIP_STOP_IS(stop, ':');
	if (!transport || end == host || sip_byte(r, host) == '[')
		return 0;
	if (port)
		stop = sip_next_stop(r, host, &mask);
	stop = sip_plain_parameters(r, host, stop, mask);
	if (SIP_STOP_AT(stop) != sip_field_end(r, SIP_FIELD_VIA)) {
		party->tag = sip_span(0, 0);
		return 0;
	}
	r->message.transport = transport;
	party->host = sip_part(host, end);
	party->port = port;
	sip_cookie(r);
	return 1;
}

/* A number and a known method. */
SIP_INLINE int sip_plain_cseq(struct sip_reader *r)
{
	__u32 at = sip_plain_value(r, SIP_FIELD_CSEQ), digits, method, length, id;
	__u64 word = sip_load8(r, at), a, b;

	digits = sip_digits(word);
	method = at + digits + 1;
	if (!digits || (word >> 8 * digits & 0xff) != ' ')
		return 0;
	length = sip_method_until(r, method, '\r', &a, &b);
	id = sip_method_id(a, b);
	if (!length || id == SG_METHOD_UNKNOWN ||
	    method + length != sip_field_end(r, SIP_FIELD_CSEQ))
		return 0;
	r->message.cseq = sip_digits_number(word, digits);
	r->message.cseq_method_id = id;
	r->message.cseq_method = sip_part(method, method + length);
	return 1;
}

/* A field that is a number, if it occurs; sets it. */
SIP_INLINE int sip_plain_count(const struct sip_reader *r, __u32 id, __u32 *number)
{
	__u32 at, digits;
	__u64 word;

	if (!(r->message.seen >> id & 1))
		return 1;
	at = sip_plain_value(r, id);
	word = sip_load8(r, at);
	digits = sip_digits(word);
	if (!digits || at + digits != sip_field_end(r, id))
		return 0;
	*number = sip_digits_number(word, digits);
	return 1;
}

/* Content-Length, Max-Forwards and Expires. Returns 0 if one of them is not plain. */
SIP_INLINE int sip_plain_counts(struct sip_reader *r)
{
	__u32 length = 0, hops = 0, expires = 0;

	if (!sip_plain_count(r, SIP_FIELD_CONTENT_LENGTH, &length) ||
	    !sip_plain_count(r, SIP_FIELD_MAX_FORWARDS, &hops) ||
	    !sip_plain_count(r, SIP_FIELD_EXPIRES, &expires))
		return 0;
	r->message.content_length = length;
	r->message.max_forwards = hops;
	r->message.expires = expires;
	return 1;
}

/* Those, and CSeq, the general way where it has to be. */
SIP_INLINE void sip_all_numbers(struct sip_reader *r)
{
	if (r->message.seen & SIP_SEEN(CSEQ) && !sip_plain_cseq(r))
		sip_cseq(r);
	if (!sip_plain_counts(r))
		sip_numbers(r);
}

/* The start line METHOD sip:user@host:port;parameters SIP/2.0 */
SIP_FUNCTION int sip_plain_request(struct sip_reader *r)
{
	__u32 at, end, length, id, start, scheme, stop;
	struct sip_plain_uri uri;
	struct sip_message *m;
	__u64 a, b;

	if (!r || !r->message.lines)
		return 0;
	m = &r->message;
	at = m->start_line.at;
	end = at + m->start_line.length;
	length = sip_method_until(r, at, ' ', &a, &b);
	id = sip_method_id(a, b);
	start = at + length + 1;
	scheme = sip_plain_scheme(sip_load8(r, start), &uri);
	if (!length || id == SG_METHOD_UNKNOWN || !scheme)
		return 0;
	stop = sip_plain_uri(r, start + scheme, &uri);
	if (!SIP_STOP_IS(stop, ' ') || SIP_STOP_AT(stop) + 8 != end ||
	    sip_fold(sip_load8(r, SIP_STOP_AT(stop))) != (SIP_VERSION << 8 | ' '))
		return 0;
	if (uri.port && !sip_is_digit(sip_byte(r, uri.end + 1)))
		return 0;
	m->kind = SIP_REQUEST;
	m->method_id = id;
	m->method = sip_part(at, at + length);
	m->uri = sip_part(start, SIP_STOP_AT(stop));
	m->version = sip_part(SIP_STOP_AT(stop) + 1, end);
	sip_plain_party(&m->party[SIP_URI], &uri);
	return 1;
}

#endif
