// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the bench compares the guard with, and the guard under random sources. BPF_PROG_RUN repeats
 * one packet, so random sources need a program that rewrites the packet first; bench_rewrite is
 * that work alone, to be taken off.
 */
#include "guard.bpf.c"

/* Sources are drawn from the bench_sources addresses after 10.0.0.0. */
__u32 bench_sources = 1;

/* What a CPU draws for itself: two of them that measure at once share nothing of the bench. */
#define BENCH_CPUS 64
struct bench_cpu {
	__u64 drawn;
	__u32 seq, seq_unseen; /* of its own stream of TCP */
	__u32 opened;
} __attribute__((aligned(64)));
struct bench_cpu bench_cpus[BENCH_CPUS];

static __always_inline __u32 bench_cpu(void)
{
	return bpf_get_smp_processor_id() & (BENCH_CPUS - 1);
}

/* A number that no other CPU draws. */
static __always_inline __u64 bench_draw(void)
{
	__u32 cpu = bench_cpu();

	return ++bench_cpus[cpu].drawn * BENCH_CPUS + cpu;
}

SEC("xdp")
int bench_drop(__attribute__((unused)) struct xdp_md *ctx)
{
	return XDP_DROP;
}

/* The least that any filter by port has to do. */
SEC("xdp")
int bench_parse(struct xdp_md *ctx)
{
	const void *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = (const void *)(long)ctx->data;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct udphdr *udp = (const void *)(ip + 1);

	if ((const void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->ihl != 5 || ip->protocol != IPPROTO_UDP || udp->dest != bpf_htons(5060))
		return XDP_PASS;
	return XDP_DROP;
}

/*
 * The fractional part of n times the golden ratio: no order that a cache could follow, and
 * n packets have n different sources as long as there are that many.
 */
static __always_inline void rewrite_source(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	__u64 draw = bench_draw() * 0x9e3779b97f4a7c15ULL >> 32;

	if ((void *)(ip + 1) <= end)
		ip->saddr = bpf_htonl(0x0a000000 + (__u32)(draw * bench_sources >> 32));
}

SEC("xdp")
int bench_rewrite(struct xdp_md *ctx)
{
	rewrite_source(ctx);
	return XDP_DROP;
}

SEC("xdp")
int bench_random(struct xdp_md *ctx)
{
	rewrite_source(ctx);
	return guard_packet(ctx, ctx->data_end - ctx->data);
}

/* --- each packet begins a transaction */

__u32 bench_call_id = 1; /* where the Call-ID is in the frame */

/* As eight letters. */
static __always_inline __u64 call_of(__u64 draw)
{
	draw = (draw | draw << 16) & 0x0000ffff0000ffffULL;
	draw = (draw | draw << 8) & 0x00ff00ff00ff00ffULL;
	draw = (draw | draw << 4) & 0x0f0f0f0f0f0f0f0fULL;
	return draw + 0x4141414141414141ULL;
}

static __always_inline void rewrite_call(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u64 *call = (void *)(long)ctx->data + (bench_call_id & 1023);

	if ((void *)(call + 1) <= end)
		*call = call_of((__u32)bench_draw());
}

SEC("xdp")
int bench_new(struct xdp_md *ctx)
{
	rewrite_call(ctx);
	return guard_packet(ctx, ctx->data_end - ctx->data);
}

/* --- a stream of TCP, of each CPU its own: each packet is the next one */

static __always_inline void rewrite_seq(struct xdp_md *ctx, __u32 *seq)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(tcp + 1) > end)
		return;
	tcp->source = bpf_htons(40000 + bench_cpu());
	tcp->seq = bpf_htonl(*seq);
	*seq += end - (void *)(tcp + 1);
}

/* As if the server had accepted the connection of this packet. */
static __always_inline void accept_once(struct xdp_md *ctx)
{
	__u32 *opened = &bench_cpus[bench_cpu()].opened;
	struct guard *g = map_guard();

	if (*opened || !g)
		return;
	packet_read(ctx, &g->p, ctx->data_end - ctx->data, 0);
	g->p.flow = flow_hash(&g->p);
	g->p.ack = g->p.seq;
	g->p.seq = -1;
	stream_open(&g->p, clock_now());
	*opened = 1;
}

SEC("xdp")
int bench_rewrite_seq(struct xdp_md *ctx)
{
	rewrite_seq(ctx, &bench_cpus[bench_cpu()].seq_unseen);
	return XDP_DROP;
}

SEC("xdp")
int bench_stream(struct xdp_md *ctx)
{
	rewrite_seq(ctx, &bench_cpus[bench_cpu()].seq);
	accept_once(ctx);
	return guard_packet(ctx, ctx->data_end - ctx->data);
}
