/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recognises what the guard does not look into: it passes such packets, and who replays a capture
 * wants to know that SIP in them was not judged.
 */
#ifndef SIPGUARD_ENCAPSULATION_H
#define SIPGUARD_ENCAPSULATION_H

#include <stdbool.h>

#include "replay/frame.h"

/* X(NAME, label, text) */
#define ENCAPSULATIONS(X)                                                                         \
	X(VLAN, "vlan", "more than 8 VLAN tags")                                                  \
	X(MPLS, "mpls", "MPLS")                                                                   \
	X(PPPOE, "pppoe", "PPP over Ethernet, compressed or in pieces")                           \
	X(IPIP, "ipip", "IP in IP")                                                               \
	X(GRE, "gre", "GRE")                                                                      \
	X(ESP, "esp", "IPsec ESP")                                                                \
	X(L2TP, "l2tp", "L2TP")                                                                   \
	X(SCTP, "sctp", "SCTP")                                                                   \
	X(VXLAN, "vxlan", "VXLAN")                                                                \
	X(GENEVE, "geneve", "Geneve")                                                             \
	X(GTP, "gtp", "GTP-U")

enum encapsulation {
	ENCAPSULATION_NONE,
#define X(name, label, text) ENCAPSULATION_##name,
	ENCAPSULATIONS(X)
#undef X
	ENCAPSULATION__MAX
};

extern const char *const encapsulation_labels[ENCAPSULATION__MAX];
extern const char *const encapsulation_texts[ENCAPSULATION__MAX];

/*
 * What a packet that the guard has passed as not guarded is wrapped in. *cut is whether the frame
 * ends before that, or its destination port, could be seen.
 */
enum encapsulation encapsulation_find(const struct frame *frame, bool *cut);

#endif
