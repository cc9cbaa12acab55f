// SPDX-License-Identifier: GPL-2.0-only
/* detach: links first, then, with the last one, everything else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/notice.h"
#include "cmd/command.h"
#include "guard/egress.h"
#include "guard/journal.h"
#include "guard/session.h"
#include "guard/shadow.h"
#include "guard/slots.h"
#include "render/output.h"

/* Taking the pin away is the commit. Detaching then makes it true at once and not after a while. */
static int detach_single(const struct pins *pins, const struct guard_link *link,
			 struct error *error)
{
	int err = pins_remove(pins, "links/%s", link->pin);
	struct error why = {};

	if (err)
		return error_set(error, err, "cannot remove %s/links/%s: %s.", pins->dir, link->pin,
				 strerror(-err));
	link_detach(link);
	if (egress_tidy(pins, &why)) {
		notice("%s", why.text);
		notice("this is not complete: the next sipguard command will complete it.");
	}
	return 0;
}

static int detach_many(struct session *session, const struct guard_link **gone, size_t count,
		       struct error *error)
{
	int err = journal_begin(&session->pins, error);

	for (size_t i = 0; !err && i < count; i++)
		err = journal_remove(&session->pins, gone[i]->pin, gone[i]->fd, error);
	if (!err)
		return journal_commit(&session->pins, &session->maps, error);
	journal_abort(&session->pins);
	return err;
}

/*
 * What goes by this name: the interface that is called so here; one that is gone and was; one of
 * another namespace that was, unless there is one here that could be meant. NULL with an error.
 */
static const struct guard_link *find(const struct session *session, const char *name,
				     struct error *error)
{
	const struct guard_link *link = links_find(&session->links, name);

	if (link && (link->state != LINK_ELSEWHERE || !if_nametoindex(name)))
		return link;
	if (link)
		error_set(error, -ENOTCONN, "the %s that is guarded is in another network "
			  "namespace, and this one is not, so nothing was changed: run the same "
			  "command there.", name);
	else
		error_set(error, -ENOTCONN, "%s is not guarded, nothing was changed: see `sipguard "
			  "status`.", name);
	return NULL;
}

/* The links to be detached, each once. Their number, or -ENOTCONN if one is not there. */
static int choose(const struct session *session, const struct options *options,
		  const struct guard_link **gone, struct error *error)
{
	int count = 0;

	for (size_t i = 0; options->all && i < session->links.count; i++)
		gone[count++] = &session->links.link[i];
	for (int i = 0; !options->all && i < options->count; i++) {
		const struct guard_link *link = find(session, options->arguments[i], error);
		bool twice = false;

		if (!link)
			return -ENOTCONN;
		for (int j = 0; j < count; j++)
			twice = twice || gone[j] == link;
		if (!twice)
			gone[count++] = link;
	}
	return count;
}

/* Of those that stay: one that went may have had the index of another one. */
static void settle(struct session *session)
{
	struct error unsaid = {};
	struct link_set links;
	struct slots slots;
	struct maps maps;

	shadow_tidy(&session->pins, NULL);
	if (maps_open(&session->pins, &maps, &unsaid))
		return;
	if (!links_read(&session->pins, "links", &links, &unsaid)) {
		slots_of_links(&slots, &links);
		slots_recall(&slots, places_in_force(&maps));
		slots_settle(&slots, &maps, &unsaid);
		links_free(&links);
	}
	maps_close(&maps);
}

static int detach(struct session *session, const struct guard_link **gone, int count,
		  struct error *error)
{
	bool last = (size_t)count == session->links.count;
	struct error why = {};
	int err = 0;

	for (int i = 0; !err && i < count; i++) {
		err = egress_reachable(&session->pins, gone[i], error);
		if (!err)
			err = link_reachable(&session->pins, gone[i], error);
	}
	if (err)
		return err;
	err = count == 1 ? detach_single(&session->pins, gone[0], error)
			 : detach_many(session, gone, count, error);
	if (!err && !last)
		settle(session);
	/*
	 * All at egress, whatever became of links: without its record a filter would stay for
	 * ever.
	 */
	if (!err && last &&
	    (egress_remove(&session->pins, ".", &why) || pins_wipe(&session->pins, ""))) {
		if (why.text[0])
			notice("%s", why.text);
		err = error_set(error, -EIO, "no interface is guarded any more, but something of "
				"it in %s could not be removed and may still judge packets: run "
				"this command again.", session->pins.dir);
	}
	return err;
}

static void report(const struct guard_link **gone, int count, bool json)
{
	json_t *names = json_array();

	for (int i = 0; i < count; i++) {
		json_array_append_new(names, output_string(gone[i]->name));
		if (!json)
			escape_printf(stdout, "%s: not guarded any more.\n", gone[i]->name);
	}
	if (json)
		output_json(json_pack("{s:o}", "detached", names));
	else
		json_decref(names);
}

enum exit_code cmd_detach(const struct options *options)
{
	const struct guard_link **gone;
	struct error error = {};
	struct session session;
	int err, count;

	if (options->all == (options->count > 0))
		return usage("'detach' needs the name of an interface, or --all.");
	if (session_begin(&session, ACCESS_DETACH, &error))
		return failed(&error);
	gone = calloc(session.links.count + options->count, sizeof(*gone));
	if (gone)
		count = choose(&session, options, gone, &error);
	else
		count = error_set(&error, -ENOMEM, "out of memory.");
	err = count < 0 ? count : detach(&session, gone, count, &error);
	if (!err)
		report(gone, count, options->json);
	free(gone);
	session_end(&session);
	return err ? failed(&error) : DONE;
}
