// SPDX-License-Identifier: GPL-2.0-only
#include "object.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

struct bpf_object *object_open(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *map;

	if (!object)
		return NULL;
	bpf_object__for_each_map(map, object)
		bpf_map__set_pin_path(map, NULL);
	return object;
}

void object_only(struct bpf_object *object, const char *program)
{
	struct bpf_program *each;

	bpf_object__for_each_program(each, object)
		bpf_program__set_autoload(each, !strcmp(bpf_program__name(each), program));
}

/* The offset of a variable in a section, or -ENOENT, and its size. */
static int variable_offset(const struct bpf_object *object, const char *section, const char *name,
			   __u32 *bytes)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, id);
	const struct btf_var_secinfo *variable = type ? btf_var_secinfos(type) : NULL;

	for (int i = 0; variable && i < btf_vlen(type); i++, variable++) {
		const struct btf_type *var = btf__type_by_id(btf, variable->type);

		*bytes = variable->size;
		if (!strcmp(btf__name_by_offset(btf, var->name_off), name))
			return variable->offset;
	}
	return -ENOENT;
}

int object_constant(struct bpf_object *object, const char *name, __u64 value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	__u32 bytes = 0, word = value;
	int offset = variable_offset(object, ".rodata", name, &bytes), error;
	size_t size;
	char *copy;
	const void *initial = map ? bpf_map__initial_value(map, &size) : NULL;

	if (offset < 0 || !initial)
		return -ENOENT;
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, initial, size);
	memcpy(copy + offset, bytes == sizeof(word) ? (void *)&word : (void *)&value, bytes);
	error = bpf_map__set_initial_value(map, copy, size);
	free(copy);
	return error;
}

int object_share(struct bpf_object *object, const struct bpf_object *guard)
{
	struct bpf_map *map, *other;
	int error = 0;

	bpf_object__for_each_map(map, object) {
		const char *name = bpf_map__name(map);

		other = strstr(name, "sg_") ? bpf_object__find_map_by_name(guard, name) : NULL;
		/* libbpf would share it as it is, and the program write beside what is meant. */
		if (other && bpf_map__value_size(map) != bpf_map__value_size(other)) {
			fprintf(stderr, "%s is of another size in %s than in %s: build both.\n",
				name, bpf_object__name(object), bpf_object__name(guard));
			error = -EINVAL;
		}
		if (!error && other)
			error = bpf_map__reuse_fd(map, bpf_map__fd(other));
	}
	return error;
}

int object_program(const struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	return program ? bpf_program__fd(program) : -ENOENT;
}

int object_map(const struct bpf_object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

/* What is global data in a section of its own is a map by the name of the section. */
static struct bpf_map *find_map(const struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	char section[64];

	snprintf(section, sizeof(section), ".data.%s", name);
	return map ? map : bpf_object__find_map_by_name(object, section);
}

void *object_memory(const struct bpf_object *object, const char *name)
{
	struct bpf_map *map = find_map(object, name);
	void *memory;
	size_t size;

	if (!map) {
		errno = ENOENT;
		return NULL;
	}
	size = (size_t)(bpf_map__value_size(map) + 7) / 8 * 8 * bpf_map__max_entries(map);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void *object_variable(const struct bpf_object *object, const char *section, const char *name)
{
	__u32 bytes;
	int offset = variable_offset(object, section, name, &bytes);
	char *memory;

	if (offset < 0) {
		errno = -offset;
		return NULL;
	}
	memory = object_memory(object, section);
	return memory ? memory + offset : NULL;
}

int stay_on_this_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	if (cpu < 0)
		return -errno;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : cpu;
}
