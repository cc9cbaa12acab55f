#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prefixes of zones in files: what attach, reload and a boot make of them, and of one that is wrong,
# gone, or one of a fleet that has not come yet. /var/lib is the lab's own here.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

SHARED=/var/lib/sipguard/fleet/zone

# shellcheck disable=SC2016 # expanded by the inner shell
sipguard() {
	lab_in server unshare --mount sh -c 'mount --bind "$1" /var/lib && shift && exec "$@"' \
		sh "$LAB_DIR/var" "$SIPGUARD" "$@"
}

clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null 2>&1
	rm -rf "${LAB_DIR:?}/var" "$LAB_DIR/policy"
	mkdir -p "$LAB_DIR/var/${SHARED#/var/lib/}" "$LAB_DIR/policy"
	chmod 700 "$LAB_DIR/policy"
	LIST=$LAB_DIR/policy/list
	CONFIG=$LAB_DIR/policy/sipguard.yaml
	printf '# customers\n203.0.113.0/24\n' >"$LIST"
	config "$LIST"
}

config() { # FILE [KEY...]
	printf 'zones:\n- name: a\n  prefixes: [198.51.100.0/24]\n  prefixes-file: %s\n' "$1" >"$CONFIG"
	[[ $# -lt 2 ]] || printf '  %s\n' "${@:2}" >>"$CONFIG"
}

zone_of() {
	sipguard why "$1" --json | jq -r '.zone // "none"'
}

attached_and_reloaded() {
	sipguard attach "$LAB_IF_SERVER" --config "$CONFIG" >/dev/null
	equal "$(zone_of 203.0.113.9)" a
	equal "$(zone_of 198.51.100.9)" a
	equal "$(zone_of 192.0.2.99)" none
	echo 192.0.2.0/25 >"$LIST"
	equal "$(zone_of 203.0.113.9)" a
	sipguard reload >/dev/null
	equal "$(zone_of 203.0.113.9)" none
	equal "$(zone_of 192.0.2.99)" a
}

wrong_changes_nothing() {
	sipguard attach "$LAB_IF_SERVER" --config "$CONFIG" >/dev/null
	printf '\n203.0.113.1/24\n' >"$LIST"
	fails 1 "^sipguard: $CONFIG:4:18: zone 'a', $LIST line 2: '203.0.113.1/24' has host bits.*stays so" reload
	: >"$LIST"
	fails 1 "zone 'a', $LIST: there is no prefix in it.*stays so" reload
	rm "$LIST"
	fails 1 "zone 'a', $LIST: cannot read it: No such file.*stays so" reload
	equal "$(zone_of 203.0.113.9)" a
	{ sipguard check-config "$CONFIG" --json || true; } |
		jq -e '(.valid | not) and .line == 4' >/dev/null
}

# A boot: the guard is gone, what it knew is saved.
saved_in_enforce() {
	sipguard attach "$LAB_IF_SERVER" --config "$CONFIG" --enforce >/dev/null
	sipguard save "$LAB_DIR/policy/state" >/dev/null
	sipguard detach --all >/dev/null
}

boot() {
	sipguard restore "$LAB_DIR/policy/state" 2>&1
}

# Nobody is locked out by a guard that has lost a zone: there is none.
boot_without_file() {
	local status=0 said
	saved_in_enforce
	rm "$LIST"
	said=$(boot) || status=$?
	equal "$status" 1
	[[ $said == *"$LIST: cannot read it"* ]]
	fails 3 "" status
}

# Of the fleet: attached, and nothing is dropped until somebody says so.
boot_without_shared_file() {
	config "$SHARED/customers"
	echo 203.0.113.0/24 >"$LAB_DIR/var/sipguard/fleet/zone/customers"
	saved_in_enforce
	boot >/dev/null
	status_is '.mode == "enforce"'
	equal "$(zone_of 203.0.113.9)" a
	sipguard detach --all >/dev/null
	rm "$LAB_DIR/var/sipguard/fleet/zone/customers"
	[[ $(boot) == *"there is no $SHARED/customers"*"monitor mode"* ]]
	status_is '.mode == "monitor"'
	equal "$(zone_of 203.0.113.9)" none
	equal "$(zone_of 198.51.100.9)" a
	# The same with the interface attached by its unit before.
	sipguard detach --all >/dev/null
	sipguard attach "$LAB_IF_SERVER" --config "$CONFIG" >/dev/null 2>&1
	boot >/dev/null
	status_is '.mode == "monitor"'
	# One that was withdrawn is no reason.
	sipguard detach --all >/dev/null
	: >"$LAB_DIR/var/sipguard/fleet/zone/customers"
	boot >/dev/null
	status_is '.mode == "enforce"'
}

closed_waits_for_nobody() {
	config "$SHARED/customers" "closed: yes" "interfaces: [$LAB_IF_SERVER]"
	fails 1 "zone 'a' is closed, and there is no $SHARED/customers" attach "$LAB_IF_SERVER" \
		--config "$CONFIG"
	[[ ! -e $SIPGUARD_PIN_ROOT ]]
}

[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT

check "prefixes of a file are in force, and after a change by reload" attached_and_reloaded
check "a file that is wrong, empty or gone: its line is told, what was in force stays" \
	wrong_changes_nothing
check "at boot without it nothing is guarded, and nobody locked out" boot_without_file
check "at boot without one of the fleet: attached, in monitor mode" boot_without_shared_file
check "a closed zone is not attached before its file is there" closed_waits_for_nobody
test_done
