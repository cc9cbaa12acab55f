// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over the message reader in the kernel: each input is read by BPF_PROG_RUN and natively,
 * and one number that differs ends it. The coverage that guides it is that of the native reader.
 *
 * SIPGUARD_PROBES: the objects of tests/corpus/probe.bpf.c, one of each compiler, with blanks
 * between.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../corpus/corpus.h"
#include "input.h"

#define TWINS_MAX 4

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct twin *twins[TWINS_MAX];

static void close_twins(void)
{
	for (int i = 0; i < TWINS_MAX && twins[i]; i++)
		twin_close(twins[i]);
}

int LLVMFuzzerInitialize(__attribute__((unused)) int *argc, __attribute__((unused)) char ***argv)
{
	const char *setting = getenv("SIPGUARD_PROBES");
	char *objects = strdup(setting ? setting : ""), *save = NULL, *object;
	int count = 0;

	for (object = strtok_r(objects, " ", &save); object && count < TWINS_MAX;
	     object = strtok_r(NULL, " ", &save))
		twins[count++] = twin_open(object);
	free(objects);
	if (!count || object)
		corpus_die("SIPGUARD_PROBES must name one object, and %d at most.", TWINS_MAX);
	atexit(close_twins);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input;

	if (!fuzz_input_begin(&input, data, size))
		return 0;
	for (int i = 0; i < TWINS_MAX && twins[i]; i++)
		if (!twin_agrees(twins[i], "input", &input.setting, input.bytes, input.length)) {
			fflush(stdout);
			abort();
		}
	fuzz_input_end(&input);
	return 0;
}
