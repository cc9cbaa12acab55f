/* SPDX-License-Identifier: GPL-2.0-only */
/* What every unit test includes first: CMocka and what it wants before it. */
#ifndef SIPGUARD_TEST_UNIT_H
#define SIPGUARD_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A file in memory with a path under /proc. memory_file_end() closes it. */
struct memory_file {
	int fd;
	char path[32];
};

static inline struct memory_file memory_file(const void *content, size_t size)
{
	struct memory_file file = {.fd = memfd_create("unit", MFD_CLOEXEC)};

	assert_true(file.fd >= 0);
	assert_int_equal(write(file.fd, content, size), size);
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

static inline void memory_file_end(struct memory_file *file)
{
	close(file->fd);
}

/* xorshift64* (Marsaglia): the same numbers on every machine, so that a failure can be repeated. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

#endif
