// SPDX-License-Identifier: GPL-2.0-only
#include "twin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "../harness/object.h"
#include "corpus.h"

#define OFFSET 42 /* of the message in the frame, as in probe.bpf.c */

struct twin {
	struct bpf_object *object;
	int program;
	struct sip_input *input; /* the object's variables */
	struct sip_caps *caps;
	int readers;             /* the map of them, */
	unsigned char *values;   /* what is in it, for each CPU */
	size_t value_size;
	size_t result;           /* where struct sip_message is in one of them */
	int cpu;
	unsigned char frame[OFFSET + TWIN_BYTES];
};

/* --- the object --- */

static void *variable(const struct bpf_object *object, const char *section, const char *name)
{
	void *at = object_variable(object, section, name);

	if (!at)
		corpus_die("The object's variable %s cannot be mapped (%s).", name,
			   strerror(errno));
	return at;
}

/* The member of a structure of the object that holds a byte: its name, and where it begins. */
static const char *member_at(const struct bpf_object *object, const char *structure, size_t byte,
			     size_t *begin)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf__find_by_name_kind(btf, structure, BTF_KIND_STRUCT);
	const struct btf_type *type = btf__type_by_id(btf, id);
	const char *name = "?";

	for (int i = 0; type && i < btf_vlen(type); i++) {
		if (btf_member_bit_offset(type, i) / 8 > byte)
			break;
		*begin = btf_member_bit_offset(type, i) / 8;
		name = btf__name_by_offset(btf, btf_members(type)[i].name_off);
	}
	return name;
}

static size_t offset_of(const struct bpf_object *object, const char *structure, const char *member,
			size_t size)
{
	size_t begin = size;

	for (size_t byte = 0; byte < size; byte++)
		if (!strcmp(member_at(object, structure, byte, &begin), member))
			return begin;
	corpus_die("The object has no %s in struct %s.", member, structure);
}

struct twin *twin_open(const char *path)
{
	struct twin *twin = calloc(1, sizeof(*twin));
	struct bpf_map *map;

	if (!twin)
		corpus_die("Out of memory.");
	twin->object = object_open(path);
	if (!twin->object || bpf_object__load(twin->object))
		corpus_die("%s: the kernel does not load it (%s).", path, strerror(errno));
	twin->program = object_program(twin->object, "probe");
	twin->input = variable(twin->object, ".bss", "probe_input");
	twin->caps = variable(twin->object, ".data", "probe_caps");
	map = bpf_object__find_map_by_name(twin->object, "probe_reader");
	twin->readers = bpf_map__fd(map);
	twin->value_size = (bpf_map__value_size(map) + 7) & ~7UL;
	twin->result = offset_of(twin->object, "sip_reader", "message", twin->value_size);
	twin->values = calloc(libbpf_num_possible_cpus(), twin->value_size);
	if (!twin->values)
		corpus_die("Out of memory.");
	/* The result is in the per-CPU memory of the program. */
	twin->cpu = stay_on_this_cpu();
	if (twin->cpu < 0)
		corpus_die("The process cannot stay on one CPU (%s).", strerror(-twin->cpu));
	return twin;
}

void twin_close(struct twin *twin)
{
	bpf_object__close(twin->object);
	free(twin->values);
	free(twin);
}

/* --- one message --- */

/* Runs the program on a message and returns its action. */
static __u32 run(struct twin *twin, const void *bytes, size_t length)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = twin->frame,
		    .data_size_in = OFFSET + length);

	if (length > TWIN_BYTES)
		corpus_die("A message of %zu bytes does not fit the frame.", length);
	memcpy(twin->frame + OFFSET, bytes, length);
	if (bpf_prog_test_run_opts(twin->program, &options))
		corpus_die("BPF_PROG_RUN failed on %zu bytes (%s).", length, strerror(errno));
	return options.retval;
}

/* Of the last run. Spans of fields that do not occur are not part of it. */
static void result_of(struct twin *twin, struct sip_message *message)
{
	__u32 zero = 0;

	if (bpf_map_lookup_elem(twin->readers, &zero, twin->values))
		corpus_die("The memory of the reader cannot be read (%s).", strerror(errno));
	memcpy(message, twin->values + twin->cpu * twin->value_size + twin->result,
	       sizeof(*message));
}

static void normalize(struct sip_message *message)
{
	for (int id = 0; id < SIP_FIELD__MAX; id++)
		if (!(message->seen >> id & 1))
			message->field[id] = (struct sip_span){};
}

static void print_hex(const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		printf("%02x", ((const unsigned char *)bytes)[i]);
}

static void print_difference(const struct twin *twin, const char *name,
			     const struct sip_message *kernel, const struct sip_message *native)
{
	const unsigned char *a = (const void *)kernel, *b = (const void *)native;
	size_t begin = 0, i = 0;
	const char *member;

	while (i < sizeof(*kernel) && a[i] == b[i])
		i++;
	if (i == sizeof(*kernel))
		return;
	member = member_at(twin->object, "sip_message", i, &begin);
	printf("%s: byte %zu of %s is %u in the kernel and %u natively; faults %llx and %llx\n",
	       name, i - begin, member, a[i], b[i], (unsigned long long)kernel->faults,
	       (unsigned long long)native->faults);
}

bool twin_agrees(struct twin *twin, const char *name, const struct twin_setting *setting,
		 const void *bytes, size_t length)
{
	struct sip_message kernel = {}, native = {};
	struct sip_input input;
	struct sip_caps caps;
	__u32 action, expected;

	twin_expand(setting, 0, twin->input, twin->caps);
	action = run(twin, bytes, length);
	result_of(twin, &kernel);
	twin_expand(setting, length, &input, &caps);
	sip_read_native(bytes, &input, &caps, &native);
	expected = native.faults & SIP_DEFAULT_FAULTS ? XDP_DROP : XDP_PASS;
	normalize(&kernel);
	normalize(&native);
	if (action == expected && !memcmp(&kernel, &native, sizeof(kernel)))
		return true;
	print_difference(twin, name, &kernel, &native);
	if (action != expected)
		printf("%s: action %u in the kernel, %u natively\n", name, action, expected);
	printf("%s, as an input of the fuzzers: ", name);
	print_hex(setting, sizeof(*setting));
	print_hex(bytes, length);
	putchar('\n');
	return false;
}
