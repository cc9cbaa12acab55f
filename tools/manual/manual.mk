# SPDX-License-Identifier: GPL-2.0-only
# The manual pages and the completion of bash, made by a program that has the tables of the command.
# Included by the Makefile.
MANUAL = $(BUILD)/tools/manual
MANUAL_PAGES = $(MANUAL)/sipguard.8 $(MANUAL)/sipguard.yaml.5
MANUAL_FILES = $(MANUAL_PAGES) $(MANUAL)/completion
MANUAL_OBJS = $(patsubst tools/manual/%.c,$(MANUAL)/%.o,$(wildcard tools/manual/*.c))

$(MANUAL_OBJS): $(MANUAL)/%.o: tools/manual/%.c tools/manual/manual.h Makefile $(USER_DEPS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(ALLCFLAGS) -DSIPGUARD_RELEASED='"$(RELEASED)"' -c $< -o $@

# The table of commands is in main.c; the program has a main() of its own.
$(MANUAL)/commands.o: $(BUILD)/user/cmd/main.o
	@mkdir -p $(@D)
	objcopy --redefine-sym main=command_main $< $@

$(MANUAL)/manual: $(MANUAL_OBJS) $(MANUAL)/commands.o $(filter-out %/cmd/main.o,$(USER_OBJS))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS)

$(MANUAL)/sipguard.8: $(MANUAL)/manual
	$< $(@F) > $@

$(MANUAL)/completion: $(MANUAL)/manual tools/manual/completion.sh
	{ $< $(@F) && cat tools/manual/completion.sh; } > $@

$(MANUAL)/sipguard.yaml.5: $(MANUAL)/manual tools/sipguard.yaml
	$< $(@F) tools/sipguard.yaml > $@
