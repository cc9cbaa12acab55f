# SPDX-License-Identifier: GPL-2.0-only
# What the lab of the fleet needs built. Included by the Makefile.
FLEET_PROGRAMS = $(patsubst %,$(BUILD)/tools/fleet/%,banner judge seer liar)

$(BUILD)/tools/fleet/liar: FLEET_LIBS = -lnats
$(filter-out %/liar,$(FLEET_PROGRAMS)): FLEET_LIBS = -lbpf -lelf -lz
$(FLEET_PROGRAMS): $(BUILD)/tools/fleet/%: tools/fleet/programs/%.c tools/fleet/programs/pinned.h \
		tools/scenarios/programs/tool.h $(SHARED)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -Iinclude -o $@ $< $(FLEET_LIBS)
