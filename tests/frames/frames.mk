# SPDX-License-Identifier: GPL-2.0-only
# The table of frames against sockets and the guard. Without the sanitizers: it runs in virtual
# machines, too. Included by the Makefile.
FRAMES_PROGRAMS = $(BUILD)/tests/frames
FRAMES_SOURCES  = $(wildcard tests/frames/*.c) \
                  $(addprefix tests/run/,check.c fixture.c knobs.c packet.c reply.c)

$(BUILD)/tests/frames: $(FRAMES_SOURCES) \
                       $(wildcard tests/*.h tests/run/*.h tests/frames/*.h) $(SHARED)
	@mkdir -p $(@D)
	$(CC) -O2 -g $(ALLCFLAGS) -Itests/run -Itests/frames -o $@ $(FRAMES_SOURCES) $(RUN_LIBS)
