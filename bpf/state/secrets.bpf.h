/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What shows that a flow is not forged: it repeats what our server told it and nobody else. A
 * digest nonce (RFC 3261 section 22) in its credentials, a To tag (section 19.3) in its ACK, the
 * branch of our INVITE in its 2xx (section 17.1.3).
 *
 * Nobody else: many servers give one nonce to all who ask within one second (Kamailio 5.6 and 6.1
 * by default; Asterisk 22 one to each address), so who forges a flow's request knows the nonce from
 * a challenge of his own. What was told to two sources is no secret of either, then; see
 * account.bpf.h for what it is good for all the same. A phone behind a NAT may be told on one port
 * and answer from another; so what was told to one source alone is evidence for all its flows that
 * nobody elsewhere forges them, and no evidence which of them it is.
 *
 * Remembered are numbers for the secret, the flow and the source, and one for each source that was
 * told one, in fixed memory: the oldest of its line makes room.
 */
#ifndef SIPGUARD_SECRETS_BPF_H
#define SIPGUARD_SECRETS_BPF_H

#include "packet/flow.bpf.h"
#include "packet/spans.bpf.h"
#include "state/cells.bpf.h"

/* Numbers for secrets and users are made with it, so that nobody can aim at a place. */
#define SECRET_SALT sg_state.secret[1]

#define SECRET_NONCE 0x6e6f6e6365000000ULL /* keeps nonces, tags and branches apart */
#define SECRET_TAG 0x7461670000000000ULL
#define SECRET_BRANCH 0x6272616e63680000ULL
#define SECRET_CALL 0x63616c6c00000000ULL /* no secret: that a call was challenged */

#define SECRET_RELAYED 0x72656c6179000000ULL /* no secret: that a challenge came from a callee */

/* Who was told a secret, as far as it tells of a flow. */
enum secret_owner {
	SECRET_OTHERS, /* others, or nobody */
	SECRET_SHARED, /* the source of the flow, and other ones, too */
	SECRET_SOURCE, /* the source of the flow, and no other */
	SECRET_FLOW,   /* the flow alone */
};

static __always_inline __u32 secret_number(__u64 hash)
{
	return hash >> 32;
}

/* The line of a secret, or NULL. */
static __always_inline struct sg_secrets *secret_line(__u64 key)
{
	__u32 line = key >> 8 & (sg_sizes.secrets - 1);

	return bpf_map_lookup_elem(&sg_secrets, &line);
}

/*
 * That the source of a packet was told this secret, whoever else was: not the flow, since a phone
 * keeps its nonce when its NAT moves it to another port.
 */
static __always_inline __u64 secret_shared(const struct packet *p, __u64 key)
{
	return span_mix(key, source_hash(p)) * SPAN_FACTOR;
}

#define SERVER_ANSWERS (SG_FIXED_SERVER_ANSWERS * SG_NSEC_PER_SEC)
#define SERVER_HABIT (SG_FIXED_SERVER_HABIT * SG_NSEC_PER_SEC)

/* What the server has just shown holds for as long. Written once in a second or so. */
static __always_inline void server_shows(__u64 *until, __u64 now, __u64 time)
{
	if (*(volatile __u64 *)until < now + time - SG_NSEC_PER_SEC)
		*(volatile __u64 *)until = now + time;
}

/* Notes that the flow of a packet is told what `key` stands for. */
static __always_inline void secret_note(const struct packet *p, __u64 key)
{
	struct sg_secrets *line = secret_line(key);
	struct sg_secret *s, fresh = {.tag = cell_tag(key)};
	__u64 now = clock_now();
	__u32 cell;

	if (!line)
		return;
	fresh.flow = secret_number(p->flow);
	fresh.source = secret_number(source_hash(p));
	fresh.seconds = cell_seconds(now);
	cell = cells_find(line, key);
	if (cell >= CELLS) {
		line->secret[cells_oldest(line, now)] = fresh;
		return;
	}
	s = &line->secret[cell_index(cell)];
	s->flows |= s->flow != fresh.flow;
	s->sources |= s->source != fresh.source;
	s->seconds = fresh.seconds;
}

/*
 * The server tells a secret to the flow of a packet. Global, since it happens in few packets and at
 * several places.
 */
__noinline int secret_tell(const struct packet *p, __u64 key)
{

	if (!p || !key)
		return 0;
	secret_note(p, key);
	secret_note(p, secret_shared(p, key));
	return 0;
}

/*
 * A call of the flow of a packet, by its number: not of the source, since many servers challenge no
 * call of a flow that is registered, and who has two ports would have one challenged for the other.
 */
static __always_inline __u64 secret_call(const struct packet *p, __u32 call)
{
	return span_mix(span_mix(SECRET_SALT ^ SECRET_CALL, call), p->flow) * SPAN_FACTOR;
}

/* The server challenges it. Global, likewise. */
__noinline int secret_challenge(const struct packet *p, __u32 call)
{
	if (p && call)
		secret_note(p, secret_call(p, call));
	return 0;
}

/* What is remembered of a secret, or NULL. */
static __always_inline const struct sg_secret *secret_noted(__u64 key)
{
	const struct sg_secrets *line = secret_line(key);
	__u32 cell = line ? cells_find(line, key) : CELLS;

	return line && cell < CELLS ? &line->secret[cell_index(cell)] : NULL;
}

static __always_inline bool secret_was_told(const struct packet *p, __u64 key)
{
	return secret_noted(secret_shared(p, key));
}

/* Whether the server has challenged that call. Global, likewise. */
__noinline int secret_challenged(const struct packet *p, __u32 call)
{
	return p && call && secret_noted(secret_call(p, call));
}

/*
 * A request that our server has sent on, by what its sender and its callee see of it. The nonce
 * with which the callee challenges it may be one that he knows from elsewhere, and he has it told
 * to whom he likes.
 */
static __always_inline __u64 secret_relay(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;

	return span_hash(r, m->call_id.at, m->call_id.length,
			 SECRET_SALT ^ SECRET_RELAYED ^
			 ((__u64)m->cseq << 8 | m->cseq_method_id) * SPAN_FACTOR) * SPAN_FACTOR;
}

/* A callee challenges one. Global, likewise. */
__noinline int secret_comes(const struct packet *p, const struct sip_reader *r)
{
	if (p && r)
		secret_note(p, secret_relay(r));
	return 0;
}

/* Whether the challenge that leaves is a callee's. */
__noinline int secret_came(const struct sip_reader *r)
{
	return r && secret_noted(secret_relay(r));
}

/* The number of the only source that was told a secret; 0: of none, or of several. */
static __always_inline __u32 secret_source(__u64 key)
{
	const struct sg_secret *s = key ? secret_noted(key) : NULL;

	return s && !s->sources ? s->source : 0;
}

/* Whose the secret is that the flow of a packet repeats: enum secret_owner. */
__noinline int secret_owner(const struct packet *p, __u64 key)
{
	const struct sg_secret *s = key ? secret_noted(key) : NULL;

	if (!p || !s)
		return SECRET_OTHERS;
	if (s->sources || s->source != secret_number(source_hash(p)))
		return secret_was_told(p, key) ? SECRET_SHARED : SECRET_OTHERS;
	return s->flows || s->flow != secret_number(p->flow) ? SECRET_SOURCE : SECRET_FLOW;
}

#define SECRET_OF_NOBODY 1 /* see secret_user() */

/*
 * Parameters whose value is quoted: the seven bytes before the value, the quote that opens it among
 * them, and letters that stand before those.
 */
enum secret_parameter {
	SECRET_IS_NONCE, /* nonce=" */
	SECRET_IS_NEXT,  /* nextnonce=" */
	SECRET_IS_USER,  /* username=" */
	SECRET_IS_REALM, /* realm=" */
};

#define SECRET_NONCE_NAME SIP_WORD('n', 'o', 'n', 'c', 'e', '=', '"')
#define SECRET_USER_NAME SIP_WORD('r', 'n', 'a', 'm', 'e', '=', '"')
#define SECRET_REALM_NAME SIP_WORD('r', 'e', 'a', 'l', 'm', '=', '"')

struct secret_walk {
	const struct sip_reader *r;
	__u64 name;      /* seven bytes, in the upper ones */
	__u32 parameter; /* enum secret_parameter */
	__u32 at;
	__u32 quoted; /* within a quoted string */
	__u32 start;  /* of the value */
	__u32 stop;   /* behind it */
};

static __always_inline bool secret_is_before_name(__u32 byte)
{
	return sip_is_blank(byte) || byte == ',' || byte == '\n';
}

/* Whether the quote at `at` opens the value that is looked for, and no cnonce's, say. */
static __always_inline bool secret_opens(const struct secret_walk *walk, __u32 at)
{
	__u64 word = sip_load8(walk->r, at - 7), more;
	__u32 before = word & 0xff;

	if ((word >> 8 | SIP_EACH(0x20) >> 8) != walk->name)
		return false;
	if (walk->parameter == SECRET_IS_NONCE || walk->parameter == SECRET_IS_REALM)
		return secret_is_before_name(before);
	if (walk->parameter == SECRET_IS_NEXT)
		return (before | 0x20) == 't';
	more = at >= 10 ? sip_load8(walk->r, at - 10) : 0;
	return ((more >> 8 | 0x202020) & 0xffffff) == ('u' | 's' << 8 | 'e' << 16) &&
	       secret_is_before_name(more & 0xff);
}

/*
 * On to the next quote, backslash or line end. Quoted strings are told from what lies between them,
 * or a forger could have "nonce=" said in a realm or a user name.
 */
static long secret_step(__attribute__((unused)) __u32 step, void *context)
{
	struct secret_walk *walk = context;
	__u64 word = sip_load8(walk->r, walk->at);
	__u64 marks = sip_equal(word, '"') | sip_equal(word, '\\') | sip_equal(word, '\n');
	__u32 at = walk->at + 8, mark;

	if (walk->at >= walk->r->message.body)
		return 1;
	if (!marks) {
		walk->at = at;
		return 0;
	}
	at += sip_first(marks) - 8;
	mark = sip_byte(walk->r, at);
	walk->at = at + 1;
	if (mark == '\n')
		return !sip_is_blank(sip_byte(walk->r, at + 1));
	if (mark == '\\') {
		walk->at += walk->quoted; /* what it escapes is no mark */
		return 0;
	}
	walk->quoted ^= 1;
	if (walk->quoted)
		walk->start = secret_opens(walk, at) ? at + 1 : 0;
	else if (walk->start)
		walk->stop = at;
	return walk->stop != 0;
}

/*
 * Where the first value of a parameter, enum secret_parameter, of the header field whose value goes
 * on at `at` begins and, in the upper half, ends; 0 if there is none.
 */
__noinline __u64 secret_find(const struct sip_reader *r, __u32 at, __u32 parameter)
{
	struct secret_walk walk = {.r = r, .parameter = parameter, .at = at};

	if (!r || at < 8 || at >= r->message.body)
		return 0;
	walk.quoted = walk.start = walk.stop = span_zero(r);
	walk.name = parameter == SECRET_IS_USER ? SECRET_USER_NAME
		    : parameter == SECRET_IS_REALM ? SECRET_REALM_NAME : SECRET_NONCE_NAME;
	bpf_loop(r->message.body - at, secret_step, &walk, 0);
	if (!walk.stop || walk.stop > r->message.body)
		return 0;
	return walk.start | (__u64)walk.stop << 32;
}

/*
 * A number for it; 0 if there is none.
 */
static __always_inline __u64 secret_hash(const struct sip_reader *r, __u32 at,
					 __u32 parameter)
{
	__u64 span = secret_find(r, at, parameter);
	__u32 start = span, stop = span >> 32;

	return span ? span_hash(r, start, stop - start, SECRET_SALT ^ SECRET_NONCE) : 0;
}

/* The end of the header field that goes on at `at`; a folded one may go on up to the body. */
static __always_inline __u32 secret_field_end(const struct sip_reader *r, __u32 at)
{
	__u32 end = span_find(r, at, r->message.body, SIP_WORD('\n'), 1);

	return !end || sip_is_blank(sip_byte(r, end)) ? r->message.body : end;
}

/*
 * As secret_hash(), of a parameter whose name, `word` of `size` bytes, stands nowhere else in the
 * field, in whatever form: servers differ in which of two they take, and in what they take for one.
 */
static __always_inline __u64 secret_only(const struct sip_reader *r, __u32 at, __u64 hash,
					 __u32 parameter, __u64 word, __u32 size)
{
	__u64 span = secret_find(r, at, parameter);
	__u32 start = span, stop = span >> 32;

	if (!span || (__u32)span_find(r, at, stop, word, size) != start - 2 ||
	    span_find(r, stop, secret_field_end(r, stop), word, size))
		return 0;
	return span_hash(r, start, stop - start, hash);
}

/*
 * A number for whose the credentials are that go on at `at`, never 0; SECRET_OF_NOBODY if it is not
 * certain which user and realm a server takes for theirs. A name belongs to a realm: two tenants
 * may both have it. Global, since few packets need it.
 */
__noinline int secret_user(const struct sip_reader *r, __u32 at)
{
	__u64 hash;

	if (!r)
		return SECRET_OF_NOBODY;
	hash = secret_only(r, at, SECRET_SALT, SECRET_IS_REALM,
			   SIP_WORD('r', 'e', 'a', 'l', 'm'), 5);
	if (hash)
		hash = secret_only(r, at, hash, SECRET_IS_USER,
				   SIP_WORD('u', 's', 'e', 'r', 'n', 'a', 'm', 'e'), 8);
	return hash >> 32 | SECRET_OF_NOBODY;
}

/* Numbers for the To tag and the branch of a message; 0 if it has none. */
static __always_inline __u64 secret_to_tag(const struct sip_reader *r)
{
	const struct sip_span *tag = &r->message.party[SIP_TO].tag;

	return tag->length ? span_hash(r, tag->at, tag->length, SECRET_SALT ^ SECRET_TAG) : 0;
}

static __always_inline __u64 secret_branch(const struct sip_reader *r)
{
	const struct sip_span *branch = &r->message.party[SIP_VIA].tag;

	return branch->length ? span_hash(r, branch->at, branch->length,
					  SECRET_SALT ^ SECRET_BRANCH) : 0;
}

#endif
