// SPDX-License-Identifier: GPL-2.0-only
/* watch: what runs for long beside the guard, and which the guard does not need. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/notice.h"
#include "base/text.h"
#include "cmd/command.h"
#include "events/keeper.h"
#include "guard/preflight.h"
#include "hep/export.h"
#include "render/journal.h"
#include "render/output.h"
#include "watch/address.h"
#include "watch/loop.h"
#include "watch/privileges.h"
#include "watch/server.h"

/* Where packets go. */
struct exports {
	struct address address;
	bool tcp;
	struct hep_agent agent;
	struct collector *collector; /* NULL: nowhere */
	__u64 unread;                /* that found no room in the ring */
};

struct watch {
	struct keeper *keeper;  /* NULL: nobody wants events */
	struct keeper *packets; /* NULL: nor packets */
	struct exports *exports;
	struct mailbox box;
	struct server *server;
	struct self self;
	int told; /* code of the error that was told last */
};

/* That the guard goes and comes is told once, not at every reading. */
static void tell(struct watch *watch, const struct view *view)
{
	int code = view->error.code;

	if (code == watch->told)
		return;
	if (code)
		notice("%s", view->error.text);
	else
		notice("the guard is there again.");
	watch->told = code;
}

static void tell_exports(const struct exports *exports, struct self *self)
{
	struct collector_counts counts;

	if (!exports->collector)
		return;
	counts = collector_counts(exports->collector);
	self->hep = true;
	self->hep_sent = counts.sent;
	self->hep_refused = counts.refused;
	self->hep_lost = counts.lost + exports->unread;
}

static int read_guard(struct loop_source *source, struct error *error)
{
	struct watch *watch = source->of;
	struct view view;

	(void)error;
	mailbox_heard(&watch->box);
	view_take(&view);
	watch->self.readings++;
	watch->self.failures += view.error.code && view.error.code != -ENOTCONN;
	tell(watch, &view);
	server_tell(watch->server, &watch->self);
	tell_exports(watch->exports, &watch->self);
	mailbox_answer(&watch->box, documents_make(&view, &watch->self));
	view_free(&view);
	return 0;
}

static void log_event(void *context, const struct follow *follow, const struct sg_event *event)
{
	(void)context;
	journal_event(follow, event);
}

static void log_change(void *context, const struct change *change)
{
	(void)context;
	journal_change(change);
}

static void log_left_out(void *context, __u64 limited, __u64 lost)
{
	(void)context;
	journal_left_out(limited, lost);
}

static void send_event(void *context, const struct follow *follow, const struct sg_event *event)
{
	const struct exports *exports = context;

	export_event(exports->collector, &exports->agent, follow, event);
}

static void count_unread(void *context, __u64 limited, __u64 lost)
{
	struct exports *exports = context;

	(void)limited;
	exports->unread += lost;
}

static int turn(struct loop_source *source, struct error *error)
{
	struct watch *watch = source->of;
	__u64 expired;

	(void)error;
	if (read(source->fd, &expired, sizeof(expired)) != sizeof(expired))
		return 0;
	if (watch->keeper)
		keeper_turn(watch->keeper);
	if (watch->packets) {
		keeper_turn(watch->packets);
		collector_turn(watch->exports->collector);
	}
	return 0;
}

static bool begin_log(struct watch *watch)
{
	static const struct keeper_ears ears = {log_event, log_change, log_left_out, NULL, false};

	if (!journal_is_there())
		notice("there is no journal of systemd here: events are lost until there is one.");
	watch->keeper = keeper_begin(&ears);
	return watch->keeper;
}

static bool begin_export(struct watch *watch)
{
	struct exports *exports = watch->exports;
	const struct keeper_ears ears = {send_event, NULL, count_unread, exports, true};

	exports->collector = collector_begin(&exports->address, exports->tcp);
	watch->packets = exports->collector ? keeper_begin(&ears) : NULL;
	if (!watch->packets)
		return false;
	collector_turn(exports->collector);
	return true;
}

/* The row of the loop that hears events, for the journal and for a collector. 0 or -errno. */
static int begin_events(struct watch *watch, const struct options *options,
			struct loop_source *source, struct error *error)
{
	const struct itimerspec twice = {{0, KEEPER_TURN_NS}, {0, 1}};

	*source = (struct loop_source){-1, turn, watch};
	errno = ENOMEM;
	if ((!options->journal || begin_log(watch)) && (!options->hep || begin_export(watch)))
		source->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (source->fd < 0 || timerfd_settime(source->fd, 0, &twice, NULL))
		return error_set(error, -ENOMEM, "cannot begin to follow events: %s.",
				 strerror(errno));
	return 0;
}

static void end_export(struct exports *exports)
{
	struct collector_counts counts;

	if (!exports->collector)
		return;
	counts = collector_end(exports->collector);
	counts.lost += exports->unread;
	notice("%llu %s sent to the collector, %llu of these refused; %llu %s lost.", counts.sent,
	       word_for(counts.sent, "packet was", "packets were"), counts.refused, counts.lost,
	       word_for(counts.lost, "was", "were"));
}

static enum exit_code say_where(const struct address *address, bool json)
{
	if (json)
		output_json_line(json_pack("{s:s, s:b}", "listening", address->text, "loopback",
					   address->loopback));
	else
		printf("The status page is http://%s/, and Prometheus finds its metrics at "
		       "/metrics there.\n", address->text);
	if (!address->loopback)
		notice("%s is not loopback: there is no password and no encryption, and whoever "
		       "reaches it reads the counters, the bans and the configuration.",
		       address->text);
	return output_end();
}

static int begin_server(struct watch *watch, int socket, const char *host,
			struct loop_source *source, struct error *error)
{
	int err = mailbox_open(&watch->box, error);

	if (err) {
		close(socket);
		return err;
	}
	*source = (struct loop_source){watch->box.asked, read_guard, watch};
	watch->server = server_start(socket, host, &watch->box, error);
	if (watch->server)
		return 0;
	mailbox_close(&watch->box);
	return error->code;
}

/* Until a signal ends it. The socket, if there is one, is closed by then. */
static int run(int socket, int signals, const struct options *options, struct exports *exports,
	       struct error *error)
{
	struct loop_source sources[3] = {{.fd = signals, .ready = loop_end}};
	struct watch watch = {.exports = exports};
	size_t count = 1;
	int err = 0;

	if (options->metrics)
		err = begin_server(&watch, socket, options->host, &sources[count++], error);
	if (!err && (options->journal || options->hep))
		err = begin_events(&watch, options, &sources[count++], error);
	if (!err)
		err = loop_run(sources, count, error);
	keeper_end(watch.keeper);
	keeper_end(watch.packets);
	if (watch.server) {
		server_stop(watch.server);
		mailbox_close(&watch.box);
	}
	end_export(exports);
	return err;
}

/* What it has to do with privileges it does before it gives them up. */
static int prepare(struct address *address, int *socket, int *signals, struct error *error)
{
	int err = preflight_capabilities(error);

	if (err)
		return err;
	if (address->text[0]) {
		*socket = address_listen(address, error);
		if (*socket < 0)
			return *socket;
	}
	err = privileges_keep_few(error);
	if (!err)
		err = *signals = loop_signals(error);
	if (err < 0 && *socket >= 0)
		close(*socket);
	return err < 0 ? err : 0;
}

static enum exit_code read_exports(const struct options *options, struct exports *exports)
{
	struct error error = {};

	exports->agent.id = options->hep_id ? options->hep_id : 1;
	if (!options->hep)
		return options->hep_id || options->hep_key
			? usage("--hep-id and --hep-key-file go with --hep.") : DONE;
	if (collector_parse(options->hep, &exports->address, &exports->tcp, &error)) {
		failed(&error);
		return USAGE;
	}
	if (options->hep_key && export_read_key(options->hep_key, &exports->agent, &error))
		return failed(&error);
	return DONE;
}

enum exit_code cmd_watch(const struct options *options)
{
	int socket = -1, signals = -1, err;
	struct exports exports = {};
	struct address address = {};
	struct error error = {};
	enum exit_code code;

	if (!options->metrics && !options->journal && !options->hep)
		return usage("'watch' needs --metrics ADDRESS, or --journal, or --hep ADDRESS.");
	if (options->metrics && address_parse(options->metrics, &address, &error)) {
		failed(&error);
		return USAGE;
	}
	code = read_exports(options, &exports);
	if (code != DONE)
		return code;
	if (prepare(&address, &socket, &signals, &error))
		return failed(&error);
	if (options->metrics)
		code = say_where(&address, options->json);
	if (code != DONE) {
		close(socket);
		return code;
	}
	err = run(socket, signals, options, &exports, &error);
	close(signals);
	return err ? failed(&error) : DONE;
}
