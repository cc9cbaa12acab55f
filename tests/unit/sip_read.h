/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that are read, for the tests of the reader. */
#ifndef SIPGUARD_TEST_SIP_READ_H
#define SIPGUARD_TEST_SIP_READ_H

#include "unit.h"

#include "../rule_cases.h"
#include "sip/reader.h"

static const struct sip_caps caps = SIP_CAPS_DEFAULT;
static struct sip_message message;

/* Reads from a buffer of exactly that size, so that ASan sees what reads beyond. */
static inline uint64_t read_as(const void *bytes, size_t length, uint32_t flags)
{
	struct sip_input input = {.wanted = ~0ULL, .length = length, .flags = flags};
	unsigned char *copy = malloc(length ? length : 1);
	uint64_t faults;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	faults = sip_read_native(copy, &input, &caps, &message);
	free(copy);
	return faults;
}

#define READ(literal) read_as(literal, sizeof(literal) - 1, 0)

static inline uint64_t read_with(enum part part, struct text with, uint32_t flags)
{
	static char buffer[32768];

	return read_as(buffer, request_compose(buffer, part, with), flags);
}

static inline const char *rule_label(int rule)
{
	static const char *const labels[] = {
#define X(number, name, label, ...) label,
		SIP_RULES(X)
#undef X
	};

	return rule < SIP_RULE__MAX ? labels[rule] : "?";
}

static inline void assert_faults(uint64_t faults, uint64_t expected, const char *text)
{
	if (faults == expected)
		return;
	for (int rule = 0; rule < SIP_RULE__MAX; rule++)
		if ((faults ^ expected) >> rule & 1)
			print_error("%s: %s\n", faults >> rule & 1 ? "too much" : "missing",
				    rule_label(rule));
	print_error("in: %s\n", text);
	fail();
}

/* A part of the request that is `head`, `count` times `c` and `tail`. */
static inline uint64_t read_long(enum part part, const char *head, char c, size_t count,
				 const char *tail)
{
	static char line[20000];
	size_t length = strlen(strcpy(line, head));

	memset(line + length, c, count);
	strcpy(line + length + count, tail);
	return read_with(part, (struct text){line, strlen(line)}, 0);
}

#endif
