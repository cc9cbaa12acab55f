// SPDX-License-Identifier: GPL-2.0-only
/*
 * The message reader in the kernel, with nothing around it: for BPF_PROG_RUN, which hands it one
 * message after PROBE_OFFSET bytes that are not looked at.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "sip/reader.h"

#define PROBE_OFFSET 42 /* Ethernet, IPv4 and UDP */

char LICENSE[] SEC("license") = "GPL";

struct sip_input probe_input; /* of the next message, but for its length */
struct sip_caps probe_caps = SIP_CAPS_DEFAULT;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sip_reader);
} probe_reader SEC(".maps");

SEC("xdp.frags")
int probe(struct xdp_md *ctx)
{
	__u32 zero = 0, length = bpf_xdp_get_buff_len(ctx);
	struct sip_reader *r = bpf_map_lookup_elem(&probe_reader, &zero);

	if (!r || length < PROBE_OFFSET)
		return XDP_ABORTED;
	length -= PROBE_OFFSET;
	if (sip_reader_load(ctx, r, 0, PROBE_OFFSET, length, 0))
		return XDP_ABORTED;
	r->input = probe_input;
	r->input.length = length;
	return sip_read(r, &probe_caps) & SIP_DEFAULT_FAULTS ? XDP_DROP : XDP_PASS;
}
