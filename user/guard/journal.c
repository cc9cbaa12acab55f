// SPDX-License-Identifier: GPL-2.0-only
#include "guard/journal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/notice.h"
#include "guard/egress.h"
#include "guard/links.h"

#define STAGED "staged"
#define COMMIT "commit"

int journal_begin(const struct pins *pins, struct error *error)
{
	return pins_mkdir(pins, error, STAGED);
}

static int stage_pin(const struct pins *pins, const char *kind, const char *name, int fd,
		     struct error *error)
{
	int err = pins_mkdir(pins, error, STAGED "/%s", kind);

	return err ? err : pins_put(pins, fd, error, STAGED "/%s/%s", kind, name);
}

/* A link of clsact, whose fd is -1, is a directory. */
static int stage_link(const struct pins *pins, const char *kind, const char *pin, int fd,
		      struct error *error)
{
	int err;

	if (fd >= 0)
		return stage_pin(pins, kind, pin, fd, error);
	err = pins_mkdir(pins, error, STAGED "/%s", kind);
	return err ? err : pins_mkdir(pins, error, STAGED "/%s/%s", kind, pin);
}

int journal_link(const struct pins *pins, const char *pin, int fd, struct error *error)
{
	return stage_link(pins, "links", pin, fd, error);
}

int journal_egress(const struct pins *pins, const struct place *place, __u32 ifindex, int program,
		   struct error *error)
{
	return egress_attach(pins, STAGED, place, ifindex, program, error);
}

int journal_remove(const struct pins *pins, const char *pin, int fd, struct error *error)
{
	return stage_link(pins, "remove", pin, fd, error);
}

int journal_judge(const struct pins *pins, const struct guard_link *link, int program,
		  struct error *error)
{
	int old = bpf_prog_get_fd_by_id(link->program_id);
	int err = stage_pin(pins, "judges", link->pin, program, error);

	/* Only CAP_SYS_ADMIN may have it; without, a refused upgrade leaves the others upgraded. */
	if (!err && old >= 0)
		err = stage_pin(pins, "before", link->pin, old, error);
	if (old >= 0)
		close(old);
	return err;
}

int journal_program(const struct pins *pins, const char *name, int fd, struct error *error)
{
	return stage_pin(pins, "programs", name, fd, error);
}

int journal_config(const struct pins *pins, __u32 which, struct error *error)
{
	return pins_mkdir(pins, error, STAGED "/config-%u", which);
}

int journal_mode(const struct pins *pins, enum sg_mode mode, struct error *error)
{
	return pins_mkdir(pins, error, STAGED "/mode-%d", mode);
}

static int rename_pin(const struct pins *pins, const char *from, const char *to,
		      struct error *error)
{
	char old[PIN_PATH], new[PIN_PATH];

	if (rename(pins_path(pins, old, "%s", from), pins_path(pins, new, "%s", to)) == 0)
		return 0;
	return error_set(error, -errno, "cannot rename %s to %s: %s.", old, new, strerror(errno));
}

/* Moves every pin of a directory of commit/ into `to`, over what is there. */
static int move_pins(const struct pins *pins, const char *kind, const char *to, struct error *error)
{
	char path[PIN_PATH], from[PIN_PATH], target[PIN_PATH];
	struct dirent *entry;
	int err = 0;
	DIR *dir = opendir(pins_path(pins, path, COMMIT "/%s", kind));

	if (!dir)
		return pins_unreadable(path, error);
	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(from, sizeof(from), COMMIT "/%s/%s", kind, entry->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
		err = rename_pin(pins, from, target, error);
	}
	closedir(dir);
	return err;
}

/* Has every link run what is pinned for it in commit/KIND. */
static int update_links(const struct pins *pins, const char *kind, struct error *error)
{
	struct link_set links;
	int err = links_read(pins, "links", &links, error);

	for (size_t i = 0; !err && i < links.count; i++) {
		const struct guard_link *link = &links.link[i];
		int program = pins_get(pins, COMMIT "/%s/%s", kind, link->pin);

		if (program < 0)
			continue;
		err = link_update(pins, link, program);
		close(program);
		/* The older one goes on working there; attach says where to replace it. */
		if (err == -EXDEV)
			err = 0;
		if (err)
			error_set(error, err, "%s does not take the new program: %s.", link->name,
				  strerror(-err));
	}
	links_free(&links);
	return err;
}

/* The one step that may be refused: all links get the new programs, or none. */
static int apply_programs(const struct pins *pins, struct error *error)
{
	int err = update_links(pins, "judges", error);

	if (!err)
		err = egress_update(pins, COMMIT "/programs", error);
	if (!err)
		return 0;
	update_links(pins, "before", NULL);
	egress_update(pins, ".", NULL);
	if (rename_pin(pins, COMMIT, STAGED, NULL) == 0)
		journal_abort(pins);
	return err;
}

static void apply_removals(const struct pins *pins)
{
	struct link_set gone;

	if (links_read(pins, COMMIT "/remove", &gone, NULL))
		return;
	for (size_t i = 0; i < gone.count; i++) {
		pins_remove(pins, "links/%s", gone.link[i].pin);
		link_detach(&gone.link[i]);
		pins_remove(pins, COMMIT "/remove/%s", gone.link[i].pin);
	}
	links_free(&gone);
}

static void apply_values(const struct pins *pins, struct maps *maps)
{
	char name[32];

	for (__u32 which = 0; which < 2; which++) {
		snprintf(name, sizeof(name), COMMIT "/config-%u", which);
		if (pins_exist(pins, name))
			maps_activate(maps, which);
	}
	for (__u32 mode = 0; mode < SG_MODE__MAX; mode++) {
		snprintf(name, sizeof(name), COMMIT "/mode-%u", mode);
		if (pins_exist(pins, name))
			maps_store(&maps->state->mode, mode);
	}
}

/* The same, into the directory of that name, which is made if needed. */
static int move_folder(const struct pins *pins, const char *kind, struct error *error)
{
	char from[PIN_PATH];
	int err;

	snprintf(from, sizeof(from), COMMIT "/%s", kind);
	if (!pins_exist(pins, from))
		return 0;
	err = pins_mkdir(pins, error, "%s", kind);
	return err ? err : move_pins(pins, kind, kind, error);
}

/* What is left to do once every link runs its program; only a lack of memory can stop it. */
static int finish(const struct pins *pins, struct maps *maps, struct error *error)
{
	static const char *const folders[] = {"links", "tcx", "clsact"};
	int err = move_pins(pins, "programs", ".", error);

	for (size_t i = 0; !err && i < sizeof(folders) / sizeof(*folders); i++)
		err = move_folder(pins, folders[i], error);
	if (err)
		return err;
	apply_values(pins, maps);
	apply_removals(pins);
	err = egress_tidy(pins, error);
	return err ? err : pins_wipe(pins, COMMIT);
}

int journal_commit(const struct pins *pins, struct maps *maps, struct error *error)
{
	int err = rename_pin(pins, STAGED, COMMIT, error);
	struct error why = {};

	if (err)
		journal_abort(pins);
	else
		err = apply_programs(pins, error);
	if (!err && finish(pins, maps, &why)) {
		if (why.text[0])
			notice("%s", why.text);
		notice("this change is not complete: the next sipguard command will complete it.");
	}
	return err;
}

void journal_abort(const struct pins *pins)
{
	struct link_set links;

	/* Not by unpinning alone: that takes effect only after a while. */
	if (links_read(pins, STAGED "/links", &links, NULL) == 0) {
		for (size_t i = 0; i < links.count; i++)
			link_detach(&links.link[i]);
		links_free(&links);
	}
	/* What cannot be taken down now keeps its record, for the next command. */
	if (egress_remove(pins, STAGED, NULL) == 0)
		pins_wipe(pins, STAGED);
}

bool journal_pending(const struct pins *pins)
{
	return pins_exist(pins, STAGED) || pins_exist(pins, COMMIT);
}

int journal_recover(const struct pins *pins, struct error *error)
{
	struct error why = {};
	struct maps maps;
	int err;

	if (pins_exist(pins, STAGED))
		journal_abort(pins);
	if (!pins_exist(pins, COMMIT))
		return 0;
	err = maps_open(pins, &maps, error);
	if (err)
		return err;
	if (apply_programs(pins, &why) == 0)
		err = finish(pins, &maps, error);
	else
		notice("%s", why.text); /* and undone: all is as it was before */
	maps_close(&maps);
	return err;
}
