/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The status page: page.html with page.css and page.js in it, as one. What runs in it is known by
 * a number that is used once. The policy below lets nothing else run, nor be asked from elsewhere.
 */
#ifndef SIPGUARD_PAGE_H
#define SIPGUARD_PAGE_H

#include <stddef.h>

#define PAGE_POLICY 512

/* The page, malloc()ed, and its Content-Security-Policy. NULL: no memory, or no random numbers. */
char *page_make(size_t *length, char policy[PAGE_POLICY]);

#endif
