# SPDX-License-Identifier: GPL-2.0-only
# What the lab needs built: the demo's oracle. Included by the Makefile.
LAB_PROGRAMS := $(BUILD)/tools/oracle.bpf.o

$(BUILD)/tools/oracle.bpf.o: tools/lab/oracle.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c $< -o $@
