# SPDX-License-Identifier: GPL-2.0-only
# The unit test of calibrate, which runs with the others. Included by the Makefile.
CALIBRATE_OBJS = $(patsubst %,$(BUILD)/tests/unit/user/%.o,base/error base/prefix base/text \
                 calibrate/demand calibrate/edit calibrate/servers calibrate/table policy/document replay/endpoints)
UNIT_PROGRAMS += $(BUILD)/tests/unit/test_calibrate

$(BUILD)/tests/unit/test_calibrate: tests/calibrate/test_calibrate.c $(CALIBRATE_OBJS) $(UNIT_HEADERS)
	$(CC) $(TEST_CFLAGS) -Itests/unit $(LDFLAGS) $< $(CALIBRATE_OBJS) -o $@ \
		$(shell pkg-config --libs yaml-0.1 cmocka)
