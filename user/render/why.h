/* SPDX-License-Identifier: GPL-2.0-only */
/* What `why` tells of a source. */
#ifndef SIPGUARD_RENDER_WHY_H
#define SIPGUARD_RENDER_WHY_H

#include <stdio.h>

#include <jansson.h>

#include "events/answer.h"

/* For people, escaped; for programs: NULL, if there is no memory. */
void why_text(const struct answer *answer, FILE *to);
json_t *why_json(const struct answer *answer);

#endif
