/* SPDX-License-Identifier: GPL-2.0-only */
/* An input of the fuzzers: struct twin_setting, and the message. */
#ifndef SIPGUARD_FUZZ_INPUT_H
#define SIPGUARD_FUZZ_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../corpus/twin.h"

struct fuzz_input {
	struct twin_setting setting;
	uint8_t *bytes; /* in an allocation of their exact size: ASan sees what reads beyond */
	size_t length;
};

/* False if the bytes are no input; else *input is to be freed by fuzz_input_end(). */
static inline bool fuzz_input_begin(struct fuzz_input *input, const uint8_t *data, size_t size)
{
	if (size < sizeof(input->setting) || size - sizeof(input->setting) > TWIN_BYTES)
		return false;
	memcpy(&input->setting, data, sizeof(input->setting));
	input->length = size - sizeof(input->setting);
	input->bytes = malloc(input->length ? input->length : 1);
	if (!input->bytes)
		return false;
	memcpy(input->bytes, data + sizeof(input->setting), input->length);
	return true;
}

static inline void fuzz_input_end(struct fuzz_input *input)
{
	free(input->bytes);
}

#endif
