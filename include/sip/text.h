/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the message reader reaches the bytes of a message: eight at a time, by offsets, with the same
 * result in the kernel and in userspace. The first character is the lowest byte of a word.
 *
 * The contract: bytes at and beyond the end of what is read are zero, up to SIP_SLACK of them. In
 * BPF the copy is followed by that many zeros, and each offset is masked, which is all that the
 * verifier wants to see. Natively the message lies in a buffer of exactly its length, and the
 * loads put the zeros there, so that ASan catches what reads outside.
 */
#ifndef SIPGUARD_SIP_TEXT_H
#define SIPGUARD_SIP_TEXT_H

#include <linux/types.h>

#define SIP_READ_MAX 4096 /* bytes of a message that are read; see sip/reader.h */
#define SIP_SLACK 80      /* a block of 64 may begin at the last byte, a word at the block's last */
#define SIP_MASK 8191     /* of offsets: the next power of two above SIP_READ_MAX + SIP_SLACK */

#define SIP_INLINE static inline __attribute__((always_inline, unused))

#ifdef __clang__
#define SIP_UNROLL _Pragma("clang loop unroll(full)")
#else
#define SIP_UNROLL
#endif

#ifdef __bpf__
/*
 * Global functions, which the verifier looks at once each and not at every call. They return int
 * and take numbers or one pointer, which it lets be NULL (6.1).
 */
#define SIP_FUNCTION __attribute__((noinline))
#define SIP_BARRIER(x) asm volatile("" : "+r"(x))
#define SIP_MEMORY() asm volatile("" : : : "memory")
/*
 * A constant of 64 bits, loaded where it stands: clang 19 loads all those of a loop before it and
 * keeps them on the stack, of which 6.1 then counts 544 bytes over the calls of the guard.
 */
#define SIP_CONSTANT(name, value)                                                                 \
	__u64 name;                                                                               \
	asm volatile("%0 = %1 ll" : "=r"(name) : "i"(value))
#define SIP_TABLE /* a static table breaks .BTF (clang 14 with libbpf 1.1.2) */
#else
#define SIP_FUNCTION static inline __attribute__((unused))
#define SIP_BARRIER(x) ((void)(x))
#define SIP_MEMORY() ((void)0)
#define SIP_CONSTANT(name, value) const __u64 name = (value)
#define SIP_TABLE static
#endif

#define SIP_EACH(byte) (0x0101010101010101ULL * (byte))
#define SIP_SEVEN SIP_EACH(0x7f)
#define SIP_HIGH SIP_EACH(0x80)

/* Up to eight characters as a word. */
#define SIP_WORD_(a, b, c, d, e, f, g, h, ...)                                                    \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |  \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)
#define SIP_WORD(...) SIP_WORD_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0)

/* Those beyond the first eight, of up to sixteen. */
#define SIP_WORD2_(a, b, c, d, e, f, g, h, ...) SIP_WORD(__VA_ARGS__)
#define SIP_WORD2(...) SIP_WORD2_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0)

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the words of the reader are little-endian; load them with a byte swap here"
#endif

struct sip_reader;

#ifdef __bpf__
/* The text must be the first member of the reader. */
SIP_INLINE __u64 sip_load8(const struct sip_reader *r, __u32 at)
{
	SIP_BARRIER(at);
	at &= SIP_MASK;
	return *(const __u64 *)((const __u8 *)r + at);
}

/*
 * For words near each other: where the first of them is. A pointer that the compiler knows nothing
 * of, since clang 19 keeps one for each of the words otherwise, on the stack.
 */
typedef const __u8 *sip_place;

SIP_INLINE sip_place sip_place_of(const struct sip_reader *r, __u32 at)
{
	sip_place place = (sip_place)r;

	SIP_BARRIER(at);
	place += at & SIP_MASK;
	SIP_BARRIER(place);
	return place;
}

SIP_INLINE __u64 sip_near8(__attribute__((unused)) const struct sip_reader *r, sip_place place,
			   __u32 offset)
{
	return *(const __u64 *)(place + offset);
}

/* The number is added there, and not before each jump that leads there. */
#define SIP_PLACE_ADD(place, number)                                                              \
	asm volatile("%0 += %1" : "+r"(place) : "i"(number))

/* Its offset, of which the verifier knows nothing: see sip_forget(). */
SIP_INLINE __u32 sip_place_at(const struct sip_reader *r, sip_place place)
{
	return place - (sip_place)r;
}

SIP_INLINE __u32 sip_near2(__attribute__((unused)) const struct sip_reader *r, sip_place place)
{
	return *(const __u16 *)place;
}

SIP_INLINE __u32 sip_load2(const struct sip_reader *r, __u32 at)
{
	SIP_BARRIER(at);
	at &= SIP_MASK;
	return *(const __u16 *)((const __u8 *)r + at);
}

SIP_INLINE __u32 sip_byte(const struct sip_reader *r, __u32 at)
{
	SIP_BARRIER(at);
	at &= SIP_MASK;
	return *((const __u8 *)r + at);
}
#else
/* Natively the reader begins with where the message lies and how much of it there is. */
struct sip_source {
	const __u8 *bytes;
	__u32 length; /* <= SIP_READ_MAX */
};

/* What a checked build calls for an offset that the slack does not cover. */
#ifndef SIP_OVERREAD
#define SIP_OVERREAD() __builtin_trap()
#endif

SIP_INLINE __u64 sip_load(const struct sip_reader *r, __u32 at, __u32 size)
{
	const struct sip_source *source = (const struct sip_source *)r;
	__u64 word = 0;

	if ((__u64)at + size > source->length + SIP_SLACK)
		SIP_OVERREAD();
	if ((__u64)at + size <= source->length) {
		__builtin_memcpy(&word, source->bytes + at, size);
		return word;
	}
	for (__u32 i = 0; i < size && at + i < source->length; i++)
		word |= (__u64)source->bytes[at + i] << 8 * i;
	return word;
}

SIP_INLINE __u64 sip_load8(const struct sip_reader *r, __u32 at)
{
	return sip_load(r, at, 8);
}

typedef __u32 sip_place;

SIP_INLINE sip_place sip_place_of(__attribute__((unused)) const struct sip_reader *r, __u32 at)
{
	return at;
}

SIP_INLINE __u64 sip_near8(const struct sip_reader *r, sip_place place, __u32 offset)
{
	return sip_load8(r, place + offset);
}

#define SIP_PLACE_ADD(place, number) ((place) += (number))

SIP_INLINE __u32 sip_place_at(__attribute__((unused)) const struct sip_reader *r, sip_place place)
{
	return place;
}

SIP_INLINE __u32 sip_load2(const struct sip_reader *r, __u32 at)
{
	return sip_load(r, at, 2);
}

SIP_INLINE __u32 sip_near2(const struct sip_reader *r, sip_place place)
{
	return sip_load2(r, place);
}

SIP_INLINE __u32 sip_byte(const struct sip_reader *r, __u32 at)
{
	return sip_load(r, at, 1);
}
#endif

/* The high bit of each byte that equals `byte`, exactly: no carry reaches a neighbour. */
SIP_INLINE __u64 sip_equal(__u64 word, __u8 byte)
{
	__u64 x = word ^ SIP_EACH(byte);

	return ~(((x & SIP_SEVEN) + SIP_SEVEN) | x) & SIP_HIGH;
}

/* The same of the first such byte only; those above it are not exact. */
SIP_INLINE __u64 sip_find(__u64 word, __u8 byte)
{
	SIP_CONSTANT(each, SIP_EACH(byte));
	SIP_CONSTANT(high, SIP_HIGH);
	__u64 x = word ^ each;

	return (x - SIP_EACH(1)) & ~x & high;
}

/* The high bit of each byte below `limit` (1 to 128). */
SIP_INLINE __u64 sip_below(__u64 word, __u8 limit)
{
	return ~(((word & SIP_SEVEN) + SIP_EACH(0x80 - limit)) | word) & SIP_HIGH;
}

/* Which byte, 0 to 7, the lowest high bit of `high` belongs to; high must not be 0. */
SIP_INLINE __u32 sip_first(__u64 high)
{
	SIP_CONSTANT(ones, SIP_EACH(1));

	return (((high - 1) & ones) * ones >> 56) - 1;
}

/* The bytes before the lowest high bit of `high`, as a mask; all if there is none. */
SIP_INLINE __u64 sip_before(__u64 high)
{
	return ((high & -high) >> 7) - 1;
}

/* The first `n` bytes of a word, n 0 to 7. */
SIP_INLINE __u64 sip_head(__u64 word, __u32 n)
{
	return word & ((1ULL << (8 * n & 63)) - 1);
}

/* Letters as lower case; digits, hyphens, slashes and control characters as they are. */
SIP_INLINE __u64 sip_fold(__u64 word)
{
	SIP_CONSTANT(lower, SIP_EACH(0x20));

	return word | (word >> 1 & lower);
}

/*
 * Times this, the high bits of eight bytes become the eight highest bits: each product has another
 * place, so that there are no carries.
 */
#define SIP_GATHER 0x0002040810204081ULL

/* A de Bruijn sequence of 64 bits ("prefer ones"): each six of them in a row differ. */
#define SIP_DE_BRUIJN 0x03f79d71b4cb0a89ULL
SIP_TABLE const __u8 sip_bit_table[64] = {
	 0,  1, 48,  2, 57, 49, 28,  3, 61, 58, 50, 42, 38, 29, 17,  4,
	62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12,  5,
	63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
	46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19,  9, 13,  8,  7,  6,
};

/* The number of a single bit; BPF has no instruction for it. */
SIP_INLINE __u32 sip_bit(__u64 bit)
{
	SIP_CONSTANT(sequence, SIP_DE_BRUIJN);

	return sip_bit_table[(bit * sequence) >> 58];
}

/* How many bits are set; each byte counts its own, and a product adds the bytes up. */
SIP_INLINE __u32 sip_count(__u64 bits)
{
	bits -= bits >> 1 & SIP_EACH(0x55);
	bits = (bits & SIP_EACH(0x33)) + (bits >> 2 & SIP_EACH(0x33));
	bits = (bits + (bits >> 4)) & SIP_EACH(0x0f);
	return bits * SIP_EACH(1) >> 56;
}

/* What may stand before a start line, and what keepalives are made of: NUL, TAB, LF, CR, space. */
SIP_INLINE int sip_is_leading(__u32 c)
{
	return c <= ' ' && (0x0000000100002601ULL >> c & 1);
}

SIP_INLINE int sip_is_blank(__u32 c)
{
	return c == ' ' || c == '\t';
}

/* token of RFC 3261 section 25.1: alphanum and - . ! % * _ + ` ' ~ */
SIP_TABLE const __u64 sip_token_set[4] = {0x03ff6ca200000000ULL, 0x47ffffff87fffffeULL};

SIP_INLINE int sip_is_token(__u32 c)
{
	return sip_token_set[c >> 6 & 3] >> (c & 63) & 1;
}

SIP_INLINE int sip_is_letter(__u32 c)
{
	return ((c | 0x20) - 'a') < 26;
}

SIP_INLINE int sip_is_digit(__u32 c)
{
	return c - '0' < 10;
}

#endif
