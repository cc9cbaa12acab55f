// SPDX-License-Identifier: GPL-2.0-only
/*
 * general [FOLDER]: the plain ways of the message reader against the general one.
 *
 * Reads each message of the project and of a corpus, and seeded mutations of them, both ways: they
 * must find the same.
 *
 * Exit status 0 if they do; SG_MUTATIONS: how many mutations (20000).
 */
#include "general.h"

#include <stdio.h>

#include "compare.h"

static bool agrees(const char *name, const struct twin_setting *setting, const void *bytes,
		   size_t length)
{
	struct twin_setting plain = *setting;
	struct sip_input input;
	struct sip_caps caps;
	const char *what;

	plain.wanted &= ~GENERAL_ONLY;
	twin_expand(&plain, length, &input, &caps);
	what = general_differs(bytes, &input, &caps);
	if (!what)
		return true;
	printf("%s: the plain and the general way differ in %s; as an input of the fuzzers: ", name,
	       what);
	for (size_t i = 0; i < sizeof(plain); i++)
		printf("%02x", ((const unsigned char *)&plain)[i]);
	for (size_t i = 0; i < length; i++)
		printf("%02x", ((const unsigned char *)bytes)[i]);
	putchar('\n');
	return false;
}

int main(int argc, char **argv)
{
	struct corpus corpus = {};
	unsigned long differing;

	if (argc > 2)
		corpus_die("usage: general [FOLDER]");
	if (argc == 2 && !corpus_load(&corpus, argv[1]))
		return 2;
	corpus_own(&corpus);
	differing = compare_corpus(&corpus, agrees);
	corpus_free(&corpus);
	return differing != 0;
}
