// SPDX-License-Identifier: GPL-2.0-only
/* detach: links first, then, with the last one, everything else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "guard/egress.h"
#include "guard/journal.h"
#include "guard/session.h"
#include "render/output.h"

/* Taking the pin away is the commit. Detaching then makes it true at once and not after a while. */
static int detach_single(const struct pins *pins, const struct guard_link *link)
{
	int err = pins_remove(pins, "links/%s", link->pin);

	if (err) {
		fail("cannot remove %s/links/%s: %s.", pins->dir, link->pin, strerror(-err));
		return err;
	}
	link_detach(link);
	if (egress_tidy(pins))
		notice("this is not complete: the next sipguard command will complete it.");
	return 0;
}

static int detach_many(struct session *session, const struct guard_link **gone, size_t count)
{
	int err = journal_begin(&session->pins);

	for (size_t i = 0; !err && i < count; i++)
		err = journal_remove(&session->pins, gone[i]->pin, gone[i]->fd);
	if (!err)
		return journal_commit(&session->pins, &session->maps);
	journal_abort(&session->pins);
	return err;
}

/*
 * What goes by this name: the interface that is called so here; one that is gone and was; one of
 * another namespace that was, unless there is one here that could be meant. NULL after saying why.
 */
static const struct guard_link *find(const struct session *session, const char *name)
{
	const struct guard_link *link = links_find(&session->links, name);

	if (link && (link->state != LINK_ELSEWHERE || !if_nametoindex(name)))
		return link;
	if (link)
		fail("the %s that is guarded is in another network namespace, and this one is "
		     "not, so nothing was changed: run the same command there.", name);
	else
		fail("%s is not guarded, nothing was changed: see `sipguard status`.", name);
	return NULL;
}

/* The links to be detached, each once. Their number, or -1 if one is not there. */
static int choose(const struct session *session, const struct options *options,
		  const struct guard_link **gone)
{
	int count = 0;

	for (size_t i = 0; options->all && i < session->links.count; i++)
		gone[count++] = &session->links.link[i];
	for (int i = 0; !options->all && i < options->count; i++) {
		const struct guard_link *link = find(session, options->arguments[i]);
		bool twice = false;

		if (!link)
			return -1;
		for (int j = 0; j < count; j++)
			twice = twice || gone[j] == link;
		if (!twice)
			gone[count++] = link;
	}
	return count;
}

static int detach(struct session *session, const struct guard_link **gone, int count)
{
	bool last = (size_t)count == session->links.count;
	int err = 0;

	for (int i = 0; !err && i < count; i++)
		err = egress_reachable(&session->pins, gone[i]);
	if (err)
		return err;
	err = count == 1 ? detach_single(&session->pins, gone[0])
			 : detach_many(session, gone, count);
	/*
	 * All at egress, whatever became of links: without its record a filter would stay for
	 * ever.
	 */
	if (!err && last && (egress_remove(&session->pins, ".") || pins_wipe(&session->pins, ""))) {
		fail("no interface is guarded any more, but something of it in %s could not be "
		     "removed and may still judge packets: run this command again.",
		     session->pins.dir);
		err = -EIO;
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
	struct session session;
	enum exit_code code;
	int count;

	if (options->all == (options->count > 0))
		return usage("'detach' wants names of interfaces, or else --all.");
	code = session_begin(&session, ACCESS_DETACH);
	if (code != DONE)
		return code;
	gone = calloc(session.links.count + options->count, sizeof(*gone));
	count = gone ? choose(&session, options, gone) : 0;
	if (count < 0)
		code = NOT_ATTACHED;
	else if (!count || detach(&session, gone, count))
		code = FAILED;
	else
		report(gone, count, options->json);
	free(gone);
	session_end(&session);
	return code;
}
