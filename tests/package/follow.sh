#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What newcomer.sh runs in its clean Debian 12: the commands of the README's blocks, one after the
# other. Those of "Two commands", and the installation, see the machine's network, by which packages
# come. What guards has interfaces of its own: eth0, whose far end sends what an operator would look
# for, and a BPF file system of its own.

# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2094,SC2317 # nothing is written to what is read; the checks are called by name

set -uo pipefail
# shellcheck source=lib.sh
source /root/lib.sh

TREE=/root/sipguard
README=$TREE/README.md
SUITE=newcomer
FAILED=0
OUT=/root/out
# These go on until they are told to end.
ENDLESS='^(sipguard (stats --watch|top|events|capture|watch)|tcpdump) ?'

# The README's blocks, a line each: LINE COMMAND, and below one of a console what is shown, after a
# tab.
blocks() {
	awk '/^```/ { block = !block; console = /console/; next }
		block && console && /^# / { print NR " " substr($0, 3); next }
		block && console { print "\t" $0; next }
		block && NF { print NR " " $0 }' "$README"
}

# Numbers and times differ from day to day, and so does what is beside them.
plain() {
	sed -E 's/[0-9]+([.,:][0-9]+)*/N/g; s/(ms|us|ns|min|[smhd])\b/s/g; s/[[:space:]]+/ /g; s/ $//'
}

# is_shown SHOWN SAID: the same lines; "..." stands for any.
is_shown() {
	awk 'NR == FNR { want[++n] = $0; next }
		{ said[++m] = $0 }
		END {
			for (i = j = 1; j <= m; j++) {
				if (want[i] == "...") {
					i++
					any = 1
				}
				if (i <= n && said[j] == want[i]) {
					i++
					any = 0
				} else if (!any) {
					break
				}
			}
			if (j > m && (i > n || i == n && want[n] == "..."))
				exit
			print "the README has, from its line", i, "of", n, "on: " want[i]
			for (j = 1; j <= m; j++)
				print "  said: " said[j]
			exit 1
		}' "$1" "$2"
}

ended_as_told() { # STATUS
	[[ $1 -eq 0 || $1 -eq 130 || $1 -eq 124 ]]
}

run() { # COMMAND
	local status=0
	cd "$(</root/cwd)" || return
	if [[ $1 =~ $ENDLESS ]]; then
		script -qec "timeout --foreground -k 5 -s INT --preserve-status 6 ${1%%#*}" /dev/null >"$OUT" 2>&1 || status=$?
		ended_as_told "$status" || return "$status"
	else
		eval "$1" >"$OUT" 2>&1 || return
	fi
	pwd >/root/cwd
}

# What was to be seen is shown when it is not.
follows() { # COMMAND SHOWN
	run "$1" || {
		local status=$?
		tail -n 15 "$OUT"
		return "$status"
	}
	[[ -n $2 ]] || return 0
	is_shown <(plain <<<"$2") <(plain <"$OUT")
}

# step LINE COMMAND SHOWN
step() {
	check "line $1: ${2%%  *}" follows "$2" "$3"
	# Whoever has ended the guard has it again for what comes next.
	[[ $2 != "sipguard detach"* ]] || sipguard attach eth0 >/dev/null
}

# What comes from the far end meanwhile: a peer whom nobody knows calls too often.
noise() {
	local call
	ip link add eth0 type veth peer name far
	ip netns add far
	ip link set far netns far
	ip address add 192.0.2.1/24 dev eth0
	ip link set eth0 up
	ip link set lo up
	ip -n far address add 192.0.2.9/24 dev far
	ip -n far link set far up
	call='INVITE sip:100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK%s\r\n'
	call+='From: <sip:9@192.0.2.9>;tag=%s\r\nTo: <sip:100@192.0.2.1>\r\nCall-ID: %s\r\n'
	call+='CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:9@192.0.2.9>\r\nContent-Length: 0\r\n\r\n'
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec far bash -c '
		exec 3>/dev/udp/192.0.2.1/5060
		for ((i = 0; ; i++)); do
			# (The one of bash would send a packet for each line.)
			/usr/bin/printf "$1" "$i" "$i" "$i" >&3 || true
			sleep 0.01
		done' noise "$call" 2>/dev/null &
	NOISE=$!
	trap 'kill "$NOISE"; ip netns del far' EXIT
}

# With interfaces of its own: the commands behind "make".
guards() {
	local line command shown
	mount -t sysfs sysfs /sys
	mount -t bpf bpf /sys/fs/bpf
	noise
	printf '203.0.113.0/24\n' >"$(</root/cwd)/bad.txt"
	while IFS= read -r row <&3; do
		[[ $row != $'\t'* ]] || continue
		line=${row%% *} command=${row#* }
		[[ $command != make* ]] || continue
		shown=$(awk -v at="$line" '/^\t/ { if (on) print substr($0, 2); next } { on = $1 == at }' \
			/root/blocks)
		step "$line" "$command" "$shown"
	done 3</root/blocks
	sipguard detach --all
	[[ $FAILED -eq 0 ]]
}

demonstrates() {
	local row
	while IFS= read -r row <&3; do
		[[ ${row#* } == make* ]] || continue
		if [[ $NEWCOMER == brief && ${row#* } == "make test"* ]]; then
			echo "# newcomer: make test is left out, as NEWCOMER=brief says"
			continue
		fi
		step "${row%% *}" "${row#* }" ""
	done 3</root/blocks
	check "make install, which the README names" follows "make install" ""
}

blocks >/root/blocks
echo "$TREE" >/root/cwd
if [[ ${1:-} == guards ]]; then
	guards
	exit
fi
check "there are commands in the README" test "$(grep -c sipguard /root/blocks)" -gt 20
demonstrates
unshare --net --mount bash "$0" guards || FAILED=1
check "make uninstall leaves nothing" follows "make -C $TREE uninstall && ! find /usr/local -name '*sipguard*' | grep ." ""
exit "$FAILED"
