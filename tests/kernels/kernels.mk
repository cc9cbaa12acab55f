# SPDX-License-Identifier: GPL-2.0-only
KERNELS_PROGRAMS = $(BUILD)/tests/verify

$(BUILD)/tests/verify: tests/kernels/verify.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -o $@ $< -lbpf -ljansson
