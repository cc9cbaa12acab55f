/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 6: the message that was admitted is copied once, read, and held against the rules of SIP's
 * grammar (include/sip/rules.h). Who is over a limit never comes here. What it tells of its flow is
 * remembered for the replies (reply.bpf.c): its transaction, and whether it knows a secret.
 */
#ifndef SIPGUARD_MESSAGE_BPF_H
#define SIPGUARD_MESSAGE_BPF_H

#include "checks/greylist.bpf.h"
#include "checks/guess.bpf.h"
#include "checks/limits.bpf.h"
#include "checks/lists.bpf.h"
#include "context.bpf.h"
#include "packet/part.bpf.h"
#include "signatures.h"
#include "sip/reader.h"
#include "state/offences.bpf.h"
#include "state/secrets.bpf.h"
#include "state/transaction.bpf.h"
#include "verdict.bpf.h"

#define MESSAGE_REASONS 8 /* faults of one message that are counted at most */
#define MESSAGE_CREDENTIALS 3 /* of Authorization, and as many of Proxy-Authorization */
#define FRAGMENT_LINK (512 - sizeof(struct udphdr)) /* IPv4's hosts take 576 (RFC 791) */
#define MESSAGE_HAS_CREDENTIALS                                                                   \
	(1ULL << SIP_FIELD_AUTHORIZATION | 1ULL << SIP_FIELD_PROXY_AUTHORIZATION)
/* Bits of what message_tell() returns, beside a reason. */
#define MESSAGE_COPY 256 /* one more copy of a request that was admitted */
#define MESSAGE_NEW 512  /* message_begin() has to remember it */

const __u8 sg_reason_of_rule[] = {
#define X(number, name, label, reference, mode, strict, help) [SIP_RULE_##name] = number,
	SIP_RULES(X)
#undef X
};

/* Whether a reason, or none, is of the message and not of who sends it. */
const __u8 sg_reason_of_message[SG_MODES] = {
	[SG_REASON_NONE] = 1, [SG_REASON_GARBAGE] = 1, [SG_REASON_SCANNER] = 1,
#define X(number, name, label, reference, mode, strict, help) [number] = 1,
	SIP_RULES(X)
#undef X
};

static __always_inline bool is_of_message(__u32 reason)
{
	barrier_var(reason);
	return sg_reason_of_message[reason & (SG_MODES - 1)];
}

/* Multicast, broadcast and 0.0.0.0/8 or :: are nobody's address (RFC 1122 section 3.2.1.3). */
static __always_inline bool message_from_nobody(const struct packet *p)
{
	if (p->family == 4)
		return p->address[12] >= 224 || p->address[12] == 0;
	return p->address[0] == 0xff ||
	       !(p->address32[0] | p->address32[1] | p->address32[2] | p->address32[3]);
}

static __always_inline __u32 message_flags(const struct packet *p)
{
	return (p->first_fragment ? SIP_MORE : 0) |
	       (p->transport == IPPROTO_TCP ? SIP_STREAM : 0) |
	       (p->source_port ? 0 : SIP_PORT_ZERO) |
	       (message_from_nobody(p) ? SIP_SOURCE_INVALID : 0);
}

/* Loads the message of a packet into the reader, if it is not there yet. Its length, or 0. */
static __always_inline __u32 message_load(hook_ctx *ctx, const struct packet *p,
					  struct sip_reader *r)
{
	__u32 length;

	if (p->loaded)
		return p->held + p->datagram;
	length = p->frame - p->offset;
	if (length > p->datagram)
		length = p->datagram;
	return sip_reader_load(ctx, r, 0, p->offset, length, HOOK_SKB) ? 0 : length;
}

static __always_inline bool message_applies(__u32 kind)
{
	return KIND_CLASS(kind) == SG_CLASS_REQUEST || KIND_CLASS(kind) == SG_CLASS_RESPONSE;
}

/*
 * The faults of the message of a packet; none if it is known to be no message. One whose header
 * does not end in its segment is read when the rest has come.
 */
__noinline __u64 message_read(hook_ctx *ctx, struct packet *p, __u32 slot)
{
	struct sip_reader *r = map_reader();
	const struct sg_config *config = map_config(slot);
	__u64 faults;

	if (!p || !r || !config || p->frame < p->offset)
		return 0;
	if ((p->stream || p->part) && !message_applies(p->kind))
		return 0;
	r->input.length = message_load(ctx, p, r);
	if (!r->input.length) {
		if (p->stream)
			p->stream = STREAM_LOST;
		return 0;
	}
	r->input.wanted = config->rules | STREAM_ENDLESS;
	r->input.whole = p->whole;
	r->input.flags = message_flags(p);
	faults = sip_read(r, &config->caps) & config->rules;
	if (p->transport != IPPROTO_TCP || r->message.flags & (SIP_HEAD | SIP_CUT))
		return faults;
	p->stream = STREAM_PART;
	p->paid = 1;
	return 0;
}

/*
 * A stranger's message whose header does not end in its first fragment, so that anything may stand
 * in the rest: as at the greylist, it has to come again. Links of less than FRAGMENT_LINK bytes
 * there are none, so one that shows so little does not come in at all.
 */
static __always_inline __u32 message_head_check(hook_ctx *ctx, const struct guard *g)
{
	const struct sip_reader *r;

	if (!g->p->first_fragment || g->p->transport != IPPROTO_UDP || !pays_budget(g) ||
	    g->config->mode[SG_REASON_FRAGMENT_HEAD] == SG_MODE_OFF)
		return SG_REASON_NONE;
	r = map_reader();
	if (!r || r->message.flags & SIP_HEAD)
		return SG_REASON_NONE;
	return g->p->datagram >= FRAGMENT_LINK && greylist_came(ctx, g->p, g->now)
		       ? SG_REASON_NONE : SG_REASON_FRAGMENT_HEAD;
}

/* The reason of the first fault, which it takes away. */
static __always_inline __u32 message_reason(__u64 *faults)
{
	__u32 rule = sip_bit(*faults & -*faults);

	*faults &= *faults - 1;
	barrier_var(rule);
	return rule < SIP_RULE__MAX ? sg_reason_of_rule[rule] : SG_REASON_NONE;
}

/*
 * The first of the faults of a message that ends its way; those before it that are only monitored
 * are counted. With `spare` none ends it: the first is counted as if it were monitored. Global: the
 * turns of its loop were followed through all that comes after (130 000 instructions, clang 14 and
 * 19, 6.18).
 */
__noinline int message_judge(struct packet *p, __u64 faults, __u32 slot, __u32 spare)
{
	struct guard guard = {
		.p = p,
		.config = map_config(slot),
		.stats = map_stats(),
	}, *g = &guard;
	__u32 reason;

	if (!p || !g->config || !g->stats)
		return SG_REASON_NONE;
	/* What a guess takes for a message, or a capture lacks of one, has no faults of its own. */
	if (p->assumed == STREAM_GUESSED || (p->assumed && p->held))
		spare = 1;
	for (int i = 0; i < MESSAGE_REASONS && faults; i++) {
		reason = message_reason(&faults);
		if (!verdict_is_final(g, reason))
			continue;
		if (!spare)
			return reason;
		verdict_watch(g, reason);
		break;
	}
	return SG_REASON_NONE;
}

/*
 * What the credentials in the fields `id` tell, whose lines begin with `line`: a request has some
 * for each realm (RFC 3261 section 22.3). The best of their nonces counts. They are of a user if
 * all are, and all were looked at: else who has an account would have guesses of others count as
 * his.
 */
static __always_inline void message_answers(const struct sip_reader *r, struct packet *p,
					    __u64 salt, __u32 id, __u64 line)
{
	const struct sip_span *first = &r->message.field[id];
	__u32 at = first->at, owner, user;

	if (!(r->message.seen & 1ULL << id))
		return;
	for (int i = 0; i < MESSAGE_CREDENTIALS && at; i++) {
		owner = secret_owner(p, secret_hash(r, at, salt, SECRET_IS_NONCE));
		user = secret_user(r, at, salt);
		if (owner > p->owner)
			p->owner = owner;
		p->user = !p->user || p->user == user ? user : SECRET_OF_NOBODY;
		at = r->message.again & 1ULL << id ? secret_field(r, at, line) : 0;
	}
	if (at)
		p->user = SECRET_OF_NOBODY;
}

/*
 * A number for all credentials of a request: of all that follows the first of them in the header.
 * A copy is equal in each byte; of one that is not, the server judges what differs.
 */
static __always_inline __u16 message_tells_apart(const struct sip_reader *r, __u64 salt)
{
	__u32 at = r->message.body, field;

	if (r->message.seen & SIP_SEEN(AUTHORIZATION))
		at = r->message.field[SIP_FIELD_AUTHORIZATION].at;
	field = r->message.field[SIP_FIELD_PROXY_AUTHORIZATION].at;
	if (r->message.seen & SIP_SEEN(PROXY_AUTHORIZATION) && field < at)
		at = field;
	return span_sum(r, at, r->message.body, salt) >> 48 | 1;
}

/* The credentials of the request of a packet, of which nothing is known yet. */
__noinline int message_credentials(const struct sip_reader *r, struct packet *p)
{
	const struct sg_state *state = map_state();

	if (!r || !p || !state)
		return 0;
	p->credentials = message_tells_apart(r, state->secret[1]);
	message_answers(r, p, state->secret[1], SIP_FIELD_AUTHORIZATION,
			SIP_WORD('\n', 'a', 'u', 't', 'h', 'o', 'r', 'i'));
	message_answers(r, p, state->secret[1], SIP_FIELD_PROXY_AUTHORIZATION,
			SIP_WORD('\n', 'p', 'r', 'o', 'x', 'y', '-', 'a'));
	if (p->user == SECRET_OF_NOBODY)
		p->user = 0;
	return 0;
}

/*
 * Whether a nonce that this source was never told is its user's own, see known_roams(): that of the
 * first field, since it is a phone that roams. Global, and apart from the loop over fields,
 * where it is verified for each of them (28 000 instructions, clang 19, 6.1).
 */
__noinline int message_roams(const struct sip_reader *r, struct packet *p)
{
	const struct sg_state *state = map_state();
	__u32 id = SIP_FIELD_AUTHORIZATION;

	if (!r || !p || !state || p->owner != SECRET_OTHERS)
		return 0;
	if (!(r->message.seen & SIP_SEEN(AUTHORIZATION)))
		id = SIP_FIELD_PROXY_AUTHORIZATION;
	p->roams = known_roams(secret_hash(r, r->message.field[id].at, state->secret[1],
					   SECRET_IS_NONCE), p->user);
	return 0;
}

/*
 * A number for the user that a request asks for, by what the server may go: the user of the
 * Request-URI, and that of To. 0: it asks for nobody. BYE and PRACK do not in a dialog; out of one
 * many servers look for their user as for that of any other method.
 */
static __always_inline __u16 message_asked(const struct sip_reader *r, __u64 salt)
{
	const struct sip_span *to = &r->message.party[SIP_TO].user;
	const struct sip_span *uri = &r->message.party[SIP_URI].user;
	__u32 method = r->message.method_id, user;

	if (method == SG_METHOD_ACK || method == SG_METHOD_CANCEL ||
	    ((method == SG_METHOD_BYE || method == SG_METHOD_PRACK) &&
	     r->message.party[SIP_TO].tag.length))
		return 0;
	user = span_hash(r, uri->at, uri->length, span_hash(r, to->at, to->length, salt)) >> 48;
	return user ? user : 1;
}

/*
 * A number for a call, by all that a server may go by when it decides whether it challenges it.
 * Not by a hash of no more than SPAN_HASHED bytes of each, or who makes them longer has one number
 * for several. Global, since few packets need it.
 */
__noinline int message_call(const struct sip_reader *r, __u64 hash)
{
	const struct sip_span *span;

	if (!r)
		return 0;
	span = &r->message.uri;
	hash = span_sum(r, span->at, span->at + span->length, hash);
	span = &r->message.field[SIP_FIELD_FROM];
	hash = span_sum(r, span->at, span->at + span->length, hash);
	span = &r->message.field[SIP_FIELD_TO];
	hash = span_sum(r, span->at, span->at + span->length, hash);
	return hash >> 32 | 1;
}

/*
 * That a server accepts a call says nothing of its credentials, unless it challenges such a call:
 * most look at no credentials of calls to their own users. Of a server that challenges none of
 * them there is nothing to remember.
 */
static __always_inline void message_checks(const struct sip_reader *r, struct packet *p,
					   const struct sg_state *state, __u64 now)
{
	__u64 salt = state->secret[1];
	__u32 call;

	p->checked = 0;
	if (r->message.method_id != SG_METHOD_INVITE || state->challenges_until <= now)
		return;
	call = message_call(r, salt);
	if (p->credentials)
		p->checked = secret_challenged(p, call, salt);
	else
		p->user = call;
}

/* What an ACK with the tag of our 2xx proves: RFC 3261 section 13.2.2.4. */
static __always_inline bool message_completes_call(const struct sip_reader *r,
						   const struct packet *p, __u64 salt)
{
	return r->message.method_id == SG_METHOD_ACK &&
	       secret_owner(p, secret_to_tag(r, salt)) == SECRET_FLOW;
}

/*
 * The answer to an INVITE of our own server proves its flow: only who got it knows the branch. What
 * else the server sends, strangers can have it send to where they like.
 *
 * `called`: our server has sent the flow a request, and no zone has it. What such a one challenges,
 * and what the server passes on of that, is a callee's: see answer_is_relayed().
 */
__noinline int message_hear(const struct packet *p, __u32 slot, __u32 called)
{
	const struct sip_reader *r = map_reader();
	const struct sg_config *config = map_config(slot);
	const struct sg_state *state = map_state();

	if (!p || !r || !config || !state)
		return 0;
	if (r->message.kind == SIP_RESPONSE && r->message.status / 100 == 2 &&
	    r->message.cseq_method_id == SG_METHOD_INVITE &&
	    secret_owner(p, secret_branch(r, state->secret[1])) >= SECRET_SOURCE)
		flow_proves(p, SG_PROOF_CALL, config->proven_call);
	if (r->message.kind == SIP_RESPONSE && called &&
	    r->message.cseq_method_id != SG_METHOD_REGISTER &&
	    (r->message.status == 401 || r->message.status == 407))
		secret_comes(p, r, state->secret[1]);
	return 0;
}

/* Whose fingerprint the request bears: SCANNER, LOOKALIKE or none. */
static __always_inline __u32 message_signature(const struct sip_reader *r)
{
	__u32 found = sg_signature_find(r);

	if (found == SG_SIGNATURE_SCANNER)
		return SG_REASON_SCANNER;
	return found == SG_SIGNATURE_LOOKALIKE ? SG_REASON_LOOKALIKE : SG_REASON_NONE;
}

enum message_about {
	MESSAGE_PROVEN = 1, /* its flow is proven: it may call itself what it likes */
	MESSAGE_CAME = 2,   /* the greylist has let it in */
	MESSAGE_LISTED = 4, /* its source has a zone */
};

/* Of a request that is no copy of one before: whether it guesses too much, or `reason`. */
static __always_inline __u32 message_guesses(struct packet *p, __u32 slot, __u32 about,
					     const struct sip_reader *r,
					     const struct sg_state *state, __u32 reason)
{
	__u32 guess = SG_REASON_NONE;

	if (!(about & MESSAGE_PROVEN))
		p->asked = message_asked(r, state->secret[1]);
	if (!(about & MESSAGE_LISTED) && (p->credentials || state->guesses_until > clock_now()))
		guess = guess_check(p, slot, about & MESSAGE_PROVEN);
	return guess ? guess : reason;
}

/*
 * A request that has the transaction of another one, which is not answered: which of them a reply
 * means cannot be told. So it is one with credentials that are nobody's, or a guess would be hidden
 * by what is sent behind it: no credentials, or those of an account of one's own.
 */
static __always_inline void message_mixes(struct packet *p, const struct sg_transaction *t)
{
	p->mixed = t && (t->mixed || (!t->answered && t->credentials &&
				      t->credentials != p->credentials));
	if (!p->mixed)
		return;
	if (!p->credentials)
		p->credentials = t->credentials;
	p->user = 0;
	p->owner = SECRET_OTHERS;
}

/*
 * What the transaction of a request says of it: a copy, new, or neither, since a reason ends its
 * way, or since it has none.
 */
static __always_inline __u32 message_is_new(struct packet *p, const struct sip_reader *r,
					    struct sg_stats *stats)
{
	__u64 key = transaction_key(r, packet_fold6(p->address32)), now = clock_now();
	struct sg_transactions *line = key ? transaction_line(key) : NULL;
	struct sg_transaction *t;

	if (!line)
		return 0;
	p->transaction = key;
	p->place = transaction_place(line, key);
	t = transaction_at(line, p->place);
	if (!t || !transaction_is_same(t, p->credentials, now))
		return MESSAGE_NEW;
	if (!transaction_is_copy(t, now))
		return 0;
	stats->event[SG_EVENT_RETRANSMISSIONS]++;
	return MESSAGE_COPY;
}

/*
 * Remembers the transaction of a new request, after message_tell(), unless it guesses too much: the
 * reason for that, or `reason`, which its fingerprint has given. Global, and apart, for the stack's
 * sake, and since copies need none of it.
 */
__noinline int message_begin(struct packet *p, __u32 slot, __u32 about, __u32 reason)
{
	const struct sg_config *config = map_config(slot);
	const struct sip_reader *r = map_reader();
	const struct sg_state *state = map_state();
	__u64 now = clock_now(), key = p ? p->transaction : 0;
	struct sg_transactions *line = transaction_line(key);
	struct sg_transaction *t;

	if (!p || !r || !config || !state || !line)
		return reason;
	t = transaction_at(line, p->place);
	message_mixes(p, t);
	reason = message_guesses(p, slot, about, r, state, reason);
	if (mode_of(config, reason) == SG_MODE_ENFORCE)
		return reason;
	message_checks(r, p, state, now);
	p->waits = 0;
	if (p->credentials && !(about & MESSAGE_LISTED))
		guess_begin(p, about & MESSAGE_PROVEN);
	transaction_put(t ? t : transaction_oldest(line, now), p, key, now);
	return reason;
}

/*
 * What a request without faults tells of its flow. `about`: enum message_about. The reason that its
 * fingerprint gives, with MESSAGE_COPY or MESSAGE_NEW.
 */
__noinline int message_tell(struct packet *p, __u32 slot, __u32 about)
{
	const struct sip_reader *r = map_reader();
	const struct sg_config *config = map_config(slot);
	const struct sg_state *state = map_state();
	struct sg_stats *stats = map_stats();
	__u32 reason = SG_REASON_NONE;

	if (!p || !r || !config || !state || !stats || r->message.kind != SIP_REQUEST)
		return SG_REASON_NONE;
	if (!(about & MESSAGE_PROVEN))
		reason = message_signature(r);
	if (reason == SG_REASON_SCANNER && config->mode[SG_REASON_SCANNER] == SG_MODE_ENFORCE)
		return reason;
	if (about & MESSAGE_CAME) {
		stats->event[SG_EVENT_GREYLIST_ADMITTED]++;
		flow_proves(p, SG_PROOF_GREYLIST, PROVEN_GREYLIST);
	}
	if (message_completes_call(r, p, state->secret[1]))
		flow_proves(p, SG_PROOF_CALL, config->proven_call);
	p->user = p->credentials = p->owner = p->asked = p->known = p->roams = 0;
	if (r->message.seen & MESSAGE_HAS_CREDENTIALS) {
		message_credentials(r, p);
		message_roams(r, p);
	}
	if (mode_of(config, reason) == SG_MODE_ENFORCE)
		return reason;
	return reason | message_is_new(p, r, stats);
}

/* The same, and it is remembered if it is new. The reason, with MESSAGE_COPY if it is a copy. */
static __always_inline __u32 message_learn(struct packet *p, __u32 slot, __u32 about)
{
	__u32 told = message_tell(p, slot, about);

	return told & MESSAGE_NEW ? message_begin(p, slot, about, told & ~MESSAGE_NEW) : told;
}

static __always_inline __u32 message_about(const struct guard *g)
{
	return (is_proven(g) ? MESSAGE_PROVEN : 0) | (g->came ? MESSAGE_CAME : 0) |
	       (g->listed ? MESSAGE_LISTED : 0);
}

#endif
