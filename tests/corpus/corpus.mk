# SPDX-License-Identifier: GPL-2.0-only
# The message reader against a folder of messages: corpus_check and corpus_general natively, under
# the sanitizers, and corpus_probe in the kernel too, from either compiler. Included by the Makefile.
CORPUS_PROGRAMS = $(BUILD)/tests/corpus_check $(BUILD)/tests/corpus_general \
                  $(BUILD)/tests/corpus_probe $(BUILD)/tests/corpus_masked \
                  $(CLANGS:%=$(BUILD)/tests/corpus/clang%/probe.bpf.o)
CORPUS_GENERAL  = general compare corpus own
CORPUS_PROBE    = probe compare twin corpus own
CORPUS_DEPS     = $(wildcard tests/*.h tests/corpus/*.h) $(SHARED)

$(BUILD)/tests/corpus_check: tests/corpus/check.c tests/corpus/corpus.c $(CORPUS_DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/tests/corpus_general: $(CORPUS_GENERAL:%=tests/corpus/%.c) $(CORPUS_DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/tests/corpus_probe: $(CORPUS_PROBE:%=tests/corpus/%.c) $(HARNESS) $(CORPUS_DEPS) \
                             $(HARNESS_DEPS)
	@mkdir -p $(@D)
	$(CC) -O2 -g $(ALLCFLAGS) -o $@ $(filter %.c,$^) -lbpf

CORPUS_MASKED = $(addprefix tests/corpus/,masked.c corpus.c own.c) \
                $(addprefix tests/peers/,view_native.c view_sofia.c view_osip.c)

$(BUILD)/tests/corpus_masked: $(CORPUS_MASKED) $(HARNESS_GUARD) $(CORPUS_DEPS) $(HARNESS_DEPS) \
                              tests/peers/peers.h
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Itests/corpus -Itests/peers -Itests/harness \
		$(shell pkg-config --cflags sofia-sip-ua 2>/dev/null) -o $@ $(CORPUS_MASKED) \
		$(filter %.c,$(HARNESS_GUARD)) $(HARNESS_LIBS) \
		$(shell pkg-config --libs sofia-sip-ua 2>/dev/null) -losipparser2

define corpus_rule
$(BUILD)/tests/corpus/clang$(1)/probe.bpf.o: tests/corpus/probe.bpf.c $(BPF_DEPS)
	@mkdir -p $$(@D)
	clang-$(1) $(BPFFLAGS) -c $$< -o $$@
endef
$(foreach version,$(CLANGS),$(eval $(call corpus_rule,$(version))))

.PHONY: corpus-programs
corpus-programs: $(CORPUS_PROGRAMS)
