// SPDX-License-Identifier: GPL-2.0-only
#include "saved/mark.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"

#define PIN "mark" /* a map of one entry, which no program reads */

static __u64 boot_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * SG_NSEC_PER_SEC + now.tv_nsec;
}

/* A new map each time: who reads has the old mark or the new one, and never a half of both. */
int mark_set(const struct session *session, const struct counters *counters, struct mark *mark,
	     struct error *error)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "sg_" PIN, sizeof(__u32), sizeof(*mark), 1,
				NULL);
	int err = fd < 0 ? fd : 0;
	__u32 zero = 0;

	mark->wall = clock_wall();
	mark->clock = boot_time();
	mark->counters = *counters;
	if (!err)
		err = bpf_map_update_elem(fd, &zero, mark, BPF_ANY);
	if (err)
		error_set(error, err, "cannot keep the mark: %s.", strerror(-err));
	if (!err) {
		pins_remove(&session->pins, PIN);
		err = pins_put(&session->pins, fd, error, PIN);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* Whether it was written by a command that lays it out as this one does. */
static bool is_ours(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.value_size == sizeof(struct mark);
}

int mark_read(const struct session *session, struct mark *mark, struct error *error)
{
	int fd = pins_get(&session->pins, PIN), err;
	__u32 zero = 0;

	if (fd == -ENOENT)
		return error_set(error, fd, "no mark was set since the guard was attached: "
				 "`sipguard stats mark` sets one.");
	if (fd < 0)
		return error_set(error, fd, "cannot open the mark: %s; `sipguard stats mark` sets "
				 "it anew.", strerror(-fd));
	err = is_ours(fd) ? bpf_map_lookup_elem(fd, &zero, mark) : -EPROTO;
	close(fd);
	if (err == -EPROTO)
		return error_set(error, err, "the mark was set by another version of sipguard: "
				 "`sipguard stats mark` sets it anew.");
	return err ? error_set(error, err, "cannot read the mark: %s.", strerror(-err)) : 0;
}

double mark_age(const struct mark *mark)
{
	return (boot_time() - mark->clock) / (double)SG_NSEC_PER_SEC;
}
