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

size_t reply_sends(const struct packet_spec *spec, __u8 *sent, bool *dropped)
{
	static __u8 frame[FRAME_MAX];
	struct packet_spec reply = *spec;
	struct __sk_buff skb = {.gso_size = fix.gso_size, .gso_segs = 1};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .repeat = 1,
		    .data_out = sent, .data_size_out = FRAME_MAX);
	int error;

	if (!reply.sport)
		reply.sport = 5060;
	options.data_size_in = packet_build(&reply, frame);
	if (fix.gso_size) {
		options.ctx_in = &skb;
		options.ctx_size_in = sizeof(skb);
	}
	error = bpf_prog_test_run_opts(programs[packet_bare], &options);
	if (error)
		fail_msg("the kernel refuses a reply of %u bytes: %s", options.data_size_in,
			 strerror(-error));
	if (options.retval != (__u32)TC_ACT_UNSPEC && options.retval != TC_ACT_SHOT)
		fail_msg("tc action %u for a reply of %u bytes", options.retval,
			 options.data_size_in);
	*dropped = options.retval == TC_ACT_SHOT;
	return options.data_size_out;
}

bool reply_dropped(const struct packet_spec *spec)
{
	static __u8 sent[FRAME_MAX];
	bool dropped;

	reply_sends(spec, sent, &dropped);
	return dropped;
}
