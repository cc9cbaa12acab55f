#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A SIP server and its callers on one machine: two network namespaces, one veth pair, a real
# Kamailio.
#
#   as a command:  tools/lab/lab.sh help
#   as a library:  source tools/lab/lab.sh; lab_up; lab_kamailio_start; lab_in client sipsak ...
#
# Invariants everything else relies on:
#  - Both ends of the veth pair are born inside namespaces this file made, so no command of the
#    lab can reach an interface of the machine.
#  - Whatever runs in those namespaces was started by this lab, so killing "every process of the
#    namespace" ends nothing else.
#  - lab_destroy works from what is on disk alone. The EXIT trap calls it, and so does a reaper in a
#    session of its own when the owner was killed in a way no trap sees (SIGKILL, out of memory).

# shellcheck source-path=SCRIPTDIR

set -euo pipefail

LAB_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_ROOT=$(cd "$LAB_SRC/../.." && pwd)
# Root writes here and nobody else, so the names found by "down" can be trusted.
LAB_RUN=/run

# Documentation and benchmarking prefixes (RFC 5737, RFC 3849, RFC 2544): never anybody's addresses.
# Probes and floods come from addresses the server reaches through its default route: one static
# neighbour covers them all, and no reply to a spoofed address waits for ARP.
# shellcheck disable=SC2034 # some are for the scripts that source this
{
LAB_SERVER4=192.0.2.10
LAB_CLIENT4=192.0.2.20
LAB_SERVER6=2001:db8:0:1::10
LAB_CLIENT6=2001:db8:0:1::20
LAB_PROBE4=203.0.113.1
LAB_PROBES4=203.0.113.0/24
LAB_PROBE6=2001:db8:0:2::1
LAB_FLOOD4=198.51.100.66
LAB_FLOOD6=2001:db8:0:66::66
LAB_FLOOD_PREFIX4=198.18.0.0/15
LAB_FLOOD_PREFIX6=2001:db8:8000::/33
LAB_SERVER_MAC=02:00:5e:10:00:01
LAB_CLIENT_MAC=02:00:5e:10:00:02
}

LAB_DIR=
LAB_ID=
LAB_LOCK=
LAB_AWAKE=
LAB_PID=
LAB_KEEP=

lab_die() {
	printf 'lab: %s\n' "$*" >&2
	exit 1
}

lab_need_root() {
	[[ $EUID -eq 0 ]] || lab_die "network namespaces need root: run this with sudo."
}

# Stops at the first tool that is missing, with the Debian package that has it.
lab_need_tools() {
	local pair
	for pair in ip:iproute2 ss:iproute2 nsenter:util-linux ethtool:ethtool kamailio:kamailio \
		sipp:sip-tester sipsak:sipsak jq:jq; do
		command -v "${pair%%:*}" >/dev/null ||
			lab_die "${pair%%:*} is missing: apt-get install ${pair#*:}."
	done
}

# Sets the names of the lab that lives in directory $1.
lab_use() {
	LAB_DIR=$1
	LAB_ID=$(<"$1/id")
	LAB_NS_SERVER=sg-$LAB_ID-server
	LAB_NS_CLIENT=sg-$LAB_ID-client
	LAB_NS_FAR=sg-$LAB_ID-far # only some tests make it, beyond the client
	# Kernel threads carry the interface name, and they are global: it must be unique too.
	LAB_IF_SERVER=sg-${LAB_ID}s
	LAB_IF_CLIENT=sg-${LAB_ID}c
	# bpffs of our own: an "ip netns exec" hides /sys/fs/bpf, and the lab must not
	# leave pins there.
	export SIPGUARD_PIN_ROOT=$LAB_DIR/bpf/sipguard
	export LAB_DIR LAB_ID LAB_NS_SERVER LAB_NS_CLIENT LAB_NS_FAR LAB_IF_SERVER LAB_IF_CLIENT
}

lab_ns() {
	case $1 in
	server) echo "$LAB_NS_SERVER" ;;
	client) echo "$LAB_NS_CLIENT" ;;
	*) lab_die "no such side of the lab: $1 (it has a server and a client)." ;;
	esac
}

# Runs a command on the network of one side. Only the network changes: with "ip netns exec" the
# mounts of /sys would change too, and pinned programs would be out of sight.
lab_in() {
	local ns
	ns=$(lab_ns "$1")
	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

# The same, for what must see /sys/class/net of that side.
lab_sysfs() {
	local ns
	ns=$(lab_ns "$1")
	shift
	ip netns exec "$ns" "$@"
}

# lab_in as a job that is waited for: a trap runs at once, not when the command is done. Its exit
# status is the command's.
lab_wait_in() {
	lab_in "$@" &
	wait $!
}

lab_link() {
	ip netns add "$LAB_NS_CLIENT"
	ip netns add "$LAB_NS_SERVER"
	# One queue each: one NAPI context to put on a CPU, and no other one to escape to.
	ip link add name "$LAB_IF_CLIENT" netns "$LAB_NS_CLIENT" address "$LAB_CLIENT_MAC" \
		numtxqueues 1 numrxqueues 1 type veth \
		peer name "$LAB_IF_SERVER" netns "$LAB_NS_SERVER" address "$LAB_SERVER_MAC" \
		numtxqueues 1 numrxqueues 1
}

# lab_side SIDE IF ADDR4 ADDR6 PEER4 PEER6 PEERMAC
lab_side() {
	local ns
	ns=$(lab_ns "$1")
	# Router advertisements and link-local addresses would only add packets nobody asked for.
	ip netns exec "$ns" sh -c "
		echo 0 > /proc/sys/net/ipv6/conf/$2/accept_ra
		echo 1 > /proc/sys/net/ipv6/conf/$2/addr_gen_mode
		echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
		echo 0 > /proc/sys/net/ipv4/conf/$2/rp_filter"
	ip -n "$ns" link set lo up
	ip -n "$ns" addr add "$3/24" dev "$2"
	ip -n "$ns" addr add "$4/64" dev "$2" nodad
	ip -n "$ns" link set "$2" up
	ip -n "$ns" neigh add "$5" lladdr "$7" dev "$2" nud permanent
	ip -n "$ns" neigh add "$6" lladdr "$7" dev "$2" nud permanent
	# A veth without XDP and without GRO refuses redirected frames in silence.
	ip netns exec "$ns" ethtool -K "$2" gro on
}

# The kernel tells that a link runs up to a second after both ends are up.
lab_link_ready() {
	local i
	for ((i = 0; i < 1200; i++)); do
		! ip -n "$LAB_NS_CLIENT" link show "$LAB_IF_CLIENT" | grep -q "state UP" || return 0
		sleep 0.05
	done
	lab_die "the veth pair does not come up: see \"dmesg\"."
}

lab_reaper() {
	# A session of its own: Ctrl-C in the terminal must not take the reaper with the owner.
	# shellcheck disable=SC2016 # expanded by the inner shell
	setsid bash -c 'tail --pid="$1" -s 0.3 -f /dev/null; exec "$2" reap "$3"' \
		reaper "$$" "$LAB_SRC/lab.sh" "$LAB_DIR" </dev/null >/dev/null 2>&1 &
	echo $! >"$LAB_DIR/reaper"
	disown
}

# Makes the lab. It is taken down when this shell ends, however it ends, unless LAB_KEEP is set.
# Sets the traps EXIT, HUP, INT and TERM.
lab_up() {
	lab_need_root
	lab_need_tools
	# A lab left by "up" whose maker had the same process id is not ours to touch.
	[[ ! -e /run/netns/sg-$$-server ]] ||
		lab_die "there is a lab named $$ already: run \"lab.sh down\"."
	trap lab_down EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	LAB_DIR=$(mktemp -d "$LAB_RUN/sipguard-lab.XXXXXX")
	echo "$$" >"$LAB_DIR/id"
	lab_use "$LAB_DIR"
	[[ -n $LAB_KEEP ]] || lab_reaper
	mkdir "$LAB_DIR/bpf"
	mount -t bpf none "$LAB_DIR/bpf"
	lab_link
	lab_side server "$LAB_IF_SERVER" "$LAB_SERVER4" "$LAB_SERVER6" \
		"$LAB_CLIENT4" "$LAB_CLIENT6" "$LAB_CLIENT_MAC"
	lab_side client "$LAB_IF_CLIENT" "$LAB_CLIENT4" "$LAB_CLIENT6" \
		"$LAB_SERVER4" "$LAB_SERVER6" "$LAB_SERVER_MAC"
	lab_link_ready
	ip -n "$LAB_NS_SERVER" route add default via "$LAB_CLIENT4"
	ip -n "$LAB_NS_SERVER" -6 route add default via "$LAB_CLIENT6"
	[[ -z $LAB_KEEP ]] || trap - EXIT HUP INT TERM
}

# Ends every process of one namespace, politely for a second, then not; waits until they are gone.
lab_end_processes() {
	local ns=$1 pids i
	[[ -e /run/netns/$ns ]] || return 0
	for ((i = 0; i < 1200; i++)); do
		pids=$(ip netns pids "$ns" 2>/dev/null) || return 0
		[[ -n $pids ]] || return 0
		# shellcheck disable=SC2086 # one argument for each process
		case $i in
		0) kill -TERM $pids 2>/dev/null || true ;;
		20) kill -KILL $pids 2>/dev/null || true ;;
		esac
		sleep 0.05
	done
}

# Takes down the lab in directory $1. Safe to call twice, and on a lab that was only half made.
lab_destroy() {
	local - dir=$1 reaper=
	# Teardown goes on past whatever is gone already.
	set +e
	[[ -e $dir/id ]] || {
		rm -rf --one-file-system "$dir"
		return
	}
	lab_use "$dir"
	lab_realtime_off
	lab_end_processes "$LAB_NS_FAR"
	lab_end_processes "$LAB_NS_CLIENT"
	lab_end_processes "$LAB_NS_SERVER"
	[[ ! -e /run/netns/$LAB_NS_FAR ]] || ip netns del "$LAB_NS_FAR"
	[[ ! -e /run/netns/$LAB_NS_CLIENT ]] || ip netns del "$LAB_NS_CLIENT"
	[[ ! -e /run/netns/$LAB_NS_SERVER ]] || ip netns del "$LAB_NS_SERVER"
	! mountpoint -q "$dir/bpf" || umount "$dir/bpf"
	[[ ! -e $dir/reaper ]] || reaper=$(<"$dir/reaper")
	rm -rf --one-file-system "$dir"
	# The session leader and its "tail"; the reaper itself must live to get here.
	[[ -z $reaper || $reaper == "$$" ]] || kill -- "-$reaper" 2>/dev/null || true
}

lab_down() {
	local status=$?
	# A second Ctrl-C must not leave half of it behind.
	trap '' HUP INT TERM
	trap - EXIT
	[[ -z $LAB_DIR ]] || lab_destroy "$LAB_DIR"
	LAB_DIR=
	trap - HUP INT TERM
	return "$status"
}

# The last two CPUs this process may use: the server's, and the flood's. The first ones take most
# of a machine's own interrupts.
lab_choose_cpus() {
	local list part cpus=()
	list=$(taskset -pc $$)
	for part in $(tr ',' ' ' <<<"${list##*: }"); do
		mapfile -O "${#cpus[@]}" -t cpus < <(seq "${part%-*}" "${part#*-}")
	done
	[[ ${#cpus[@]} -ge 2 ]] ||
		lab_die "this needs two CPUs, one for the server and one for the flood."
	# shellcheck disable=SC2034 # for the scripts that source this
	LAB_CPU_SERVER=${cpus[-1]}
	# shellcheck disable=SC2034
	LAB_CPU_FLOOD=${cpus[-2]}
}

# A NIC under flood spends its CPU in softirq, above every process. The lab's equivalent: the
# receiving NAPI as a kernel thread, SCHED_FIFO, on the CPU of the server ($1). Real-time
# throttling would hand 5 % of that CPU back to the server and flatter every guard, so it is off
# meanwhile. Call it after the guard is attached: attaching may make the thread anew.
lab_realtime_on() {
	local cpu=$1 pid
	lab_realtime_lock
	if [[ ! -e $LAB_DIR/rt_runtime ]]; then
		cat /proc/sys/kernel/sched_rt_runtime_us >"$LAB_DIR/rt_runtime.new"
		mv "$LAB_DIR/rt_runtime.new" "$LAB_DIR/rt_runtime"
	fi
	echo -1 >/proc/sys/kernel/sched_rt_runtime_us
	# Nor does a CPU under flood sleep. Waking one takes a virtual machine longer than the veth ring
	# of 256 frames lasts, and the ring would drop what no guard has seen. A latency request (PM QoS)
	# keeps idle CPUs polling; it ends with the file descriptor, whatever happens.
	if [[ -z $LAB_AWAKE && -w /dev/cpu_dma_latency ]]; then
		exec {LAB_AWAKE}>/dev/cpu_dma_latency
		printf '\0\0\0\0' >&"$LAB_AWAKE"
	fi
	# shellcheck disable=SC2016 # $1 is the inner shell's
	lab_sysfs server sh -c 'echo 1 >"/sys/class/net/$1/threaded"' sh "$LAB_IF_SERVER" ||
		lab_die "the kernel cannot run NAPI in a thread (it needs 5.12 or newer)."
	pid=$(lab_napi_thread)
	[[ -n $pid ]] || lab_die "no NAPI thread of $LAB_IF_SERVER: is XDP or GRO on?"
	taskset -pc "$cpu" "$pid" >/dev/null
	chrt -f -p 50 "$pid"
}

lab_napi_thread() {
	local comm name
	for comm in /proc/[0-9]*/comm; do
		# Processes come and go while this looks.
		{ read -r name <"$comm"; } 2>/dev/null || continue
		if [[ $name == "napi/$LAB_IF_SERVER-"* ]]; then
			comm=${comm#/proc/}
			echo "${comm%/comm}"
			return
		fi
	done
}

lab_realtime_off() {
	[[ -z $LAB_AWAKE ]] || exec {LAB_AWAKE}>&-
	LAB_AWAKE=
	[[ ! -e $LAB_DIR/rt_runtime ]] ||
		cat "$LAB_DIR/rt_runtime" >/proc/sys/kernel/sched_rt_runtime_us
	rm -f "$LAB_DIR/rt_runtime"
}

# The scheduler setting is the machine's: two labs that change it at once would restore each
# other's. The lock is on the setting itself, and held until lab_realtime_unlock, or until the
# shell ends.
lab_realtime_lock() {
	[[ -z $LAB_LOCK ]] || return 0
	exec {LAB_LOCK}</proc/sys/kernel/sched_rt_runtime_us
	flock -w 300 "$LAB_LOCK" ||
		lab_die "another lab measures since five minutes: wait until it is done."
}

lab_realtime_unlock() {
	[[ -z $LAB_LOCK ]] || exec {LAB_LOCK}>&-
	LAB_LOCK=
}

# shellcheck source=sip.sh
source "$LAB_SRC/sip.sh"

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	# shellcheck source=command.sh
	source "$LAB_SRC/command.sh"
	lab_command "$@"
fi
