#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `mode` of the configuration: what a new guard begins in, and when a running one follows it. What
# somebody has said in an emergency outlives a reload that is about something else.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	FILE=$LAB_DIR/mode.yaml
	STATE=$LAB_DIR/mode.state
	rm -f "$FILE" "$STATE"
}

# says LINE...: what the configuration has from now on.
says() {
	printf '%s\n' "$@" >"$FILE"
}

# modes GUARD CONFIGURATION
modes() {
	equal "$(sipguard status --json | jq -r '.mode + " " + .config_mode')" "$1 $2"
}

attach() {
	sipguard attach "$LAB_IF_SERVER" --config "$FILE" "$@"
}

begins() {
	says "mode: enforce"
	[[ $(attach) == *"mode enforce."* ]]
	modes enforce enforce
	[[ $(sipguard status) != *"the configuration says"* ]]
	sipguard detach --all >/dev/null
	says "limits: {invite: {rate: 40}}"
	[[ $(attach) == *"mode monitor."*"Nothing is dropped until"* ]]
	modes monitor monitor
	sipguard detach --all >/dev/null
	attach --enforce >/dev/null
	modes enforce monitor
	[[ $(sipguard status) == *"the configuration says monitor"* ]]
	[[ $(sipguard mode) == *"A new guard begins in monitor mode"* ]]
}

# Off and on, by hand and by the file.
reloaded() {
	says "mode: enforce"
	attach >/dev/null
	[[ $(sipguard mode monitor) == *"The configuration says"*"enforce"*"change it there"* ]]
	modes monitor enforce
	says "mode: enforce" "limits: {invite: {rate: 40}}"
	equal "$(sipguard reload)" "In force: $FILE."
	modes monitor enforce
	says "mode: monitor"
	sipguard reload >/dev/null
	modes monitor monitor
	says "mode: enforce"
	[[ $(sipguard reload 2>&1) == *"the guard's mode is enforce now"*"In force: $FILE." ]]
	modes enforce enforce
	# A line that is gone is the default.
	says "limits: {invite: {rate: 40}}"
	sipguard reload --json | jq -e '.mode == "monitor"' >/dev/null
	modes monitor monitor
	sipguard mode enforce >/dev/null
	sipguard reload >/dev/null
	modes enforce monitor
	# One with a mistake changes nothing.
	says "mode: off"
	fails 1 "must be one of monitor, enforce, not 'off'" reload
	modes enforce monitor
}

attached_once_more() {
	says "mode: monitor"
	attach >/dev/null
	attach >/dev/null
	modes monitor monitor
	says "mode: enforce"
	attach >/dev/null
	modes enforce enforce
	sipguard mode monitor >/dev/null
	attach >/dev/null
	modes monitor enforce
	says "mode: monitor"
	attach --enforce >/dev/null
	modes enforce monitor
}

# What is on trial stays so, unless the file takes it back.
on_trial() {
	says "mode: monitor"
	attach >/dev/null
	sipguard mode enforce --for 1h >/dev/null
	says "limits: {invite: {rate: 40}}"
	sipguard reload >/dev/null
	modes enforce monitor
	says "mode: enforce"
	sipguard reload >/dev/null
	modes enforce enforce
	sipguard status --json | jq -e '.trial.seconds_left > 3000' >/dev/null
	says "mode: monitor"
	sipguard reload >/dev/null
	modes monitor monitor
	sipguard status --json | jq -e '.trial.seconds_left == 0' >/dev/null
	# A trial of something else in monitor mode is not ended by a reload.
	attach --for 1h >/dev/null
	sipguard reload >/dev/null
	sipguard status --json | jq -e '.trial.seconds_left > 3000' >/dev/null
}

saved_with() {
	says "mode: $1"
	attach >/dev/null
	sipguard mode "$2" >/dev/null
	sipguard save "$STATE" >/dev/null
	sipguard detach --all >/dev/null
}

restored() {
	saved_with enforce monitor
	sipguard restore "$STATE" >/dev/null
	modes monitor enforce
	sipguard detach --all >/dev/null
	# As the unit does it.
	attach >/dev/null
	modes enforce enforce
	sipguard restore "$STATE" >/dev/null
	modes monitor enforce
	sipguard detach --all >/dev/null
	saved_with monitor enforce
	sipguard restore "$STATE" >/dev/null
	modes enforce monitor
}

# In an emergency, and then comes the next interface, whose unit restores what was saved before.
restored_beside_an_operator() {
	says "mode: enforce"
	attach >/dev/null
	[[ $(sipguard save "$STATE") == *" 0 identities." ]]
	sipguard mode monitor >/dev/null
	[[ $(sipguard restore "$STATE" 2>&1) == *"stays monitor"*"mode is monitor."* ]]
	modes monitor enforce
	sipguard detach --all >/dev/null
	sipguard restore "$STATE" >/dev/null
	modes enforce enforce
}

# Who has changed the file since has said so later than what was saved.
restored_with_another_file() {
	saved_with monitor monitor
	says "mode: enforce"
	[[ $(sipguard restore "$STATE" 2>&1) == *"says \`mode: enforce\`"*"mode is enforce."* ]]
	modes enforce enforce
	sipguard mode monitor >/dev/null
	sipguard restore "$STATE" >/dev/null 2>&1
	modes monitor enforce
	sipguard detach --all >/dev/null
	saved_with enforce enforce
	says "mode: monitor"
	sipguard restore "$STATE" >/dev/null 2>&1
	modes monitor monitor
	sipguard detach --all >/dev/null
	rm "$FILE"
	saved_with enforce enforce
	rm "$FILE"
	sipguard restore "$STATE" >/dev/null 2>&1
	modes monitor monitor
}

# Enforce without those who are to be in a zone drops them.
without_a_zone() {
	[[ ! -e /var/lib/sipguard/fleet/zone/nobody-has-this ]]
	says "mode: enforce" "zones: [{name: z, prefixes-file: /var/lib/sipguard/fleet/zone/nobody-has-this}]"
	[[ $(attach 2>&1) == *"is not followed"*"mode monitor."* ]]
	modes monitor enforce
}

# As the unit does it, with a /var/lib of its own: attach --restore.
# shellcheck disable=SC2016 # expanded by the inner shell
boots() {
	lab_in server unshare --mount sh -c 'mount --bind "$1" /var/lib && shift && exec "$@"' \
		sh "$LAB_DIR/var" "$SIPGUARD" attach "$LAB_IF_SERVER" --config "$FILE" --restore 2>&1
}

booted() {
	local state=$LAB_DIR/var/sipguard/state said
	rm -rf "${LAB_DIR:?}/var"
	mkdir -p "$LAB_DIR/var"
	says "mode: enforce"
	[[ $(boots) == *"guarded"*"nothing was restored"*"mode is enforce."* ]]
	modes enforce enforce
	sipguard allow add 192.0.2.99 >/dev/null
	mkdir -m 700 "$LAB_DIR/var/sipguard"
	sipguard save "$state" >/dev/null
	sipguard detach --all >/dev/null
	said=$(boots)
	[[ $said == *"guarded"*"1 prefix"*"mode is enforce." && $said != *"Nothing is dropped"* ]]
	modes enforce enforce
	[[ $(sipguard allow show) == *192.0.2.99* ]]
	# The next interface's unit, after somebody has gone to monitor.
	sipguard mode monitor >/dev/null
	[[ $(boots) == *"stays monitor"* ]]
	modes monitor enforce
	sipguard detach --all >/dev/null
	says "mode: monitor"
	[[ $(boots) == *"said another one when this was saved"*"mode is monitor."* ]]
	modes monitor monitor
}

# The lists are lost with the file: who is on them would be dropped.
booted_with_a_damaged_state() {
	rm -rf "${LAB_DIR:?}/var"
	mkdir -p "$LAB_DIR/var/sipguard"
	chmod 700 "$LAB_DIR/var/sipguard"
	says "mode: enforce"
	attach >/dev/null
	sipguard save "$LAB_DIR/var/sipguard/state" >/dev/null
	sipguard detach --all >/dev/null
	sed -i '$d' "$LAB_DIR/var/sipguard/state"
	[[ $(boots) == *"it is kept as"*"begins in monitor mode"* ]]
	modes monitor enforce
}

[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT

check "a new guard begins as the file says, unless a flag says more" begins
check "a reload changes the mode when the file's is another one, and else leaves it" reloaded
check "attach at a running guard does the same" attached_once_more
check "a trial goes on, unless the file takes it back" on_trial
check "restore: what was saved comes before a file that is the same" restored
check "restore: what an operator has said since stays" restored_beside_an_operator
check "restore: a file that was changed since comes before what was saved" restored_with_another_file
check "without a zone of the fleet the file's enforce is not followed" without_a_zone
check "attach --restore: what was saved is there before anything is dropped" booted
check "attach --restore: where that is damaged, the guard is in monitor mode" booted_with_a_damaged_state
test_done
