// SPDX-License-Identifier: GPL-2.0-only
/* Runs the reply program, which learns from what the server sends. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "fixture.h"

/* One for Ethernet, one for links without a header. */
static struct bpf_object *objects[2];
static int programs[2];

int reply_open(void)
{
	for (int bare = 0; bare < 2; bare++) {
		objects[bare] = fixture_beside("reply", "reply", bare, &programs[bare]);
		if (!objects[bare])
			return -1;
	}
	return 0;
}

void reply_close(void)
{
	for (int i = 0; i < 2; i++) {
		bpf_object__close(objects[i]);
		objects[i] = NULL;
	}
}

bool reply_dropped(const struct packet_spec *spec)
{
	static __u8 frame[FRAME_MAX];
	struct packet_spec reply = *spec;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .repeat = 1);
	int error;

	if (!reply.sport)
		reply.sport = 5060;
	options.data_size_in = packet_build(&reply, frame);
	error = bpf_prog_test_run_opts(programs[packet_bare], &options);
	if (error)
		fail_msg("the kernel refuses a reply of %u bytes: %s", options.data_size_in,
			 strerror(-error));
	if (options.retval != (__u32)TC_ACT_UNSPEC && options.retval != TC_ACT_SHOT)
		fail_msg("tc action %u for a reply of %u bytes", options.retval,
			 options.data_size_in);
	return options.retval == TC_ACT_SHOT;
}
