# SPDX-License-Identifier: GPL-2.0-only
# libFuzzer over the message reader. Included by the Makefile.
FUZZ_PROGRAMS = $(BUILD)/tests/fuzz_reader

$(BUILD)/tests/fuzz_reader: tests/fuzz/fuzz_reader.c $(wildcard include/*.h)
	@mkdir -p $(@D)
	$(CLANG) -O1 -g -std=gnu11 $(WARN) -Iinclude -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -o $@ $<
