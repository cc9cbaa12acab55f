// SPDX-License-Identifier: GPL-2.0-only
/*
 * verify OBJECT...: shows every program of BPF objects to the running kernel's
 * verifier and prints one JSON object per program and line:
 *
 *   {"kernel":"6.1.0","object":"guard.bpf.o","program":"guard","loads":true,
 *    "verified_instructions":1234,"error":null}
 *
 * A program that stands in for a function of the guard (freplace) is loaded for
 * the guard.bpf.o or ingress.bpf.o beside it, with all tables of the guard
 * read-only but for those of SG_SHADOW_OWN: it must not write there.
 *
 * Nothing is attached or pinned. When a program is refused, the end of the
 * verifier's log goes to stderr. Exit status: 0 all load, 1 one does not,
 * 2 wrong usage.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <jansson.h>

#include "../harness/object.h"
#include "shadowed.h"

/* The largest log that every kernel since 6.1 accepts is far larger. */
#define LOG_SIZE (16U << 20)
#define LOG_TAIL 30

/* Values of log_level from the kernel's bpf_verifier.h, which is not exported.
 * With STATS alone the verifier still says why it refuses, but prints no trace
 * of every instruction. For a program it gives up on after a million of them
 * that trace takes minutes under emulation, so it is asked for only if to
 * refuse took less than TRACE_SECONDS.
 */
#define LOG_TRACE 1
#define LOG_STATS 4
#define TRACE_SECONDS 4

static char log_buf[LOG_SIZE];
static char last_warning[512];
static struct utsname kernel;

/* Keeps what libbpf says last: it names causes that no errno tells. */
static int keep_warning(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(last_warning, sizeof(last_warning), format, args);
	last_warning[strcspn(last_warning, "\n")] = '\0';
	return 0;
}

/* True for the figures at the end of a log; their wording varies by kernel. */
static bool is_statistics(const char *line)
{
	static const char *const starts[] = {
		"processed ", "verification time ", "stack depth ", "insns processed ",
	};
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (!strncmp(line, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/*
 * Why the verifier refused: the last line of its log before the statistics, or
 * else what libbpf said, or else the name of the error.
 */
static const char *reason(int err)
{
	static char line[256];
	char *save = NULL;
	char *text = strdup(log_buf);
	const char *p;

	line[0] = '\0';
	for (p = text ? strtok_r(text, "\n", &save) : NULL; p && !is_statistics(p);
	     p = strtok_r(NULL, "\n", &save))
		snprintf(line, sizeof(line), "%s", p);
	free(text);
	if (line[0])
		return line;
	return last_warning[0] ? last_warning : strerror(err);
}

static void print_log_tail(const char *object, const char *program)
{
	const char *p = log_buf + strlen(log_buf);
	int lines = 0;

	fprintf(stderr, "verify: %s: %s: the kernel refuses it; end of the verifier's log:\n",
		object, program);
	while (p > log_buf && lines <= LOG_TAIL)
		if (*--p == '\n')
			lines++;
	fprintf(stderr, "%s\n", *p == '\n' ? p + 1 : p);
}

/* Never fails: a record that cannot be built (memory) ends the process. */
static void print_record(const char *object, const char *program, bool loads,
			 int insns, const char *error)
{
	json_t *record = json_pack("{s:s,s:s,s:s,s:b,s:i,s:s?}", "kernel", kernel.release,
				   "object", object, "program", program, "loads", loads,
				   "verified_instructions", insns, "error", error);

	if (!record || json_dumpf(record, stdout, JSON_COMPACT))
		abort();
	putchar('\n');
	json_decref(record);
}

/* Returns the instructions the verifier looked at, or -errno. */
static int verified_insns(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return -errno;
	return info.verified_insns ? (int)info.verified_insns : -ENODATA;
}

/* Opens an object ready to load with just one of its programs. NULL with errno set. */
static struct bpf_object *open_program(const char *path, const char *name, int log_level)
{
	struct bpf_object *obj = object_open(path);
	struct bpf_program *prog;

	if (!obj)
		return NULL;
	object_only(obj, name);
	prog = bpf_object__find_program_by_name(obj, name);
	bpf_program__set_log_buf(prog, log_buf, sizeof(log_buf));
	bpf_program__set_log_level(prog, log_level);
	return obj;
}

static bool is_own(const char *map)
{
	static const char *const own[] = {
#define X(name) #name, ".data." #name,
		SG_SHADOW_OWN(X)
#undef X
	};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strcmp(map, own[i]))
			return true;
	/* Constants, the inner maps of sg_zones, and storage of sockets, which no flag makes so. */
	return strstr(map, ".rodata") || strstr(map, ".bss") || strstr(map, "sg_zones_") ||
	       !strcmp(map, "sg_sockets") || !strncmp(map, "shadow_", 7);
}

/* Loads the program of the guard that a shadow is for, from the object beside it. */
static struct bpf_object *load_guard(const char *path, int *fd)
{
	bool tc = strstr(path, "shadow_ingress") != NULL;
	const char *name = tc ? "ingress" : "guard";
	const char *slash = strrchr(path, '/');
	char beside[4096];
	struct bpf_object *guard;

	snprintf(beside, sizeof(beside), "%.*s%s.bpf.o", slash ? (int)(slash - path + 1) : 0, path,
		 name);
	guard = object_open(beside);
	if (!guard)
		return NULL;
	object_only(guard, name);
	if (bpf_object__load(guard)) {
		bpf_object__close(guard);
		return NULL;
	}
	*fd = object_program(guard, name);
	return guard;
}

/* What a program that stands in needs before it is loaded. The guard, or NULL with errno set. */
static struct bpf_object *stand_in(const char *path, struct bpf_object *obj,
				   struct bpf_program *prog)
{
	struct bpf_object *guard;
	struct bpf_map *map;
	int fd = -1;

	guard = load_guard(path, &fd);
	if (!guard)
		return NULL;
	bpf_object__for_each_map(map, obj)
		if (!is_own(bpf_map__name(map)))
			bpf_map__set_map_flags(map, bpf_map__map_flags(map) | BPF_F_RDONLY_PROG);
	bpf_program__set_attach_target(prog, fd, "shadow");
	return guard;
}

/* Loads one program; *insns is the verifier's count. Returns 0 or -errno. */
static int load_program(const char *path, const char *name, int log_level, int *insns)
{
	struct bpf_object *obj, *guard = NULL;
	struct bpf_program *prog;
	int err = 0;

	log_buf[0] = last_warning[0] = '\0';
	obj = open_program(path, name, log_level);
	if (!obj)
		return -errno;
	prog = bpf_object__find_program_by_name(obj, name);
	if (bpf_program__type(prog) == BPF_PROG_TYPE_EXT) {
		guard = stand_in(path, obj, prog);
		err = guard ? 0 : -errno;
	}
	if (!err)
		err = bpf_object__load(obj);
	if (!err) {
		*insns = verified_insns(bpf_object__find_program_by_name(obj, name));
		if (*insns < 0)
			err = *insns;
	}
	bpf_object__close(obj);
	bpf_object__close(guard);
	return err;
}

/* Some hosts allow no program to stand in for a function of another one, though they could. */
static bool is_ext(const char *path, const char *name)
{
	struct bpf_object *obj = object_open(path);
	bool ext = obj && bpf_program__type(bpf_object__find_program_by_name(obj, name)) ==
				  BPF_PROG_TYPE_EXT;

	bpf_object__close(obj);
	return ext;
}

/* Returns 0, or 1 if the program does not load; one that is not allowed here is not counted. */
static int verify_program(const char *path, const char *name)
{
	struct timespec start, end;
	int insns = 0;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	err = load_program(path, name, LOG_STATS, &insns);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (err == -EPERM && is_ext(path, name)) {
		print_record(path, name, false, 0, "no-ext");
		return 0;
	}
	print_record(path, name, !err, err ? 0 : insns, err ? reason(-err) : NULL);
	if (err && end.tv_sec - start.tv_sec < TRACE_SECONDS) {
		load_program(path, name, LOG_TRACE, &insns);
		print_log_tail(path, name);
	}
	return !!err;
}

static int verify_object(const char *path)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	int programs = 0;
	int ret = 0;

	log_buf[0] = last_warning[0] = '\0';
	obj = object_open(path);
	if (!obj) {
		print_record(path, "", false, 0, reason(errno));
		return 1;
	}
	bpf_object__for_each_program(prog, obj) {
		ret |= verify_program(path, bpf_program__name(prog));
		programs++;
	}
	bpf_object__close(obj);
	if (!programs)
		print_record(path, "", false, 0, "no program in the object");
	return programs ? ret : 1;
}

int main(int argc, char **argv)
{
	int ret = 0;
	int i;

	if (argc < 2) {
		fprintf(stderr, "usage: verify OBJECT...\n");
		return 2;
	}
	uname(&kernel);
	libbpf_set_print(keep_warning);
	for (i = 1; i < argc; i++)
		ret |= verify_object(argv[i]);
	return ret;
}
