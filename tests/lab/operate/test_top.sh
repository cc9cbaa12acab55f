#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `top` in a real terminal, that of tmux: what it shows of a flood, and what its keys do.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

FLOODER=$LAB_PROBE4
TERMINALS=0 # that there have been: one that ends may still have its socket

# Each check begins with a guard in enforce mode that bans and allows nobody, and a shell in a new
# terminal.
clean_state() {
	terminal kill-server 2>/dev/null || true
	TERMINALS=$((TERMINALS + 1))
	quiet
	rm -f "$LAB_DIR/status" "$LAB_DIR/settings"
	[[ -e $SIPGUARD_PIN_ROOT ]] || sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
	sipguard unban "$FLOODER" >/dev/null 2>&1 || true
	sipguard allow del "$LAB_CLIENT4" >/dev/null 2>&1 || true
	terminal new-session -d -x 100 -y 30 env PS1='shell$ ' "SIPGUARD_PIN_ROOT=$SIPGUARD_PIN_ROOT" \
		"LAB_DIR=$LAB_DIR" nsenter --net="/run/netns/$LAB_NS_SERVER" -- bash --norc --noprofile
	until_true shown 'shell\$'
}

# A server of tmux of this test's own. No TMUX: it may itself be run in one.
terminal() {
	env -u TMUX tmux -S "$LAB_DIR/tmux$TERMINALS" -f /dev/null "$@"
}

screen() {
	terminal capture-pane -p
}

# shown REGEX: on the screen as it is now.
shown() {
	screen | grep -Eq -- "$1" || {
		echo "there is no '$1' on the screen:"
		screen | grep .
		return 1
	}
}

hidden() {
	! shown "$1" >/dev/null
}

shows() {
	until_true shown "$1"
}

keys() {
	terminal send-keys "$@"
}

begin() {
	keys "'$SIPGUARD' top; echo \$? >$LAB_DIR/status" Enter
	shows '^sipguard  enforce'
}

# ended STATUS: the shell has it.
ended() {
	until_true test -s "$LAB_DIR/status"
	equal "$(<"$LAB_DIR/status")" "$1"
	shows 'shell\$ *$'
}

# flood OPTION...: datagrams that are no SIP, until quiet.
flood() {
	nsenter --net="/run/netns/$LAB_NS_CLIENT" -- "$LAB_ROOT/build/sipguard-flood" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --garbage "$@" --sport 5099 --rate 200 \
		--seconds $((2 * LAB_PATIENCE)) >/dev/null 2>&1 &
	echo $! >"$LAB_DIR/sender"
}

quiet() {
	[[ -e $LAB_DIR/sender ]] || return 0
	kill "$(<"$LAB_DIR/sender")" 2>/dev/null || true
	until_true has_ended "$(<"$LAB_DIR/sender")"
	rm "$LAB_DIR/sender"
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

# A message of somebody else, who is less.
murmur() {
	# shellcheck disable=SC2016 # of the other shell
	lab_in client bash -c 'printf "\200\022%062d" 0 >"/dev/udp/$1/5060"' _ "$LAB_SERVER4"
}

shows_the_flooder() {
	flood --source "$FLOODER"
	begin
	murmur
	# Most first; of the sender as much as is counted of his reason, or a little less.
	shows "^$FLOODER:5099 +[1-9][0-9]+ .* garbage"
	shows "^$LAB_CLIENT4:[0-9]+ .* garbage"
	equal "$(screen | grep -E '^(192|203)\.' | head -n 1 | cut -d: -f1)" "$FLOODER"
	shows 'garbage +- +- +[12][0-9]+$'
	keys p
	shows PAUSED
	keys p
	until_true hidden PAUSED
	keys q
	ended 0
}

is_banned() {
	sipguard bans --json | jq -e --arg of "$1" 'any(.bans[]; .ban == $of)' >/dev/null
}

bans_and_lifts() {
	flood --source "$FLOODER"
	begin
	shows "^$FLOODER"
	keys b
	shows "^ban $FLOODER for how many minutes"
	keys 7 Enter
	shows "^ban $FLOODER for 7 min\\? y/n"
	keys n
	shows '^q quit'
	if is_banned "$FLOODER"; then
		echo "banned though the answer was no"
		return 1
	fi
	keys b 7 Enter y
	until_true is_banned "$FLOODER"
	shows "^$FLOODER is banned for 7 min"
	shows "^$FLOODER:5099 .* 4[0-9][0-9]s .*ban-source"
	keys w
	shows "why $FLOODER:5099, at"
	shows 'source +banned \(operator\), [67] min'
	keys q
	keys Tab Tab
	shows "^>Bans: 1"
	shows "^$FLOODER +4[0-9][0-9]s operator"
	keys u
	shows "lift the ban of $FLOODER"
	keys y
	shows "^$FLOODER is not banned any more"
	if is_banned "$FLOODER"; then
		echo "still banned"
		return 1
	fi
	keys q
	ended 0
}

refuses_to_ban() {
	murmur
	begin
	until_true murmured
	keys b Enter y
	shows 'a default gateway of this host'
	hidden 'is banned for'
	keys q
	ended 0
}

# An event is of who is heard while somebody follows.
murmured() {
	murmur
	shown "^$LAB_CLIENT4"
}

filters_and_sorts() {
	flood --sources 4 --prefix 203.0.113.76/30
	begin
	shows '^203.0.113.79'
	keys / 203.0.113.78 Enter
	until_true hidden '^203.0.113.79'
	shown '^203.0.113.78'
	shown 'with 203.0.113.78'
	keys Escape
	shows '^203.0.113.79'
	keys s s s s
	shows 'by address'
	until_true in_order
	keys q
	ended 0
}

in_order() {
	equal "$(screen | grep -oE '^203\.0\.113\.7[6-9]' | paste -sd' ')" \
		"203.0.113.76 203.0.113.77 203.0.113.78 203.0.113.79"
}

# Small, large, and small while something covers it.
is_resized() {
	flood --source "$FLOODER"
	begin
	shows "^$FLOODER"
	terminal resize-window -x 40 -y 12
	until_true equal_width 40
	shows "^$FLOODER"
	keys h
	shows 'Keys, and what'
	terminal resize-window -x 10 -y 3
	until_true equal_width 10
	terminal resize-window -x 132 -y 50
	shows '  packets  the same since top'
	keys q
	shows 'zone  .*reasons'
	keys q
	ended 0
}

equal_width() {
	screen | awk -v most="$1" 'length > most { exit 1 }'
}

# The guard goes, another one comes, and is followed.
survives_the_guard() {
	begin
	sipguard detach --all >/dev/null
	shows 'NOT GUARDED'
	shows 'the guard is not attached'
	keys w b u
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
	shows '^sipguard  enforce'
	until_true murmured
	keys q
	ended 0
}

settings() {
	keys "stty -a >$LAB_DIR/settings" Enter
	until_true test -s "$LAB_DIR/settings"
	cat "$LAB_DIR/settings"
	rm "$LAB_DIR/settings"
}

# top_is STATE: as the kernel knows it; T: stopped.
top_is() {
	equal "$(ps -o state= -p "$(top_pid)")" "$1"
}

top_pid() {
	pgrep -f "^$SIPGUARD top" --ns "$(terminal display-message -p '#{pane_pid}')" --nslist net
}

# However it ends, the terminal is as it was.
leaves_the_terminal() {
	local before how
	before=$(settings)
	for how in q C-c TERM HUP; do
		rm -f "$LAB_DIR/status"
		begin
		case $how in
		TERM | HUP) kill -"$how" "$(top_pid)" ;;
		*) keys "$how" ;;
		esac
		ended 0
		equal "$(settings)" "$before"
	done
}

stops_and_goes_on() {
	local before
	before=$(settings)
	begin
	keys C-z
	until_true top_is T
	shows 'Stopped'
	equal "$(settings)" "$before"
	terminal resize-window -x 72 -y 20
	keys fg Enter
	shows '^sipguard  enforce'
	until_true equal_width 72
	keys q
	shows 'shell\$ *$'
	equal "$(settings)" "${before/rows 30; columns 100/rows 20; columns 72}"
}

# says TERM REGEX: one sentence, and exit status 1.
says() {
	keys "clear; TERM=$1 '$SIPGUARD' top; echo \$? >$LAB_DIR/status" Enter
	until_true test -s "$LAB_DIR/status"
	equal "$(<"$LAB_DIR/status")" 1
	shows "$2"
	rm "$LAB_DIR/status"
}

knows_terminals() {
	says dumb 'text cannot be placed'
	says nonsense 'nothing is known of a terminal'
	fails 1 "this is no terminal" top </dev/null
	fails 2 "--interval takes" top --interval 0
	fails 2 "does not know what to do with" top now
	begin
	terminal capture-pane -p -e | grep -q $'\033\\[32m'
	keys q
	ended 0
	rm "$LAB_DIR/status"
	keys "export NO_COLOR=1 TERM=vt100; clear" Enter
	begin
	if terminal capture-pane -p -e | grep -E $'\033\\[[34][0-8]m'; then
		echo "it has colours"
		return 1
	fi
	keys q
	ended 0
}

# Events may come late on a busy machine.
told_by_json() {
	sipguard top --json --interval 2 >"$LAB_DIR/once"
	jq -e --arg who "$FLOODER:5099" '.mode == "enforce" and .heard and .reasons.garbage.dropped > 0
		and (.senders[0] | .source == $who and .reasons == ["garbage"] and .transport == "udp"
			and .seen_per_second > 0)' "$LAB_DIR/once" >/dev/null
}

told_by_text() {
	sipguard top --once >"$LAB_DIR/once"
	grep -q "^$FLOODER:5099 .*garbage" "$LAB_DIR/once"
}

# What is printed once: as text, and as JSON by the same numbers.
prints_once() {
	flood --source "$FLOODER"
	until_true told_by_json
	until_true told_by_text
	grep -q "^ Bans: 0" "$LAB_DIR/once"
	if LC_ALL=C grep -q '[^ -~]' "$LAB_DIR/once"; then
		echo "there are controls in it"
		return 1
	fi
	local status=0
	sipguard top --once >/dev/full 2>"$LAB_DIR/said" || status=$?
	equal "$status" 1
	grep -q "No space left" "$LAB_DIR/said"
	sipguard detach --all >/dev/null
	fails 3 "not attached" top --json
}

lab_up
trap 'terminal kill-server 2>/dev/null || true; test_ended' EXIT
check "who floods is on top" shows_the_flooder
check "keys ban and lift, after they have asked, and say why" bans_and_lifts
check "who may not be banned is not" refuses_to_ban
check "senders are filtered and sorted" filters_and_sorts
check "any size will do, and may change" is_resized
check "the guard goes, and another one comes" survives_the_guard
check "the terminal is as it was" leaves_the_terminal
check "it is stopped, and goes on" stops_and_goes_on
check "a terminal that cannot do it is told so; colours" knows_terminals
check "it is printed once" prints_once
quiet
terminal kill-server 2>/dev/null || true
test_done
