/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one way in which tests and benches load BPF objects: into memory of their own. Nothing is
 * pinned, and a guard in operation on the same machine is left alone. What is told of a failure is
 * the caller's affair. Objects are closed by bpf_object__close(); what is mapped of them stays as
 * long as the process.
 */
#ifndef SIPGUARD_TEST_OBJECT_H
#define SIPGUARD_TEST_OBJECT_H

#include <linux/types.h>
#include <bpf/libbpf.h>

/* Opens the object of a file. NULL with errno set. */
struct bpf_object *object_open(const char *path);

/* --- before it is loaded --- */

/* Loads no other one of its programs, and this one even if it is none that loads by default. */
void object_only(struct bpf_object *object, const char *program);
/* Gives a constant of 4 or 8 bytes its value. 0 or -errno. */
int object_constant(struct bpf_object *object, const char *name, __u64 value);
/* Has it use the maps of the guard, which is loaded. 0 or -errno. */
int object_share(struct bpf_object *object, const struct bpf_object *guard);

/* --- once it is loaded --- */

/* File descriptors; -ENOENT. */
int object_program(const struct bpf_object *object, const char *name);
int object_map(const struct bpf_object *object, const char *name);
/*
 * All of an array map that is BPF_F_MMAPABLE, or of the variable in a section ".data.NAME". NULL
 * with errno set.
 */
void *object_memory(const struct bpf_object *object, const char *name);
/* A variable of a section, ".bss" or ".data". NULL with errno set. */
void *object_variable(const struct bpf_object *object, const char *section, const char *name);

/*
 * Keeps the thread on the CPU it is on, where what a program keeps for each CPU is met again. The
 * CPU, or -errno.
 */
int stay_on_this_cpu(void);

#endif
