// SPDX-License-Identifier: GPL-2.0-only
#include "guard/session.h"

#include <errno.h>
#include <stdio.h>

#include "guard/egress.h"
#include "guard/journal.h"
#include "guard/preflight.h"

/* Maps and programs without a link are what a killed attach or detach has left. */
static bool is_leftover(const struct pins *pins)
{
	struct link_set links;
	bool none;

	if (!pins_exist(pins, "") || links_read(pins, "links", &links, NULL))
		return false;
	none = links.count == 0;
	links_free(&links);
	return none;
}

static int recover(struct pins *pins, struct error *error)
{
	bool reader = !pins->exclusive;
	int err;

	if (!journal_pending(pins) && !is_leftover(pins) && egress_is_tidy(pins))
		return 0;
	err = reader ? pins_relock(pins, true, error) : 0;
	/* Somebody else has recovered: whoever attaches by now must not be taken apart. */
	if (!err && !pins_are_current(pins))
		err = -ESTALE;
	if (!err)
		err = journal_recover(pins, error);
	if (!err)
		err = egress_tidy(pins, error);
	if (!err && is_leftover(pins))
		err = pins_wipe(pins, "");
	if (err)
		return err;
	return reader ? pins_relock(pins, false, error) : 0;
}

static int refuse_foreign(const struct pins *pins, struct error *error)
{
	unsigned int version = pins_foreign(pins);

	if (!version)
		return 0;
	return error_set(error, -EPROTO, "another version of sipguard guards this host (its ABI is "
			 "%u, that of this one is %d): detach it with its own `sipguard detach "
			 "--all`, or, if you no longer have it, by `rm -r %s/v%u` and `sipguard "
			 "attach` at each of its interfaces, since a filter of tc would go on "
			 "without its pins.", version, SG_ABI_VERSION, pins->shown, version);
}

static int check_abi(const struct session *session, struct error *error)
{
	if (session->maps.state->abi == SG_ABI_VERSION)
		return 0;
	return error_set(error, -EPROTO, "the pins in %s/v%d are not of this sipguard: remove them "
			 "with `rm -r %s/v%d` and attach again, at the same interfaces.",
			 session->pins.shown, SG_ABI_VERSION, session->pins.shown, SG_ABI_VERSION);
	return -EPROTO;
}

static int open_running(struct session *session, enum access access, struct error *error)
{
	int err = links_read(&session->pins, "links", &session->links, error);

	if (err || !session->links.count)
		return err;
	if (access != ACCESS_DETACH) {
		err = maps_open(&session->pins, &session->maps, error);
		if (!err)
			err = check_abi(session, error);
	}
	session->running = !err;
	return err;
}

static int not_attached(struct error *error)
{
	return error_set(error, -ENOTCONN, "the guard is not attached: `sipguard attach IFACE` "
			 "does that.");
}

int session_begin(struct session *session, enum access access, struct error *error)
{
	int err = preflight_capabilities(error);

	*session = (struct session){.pins.lock = -1};
	if (err)
		return err;
	do {
		pins_close(&session->pins);
		err = pins_open(&session->pins, access != ACCESS_READ, access == ACCESS_ATTACH,
				error);
		if (err)
			return err == -ENOENT ? not_attached(error) : err;
		err = recover(&session->pins, error);
	} while (err == -ESTALE);
	if (!err)
		err = refuse_foreign(&session->pins, error);
	if (!err)
		err = open_running(session, access, error);
	if (!err && (session->running || access == ACCESS_ATTACH))
		return 0;
	session_end(session);
	return err ? err : not_attached(error);
}

void session_end(struct session *session)
{
	links_free(&session->links);
	maps_close(&session->maps);
	pins_close(&session->pins);
	session->running = false;
}
