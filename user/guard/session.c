// SPDX-License-Identifier: GPL-2.0-only
#include "guard/session.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/notice.h"
#include "guard/egress.h"
#include "guard/journal.h"
#include "guard/preflight.h"
#include "guard/shadow.h"

#define READ_TRIES 100
#define READ_PAUSE_US 50000

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

/* Opens what tells of a trial, and nothing else. False if there is none; else trial_close(). */
static bool trial_open(const struct pins *pins, struct maps *maps)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int fd = pins_get(pins, "%s", map_names[MAP_STATE]);
	void *state = MAP_FAILED;

	*maps = (struct maps){};
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) &&
	    info.value_size == sizeof(*maps->state))
		state = mmap(NULL, sizeof(*maps->state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (state == MAP_FAILED)
		return false;
	maps->state = state;
	maps->clock = maps->state->active & SG_ACTIVE_TRIAL ? pins_get(pins, "guard_clock") : -1;
	if (maps->clock >= 0)
		return true;
	munmap(state, sizeof(*maps->state));
	return false;
}

static void trial_close(struct maps *maps)
{
	munmap(maps->state, sizeof(*maps->state));
	close(maps->clock);
}

/* What the time is over of; NONE if it is not, or nothing is on trial. */
static enum sg_trial trial_over(const struct pins *pins)
{
	enum sg_trial trial = SG_TRIAL_NONE;
	struct maps maps;
	__u64 now, left;

	if (!trial_open(pins, &maps))
		return trial;
	if (!maps_clock(&maps, &now, NULL)) {
		trial = maps_trial(&maps, now, &left);
		if (left)
			trial = SG_TRIAL_NONE;
	}
	trial_close(&maps);
	return trial;
}

/* As the data path does it with the next packet; and who has not confirmed is told. */
static void trial_end_mode(const struct pins *pins)
{
	struct maps maps;

	if (!trial_open(pins, &maps))
		return;
	maps_store(&maps.state->mode, SG_MODE_MONITOR);
	maps_trial_end(&maps);
	trial_close(&maps);
	notice("the time that was given by --for is over, and nobody said `sipguard confirm`: the "
	       "guard's mode is monitor.");
}

/* Without its links what is left goes as that of a detach that was killed. */
static int trial_detach(const struct pins *pins, struct error *error)
{
	struct link_set links;
	int err = links_read(pins, "links", &links, error);

	for (size_t i = 0; !err && i < links.count; i++)
		err = egress_reachable(pins, &links.link[i], error);
	for (size_t i = 0; !err && i < links.count; i++) {
		err = pins_remove(pins, "links/%s", links.link[i].pin);
		if (err)
			error_set(error, err, "the guard's time is over, and %s/links/%s cannot be "
				  "removed: %s.", pins->dir, links.link[i].pin, strerror(-err));
		else
			link_detach(&links.link[i]);
	}
	if (!err)
		notice("the time that was given by `attach --for` is over, and nobody said "
		       "`sipguard confirm`: the guard has let everything pass since, and is "
		       "detached now.");
	links_free(&links);
	return err;
}

static int trial_settle(const struct pins *pins, struct error *error)
{
	enum sg_trial over = trial_over(pins);

	if (over == SG_TRIAL_DETACH)
		return trial_detach(pins, error);
	if (over == SG_TRIAL_MODE)
		trial_end_mode(pins);
	return 0;
}

static bool is_unfinished(const struct pins *pins)
{
	return journal_pending(pins) || is_leftover(pins) || !egress_is_tidy(pins) ||
	       !shadow_is_tidy(pins) || trial_over(pins);
}

/* Under the lock: nobody is at work, so what is unfinished was left. */
static int recover(const struct pins *pins, struct error *error)
{
	int err = journal_recover(pins, error);

	if (!err)
		err = trial_settle(pins, error);
	if (!err)
		err = egress_tidy(pins, error);
	if (!err)
		err = shadow_tidy(pins, error);
	if (err || !is_leftover(pins))
		return err;
	err = pins_wipe(pins, "");
	if (err)
		error_set(error, err, "cannot remove what a command that was killed has left in "
			  "%s: %s.", pins->dir, strerror(-err));
	return err;
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

static void close_running(struct session *session)
{
	links_free(&session->links);
	maps_close(&session->maps);
	session->running = false;
}

/*
 * Without the lock, pins may go while they are opened. If nobody is at work, what is missing is
 * missing.
 */
static int read_running(struct session *session, struct error *error)
{
	struct error why = {};
	bool alone = false;
	int err;

	for (int i = 0; i < READ_TRIES; i++) {
		why = (struct error){};
		err = open_running(session, ACCESS_READ, &why);
		if (err != -ENOENT || alone)
			break;
		close_running(session);
		alone = pins_try_lock(&session->pins);
		if (!alone)
			usleep(READ_PAUSE_US);
	}
	pins_unlock(&session->pins);
	return err ? error_set(error, err, "%s", why.text) : 0;
}

static int not_attached(const struct pins *pins, struct error *error)
{
	if (pins->hidden)
		return error_set(error, -ENOTCONN, "the guard is not attached, or it cannot be "
				 "seen from here, where no BPF file system is on /sys/fs/bpf: run "
				 "this outside of the container or mount namespace, as by `nsenter "
				 "-t 1 -m`, or begin with `sipguard attach IFACE`.");
	return error_set(error, -ENOTCONN, "the guard is not attached: `sipguard attach IFACE` "
			 "does that.");
}

/*
 * A guard whose time is over, and which is out of reach in another network namespace, lets
 * everything pass there until somebody detaches it: who only looks, or does that, may go on.
 */
static int recover_within_reach(const struct pins *pins, struct error *error)
{
	struct error why = {};
	int err = recover(pins, &why);

	if (!err || err == -EXDEV)
		return 0;
	return error_set(error, err, "%s", why.text);
}

static int begin_reading(struct session *session, enum access access, struct error *error)
{
	struct pins *pins = &session->pins;
	int err = 0;

	/* Who may not ask what runs at an interface would take all there for left behind. */
	if (access == ACCESS_READ && is_unfinished(pins) && pins_try_lock(pins)) {
		err = recover_within_reach(pins, error);
		pins_unlock(pins);
	}
	if (!err)
		err = refuse_foreign(pins, error);
	return err ? err : read_running(session, error);
}

/* What runs at an interface may not be asked; whether tables are half changed, may. */
static int refuse_unfinished(const struct pins *pins, struct error *error)
{
	if (!journal_pending(pins) && !is_leftover(pins))
		return 0;
	return error_set(error, -EBUSY, "a command that was killed has left something to finish, "
			 "which the next one does: `sipguard status`, as root.");
}

static int begin_changing(struct session *session, enum access access, struct error *error)
{
	int err;

	if (access == ACCESS_TABLES_CHANGE)
		err = refuse_unfinished(&session->pins, error);
	else if (access == ACCESS_DETACH)
		err = recover_within_reach(&session->pins, error);
	else
		err = recover(&session->pins, error);
	if (!err)
		err = refuse_foreign(&session->pins, error);
	return err ? err : open_running(session, access, error);
}

int session_begin(struct session *session, enum access access, struct error *error)
{
	bool reads = access == ACCESS_READ || access == ACCESS_TABLES;
	bool tables = access == ACCESS_TABLES || access == ACCESS_TABLES_CHANGE;
	int err = tables ? preflight_tables(error) : preflight_capabilities(error);

	*session = (struct session){.pins.fd = -1};
	if (!err)
		err = pins_open(&session->pins, !reads, access == ACCESS_ATTACH,
				error);
	if (err)
		return err == -ENOENT ? not_attached(&session->pins, error) : err;
	err = reads ? begin_reading(session, access, error)
		    : begin_changing(session, access, error);
	if (!err && (session->running || access == ACCESS_ATTACH))
		return 0;
	session_end(session);
	return err ? err : not_attached(&session->pins, error);
}

void session_end(struct session *session)
{
	close_running(session);
	pins_close(&session->pins);
}
