# SPDX-License-Identifier: GPL-2.0-only
# build/sipguard-flood, the flood generator.
FLOOD_OUT     = $(BUILD)/tools
FLOOD_OBJS    = $(patsubst tools/flood/%.c,$(FLOOD_OUT)/flood-%.o, \
                  $(filter-out %.bpf.c,$(wildcard tools/flood/*.c)))
FLOOD_HEADERS = $(wildcard tools/flood/*.h)

$(FLOOD_OUT)/flood.bpf.o: tools/flood/flood.bpf.c $(FLOOD_HEADERS)
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c $< -o $@

$(FLOOD_OUT)/flood.skel.h: $(FLOOD_OUT)/flood.bpf.o
	$(BPFTOOL) gen skeleton $< name flood_bpf > $@

$(FLOOD_OUT)/flood-%.o: tools/flood/%.c $(FLOOD_HEADERS) $(FLOOD_OUT)/flood.skel.h
	$(CC) $(CFLAGS) -std=gnu11 $(WARN) -D_GNU_SOURCE -pthread -I$(FLOOD_OUT) -c $< -o $@

$(BUILD)/sipguard-flood: $(FLOOD_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -pthread $^ -lbpf -ljansson -lm -o $@
