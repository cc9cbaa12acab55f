// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/filter.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel/qdisc.h"

/* Of enum bpf_attach_type and the flags of BPF_LINK_CREATE; Debian 12's headers are older. */
#define ATTACH_TCX_INGRESS 46
#define ATTACH_TCX_EGRESS 47
#define FLAG_BEFORE (1U << 3) /* relative to nothing: in front of all */
#define TCX_MOST 64           /* programs at one place */

/*
 * Our place among the filters. The handle is "SIPG": people pick small handles, and the kernel
 * counts from 1, so a filter with it is a sipguard's. The priority is in front of those that the
 * kernel picks, from 49152 down, and behind those that people like for what must be first.
 */
#define FILTER_HANDLE 0x53495047

const char *const direction_names[DIRECTION__MAX] = {
	[DIRECTION_INGRESS] = "ingress",
	[DIRECTION_EGRESS] = "egress",
};

static struct bpf_tc_hook hook_of(__u32 ifindex, enum direction direction)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook), .ifindex = ifindex,
		.attach_point = direction == DIRECTION_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS,
	};
}

int tcx_create(__u32 ifindex, enum direction direction, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = FLAG_BEFORE);

	return bpf_link_create(program, ifindex,
			       direction == DIRECTION_INGRESS ? ATTACH_TCX_INGRESS
							      : ATTACH_TCX_EGRESS, &opts);
}

bool tcx_is_hopeless(int err)
{
	return err == -ENODEV || err == -EPERM || err == -ENOMEM;
}

bool tcx_runs(__u32 ifindex, __u32 attach_type, __u32 id)
{
	__u32 ids[TCX_MOST] = {};
	LIBBPF_OPTS(bpf_prog_query_opts, opts, .prog_ids = ids, .prog_cnt = TCX_MOST);

	if (!ifindex || bpf_prog_query_opts(ifindex, attach_type, &opts))
		return false;
	for (__u32 i = 0; i < opts.prog_cnt && i < TCX_MOST; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

int filter_prepare(__u32 ifindex)
{
	struct bpf_tc_hook hook = hook_of(ifindex, DIRECTION_EGRESS);
	int err = bpf_tc_hook_create(&hook);

	/* A filter "at egress" of an ingress qdisc would be accepted, and see what comes in. */
	if (err == -EEXIST)
		err = qdisc_is_clsact(ifindex) ? 0 : -EBUSY;
	return err;
}

__u32 filter_program(__u32 ifindex, enum direction direction)
{
	struct bpf_tc_hook hook = hook_of(ifindex, direction);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	return bpf_tc_query(&hook, &opts) ? 0 : opts.prog_id;
}

int filter_set(__u32 ifindex, enum direction direction, int program)
{
	struct bpf_tc_hook hook = hook_of(ifindex, direction);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = program, .flags = BPF_TC_F_REPLACE);

	return bpf_tc_attach(&hook, &opts);
}

/*
 * The qdisc stays, even if it was made for us and is empty now: somebody could put a filter into it
 * between a look and its removal. An empty one costs next to nothing.
 */
int filter_remove(__u32 ifindex, enum direction direction)
{
	struct bpf_tc_hook hook = hook_of(ifindex, direction);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	int err = filter_program(ifindex, direction) ? bpf_tc_detach(&hook, &opts) : 0;

	return err && filter_program(ifindex, direction) ? err : 0;
}

int filter_explain(const char *name, enum direction direction, int err, struct error *error)
{
	const char *place = direction_names[direction];

	if (err == -ENODEV)
		return error_set(error, err, "%s vanished while it was being attached.", name);
	if (err == -EPERM || err == -ENOMEM)
		return error_set(error, err, "the kernel refused a tc program at %s of %s: %s.",
				 place, name, strerror(-err));
	if (err == -EBUSY)
		return error_set(error, err, "%s has an ingress qdisc, beside which this kernel "
				 "has no place for a tc program at egress: have its owner use "
				 "clsact (`tc qdisc show dev %s` shows it), and try again.", name,
				 name);
	return error_set(error, err, "%s takes no tc program at %s (%s): this kernel needs its "
			 "modules sch_ingress and cls_bpf for that, `modprobe -a sch_ingress "
			 "cls_bpf` and try again.", name, place, strerror(-err));
}
