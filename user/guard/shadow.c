// SPDX-License-Identifier: GPL-2.0-only
#include "guard/shadow.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/notice.h"
#include "guard/slots.h"

#define DIR_SHADOW "shadow"
#define DIR_LINKS "shadow/links"
#define END_TRIES 1000 /* a program ends when no CPU runs it any more */
#define END_PAUSE_US 10000

const char *const shadow_map_names[SHADOW_MAP__MAX] = {
#define X(name, label) label,
	SHADOW_MAPS(X)
#undef X
};

bool shadow_exists(const struct pins *pins)
{
	return pins_exist(pins, DIR_SHADOW "/on");
}

int shadow_map(const struct pins *pins, enum shadow_map which, struct error *error)
{
	int fd = pins_get(pins, DIR_SHADOW "/%s", shadow_map_names[which]);

	if (fd < 0)
		error_set(error, fd, "cannot open %s/" DIR_SHADOW "/%s: %s; `sipguard shadow off` "
			  "ends the shadow.", pins->dir, shadow_map_names[which], strerror(-fd));
	return fd;
}

int shadow_note(const struct pins *pins, struct shadow_note *note, struct error *error)
{
	__u32 zero = 0;
	int fd, err;

	if (!shadow_exists(pins))
		return -ENOENT;
	fd = shadow_map(pins, SHADOW_NOTE, error);
	if (fd < 0)
		return fd == -ENOENT ? -EIO : fd;
	err = bpf_map_lookup_elem(fd, &zero, note);
	close(fd);
	note->path[sizeof(note->path) - 1] = '\0';
	return err ? error_set(error, err, "cannot read what the shadow is: %s.", strerror(-err))
		   : 0;
}

/* Which program the link of a pin stands in, or 0; and its own number in *id. */
static __u32 link_target(int fd, __u32 *id)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return 0;
	*id = info.id;
	return info.tracing.target_obj_id;
}

bool shadow_is_at(const struct pins *pins, const struct guard_link *link)
{
	int fd = pins_get(pins, DIR_LINKS "/%s", link->pin);
	__u32 id, target;

	if (fd < 0)
		return false;
	target = link_target(fd, &id);
	close(fd);
	return target && target == link->program_id;
}

/* Waits until a link has ended whose pin is gone. */
static void wait_for_end(__u32 id)
{
	for (int i = 0; i < END_TRIES; i++) {
		int fd = bpf_link_get_fd_by_id(id);

		if (fd < 0)
			return;
		close(fd);
		usleep(END_PAUSE_US);
	}
}

/* Calls `each` for all pins of links, until it says no. */
static void for_each_link(const struct pins *pins, bool (*each)(const struct pins *, const char *,
								void *), void *context)
{
	char path[PIN_PATH];
	struct dirent *entry;
	DIR *dir = opendir(pins_path(pins, path, DIR_LINKS));

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && !each(pins, entry->d_name, context))
			break;
	}
	if (dir)
		closedir(dir);
}

struct ids {
	__u32 id[SLOTS_MOST];
	size_t count;
};

static bool keep_id(const struct pins *pins, const char *pin, void *context)
{
	struct ids *ids = context;
	int fd = pins_get(pins, DIR_LINKS "/%s", pin);

	if (fd >= 0 && ids->count < SLOTS_MOST && (link_target(fd, &ids->id[ids->count]), 1))
		ids->count++;
	if (fd >= 0)
		close(fd);
	return true;
}

int shadow_call(const struct pins *pins, bool call, struct error *error)
{
	struct sg_state *state;
	int err, fd = pins_get(pins, "%s", map_names[MAP_STATE]);

	if (fd < 0)
		return error_set(error, fd, "cannot open the guard's state: %s.", strerror(-fd));
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	err = state == MAP_FAILED ? -errno : 0;
	close(fd);
	if (err)
		return error_set(error, err, "cannot map the guard's state into memory: %s.",
				 strerror(-err));
	maps_store(&state->active, (state->active & ~SG_ACTIVE_SHADOW) |
				   (call ? SG_ACTIVE_SHADOW : 0));
	munmap(state, sizeof(*state));
	return 0;
}

static int wipe(const struct pins *pins, struct error *error)
{
	struct ids ids = {};
	int err;

	for_each_link(pins, keep_id, &ids);
	/* First of all, so that whoever is killed in between leaves no half of it that counts. */
	pins_remove(pins, DIR_SHADOW "/on");
	shadow_call(pins, false, NULL);
	err = pins_wipe(pins, DIR_SHADOW);
	if (err)
		return error_set(error, err, "cannot remove the shadow in %s/" DIR_SHADOW ": %s.",
				 pins->dir, strerror(-err));
	for (size_t i = 0; i < ids.count; i++)
		wait_for_end(ids.id[i]);
	return 0;
}

int shadow_end(const struct pins *pins, struct error *error)
{
	return pins_exist(pins, DIR_SHADOW) ? wipe(pins, error) : -ENOENT;
}

struct tidying {
	struct link_set links;
	bool look_only;
	size_t wrong, right;
};

static bool tidy_one(const struct pins *pins, const char *pin, void *context)
{
	struct tidying *t = context;
	const struct guard_link *link = links_find_pin(&t->links, pin);

	if (link && (link->state == LINK_GONE || shadow_is_at(pins, link))) {
		t->right++;
		return true;
	}
	t->wrong++;
	if (!t->look_only)
		pins_remove(pins, DIR_LINKS "/%s", pin);
	return true;
}

/* How many do not follow the guard, and whether any does. */
static int look(const struct pins *pins, struct tidying *t, struct error *error)
{
	int err = links_read(pins, "links", &t->links, error);

	if (err)
		return err;
	for_each_link(pins, tidy_one, t);
	links_free(&t->links);
	return 0;
}

bool shadow_is_tidy(const struct pins *pins)
{
	struct tidying t = {.look_only = true};

	if (!pins_exist(pins, DIR_SHADOW))
		return true;
	return shadow_exists(pins) && !look(pins, &t, NULL) && !t.wrong && t.right;
}

int shadow_tidy(const struct pins *pins, struct error *error)
{
	struct tidying t = {};
	int err;

	if (!pins_exist(pins, DIR_SHADOW))
		return 0;
	err = look(pins, &t, error);
	if (!err && (!shadow_exists(pins) || !t.right))
		err = wipe(pins, error);
	return err;
}

void shadow_settle(const struct pins *pins)
{
	struct error why = {};

	if (shadow_tidy(pins, &why))
		notice("%s", why.text);
	else if (!shadow_exists(pins))
		notice("the guard has a new program, so the shadow has ended: `sipguard shadow "
		       "FILE` begins it again.");
	else
		notice("the shadow does not judge what comes in by the new interface: `sipguard "
		       "shadow FILE` begins it again, with all of them.");
}
