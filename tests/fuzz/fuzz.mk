# SPDX-License-Identifier: GPL-2.0-only
# libFuzzer over the message reader, natively and against the kernel, what they start from, and the
# reader built to tell which of its lines they reach. Included by the Makefile.
FUZZ_PROGRAMS = $(BUILD)/tests/fuzz_reader $(BUILD)/tests/fuzz_kernel $(BUILD)/tests/fuzz_seeds \
                $(BUILD)/tests/fuzz_coverage $(CLANGS:%=$(BUILD)/tests/corpus/clang%/probe.bpf.o)
FUZZ_DEPS     = $(wildcard tests/*.h tests/fuzz/*.h tests/corpus/*.h) $(SHARED)
FUZZ_CFLAGS   = -O1 -g -std=gnu11 $(WARN) -D_GNU_SOURCE -Iinclude
FUZZ_CHECKED  = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined

$(BUILD)/tests/fuzz_reader: tests/fuzz/fuzz_reader.c $(FUZZ_DEPS)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) $(FUZZ_CHECKED) -o $@ $<

$(BUILD)/tests/fuzz_kernel: tests/fuzz/fuzz_kernel.c tests/corpus/twin.c tests/corpus/corpus.c \
                            $(HARNESS) $(FUZZ_DEPS) $(HARNESS_DEPS)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) $(FUZZ_CHECKED) -o $@ $(filter %.c,$^) -lbpf

$(BUILD)/tests/fuzz_seeds: tests/fuzz/seeds.c tests/corpus/corpus.c tests/corpus/own.c $(FUZZ_DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/tests/fuzz_coverage: tests/fuzz/fuzz_reader.c $(FUZZ_DEPS)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -fprofile-instr-generate -fcoverage-mapping -o $@ $<
