#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `attach --for` and `mode enforce --for`: what is not confirmed in time drops nothing any more. That
# the data path does it by itself is shown in tests/run/; here is what commands make of it.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
}

is_over() {
	[[ $(sipguard status 2>&1) == *"nobody said \`sipguard confirm\`"* ]]
}

# Whoever comes first after that detaches, and says so; then it is as if nothing had been.
not_confirmed() {
	sipguard attach "$LAB_IF_SERVER" --enforce --for 1s >/dev/null
	until_true is_over
	guard_left_nothing
	fails 3 "not attached" confirm
	fails 3 "not attached" bans
}

confirmed() {
	sipguard attach "$LAB_IF_SERVER" --enforce --for 1s >/dev/null
	until_true is_over
	guard_left_nothing
	fails 3 "not attached" confirm
	fails 3 "not attached" bans
}

# A command that changes something finds it over, too, and begins anew.
attached_again() {
	sipguard attach "$LAB_IF_SERVER" --enforce --for 1s >/dev/null
	sipguard deny add 198.51.100.0/24 >/dev/null
	sleep 1.1
	[[ $(sipguard attach "$LAB_IF_SERVER" 2>&1) == *"is detached now"*": guarded"*"mode monitor"* ]]
	status_is '.lists.deny == 0 and .trial.seconds_left == 0'
}

confirmed() {
	[[ $(sipguard attach "$LAB_IF_SERVER" --enforce --for 1h) == *"In 1 h"*"detaches by itself"* ]]
	status_is '.trial.seconds_left > 3000 and .trial.detaches'
	[[ $(sipguard status --check) == "SIPGUARD WARNING - on trial: in 3"*" s it detaches"* ]]
	# What else is tried meanwhile does not make it less of a trial.
	[[ $(sipguard mode enforce --for 2h) == *"In 2 h"*"detaches by itself"* ]]
	sipguard reload >/dev/null
	sipguard mode monitor >/dev/null
	status_is '.trial.seconds_left > 7000 and .trial.detaches'
	sipguard confirm --json | jq -e '.confirmed == "attach" and .mode == "monitor"' >/dev/null
	status_is '.trial.seconds_left == 0 and .mode == "monitor" and .notices == []'
	fails 1 "nothing waits" confirm
	fails 2 "which mode 'garbage' is to have" mode garbage
}

in_monitor() {
	status_is '.mode == "monitor"' 2>/dev/null
}

# Of a guard that was there before nothing is lost but its mode.
mode_not_confirmed() {
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	sipguard deny add 198.51.100.0/24 >/dev/null
	sipguard mode enforce --for 1s --json | jq -e '.seconds_left <= 1' >/dev/null
	until_true in_monitor
	fails 1 "nothing waits" confirm
	[[ $(sipguard attach "$LAB_IF_SERVER" --enforce --for 1s) == *": upgraded"*"to monitor mode"* ]]
	until_true in_monitor
	status_is '.lists.deny == 1 and .attached and .trial.seconds_left == 0'
	sipguard mode enforce --for 1h >/dev/null
	sipguard mode monitor >/dev/null
	status_is '.trial.seconds_left == 0'
}

wrong() {
	fails 2 "goes with .mode enforce. alone" mode monitor --for 1m
	fails 2 "goes with .mode enforce. alone" mode garbage enforce --for 1m
	fails 2 "takes a time" attach "$LAB_IF_SERVER" --for soon
	fails 2 "does not know what to do" confirm now
	fails 3 "not attached" confirm
}

[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT

check "attach --for that nobody confirms: detached by the next command" not_confirmed
check "attach --for that is confirmed" confirmed
check "mode enforce --for that nobody confirms: monitor, and nothing else is lost" mode_not_confirmed
check "--for and confirm in a wrong place" wrong
test_done
