#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# However a lab ends, it leaves nothing behind: no namespace, no process, no mount, no directory,
# and the scheduler's setting as it was.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# The lab that is going to be ended, in a shell of its own. $1 is what it does when all is up.
victim() {
	cat >"$WORK/victim" <<END
source "$LAB_SRC/lab.sh"
lab_up
lab_kamailio_start
lab_realtime_on 0
lab_sipp calls call 4 udp -r 5
ip netns pids "\$LAB_NS_SERVER" >"$WORK/pids"
echo "\$LAB_PID" >>"$WORK/pids"
echo "\$LAB_KAMAILIO_PID" >"$WORK/kamailio"
echo "\$LAB_DIR" >"$WORK/dir"
$1
END
	rm -f "$WORK/dir"
	# A process group of its own, and SIGINT not ignored, as in a terminal.
	env --default-signal=INT setsid bash "$WORK/victim" >"$WORK/out" 2>&1 &
	VICTIM=$!
	local i
	for ((i = 0; i < 20 * LAB_PATIENCE; i++)); do
		[[ ! -s $WORK/dir ]] || return 0
		sleep 0.05
	done
	cat "$WORK/out"
	return 1
}

# Nothing is left. (A reaper needs a moment to notice.)
nothing_left() {
	local left i
	for ((i = 0; i < 20 * LAB_PATIENCE; i++)); do
		left=$(leftovers)
		[[ -n $left ]] || return 0
		sleep 0.05
	done
	echo "$left"
	return 1
}

leftovers() {
	local pid dir
	dir=$(<"$WORK/dir")
	ip netns list | grep "sg-$VICTIM-" || true
	grep "$dir" /proc/mounts || true
	[[ ! -e $dir ]] || echo "directory $dir"
	while read -r pid; do
		[[ ! -e /proc/$pid ]] || echo "process $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done <"$WORK/pids"
	[[ $RT_RUNTIME == "$(</proc/sys/kernel/sched_rt_runtime_us)" ]] ||
		echo "kernel.sched_rt_runtime_us is $(</proc/sys/kernel/sched_rt_runtime_us)"
}

ended_by() {
	victim "wait"
	kill "-$1" "$VICTIM"
	wait "$VICTIM" || true
	nothing_left
}

# The whole group, as a terminal does it, while a command is in the foreground.
ended_by_terminal() {
	victim "lab_in client sleep 60"
	kill -INT -- "-$VICTIM"
	wait "$VICTIM" || true
	nothing_left
}

ended_by_failure() {
	victim "false"
	wait "$VICTIM" || true
	nothing_left
}

ended_by_child() {
	# shellcheck disable=SC2016 # expanded by the victim
	victim 'wait "$LAB_KAMAILIO_PID"'
	kill -KILL "$(<"$WORK/kamailio")"
	wait "$VICTIM" || true
	nothing_left
}

# While it is being made.
ended_early() {
	local delay
	for delay in 0.05 0.1 0.15 0.2 0.3; do
		victim_unready "$delay"
	done
}

victim_unready() {
	printf 'source "%s/lab.sh"\nlab_up\nlab_kamailio_start\nwait\n' "$LAB_SRC" >"$WORK/early"
	bash "$WORK/early" >"$WORK/out" 2>&1 &
	VICTIM=$!
	sleep "$1"
	kill -TERM "$VICTIM" 2>/dev/null || true
	wait "$VICTIM" || true
	: >"$WORK/pids"
	echo "$WORK/none" >"$WORK/dir"
	nothing_left
	grep -lsx "$VICTIM" "$LAB_RUN"/sipguard-lab.*/id && return 1
	return 0
}

lab_need_root
lab_realtime_lock
RT_RUNTIME=$(</proc/sys/kernel/sched_rt_runtime_us)
# The victims take the lock themselves.
lab_realtime_unlock
for signal in INT TERM HUP KILL; do
	check "ended by SIG$signal" ended_by "$signal"
done
check "Ctrl-C in the terminal" ended_by_terminal
check "a command fails" ended_by_failure
check "the server is killed" ended_by_child
check "ended while it is being made" ended_early
TEST_DONE=yes
exit "$TEST_FAILED"
