// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/program.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define MAPS_MOST 128

struct identity {
	struct bpf_prog_info info;
	__u32 maps[MAPS_MOST];
};

static bool identify(int fd, struct identity *identity)
{
	__u32 size = sizeof(identity->info);

	memset(identity, 0, sizeof(*identity));
	identity->info.nr_map_ids = MAPS_MOST;
	identity->info.map_ids = (__u64)(unsigned long)identity->maps;
	if (bpf_obj_get_info_by_fd(fd, &identity->info, &size))
		return false;
	if (identity->info.nr_map_ids > MAPS_MOST)
		identity->info.nr_map_ids = MAPS_MOST;
	return true;
}

static bool identify_id(__u32 id, struct identity *identity)
{
	int fd = bpf_prog_get_fd_by_id(id);
	bool known = fd >= 0 && identify(fd, identity);

	if (fd >= 0)
		close(fd);
	return known;
}

static bool is_same_code(const struct identity *a, const struct identity *b)
{
	return memcmp(a->info.tag, b->info.tag, sizeof(a->info.tag)) == 0;
}

static bool shares_map(const struct identity *a, const struct identity *b)
{
	for (__u32 i = 0; i < a->info.nr_map_ids; i++) {
		for (__u32 j = 0; j < b->info.nr_map_ids; j++) {
			if (a->maps[i] == b->maps[j])
				return true;
		}
	}
	return false;
}

bool program_is_other(__u32 id, int program)
{
	struct identity own, other;

	return identify(program, &own) && identify_id(id, &other) && !is_same_code(&own, &other);
}

bool program_has_other(int program)
{
	struct identity own, other;
	__u32 id = 0;

	if (!identify(program, &own))
		return false;
	while (bpf_prog_get_next_id(id, &id) == 0) {
		if (identify_id(id, &other) && other.info.type == own.info.type &&
		    !is_same_code(&own, &other) && shares_map(&own, &other))
			return true;
	}
	return false;
}

static bool has_name(int map, const char *name)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(map, &info, &size) && !strcmp(info.name, name);
}

int program_map(__u32 id, const char *name)
{
	struct identity program;

	if (!identify_id(id, &program))
		return -ENOENT;
	for (__u32 i = 0; i < program.info.nr_map_ids; i++) {
		int fd = bpf_map_get_fd_by_id(program.maps[i]);

		if (fd >= 0 && has_name(fd, name))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ENOENT;
}
