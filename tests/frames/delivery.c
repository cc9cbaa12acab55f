// SPDX-License-Identifier: GPL-2.0-only
#include "delivery.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 5060

struct lab lab = {.sport = 20000};

/* --- interfaces and sockets --- */

void must(const char *command)
{
	if (system(command))
		fail_msg("this failed: %s", command);
}

/* VLAN devices for tags of VID 100 upon each other, of both types at the bottom. */
static bool make_vlans(void)
{
	if (system("ip link add link " FAR " name sgq type vlan id 100 2>/dev/null"))
		return false;
	must("ip link add link sgq name sgqq type vlan id 100");
	must("ip link add link sgqq name sgqqq type vlan id 100");
	must("ip link add link " FAR " name sga type vlan protocol 802.1ad id 100");
	must("ip link add link sga name sgaq type vlan id 100");
	must("ip link add link sgaq name sgaqq type vlan id 100");
	must("for i in sgq sgqq sgqqq sga sgaq sgaqq; do ip link set $i up || exit 1; done");
	return true;
}

/* The kernel names the other end: busybox has no word for it. */
static void make_veth(void)
{
	struct if_nameindex *all;
	char command[64] = "";

	must("ip link add " NEAR " type veth");
	all = if_nameindex();
	assert_non_null(all);
	for (struct if_nameindex *i = all; i->if_index; i++) {
		if (!strncmp(i->if_name, "veth", 4))
			snprintf(command, sizeof(command), "ip link set %s name " FAR, i->if_name);
	}
	if_freenameindex(all);
	must(command);
}

/*
 * The far end has the addresses that packets are built for; what comes from there is not checked
 * for the way back, or nothing would be received on VLAN devices.
 */
void make_interfaces(void)
{
	/* Never in the namespace of whoever runs this. */
	assert_false(unshare(CLONE_NEWNET));
	must("ip link set lo up");
	make_veth();
	must("ip link set " NEAR " address 02:00:00:00:00:02");
	must("ip link set " FAR " address 02:00:00:00:00:01");
	must("ip link set " NEAR " up && ip link set " FAR " up");
	lab.vlan = make_vlans();
	must("for i in /proc/sys/net/ipv4/conf/*; do echo 0 >$i/rp_filter; done");
	must("for i in /proc/sys/net/ipv6/conf/*; do echo 0 >$i/accept_dad; done");
	must("ip addr add 198.51.100.1/24 dev " FAR);
	must("ip -6 addr add 2001:db8:ffff::1/64 dev " FAR);
	must("ip route add 192.0.2.0/24 dev " FAR);
	must("ip -6 route add 2001:db8:1::/48 dev " FAR);
	lab.near = if_nametoindex(NEAR);
	lab.far = if_nametoindex(FAR);
}

static int open_socket(int family, int type)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(family, type | SOCK_CLOEXEC, 0), one = 1;

	assert_true(fd >= 0);
	if (family == AF_INET6) {
		assert_false(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
		/* Some rows go without a sum. */
		if (type == SOCK_DGRAM)
			assert_false(setsockopt(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, &one,
						sizeof(one)));
		assert_false(bind(fd, (void *)&any6, sizeof(any6)));
	} else {
		assert_false(bind(fd, (void *)&any4, sizeof(any4)));
	}
	if (type == SOCK_STREAM)
		assert_false(listen(fd, 100));
	return fd;
}

void open_sockets(void)
{
	int one = 1;

	lab.packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(lab.packet >= 0);
	assert_false(setsockopt(lab.packet, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)));
	lab.udp4 = open_socket(AF_INET, SOCK_DGRAM);
	lab.udp6 = open_socket(AF_INET6, SOCK_DGRAM);
	open_socket(AF_INET, SOCK_STREAM);
	open_socket(AF_INET6, SOCK_STREAM);
}

/* --- frames --- */

size_t frame_build(const struct row *row, const struct packet_spec *packet, __u8 *frame)
{
	struct packet_spec spec = *packet;
	size_t length;

	spec.sport = lab.sport;
	spec.again = true;
	spec.sums = true;
	length = packet_build(&spec, frame);
	if (row->change && packet == &row->packet)
		row->change(frame, &length);
	return length;
}

/* What the kernel is told of a frame; of one of more than a page, how much lies in one piece. */
static void send_frame(const __u8 *frame, size_t length)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = lab.near};
	struct virtio_net_hdr head = {.hdr_len = ETH_HLEN};
	struct iovec parts[] = {{&head, sizeof(head)}, {(void *)frame, length}};
	struct msghdr message = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts, .msg_iovlen = 2,
	};

	if (lab.tun) {
		/* Where the version of IP is none, the device refuses it. */
		if (write(lab.tun, frame, length) != (ssize_t)length && errno != EINVAL)
			fail_msg("%zu bytes cannot be written to the tun: %s", length,
				 strerror(errno));
		return;
	}
	if (sendmsg(lab.packet, &message, 0) != (ssize_t)(sizeof(head) + length))
		fail_msg("a frame of %zu bytes cannot be sent: %s", length, strerror(errno));
}

/* --- is it delivered? --- */

/* Takes what waits at a socket; whether there is anything from the port. */
static bool received(int fd, bool *marker)
{
	union {
		struct sockaddr_in in;
		struct sockaddr_in6 in6; /* with its port at the same place */
	} from;
	socklen_t size = sizeof(from);
	bool found = false;
	char bytes[16384];

	while (recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, (void *)&from, &size) >= 0) {
		bool ours = from.in.sin_port == htons(lab.sport);

		if (marker && from.in.sin_addr.s_addr == inet_addr(MARKER))
			*marker |= ours;
		else
			found |= ours;
		size = sizeof(from);
	}
	return found;
}

/*
 * Frames of one interface are received in their order. False if nothing comes through within `ms`
 * milliseconds.
 */
static bool flush(bool *found, int ms)
{
	static const struct row none;
	struct packet_spec spec = {.source = MARKER, .payload = "hello"};
	struct pollfd poll_udp = {.fd = lab.udp4, .events = POLLIN};
	bool marker = false;
	__u8 frame[FRAME_MAX];

	send_frame(frame, frame_build(&none, &spec, frame));
	while (!marker && poll(&poll_udp, 1, ms) > 0)
		*found |= received(lab.udp4, &marker);
	*found |= received(lab.udp6, NULL);
	return marker;
}

/* Whether TCP has begun a connection from our port. */
static bool has_connection(const char *path)
{
	unsigned int port, state;
	bool found = false;
	char line[512];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %*d: %*[0-9A-F]:%*x %*[0-9A-F]:%x %x", &port, &state) == 2)
			found |= port == lab.sport;
	}
	fclose(file);
	return found;
}

bool is_delivered(const struct row *row)
{
	__u8 frame[FRAME_MAX];
	bool found = false;

	lab.sport++;
	send_frame(frame, frame_build(row, &row->packet, frame));
	if (row->second.id)
		send_frame(frame, frame_build(row, &row->second, frame));
	if (!flush(&found, WAIT))
		fail_msg("%s: what is sent after it does not arrive", row->name);
	if (row->packet.transport == IPPROTO_TCP)
		found = has_connection("/proc/net/tcp") || has_connection("/proc/net/tcp6");
	return found;
}

void await_link(void)
{
	static const struct row plain = {.name = "plain, IPv6", .packet.source = IPV6_A};
	bool found;

	for (int ms = 0; ms < WAIT && !flush(&found, 100); ms += 100)
		lab.sport++;
	for (int ms = 0; ms < WAIT && !is_delivered(&plain); ms += 20)
		usleep(20000);
}
