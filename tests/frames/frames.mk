# SPDX-License-Identifier: GPL-2.0-only
# The table of frames against sockets and the guard. Without the sanitizers: it runs in virtual
# machines, too. Included by the Makefile.
FRAMES_PROGRAMS = $(BUILD)/tests/frames
FRAMES_SOURCES  = $(wildcard tests/frames/*.c) $(filter %.c,$(HARNESS_GUARD))

$(BUILD)/tests/frames: $(FRAMES_SOURCES) $(HARNESS_GUARD) $(HARNESS_DEPS) \
                       $(wildcard tests/frames/*.h)
	@mkdir -p $(@D)
	$(CC) -O2 -g $(ALLCFLAGS) -Itests/harness -Itests/frames -o $@ $(FRAMES_SOURCES) \
		$(HARNESS_LIBS)
