# SPDX-License-Identifier: GPL-2.0-only
# What the scenarios need built. Included by the Makefile.
SCENARIO_PROGRAMS = $(patsubst %,$(BUILD)/tools/%,hoard forge connects phones guess proxy) \
                    $(BUILD)/tools/nua

# Those with passwords.
LOGIN_PROGRAMS = $(patsubst %,$(BUILD)/tools/%,phones guess proxy)
$(LOGIN_PROGRAMS): SCENARIO_CFLAGS = $(shell pkg-config --cflags glib-2.0 2>/dev/null)
$(LOGIN_PROGRAMS): SCENARIO_LIBS = $(shell pkg-config --libs glib-2.0 2>/dev/null)
$(LOGIN_PROGRAMS): tools/scenarios/programs/sip.h

$(filter-out %/nua,$(SCENARIO_PROGRAMS)): \
$(BUILD)/tools/%: tools/scenarios/programs/%.c tools/scenarios/programs/tool.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE $(SCENARIO_CFLAGS) -o $@ $< $(SCENARIO_LIBS)

# A client of sofia-sip's.
$(BUILD)/tools/nua: tools/scenarios/clients/nua.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) $(shell pkg-config --cflags sofia-sip-ua) -o $@ $< \
		$(shell pkg-config --libs sofia-sip-ua)
