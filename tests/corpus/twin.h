/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message reader twice: in the kernel, as tests/corpus/probe.bpf.c has it, by BPF_PROG_RUN, and
 * natively. Both must find the same in every message.
 */
#ifndef SIPGUARD_TWIN_H
#define SIPGUARD_TWIN_H

#include <stdbool.h>
#include <stddef.h>

#include "sip/reader.h"

#define TWIN_BYTES 65000 /* more than the pages of a frame of BPF_PROG_RUN hold */

/* What a message is read with. Any 16 bytes are a setting: a fuzzer's input begins with one. */
struct twin_setting {
	__u64 wanted;  /* as in struct sip_input */
	__u16 limited; /* bit n: enum sip_cap n is `limit`; the others are as by default */
	__u16 limit;
	__u8 flags;    /* enum sip_input_flags */
	__u8 zero[3];
};

_Static_assert(sizeof(struct twin_setting) == 16 && SIP_CAP__MAX <= 16, "the head of an input");

/* What each message is read with at least: the default rules may take shorter ways than all. */
static const struct twin_setting twin_settings[] = {
	{.wanted = ~0ULL},
	{.wanted = SIP_WANTED_DEFAULT},
	{.wanted = ~0ULL, .flags = SIP_STREAM},
	{.wanted = SIP_WANTED_DEFAULT, .flags = SIP_MORE},
};

#define TWIN_SETTINGS (sizeof(twin_settings) / sizeof(twin_settings[0]))

static inline void twin_expand(const struct twin_setting *setting, size_t length,
			       struct sip_input *input, struct sip_caps *caps)
{
	*input = (struct sip_input){
		.wanted = setting->wanted,
		.length = length,
		.flags = setting->flags,
	};
	*caps = (struct sip_caps)SIP_CAPS_DEFAULT;
	for (int i = 0; i < SIP_CAP__MAX; i++)
		if (setting->limited >> i & 1)
			caps->of[i] = setting->limit;
}

struct twin;

/* Keeps the process on the CPU it is on. Ends the program with a sentence if that is refused. */
struct twin *twin_open(const char *object);
void twin_close(struct twin *twin);

/*
 * Reads a message of up to TWIN_BYTES both ways. False, with what differs and the message in hex
 * on stdout, if one number of the results does.
 */
bool twin_agrees(struct twin *twin, const char *name, const struct twin_setting *setting,
		 const void *bytes, size_t length);

#endif
