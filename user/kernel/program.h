/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which code a program in the kernel is. Its id says nothing: every attach loads the same code
 * again. The kernel's tag is a hash of its instructions.
 */
#ifndef SIPGUARD_PROGRAM_H
#define SIPGUARD_PROGRAM_H

#include <stdbool.h>

#include <linux/types.h>

/* Whether the program of an id is other code than `program`. False if the kernel does not tell. */
bool program_is_other(__u32 id, int program);

/*
 * Whether a program that has the type of `program` and works on maps of it is other code. Something
 * runs it, or the kernel had freed it. False if the kernel does not tell.
 */
bool program_has_other(int program);

/* The fd of the map of that name (15 characters) that the program of an id works on, or -errno. */
int program_map(__u32 id, const char *name);

#endif
