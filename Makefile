# SPDX-License-Identifier: GPL-2.0-only
# Every command of the project; `make help` lists them.

BUILD   ?= build
CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
DESTDIR ?=
PREFIX  ?= /usr/local

# Compilers whose objects must load on every kernel of the matrix.
CLANGS = 14 19

VERSION  := 0.1.0
# The day of this version, as manual pages and packages have it.
RELEASED := 2026-11-29

# clang for BPF does not look where Debian keeps <asm/types.h>.
MULTIARCH = $(shell $(CC) -dumpmachine 2>/dev/null)
WARN      = -Wall -Wextra -Werror
BPFFLAGS  = -target bpf -mcpu=v3 -O2 -g -std=gnu11 $(WARN) -I/usr/include/$(MULTIARCH) -Iinclude -Ibpf
CFLAGS   ?= -O2 -g
# Wireshark's library for captures, which has no pkg-config file of its own.
WIRETAP_CFLAGS = -isystem /usr/include/wireshark $(shell pkg-config --cflags glib-2.0 2>/dev/null)
WIRETAP_LIBS   = -lwiretap -lwsutil -lglib-2.0
ALLCFLAGS = -std=gnu11 $(WARN) -D_GNU_SOURCE -DSIPGUARD_VERSION='"$(VERSION)"' -Iinclude -Iuser \
            -I$(BUILD)
TEST_CFLAGS = -O1 -g $(ALLCFLAGS) -Werror=unused-function -fsanitize=address,undefined \
              -fno-sanitize-recover=undefined -fno-omit-frame-pointer

SHARED     = $(wildcard include/*.h include/*/*.h)
BPF_DEPS   = $(wildcard bpf/*.h bpf/*/*.h) $(SHARED) bpf/guard.bpf.c # which ingress.bpf.c includes
USER_DEPS  = $(wildcard user/*/*.h) $(SHARED)
USER_OBJS  = $(patsubst user/%.c,$(BUILD)/user/%.o,$(wildcard user/*/*.c))
USER_LIBS  = -lxdp -lbpf -lelf -lz -lpcap $(WIRETAP_LIBS) \
             $(shell pkg-config --libs yaml-0.1 jansson libcap-ng libmicrohttpd libmaxminddb libsystemd \
               ncursesw 2>/dev/null)
# The programs that are loaded into the kernel, each an object and a skeleton of its own.
PROGRAMS   = guard ingress reply connections shadow shadow_ingress why
SKELETONS  = $(PROGRAMS:%=$(BUILD)/%.skel.h)
MATRIX     = $(foreach version,$(CLANGS),$(PROGRAMS:%=$(BUILD)/bpf/clang$(version)/%.bpf.o))

# What a command needs is built on all CPUs, unless -j says otherwise. (Not together with `all`, which
# is a make of its own and would build the same files at the same time.)
PARALLEL   = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

# A recipe that fails leaves no half-made file behind that the next run would take for whole.
.DELETE_ON_ERROR:
.PHONY: all deb package-test demo test page-test screenshots test-busy unit kernels bench scenarios assess fuzz \
        lint install uninstall clean help deps deps-test deps-lab integrations fleet test-programs

all: deps ## Build sipguard and its tools into build/
	@$(MAKE) --no-print-directory $(PARALLEL) installed-files $(BUILD)/sipguard-flood

demo: deps-lab ## Watch a real Kamailio live through a flood, with and without the guard (4 to 8 minutes)
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/sipguard $(BUILD)/sipguard-flood $(LAB_PROGRAMS)
	@tools/demo/demo.sh

test: deps-lab ## Everything that must hold: unit, BPF_PROG_RUN, lab and kernels (15 to 30 minutes)
	@$(MAKE) --no-print-directory $(PARALLEL) all
	@$(MAKE) --no-print-directory $(PARALLEL) test-programs
	@tests/all.sh

page-test: deps-lab ## The status page in a real Chromium, which is installed for it (a minute)
	@tools/deps.sh page
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/sipguard
	@tests/page/page_test.sh

screenshots: deps-lab ## The pictures of top and of the status page, into docs/images/ (3 minutes)
	@tools/deps.sh page
	@$(MAKE) --no-print-directory $(PARALLEL) all
	@tools/screenshots/screenshots.sh

test-busy: deps-lab ## The same while something else keeps every CPU busy (30 minutes)
	@$(MAKE) --no-print-directory $(PARALLEL) all
	@$(MAKE) --no-print-directory $(PARALLEL) test-programs
	@SIPGUARD_SLOW=4 tests/busy.sh tests/all.sh

kernels: deps-lab ## Load and run the programs on the kernels 6.1, 6.12, 7.2 and on this one
	@$(MAKE) --no-print-directory $(PARALLEL) test-programs
	@tests/kernels/run.sh

bench: deps-lab ## Nanoseconds per packet and millions of packets per second, into build/bench.json
	@$(MAKE) --no-print-directory $(PARALLEL) all
	@$(MAKE) --no-print-directory $(PARALLEL) $(BENCH_PROGRAMS)
	@tools/bench/bench.sh

scenarios: deps-lab ## The lab scenarios in full, or SCENARIOS="nat-office hoard" (52 minutes)
	@tools/deps.sh scenarios || echo "sipguard: what is missing will show in forger-clients"
	@$(MAKE) --no-print-directory $(PARALLEL) all
	@$(MAKE) --no-print-directory $(PARALLEL) $(LAB_PROGRAMS) $(SCENARIO_PROGRAMS)
	@tools/scenarios/scenarios.sh

assess: deps-lab ## Threats and what holds against them, into build/assessment.json and .md
	@tools/deps.sh scenarios || echo "sipguard: what is missing will show in the table"
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/sipguard
	@tools/assess/assess.sh

integrations: ## What tools/ has for fail2ban and CrowdSec, with the real ones (half a minute)
	@tools/needs.sh
	@tools/deps.sh build integrations
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/sipguard
	@tests/integrations/run.sh

fleet: deps-lab ## Guards that tell each other, and ask routers; or FLEET="travel members" (10 minutes)
	@tools/deps.sh fleet
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/sipguard $(BUILD)/sipguard-flood $(FLEET_PROGRAMS) \
		$(SCENARIO_PROGRAMS)
	@tools/fleet/fleet.sh

fuzz: deps-lab ## Fuzz the message reader, natively and in the kernel, for FUZZ_SECONDS (60)
	@$(MAKE) --no-print-directory $(PARALLEL) $(FUZZ_PROGRAMS)
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) tests/fuzz/run.sh

lint: deps-test ## Style: licence lines, line and file lengths, shellcheck, cppcheck
	@tools/lint.sh

install: all ## Install command, manual pages, completion and systemd units under DESTDIR and PREFIX
	@$(MAKE) --no-print-directory $(PARALLEL) install-files

uninstall: ## Remove what install has installed, under the same DESTDIR and PREFIX
	@$(MAKE) --no-print-directory uninstall-files

deb: deps ## The Debian package, into build/deb/
	@tools/deps.sh deb
	@$(MAKE) --no-print-directory $(PARALLEL) deb-files

package-test: deps-lab ## The package and the README in a Debian 12 of their own (45 minutes; NEWCOMER=brief: 15)
	@tools/deps.sh deb package
	@$(MAKE) --no-print-directory $(PARALLEL) installed-files
	@tests/package/run.sh
	@tests/package/container.sh
	@tests/package/newcomer.sh

clean: ## Remove what was built; keeps the downloaded kernels
	find $(BUILD) -mindepth 1 -maxdepth 1 ! -name kernels -exec rm -rf {} +

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '  make %-14s %s\n' "$$name" "$$what"; done

deps:
	@tools/deps.sh build

deps-test:
	@tools/deps.sh build test

# For what runs in the lab: first whether it can.
deps-lab:
	@tools/needs.sh
	@tools/deps.sh build test

# --- kernel side ---

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BPF_DEPS)
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c $< -o $@

define matrix_rule
$(BUILD)/bpf/clang$(1)/%.bpf.o: bpf/%.bpf.c $(BPF_DEPS)
	@mkdir -p $$(@D)
	clang-$(1) $(BPFFLAGS) -c $$< -o $$@
endef
$(foreach version,$(CLANGS),$(eval $(call matrix_rule,$(version))))

$(SKELETONS): $(BUILD)/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# --- the command ---

$(foreach file,replay/capture events/packets events/wiretap,$(BUILD)/user/$(file).o \
  $(BUILD)/tests/unit/user/$(file).o): ALLCFLAGS += $(WIRETAP_CFLAGS)

$(BUILD)/user/%.o: user/%.c $(USER_DEPS) $(SKELETONS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(ALLCFLAGS) -c $< -o $@

# The status page is one file, which the command has in it.
PAGE = user/watch/page
$(BUILD)/page.html: $(PAGE).html $(PAGE).css $(PAGE).js
	@mkdir -p $(@D)
	sed -e '/^@style@$$/{r $(PAGE).css' -e 'd;}' -e '/^@script@$$/{r $(PAGE).js' -e 'd;}' $< > $@

$(BUILD)/user/watch/page.o: $(BUILD)/page.html
$(BUILD)/user/watch/page.o: ALLCFLAGS += -DSIPGUARD_PAGE='"$(BUILD)/page.html"'

$(BUILD)/sipguard: $(USER_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS)

# --- tools and tests: each folder has its own rules ---

# First: others name its variables in their rules.
HARNESS_RULES := tests/harness/harness.mk
include $(HARNESS_RULES)
include $(filter-out $(HARNESS_RULES),$(wildcard tools/*/*.mk tests/*/*.mk tests/*/programs/*.mk))

test-programs: $(MATRIX) $(UNIT_PROGRAMS) $(RUN_PROGRAMS) $(KERNELS_PROGRAMS) $(LAB_PROGRAMS) \
               $(CORPUS_PROGRAMS) $(PEERS_PROGRAMS) $(FUZZ_PROGRAMS) \
               $(LAB_TEST_PROGRAMS) $(WATCH_PROGRAMS) $(SCENARIO_PROGRAMS) $(BENCH_PROGRAMS) \
               $(TOP_PROGRAMS) $(FLEET_PROGRAMS) $(UPSTREAM_PROGRAMS) $(MANUAL_FILES)
