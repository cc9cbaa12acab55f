# SPDX-License-Identifier: GPL-2.0-only
# The unit tests of upstream, which run with the others. Included by the Makefile.
UPSTREAM_OBJS = $(patsubst %,$(BUILD)/tests/unit/user/%.o,base/clock base/error base/notice \
                  base/prefix base/text policy/document announce/exabgp announce/gobgp \
                  announce/kept announce/rule announce/settings announce/speaker \
                  upstream/link upstream/plan upstream/sample upstream/spares)
UPSTREAM_PROGRAMS = $(BUILD)/tests/unit/test_upstream $(BUILD)/tests/unit/test_upstream_file

$(UPSTREAM_PROGRAMS): $(BUILD)/tests/unit/%: tests/upstream/%.c $(UPSTREAM_OBJS) \
                      tests/unit/unit.h $(USER_DEPS)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) $< $(UPSTREAM_OBJS) -o $@ \
		$(shell pkg-config --libs cmocka yaml-0.1)
