/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stops: the bytes at which a part of a value may end, " , : ; < = > ? @ and all up to a space.
 *
 */
#ifndef SIPGUARD_SIP_STOPS_H
#define SIPGUARD_SIP_STOPS_H

#include "sip/state.h"

#define SIP_STOP_WORDS 5 /* words in which the next stop is looked for */

/* Where a part of a value ends, and the byte that ends it; 0: too far away. */
#define SIP_STOP(at, c) ((at) | (c) << 16)
#define SIP_STOP_AT(stop) ((stop) & 0xffff)
#define SIP_STOP_IS(stop, c) ((stop) >> 16 == (c))

/*
 * The high bit of each byte that ends a part of a value: " and what is below it (so ! as well), and
 * from : to @. Bytes from 128 up count as those 128 below.
 */
SIP_INLINE __u64 sip_stops(__u64 word)
{
	__u64 low = word & SIP_SEVEN;

	return (((low + SIP_EACH(0x80 - ':')) ^ (low + SIP_EACH(0x80 - 'A'))) |
		(SIP_EACH(0x80 + '"') - low)) & SIP_HIGH;
}

SIP_INLINE __u32 sip_stop(const struct sip_reader *r, __u32 at)
{
	sip_place place = sip_place_of(r, at);
	__u64 word, stops;
	__u32 n;

	SIP_UNROLL
	for (__u32 i = 0; i < 8 * SIP_STOP_WORDS; i += 8) {
		word = sip_near8(r, place, i);
		stops = sip_stops(word);
		if (!stops)
			continue;
		n = sip_first(stops);
		return SIP_STOP(sip_forget(r, at + i + n), (__u32)(word >> 8 * n & 0xff));
	}
	return 0;
}

/*
 * The stops of the 64 bytes from `base`, and the commas, as bits; as sip_controls(). For values of
 * so many parts that to go from one to the next takes longer, since each load waits for what was
 * found before.
 */
SIP_INLINE __u64 sip_stops_mask(struct sip_reader *r, __u32 base)
{
	sip_place place = sip_place_of(r, base);
	__u64 word, stops, mask = 0;

	SIP_UNROLL
	for (__u32 i = 0; i < 8; i++) {
		word = sip_near8(r, place, SIP_BLOCK - 8 - 8 * i);
		stops = sip_stops(word) | sip_equal(word, ',');
		mask = mask << 8 | stops * SIP_GATHER >> 56;
		SIP_BARRIER(mask);
	}
	return mask;
}

/* The next one of them, which it takes away; 0 after the last. */
SIP_INLINE __u32 sip_next_stop(const struct sip_reader *r, __u32 base, __u64 *mask)
{
	__u64 low = *mask & -*mask;
	__u32 at = sip_forget(r, base + sip_bit(low));

	*mask ^= low;
	return low ? SIP_STOP(at, sip_byte(r, at)) : 0;
}

#endif
