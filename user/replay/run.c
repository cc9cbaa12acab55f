// SPDX-License-Identifier: GPL-2.0-only
#include "replay/run.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "scanners.h"    /* types of the skeletons */
#include "sip/message.h"

#include "base/clock.h"
#include "base/names.h"
#include "guard.skel.h"
#include "guard/loader.h"
#include "kernel/maps.h"

/*
 * The kernel takes a page as one buffer, less 256 bytes of headroom and what it notes at its end:
 * 3520 on 6.18 with pages of 4 kB. Above that it wants frames of several buffers, and takes 17 more
 * pages: every IP datagram fits.
 */
#define PLAIN_MAX 3072
/* Where the clock begins: a limit's TAT of 0 is one that was never charged. */
#define CLOCK_START (3600 * SG_NSEC_PER_SEC)

struct replay {
	struct loader loader;
	struct sg_stats *stats; /* the memory that packets count in */
	__u64 tick;             /* ns */
	__u64 first, latest;    /* times of frames */
	bool started;
	__u64 stood;
	int frags, reply; /* programs that few need; -1: not loaded yet */
};

/*
 * Each packet is judged alone: by what it is, not by what its flow or anybody else has done.
 * Whoever commits an offence is banned for no time.
 */
static void limits_off(struct config *config)
{
	for (int reason = 0; reason < SG_REASON__MAX; reason++) {
		if (reason_texts[reason].stateful)
			sg_mode_set(&config->kernel, reason, SG_MODE_OFF);
	}
	for (int offence = 0; offence < SG_OFFENCE__MAX; offence++)
		config->kernel.ban[offence].seconds = 0;
}

/* The copy shares the prefixes of the original. */
static int replay_init(struct replay *replay, const struct config *config, const char *path,
		       bool limits, struct error *error)
{
	struct config *own = malloc(sizeof(*own));
	int err;

	if (!own)
		return error_set(error, -ENOMEM, "out of memory.");
	*own = *config;
	if (!limits)
		limits_off(own);
	err = loader_init(&replay->loader, own, path, SG_MODE_ENFORCE, 0, error);
	free(own);
	return err;
}

static int replay_map_stats(struct replay *replay, struct error *error)
{
	int fd = bpf_map__fd(replay->loader.object->maps.sg_stats);
	void *memory = mmap(NULL, sizeof(*replay->stats), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    0);

	if (memory != MAP_FAILED) {
		replay->stats = memory;
		return 0;
	}
	return error_set(error, -ENOMEM, "cannot map the counters into memory: %s.",
			 strerror(errno));
}

int replay_open(const struct config *config, const char *path, bool limits, struct replay **replay,
		struct error *error)
{
	struct replay *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return error_set(error, -ENOMEM, "out of memory.");
	r->frags = r->reply = -1;
	r->tick = clock_tick();
	err = loader_load_replay(&r->loader, config->kernel.memory_preset, error);
	if (!err)
		err = replay_init(r, config, path, limits, error);
	if (!err)
		err = replay_map_stats(r, error);
	if (err)
		replay_close(r);
	else
		*replay = r;
	return err;
}

/* In steps of a tick, as the guard's clock moves when it is attached. */
static void clock_set(struct replay *replay, __u64 time)
{
	__u64 elapsed;

	if (!replay->started)
		replay->first = replay->latest = time;
	replay->started = true;
	if (time > replay->latest)
		replay->latest = time;
	else if (replay->latest - time >= replay->tick)
		replay->stood++;
	elapsed = replay->latest - replay->first;
	replay->loader.object->bss->sg_replay_clock =
		CLOCK_START + elapsed - elapsed % replay->tick;
}

static int run(struct replay *replay, const struct frame *frame, __u32 *action, struct error *error)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = frame->length, .repeat = 1);
	bool large = frame->length > PLAIN_MAX;
	int err;

	if (large && replay->frags < 0)
		replay->frags = loader_replay_frags(&replay->loader, error);
	if (large && replay->frags < 0)
		return replay->frags;
	err = bpf_prog_test_run_opts(large ? replay->frags : replay->loader.plain, &options);
	*action = options.retval;
	if (large && (err == -EINVAL || err == -ENOMEM || err == -E2BIG))
		err = -EMSGSIZE;
	if (err && err != -EMSGSIZE)
		error_set(error, err, "the kernel does not run the guard on a frame of %u bytes: "
			  "%s.", frame->length, strerror(-err));
	return err;
}

static bool is_counted(const struct sg_tally *tally)
{
	return tally->passed.packets || tally->would_drop.packets || tally->dropped.packets;
}

static int find_counted(const struct sg_tally *tallies, int count)
{
	for (int i = 0; i < count; i++) {
		if (is_counted(&tallies[i]))
			return i;
	}
	return 0;
}

/* A segment may have several messages; and what begins in it is counted under no method yet. */
static int find_method(const struct sg_tally *tallies)
{
	for (int i = SG_METHOD_NONE + 1; i < SG_METHOD__MAX; i++) {
		if (is_counted(&tallies[i]))
			return i;
	}
	return SG_METHOD_NONE;
}

/* A packet may be counted under several reasons in monitor mode, and be dropped under one. */
static enum sg_reason find_reason(const struct sg_stats *stats, bool drop)
{
	for (int i = 1; i < SG_REASON__MAX; i++) {
		const struct sg_tally *tally = &stats->reason[i];

		if (drop ? tally->dropped.packets : tally->watched.packets)
			return i;
	}
	return SG_REASON_NONE;
}

int replay_judge(struct replay *replay, const struct frame *frame, struct judgement *judgement,
		 struct error *error)
{
	const struct sg_stats *stats = replay->stats;
	__u32 action;
	int err;

	clock_set(replay, frame->time);
	memset(replay->stats, 0, sizeof(*replay->stats));
	err = run(replay, frame, &action, error);
	if (err)
		return err;
	*judgement = (struct judgement){
		.drop = action == XDP_DROP,
		.guarded = !stats->unguarded[0].packets,
		.reason = find_reason(stats, action == XDP_DROP),
		.class = find_counted(stats->class, SG_CLASS__MAX),
		.method = find_method(stats->method),
	};
	if ((action == XDP_DROP || action == XDP_PASS) &&
	    (!judgement->drop || judgement->reason != SG_REASON_NONE))
		return 0;
	return error_set(error, -EPROTO, "the guard answers a frame of %u bytes with the action %u "
			 "and the reason %d, which it never should: please report it.",
			 frame->length, action, judgement->reason);
}

int replay_hear(struct replay *replay, const struct frame *frame, struct error *error)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = frame->length, .repeat = 1);
	int err;

	if (replay->reply < 0)
		replay->reply = loader_replay_reply(&replay->loader, error);
	if (replay->reply < 0)
		return replay->reply;
	clock_set(replay, frame->time);
	memset(replay->stats, 0, sizeof(*replay->stats));
	err = bpf_prog_test_run_opts(replay->reply, &options);
	if (!err || err == -EINVAL || err == -ENOMEM || err == -E2BIG)
		return 0;
	return error_set(error, err, "the kernel does not run the guard on a reply of %u bytes: "
			 "%s.", frame->length, strerror(-err));
}

const struct sg_stats *replay_counted(const struct replay *replay)
{
	return replay->stats;
}

/* What a flow has proven, if this line of the table has it. */
static enum sg_proof proof_in(const struct guard_bpf *object, __u32 at,
			      const struct sg_flow_key *key)
{
	struct sg_proven_line line;

	if (bpf_map_lookup_elem(bpf_map__fd(object->maps.sg_proven), &at, &line))
		return SG_PROOF_NONE;
	for (int i = 0; i < SG_PROVEN_CELLS; i++) {
		if (sg_proven_is_of(&line.cell[i], key) &&
		    sg_proven_lives(line.cell[i].end, object->bss->sg_replay_clock))
			return line.cell[i].proof;
	}
	return SG_PROOF_NONE;
}

enum sg_proof replay_proof(const struct replay *replay, const struct sg_flow_key *key)
{
	const struct guard_bpf *object = replay->loader.object;
	__u64 hash = sg_key_hash(key, object->data_sg_state->sg_state.secret);
	__u32 lines = bpf_map__max_entries(object->maps.sg_proven);

	for (int i = 0; i < 2; i++) {
		__u32 at = sg_proven_line_of(hash, i, lines);
		__u32 proof = proof_in(object, at, key);

		if (proof > SG_PROOF_GREYLIST)
			return proof;
	}
	return SG_PROOF_NONE;
}

__u64 replay_stood(const struct replay *replay)
{
	return replay->stood;
}

void replay_close(struct replay *replay)
{
	if (!replay)
		return;
	if (replay->stats)
		munmap(replay->stats, sizeof(*replay->stats));
	if (replay->frags >= 0)
		close(replay->frags);
	if (replay->reply >= 0)
		close(replay->reply);
	loader_close(&replay->loader);
	free(replay);
}
