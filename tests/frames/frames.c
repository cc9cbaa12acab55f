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
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "delivery.h"

#define TUN "sgt"

static int wrong_rows; /* of a test */

static void __attribute__((format(printf, 1, 2))) wrong(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("  ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	wrong_rows++;
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
	enum sg_reason reason;

	stats_clear();
	if (fixture_run(frame, length) != XDP_DROP)
		return SG_REASON_NONE;
	reason = dropping_reason();
	return reason ? reason : SG_REASON__MAX;
}

static enum sg_reason read_row(const struct row *row)
{
	enum sg_reason first, second;
	__u8 frame[FRAME_MAX];

	first = reason_of(frame, frame_build(row, &row->packet, frame));
	if (!row->second.id)
		return first;
	second = reason_of(frame, frame_build(row, &row->second, frame));
	if (first != second)
		wrong("%s: the fragments are dropped for the reasons %d and %d", row->name, first,
		      second);
	return first;
}

/* --- tests --- */

/* Says of a row that cannot be tried why not, once. */
static bool is_possible(const struct row *row, bool tell)
{
	if (row->needs == NEEDS_NOTHING || row->needs == NEEDS_ANY_TAGS ||
	    (row->needs == NEEDS_VLAN && lab.vlan))
		return true;
	if (tell)
		printf("  not tried whether it is delivered: %s (%s)\n", row->name,
		       row->needs == NEEDS_VLAN ? "this kernel has no VLAN devices"
						: "needs a ppp device, which no kernel here has");
	return false;
}

static void end_of_test(void)
{
	int count = wrong_rows;

	wrong_rows = 0;
	if (count)
		fail_msg("%d rows of the table are wrong", count);
}

/* What is delivered is read or has a reason: the table says so, and it is as the table says. */
static void test_what_is_delivered_is_read(void **state)
{
	(void)state;
	await_link();
	deny_all();
	for (const struct row *row = rows; row < rows + rows_count; row++) {
		bool delivered = is_possible(row, true) ? is_delivered(row) : row->delivered;
		enum sg_reason reason = read_row(row);

		if (!delivered && row->needs == NEEDS_ANY_TAGS)
			printf("  not delivered by this kernel: %s\n", row->name);
		else if (delivered != row->delivered)
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
	await_link();
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
