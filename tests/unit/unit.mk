# SPDX-License-Identifier: GPL-2.0-only
# Builds the unit tests, one program per file, with what they test compiled under the sanitizers.
# Run them from the top of the tree. Included by the Makefile.
UNIT_TESTED = base/error base/escape base/identity base/lines base/names base/notice base/prefix \
              events/wiretap figures/reckon fleet/ledger fleet/message fleet/settings \
              named/apiban named/csv named/ipset named/mmdb named/source \
              policy/callees policy/config policy/config_check policy/dialled policy/document \
              policy/domains policy/places policy/profiles policy/setting \
              policy/topology policy/zone_prefixes policy/zones replay/capture \
              replay/encapsulation replay/messages
UNIT_OBJS = $(UNIT_TESTED:%=$(BUILD)/tests/unit/user/%.o)
UNIT_PROGRAMS = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c \
                tests/unit/*/test_*.c))
UNIT_LIBS = $(shell pkg-config --libs yaml-0.1 cmocka jansson libmaxminddb) $(WIRETAP_LIBS)
UNIT_HEADERS = $(wildcard tests/*.h tests/unit/*.h user/*/*.h) $(SHARED)

.SECONDARY: $(UNIT_OBJS)

$(BUILD)/tests/unit/user/%.o: user/%.c $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -c $< -o $@

# Lets the test make any allocation of ours fail (those of libyaml it takes over by name).
$(BUILD)/tests/unit/test_config_abuse: UNIT_LIBS += -Wl,--wrap=calloc,--wrap=realloc

$(BUILD)/tests/unit/test_%: tests/unit/test_%.c $(UNIT_OBJS) $(UNIT_HEADERS)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) $< $(UNIT_OBJS) -o $@ $(UNIT_LIBS)

$(BUILD)/tests/unit/fleet/test_%: tests/unit/fleet/test_%.c $(UNIT_OBJS) $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Itests/unit $(LDFLAGS) $< $(UNIT_OBJS) -o $@ $(UNIT_LIBS)

$(BUILD)/tests/unit/figures/test_%: tests/unit/figures/test_%.c $(UNIT_OBJS) $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) $< $(UNIT_OBJS) -o $@ $(UNIT_LIBS)
