// SPDX-License-Identifier: GPL-2.0-only
/* capture: the packets that are dropped, as pcapng. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/notice.h"
#include "base/text.h"
#include "cmd/command.h"
#include "events/follow.h"
#include "events/packets.h"
#include "guard/slots.h"
#include "render/event.h"
#include "render/output.h"

#define RING (16 << 20) /* 0.1 s of 250 000 packets a second */
#define WAIT_MS 50      /* packets wake nobody: so long they lie in the ring */
#define LOOK 20         /* so often, in these, whether there is still a guard: once a second */

static volatile sig_atomic_t interrupted;

struct taken {
	const struct options *options;
	struct packets *packets;
	struct error error;
	__u64 count;
	__u64 written; /* of these: the rest is on its way to the file */
};

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static int take(void *context, const struct sg_event *event)
{
	struct taken *taken = context;
	struct timespec time = event_time(event);
	char comment[EVENT_SUMMARY];
	int err;

	err = packets_add(taken->packets, event, &time, event_summary(event, comment),
			  &taken->error);
	taken->count += !err;
	if (!err && taken->options->limit &&
	    packets_bytes(taken->packets) >= taken->options->limit)
		return -EFBIG;
	return err ? err : interrupted ? -EINTR : 0;
}

static int look(struct error *error)
{
	struct session session;
	int err = session_begin(&session, ACCESS_READ, error);

	if (!err)
		session_end(&session);
	return err;
}

/* 0, or -errno; a full file, as far as the user wants it, and an interrupt are no error. */
static int run(struct follow *follow, struct taken *taken)
{
	int err = 0;

	for (int turn = 0; !err && !interrupted; turn++) {
		err = follow_wait(follow, WAIT_MS, &taken->error);
		if (!err)
			err = packets_flush(taken->packets, &taken->error);
		if (!err)
			taken->written = taken->count;
		if (!err && !strcmp(taken->options->write, "-") && !output_has_reader())
			err = -EPIPE;
		if (!err && turn % LOOK == LOOK - 1)
			err = look(&taken->error);
	}
	return err == -EFBIG || err == -EINTR ? 0 : err;
}

static enum exit_code end(struct follow *follow, struct taken *taken, int err)
{
	__u64 lost = follow_lost(follow);
	int end = packets_end(taken->packets, &taken->error);
	const char *were;

	if (!end)
		taken->written = taken->count;
	follow_end(follow);
	were = word_for(taken->written, "packet was", "packets were");
	if (lost)
		notice("%s%llu %s written, and %llu came too fast to be.",
		       end ? "at least " : "", taken->written, were, lost);
	else
		notice("%s%llu %s written.", end ? "at least " : "", taken->written, were);
	if (err == -EPIPE || end == -EPIPE) /* its reader has seen enough */
		return FAILED;
	return err || end ? failed(&taken->error) : DONE;
}

static struct packets *begin_file(const char *path, const struct session *session,
				  struct error *error)
{
	__u32 interfaces[SLOTS_MOST] = {};
	size_t count = 0;

	for (size_t i = 0; i < session->links.count && count < SLOTS_MOST; i++) {
		if (session->links.link[i].ifindex)
			interfaces[count++] = session->links.link[i].ifindex;
	}
	return packets_begin(path, interfaces, count ? count : 1, error);
}

static enum exit_code begin(const struct options *options, const struct session *session)
{
	const struct follow_wants wants = {
		.reason = options->reason,
		.source = options->source,
		.outcomes = ~0U,
		.frames = SG_FRAMES_ALL,
		.sample = options->sample,
		.ring = RING,
	};
	struct taken taken = {.options = options};
	struct follow *follow;

	taken.packets = begin_file(options->write, session, &taken.error);
	if (!taken.packets)
		return failed(&taken.error);
	follow = follow_begin(session, &wants, take, &taken, &taken.error);
	if (follow)
		return end(follow, &taken, run(follow, &taken));
	packets_end(taken.packets, NULL);
	return failed(&taken.error);
}

enum exit_code cmd_capture(const struct options *options)
{
	struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART */
	struct error error = {};
	struct session session;
	enum exit_code code;

	if (!options->write)
		return usage("'capture' needs --write FILE.");
	if (session_begin(&session, ACCESS_READ, &error))
		return failed(&error);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	code = begin(options, &session);
	session_end(&session);
	return code;
}
