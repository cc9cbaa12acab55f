// SPDX-License-Identifier: GPL-2.0-only
/* watch: what runs for long beside the guard, and which the guard does not need. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/notice.h"
#include "cmd/command.h"
#include "guard/preflight.h"
#include "render/output.h"
#include "watch/address.h"
#include "watch/loop.h"
#include "watch/privileges.h"
#include "watch/server.h"

struct watch {
	struct mailbox box;
	struct server *server;
	struct self self;
	int told; /* code of the error that was told last */
};

static int end(struct loop_source *source, struct error *error)
{
	(void)source;
	(void)error;
	return 1;
}

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
	mailbox_answer(&watch->box, documents_make(&view, &watch->self));
	view_free(&view);
	return 0;
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

/* Until a signal ends it. The socket is closed by then. */
static int run(int socket, int signals, const struct options *options, struct error *error)
{
	struct watch watch = {};
	struct loop_source sources[2];
	int err = mailbox_open(&watch.box, error);

	if (err) {
		close(socket);
		return err;
	}
	watch.server = server_start(socket, options->host, &watch.box, error);
	sources[0] = (struct loop_source){.fd = signals, .ready = end};
	sources[1] = (struct loop_source){watch.box.asked, read_guard, &watch};
	err = watch.server ? loop_run(sources, 2, error) : error->code;
	server_stop(watch.server);
	mailbox_close(&watch.box);
	return err;
}

/* What it has to do with privileges it does before it gives them up. */
static int prepare(struct address *address, int *socket, int *signals, struct error *error)
{
	int err = preflight_capabilities(error);

	if (err)
		return err;
	*socket = address_listen(address, error);
	if (*socket < 0)
		return *socket;
	err = privileges_keep_few(error);
	if (!err)
		err = *signals = loop_signals(error);
	if (err < 0)
		close(*socket);
	return err < 0 ? err : 0;
}

enum exit_code cmd_watch(const struct options *options)
{
	int socket = -1, signals = -1, err;
	struct error error = {};
	struct address address;
	enum exit_code code;

	if (!options->metrics)
		return usage("'watch' needs --metrics ADDRESS: there is nothing else it does.");
	if (address_parse(options->metrics, &address, &error)) {
		failed(&error);
		return USAGE;
	}
	if (prepare(&address, &socket, &signals, &error))
		return failed(&error);
	code = say_where(&address, options->json);
	if (code != DONE) {
		close(socket);
		return code;
	}
	err = run(socket, signals, options, &error);
	close(signals);
	return err ? failed(&error) : DONE;
}
