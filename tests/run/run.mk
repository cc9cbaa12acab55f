# SPDX-License-Identifier: GPL-2.0-only
# run_guard is the sanitized test of the host; run_guard_plain is the same for virtual machines,
# where sanitizers need more memory and time than there is.
RUN_PROGRAMS = $(BUILD)/tests/run_guard $(BUILD)/tests/run_guard_plain
RUN_SOURCES  = $(wildcard tests/run/*.c tests/run/*/*.c) $(filter %.c,$(HARNESS_GUARD))
RUN_DEPS     = $(RUN_SOURCES) $(HARNESS_GUARD) $(HARNESS_DEPS) \
               $(wildcard tests/*.h tests/run/*.h tests/run/*/*.h)
RUN_INCLUDES = -Itests/run -Itests/harness

$(BUILD)/tests/run_guard: $(RUN_DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $(RUN_INCLUDES) -o $@ $(RUN_SOURCES) $(HARNESS_LIBS)

$(BUILD)/tests/run_guard_plain: $(RUN_DEPS)
	@mkdir -p $(@D)
	$(CC) -O2 -g $(ALLCFLAGS) -DMUTATIONS=10000 $(RUN_INCLUDES) -o $@ $(RUN_SOURCES) \
		$(HARNESS_LIBS)
