/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When sipguard-flood sends, and what: pacing, the queue in front of a full ring, probes at random
 * places. Included by flood.bpf.c behind its variables and draw().
 */
#ifndef SIPGUARD_FLOOD_PACE_BPF_H
#define SIPGUARD_FLOOD_PACE_BPF_H

enum choice { IDLE, FLOOD, PROBE, AGAIN };

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
	__u32 probes = 0;

	for (__u32 i = 0; i < FLOOD_BULK && i < tx.bulk_probes; i++) {
		if (tx.bulk_probe[i].place < sent || tx.bulk_probe[i].place >= sent + drops)
			continue;
		tx.again[tx.agains++ & (FLOOD_BULK - 1)] = tx.bulk_probe[i].probe;
		probes++;
	}
	tx.owed += drops - probes;
	if (!tx.full_since)
		tx.full_since = now - tx.first;
	tx.paused_until = now + PAUSE;
}

/* `size` frames have gone; `more`, 0 or 1, are in the next bulk already. */
static __always_inline void begin_bulk(__u32 size, __u32 more)
{
	__u32 last = tx.bulk_probes - 1;

	tx.bulk_probes = 0;
	if (more && last < 2 * FLOOD_BULK && tx.bulk_probe[last].place == size) {
		tx.bulk_probe[0].probe = tx.bulk_probe[last].probe;
		tx.bulk_probe[0].place = 0;
		tx.bulk_probes = 1;
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
	else if (!tx.owed && !tx.agains)
		tx.full_since = 0;
	begin_bulk(sent + drops, more);
	return 0;
}

static __always_inline __u32 odds_of_probe(void)
{
	return config.probe_share ? tx.probe_odds : config.probe_odds;
}

/* Frames fell due while the ring was full, more than may wait: counts them, probes among them. */
static __always_inline void lose_beyond_queue(__u64 at)
{
	__u64 waited = at - (tx.full_since << FLOOD_RATE_SHIFT), frames;
	__u32 probes;

	if (waited <= config.queue_window)
		return;
	frames = (waited - config.queue_window) / config.interval;
	tx.full_since += frames * config.interval >> FLOOD_RATE_SHIFT;
	tx.next += frames * config.interval;
	tx.lost_odds += frames * odds_of_probe();
	probes = tx.lost_odds >> 32;
	tx.lost_odds = (__u32)tx.lost_odds;
	if (tx.probes + probes > config.probe_max)
		probes = config.probe_max - tx.probes;
	tx.probes += probes;
	tx.flood += frames - probes;
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

	if (at < tx.next || at < tx.next_fast)
		return false;
	if (tx.full_since)
		lose_beyond_queue(at);
	if (at - tx.next > config.window)
		tx.next = at - config.window;
	if (at - tx.next_fast > config.burst_window)
		tx.next_fast = at - config.burst_window;
	tx.next += config.interval;
	tx.next_fast += FLOOD_FAST(config.interval);
	return true;
}

#define PROBE_CATCH_UP 100000000ULL /* ns of lost time for which probes are made up */

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
static __always_inline bool probe_is_due(__u64 now)
{
	if (now < tx.probe_next)
		return false;
	tx.probe_next += config.probe_interval / 2 +
			 (config.probe_interval * (draw() >> 40) >> 24);
	if (tx.probe_next + PROBE_CATCH_UP < now)
		tx.probe_next = now;
	return true;
}

static __always_inline bool out_of_time(__u64 now)
{
	if (!tx.first) {
		tx.first = now;
		tx.probe_next = now;
	}
	tx.last = now;
	if (now - tx.first >= config.duration)
		tx.done = 1;
	return tx.done;
}

/*
 * Probes in a flood are drawn by place, never by time: a probe that fell due while the generator
 * was off the CPU would lead the next burst, into a socket buffer the server has just emptied. Flat
 * out, where the rate is not known beforehand, the odds follow the time a frame has taken so far.
 */
static __always_inline void update_odds(__u64 now)
{
	__u64 frames = tx.flood + tx.probes, odds;

	if (!config.probe_share || !frames)
		return;
	odds = (((now - tx.first) << FLOOD_RATE_SHIFT) / frames * config.probe_share) >>
	       (2 * FLOOD_RATE_SHIFT);
	tx.probe_odds = odds < 1U << 31 ? odds : 1U << 31;
}

/*
 * Flat out the clock is read for every 64th frame only: 30 ns a frame would cost 6 % of the rate.
 */
static __always_inline enum choice choose(void)
{
	__u32 odds;

	if (tx.done)
		return IDLE;
	if (config.clocked || !(tx.tick++ & 63)) {
		__u64 now = bpf_ktime_get_ns();

		if (out_of_time(now))
			return IDLE;
		if (!config.flood_on)
			return probe_is_due(now) ? PROBE : IDLE;
		if (tx.paused_until)
			now = wait_for_ring(now);
		if (tx.agains || tx.owed)
			return AGAIN;
		if (config.interval && !wait_for_frame(&now))
			return IDLE;
		update_odds(now);
	}
	odds = odds_of_probe();
	return odds && (draw() >> 32) < odds ? PROBE : FLOOD;
}

#endif
