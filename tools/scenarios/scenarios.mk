# SPDX-License-Identifier: GPL-2.0-only
# What the scenarios need built. Included by the Makefile.
SCENARIO_PROGRAMS = $(BUILD)/tools/hoard

$(BUILD)/tools/hoard: tools/scenarios/hoard.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -o $@ $<
