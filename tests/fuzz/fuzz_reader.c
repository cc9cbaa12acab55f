// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over the message reader, built for userspace: what its plain ways find differs from the
 * general one in nothing, and all spans lie in the message.
 */
#include <stdio.h>

#include "../corpus/general.h"
#include "input.h"

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

static void compare(const struct fuzz_input *input, struct sip_input given,
		    const struct sip_caps *caps)
{
	const char *what;

	given.wanted &= ~GENERAL_ONLY;
	what = general_differs(input->bytes, &given, caps);
	if (!what)
		return;
	printf("the plain and the general way differ in %s\n", what);
	fflush(stdout);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_message message;
	struct sip_input given;
	struct fuzz_input input;
	struct sip_caps caps;

	if (!fuzz_input_begin(&input, data, size))
		return 0;
	twin_expand(&input.setting, input.length, &given, &caps);
	sip_read_native(input.bytes, &given, &caps, &message);
	compare(&input, given, &caps);
	fuzz_input_end(&input);
	check(&message);
	return 0;
}
