/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What followers are told (include/events.h). All of it is behind one comparison of a packet that
 * has a reason, and in global functions: few packets come here, and each way would be followed.
 *
 * A flood must not flood who reads. So a follower of events hears of one source and reason once a
 * second, and of a reason SG_EVENTS_RATE times; what it did not hear is a number in the next event,
 * or in `limited`. Who sends from a hundred million addresses can use up the events of the reason
 * that he is dropped for, and of no other one. Who captures gets all that his ring has room for;
 * who asks for bans alone, all of these: no forger makes one (docs/evidence.md).
 */
#ifndef SIPGUARD_EVENTS_BPF_H
#define SIPGUARD_EVENTS_BPF_H

#include "gcra.h"
#include "maps.bpf.h"

/* What a packet is told of with, in one number, which a global function can be handed. */
#define EVENT(kind, reason, outcome) SG_EVENT_NUMBER(kind, reason, outcome)
#define EVENT_KIND(event) ((event) >> 16 & 0xff)
#define EVENT_OUTCOME(event) ((event) >> 8 & 0xff)
#define EVENT_REASON(event) ((event) & (SG_MODES - 1))

static __always_inline bool event_is_heard(const struct guard *g)
{
	return *(const volatile __u64 *)&sg_state.followed_until > g->now;
}

static __always_inline bool follower_wants(const struct sg_follower *f, const struct guard *g,
					   __u32 event)
{
	__u32 reason = EVENT_REASON(event), other = 0;

	if (f->until <= g->now || !(f->outcomes >> EVENT_OUTCOME(event) & 1) ||
	    !(f->reasons[reason >> 6 & 1] >> (reason & 63) & 1))
		return false;
	for (int i = 0; i < 4; i++)
		other |= (g->p.address32[i] ^ f->address[i]) & f->mask[i];
	return !f->family || (f->family == g->p.family && !other);
}

/*
 * Whether a follower is told once more of a source and a reason: how often that came since the last
 * time, and 1; 0: it is not told.
 */
static __always_inline __u32 follower_turn(struct sg_follower *f, const struct guard *g,
					   __u32 event, __u32 at)
{
	__u64 hash = sg_told_hash(g->p.source, event, at, sg_state.secret);
	__u32 place = hash & (SG_TOLD - 1), tag = hash >> 32 | 1, now = g->now >> SG_TOLD_SHIFT;
	const struct sg_limit limit = sg_limit_of(SG_EVENTS_RATE, SG_EVENTS_BURST);
	struct sg_told *told = bpf_map_lookup_elem(&sg_told, &place);
	__u32 more = 1, index = EVENT_KIND(event) == SG_EVENT_BAN ? 0 : EVENT_REASON(event);
	bool known;

	if (!told)
		return 0;
	known = told->tag == tag;
	barrier_var(index);
	index &= SG_MODES - 1;
	if ((known && told->time == now) || !sg_gcra_conforms(f->tat[index], g->now, &limit)) {
		if (known)
			told->more++;
		else
			__sync_fetch_and_add(&f->limited, 1);
		return 0;
	}
	f->tat[index] = sg_gcra_next(f->tat[index], g->now, &limit);
	if (known)
		more += told->more;
	else if (told->more)
		__sync_fetch_and_add(&f->limited, told->more);
	told->tag = tag;
	told->time = now;
	told->more = 0;
	return more;
}

static __always_inline void event_fill(struct sg_event *e, const struct guard *g, __u32 event)
{
	__builtin_memset(e, 0, sizeof(*e));
	e->time = bpf_ktime_get_ns();
	__builtin_memcpy(e->address, g->p.address32, sizeof(e->address));
	e->port = g->p.source_port;
	e->own_port = g->p.port;
	e->frame = g->p.frame;
	e->family = g->p.family;
	e->transport = g->p.transport;
	e->kind = EVENT_KIND(event);
	e->reason = EVENT_REASON(event);
	e->outcome = EVENT_OUTCOME(event);
	e->class = g->class;
	e->method = g->method;
	e->zone = g->zone;
	e->active = g->active;
	e->leaves = g->p.leaves;
}

static __always_inline __u32 event_interface(hook_ctx *ctx)
{
#if HOOK_SKB
	return ctx->ifindex;
#else
	return ctx->ingress_ifindex;
#endif
}

/* A packet with as many bytes of it as there is `room` for, a constant power of two. */
#define EVENT_SEND(ctx, g, event, ring, f, more_, room)                                           \
	do {                                                                                      \
		struct {                                                                          \
			struct sg_event event;                                                    \
			__u8 bytes[room];                                                         \
		} *place_ = bpf_ringbuf_reserve(ring, sizeof(*place_), 0);                        \
		__u32 last_ = (g)->p.frame - 1;                                                   \
		if (!place_) {                                                                    \
			__sync_fetch_and_add(&(f)->lost, 1);                                      \
			return 0;                                                                 \
		}                                                                                 \
		event_fill(&place_->event, g, event);                                             \
		place_->event.more = more_;                                                       \
		place_->event.interface = event_interface(ctx);                                   \
		place_->event.vlan = hook_vlan(ctx);                                              \
		if (last_ > (room) - 1)                                                           \
			last_ = (room) - 1;                                                       \
		barrier_var(last_);                                                               \
		last_ &= (room) - 1;                                                              \
		if (!hook_load(ctx, 0, place_->bytes, last_ + 1))                                 \
			place_->event.kept = last_ + 1;                                           \
		bpf_ringbuf_submit(place_, BPF_RB_NO_WAKEUP);                                     \
	} while (0)

/* Global, each by itself: of three in one function the verifier follows all ways through all. */
__noinline int event_small(hook_ctx *ctx, const struct guard *g, __u32 event, __u32 at, __u32 more)
{
	struct sg_follower *f = bpf_map_lookup_elem(&sg_followers, &at);
	void *ring = bpf_map_lookup_elem(&sg_rings, &at);

	if (!ctx || !g || !f || !ring)
		return 0;
	EVENT_SEND(ctx, g, event, ring, f, more, SG_EVENT_SMALL);
	return 0;
}

__noinline int event_medium(hook_ctx *ctx, const struct guard *g, __u32 event, __u32 at, __u32 more)
{
	struct sg_follower *f = bpf_map_lookup_elem(&sg_followers, &at);
	void *ring = bpf_map_lookup_elem(&sg_rings, &at);

	if (!ctx || !g || !f || !ring)
		return 0;
	EVENT_SEND(ctx, g, event, ring, f, more, SG_EVENT_MEDIUM);
	return 0;
}

__noinline int event_large(hook_ctx *ctx, const struct guard *g, __u32 event, __u32 at, __u32 more)
{
	struct sg_follower *f = bpf_map_lookup_elem(&sg_followers, &at);
	void *ring = bpf_map_lookup_elem(&sg_rings, &at);

	if (!ctx || !g || !f || !ring)
		return 0;
	EVENT_SEND(ctx, g, event, ring, f, more, SG_EVENT_LARGE);
	return 0;
}

/* The packet itself, if it is one of a sample. */
static __always_inline int event_frame(hook_ctx *ctx, const struct guard *g, __u32 event, __u32 at,
				       __u32 sample, __u32 more)
{
	if (sample > 1 && bpf_get_prandom_u32() % sample)
		return 0;
	if (g->p.frame <= SG_EVENT_SMALL)
		return event_small(ctx, g, event, at, more);
	if (g->p.frame <= SG_EVENT_MEDIUM)
		return event_medium(ctx, g, event, at, more);
	return event_large(ctx, g, event, at, more);
}

/* What became of a packet, or a ban. */
static __always_inline int event_plain(struct sg_follower *f, const struct guard *g, __u32 event,
				       __u32 at, __u32 interface)
{
	__u32 turn = f->frames == SG_FRAMES_BANS ? 1 : follower_turn(f, g, event, at);
	void *ring = bpf_map_lookup_elem(&sg_rings, &at);
	struct sg_event *e;

	if (!turn || !ring)
		return 0;
	e = bpf_ringbuf_reserve(ring, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&f->lost, 1);
		return 0;
	}
	event_fill(e, g, event);
	e->interface = interface;
	e->more = turn - 1;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* One follower is told. */
__noinline int event_to(hook_ctx *ctx, const struct guard *g, __u32 event, __u32 at)
{
	struct sg_follower *f = bpf_map_lookup_elem(&sg_followers, &at);
	__u32 turn = 1;

	if (!ctx || !g || !f || f->frames == SG_FRAMES_BANS || !follower_wants(f, g, event))
		return 0;
	if (f->frames == SG_FRAMES_NONE)
		return event_plain(f, g, event, at, event_interface(ctx));
	if (f->frames == SG_FRAMES_TOLD)
		turn = follower_turn(f, g, event, at);
	return turn ? event_frame(ctx, g, event, at, f->sample, turn - 1) : 0;
}

/* All of them are. */
__noinline int event_tell(hook_ctx *ctx, const struct guard *g, __u32 event)
{
	if (!ctx || !g)
		return 0;
	for (__u32 at = 0; at < SG_FOLLOWERS; at++)
		event_to(ctx, g, event, at);
	return 0;
}

/* One is told of a ban, where no packet is at hand. */
__noinline int event_ban_to(const struct guard *g, __u32 event, __u32 at)
{
	struct sg_follower *f = bpf_map_lookup_elem(&sg_followers, &at);

	if (g && f && (!f->frames || f->frames == SG_FRAMES_BANS) && follower_wants(f, g, event))
		event_plain(f, g, event, at, 0);
	return 0;
}

__noinline int event_ban(const struct guard *g, __u32 event)
{
	if (!g)
		return 0;
	for (__u32 at = 0; at < SG_FOLLOWERS; at++)
		event_ban_to(g, event, at);
	return 0;
}

#endif
