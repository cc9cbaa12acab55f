// SPDX-License-Identifier: GPL-2.0-only
/* replay: what the guard would do with the packets of a capture, or a folder of messages. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/notice.h"
#include "cmd/command.h"
#include "guard/preflight.h"
#include "guard/slots.h"
#include "policy/policy.h"
#include "render/output.h"
#include "replay/capture.h"
#include "replay/endpoints.h"
#include "replay/messages.h"
#include "replay/report.h"

#define PROGRESS_PACKETS 1024 /* between one word of it and the next */

/* Where the frames come from: one of the two. */
struct source {
	const char *path;
	struct capture *capture;
	struct messages *messages;
	const char *name; /* of the capture; of the message that was read last */
};

struct run {
	const struct options *options;
	struct policy policy;
	struct source source;
	struct replay *replay;
	struct report report;
};

/* The usual port if it is guarded, else the lowest; 0 if there is none. */
static __u16 udp_port(const struct sg_config *config)
{
	if (config->port[5060] & SG_PORT_UDP)
		return 5060;
	for (int port = 1; port < SG_PORTS; port++) {
		if (config->port[port] & SG_PORT_UDP)
			return port;
	}
	return 0;
}

static int source_open(struct run *run, struct error *error)
{
	struct source *source = &run->source;
	__u16 port = udp_port(&run->policy.config->kernel);
	const char *slash;

	source->path = run->options->arguments[0];
	if (run->options->raw && !port)
		return error_set(error, -EINVAL, "the configuration guards no UDP port for the "
				 "messages to go to: name one under ports, udp.");
	if (run->options->raw)
		return messages_open(source->path, port, &source->messages, error);
	slash = strrchr(source->path, '/');
	source->name = slash ? slash + 1 : source->path;
	return capture_open(source->path, &source->capture, error);
}

/* 1, 0 at the end, or -errno. */
static int source_next(struct source *source, struct frame *frame, struct error *error)
{
	struct error why = {};
	int result;

	if (source->messages)
		result = messages_next(source->messages, frame, &source->name, &why);
	else
		result = capture_next(source->capture, frame, &why);
	if (result < 0 && source->messages)
		error_set(error, result, "%s: the messages after it were not judged.", why.text);
	else if (result < 0)
		error_set(error, result, "%s breaks off or is damaged (%s): the packets before "
			  "that were judged.", source->name, why.text);
	return result;
}

static void source_close(struct source *source)
{
	capture_close(source->capture);
	messages_close(source->messages);
}

/*
 * A frame that was cut short is judged for its ports: if they are not guarded, the rest would have
 * changed nothing.
 */
static int judge(struct run *run, const struct frame *frame, struct report_packet *packet,
		 struct error *error)
{
	bool cut;
	int err;

	packet->judgement = (struct judgement){};
	if (frame->foreign) {
		packet->obstacle = OBSTACLE_LINK;
		return 0;
	}
	if (frame->length < ETH_HLEN) {
		packet->obstacle = frame->missing ? OBSTACLE_TRUNCATED : OBSTACLE_SHORT;
		return 0;
	}
	if (frame->missing && run->options->raw) {
		packet->obstacle = OBSTACLE_LARGE;
		return 0;
	}
	err = replay_judge(run->replay, frame, &packet->judgement, error);
	if (err == -EMSGSIZE) {
		packet->obstacle = OBSTACLE_LARGE;
		return 0;
	}
	if (err)
		return err;
	packet->encapsulation = encapsulation_find(frame, &cut);
	if (packet->judgement.guarded)
		packet->encapsulation = ENCAPSULATION_NONE;
	if (frame->missing && (packet->judgement.guarded || cut)) {
		packet->judgement = (struct judgement){};
		packet->obstacle = OBSTACLE_TRUNCATED;
	}
	return 0;
}

/* When a frame of a capture came, and from whom as far as that can be read. */
static struct report_sender sender_of(const struct frame *frame)
{
	struct endpoints ends;

	endpoints_find(frame, &ends);
	return (struct report_sender){.time = frame->time, .who = ends.from};
}

/* How far it has come, where no lines of packets show that. */
static void tell_progress(const struct run *run, __u64 packets)
{
	unsigned int percent = 0;

	if (packets % PROGRESS_PACKETS)
		return;
	if (run->source.capture)
		percent = capture_percent(run->source.capture);
	if (percent)
		progress("replaying", percent, 100);
	else
		progress("replaying, packets", packets, 0);
}

/* 0 if all was read and judged. */
static int replay_all(struct run *run, struct error *error)
{
	struct report_packet packet = {};
	struct frame frame;
	int result;

	for (;;) {
		result = source_next(&run->source, &frame, error);
		if (result <= 0)
			return result;
		packet = (struct report_packet){
			.number = packet.number + 1,
			.file = run->source.name,
			.length = frame.length + frame.missing,
		};
		if (!run->options->raw)
			packet.sender = sender_of(&frame);
		result = judge(run, &frame, &packet, error);
		if (result)
			return result;
		report_packet(&run->report, &packet);
		tell_progress(run, packet.number);
		if (ferror(stdout))
			return -EPIPE; /* output_end() says so */
	}
}

/* All packets, at the interface of that name; NULL: at none that a zone names. */
static void come_in_at(const char *dev, struct sg_places *places)
{
	struct slots slots = {};

	if (dev)
		slots_add(&slots, 0, 0, dev, false);
	slots_write(&slots, places);
	if (dev && !places->interface_of[0])
		notice("no zone names the interface %s.", dev);
	else if (!dev && *places->interface[1])
		notice("zones name interfaces, and without --dev the packets come in at none of "
		       "them.");
}

static enum exit_code replay(struct run *run)
{
	struct error error = {};
	int err = policy_read(run->options->config, &run->policy, &error);
	struct report_terms terms;

	if (!err)
		err = source_open(run, &error);
	if (!err)
		come_in_at(run->options->dev, &run->policy.config->kernel.places);
	if (!err)
		err = replay_open(run->policy.config, run->policy.path, run->options->limits,
				  &run->replay, &error);
	if (err)
		return failed(&error);
	if (run->options->quiet || !isatty(STDOUT_FILENO))
		say_progress();
	err = replay_all(run, &error);
	progress(NULL, 0, 0);
	if (error.text[0])
		failed(&error);
	terms = (struct report_terms){
		.source = run->source.path,
		.config = run->policy.path[0] ? run->policy.path : NULL,
		.limits = run->options->limits,
		.complete = !err,
		.stood = replay_stood(run->replay),
	};
	report_summary(&run->report, &terms);
	return output_end() == DONE && !err ? DONE : FAILED;
}

enum exit_code cmd_replay(const struct options *options)
{
	struct run run = {
		.options = options,
		.report = {
			.json = options->json,
			.quiet = options->quiet,
			.all = options->verbose,
			.raw = options->raw,
		},
	};
	struct error error = {};
	enum exit_code code;

	if (options->raw && options->limits)
		return usage("--limits needs the times of a capture, and --raw has none.");
	if (preflight_capabilities(&error))
		return failed(&error);
	code = replay(&run);
	report_free(&run.report);
	replay_close(run.replay);
	source_close(&run.source);
	policy_free(&run.policy);
	return code;
}
