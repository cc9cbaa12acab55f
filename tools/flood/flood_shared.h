/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the generator's BPF programs and its userspace share. Addresses are numbers in host order
 * (an IPv4 address in the low 32 bits of lo, an IPv6 address as two halves), so that arithmetic on
 * them is the same on both sides.
 */
#ifndef SIPGUARD_FLOOD_SHARED_H
#define SIPGUARD_FLOOD_SHARED_H

#include <linux/types.h>

/*
 * A live frame is one page less the kernel's own head room and tail room (struct xdp_page_head,
 * XDP_PACKET_HEADROOM, struct skb_shared_info); 3400 fits every kernel since 5.18.
 */
#define FLOOD_FRAME_MAX 3400

/*
 * A random field is 16 characters 'a' to 'p', 4 bits each: a 64-bit number becomes text, and text a
 * number, with two shifts. FLOOD_FIELD_PAD may stand before a field to put it on an even offset
 * (the Internet checksum adds 16-bit words); it is no field character, so a reader can skip it.
 */
#define FLOOD_FIELD_LEN 16
#define FLOOD_FIELD_PAD 'x'

/*
 * Pages of a live-frames run are recycled with the content they had: the last byte of the Ethernet
 * source address tells which of the three messages a page holds.
 */
#define FLOOD_MARK_FLOOD 0xf1
#define FLOOD_MARK_PROBE 0xf2
#define FLOOD_MARK_STRANGER 0xf3

#define FLOOD_OFF_MARK 11
#define FLOOD_L3_OFF   14
#define FLOOD_L4_OFF4  34
#define FLOOD_L4_OFF6  54

/*
 * The number of a caller is half of its branch. Probes count up from 0, strangers from here.
 */
#define FLOOD_STRANGER 0x80000000U

/* Copies of a stranger's request that follow the first one while nothing has answered. */
#define FLOOD_RETRIES 3

struct flood_addr {
	__u64 hi;
	__u64 lo;
};

/* What is hidden in the flood, each at a rate of its own. */
enum flood_kind { FLOOD_PROBES, FLOOD_BIRTHS, FLOOD_RETRANSMISSIONS, FLOOD_KINDS };

/* How often: by odds in a flood of known rate, by share flat out, by interval without a flood. */
struct flood_often {
	__u64 share;    /* odds of 2^32 a ns, << FLOOD_RATE_SHIFT; 0: the odds stay as they are */
	__u64 interval; /* ns on average */
};

/* Where a built frame varies; offsets from the start of the frame, 0 if it has no such field. */
struct flood_layout {
	__u32 len;
	__u32 branch;
	__u32 tag;
	__u32 call_id;
	__u32 raw;     /* fields are random bytes, not characters */
	__u32 ip_sum;  /* unfolded sum of the IPv4 header, source address 0 */
	__u32 udp_sum; /* the same of pseudo header, UDP header and payload, fields 0 */
};

struct flood_config {
	struct flood_layout flood;
	struct flood_layout probe;
	struct flood_layout stranger;

	struct flood_addr source;      /* first source, or the prefix */
	struct flood_addr random_mask; /* bits of the source drawn at random */
	__u64 sources;                 /* sources counted up from the first, at most 2^32 */
	struct flood_addr probe_source;
	__u32 probe_sources;
	__u32 probe_ports;
	__u64 from_probes;             /* of 2^32: flood frames from the probes' flows */
	struct flood_addr stranger_source;

	__u32 ifindex;
	__u32 family;     /* 4 or 6 */
	__u16 port;       /* the server's */
	__u16 sport;      /* 0: random, 1024 to 65535 */
	__u16 probe_port;
	__u16 stranger_port;
	__u8 flood_on;

	__u32 stride;         /* frames for which the clock is read once */
	__u64 interval;       /* between frames, in ns << FLOOD_RATE_SHIFT; 0: flat out */
	__u64 window;         /* how much lost time is caught up, in the same unit */
	__u64 queue_window;   /* how long frames wait for a full ring, in the same unit */
	__u64 burst_window;   /* how much of it at once, in the same unit */
	__u64 duration;       /* ns */
	__u64 count;          /* frames, 0: no limit */
	__u64 births_end;     /* ns after the first frame: later strangers could not be done */
	struct flood_often often[FLOOD_KINDS];
	__u32 probe_max;      /* entries of the probes map */
	__u32 stranger_max;   /* entries of the strangers map */
	__u32 key;            /* in every caller's branch: another run's answers are not ours */
};

/* The kernel hands redirected frames to an interface in bulks of this many (DEV_MAP_BULK_SIZE). */
#define FLOOD_BULK 16

#define FLOOD_RATE_SHIFT 10
#define FLOOD_FAST(interval) ((interval) * 4 / 5) /* while lost time is caught up */

/* Written by the CPU that sends. */
struct flood_tx {
	__u64 flood;
	__u64 probes;
	__u64 strangers;
	__u64 retries; /* further copies of strangers' requests */
	__u64 first; /* ns of CLOCK_MONOTONIC, as last */
	__u64 last;
	__u64 next;       /* when the next frame is due, ns << FLOOD_RATE_SHIFT after first */
	__u64 next_fast;  /* the same for 5/4 of the rate */
	__u64 often_next[FLOOD_KINDS]; /* ns */
	__u64 retry_next;   /* ns; no retransmission is due before */
	__u64 random;
	__u64 paused_until;  /* ns; the ring was full */
	__u64 behind;        /* how late frames were when the ring was full first, as `next` */
	__u64 lost_lately;   /* frames, since it was looked whether a stranger's is among them */
	__u64 looked;        /* frames that had been made by then */
	__u64 lost_odds;     /* of 2^32: probes among the frames lost so far, below one */
	__u32 odds[FLOOD_KINDS]; /* of 2^32, for each frame; together below 2^32 */
	__u32 unclocked;     /* frames until the clock is read again */
	__u32 probes_exhausted;
	__u32 strangers_exhausted;
	__u32 births_over;
	__u32 retry;       /* the stranger whose copy waits for its place */
	__u32 retry_waits;
	/*
	 * Strangers are born in the order of their numbers, and fall due for their nth copy in the
	 * same order: one place for each n is all the memory that it takes.
	 */
	__u32 retry_place[FLOOD_RETRIES];
	__u32 done;
	__u32 full;          /* something waits for the ring */
	__u32 owed;          /* flood frames that it refused and that are sent again */
	__u32 bulk;          /* frames in the bulk that is being made */
	__u32 bulk_callers;
	struct flood_place {
		__u32 caller;
		__u32 place; /* in the bulk */
	} bulk_caller[2 * FLOOD_BULK];
	__u32 again[FLOOD_BULK]; /* callers that the ring refused */
	__u32 agains;
} __attribute__((aligned(64)));

/* Written by whichever CPUs receive the server's answers. */
struct flood_rx {
	__u64 probe_answers;    /* probes answered by 200, each once */
	__u64 probe_duplicates; /* further 200s */
	__u64 probe_refusals;   /* final answers that are not 200 */
	__u64 flood_answers;    /* any answer to a flood frame */
	__u64 stranger_answers; /* strangers with a final answer, each once */
} __attribute__((aligned(64)));

/* A probe or a stranger, indexed by its number; times in ns of CLOCK_MONOTONIC, 0: never. */
struct flood_caller {
	__u64 sent;
	__u64 answered;
};

#endif
