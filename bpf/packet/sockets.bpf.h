/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's table of sockets knows of a connection of TCP. */
#ifndef SIPGUARD_SOCKETS_BPF_H
#define SIPGUARD_SOCKETS_BPF_H

#include "packet/packet.bpf.h"

/* Both ends of the packet, as the kernel's table of sockets knows them; its size, or 0. */
static __always_inline __u32 stream_tuple(hook_ctx *ctx, const struct packet *p,
					  struct bpf_sock_tuple *tuple)
{
	struct ipv6hdr ip6;
	struct iphdr ip;

	if (p->family == 4) {
		if (hook_load(ctx, p->network, &ip, sizeof(ip)))
			return 0;
		tuple->ipv4.saddr = ip.saddr;
		tuple->ipv4.daddr = ip.daddr;
		tuple->ipv4.sport = p->source_port;
		tuple->ipv4.dport = bpf_htons(p->port);
		return sizeof(tuple->ipv4);
	}
	if (hook_load(ctx, p->network, &ip6, sizeof(ip6)))
		return 0;
	__builtin_memcpy(tuple->ipv6.saddr, &ip6.saddr, 16);
	__builtin_memcpy(tuple->ipv6.daddr, &ip6.daddr, 16);
	tuple->ipv6.sport = p->source_port;
	tuple->ipv6.dport = bpf_htons(p->port);
	return sizeof(tuple->ipv6);
}

#define STREAM_TCP_SYN_SENT 2
#define STREAM_TCP_SYN_RECV 3
#define STREAM_TCP_TIME_WAIT 6 /* of the kernel's enum, which is no header of userspace's */
#define STREAM_TCP_CLOSE 7
#define STREAM_TCP_LISTEN 10
#define STREAM_TCP_NEW_SYN_RECV 12

/* What a segment without an entry is to this host. */
enum stream_socket {
	STREAM_NO_SOCKET, /* not its own: of a router, a bridge, the host of a container */
	STREAM_SERVED,    /* the host serves the port, and has no such connection */
	STREAM_HALF_OPEN, /* its handshake goes on, and this segment is none of it */
	STREAM_SOCKET,    /* the connection exists, whoever says so */
};

__noinline int stream_socket(hook_ctx *ctx, const struct packet *p)
{
	struct bpf_sock_tuple tuple;
	struct bpf_sock *socket;
	__u32 size, state;

	if (!p)
		return STREAM_NO_SOCKET;
	size = stream_tuple(ctx, p, &tuple);
	if (size == sizeof(tuple.ipv4))
		socket = bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS,
					    0);
	else if (size)
		socket = bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS,
					    0);
	else
		return STREAM_NO_SOCKET;
	if (!socket)
		return STREAM_NO_SOCKET;
	state = socket->state;
	bpf_sk_release(socket);
	if (state == STREAM_TCP_TIME_WAIT || state == STREAM_TCP_CLOSE ||
	    state == STREAM_TCP_LISTEN)
		return STREAM_SERVED;
	/* A wrong number, which the kernel refuses: taken for older, it would be one for good. */
	if (state == STREAM_TCP_NEW_SYN_RECV || state == STREAM_TCP_SYN_RECV ||
	    state == STREAM_TCP_SYN_SENT)
		return STREAM_HALF_OPEN;
	return STREAM_SOCKET;
}

#endif
