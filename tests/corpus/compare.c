// SPDX-License-Identifier: GPL-2.0-only
#include "compare.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUTATED_MAX 8192 /* longer messages are not mutated: what counts is at the start */
#define DIFFERENCES_MAX 5

static compare_fn agrees;
static unsigned long compared, differing;

static void compare_results(const char *name, const struct twin_setting *setting,
			    const unsigned char *bytes, size_t length)
{
	compared++;
	if (agrees(name, setting, bytes, length) || ++differing < DIFFERENCES_MAX)
		return;
	printf("%lu of %lu messages differ; no more are compared\n", differing, compared);
	exit(1);
}

static void compare_as_it_is(const struct corpus_message *message)
{
	for (size_t i = 0; message->length <= TWIN_BYTES && i < TWIN_SETTINGS; i++)
		compare_results(message->name, &twin_settings[i], message->bytes, message->length);
}

/* xorshift64* (Marsaglia): a failure is repeated by its seed. */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

/* Mostly what the guard asks for; one in eight with a limit that is easily met. */
static struct twin_setting random_setting(uint64_t *state)
{
	uint64_t random = random_next(state);
	struct twin_setting setting = {.wanted = random & 1 ? SIP_WANTED_DEFAULT : ~0ULL};

	if (!(random >> 1 & 3))
		setting.flags = random >> 8 & 15;
	if (!(random >> 3 & 7)) {
		setting.limited = random >> 16;
		setting.limit = (random >> 32) % 300;
	}
	return setting;
}

/* A message with a few bytes changed, cut out or doubled, in an allocation of its exact size. */
static void mutate(const struct corpus_message *message, uint64_t *state)
{
	static const char likely[] = "\r\n\t :;,<>@=\"\\?[]/0aA\x80\xff";
	size_t length = message->length, at, count;
	unsigned char *bytes = malloc(length + 1), *exact;
	struct twin_setting setting;

	if (!bytes)
		corpus_die("Out of memory.");
	memcpy(bytes, message->bytes, length);
	for (count = 1 + random_next(state) % 6; count && length; count--) {
		at = random_next(state) % (length < 1024 ? length : 1024);
		switch (random_next(state) % 4) {
		case 0:
			bytes[at] = random_next(state);
			break;
		case 1: /* with the NUL that ends it */
			bytes[at] = likely[random_next(state) % sizeof(likely)];
			break;
		case 2:
			memmove(bytes + at, bytes + at + 1, length - at - 1);
			length--;
			break;
		case 3:
			length = random_next(state) % 16 ? length : at;
			break;
		}
	}
	exact = realloc(bytes, length ? length : 1);
	if (!exact)
		corpus_die("Out of memory.");
	setting = random_setting(state);
	compare_results(message->name, &setting, exact, length);
	free(exact);
}

unsigned long compare_corpus(const struct corpus *corpus, compare_fn agrees_)
{
	const char *setting = getenv("SG_MUTATIONS");
	unsigned long mutations = setting ? strtoul(setting, NULL, 10) : 20000;
	uint64_t state = 0x5e11ed;

	agrees = agrees_;
	for (size_t i = 0; i < corpus->count; i++)
		compare_as_it_is(&corpus->message[i]);
	while (mutations) {
		const struct corpus_message *message =
			&corpus->message[random_next(&state) % corpus->count];

		if (message->length > MUTATED_MAX)
			continue;
		mutate(message, &state);
		mutations--;
	}
	printf("%lu messages compared, %lu differ\n", compared, differing);
	return differing;
}
