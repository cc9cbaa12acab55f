/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIPGUARD_CONFIG_CHECK_H
#define SIPGUARD_CONFIG_CHECK_H

#include "policy/document.h"

/*
 * Whether the keys are those of the table of settings, each at most once, and the values of their
 * types; numbers have at most 18 digits. Ranges are another matter. 0 or -EINVAL.
 */
int config_check(const struct document *document);

#endif
