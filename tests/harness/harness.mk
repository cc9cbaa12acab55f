# SPDX-License-Identifier: GPL-2.0-only
# What tests and benches share to load the guard, turn its clock and build frames: HARNESS, with
# HARNESS_STATE where the guard is to know something already, and HARNESS_GUARD for the guard under
# test, with cmocka. Included by the Makefile.
HARNESS       = tests/harness/object.c
HARNESS_STATE = tests/harness/state.c $(BUILD)/tests/harness/state.skel.h
HARNESS_GUARD = $(HARNESS) $(HARNESS_STATE) \
                $(addprefix tests/harness/,check.c clock.c fixture.c follower.c knobs.c lately.c packet.c reply.c)
HARNESS_DEPS  = $(wildcard tests/harness/*.h) $(SHARED)
HARNESS_LIBS  = -lcmocka -lbpf -lelf -lz

$(BUILD)/tests/harness/state.bpf.o: tests/harness/state.bpf.c tests/harness/state.h $(BPF_DEPS)
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -Itests/harness -c $< -o $@

$(BUILD)/tests/harness/state.skel.h: $(BUILD)/tests/harness/state.bpf.o
	$(BPFTOOL) gen skeleton $< name state_bpf > $@
