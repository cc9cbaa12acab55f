# SPDX-License-Identifier: GPL-2.0-only
# What is installed where, and the Debian package. Included by the Makefile.
PACKAGE = tools/package
SBINDIR = $(PREFIX)/sbin
# systemd looks there for what the administrator has installed, and there for packages.
UNITDIR ?= $(PREFIX)/lib/systemd/system
UNITS = $(patsubst $(PACKAGE)/%.in,%,$(wildcard $(PACKAGE)/*.service.in $(PACKAGE)/*.timer.in))
INSTALLED = $(BUILD)/sipguard $(MANUAL_FILES)

.PHONY: installed-files install-files uninstall-files deb-files print-version
installed-files: $(INSTALLED)

# What is copied as it is, SOURCE:PLACE below PREFIX; and what is run.
COPIED = tools/sipguard.yaml:share/sipguard/sipguard.yaml \
         tools/fail2ban/sipguard.conf:share/sipguard/fail2ban/sipguard.conf \
         tools/prometheus/sipguard.rules.yml:share/sipguard/prometheus/sipguard.rules.yml \
         tools/grafana/sipguard.json:share/sipguard/grafana/sipguard.json \
         $(MANUAL)/sipguard.8:share/man/man8/sipguard.8 \
         $(MANUAL)/sipguard.yaml.5:share/man/man5/sipguard.yaml.5 \
         $(MANUAL)/completion:share/bash-completion/completions/sipguard
RUN    = $(BUILD)/sipguard:sbin/sipguard \
         tools/crowdsec/sipguard-bouncer.sh:share/sipguard/crowdsec/sipguard-bouncer.sh

# `make install` without the packages that it needs, for who has them.
install-files: $(INSTALLED)
	for pair in $(COPIED); do \
		install -D -m 644 "$${pair%%:*}" '$(DESTDIR)$(PREFIX)'/"$${pair#*:}" || exit 1; \
	done
	for pair in $(RUN); do \
		install -D -m 755 "$${pair%%:*}" '$(DESTDIR)$(PREFIX)'/"$${pair#*:}" || exit 1; \
	done
	install -d $(DESTDIR)$(UNITDIR)
	for unit in $(UNITS); do \
		sed 's|@SBINDIR@|$(SBINDIR)|g' $(PACKAGE)/$$unit.in >'$(DESTDIR)$(UNITDIR)'/$$unit && \
		chmod 644 '$(DESTDIR)$(UNITDIR)'/$$unit || exit 1; \
	done

# Nobody could see or end a guard whose command is gone. What was written since, in /etc and /var/lib,
# stays.
uninstall-files:
	@status=3; [ -n '$(DESTDIR)' ] || [ ! -x $(SBINDIR)/sipguard ] || { \
		status=0; $(SBINDIR)/sipguard status >/dev/null || status=$$?; }; \
	[ $$status -eq 3 ] || { \
		echo "sipguard: first end the guard: sipguard detach --all" >&2; exit 1; }
	for file in $(foreach pair,$(COPIED) $(RUN),$(lastword $(subst :, ,$(pair)))); do \
		rm -f '$(DESTDIR)$(PREFIX)'/"$$file" || exit 1; \
	done
	for unit in $(UNITS); do \
		rm -f '$(DESTDIR)$(UNITDIR)'/$$unit || exit 1; \
	done
	[ -n '$(DESTDIR)' ] || find /etc/systemd/system -lname '$(UNITDIR)/sipguard*' -delete
	-find '$(DESTDIR)$(PREFIX)'/share/sipguard -type d -empty -delete

# The BPF objects are those of this tree: they take minutes, and no flags of Debian.
deb-files: $(SKELETONS)
	@BUILD=$(BUILD) VERSION=$(VERSION) RELEASED=$(RELEASED) $(PACKAGE)/deb.sh

print-version:
	@echo $(VERSION)
