/* SPDX-License-Identifier: GPL-2.0-only */
/* Labels of the numbers in abi.h, from the lists in include/. */
#ifndef SIPGUARD_NAMES_H
#define SIPGUARD_NAMES_H

#include <stdbool.h>

#include "abi.h"

struct reason_text {
	const char *label;     /* "garbage" */
	const char *reference; /* "RFC 3261 section 7.1" */
	const char *help;
	enum sg_mode mode;     /* default */
	enum sg_mode strict;   /* under the preset of that name */
	bool stateful;         /* needs what came before: the packet alone does not tell */
};

/* Row 0 is "none". Valid for 0 to SG_REASON__MAX - 1. */
extern const struct reason_text reason_texts[SG_REASON__MAX];
extern const char *const class_names[SG_CLASS__MAX];
extern const char *const method_names[SG_METHOD__MAX];
extern const char *const limit_keys[SG_LIMIT__MAX];
extern const char *const total_keys[SG_TOTAL__MAX];
extern const char *const offence_keys[SG_OFFENCE__MAX];
extern const char *const proof_names[SG_PROOF__MAX];
extern const char *const proof_helps[SG_PROOF__MAX];
extern const char *const count_names[SG_COUNT__MAX];
extern const char *const count_helps[SG_COUNT__MAX];
extern const char *const cap_keys[SIP_CAP__MAX];
extern const char *const mode_names[SG_MODE__MAX];

/* The number of a label ("none" is 0), or -EINVAL. Case matters. */
int reason_find(const char *label);
int count_find(const char *label);
int proof_find(const char *label);
int mode_find(const char *name);

#endif
