// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/notice.h"
#include "replay/capture.h"

#define PROGRESS_PACKETS 1024 /* between one word of it and the next */

static __u64 clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void tell_progress(const struct recording *r, int file, const struct capture *capture,
			  const char *what)
{
	unsigned int percent = capture_percent(capture);
	char text[128];

	snprintf(text, sizeof(text), "%s, file %d of %d", what, file + 1, r->count);
	if (percent)
		progress(r->count > 1 ? text : what, percent, 100);
	else
		progress(what, r->packets, 0);
}

/* Has each packet of each file taken, by 0 or -errno. */
static int read_all(struct recording *r, const char *what,
		    int (*take)(struct recording *r, const struct frame *frame, void *context,
				struct error *error),
		    void *context, struct error *error)
{
	struct capture *capture = NULL;
	int result = 0;

	r->packets = 0;
	for (int i = 0; i < r->count && result >= 0; i++) {
		struct error why = {};
		struct frame frame;

		result = capture_open(r->files[i], &capture, error);
		while (result >= 0 && (result = capture_next(capture, &frame, &why)) > 0) {
			result = take(r, &frame, context, error);
			if (r->packets++ % PROGRESS_PACKETS == 0)
				tell_progress(r, i, capture, what);
		}
		if (result < 0 && why.text[0])
			error_set(error, result, "%s breaks off or is damaged (%s): nothing was "
				  "proposed; if tcpdump still writes it, end that first, else "
				  "`editcap` of Wireshark can save what is good of it.",
				  base_name(r->files[i]), why.text);
		capture_close(capture);
		capture = NULL;
	}
	progress(NULL, 0, 0);
	return result < 0 ? result : 0;
}

/* --- which way --- */

static int vote(struct recording *r, const struct frame *frame, void *context, struct error *error)
{
	struct endpoints ends;

	(void)context;
	(void)error;
	r->foreign += frame->foreign;
	if (!frame->foreign && frame->length >= ETH_HLEN && endpoints_find(frame, &ends))
		servers_vote(&r->servers, frame, &ends);
	return 0;
}

int recording_open(struct recording *recording, const struct prefix *servers, size_t count,
		   struct error *error)
{
	int err = servers_init(&recording->servers, &recording->config->kernel, servers, count,
			       error);

	return err ? err : read_all(recording, "looking for the server", vote, NULL, error);
}

void recording_close(struct recording *recording)
{
	servers_free(&recording->servers);
}

/* --- one pass --- */

struct work {
	const struct pass *pass;
	struct replay *replay;
	struct judgement judgement;
};

struct works {
	struct work work[PASSES_MOST];
	int count;
	enum direction direction; /* of a packet that is seen live */
};

static void note_time(struct recording *r, __u64 time)
{
	if (!r->first)
		r->first = time;
	if (time > r->last)
		r->last = time;
}

static void tell(const struct recording *r, const struct work *w, const struct endpoints *ends,
		 const struct sg_flow_key *flow,
		 void (*told)(void *context, const struct sight *sight))
{
	const struct sight sight = {
		.ends = ends,
		.judgement = &w->judgement,
		.counted = replay_counted(w->replay),
		.proof = replay_proof(w->replay, flow),
		.now = r->last,
	};

	told(w->pass->context, &sight);
}

/* 1; 0 if the kernel takes none as large; -errno. */
static int came_in(const struct recording *r, const struct frame *frame, struct work *w,
		   const struct endpoints *ends, struct error *error)
{
	int err = replay_judge(w->replay, frame, &w->judgement, error);

	if (err)
		return err == -EMSGSIZE ? 0 : err;
	tell(r, w, ends, &ends->from, w->pass->came);
	return 1;
}

static int went_out(const struct recording *r, const struct frame *frame, struct work *w,
		    const struct endpoints *ends, struct error *error)
{
	int err = replay_hear(w->replay, frame, error);

	if (err)
		return err;
	if (w->pass->proved && replay_counted(w->replay)->count[SG_COUNT_PROVEN])
		tell(r, w, ends, &ends->to, w->pass->proved);
	return 1;
}

static int show_each(struct recording *r, const struct frame *frame, struct works *works,
		     const struct endpoints *ends, bool in, struct error *error)
{
	int result = 1;

	for (int i = 0; i < works->count && result > 0; i++)
		result = in ? came_in(r, frame, &works->work[i], ends, error)
			    : went_out(r, frame, &works->work[i], ends, error);
	if (result < 0)
		return result;
	if (!result)
		r->cut++;
	else if (in)
		r->in++;
	else
		r->out++;
	return 0;
}

static int show(struct recording *r, const struct frame *frame, void *context, struct error *error)
{
	struct works *works = context;
	enum direction direction = works->direction;
	struct endpoints ends;

	r->foreign += frame->foreign;
	if (frame->foreign || frame->length < ETH_HLEN || !endpoints_find(frame, &ends))
		return 0;
	if (!r->live)
		direction = servers_direction(&r->servers, frame, &ends);
	if (direction == DIRECTION_OTHER)
		return 0;
	note_time(r, frame->time);
	if (direction == DIRECTION_UNKNOWN && !r->unknown++)
		r->puzzle = ends;
	if (direction == DIRECTION_UNKNOWN)
		return 0;
	r->cut += frame->missing != 0;
	return frame->missing ? 0 : show_each(r, frame, works, &ends,
					      direction == DIRECTION_IN, error);
}

/* The next packet, if there is one: 1, 0, -errno. */
static int listen_once(struct recording *r, struct works *works, __u64 *time, struct error *error)
{
	struct frame frame;
	int result = live_next(r->live, &frame, &works->direction, error), err;

	if (result <= 0)
		return result;
	*time = frame.time;
	r->packets++;
	err = show(r, &frame, works, error);
	return err ? err : 1;
}

/* What comes and goes for some time, with what has come by its end. */
static int listen_all(struct recording *r, struct works *works, struct error *error)
{
	__u64 begun = clock_seconds(), now = begun, time = 0;
	struct timespec end;
	int result = 0;

	while (result >= 0 && !*r->stop && now < begun + r->seconds) {
		result = listen_once(r, works, &time, error);
		now = clock_seconds();
		progress("listening", now - begun, r->seconds);
	}
	clock_gettime(CLOCK_REALTIME, &end);
	/* The kernel hands packets over in blocks, after a tenth of a second: see live.c. */
	for (int quiet = 0; result >= 0 && quiet < 3;) {
		result = listen_once(r, works, &time, error);
		quiet += !result;
		if (result > 0 && time > end.tv_sec * SG_NSEC_PER_SEC + end.tv_nsec)
			break;
	}
	progress(NULL, 0, 0);
	r->lost = live_lost(r->live);
	return result < 0 ? result : 0;
}

int recording_pass(struct recording *recording, const struct pass *passes, int count,
		   struct error *error)
{
	struct recording *r = recording;
	struct works works = {.count = count};
	int err = 0;

	r->packets = r->in = r->out = r->unknown = r->cut = 0;
	r->foreign = r->first = r->last = 0;
	for (int i = 0; i < count && !err; i++) {
		works.work[i].pass = &passes[i];
		err = replay_open(passes[i].config, r->path, true, &works.work[i].replay, error);
	}
	if (!err)
		err = r->live ? listen_all(r, &works, error)
			      : read_all(r, passes->what, show, &works, error);
	if (!err)
		r->stood = replay_stood(works.work[0].replay);
	for (int i = 0; i < count; i++)
		replay_close(works.work[i].replay);
	return err;
}
