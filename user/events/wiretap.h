/* SPDX-License-Identifier: GPL-2.0-only */
/* Wireshark's library for captures, which who reads one and who writes one begins alike. */
#ifndef SIPGUARD_WIRETAP_H
#define SIPGUARD_WIRETAP_H

/* Before anything else of wiretap; a second time does nothing. */
void wiretap_begin(void);

#endif
