# SPDX-License-Identifier: GPL-2.0-only
# The message reader against two SIP libraries, on a folder of messages; tests/corpus/run.sh runs
# it. Included by the Makefile.
PEERS_PROGRAMS = $(BUILD)/tests/peers
PEERS_SOURCES  = $(wildcard tests/peers/*.c) tests/corpus/corpus.c

$(BUILD)/tests/peers: $(PEERS_SOURCES) $(wildcard tests/peers/*.h tests/corpus/corpus.h) $(SHARED)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Itests/corpus -Itests/peers \
		$(shell pkg-config --cflags sofia-sip-ua 2>/dev/null) -o $@ $(PEERS_SOURCES) \
		$(shell pkg-config --libs sofia-sip-ua 2>/dev/null) -losipparser2
