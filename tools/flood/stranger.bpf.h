/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strangers: phones that the server has never seen. Each has an address of its own, sends one
 * request, and sends it again until it is answered, as RFC 3261 has it (section 17.1, T1 = 0.5 s).
 * Included by flood.bpf.c.
 */
#ifndef SIPGUARD_FLOOD_STRANGER_BPF_H
#define SIPGUARD_FLOOD_STRANGER_BPF_H

/* ns after the first copy */
static const __u64 retry_after[FLOOD_RETRIES] = { 500000000ULL, 1500000000ULL, 3500000000ULL };

#define RETRY_STEPS 8 /* answered strangers that one call looks past */

/*
 * Looks for the next stranger that is due for its copy `nth`, past those that have their answer.
 * True if there is one now; otherwise *next is not later than when there may be one.
 */
static __always_inline bool find_nth_retry(__u32 nth, __u64 now, __u64 *next)
{
	for (int step = 0; step < RETRY_STEPS; step++) {
		__u32 number = tx.retry_place[nth];
		struct flood_caller *stranger;
		__u64 due;

		if (number >= tx.strangers)
			return false;
		stranger = bpf_map_lookup_elem(&strangers, &number);
		if (!stranger)
			return false;
		due = stranger->sent + retry_after[nth];
		if (!stranger->answered && due > now) {
			*next = due < *next ? due : *next;
			return false;
		}
		tx.retry_place[nth] = number + 1;
		if (!stranger->answered) {
			tx.retry = number;
			return true;
		}
	}
	*next = now;
	return false;
}

/* One at a time waits for its place in the flood. */
static __always_inline void find_retry(__u64 now)
{
	__u64 next = now + retry_after[0];

	if (tx.retry_waits || now < tx.retry_next)
		return;
	for (__u32 nth = 0; nth < FLOOD_RETRIES; nth++) {
		if (!find_nth_retry(nth, now, &next))
			continue;
		tx.retry_waits = 1;
		return;
	}
	tx.retry_next = next;
}

#endif
