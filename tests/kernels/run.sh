#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel matrix: under each kernel, the host's own and those that fetch.sh
# brings, every BPF object is shown to the verifier, the run test and the table
# of frames are run on the guard of each compiler, the message reader of each
# compiler is compared with the native one, and the command attaches the guard
# to an interface. See usage() for the rest.

set -euo pipefail
export LC_ALL=C

usage()
{
	cat >&2 <<-'EOF'
	usage: run.sh [--kernel SERIES] [-- OBJECT...]

	SERIES  host, or a folder of build/kernels such as 6.1; default: all of them
	OBJECT  default: build/bpf/clang*/*.bpf.o and build/tests/corpus/clang*/
	        probe.bpf.o; clangNN in the path names the compiler in the report

	Prints one "ok -" or "not ok -" line for each check and writes
	build/kernels.json, which a run with --kernel leaves alone. Full output:
	build/kernels/SERIES.log. Exit status 0 if all checks hold, else 1.
	SG_VM_TIMEOUT: seconds for each virtual machine (1200), which ends only what hangs
	SG_VM_JOBS: virtual machines at a time (number of CPUs)
	SG_PAIRED: if not empty, the tests of a guard run in a virtual machine with one compiler
	        only, that of the distribution which has the kernel; all are shown to its verifier
	SG_MUTATIONS: messages that each reader is compared on, beside the project's (5000)
	SG_VERIFY, SG_RUN_TEST, SG_PROBE, SG_SIPGUARD, SG_SIPGUARD_SHORT, SG_AT_EGRESS,
	        SG_TCP_ENDS, SG_FRAMES, SG_UDP_SEGMENT, SG_SEND_MESSAGES: the binaries (build/tests/verify,
	        build/tests/run_guard_plain, build/tests/corpus_probe, build/sipguard,
	        build/tests/sipguard_short, build/tests/at_egress, build/tests/tcp_ends,
	        build/tests/frames, build/tests/udp_segment, build/tests/send_messages)
	SG_XDP: libxdp's parts, and somebody else's program (build/tests/xdp)
	EOF
	exit 2
}

# The verifiers' own limit is a million; what later versions add has to fit, too. The dearest one is
# ingress of clang 14 on 7.2, 282 642.
max_insns=300000

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=tests/kernels
out=build/kernels
verify=${SG_VERIFY:-build/tests/verify}
run_test=${SG_RUN_TEST:-build/tests/run_guard_plain}
probe=${SG_PROBE:-build/tests/corpus_probe}
sipguard=${SG_SIPGUARD:-build/sipguard}
short=${SG_SIPGUARD_SHORT:-build/tests/sipguard_short}
at_egress=${SG_AT_EGRESS:-build/tests/at_egress}
tcp_ends=${SG_TCP_ENDS:-build/tests/tcp_ends}
frames=${SG_FRAMES:-build/tests/frames}
udp_segment=${SG_UDP_SEGMENT:-build/tests/udp_segment}
send_messages=${SG_SEND_MESSAGES:-build/tests/send_messages}
xdp=${SG_XDP:-build/tests/xdp}
jobs=${SG_VM_JOBS:-$(nproc)}
only=
verified=0 # objects that are shown to the verifier
passed=0
failed=0
declare -A pids=() statuses=()

# shellcheck disable=SC2317 # reached by trap only
stop_machines()
{
	local pid

	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
}
trap stop_machines EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

die()
{
	echo "run.sh: $*" >&2
	exit 1
}

ok()
{
	passed=$((passed + 1))
	echo "ok - $*"
}

not_ok()
{
	failed=$((failed + 1))
	echo "not ok - $*"
}

# build/bpf/clang14/guard.bpf.o: 14
clang_of()
{
	sed -nE 's#.*clang-?([0-9]+).*#\1#p' <<<"$1"
}

# The compiler whose guard is tried under a kernel; empty if all are. Debian 12 has 6.1 and clang 14,
# Debian 13 has 6.12 and clang 19, and so has what comes after it.
run_with()
{
	case ${SG_PAIRED:-no},$1 in
	no,* | *,host) ;;
	*,6.1) echo clang14 ;;
	*) echo clang19 ;;
	esac
}

# Starts what is to run under one kernel, its output to SERIES.log. The shell
# must exec it: only so is the pid the one that stop_machines has to signal.
start_kernel()
{
	local series=$1
	local command=(env "SG_RUN_WITH=$(run_with "$series")"
		"SG_MUTATIONS=${SG_MUTATIONS:-5000}" "SG_SIPGUARD=$sipguard"
		"SG_AT_EGRESS=$at_egress" "SG_TCP_ENDS=$tcp_ends" "SG_FRAMES=$frames"
		"SG_SIPGUARD_SHORT=$short" "SG_UDP_SEGMENT=$udp_segment"
		"SG_SEND_MESSAGES=$send_messages" "SG_XDP=$xdp"
		sh "$here/job.sh" "$verify" "$run_test" "$probe" "${objects[@]}")

	if [[ $series == host ]]; then
		timeout --kill-after=5 "${SG_VM_TIMEOUT:-1200}" "${command[@]}" \
			>"$out/host.log" 2>&1 &
	else
		printf '%s\n' "$here"/{job,lib,attach,interfaces,coalesced,shadow,dispatcher}.sh \
			"$udp_segment" "$verify" "$run_test" "$probe" "$sipguard" "$short" "$at_egress" \
			"$tcp_ends" "$frames" "$send_messages" "$xdp" "${objects[@]}" \
			>"$out/$series.files"
		"$here/vm.sh" "$out/$series" "$out/$series.files" -- "${command[@]}" \
			>"$out/$series.log" 2>&1 &
	fi
	pids[$series]=$!
}

# Leaves the exit status of each kernel in statuses.
run_all()
{
	local i series

	# The newest takes longest to boot, so it starts first.
	for ((i = ${#kernels[@]} - 1; i >= 0; i--)); do
		while [[ $(jobs -pr | wc -l) -ge $jobs ]]; do
			wait -n || true
		done
		start_kernel "${kernels[i]}"
	done
	for series in "${kernels[@]}"; do
		statuses[$series]=0
		wait "${pids[$series]}" || statuses[$series]=$?
	done
	pids=()
}

# One array of the JSON records of a kernel, in the form of build/kernels.json.
records()
{
	local log=$1

	sed -n 's/^@verify //p' "$log" | jq -c '{
		kernel,
		clang: ([.object | capture("clang-?(?<n>[0-9]+)").n][0] // "unknown"),
		program: (if .program == "" then .object else .program end),
		loads, verified_instructions, object, error
	}'
}

# Some hosts let no program stand in for a function of another one; those of fetch.sh do.
check_programs()
{
	local kernel=$1 log=$2 series=$3 clang program loads insns error what

	while IFS=$'\t' read -r clang program loads insns error; do
		what="kernel $kernel: $program (clang $clang)"
		if [[ $error == no-ext && $series == host ]]; then
			ok "$what not tried: no program may stand in for a function here"
		elif [[ $loads != true ]]; then
			not_ok "$what does not load: $error"
		elif ((insns > max_insns)); then
			not_ok "$what loads, but $insns instructions are more than $max_insns"
		else
			ok "$what loads, $insns instructions"
		fi
	done < <(records "$log" |
		 jq -r '[.clang, .program, .loads, .verified_instructions, .error // ""] | @tsv')
}

# A verifier tool that crashes must not pass for one that found nothing wrong.
check_complete()
{
	local kernel=$1 log=$2 told

	told=$(records "$log" | jq -s 'map(.object) | unique | length')
	[[ $told == "$verified" ]] ||
		not_ok "kernel $kernel: verify told of $told objects of $verified"
}

check_run_tests()
{
	local kernel=$1 log=$2 object status number what

	while read -r object status number; do
		what="kernel $kernel: run test (clang $(clang_of "$object"))"
		if [[ $status == refused ]]; then
			not_ok "$what not run, the guard does not load"
		elif [[ $status == other ]]; then
			echo "# $what and table of frames: only by make kernels"
		elif [[ $status != 0 || $number == 0 ]]; then
			not_ok "$what, exit status $status, $number tests passed"
		else
			ok "$what, $number tests passed"
		fi
	done < <(sed -n 's/^@run //p' "$log")
}

# Rows that a kernel cannot try are named in its log, and counted here.
check_frames()
{
	local kernel=$1 log=$2 object status number what skipped

	skipped=$(sed -n 's/^  not tried whether it is delivered: //p' "$log" | sort -u | wc -l)
	while read -r object status number; do
		what="kernel $kernel: table of frames (clang $(clang_of "$object"))"
		if [[ $status != 0 || $number == 0 ]]; then
			not_ok "$what, exit status $status, $number tests passed"
		else
			ok "$what, $number tests passed; $skipped rows not tried" \
				"whether they are delivered"
		fi
	done < <(sed -n 's/^@frames //p' "$log")
}

check_probes()
{
	local kernel=$1 log=$2 object status result what

	while read -r object status result; do
		what="kernel $kernel: message reader (clang $(clang_of "$object"))"
		if [[ $status == 0 ]]; then
			ok "$what as the native one, $result"
		else
			not_ok "$what, exit status $status: $result"
		fi
	done < <(sed -n 's/^@probe //p' "$log")
}

# Each kernel must take the way at egress that is the best one it has.
check_attach()
{
	local kernel=$1 log=$2 status result want=tcx

	printf '6.6\n%s\n' "$kernel" | sort -CV || want=clsact
	read -r status result < <(sed -n 's/^@attach //p' "$log") || true
	if [[ ${status:-none} == 0 && $result == "$want" ]]; then
		ok "kernel $kernel: attach, upgrade and detach, by $want at egress; connections counted"
	else
		not_ok "kernel $kernel: attach, wanted $want at egress, got ${result:-nothing}"
	fi
}

# A kernel that lacks a kind of interface is named; those that fetch.sh brings have them all.
check_interfaces()
{
	local kernel=$1 log=$2 series=$3 status missing

	read -r status missing < <(sed -n 's/^@interfaces //p' "$log") || true
	if [[ ${status:-none} != 0 ]]; then
		not_ok "kernel $kernel: interfaces renamed, moved and stacked"
	elif [[ $missing == all ]]; then
		ok "kernel $kernel: interfaces renamed, moved and stacked"
	elif [[ $series == host ]]; then
		ok "kernel $kernel: interfaces renamed, moved and stacked, but it has no $missing"
	else
		not_ok "kernel $kernel: it has no $missing: run tests/kernels/fetch.sh with its modules"
	fi
}

check_coalesced()
{
	local kernel=$1 log=$2 status missing

	read -r status missing < <(sed -n 's/^@coalesced //p' "$log") || true
	if [[ ${status:-none} != 0 ]]; then
		not_ok "kernel $kernel: several datagrams in one frame"
	elif [[ $missing == all ]]; then
		ok "kernel $kernel: several datagrams in one frame, by veth, tap and bridge"
	else
		ok "kernel $kernel: several datagrams in one frame, but it has none by $missing"
	fi
}

check_shadow()
{
	local kernel=$1 log=$2 series=$3 status result

	read -r status result < <(sed -n 's/^@shadow //p' "$log") || true
	if [[ ${status:-none} == 0 && $result == all ]]; then
		ok "kernel $kernel: a shadow differs where two runs of replay do"
	elif [[ ${status:-none} == 0 && $series == host ]]; then
		ok "kernel $kernel: a shadow is refused in a sentence"
	else
		not_ok "kernel $kernel: shadow policy: ${result:-nothing}"
	fi
}

check_dispatcher()
{
	local kernel=$1 log=$2 series=$3 status result

	read -r status result < <(sed -n 's/^@dispatcher //p' "$log") || true
	if [[ ${status:-none} == 0 && $result == all ]]; then
		ok "kernel $kernel: the guard runs beside another program, by libxdp's dispatcher"
	elif [[ ${status:-none} == 0 && $series == host ]]; then
		ok "kernel $kernel: libxdp's dispatcher is refused in a sentence"
	else
		not_ok "kernel $kernel: libxdp's dispatcher: ${result:-nothing}"
	fi
}

check_kernel()
{
	local series=$1 log=$out/$1.log status kernel before=$failed

	status=${statuses[$series]}
	kernel=$(sed -n 's/^@kernel //p' "$log")
	check_programs "${kernel:-$series}" "$log" "$series"
	check_complete "${kernel:-$series}" "$log"
	check_run_tests "${kernel:-$series}" "$log"
	check_frames "${kernel:-$series}" "$log"
	check_probes "${kernel:-$series}" "$log"
	check_attach "${kernel:-$series}" "$log"
	check_interfaces "${kernel:-$series}" "$log" "$series"
	check_coalesced "${kernel:-$series}" "$log"
	check_shadow "${kernel:-$series}" "$log" "$series"
	check_dispatcher "${kernel:-$series}" "$log" "$series"
	if [[ $status == 124 ]]; then
		not_ok "kernel ${kernel:-$series}: timed out; if only slow, raise SG_VM_TIMEOUT"
	elif [[ $status != 0 ]] || ! grep -q '^@done$' "$log"; then
		not_ok "kernel ${kernel:-$series}: $(grep '^vm.sh: ' "$log" | tail -n 1 | grep . ||
			echo "the tests ended early, with status $status")"
	fi
	[[ $failed == "$before" ]] || {
		echo "# $log ends with:"
		grep -v '^@' "$log" | tail -n 40 | sed 's/^/#   /'
	}
}

write_json()
{
	local series

	for series in "${kernels[@]}"; do
		records "$out/$series.log" | jq -c 'select(.error != "no-ext") | del(.object, .error)'
	done | jq -s . >build/kernels.json.new
	mv build/kernels.json.new build/kernels.json
}

# Arguments to the arrays objects and kernels.
parse()
{
	local file

	while [[ $# -gt 0 && $1 != -- ]]; do
		[[ $1 == --kernel && $# -ge 2 ]] || usage
		only=$2
		shift 2
	done
	objects=("${@:2}")
	[[ ${#objects[@]} -gt 0 ]] ||
		objects=(build/bpf/clang*/*.bpf.o build/tests/corpus/clang*/probe.bpf.o)
	for file in "$verify" "$run_test" "$probe" "$sipguard" "$short" "$at_egress" \
			"$tcp_ends" "$frames" "$udp_segment" "$send_messages" "${objects[@]}"; do
		[[ -f $file ]] || die "$file does not exist; run make first."
		[[ $file != *.o || $file == */probe.bpf.o ]] || verified=$((verified + 1))
	done
}

find_kernels()
{
	local file

	[[ $only == host ]] || "$here/fetch.sh"
	kernels=()
	for file in $(printf '%s\n' "$out"/*/suite | sort -V) host/suite; do
		file=$(basename "$(dirname "$file")")
		[[ -n $only && $file != "$only" ]] || kernels+=("$file")
	done
	[[ ${#kernels[@]} -gt 0 ]] || die "there is no kernel $only; see the folders of $out."
	[[ $EUID == 0 || ( -n $only && $only != host ) ]] ||
		die "under the host's own kernel only root may load BPF programs; run this as root."
}

parse "$@"
mkdir -p "$out"
find_kernels
start=$SECONDS
run_all
for series in "${kernels[@]}"; do
	check_kernel "$series"
done
[[ -n $only ]] || write_json
echo "kernels: $passed passed, $failed failed ($((SECONDS - start)) s)"
[[ $failed == 0 ]]
