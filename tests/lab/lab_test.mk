# SPDX-License-Identifier: GPL-2.0-only
# What the lab tests need built: captures that a test makes itself. Included by the Makefile.
LAB_TEST_PROGRAMS = $(BUILD)/tests/write_captures

$(BUILD)/tests/write_captures: tests/lab/write_captures.c tests/run/packet.c tests/run/packet.h
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Itests/run -o $@ $(filter %.c,$^) -lpcap
