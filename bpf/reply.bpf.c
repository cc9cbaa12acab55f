// SPDX-License-Identifier: GPL-2.0-only
/* What our own server sends, seen at tc egress. It shares every map with the guard. */
#include <linux/pkt_cls.h>

#include "maps.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* TC_ACT_UNSPEC: go on with the next program, be it of tcx or of clsact. */
SEC("tc")
int reply(struct __sk_buff *skb)
{
	struct sg_state *state = map_state();

	(void)skb;
	if (!state || state->mode == SG_MODE_OFF)
		return TC_ACT_UNSPEC;
	return TC_ACT_UNSPEC;
}
