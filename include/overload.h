/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much is shed while our server refuses or is silent: see bpf/checks/overload.bpf.h. The level
 * falls by itself as time goes by, without a writer: who reads it reckons what is left of it.
 */
#ifndef SIPGUARD_OVERLOAD_H
#define SIPGUARD_OVERLOAD_H

#include <linux/types.h>

#define SG_OVERLOAD_MOST 4 /* OPTIONS, events, REGISTER, INVITE: each level sheds one more */

/* What has raised it since it was armed, as bits. */
enum sg_overload_cause {
	SG_OVERLOAD_REFUSES = 1, /* too many first replies to known senders are 503 */
	SG_OVERLOAD_SILENT = 2,  /* nobody gets any reply */
};

/* One cache line. Times are ns of the guard's clock. */
struct sg_overload {
	__u32 level;    /* 0 to SG_OVERLOAD_MOST, as it was raised last */
	__u32 cause;
	__u64 since;    /* it was armed */
	__u64 until;    /* then it falls by one, and by one more each hold */
	/* What is counted, only while `overload: shed` says so: in a window since */
	__u64 window;
	__u64 heard;    /* the last reply to anybody */
	__u32 asked;    /* requests of known senders that were let in */
	__u32 answered; /* first replies to such, */
	__u32 refused;  /* and those of them that are 503 */
	__u32 over;     /* windows in a row that were over the threshold */
	__u64 reserved;
};

/* What is left of the level. `hold` in ns, above 0. */
static inline __u32 sg_overload_level(const struct sg_overload *o, __u64 now, __u64 hold)
{
	__u32 level = o->level;
	__u64 late = now - o->until, fallen;

	if (!level || (__s64)late < 0)
		return level;
	fallen = late / hold + 1;
	return fallen < level ? level - (__u32)fallen : 0;
}

/* ns until it falls by one, unless it is raised again; of no meaning at level 0. */
static inline __u64 sg_overload_left(const struct sg_overload *o, __u64 now, __u64 hold)
{
	__u64 late = now - o->until;

	return (__s64)late < 0 ? -late : hold - late % hold;
}

#endif
