/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When sipguard-flood sends, and what: pacing, the queue in front of a full ring, probes and
 * strangers at random places. Included by flood.bpf.c behind its variables and draw().
 */
#ifndef SIPGUARD_FLOOD_PACE_BPF_H
#define SIPGUARD_FLOOD_PACE_BPF_H

enum choice { IDLE, FLOOD, PROBE, BIRTH, RETRY, AGAIN };

/*
 * The ring of a veth holds 256 frames, less than that of any NIC. With --queue, frames it refuses
 * wait, as they would in a longer ring, and are sent again; what waits beyond the queue's length is
 * lost, and counted as sent. Here it is read which frames of a bulk were refused: always the last
 * ones.
 */
#define PAUSE 10000 /* ns until it is tried again: some ten frames leave the ring meanwhile */

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

static __always_inline void refuse_bulk(__u32 sent, __u32 drops)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 callers = 0;

	for (__u32 i = 0; i < FLOOD_BULK && i < tx.bulk_callers; i++) {
		if (tx.bulk_caller[i].place < sent || tx.bulk_caller[i].place >= sent + drops)
			continue;
		tx.again[tx.agains++ & (FLOOD_BULK - 1)] = tx.bulk_caller[i].caller;
		callers++;
	}
	tx.owed += drops - callers;
	if (!tx.full) {
		__u64 at = (now - tx.first) << FLOOD_RATE_SHIFT;

		tx.behind = at > tx.next ? at - tx.next : 0;
		tx.full = 1;
	}
	tx.paused_until = now + PAUSE;
}

/* `size` frames have gone; `more`, 0 or 1, are in the next bulk already. */
static __always_inline void begin_bulk(__u32 size, __u32 more)
{
	__u32 last = tx.bulk_callers - 1;

	tx.bulk_callers = 0;
	if (more && last < 2 * FLOOD_BULK && tx.bulk_caller[last].place == size) {
		tx.bulk_caller[0].caller = tx.bulk_caller[last].caller;
		tx.bulk_caller[0].place = 0;
		tx.bulk_callers = 1;
	}
	tx.bulk = more;
}

SEC("tp_btf/xdp_devmap_xmit")
int watch_ring(const __u64 *arguments) /* from, to, sent, drops, error */
{
	const struct net_device *to = (const void *)arguments[1];
	__u32 sent = arguments[2], drops = arguments[3], more;

	/*
	 * Another network namespace may have the index too, but nobody else is in our bulk. One
	 * frame more was made than is sent if the bulk had to go to make room for it.
	 */
	more = tx.bulk - sent - drops;
	if (to->ifindex != (int)config.ifindex || !tx.bulk || more > 1)
		return 0;
	if (drops && config.queue_window)
		refuse_bulk(sent, drops);
	begin_bulk(sent + drops, more);
	return 0;
}

/*
 * Frames fell due while the ring was full, more than may wait: counts them, probes among them. What
 * waits is what became late since the ring was full first: how late frames were before is the
 * generator's own affair.
 */
static __always_inline void lose_beyond_queue(__u64 at)
{
	__u64 late = at - tx.next, frames;
	__u32 probes;

	if (late <= tx.behind) {
		tx.full = 0;
		return;
	}
	if (late - tx.behind <= config.queue_window)
		return;
	frames = (late - tx.behind - config.queue_window) / config.interval;
	tx.next += frames * config.interval;
	tx.lost_lately += frames;
	tx.lost_odds += frames * tx.odds[FLOOD_PROBES];
	probes = tx.lost_odds >> 32;
	tx.lost_odds = (__u32)tx.lost_odds;
	if (tx.probes + probes > config.probe_max)
		probes = config.probe_max - tx.probes;
	tx.probes += probes;
	tx.flood += frames - probes;
}

/* Whether a stranger's copy is lost with them: by the share of frames since it was asked last. */
static __always_inline bool copy_is_lost(void)
{
	__u64 frames = all_frames() - tx.looked, lost = tx.lost_lately;

	tx.looked += frames;
	tx.lost_lately = 0;
	return (draw() >> 32) * frames < lost << 32;
}

/*
 * Two GCRAs. The first keeps the rate over the long run: time lost to another task is caught up,
 * as far as the window goes. The second keeps the catching up from overrunning the receiver's ring:
 * a burst at once, and beyond it no more than 5/4 of the rate. (At twice the rate a ring of 256 is
 * full before a receiver that sleeps on another CPU of a virtual machine is awake.)
 */
static __always_inline bool frame_is_due(__u64 now)
{
	__u64 at = (now - tx.first) << FLOOD_RATE_SHIFT;

	if (at < tx.next) {
		tx.full = 0;
		return false;
	}
	if (at < tx.next_fast)
		return false;
	if (tx.full)
		lose_beyond_queue(at);
	if (at - tx.next > config.window)
		tx.next = at - config.window;
	if (at - tx.next_fast > config.burst_window)
		tx.next_fast = at - config.burst_window;
	tx.next += config.interval * config.stride;
	tx.next_fast += FLOOD_FAST(config.interval) * config.stride;
	return true;
}

#define CATCH_UP 100000000ULL /* ns of lost time for which probes are made up */

/*
 * A frame above the rate waits here, it is not dropped: a dropped page goes back to the pool under
 * the very lock under which the receiver returns his, and two CPUs that fight for it cost the
 * receiver more than any guard does. Not for longer than this, since the kernel does nothing else
 * on this CPU meanwhile; at low rates the frame is dropped then, which nobody notices there.
 */
#define WAIT_STEPS 1000 /* of about 30 ns */

struct wait {
	__u64 now;
	bool due;
};

static long wait_step(__u32 step, void *context)
{
	struct wait *wait = context;

	(void)step;
	wait->now = bpf_ktime_get_ns();
	wait->due = frame_is_due(wait->now);
	return wait->due;
}

static __always_inline bool wait_for_frame(__u64 *now)
{
	struct wait wait = { .now = *now, .due = frame_is_due(*now) };

	if (!wait.due)
		bpf_loop(WAIT_STEPS, wait_step, &wait, 0);
	*now = wait.now;
	return wait.due;
}

static long pause_step(__u32 step, void *context)
{
	__u64 *now = context;

	(void)step;
	*now = bpf_ktime_get_ns();
	return *now >= tx.paused_until;
}

static __always_inline __u64 wait_for_ring(__u64 now)
{
	if (now < tx.paused_until)
		bpf_loop(WAIT_STEPS, pause_step, &now, 0);
	tx.paused_until = 0;
	return now;
}

/* Without a flood. Intervals are drawn from 0.5 to 1.5 of the mean: no beat with the server. */
static __always_inline bool is_due(enum flood_kind kind, __u64 now)
{
	__u64 interval = config.often[kind].interval;

	if (!interval || now < tx.often_next[kind])
		return false;
	tx.often_next[kind] += interval / 2 + (interval * (draw() >> 40) >> 24);
	if (tx.often_next[kind] + CATCH_UP < now)
		tx.often_next[kind] = now;
	return true;
}

static __always_inline enum choice choose_without_flood(__u64 now)
{
	if (tx.retry_waits)
		return RETRY;
	if (is_due(FLOOD_PROBES, now))
		return PROBE;
	return !tx.births_over && is_due(FLOOD_BIRTHS, now) ? BIRTH : IDLE;
}

static __always_inline bool out_of_time(__u64 now)
{
	if (!tx.first) {
		tx.first = now;
		for (int kind = 0; kind < FLOOD_KINDS; kind++)
			tx.often_next[kind] = now;
	}
	tx.last = now;
	if (now - tx.first >= config.births_end)
		tx.births_over = 1;
	if (now - tx.first >= config.duration)
		tx.done = 1;
	return tx.done;
}

/*
 * Probes in a flood are drawn by place, never by time: a probe that fell due while the generator
 * was off the CPU would lead the next burst, into a socket buffer the server has just emptied. Flat
 * out, where the rate is not known beforehand, the odds follow the time a frame has taken so far.
 * (A stranger's retransmission is due by time; from then on its place is drawn, too.)
 */
static __always_inline void update_odds(__u64 now)
{
	__u64 frames = all_frames(), odds, frame_time;

	if (config.interval || !frames)
		return;
	frame_time = ((now - tx.first) << FLOOD_RATE_SHIFT) / frames;
	for (int kind = 0; kind < FLOOD_KINDS; kind++) {
		if (!config.often[kind].share)
			continue;
		odds = frame_time * config.often[kind].share >> (2 * FLOOD_RATE_SHIFT);
		tx.odds[kind] = odds < 1U << 30 ? odds : 1U << 30;
	}
}

static __always_inline enum choice choose_in_flood(void)
{
	__u64 drawn = draw() >> 32, odds = tx.odds[FLOOD_PROBES];

	if (drawn < odds)
		return PROBE;
	odds += tx.odds[FLOOD_BIRTHS];
	if (drawn < odds)
		return tx.births_over ? FLOOD : BIRTH;
	odds += tx.odds[FLOOD_RETRANSMISSIONS];
	return tx.retry_waits && drawn < odds ? RETRY : FLOOD;
}

/* The clock takes 30 ns, which at some millions a second are more than there are: see `stride`. */
static __always_inline enum choice choose(void)
{
	if (tx.done)
		return IDLE;
	if (tx.unclocked) {
		tx.unclocked--;
	} else {
		__u64 now = bpf_ktime_get_ns();

		if (out_of_time(now))
			return IDLE;
		find_retry(now);
		if (!config.flood_on)
			return choose_without_flood(now);
		if (tx.paused_until)
			now = wait_for_ring(now);
		if (tx.agains || tx.owed)
			return AGAIN;
		if (config.interval && !wait_for_frame(&now))
			return IDLE;
		tx.unclocked = config.stride - 1;
		update_odds(now);
	}
	return choose_in_flood();
}

#endif
