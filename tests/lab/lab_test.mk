# SPDX-License-Identifier: GPL-2.0-only
# What the lab tests need built: captures that a test makes itself, a look at tc egress, both ends of
# TCP connections. Included by the Makefile.
LAB_TEST_PROGRAMS = $(BUILD)/tests/write_captures $(BUILD)/tests/at_egress \
                    $(BUILD)/tests/tcp_ends $(BUILD)/tests/sipguard_short $(BUILD)/tests/tun_send \
                    $(BUILD)/tests/tcp_peer $(BUILD)/tests/wire $(BUILD)/tests/udp_segment \
                    $(BUILD)/tests/forger $(BUILD)/tests/as_library

$(BUILD)/tests/write_captures: tests/lab/write_captures.c tests/run/packet.c tests/run/packet.h
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Itests/run -o $@ $(filter %.c,$^) -lpcap

$(BUILD)/tests/forger $(BUILD)/tests/udp_segment: tests/lab/ends.h

$(BUILD)/tests/tun_send $(BUILD)/tests/forger: $(BUILD)/tests/%: tests/lab/%.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $<

# These not with the sanitizers: they run in virtual machines, too.
$(BUILD)/tests/tcp_ends $(BUILD)/tests/tcp_peer $(BUILD)/tests/wire $(BUILD)/tests/udp_segment: \
$(BUILD)/tests/%: tests/lab/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -o $@ $<

$(BUILD)/tests/at_egress: tests/lab/at_egress.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -o $@ $< -lbpf

# The command with short programs, see short_guard.bpf.c.
SHORT = $(BUILD)/tests/short
SHORT_SKELETONS = $(SHORT)/guard.skel.h $(SHORT)/ingress.skel.h $(SHORT)/reply.skel.h
SHORT_OBJS = $(SHORT)/guard/loader.o $(SHORT)/replay/run.o

$(SHORT)/%.bpf.o: tests/lab/short_%.bpf.c tests/lab/short.bpf.h $(BPF_DEPS)
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c $< -o $@

$(SHORT_SKELETONS): %.skel.h: %.bpf.o
	$(BPFTOOL) gen skeleton $< name $(notdir $*)_bpf > $@

$(SHORT_OBJS): $(SHORT)/%.o: user/%.c $(USER_DEPS) $(SKELETONS) $(SHORT_SKELETONS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -I$(SHORT) $(ALLCFLAGS) -c $< -o $@

$(BUILD)/tests/sipguard_short: $(USER_OBJS) $(SHORT_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ \
		$(SHORT_OBJS) $(filter-out $(SHORT_OBJS:$(SHORT)/%=$(BUILD)/user/%),$(USER_OBJS)) $(USER_LIBS)

# Another program on what is below cmd/.
$(BUILD)/tests/as_library: tests/lab/as_library.c $(filter-out $(BUILD)/user/cmd/%,$(USER_OBJS))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(ALLCFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS)
