# SPDX-License-Identifier: GPL-2.0-only
BENCH_PROGRAMS = $(BUILD)/tools/bench $(BUILD)/tools/bench.bpf.o $(BUILD)/tools/drop.bpf.o
BENCH_LIBS     = $(shell pkg-config --libs sofia-sip-ua 2>/dev/null) -losipparser2 -lbpf -ljansson -lm

$(BUILD)/tools/bench.bpf.o: tools/bench/bench.bpf.c bpf/guard.bpf.c $(BPF_DEPS)
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -Ibpf -c $< -o $@

$(BUILD)/tools/drop.bpf.o: tools/bench/drop.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c $< -o $@

BENCH_SOURCES = $(filter-out %.bpf.c,$(wildcard tools/bench/*.c)) tests/harness/packet.c \
                $(filter %.c,$(HARNESS) $(HARNESS_STATE))

$(BUILD)/tools/bench: $(BENCH_SOURCES) $(HARNESS_STATE) $(HARNESS_DEPS) tools/bench/bench.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -Iinclude -Itests/harness -I$(BUILD) \
		$(shell pkg-config --cflags sofia-sip-ua 2>/dev/null) -pthread -o $@ $(BENCH_SOURCES) \
		$(BENCH_LIBS)
