// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard at the ingress of tc: the very same way of a packet, for interfaces whose driver has no
 * XDP, and for those where XDP would get several datagrams as one frame (tap, bridge, veth without
 * native XDP).
 */
#define HOOK_TC
#include "guard.bpf.c"
