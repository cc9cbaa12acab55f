# SPDX-License-Identifier: GPL-2.0-only
# at_egress, tcp_ends, udp_segment, send_messages and sipguard_short are made by the lab's rules.
KERNELS_PROGRAMS = $(BUILD)/tests/verify $(BUILD)/tests/at_egress \
                   $(BUILD)/tests/tcp_ends $(BUILD)/sipguard $(BUILD)/tests/frames \
                   $(BUILD)/tests/sipguard_short $(BUILD)/tests/udp_segment \
                   $(BUILD)/tests/send_messages $(DISPATCHER_FILES)

# libxdp's real parts, where a virtual machine finds them; and somebody else's program.
DISPATCHER_FILES = $(BUILD)/tests/xdp/xdp-loader $(BUILD)/tests/xdp/xdp-dispatcher.o \
                   $(BUILD)/tests/xdp/no_ping.bpf.o

$(BUILD)/tests/xdp/xdp-loader: /usr/sbin/xdp-loader
	@mkdir -p $(@D)
	cp $< $@

$(BUILD)/tests/xdp/xdp-dispatcher.o: $(shell pkg-config --variable=libdir libxdp 2>/dev/null)/bpf/xdp-dispatcher.o
	@mkdir -p $(@D)
	cp $< $@

$(BUILD)/tests/xdp/no_ping.bpf.o: tests/kernels/no_ping.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c $< -o $@

$(BUILD)/tests/verify: tests/kernels/verify.c include/shadowed.h $(HARNESS) $(HARNESS_DEPS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -Iinclude -o $@ $(filter %.c,$^) -lbpf -ljansson
