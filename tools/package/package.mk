# SPDX-License-Identifier: GPL-2.0-only
# What is installed where, and the Debian package. Included by the Makefile.
PACKAGE = tools/package
SBINDIR = $(PREFIX)/sbin
# systemd looks there for what the administrator has installed, and there for packages.
UNITDIR ?= $(PREFIX)/lib/systemd/system
UNITS = $(patsubst $(PACKAGE)/%.in,%,$(wildcard $(PACKAGE)/*.service.in $(PACKAGE)/*.timer.in))
INSTALLED = $(BUILD)/sipguard $(MANUAL_FILES)

.PHONY: installed-files install-files deb-files print-version
installed-files: $(INSTALLED)

# `make install` without the packages that it needs, for who has them.
install-files: $(INSTALLED)
	install -D -m 755 $(BUILD)/sipguard $(DESTDIR)$(SBINDIR)/sipguard
	install -D -m 644 tools/sipguard.yaml $(DESTDIR)$(PREFIX)/share/sipguard/sipguard.yaml
	install -D -m 644 tools/fail2ban/sipguard.conf \
		$(DESTDIR)$(PREFIX)/share/sipguard/fail2ban/sipguard.conf
	install -D -m 755 tools/crowdsec/sipguard-bouncer.sh \
		$(DESTDIR)$(PREFIX)/share/sipguard/crowdsec/sipguard-bouncer.sh
	install -D -m 644 tools/prometheus/sipguard.rules.yml \
		$(DESTDIR)$(PREFIX)/share/sipguard/prometheus/sipguard.rules.yml
	install -D -m 644 tools/grafana/sipguard.json \
		$(DESTDIR)$(PREFIX)/share/sipguard/grafana/sipguard.json
	install -D -m 644 $(MANUAL)/sipguard.8 $(DESTDIR)$(PREFIX)/share/man/man8/sipguard.8
	install -D -m 644 $(MANUAL)/sipguard.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man5/sipguard.yaml.5
	install -D -m 644 $(MANUAL)/completion \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sipguard
	install -d $(DESTDIR)$(UNITDIR)
	for unit in $(UNITS); do \
		sed 's|@SBINDIR@|$(SBINDIR)|g' $(PACKAGE)/$$unit.in >'$(DESTDIR)$(UNITDIR)'/$$unit && \
		chmod 644 '$(DESTDIR)$(UNITDIR)'/$$unit || exit 1; \
	done

# The BPF objects are those of this tree: they take minutes, and no flags of Debian.
deb-files: $(SKELETONS)
	@BUILD=$(BUILD) VERSION=$(VERSION) RELEASED=$(RELEASED) $(PACKAGE)/deb.sh

print-version:
	@echo $(VERSION)
