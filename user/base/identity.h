/* SPDX-License-Identifier: GPL-2.0-only */
/* Who somebody says that he is, as an operator writes it: see include/identity.h. */
#ifndef SIPGUARD_BASE_IDENTITY_H
#define SIPGUARD_BASE_IDENTITY_H

#include <stddef.h>

#include "abi.h"
#include "base/error.h"

struct identity_text {
	char text[SG_IDENTITY_TEXT];
};

/* The number of the one in a header field that stands behind `skip` others; 0: there is none. */
__u64 identity_number(const char *field, const __u64 *secret, __u32 skip);

/* "alice@example.com", "+442079460000", or either as a URI. 0 with the URI, or -EINVAL. */
int identity_parse(const char *word, struct identity_text *text, struct error *error);

/*
 * A file with one a line. All or nothing: 0 with *texts (to be freed; NULL if there are none) and
 * *count, or -errno with the line in *error, of which the name is left to the caller.
 */
int identity_file(const char *path, struct identity_text **texts, size_t *count,
		  struct error *error);

#endif
