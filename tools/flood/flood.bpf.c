/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sipguard-flood, kernel side. send_flood runs over copies of one frame (BPF_PROG_RUN with
 * BPF_F_TEST_XDP_LIVE_FRAMES), decides what each becomes, and redirects it to the interface.
 * take_answers sits on the same interface and reads what the server answers.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <linux/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "flood_shared.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the field and start-line constants are written for little endian"
#endif

const volatile struct flood_config config = {};

struct flood_tx tx;
struct flood_rx rx;
__u8 flood_frame[FLOOD_FRAME_MAX];
__u8 probe_frame[FLOOD_FRAME_MAX];
__u8 stranger_frame[FLOOD_FRAME_MAX];

struct callers {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood_caller);
};

struct callers probes SEC(".maps");
struct callers strangers SEC(".maps");

/* What one frame is filled with. */
struct fill {
	__u64 branch;
	__u64 tag;
	__u64 call_id;
	struct flood_addr source;
	__u16 sport;
};

#define LOW_NIBBLES 0x0f0f0f0f0f0f0f0fULL
#define LETTERS     0x6161616161616161ULL /* "aaaaaaaa" */

/*
 * splitmix64: 3 ns instead of the 14 of bpf_get_prandom_u32. One CPU sends, so the state needs no
 * atomicity.
 */
static __always_inline __u64 draw(void)
{
	__u64 z = tx.random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static __always_inline __u64 all_frames(void)
{
	return tx.flood + tx.probes + tx.strangers + tx.retries;
}

#include "stranger.bpf.h"
#include "pace.bpf.h"

static __always_inline __u64 sum64(__u64 value)
{
	return (value & 0xffffffff) + (value >> 32);
}

static __always_inline __u16 fold_sum(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Returns the field's share of the checksum. */
static __always_inline __u64 put_field(void *where, __u64 number, bool raw)
{
	__u64 *words = where;
	__u64 low, high;

	if (raw) {
		low = number;
		high = number * 0x9e3779b97f4a7c15ULL;
	} else {
		low = (number & LOW_NIBBLES) + LETTERS;
		high = ((number >> 4) & LOW_NIBBLES) + LETTERS;
	}
	words[0] = low;
	words[1] = high;
	return sum64(low) + sum64(high);
}

/* False if the 16 characters are no field: a message that is not ours. */
static __always_inline bool get_field(const void *where, __u64 *number)
{
	const __u64 *words = where;
	__u64 low = words[0] - LETTERS, high = words[1] - LETTERS;

	*number = low | high << 4;
	return !((low | high) & ~LOW_NIBBLES);
}

/* RFC 768 and RFC 8200 section 8.1: 0 says that there is none. */
static __always_inline void put_checksum(struct udphdr *udp, __u64 sum)
{
	__u16 check = fold_sum(sum);

	udp->check = check ? check : 0xffff;
}

static __always_inline void put_source4(void *data, const volatile struct flood_layout *layout,
					const struct fill *fill, __u64 sum)
{
	struct iphdr *ip = data + FLOOD_L3_OFF;
	__u32 saddr = bpf_htonl((__u32)fill->source.lo);

	ip->saddr = saddr;
	ip->check = fold_sum((__u64)layout->ip_sum + (saddr & 0xffff) + (saddr >> 16));
	put_checksum(data + FLOOD_L4_OFF4, layout->udp_sum + sum + saddr);
}

static __always_inline void put_source6(void *data, const volatile struct flood_layout *layout,
					const struct fill *fill, __u64 sum)
{
	__u64 *saddr = data + FLOOD_L3_OFF + offsetof(struct ipv6hdr, saddr);
	__u64 hi = bpf_cpu_to_be64(fill->source.hi), lo = bpf_cpu_to_be64(fill->source.lo);

	saddr[0] = hi;
	saddr[1] = lo;
	put_checksum(data + FLOOD_L4_OFF6, layout->udp_sum + sum + sum64(hi) + sum64(lo));
}

static __always_inline int fill_frame(struct xdp_md *ctx,
				      const volatile struct flood_layout *layout,
				      const struct fill *fill)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct udphdr *udp = data + (config.family == 4 ? FLOOD_L4_OFF4 : FLOOD_L4_OFF6);
	__u16 sport = bpf_htons(fill->sport);
	__u64 sum = sport;

	if (data + layout->len > data_end)
		return XDP_ABORTED;

	udp->source = sport;
	if (layout->branch)
		sum += put_field(data + layout->branch, fill->branch, layout->raw);
	if (layout->tag)
		sum += put_field(data + layout->tag, fill->tag, layout->raw);
	if (layout->call_id)
		sum += put_field(data + layout->call_id, fill->call_id, layout->raw);

	if (config.family == 4)
		put_source4(data, layout, fill, sum);
	else
		put_source6(data, layout, fill, sum);
	tx.bulk++;
	return bpf_redirect(config.ifindex, 0);
}

/* The page may come back from a caller: then it holds the wrong message. */
static __always_inline int restore_flood(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;

	if (data + ETH_HLEN > data_end)
		return -1;
	if (*(__u8 *)(data + FLOOD_OFF_MARK) == FLOOD_MARK_FLOOD)
		return 0;
	return bpf_xdp_store_bytes(ctx, 0, flood_frame, config.flood.len);
}

/* n is below 2^32. IPv6 sources differ in their /64, which is what a guard takes for a source. */
static __always_inline struct flood_addr nth_source(const volatile struct flood_addr *first,
						    __u64 n)
{
	struct flood_addr source = { .hi = first->hi, .lo = first->lo };

	if (config.family == 6)
		source.hi += n;
	else
		source.lo += n;
	return source;
}

static __always_inline void draw_source(struct fill *fill)
{
	if (config.sources > 1) {
		fill->source = nth_source(&config.source, (draw() >> 32) * config.sources >> 32);
	} else if (config.random_mask.lo) {
		fill->source.lo |= draw() & config.random_mask.lo;
		if (config.random_mask.hi)
			fill->source.hi |= draw() & config.random_mask.hi;
	}
}

static __always_inline void draw_probe_flow(struct fill *fill)
{
	__u64 drawn = draw();

	fill->source = nth_source(&config.probe_source,
				  (drawn >> 32) * config.probe_sources >> 32);
	fill->sport = config.probe_port + ((drawn & 0xffffffff) * config.probe_ports >> 32);
}

static __always_inline int send_flood_frame(struct xdp_md *ctx)
{
	struct fill fill = {
		.branch = draw(),
		.tag = draw(),
		.call_id = draw(),
		.source = { .hi = config.source.hi, .lo = config.source.lo },
		.sport = config.sport,
	};

	if (restore_flood(ctx))
		return XDP_ABORTED;
	if (config.from_probes && draw() >> 32 < config.from_probes)
		draw_probe_flow(&fill);
	else
		draw_source(&fill);
	if (!fill.sport)
		fill.sport = 1024 + ((fill.tag >> 48) * 64512 >> 16);
	return fill_frame(ctx, &config.flood, &fill);
}

static __always_inline void place_in_bulk(__u32 caller)
{
	__u32 place = tx.bulk_callers & (2 * FLOOD_BULK - 1);

	tx.bulk_caller[place].caller = caller;
	tx.bulk_caller[place].place = tx.bulk;
	tx.bulk_callers++;
}

static __always_inline int put_message(struct xdp_md *ctx, void *frame, __u32 length)
{
	if (length != config.flood.len &&
	    bpf_xdp_adjust_tail(ctx, (int)length - (int)config.flood.len))
		return -1;
	return bpf_xdp_store_bytes(ctx, 0, frame, length);
}

static __always_inline int send_probe(struct xdp_md *ctx, __u32 number)
{
	struct flood_caller *probe = bpf_map_lookup_elem(&probes, &number);
	__u64 id = (__u64)config.key << 32 | number;
	struct fill fill = { .branch = id, .tag = draw(), .call_id = id };

	if (!probe || !config.probe_sources || !config.probe_ports)
		return XDP_DROP;
	if (put_message(ctx, probe_frame, config.probe.len))
		return XDP_ABORTED;
	fill.source = nth_source(&config.probe_source, number % config.probe_sources);
	fill.sport = config.probe_port + number / config.probe_sources % config.probe_ports;
	if (!probe->sent)
		probe->sent = bpf_ktime_get_ns();
	place_in_bulk(number);
	return fill_frame(ctx, &config.probe, &fill);
}

/*
 * All copies of a stranger's request are alike, as RFC 3261 section 17.1 wants it. What the ring
 * refused is no first try: it waits, and is not lost any more.
 */
static __always_inline int send_stranger(struct xdp_md *ctx, __u32 number, bool first_try)
{
	struct flood_caller *stranger = bpf_map_lookup_elem(&strangers, &number);
	__u64 id = (__u64)config.key << 32 | FLOOD_STRANGER | number;
	struct fill fill = {
		.branch = id,
		.tag = id,
		.call_id = id,
		.sport = config.stranger_port,
	};

	if (!stranger)
		return XDP_DROP;
	if (put_message(ctx, stranger_frame, config.stranger.len))
		return XDP_ABORTED;
	fill.source = nth_source(&config.stranger_source, number);
	if (!stranger->sent)
		stranger->sent = bpf_ktime_get_ns();
	if (first_try && copy_is_lost())
		return XDP_DROP;
	place_in_bulk(FLOOD_STRANGER | number);
	return fill_frame(ctx, &config.stranger, &fill);
}

/* What the ring refused, callers first. */
static __always_inline int send_again(struct xdp_md *ctx)
{
	__u32 last = tx.agains - 1, caller;

	if (tx.agains) {
		tx.agains = last;
		caller = tx.again[last & (FLOOD_BULK - 1)];
		if (caller & FLOOD_STRANGER)
			return send_stranger(ctx, caller & ~FLOOD_STRANGER, false);
		return send_probe(ctx, caller);
	}
	tx.owed--;
	return send_flood_frame(ctx);
}

static __always_inline int send_next_probe(struct xdp_md *ctx)
{
	if (tx.probes >= config.probe_max) {
		tx.probes_exhausted = 1;
		return XDP_DROP;
	}
	return send_probe(ctx, tx.probes++);
}

static __always_inline int send_next_stranger(struct xdp_md *ctx)
{
	if (tx.strangers >= config.stranger_max) {
		tx.strangers_exhausted = 1;
		return XDP_DROP;
	}
	return send_stranger(ctx, tx.strangers++, true);
}

static __always_inline int send_retry(struct xdp_md *ctx)
{
	tx.retry_waits = 0;
	tx.retries++;
	return send_stranger(ctx, tx.retry, true);
}

SEC("xdp")
int send_flood(struct xdp_md *ctx)
{
	enum choice what = choose();

	if (what == IDLE)
		return XDP_DROP;
	if (what == AGAIN)
		return send_again(ctx);
	if (config.count && all_frames() >= config.count) {
		tx.last = bpf_ktime_get_ns();
		tx.done = 1;
		return XDP_DROP;
	}
	if (what == PROBE)
		return send_next_probe(ctx);
	if (what == BIRTH)
		return send_next_stranger(ctx);
	if (what == RETRY)
		return send_retry(ctx);
	tx.flood++;
	return send_flood_frame(ctx);
}

/* The UDP header of a packet from the server's port, or NULL. */
static __always_inline struct udphdr *server_udp(void *data, void *data_end)
{
	struct ethhdr *eth = data;
	struct udphdr *udp;

	if (data + ETH_HLEN + sizeof(struct iphdr) > data_end)
		return NULL;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = data + ETH_HLEN;

		if (ip->ihl < 5 || ip->protocol != IPPROTO_UDP)
			return NULL;
		udp = data + ETH_HLEN + ip->ihl * 4;
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip6 = data + ETH_HLEN;

		if ((void *)(ip6 + 1) > data_end || ip6->nexthdr != IPPROTO_UDP)
			return NULL;
		udp = (void *)(ip6 + 1);
	} else {
		return NULL;
	}
	if ((void *)(udp + 1) > data_end || udp->source != bpf_htons(config.port))
		return NULL;
	return udp;
}

#define RESPONSE_START 0x20302e322f504953ULL /* "SIP/2.0 " */
#define COOKIE         0x004b62344768397aULL /* "z9hG4bK" */
#define SCAN_LIMIT     320                   /* status line and any headers before the Via */

/* The status of a response that carries one of our branches, and that branch; 0 otherwise. */
static __always_inline int our_response(const __u8 *at, void *data_end, __u64 *branch)
{
	int status;

	if ((void *)(at + 16) > data_end || *(const __u64 *)at != RESPONSE_START)
		return 0;
	status = (at[8] - '0') * 100 + (at[9] - '0') * 10 + at[10] - '0';
	at += 12;
	for (int i = 0; i < SCAN_LIMIT; i++, at++) {
		if ((void *)(at + 24) > data_end)
			return 0;
		if ((*(const __u64 *)at & 0x00ffffffffffffffULL) != COOKIE)
			continue;
		if (at[7] != FLOOD_FIELD_PAD)
			return get_field(at + 7, branch) ? status : 0;
		return get_field(at + 8, branch) ? status : 0;
	}
	return 0;
}

/* Who registers or calls as a stranger is asked for a password: that is service, too. */
static __always_inline void note_stranger_answer(__u32 number, int status)
{
	struct flood_caller *stranger = bpf_map_lookup_elem(&strangers, &number);

	if (!stranger || !stranger->sent || status < 200)
		return;
	if (!__sync_val_compare_and_swap(&stranger->answered, 0, bpf_ktime_get_ns()))
		__sync_fetch_and_add(&rx.stranger_answers, 1);
}

static __always_inline void note_probe_answer(__u32 number, int status)
{
	struct flood_caller *probe = bpf_map_lookup_elem(&probes, &number);

	if (!probe || !probe->sent || status < 200)
		return;
	if (status != 200)
		__sync_fetch_and_add(&rx.probe_refusals, 1);
	else if (__sync_val_compare_and_swap(&probe->answered, 0, bpf_ktime_get_ns()))
		__sync_fetch_and_add(&rx.probe_duplicates, 1);
	else
		__sync_fetch_and_add(&rx.probe_answers, 1);
}

/*
 * Answers to our own frames end here: no socket waits for them, and the stack would tell the server
 * so by ICMP. Everything else is the namespace's.
 */
SEC("xdp")
int take_answers(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct udphdr *udp = server_udp(data, data_end);
	__u64 branch;
	int status;

	if (!udp)
		return XDP_PASS;
	status = our_response((const __u8 *)(udp + 1), data_end, &branch);
	if (!status)
		return XDP_PASS;
	if (branch >> 32 != config.key)
		__sync_fetch_and_add(&rx.flood_answers, 1);
	else if (branch & FLOOD_STRANGER)
		note_stranger_answer((__u32)branch & ~FLOOD_STRANGER, status);
	else
		note_probe_answer((__u32)branch, status);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
