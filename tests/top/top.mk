# SPDX-License-Identifier: GPL-2.0-only
# The unit test of top, which runs with the others. Included by the Makefile.
TOP_OBJS = $(patsubst %,$(BUILD)/tests/unit/user/%.o,base/error base/escape base/names base/prefix \
             base/text render/output top/canvas top/keys top/panes top/rates top/rows top/screen \
             top/senders)
TOP_PROGRAMS = $(BUILD)/tests/unit/test_top

$(BUILD)/tests/unit/test_top: tests/top/test_top.c $(TOP_OBJS) tests/unit/unit.h $(USER_DEPS)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) $< $(TOP_OBJS) -o $@ $(shell pkg-config --libs cmocka jansson)
