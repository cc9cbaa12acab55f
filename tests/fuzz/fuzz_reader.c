// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over the message reader: the first byte of the input are the flags, the rest is the
 * message, in an allocation of its exact size, so that ASan sees what reads beyond.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sip_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_span(const struct sip_message *m, struct sip_span span)
{
	if (span.at + span.length > m->read)
		abort();
}

static void check(const struct sip_message *m)
{
	check_span(m, m->start_line);
	check_span(m, m->method);
	check_span(m, m->uri);
	check_span(m, m->version);
	check_span(m, m->cseq_method);
	check_span(m, m->call_id);
	for (int i = 0; i < SIP_PARTIES; i++) {
		check_span(m, m->party[i].user);
		check_span(m, m->party[i].host);
		check_span(m, m->party[i].tag);
	}
	for (int i = 0; i < SIP_FIELD__MAX; i++)
		if (m->seen >> i & 1)
			check_span(m, m->field[i]);
	if (m->body > m->read || m->start > SIP_BLANKS + 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sip_caps caps = SIP_CAPS_DEFAULT;
	struct sip_input input = {.wanted = ~0ULL};
	struct sip_message message;
	unsigned char *copy;

	if (!size)
		return 0;
	input.flags = data[0] & 15;
	input.length = size - 1;
	copy = malloc(size - 1 ? size - 1 : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	sip_read_native(copy, &input, &caps, &message);
	free(copy);
	check(&message);
	return 0;
}
