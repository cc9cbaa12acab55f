# SPDX-License-Identifier: GPL-2.0-only
# What the lab tests need built: captures that a test makes itself, a look at tc egress, both ends of
# TCP connections. Included by the Makefile.
LAB_TEST_PROGRAMS = $(BUILD)/tests/write_captures $(BUILD)/tests/at_egress \
                    $(BUILD)/tests/tcp_ends

$(BUILD)/tests/write_captures: tests/lab/write_captures.c tests/run/packet.c tests/run/packet.h
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Itests/run -o $@ $(filter %.c,$^) -lpcap

# These not with the sanitizers: they run in virtual machines, too.
$(BUILD)/tests/tcp_ends: tests/lab/tcp_ends.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -o $@ $<

$(BUILD)/tests/at_egress: tests/lab/at_egress.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -o $@ $< -lbpf
