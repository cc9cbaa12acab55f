/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012) of exactly one 64-bit word, keyed with 128 bits.
 * A sender who could predict where his address lands in a hashed table could fill the slots of
 * somebody else; with a secret key he cannot. Compiled for BPF and for userspace.
 */
#ifndef SIPGUARD_SIPHASH_H
#define SIPGUARD_SIPHASH_H

#include <linux/types.h>

#define SG_ROTL64(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

#define SG_SIPROUND(v0, v1, v2, v3)                                                               \
	do {                                                                                      \
		v0 += v1;                                                                         \
		v1 = SG_ROTL64(v1, 13) ^ v0;                                                      \
		v0 = SG_ROTL64(v0, 32);                                                           \
		v2 += v3;                                                                         \
		v3 = SG_ROTL64(v3, 16) ^ v2;                                                      \
		v0 += v3;                                                                         \
		v3 = SG_ROTL64(v3, 21) ^ v0;                                                      \
		v2 += v1;                                                                         \
		v1 = SG_ROTL64(v1, 17) ^ v2;                                                      \
		v2 = SG_ROTL64(v2, 32);                                                           \
	} while (0)

static inline __u64 sg_siphash(__u64 word, __u64 k0, __u64 k1)
{
	__u64 v0 = k0 ^ 0x736f6d6570736575ULL;
	__u64 v1 = k1 ^ 0x646f72616e646f6dULL;
	__u64 v2 = k0 ^ 0x6c7967656e657261ULL;
	__u64 v3 = k1 ^ 0x7465646279746573ULL;
	const __u64 last = 8ULL << 56; /* the length, as the last block of an 8-byte message */

	v3 ^= word;
	SG_SIPROUND(v0, v1, v2, v3);
	v0 ^= word;
	v3 ^= last;
	SG_SIPROUND(v0, v1, v2, v3);
	v0 ^= last;
	v2 ^= 0xff;
	SG_SIPROUND(v0, v1, v2, v3);
	SG_SIPROUND(v0, v1, v2, v3);
	SG_SIPROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

#endif
