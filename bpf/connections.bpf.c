// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts connections of TCP to guarded ports where the kernel itself keeps them: at each change of
 * a socket's state, however it comes about. So a connection is counted from the end of its
 * handshake to the end of its socket, be that by FIN, RST, a timeout, or the end of the server.
 *
 * This needs the kernel's own types (BTF). The guard does not, and goes on without this program.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "state/live.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Of the kernel, what is read here; where it lies is found out when the program is loaded. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	__u8 sk_userlocks : 4;
};

struct tcp_sock {
	__u64 bytes_received;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

#pragma clang attribute pop

#define FAMILY_INET 2       /* AF_INET; <sys/socket.h> is not for BPF */
#define STATE_ESTABLISHED 1 /* include/net/tcp_states.h of the kernel */
#define STATE_SYN_RECV 3
#define STATE_CLOSE 7
#define STATE_LISTEN 10
#define LOCK_BINDPORT 8     /* SOCK_BINDPORT_LOCK: the port was asked for by bind() */

/* Whether its server is guarded: the tracepoint tells of the sockets of the whole host. */
static __always_inline bool is_guarded(const struct sock_common *sk, const struct sg_config *config)
{
	__u32 netns = sk->skc_net.net->ns.inum, port = sk->skc_num;

	return config->port[port & (SG_PORTS - 1)] & (SG_PORT_TCP | SG_PORT_TLS) &&
	       bpf_map_lookup_elem(&sg_namespaces, &netns);
}

/* The peer. An IPv4 one has an IPv4-mapped address if the server listens on :: (RFC 4038 4.2). */
static __always_inline struct sg_flow_key source_of(const struct sock_common *sk)
{
	const __u32 *peer = (const __u32 *)&sk->skc_v6_daddr;
	__u32 address[4] = {0, 0, bpf_htonl(0xffff), sk->skc_daddr}, other;

	if (sk->skc_family == FAMILY_INET)
		return sg_source_key(4, address);
	for (int i = 0; i < 4; i++)
		address[i] = peer[i];
	other = address[0] | address[1] | (address[2] ^ bpf_htonl(0xffff));
	other = (other | -other) >> 31; /* a branch would double what the verifier follows */
	barrier_var(other);
	return sg_source_key(4 + 2 * other, address);
}

static __always_inline void count_atomically(enum sg_count id)
{
	struct sg_stats *stats = map_stats();

	/* It may run in a process, and be interrupted by itself. */
	if (stats)
		__sync_fetch_and_add(&stats->count[id], 1);
}

/* NULL if there is no memory. `sk` is a socket of any type that the kernel knows. */
static __always_inline struct sg_socket *socket_count(void *sk, const struct sg_flow_key *source)
{
	struct sg_socket *s =
		bpf_sk_storage_get(&sg_sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (s && s->counted)
		return s;
	if (!s || !live_add(source)) {
		/* The iterator tries again; one socket is one event. */
		if (!s || !s->reported)
			count_atomically(SG_COUNT_CONNECTIONS_FULL);
		if (s)
			s->reported = 1;
		return s;
	}
	s->since = clock_now();
	s->counted = 1;
	s->reported = 0;
	return s;
}

/*
 * Whether a connection has sent nothing in its time. Only what the socket has received decides. A
 * FIN is a byte of that, and no message of SIP has as little.
 */
static __always_inline bool is_silent(const struct tcp_sock *tcp, const struct sg_socket *s,
				      const struct sg_config *config)
{
	return tcp->bytes_received < 2 &&
	       clock_now() - s->since >= config->first_data * SG_NSEC_PER_SEC;
}

static __always_inline void socket_report(struct sg_socket *s)
{
	if (!s->reported)
		count_atomically(SG_COUNT_CONNECTION_SILENT);
	s->reported = 1;
}

static __always_inline const struct sg_config *config_in_force(void)
{
	return &sg_configs[*(const volatile __u32 *)&sg_state.active & 1];
}

static __always_inline void socket_end(struct sock *sk, const struct sg_config *config)
{
	struct sg_socket *s = bpf_sk_storage_get(&sg_sockets, sk, NULL, 0);
	const struct tcp_sock *tcp = s ? bpf_skc_to_tcp_sock(sk) : NULL;
	struct sg_flow_key source;

	if (!s || !s->counted)
		return;
	if (tcp && is_silent(tcp, s, config))
		socket_report(s);
	source = source_of(&sk->__sk_common);
	bpf_sk_storage_delete(&sg_sockets, sk);
	live_remove(&source);
}

SEC("tp_btf/inet_sock_set_state")
int connections(const __u64 *ctx)
{
	const struct sg_config *config = config_in_force();
	struct sock *sk = (struct sock *)ctx[0];
	int old = ctx[1], new = ctx[2];
	struct sg_flow_key source;

	if (!config || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (new == STATE_CLOSE) {
		socket_end(sk, config);
	} else if (new == STATE_ESTABLISHED && old == STATE_SYN_RECV &&
		   is_guarded(&sk->__sk_common, config)) {
		source = source_of(&sk->__sk_common);
		socket_count(sk, &source);
	}
	return 0;
}

/* A connection that the server did not ask for: its socket never asked for a port. */
static __always_inline bool is_accepted(const struct sock_common *common, struct tcp_sock *tcp)
{
	const struct sock *sk = (const struct sock *)tcp;
	__u8 state = common->skc_state;

	return state != STATE_LISTEN && state != STATE_CLOSE && state != STATE_SYN_RECV &&
	       !(BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & LOCK_BINDPORT);
}

/*
 * Looks at all sockets of a network namespace, when userspace reads it: counts connections that
 * are older than the guard, reports those that should have sent something by now, and writes the
 * source of each of these, a struct sg_flow_key.
 *
 * The kernel holds the lock of the socket meanwhile, so it cannot end under our hands.
 */
SEC("iter/tcp")
int connections_all(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	const struct sg_config *config = config_in_force();
	struct sg_flow_key source;
	struct tcp_sock *tcp;
	struct sg_socket *s;

	if (!common || !config || !is_guarded(common, config))
		return 0;
	tcp = bpf_skc_to_tcp_sock(common);
	if (!tcp || !is_accepted(common, tcp))
		return 0;
	source = source_of(common);
	s = socket_count(tcp, &source);
	if (!s || !s->counted || !is_silent(tcp, s, config))
		return 0;
	socket_report(s);
	bpf_seq_write(ctx->meta->seq, &source, sizeof(source));
	return 0;
}
