/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one should know although the work goes on, one sentence each. Whoever runs the whole says
 * who hears it: a command prints it, what runs for long may note it. Until then nobody does.
 */
#ifndef SIPGUARD_NOTICE_H
#define SIPGUARD_NOTICE_H

#include <stddef.h>

/* `hear` is called for each notice, at once; the text is its only until it returns. */
void notice_to(void (*hear)(const char *text));

/*
 * How far long work has come: `what` it is at, in words like "reading", and how much is done of
 * `total` (0: nobody knows). NULL: it is over. May be called often. Whoever runs the whole says who
 * hears it.
 */
void progress_to(void (*hear)(const char *what, size_t done, size_t total));
void progress(const char *what, size_t done, size_t total);

void notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
