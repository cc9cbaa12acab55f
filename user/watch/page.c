// SPDX-License-Identifier: GPL-2.0-only
#include "watch/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <linux/types.h>

#define NONCE 32 /* hexadecimal digits */

/* The file is SIPGUARD_PAGE, which make puts together. */
__asm__(".pushsection .rodata\n"
	"page: .incbin \"" SIPGUARD_PAGE "\"\n"
	".set page_size, . - page\n"
	".byte 0\n"
	".balign 8\n"
	"page_length: .quad page_size\n"
	".popsection\n");

extern const char page[];
extern const __u64 page_length;

static const char placeholder[] = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";

_Static_assert(sizeof(placeholder) == NONCE + 1, "a nonce takes its place");

static int make_nonce(char nonce[NONCE + 1])
{
	unsigned char bytes[NONCE / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

char *page_make(size_t *length, char policy[PAGE_POLICY])
{
	char nonce[NONCE + 1], *copy, *at;

	*length = page_length;
	copy = malloc(*length + 1);
	if (!copy || make_nonce(nonce)) {
		free(copy);
		return NULL;
	}
	memcpy(copy, page, *length + 1);
	for (at = strstr(copy, placeholder); at; at = strstr(at, placeholder))
		memcpy(at, nonce, NONCE);
	snprintf(policy, PAGE_POLICY, "default-src 'none'; script-src 'nonce-%s'; style-src "
		 "'nonce-%s'; connect-src 'self'; img-src data:; base-uri 'none'; form-action "
		 "'none'; frame-ancestors 'none'", nonce, nonce);
	return copy;
}
