// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/notice.h"
#include "replay/capture.h"

#define PROGRESS_PACKETS 1024 /* between one word of it and the next */

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
				  "proposed; `editcap` of Wireshark can save what is good of it.",
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
		servers_vote(&r->servers, &ends);
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

static int came_in(struct recording *r, const struct frame *frame, struct work *w,
		   const struct endpoints *ends, struct error *error)
{
	int err = replay_judge(w->replay, frame, &w->judgement, error);

	if (err == -EMSGSIZE) {
		r->cut++;
		return 0;
	}
	if (err)
		return err;
	r->in++;
	tell(r, w, ends, &ends->from, w->pass->came);
	return 0;
}

static int went_out(struct recording *r, const struct frame *frame, struct work *w,
		    const struct endpoints *ends, struct error *error)
{
	int err = replay_hear(w->replay, frame, error);

	if (err)
		return err;
	r->out++;
	if (w->pass->proved && replay_counted(w->replay)->count[SG_COUNT_PROVEN])
		tell(r, w, ends, &ends->to, w->pass->proved);
	return 0;
}

static int show(struct recording *r, const struct frame *frame, void *context, struct error *error)
{
	struct work *w = context;
	struct endpoints ends;
	enum direction direction;

	if (frame->foreign) {
		r->foreign++;
		return 0;
	}
	if (frame->length < ETH_HLEN || !endpoints_find(frame, &ends))
		return 0;
	direction = servers_direction(&r->servers, &ends);
	if (direction == DIRECTION_OTHER)
		return 0;
	note_time(r, frame->time);
	if (direction == DIRECTION_UNKNOWN) {
		if (!r->unknown++)
			r->puzzle = ends;
		return 0;
	}
	if (frame->missing) {
		r->cut++;
		return 0;
	}
	return direction == DIRECTION_IN ? came_in(r, frame, w, &ends, error)
					 : went_out(r, frame, w, &ends, error);
}

int recording_pass(struct recording *recording, const struct pass *pass, struct error *error)
{
	struct work work = {.pass = pass};
	int err = replay_open(pass->config, recording->path, true, &work.replay, error);

	recording->in = recording->out = recording->unknown = recording->cut = 0;
	recording->foreign = recording->first = recording->last = 0;
	if (!err)
		err = read_all(recording, pass->what, show, &work, error);
	if (!err)
		recording->stood = replay_stood(work.replay);
	replay_close(work.replay);
	return err;
}
