// SPDX-License-Identifier: GPL-2.0-only
#include "egress.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "netns.h"
#include "program.h"
#include "qdisc.h"

#define TCX "tcx"
#define CLSACT "clsact"

/* Of enum bpf_attach_type and the flags of BPF_LINK_CREATE; Debian 12's headers are older. */
#define ATTACH_TCX_EGRESS ((enum bpf_attach_type)47)
#define FLAG_BEFORE (1U << 3) /* relative to nothing: in front of all */

/*
 * Our place among the filters. The handle is "SIPG": people pick small handles, and the kernel
 * counts from 1, so a filter with it is a sipguard's. The priority is in front of those that the
 * kernel picks, from 49152 down, and behind those that people like for what must be first.
 */
#define FILTER_HANDLE 0x53495047
#define FILTER_PRIORITY 50

const char *const egress_names[] = {
	[EGRESS_MISSING] = "missing",
	[EGRESS_TCX] = "tcx",
	[EGRESS_CLSACT] = "clsact",
	[EGRESS_OLDER] = "older",
};

static void explain(const char *name, int err)
{
	if (err == -ENODEV)
		fail("%s vanished while it was being attached.", name);
	else if (err == -EPERM || err == -ENOMEM)
		fail("the kernel refused a tc program at egress of %s: %s.", name, strerror(-err));
	else if (err == -EBUSY)
		fail("%s has an ingress qdisc, beside which this kernel has no place for a tc "
		     "program at egress: have its owner use clsact (`tc qdisc show dev %s` shows "
		     "it), and try again.", name, name);
	else
		fail("%s takes no tc program at egress (%s): this kernel needs its modules "
		     "sch_ingress and cls_bpf for that, `modprobe -a sch_ingress cls_bpf` and try "
		     "again.", name, strerror(-err));
}

/* --- filters of clsact --- */

/* What the name of a directory in clsact/ tells. */
struct record {
	char entry[3 * IF_NAMESIZE + 64];
	char pin[3 * IF_NAMESIZE];
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

/* No name of an interface has a colon. */
static bool record_parse(const char *entry, struct record *record)
{
	_Static_assert(sizeof(record->pin) == 48, "as wide as the scan below");
	if (strlen(entry) >= sizeof(record->entry))
		return false;
	strcpy(record->entry, entry);
	return sscanf(entry, "%47[^:]:%u:%lu", record->pin, &record->ifindex, &record->netns) == 3;
}

/* The records in dir/clsact. Freed by the caller; 0 or -ENOMEM. */
static int records_read(const struct pins *pins, const char *dir, struct record_set *set)
{
	struct record record, *grown;
	struct dirent *entry;
	char path[PIN_PATH];
	int err = 0;
	DIR *folder;

	*set = (struct record_set){};
	folder = opendir(pins_path(pins, path, "%s/" CLSACT, dir));
	while (folder && !err && (entry = readdir(folder))) {
		if (!record_parse(entry->d_name, &record))
			continue;
		grown = reallocarray(set->record, set->count + 1, sizeof(*grown));
		if (grown) {
			set->record = grown;
			set->record[set->count++] = record;
		} else {
			err = -ENOMEM;
		}
	}
	if (folder)
		closedir(folder);
	return err;
}

/* The id of the program that our filter runs; 0: there is no such filter. */
static __u32 filter_program(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	return bpf_tc_query(&hook, &opts) ? 0 : opts.prog_id;
}

static bool filter_exists(__u32 ifindex)
{
	return filter_program(ifindex) != 0;
}

/* Makes the filter, or has the one at our place run `program`, with no packet in between missed. */
static int filter_set(__u32 ifindex, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = program, .flags = BPF_TC_F_REPLACE);

	return bpf_tc_attach(&hook, &opts);
}

/*
 * The qdisc stays, even if it was made for us and is empty now: somebody could put a filter into it
 * between a look and its removal. An empty one costs next to nothing.
 */
static int filter_remove(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	int err = filter_exists(ifindex) ? bpf_tc_detach(&hook, &opts) : 0;

	return err && filter_exists(ifindex) ? err : 0;
}

/* Takes the filter down, then its record. */
static int record_remove(const struct pins *pins, const char *dir, const struct record *record)
{
	char name[IF_NAMESIZE], path[PIN_PATH];
	int err = is_here(record) ? filter_remove(record->ifindex) : 0;

	pins_decode(record->pin, name);
	if (err) {
		fail("cannot remove the tc filter at egress of %s: %s.", name, strerror(-err));
		return err;
	}
	if (!is_here(record))
		notice("a tc filter may be left in another network namespace: remove it there with "
		       "`tc filter del dev %s egress pref %d`.", name, FILTER_PRIORITY);
	rmdir(pins_path(pins, path, "%s/" CLSACT "/%s", dir, record->entry));
	return 0;
}

static int clsact_attach(const struct pins *pins, const char *dir, const char *name,
			 __u32 ifindex, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	char pin[3 * IF_NAMESIZE];
	int err = pins_mkdir(pins, "%s/" CLSACT, dir);

	pins_encode(name, pin);
	if (!err)
		err = pins_mkdir(pins, "%s/" CLSACT "/%s:%u:%lu", dir, pin, ifindex, netns_here());
	if (err)
		return err;
	err = bpf_tc_hook_create(&hook);
	/* A filter "at egress" of an ingress qdisc would be accepted, and see what comes in. */
	if (err == -EEXIST)
		err = qdisc_is_clsact(ifindex) ? 0 : -EBUSY;
	if (!err)
		err = filter_set(ifindex, program);
	if (err)
		explain(name, err);
	return err;
}

/* --- links of tcx --- */

/* fd of the link, or -errno, unsaid. */
static int tcx_create(__u32 ifindex, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = FLAG_BEFORE);

	return bpf_link_create(program, ifindex, ATTACH_TCX_EGRESS, &opts);
}

/* Errors that the other way would not mend. */
static bool is_hopeless(int err)
{
	return err == -ENODEV || err == -EPERM || err == -ENOMEM;
}

/* Of `struct bpf_link_info`, xdp.ifindex and tcx.ifindex are one word: links_read() reads both. */
static int tcx_read(const struct pins *pins, const char *dir, struct link_set *set)
{
	char path[PIN_PATH];

	snprintf(path, sizeof(path), "%s/" TCX, dir);
	return links_read(pins, path, set);
}

/* Not by unpinning alone: that takes effect only after a while. */
static void tcx_remove(const struct pins *pins, const char *dir, const struct guard_link *link)
{
	char path[PIN_PATH];

	unlink(pins_path(pins, path, "%s/" TCX "/%s", dir, link->pin));
	bpf_link_detach(link->fd);
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

static int attached_read(const struct pins *pins, const char *dir, struct attached *all)
{
	int err;

	*all = (struct attached){};
	err = tcx_read(pins, dir, &all->tcx);
	if (!err)
		err = records_read(pins, dir, &all->clsact);
	if (err)
		attached_free(all);
	return err;
}

/* Whether the filter of a record runs the pinned program; from elsewhere it can only be guessed. */
static enum egress record_look(const struct pins *pins, const struct record *record,
			       const struct guard_link *link)
{
	bool here = is_here(record), older;
	__u32 id = here ? filter_program(record->ifindex) : 0;
	int program;

	if (here ? !id : link_mode(link) != XDP_MODE_NONE)
		return EGRESS_MISSING;
	program = pins_get(pins, "reply");
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

	if (!link->ifindex || attached_read(pins, ".", &all))
		return EGRESS_UNKNOWN;
	tcx = links_find(&all.tcx, link->name);
	if (tcx && tcx->ifindex == link->ifindex)
		found = EGRESS_TCX;
	for (size_t i = 0; found == EGRESS_MISSING && i < all.clsact.count; i++) {
		const struct record *record = &all.clsact.record[i];

		if (strcmp(record->pin, link->pin) == 0 && record->ifindex == link->ifindex)
			found = record_look(pins, record, link);
	}
	attached_free(&all);
	return found;
}

int egress_attach(const struct pins *pins, const char *dir, const char *name, int program)
{
	__u32 ifindex = if_nametoindex(name);
	int err, fd = tcx_create(ifindex, program);
	char pin[3 * IF_NAMESIZE];

	/* No tcx in this kernel (EINVAL), or no room in it (ERANGE). */
	if (fd < 0 && !is_hopeless(fd))
		return clsact_attach(pins, dir, name, ifindex, program);
	if (fd < 0) {
		explain(name, fd);
		return fd;
	}
	pins_encode(name, pin);
	err = pins_mkdir(pins, "%s/" TCX, dir);
	if (!err)
		err = pins_put(pins, fd, "%s/" TCX "/%s", dir, pin);
	close(fd); /* unpinned, the link ends with it */
	return err;
}

int egress_update(const struct pins *pins, int program)
{
	struct attached all;
	int err = attached_read(pins, ".", &all);

	for (size_t i = 0; !err && i < all.tcx.count; i++) {
		if (all.tcx.link[i].ifindex)
			err = bpf_link_update(all.tcx.link[i].fd, program, NULL);
		if (err)
			fail("%s does not take the new program at egress: %s.",
			     all.tcx.link[i].name, strerror(-err));
	}
	for (size_t i = 0; !err && i < all.clsact.count; i++) {
		const struct record *record = &all.clsact.record[i];

		if (is_here(record) && filter_exists(record->ifindex))
			err = filter_set(record->ifindex, program);
		if (err)
			fail("%s does not take the new program at egress: %s.", record->pin,
			     strerror(-err));
	}
	attached_free(&all);
	return err;
}

int egress_reachable(const struct pins *pins, const struct guard_link *link)
{
	struct record_set set;
	int err;

	/* Moving an interface removes its filters. */
	if (!link->ifindex || link_mode(link) != XDP_MODE_NONE)
		return 0;
	err = records_read(pins, ".", &set);
	for (size_t i = 0; !err && i < set.count; i++) {
		if (strcmp(set.record[i].pin, link->pin) == 0 && !is_here(&set.record[i]))
			err = -EXDEV;
	}
	free(set.record);
	if (err)
		fail("%s is in another network namespace, and its tc filter can be changed only "
		     "there: run the same command there.", link->name);
	return err;
}

/* Both dead is what an interface that vanished leaves to a later detach or attach. */
static bool is_wanted(const struct link_set *links, const char *pin, __u32 ifindex)
{
	const struct guard_link *link;
	char name[IF_NAMESIZE];

	pins_decode(pin, name);
	link = links_find(links, name);
	return link && (!link->ifindex || link->ifindex == ifindex);
}

/* Takes down, or only counts, what is not wanted. Their number, or -errno. */
static int tidy(const struct pins *pins, bool look_only)
{
	struct link_set links = {};
	struct attached all;
	int count = 0;
	int err = attached_read(pins, ".", &all);

	if (!err)
		err = links_read(pins, "links", &links);
	for (size_t i = 0; !err && i < all.tcx.count; i++) {
		const struct guard_link *tcx = &all.tcx.link[i];

		if (is_wanted(&links, tcx->pin, tcx->ifindex))
			continue;
		count++;
		if (!look_only)
			tcx_remove(pins, ".", tcx);
	}
	for (size_t i = 0; !err && i < all.clsact.count; i++) {
		const struct record *record = &all.clsact.record[i];

		if (is_wanted(&links, record->pin, record->ifindex))
			continue;
		count++;
		if (!look_only)
			err = record_remove(pins, ".", record);
	}
	links_free(&links);
	attached_free(&all);
	return err ? err : count;
}

int egress_tidy(const struct pins *pins)
{
	int count = tidy(pins, false);

	return count < 0 ? count : 0;
}

bool egress_is_tidy(const struct pins *pins)
{
	return tidy(pins, true) == 0;
}

int egress_remove(const struct pins *pins, const char *dir)
{
	struct attached all;
	int err = attached_read(pins, dir, &all);

	if (err)
		return err;
	for (size_t i = 0; i < all.tcx.count; i++)
		tcx_remove(pins, dir, &all.tcx.link[i]);
	for (size_t i = 0; !err && i < all.clsact.count; i++)
		err = record_remove(pins, dir, &all.clsact.record[i]);
	attached_free(&all);
	return err;
}
