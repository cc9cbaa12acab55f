# SPDX-License-Identifier: GPL-2.0-only
# The unit tests of top, which run with the others. Included by the Makefile.
TOP_OBJS = $(patsubst %,$(BUILD)/tests/unit/user/%.o,base/error base/escape base/names base/prefix \
             base/text render/output top/canvas top/keys top/panes top/rates top/rows top/screen \
             top/talkers)
TOP_PROGRAMS = $(BUILD)/tests/unit/test_top $(BUILD)/tests/unit/test_talkers

$(TOP_PROGRAMS): $(BUILD)/tests/unit/test_%: tests/top/test_%.c $(TOP_OBJS) tests/unit/unit.h \
                 tests/top/flow4.h $(USER_DEPS)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) $< $(TOP_OBJS) -o $@ $(shell pkg-config --libs cmocka jansson)
