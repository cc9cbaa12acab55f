/* SPDX-License-Identifier: GPL-2.0-only */
/* What a section of a standard is about, for who does not have its numbers by heart. */
#ifndef SIPGUARD_REFERENCES_H
#define SIPGUARD_REFERENCES_H

/*
 * Of a reference as in reasons.h, a few words, such as "mandatory header fields", not to be freed;
 * NULL if it names no standard, or one that the table does not have.
 */
const char *reference_about(const char *reference);

#endif
