# SPDX-License-Identifier: GPL-2.0-only
# What the lab tests need built: captures that a test makes itself, a look at tc egress, both ends of
# TCP connections. Included by the Makefile.
LAB_TEST_PROGRAMS = $(BUILD)/tests/write_captures $(BUILD)/tests/write_day $(BUILD)/tests/at_egress \
                    $(BUILD)/tests/tcp_ends $(BUILD)/tests/sipguard_short $(BUILD)/tests/tun_send \
                    $(BUILD)/tests/tcp_peer $(BUILD)/tests/wire $(BUILD)/tests/udp_segment \
                    $(BUILD)/tests/forger $(BUILD)/tests/as_library \
                    $(BUILD)/tests/send_messages
LAB_TEST = tests/lab/programs

$(BUILD)/tests/forger $(BUILD)/tests/udp_segment: $(LAB_TEST)/ends.h

# Those that build frames.
$(BUILD)/tests/write_captures $(BUILD)/tests/write_day: LAB_TEST_LIBS = -lpcap
$(BUILD)/tests/write_captures $(BUILD)/tests/write_day $(BUILD)/tests/tun_send $(BUILD)/tests/forger: \
$(BUILD)/tests/%: $(LAB_TEST)/%.c tests/harness/packet.c $(HARNESS_DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Itests/harness -o $@ $(filter %.c,$^) $(LAB_TEST_LIBS)

# These not with the sanitizers: they run in virtual machines, too.
$(BUILD)/tests/tcp_ends $(BUILD)/tests/tcp_peer $(BUILD)/tests/wire $(BUILD)/tests/udp_segment \
$(BUILD)/tests/send_messages: \
$(BUILD)/tests/%: $(LAB_TEST)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -o $@ $<

$(BUILD)/tests/at_egress: $(LAB_TEST)/at_egress.c $(HARNESS) $(HARNESS_DEPS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -Itests/harness -o $@ $(filter %.c,$^) -lbpf

# The command with short programs, see short_guard.bpf.c.
SHORT = $(BUILD)/tests/short
SHORT_SKELETONS = $(SHORT)/guard.skel.h $(SHORT)/ingress.skel.h $(SHORT)/reply.skel.h
SHORT_OBJS = $(SHORT)/guard/loader.o $(SHORT)/replay/run.o

$(SHORT)/%.bpf.o: $(LAB_TEST)/short_%.bpf.c $(LAB_TEST)/short.bpf.h $(BPF_DEPS)
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
$(BUILD)/tests/as_library: $(LAB_TEST)/as_library.c \
		$(filter-out $(BUILD)/user/cmd/% $(BUILD)/user/show/%,$(USER_OBJS))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(ALLCFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS)
