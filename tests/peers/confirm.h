/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a fault that the guard's reader reports is really there, by the plain reader. */
#ifndef SIPGUARD_CONFIRM_H
#define SIPGUARD_CONFIRM_H

#include "corpus.h"
#include "plain.h"
#include "sip/reader.h"

/* False of a rule that is not in SIP_DEFAULT_FAULTS: it is not known here. */
bool fault_confirmed(enum sip_rule rule, const struct corpus_message *message,
		     const struct plain *plain);

/* Digits and nothing else, and below 2^32; *number is then what they say. */
bool plain_number(const struct plain_field *field, unsigned long *number);

/* SIP/2.0/transport and a host with blanks between them and around the slashes. */
bool plain_via_is_good(const struct plain_field *via);

/* One pair of <> at most, a scheme of letters, more after it, and nothing between > and ; */
bool plain_address_is_good(const struct plain_field *field);

/* The words of the start line are a token, a URI and a version. */
bool plain_start_is_good(const struct plain *plain);

bool is_token_byte(unsigned char c);

#endif
