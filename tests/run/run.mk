# SPDX-License-Identifier: GPL-2.0-only
# run_guard is the sanitized test of the host; run_guard_plain is the same for virtual machines,
# where sanitizers need more memory and time than there is.
RUN_PROGRAMS = $(BUILD)/tests/run_guard $(BUILD)/tests/run_guard_plain
RUN_SOURCES  = $(wildcard tests/run/*.c)
RUN_DEPS     = $(RUN_SOURCES) $(wildcard tests/*.h tests/run/*.h) $(SHARED)
RUN_LIBS     = -lcmocka -lbpf -lelf -lz

$(BUILD)/tests/run_guard: $(RUN_DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Itests/run -o $@ $(RUN_SOURCES) $(RUN_LIBS)

$(BUILD)/tests/run_guard_plain: $(RUN_DEPS)
	@mkdir -p $(@D)
	$(CC) -O2 -g $(ALLCFLAGS) -DMUTATIONS=10000 -Itests/run -o $@ $(RUN_SOURCES) $(RUN_LIBS)
