// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each row of rows.c is sent into one end of a veth, and a socket behind the other end receives it
 * or does not; the guard, shown the same frame by BPF_PROG_RUN with its source on the deny list,
 * reads it or does not. What is delivered has to be read, or have a reason. Then the guard is
 * attached, by each of its hooks, and nothing of all that may arrive any more.
 *
 * To be run in a network namespace of its own, as root. SIPGUARD_OBJ: the object of the guard; that
 * of the ingress of tc lies beside it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "rows.h"

#define NEAR "sgn" /* where the frames are sent */
#define FAR "sgf"  /* where they come in */
#define TUN "sgt"
#define PORT 5060
#define MARKER "192.0.2.99" /* allowed: comes after a frame, and tells that it is through */
#define WAIT 120000 /* ms for the marker: only a broken setup takes longer */

static struct {
	int packet, udp4, udp6, near, far;
	int tun; /* fd, if frames are written to it; or 0 */
	bool vlan;
	int wrong, told;
	__u16 sport; /* of the frame: each has one of its own */
} lab;

static void __attribute__((format(printf, 1, 2))) wrong(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("  ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	lab.wrong++;
}

/* --- interfaces and sockets --- */

static void must(const char *command)
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
 * The far end has the addresses that packet.c sends to; what comes from there is not checked for
 * the way back, or nothing would be received on VLAN devices.
 */
static void make_interfaces(void)
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
		/* packet.c leaves the sum of UDP out. */
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

static void open_sockets(void)
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

static __u32 sum_add(__u32 sum, const __u8 *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static void sum_put(__u8 *at, __u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum;
	at[0] = sum >> 8;
	at[1] = sum;
}

static size_t link_length(const struct packet_spec *spec)
{
	size_t length = packet_bare ? 0 : ETH_HLEN;

	for (size_t i = 0; i < COUNT(spec->vlan) && spec->vlan[i]; i++)
		length += 4;
	return length + (spec->pppoe ? 8 - spec->ppp_short : 0);
}

/* Of what the last bytes of the frame are: UDP gets none, TCP its own. */
static void put_transport_sum(const struct packet_spec *spec, __u8 *frame, size_t length)
{
	size_t addresses = link_length(spec) + (packet_is_ipv6(spec) ? 8 : 12);
	size_t transport = length - spec->pad - (spec->size ? spec->size : 20);

	if (spec->transport == IPPROTO_TCP) {
		sum_put(frame + transport + 16,
			sum_add(IPPROTO_TCP + 20 + sum_add(0, frame + transport, 20),
				frame + addresses, packet_is_ipv6(spec) ? 32 : 8));
		return;
	}
	if (!spec->size) {
		struct packet_spec bare = *spec;

		bare.chain = NULL;
		bare.id = 0;
		transport = length - spec->pad - packet_fragmentable(&bare);
	}
	if (!spec->transport && !spec->offset)
		memset(frame + transport + 6, 0, 2);
}

/* packet.c leaves sums out, or makes some up. */
static size_t build(const struct row *row, const struct packet_spec *packet, __u8 *frame)
{
	struct packet_spec spec = *packet;
	size_t length, ip = link_length(&spec), header;

	spec.sport = lab.sport;
	spec.again = true;
	length = packet_build(&spec, frame);
	header = (frame[ip] & 15) * 4;
	put_transport_sum(&spec, frame, length);
	if (row->change && packet == &row->packet)
		row->change(frame, &length);
	if (!packet_is_ipv6(&spec) && ip + header <= length) {
		__u8 was = frame[ip + 10]; /* not 0: a wrong one is wanted */

		memset(frame + ip + 10, 0, 2);
		sum_put(frame + ip + 10, sum_add(0, frame + ip, header));
		frame[ip + 10] ^= was;
	}
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
		if (marker && from.in.sin_addr.s_addr == inet_addr(MARKER))
			*marker = true;
		else if (from.in.sin_port == htons(lab.sport))
			found = true;
		size = sizeof(from);
	}
	return found;
}

/* Frames of one interface are received in their order. False if nothing comes through. */
static bool flush(bool *found)
{
	static const struct row none;
	struct packet_spec spec = {.source = MARKER, .payload = "hello"};
	struct pollfd poll_udp = {.fd = lab.udp4, .events = POLLIN};
	bool marker = false;
	__u8 frame[FRAME_MAX];

	send_frame(frame, build(&none, &spec, frame));
	while (!marker && poll(&poll_udp, 1, WAIT) > 0)
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

static bool is_delivered(const struct row *row)
{
	__u8 frame[FRAME_MAX];
	bool found = false;

	lab.sport++;
	send_frame(frame, build(row, &row->packet, frame));
	if (row->second.id)
		send_frame(frame, build(row, &row->second, frame));
	if (!flush(&found))
		fail_msg("%s: what is sent after it does not arrive", row->name);
	if (row->packet.transport == IPPROTO_TCP)
		found = has_connection("/proc/net/tcp") || has_connection("/proc/net/tcp6");
	return found;
}

/*
 * An interface that is up takes IPv6 when work of the kernel's own has been done: on a busy machine
 * that is seconds later.
 */
static void await_ipv6(void)
{
	static const struct row plain = {.name = "plain, IPv6", .packet.source = IPV6_A};

	for (int ms = 0; ms < WAIT && !is_delivered(&plain); ms += 20)
		usleep(20000);
}

/* --- is it read? --- */

static void deny_sources(void)
{
	static const char *const sources[] = {
		"0.0.0.0/1", "128.0.0.0/1", "2000::/3", "ff00::/8",
	};

	for (size_t i = 0; i < COUNT(sources); i++)
		list_set(sources[i], SG_LIST_DENY);
	list_set(MARKER, SG_LIST_ALLOW);
	/* What is read of a packet that has no ports is no matter of the list. */
	config()->total[SG_TOTAL_ORPHAN_FRAGMENTS] = limit_hourly(1000);
}

static void deny_all(void)
{
	fixture_reset(PROGRAM_GUARD);
	deny_sources();
}

/* The reason for which the guard drops the frame, or NONE. */
static enum sg_reason reason_of(const __u8 *frame, size_t length)
{
	struct sg_stats stats;

	stats_clear();
	if (fixture_run(frame, length) != XDP_DROP)
		return SG_REASON_NONE;
	stats_read(&stats);
	for (int reason = 1; reason < SG_REASON__MAX; reason++)
		if (stats.reason[reason].dropped.packets)
			return reason;
	return SG_REASON__MAX;
}

static enum sg_reason read_row(const struct row *row)
{
	enum sg_reason first, second;
	__u8 frame[FRAME_MAX];

	first = reason_of(frame, build(row, &row->packet, frame));
	if (!row->second.id)
		return first;
	second = reason_of(frame, build(row, &row->second, frame));
	if (first != second)
		wrong("%s: the fragments are dropped for the reasons %d and %d", row->name, first,
		      second);
	return first;
}

/* --- tests --- */

/* Says of a row that cannot be tried why not, once. */
static bool is_possible(const struct row *row, bool tell)
{
	if (row->needs == NEEDS_NOTHING || (row->needs == NEEDS_VLAN && lab.vlan))
		return true;
	if (tell)
		printf("  not tried whether it is delivered: %s (%s)\n", row->name,
		       row->needs == NEEDS_VLAN ? "this kernel has no VLAN devices"
						: "needs a ppp device, which no kernel here has");
	return false;
}

static void end_of_test(void)
{
	int count = lab.wrong;

	lab.wrong = 0;
	if (count)
		fail_msg("%d rows of the table are wrong", count);
}

/* What is delivered is read or has a reason: the table says so, and it is as the table says. */
static void test_what_is_delivered_is_read(void **state)
{
	(void)state;
	await_ipv6();
	deny_all();
	for (const struct row *row = rows; row < rows + rows_count; row++) {
		bool delivered = is_possible(row, true) ? is_delivered(row) : row->delivered;
		enum sg_reason reason = read_row(row);

		if (delivered != row->delivered)
			wrong("%s: %sdelivered", row->name, delivered ? "" : "not ");
		if (reason != row->reason)
			wrong("%s: dropped for reason %d, not %d", row->name, reason, row->reason);
		if (delivered && reason == SG_REASON_NONE)
			wrong("%s: delivered and not read", row->name);
	}
	end_of_test();
}

/* With the guard attached and the sources denied nothing arrives. */
static void nothing_arrives(const char *how)
{
	for (const struct row *row = rows; row < rows + rows_count; row++) {
		if (is_possible(row, false) && is_delivered(row))
			wrong("%s: delivered, with the guard %s", row->name, how);
	}
	end_of_test();
}

static void by_xdp(__u32 flags, const char *how)
{
	int error;

	deny_all();
	error = bpf_xdp_attach(lab.far, fixture_program(), flags, NULL);
	if (error)
		fail_msg("the guard cannot be attached %s: %s", how, strerror(-error));
	nothing_arrives(how);
	bpf_xdp_detach(lab.far, flags, NULL);
}

static void test_nothing_passes_xdp(void **state)
{
	(void)state;
	by_xdp(XDP_FLAGS_DRV_MODE, "at native XDP");
	by_xdp(XDP_FLAGS_SKB_MODE, "at generic XDP");
}

/* Frames of which only the header of Ethernet lies in one piece, with and without the guard. */
static void large_frames_arrive(bool expected)
{
	for (const struct row *row = large_rows; row < large_rows + large_rows_count; row++) {
		if (is_delivered(row) != expected)
			wrong("%s, in pieces: %sdelivered", row->name, expected ? "not " : "");
	}
}

/* The ingress of tc, with its program. */
struct ingress {
	struct bpf_object *object;
	struct bpf_tc_hook hook;
};

static void attach_ingress(struct ingress *ingress, int interface, bool bare)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options);
	int error, program;

	ingress->object = fixture_beside("ingress", "ingress", bare, &program);
	assert_non_null(ingress->object);
	options.prog_fd = program;
	error = bpf_tc_hook_create(&hook);
	error = error ? error : bpf_tc_attach(&hook, &options);
	if (error)
		fail_msg("the guard cannot be attached at tc: %s", strerror(-error));
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	ingress->hook = hook;
}

static void detach_ingress(struct ingress *ingress)
{
	bpf_tc_hook_destroy(&ingress->hook);
	bpf_object__close(ingress->object);
}

static void test_nothing_passes_tc(void **state)
{
	struct ingress ingress;

	(void)state;
	deny_all();
	must("ip link set " NEAR " mtu 9000 && ip link set " FAR " mtu 9000");
	large_frames_arrive(true);
	attach_ingress(&ingress, lab.far, false);
	large_frames_arrive(false);
	nothing_arrives("at the ingress of tc");
	detach_ingress(&ingress);
}

static bool is_bare_row(const struct row *row)
{
	return !row->change && !packet_needs_link(&row->packet) && is_possible(row, false);
}

/* Each row that needs no Ethernet, through the tun; whether it arrives as it should. */
static void bare_rows(bool guarded, const char *how)
{
	for (const struct row *row = rows; row < rows + rows_count; row++) {
		if (is_bare_row(row) && is_delivered(row) != (row->delivered && !guarded))
			wrong("%s: wrong by tun, %s", row->name, how);
	}
}

static int make_tun(void)
{
	struct ifreq request = {.ifr_name = TUN, .ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	assert_false(ioctl(fd, TUNSETIFF, &request));
	must("ip link set " TUN " up");
	must("for i in /proc/sys/net/ipv4/conf/*; do echo 0 >$i/rp_filter; done");
	return fd;
}

static void test_tun_is_read(void **state)
{
	struct ingress ingress;
	int fd = make_tun(), interface = if_nametoindex(TUN), error;

	(void)state;
	if (fd < 0) {
		printf("  not tried: this kernel has no tun\n");
		skip();
	}
	fixture_reset(PROGRAM_BARE);
	deny_sources();
	lab.tun = fd;
	await_ipv6();
	bare_rows(false, "without the guard");
	for (const struct row *row = rows; row < rows + rows_count; row++) {
		if (is_bare_row(row) && read_row(row) != row->reason)
			wrong("%s: not read as it is on Ethernet", row->name);
	}
	attach_ingress(&ingress, interface, true);
	bare_rows(true, "with the guard at the ingress of tc");
	detach_ingress(&ingress);
	error = bpf_xdp_attach(interface, fixture_program(), XDP_FLAGS_SKB_MODE, NULL);
	if (error)
		fail_msg("generic XDP on the tun: %s", strerror(-error));
	bare_rows(true, "with the guard at generic XDP");
	lab.tun = 0;
	close(fd);
	fixture_reset(PROGRAM_GUARD);
	end_of_test();
}

static int set_up(void **state)
{
	if (fixture_open(state))
		return -1;
	lab.sport = 20000;
	make_interfaces();
	open_sockets();
	return 0;
}

static int take_down(void **state)
{
	must("ip link del " NEAR);
	return fixture_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_delivered_is_read),
		cmocka_unit_test(test_nothing_passes_xdp),
		cmocka_unit_test(test_nothing_passes_tc),
		cmocka_unit_test(test_tun_is_read),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests_name("frames", tests, set_up, take_down);
}
