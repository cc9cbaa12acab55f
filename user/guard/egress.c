// SPDX-License-Identifier: GPL-2.0-only
#include "guard/egress.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/notice.h"
#include "dispatcher/dispatcher.h"
#include "kernel/filter.h"
#include "kernel/netns.h"
#include "kernel/program.h"

#define TCX "tcx"
#define CLSACT "clsact"
#define DISPATCHER "dispatcher"

const char *const reply_names[REPLY__MAX] = {
	[REPLY_ETHERNET] = "reply",
	[REPLY_BARE] = "reply_bare",
};

enum reply reply_of(enum judge judge)
{
	return judge == JUDGE_BARE ? REPLY_BARE : REPLY_ETHERNET;
}

const char *const egress_names[] = {
	[EGRESS_MISSING] = "missing",
	[EGRESS_TCX] = "tcx",
	[EGRESS_CLSACT] = "clsact",
	[EGRESS_OLDER] = "older",
};

/* --- filters of clsact --- */

/* What the name of a directory in clsact/ tells. */
struct record {
	char entry[PLACE_PIN + 64];
	char pin[PLACE_PIN];
	struct place place;
	enum direction direction; /* DIRECTION__MAX: called by a dispatcher */
	__u32 ifindex;
	unsigned long netns; /* inode */
};

struct record_set {
	struct record *record;
	size_t count;
};

static bool is_here(const struct record *record)
{
	return record->netns == netns_here();
}

static bool is_dispatched(const struct record *record)
{
	return record->direction == DIRECTION__MAX;
}

static bool record_parse(const char *entry, struct record *record)
{
	char direction[16];
	int used = 0;

	*record = (struct record){};
	if (strlen(entry) >= sizeof(record->entry) ||
	    sscanf(entry, "%15[^:]:%u:%lu:%n", direction, &record->ifindex, &record->netns,
		   &used) != 3 || !used || strlen(entry + used) >= sizeof(record->pin))
		return false;
	strcpy(record->entry, entry);
	strcpy(record->pin, entry + used);
	while (record->direction < DIRECTION__MAX &&
	       strcmp(direction, direction_names[record->direction]))
		record->direction++;
	if (is_dispatched(record) && strcmp(direction, DISPATCHER))
		return false;
	return place_parse(record->pin, &record->place);
}

/* The records in dir/clsact. Freed by the caller; 0 or -errno. */
static int records_read(const struct pins *pins, const char *dir, struct record_set *set,
			struct error *error)
{
	struct record record, *grown;
	struct dirent *entry;
	char path[PIN_PATH];
	int err = 0;
	DIR *folder;

	*set = (struct record_set){};
	folder = opendir(pins_path(pins, path, "%s/" CLSACT, dir));
	if (!folder)
		return pins_unreadable(path, error);
	while (!err && (entry = readdir(folder))) {
		if (!record_parse(entry->d_name, &record))
			continue;
		grown = reallocarray(set->record, set->count + 1, sizeof(*grown));
		if (grown) {
			set->record = grown;
			set->record[set->count++] = record;
		} else {
			err = error_set(error, -ENOMEM, "out of memory.");
		}
	}
	closedir(folder);
	return err;
}

/* What the interface is called here now; else what it was called. */
static const char *record_name(const struct record *record, char name[IF_NAMESIZE])
{
	if (is_here(record) && if_indextoname(record->ifindex, name))
		return name;
	return strcpy(name, record->place.name);
}

static int dispatched_remove(const struct pins *pins, const char *dir, const struct record *record,
			     struct error *error)
{
	__u32 map = links_state_map(pins);
	int err = is_here(record) && map ? dispatcher_detach(record->ifindex, map, 0) : 0;
	char name[IF_NAMESIZE];

	if (err)
		return error_set(error, err, "cannot take the guard from libxdp's dispatcher on "
				 "%s: %s.", record_name(record, name), strerror(-err));
	pins_remove(pins, "%s/" CLSACT "/%s", dir, record->entry);
	return 0;
}

/* Takes the filter down, then its record. */
static int record_remove(const struct pins *pins, const char *dir, const struct record *record,
			 struct error *error)
{
	char name[IF_NAMESIZE];
	int err;

	if (is_dispatched(record))
		return dispatched_remove(pins, dir, record, error);
	err = is_here(record) ? filter_remove(record->ifindex, record->direction) : 0;
	if (err)
		return error_set(error, err, "cannot remove the tc filter at %s of %s: %s.",
				 direction_names[record->direction], record_name(record, name),
				 strerror(-err));
	pins_remove(pins, "%s/" CLSACT "/%s", dir, record->entry);
	return 0;
}

/* The filter of a record that is not here cannot be taken down from here. */
static void record_leave(const struct record *record)
{
	if (!is_here(record) && is_dispatched(record))
		notice("the guard may be left in libxdp's dispatcher on %s in another network "
		       "namespace: `xdp-loader unload` takes it off there.", record->place.name);
	else if (!is_here(record))
		notice("a tc filter may be left in another network namespace: remove it there with "
		       "`tc filter del dev %s %s pref %d`.", record->place.name,
		       direction_names[record->direction], FILTER_PRIORITY);
}

static int record_make(const struct pins *pins, const char *dir, const char *direction,
		       const struct place *place, __u32 ifindex, struct error *error)
{
	int err = pins_mkdir(pins, error, "%s/" CLSACT, dir);
	char pin[PLACE_PIN];

	place_encode(place, pin);
	return err ? err : pins_mkdir(pins, error, "%s/" CLSACT "/%s:%u:%lu:%s", dir, direction,
				      ifindex, netns_here(), pin);
}

int dispatched_record(const struct pins *pins, const struct place *place, struct error *error)
{
	return record_make(pins, ".", DISPATCHER, place, place->ifindex, error);
}

static int clsact_attach(const struct pins *pins, const char *dir, enum direction direction,
			 const struct place *place, __u32 ifindex, int program, struct error *error)
{
	int err = record_make(pins, dir, direction_names[direction], place, ifindex, error);
	char name[IF_NAMESIZE];

	if (err)
		return err;
	err = filter_prepare(ifindex);
	if (!err)
		err = filter_set(ifindex, direction, program);
	if (err)
		filter_explain(if_indextoname(ifindex, name) ? name : place->name, direction, err,
			       error);
	return err;
}

/* --- links of tcx --- */

static int tcx_read(const struct pins *pins, const char *dir, struct link_set *set,
		    struct error *error)
{
	char path[PIN_PATH];

	snprintf(path, sizeof(path), "%s/" TCX, dir);
	return links_read(pins, path, set, error);
}

/* Not by unpinning alone: that takes effect only after a while. */
static void tcx_remove(const struct pins *pins, const char *dir, const struct guard_link *link)
{
	char path[PIN_PATH];

	unlink(pins_path(pins, path, "%s/" TCX "/%s", dir, link->pin));
	link_detach(link);
}

/* --- both --- */

/* All that has its pin or record below one directory. */
struct attached {
	struct link_set tcx;
	struct record_set clsact;
};

static void attached_free(struct attached *all)
{
	links_free(&all->tcx);
	free(all->clsact.record);
	*all = (struct attached){};
}

static int attached_read(const struct pins *pins, const char *dir, struct attached *all,
			 struct error *error)
{
	int err;

	*all = (struct attached){};
	err = tcx_read(pins, dir, &all->tcx, error);
	if (!err)
		err = records_read(pins, dir, &all->clsact, error);
	if (err)
		attached_free(all);
	return err;
}

/* Whether the filter of a record runs the pinned program; from elsewhere it can only be guessed. */
static enum egress record_look(const struct pins *pins, const struct record *record,
			       const struct guard_link *link)
{
	bool here = is_here(record), older;
	__u32 id = here ? filter_program(record->ifindex, DIRECTION_EGRESS) : 0;
	int program;

	if (here ? !id : link->state != LINK_ELSEWHERE)
		return EGRESS_MISSING;
	program = pins_get(pins, "%s", reply_names[reply_of(record->place.judge)]);
	if (program < 0)
		return here ? EGRESS_CLSACT : EGRESS_UNKNOWN;
	older = here ? program_is_other(id, program) : program_has_other(program);
	close(program);
	if (older)
		return EGRESS_OLDER;
	return here ? EGRESS_CLSACT : EGRESS_UNKNOWN;
}

enum egress egress_look(const struct pins *pins, const struct guard_link *link)
{
	enum egress found = EGRESS_MISSING;
	const struct guard_link *tcx;
	struct attached all;

	if (!link->ifindex || attached_read(pins, ".", &all, NULL))
		return EGRESS_UNKNOWN;
	tcx = links_find_pin(&all.tcx, link->pin);
	if (tcx && tcx->ifindex == link->ifindex)
		found = EGRESS_TCX;
	for (size_t i = 0; found == EGRESS_MISSING && i < all.clsact.count; i++) {
		const struct record *record = &all.clsact.record[i];

		if (record->direction == DIRECTION_EGRESS &&
		    strcmp(record->pin, link->pin) == 0 && record->ifindex == link->ifindex)
			found = record_look(pins, record, link);
	}
	attached_free(&all);
	return found;
}

int egress_attach(const struct pins *pins, const char *dir, const struct place *place,
		  __u32 ifindex, int program, struct error *error)
{
	int err, fd = tcx_create(ifindex, DIRECTION_EGRESS, program);
	char pin[PLACE_PIN];

	/* No tcx in this kernel (EINVAL), or no room in it (ERANGE). */
	if (fd < 0 && !tcx_is_hopeless(fd))
		return clsact_attach(pins, dir, DIRECTION_EGRESS, place, ifindex, program, error);
	if (fd < 0)
		return filter_explain(place->name, DIRECTION_EGRESS, fd, error);
	place_encode(place, pin);
	err = pins_mkdir(pins, error, "%s/" TCX, dir);
	if (!err)
		err = pins_put(pins, fd, error, "%s/" TCX "/%s", dir, pin);
	close(fd); /* unpinned, the link ends with it */
	return err;
}

int ingress_attach(const struct pins *pins, const struct place *place, int program,
		   struct error *error)
{
	return clsact_attach(pins, ".", DIRECTION_INGRESS, place, place->ifindex, program, error);
}

static int update_failed(const char *name, int err, struct error *error)
{
	if (!err)
		return 0;
	return error_set(error, err, "%s does not take the new program at egress: %s.", name,
			 strerror(-err));
}

/* Has the attachments of one kind of interfaces run the program. */
static int update_all(const struct attached *all, enum reply reply, int program,
		      struct error *error)
{
	char name[IF_NAMESIZE];
	int err = 0;

	for (size_t i = 0; !err && i < all->tcx.count; i++) {
		const struct guard_link *link = &all->tcx.link[i];

		if (link->ifindex && reply_of(link->place.judge) == reply)
			err = update_failed(link->name, bpf_link_update(link->fd, program, NULL),
					    error);
	}
	for (size_t i = 0; !err && i < all->clsact.count; i++) {
		const struct record *record = &all->clsact.record[i];

		if (record->direction == DIRECTION_EGRESS && is_here(record) &&
		    reply_of(record->place.judge) == reply &&
		    filter_program(record->ifindex, DIRECTION_EGRESS))
			err = update_failed(record_name(record, name),
					    filter_set(record->ifindex, DIRECTION_EGRESS,
						       program), error);
	}
	return err;
}

int egress_update(const struct pins *pins, const char *dir, struct error *error)
{
	struct attached all;
	int err = attached_read(pins, ".", &all, error);

	for (enum reply reply = 0; !err && reply < REPLY__MAX; reply++) {
		int program = pins_get(pins, "%s/%s", dir, reply_names[reply]);

		if (program < 0)
			continue;
		err = update_all(&all, reply, program, error);
		close(program);
	}
	attached_free(&all);
	return err;
}

int egress_reachable(const struct pins *pins, const struct guard_link *link, struct error *error)
{
	struct record_set set;
	int err;

	/* Moving an interface removes its filters. */
	if (link->state != LINK_ELSEWHERE)
		return 0;
	err = records_read(pins, ".", &set, error);
	for (size_t i = 0; !err && i < set.count; i++) {
		if (strcmp(set.record[i].pin, link->pin) == 0 && !is_here(&set.record[i]))
			err = -EXDEV;
	}
	free(set.record);
	if (err)
		error_set(error, err, "%s is in another network namespace, and what is attached to "
			  "it can be changed only there: run the same command there.", link->name);
	return err;
}

/* Both dead is what an interface that vanished leaves to a later detach or attach. */
static bool is_wanted(const struct link_set *links, const char *pin, __u32 ifindex)
{
	const struct guard_link *link = links_find_pin(links, pin);

	return link && (!link->ifindex || link->ifindex == ifindex);
}

/* Moving an interface has removed its filters: what tells of one elsewhere is out of date. */
static bool is_record_wanted(const struct link_set *links, const struct record *record)
{
	const struct guard_link *link = links_find_pin(links, record->pin);

	if (link && link->state == LINK_HERE && !is_here(record))
		return false;
	return is_wanted(links, record->pin, record->ifindex);
}

/*
 * Whether another record is of the same filter: of an interface that was attached anew, and has the
 * number of one that is gone.
 */
static bool is_taken_over(const struct record_set *set, const struct link_set *links,
			  const struct record *record)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct record *other = &set->record[i];

		if (other != record && other->direction == record->direction &&
		    other->ifindex == record->ifindex && other->netns == record->netns &&
		    is_record_wanted(links, other))
			return true;
	}
	return false;
}

static int record_tidy(const struct pins *pins, const struct record_set *set,
		       const struct link_set *links, const struct record *record,
		       struct error *error)
{
	if (!links_find_pin(links, record->pin))
		record_leave(record);
	if (!is_taken_over(set, links, record))
		return record_remove(pins, ".", record, error);
	pins_remove(pins, CLSACT "/%s", record->entry);
	return 0;
}

/* Takes down, or only counts, what is not wanted. Their number, or -errno. */
static int tidy(const struct pins *pins, bool look_only, struct error *error)
{
	struct link_set links = {};
	struct attached all;
	int count = 0;
	int err = attached_read(pins, ".", &all, error);

	if (!err)
		err = links_read(pins, "links", &links, error);
	for (size_t i = 0; !err && i < all.tcx.count; i++) {
		const struct guard_link *tcx = &all.tcx.link[i];
		const struct guard_link *link = links_find_pin(&links, tcx->pin);

		/* If somebody detached the link alone, this one is in the way of a new one. */
		if (link && link->ifindex == tcx->ifindex)
			continue;
		count++;
		if (!look_only)
			tcx_remove(pins, ".", tcx);
	}
	for (size_t i = 0; !err && i < all.clsact.count; i++) {
		const struct record *record = &all.clsact.record[i];

		if (is_record_wanted(&links, record))
			continue;
		count++;
		if (!look_only)
			err = record_tidy(pins, &all.clsact, &links, record, error);
	}
	links_free(&links);
	attached_free(&all);
	return err ? err : count;
}

int egress_tidy(const struct pins *pins, struct error *error)
{
	int count = tidy(pins, false, error);

	return count < 0 ? count : 0;
}

bool egress_is_tidy(const struct pins *pins)
{
	return tidy(pins, true, NULL) == 0;
}

int egress_remove(const struct pins *pins, const char *dir, struct error *error)
{
	struct attached all;
	int err = attached_read(pins, dir, &all, error);

	if (err)
		return err;
	for (size_t i = 0; i < all.tcx.count; i++)
		tcx_remove(pins, dir, &all.tcx.link[i]);
	for (size_t i = 0; !err && i < all.clsact.count; i++) {
		record_leave(&all.clsact.record[i]);
		err = record_remove(pins, dir, &all.clsact.record[i], error);
	}
	attached_free(&all);
	return err;
}
