// SPDX-License-Identifier: GPL-2.0-only
#include "events/follow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "gcra.h"

#define LISTEN (5 * SG_NSEC_PER_SEC) /* for so long it is heard without saying so again */
#define HOLD_SHIFT 30 /* of the time in 32 bits: about a second */

struct follow {
	struct sg_follower *places;  /* the memory that packets see */
	struct sg_follower *mine;
	struct maps maps;            /* its own: state, clock, rings */
	__u32 at;
	__u32 owner;
	struct ring_buffer *ring;
	follow_each each;
	void *context;
	int said;                    /* by `each`, if that was negative */
	__u64 limited;               /* as follow_left_out() has told */
	__u64 lost;
};

static size_t places_size(void)
{
	size_t page = sysconf(_SC_PAGESIZE), size = SG_FOLLOWERS * sizeof(struct sg_follower);

	return (size + page - 1) / page * page;
}

static int hear(void *context, void *data, size_t size)
{
	struct follow *f = context;

	if (size < sizeof(struct sg_event))
		return 0;
	f->said = f->each(f->context, data);
	return f->said < 0 ? f->said : 0;
}

/* Duplicates, so that the session may end. 0 or -errno. */
static int keep_maps(struct follow *f, const struct session *session)
{
	static const enum map_id ids[] = {MAP_STATE, MAP_CONFIGS, MAP_FOLLOWERS, MAP_RINGS,
					  MAP_TOLD};

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		f->maps.fd[ids[i]] = fcntl(session->maps.fd[ids[i]], F_DUPFD_CLOEXEC, 3);
		if (f->maps.fd[ids[i]] < 0)
			return -errno;
	}
	f->maps.clock = fcntl(session->maps.clock, F_DUPFD_CLOEXEC, 3);
	return f->maps.clock < 0 ? -errno : maps_memory(&f->maps, NULL);
}

static int map_places(struct follow *f)
{
	f->places = mmap(NULL, places_size(), PROT_READ | PROT_WRITE, MAP_SHARED,
			 f->maps.fd[MAP_FOLLOWERS], 0);
	if (f->places != MAP_FAILED)
		return 0;
	f->places = NULL;
	return -errno;
}

/*
 * Who holds a place, and until when, is one word, which two who want it cannot both write: the
 * number of the follower, and the time in units of 2^HOLD_SHIFT ns.
 */
static __u64 hold(const struct follow *f, __u64 now)
{
	return (now + LISTEN) >> HOLD_SHIFT << 32 | f->owner;
}

static bool is_held(__u64 holder, __u64 now)
{
	return holder >> 32 > now >> HOLD_SHIFT;
}

/* Takes a place that nobody has, or whose holder has not been heard of. 0 or -EBUSY. */
static int take_place(struct follow *f, __u64 now)
{
	for (f->at = 0; f->at < SG_FOLLOWERS; f->at++) {
		struct sg_follower *place = &f->places[f->at];
		__u64 holder = __atomic_load_n(&place->holder, __ATOMIC_ACQUIRE);

		if (is_held(holder, now) ||
		    !__atomic_compare_exchange_n(&place->holder, &holder, hold(f, now), false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			continue;
		f->mine = place;
		return 0;
	}
	return -EBUSY;
}

/* Whether the place is still this one's, which keeps it for a while. */
static bool keep_place(struct follow *f, __u64 now)
{
	__u64 holder = __atomic_load_n(&f->mine->holder, __ATOMIC_ACQUIRE);

	return (__u32)holder == f->owner &&
	       __atomic_compare_exchange_n(&f->mine->holder, &holder, hold(f, now), false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void set_source(struct sg_follower *place, const struct prefix *source)
{
	bool ip4 = source->family == AF_INET;
	__u32 length = source->length + (ip4 ? 96 : 0);
	__u8 *address = (__u8 *)place->address, *mask = (__u8 *)place->mask;

	place->family = source->family ? (ip4 ? 4 : 6) : 0;
	memset(address, 0, sizeof(place->address));
	if (ip4)
		address[10] = address[11] = 0xff;
	memcpy(address + (ip4 ? 12 : 0), source->address, ip4 ? 4 : 16);
	for (__u32 bit = 0; bit < 128; bit += 8)
		mask[bit / 8] = length >= bit + 8 ? 0xff : length > bit ? 0xff00 >> (length - bit)
									: 0;
}

/* All but `until`, which is 0. */
static void set_wants(struct sg_follower *place, const struct follow_wants *wants)
{
	__u64 all = wants->reason ? 0 : ~0ULL;

	place->reasons[0] = place->reasons[1] = all;
	if (wants->reason)
		place->reasons[wants->reason / 64] = 1ULL << wants->reason % 64;
	place->outcomes = wants->outcomes;
	place->frames = wants->frames;
	place->sample = wants->sample;
	set_source(place, &wants->source);
	place->lost = place->limited = 0;
	memset(place->tat, 0, sizeof(place->tat));
}

/* For a while from now on. Of the word of all the largest counts; a lost race heals in a second. */
static int listen_on(struct follow *f, struct error *error)
{
	__u64 now, *all = &f->maps.state->followed_until;
	int err = maps_clock(&f->maps, &now, error);

	if (err)
		return err;
	if (!keep_place(f, now))
		return error_set(error, -ESTALE, "this command stood still for so long that "
				 "another one follows in its place: start it again.");
	__atomic_store_n(&f->mine->until, now + LISTEN, __ATOMIC_RELEASE);
	if (__atomic_load_n(all, __ATOMIC_ACQUIRE) < now + LISTEN)
		__atomic_store_n(all, now + LISTEN, __ATOMIC_RELEASE);
	return 0;
}

static int make_ring(struct follow *f, size_t bytes)
{
	int err, ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "sg_ring", 0, 0, bytes, NULL);

	if (ring < 0)
		return ring;
	f->ring = ring_buffer__new(ring, hear, f, NULL);
	err = f->ring ? bpf_map_update_elem(f->maps.fd[MAP_RINGS], &f->at, &ring, BPF_ANY) : -errno;
	close(ring); /* the reader and the guard have it */
	return err;
}

static int begin(struct follow *f, const struct session *session, const struct follow_wants *wants,
		 struct error *error)
{
	__u64 now;
	int err = keep_maps(f, session);

	if (!err)
		err = map_places(f);
	if (!err)
		err = maps_clock(&f->maps, &now, error);
	if (err)
		return error_set(error, err, "cannot open what the guard tells: %s.",
				 strerror(-err));
	err = take_place(f, now);
	if (err)
		return error_set(error, err, "%d commands follow the guard already: end one of "
				 "them.", SG_FOLLOWERS);
	__atomic_store_n(&f->mine->until, 0, __ATOMIC_RELEASE);
	set_wants(f->mine, wants);
	err = make_ring(f, wants->ring);
	if (err)
		return error_set(error, err, "cannot make a ring buffer of %zu bytes: %s.",
				 wants->ring, strerror(-err));
	return listen_on(f, error);
}

struct follow *follow_begin(const struct session *session, const struct follow_wants *wants,
			    follow_each each, void *context, struct error *error)
{
	struct follow *f = calloc(1, sizeof(*f));

	if (!f) {
		error_set(error, -ENOMEM, "out of memory.");
		return NULL;
	}
	f->each = each;
	f->context = context;
	if (getrandom(&f->owner, sizeof(f->owner), 0) != sizeof(f->owner))
		f->owner = getpid();
	f->owner |= 1;
	if (!begin(f, session, wants, error))
		return f;
	follow_end(f);
	return NULL;
}

bool follow_is_of(const struct follow *f, const struct session *session)
{
	return maps_number(&f->maps, MAP_STATE) == maps_number(&session->maps, MAP_STATE);
}

int follow_wait(struct follow *f, int milliseconds, struct error *error)
{
	int err = listen_on(f, error), got;

	if (err)
		return err;
	got = ring_buffer__poll(f->ring, milliseconds);
	/* Packets wake nobody, or each of a flood would. */
	if (!f->said && (got >= 0 || got == -EINTR))
		got = ring_buffer__consume(f->ring);
	if (f->said < 0)
		return f->said;
	return got >= 0 || got == -EINTR ? 0 : error_set(error, got, "cannot read what the guard "
							 "tells: %s.", strerror(-got));
}

__u64 follow_lost(const struct follow *f)
{
	return __atomic_load_n(&f->mine->lost, __ATOMIC_RELAXED);
}

__u32 follow_untold(const struct follow *f, const struct sg_flow_key *key, int reason, int outcome)
{
	__u64 source = key->family == 4 ? sg_source4(key->address[3])
					: sg_source6(key->address[0], key->address[1]);
	__u64 hash = sg_told_hash(source, SG_EVENT_NUMBER(SG_EVENT_PACKET, reason, outcome), f->at,
				  f->maps.state->secret);
	__u32 place = hash & (SG_TOLD - 1);
	struct sg_told told;

	if (bpf_map_lookup_elem(f->maps.fd[MAP_TOLD], &place, &told) ||
	    told.tag != (__u32)(hash >> 32 | 1))
		return 0;
	return told.more;
}

bool follow_left_out(struct follow *f, __u64 *limited, __u64 *lost)
{
	__u64 now_limited = __atomic_load_n(&f->mine->limited, __ATOMIC_RELAXED);
	__u64 now_lost = follow_lost(f);

	*limited = now_limited - f->limited;
	*lost = now_lost - f->lost;
	f->limited = now_limited;
	f->lost = now_lost;
	return *limited || *lost;
}

void follow_zone(const struct follow *f, const struct sg_event *event, char *name)
{
	const struct sg_config *config = &f->maps.configs[event->active & 1];

	/* A reload may write there by now. */
	snprintf(name, SG_ZONE_NAME, "%.*s", SG_ZONE_NAME - 1,
		 event->zone && event->zone < SG_ZONES ? config->zone[event->zone].name : "");
}

static void give_place_back(struct follow *f)
{
	if (!f->mine || (__u32)__atomic_load_n(&f->mine->holder, __ATOMIC_ACQUIRE) != f->owner)
		return;
	__atomic_store_n(&f->mine->until, 0, __ATOMIC_RELEASE);
	bpf_map_delete_elem(f->maps.fd[MAP_RINGS], &f->at);
	__atomic_store_n(&f->mine->holder, 0, __ATOMIC_RELEASE);
}

void follow_end(struct follow *f)
{
	if (!f)
		return;
	give_place_back(f);
	ring_buffer__free(f->ring);
	if (f->places)
		munmap(f->places, places_size());
	maps_close(&f->maps);
	free(f);
}
