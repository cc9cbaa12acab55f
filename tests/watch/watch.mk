# SPDX-License-Identifier: GPL-2.0-only
# The unit tests of watch, which run with the others, and what pesters it. Included by the Makefile.
WATCH_OBJS = $(patsubst %,$(BUILD)/tests/unit/user/%.o,base/error watch/address watch/clients)
HEP_OBJS = $(patsubst %,$(BUILD)/tests/unit/user/%.o,base/error base/notice watch/address \
             hep/collector hep/frame hep/packet)
WATCH_PROGRAMS = $(BUILD)/tests/unit/test_watch $(BUILD)/tests/unit/test_hep $(BUILD)/tests/pester

$(BUILD)/tests/unit/test_watch: tests/watch/test_watch.c $(WATCH_OBJS) $(USER_DEPS)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) $< $(WATCH_OBJS) -o $@ $(shell pkg-config --libs cmocka)

$(BUILD)/tests/unit/test_hep: tests/watch/test_hep.c $(HEP_OBJS) $(USER_DEPS)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) $< $(HEP_OBJS) -o $@ $(shell pkg-config --libs cmocka)

$(BUILD)/tests/pester: tests/watch/programs/pester.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(ALLCFLAGS) $< -o $@
