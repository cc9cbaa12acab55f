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

static int open_one(const char *path, bool bare)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	objects[bare] = object;
	if (!object || fixture_constant(object, "sg_tick", fix.tick) ||
	    (bare && fixture_constant(object, "sg_link_header", 0)) ||
	    fixture_share_maps(object) || bpf_object__load(object)) {
		print_error("%s does not load: %s.\n", path, strerror(errno));
		return -1;
	}
	programs[bare] = bpf_program__fd(bpf_object__find_program_by_name(object, "reply"));
	return programs[bare] < 0 ? -1 : 0;
}

/* reply.bpf.o lies beside guard.bpf.o, and works on the maps of the guard. */
int reply_open(void)
{
	char path[256];
	const char *guard = fixture_object(), *slash = strrchr(guard, '/');

	snprintf(path, sizeof(path), "%.*s/reply.bpf.o", (int)(slash ? slash - guard : 1),
		 slash ? guard : ".");
	return open_one(path, false) || open_one(path, true) ? -1 : 0;
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
