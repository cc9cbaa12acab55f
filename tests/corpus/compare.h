/* SPDX-License-Identifier: GPL-2.0-only */
/* Two readers on the messages of a corpus and on seeded mutations of them. */
#ifndef SIPGUARD_COMPARE_H
#define SIPGUARD_COMPARE_H

#include "corpus.h"
#include "twin.h"

/* Reads a message of up to TWIN_BYTES both ways: false, after saying what differs, if they do. */
typedef bool (*compare_fn)(const char *name, const struct twin_setting *setting, const void *bytes,
			   size_t length);

/*
 * Compares each message with each of twin_settings, then SG_MUTATIONS (20000) mutations. Returns
 * how many differ, and prints that; gives up after a few.
 */
unsigned long compare_corpus(const struct corpus *corpus, compare_fn agrees);

#endif
