/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one should know although the work goes on, one sentence each. Whoever runs the whole says
 * who hears it: a command prints it, what runs for long may note it. Until then nobody does.
 */
#ifndef SIPGUARD_NOTICE_H
#define SIPGUARD_NOTICE_H

/* `hear` is called for each notice, at once; the text is its only until it returns. */
void notice_to(void (*hear)(const char *text));

void notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
