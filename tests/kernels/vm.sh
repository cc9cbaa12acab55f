#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs one command in a virtual machine with a kernel that fetch.sh made ready.
# Pure emulation: needs neither KVM, nor root, nor a disk, nor a network.

set -euo pipefail
export LC_ALL=C

usage()
{
	cat >&2 <<-'EOF'
	usage: vm.sh KERNELDIR FILES -- COMMAND [ARGUMENT...]

	KERNELDIR  a folder made by fetch.sh, such as build/kernels/6.1
	FILES      a list of paths below the current folder, one a line. Each is
	           copied to the same path below /sg, where COMMAND runs, with
	           the shared libraries it needs. "-" reads the list from stdin.

	Prints what COMMAND prints. Exit status: that of COMMAND; 124 if it did not
	end in time; 125 if the machine failed (did not boot, or died).
	SG_VM_TIMEOUT: seconds until the machine is stopped (default 1200; ends only what hangs)
	SG_VM_MEMORY: its memory in MiB (1024)   SG_VM_CPUS: its CPUs (2)
	EOF
	exit 2
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seconds=${SG_VM_TIMEOUT:-1200}
memory=${SG_VM_MEMORY:-1024}
cpus=${SG_VM_CPUS:-2}
pid=
tmp=

# shellcheck disable=SC2317 # reached by trap only
cleanup()
{
	[[ -z $pid ]] || kill "$pid" 2>/dev/null || true
	[[ -z $tmp ]] || rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail()
{
	echo "vm.sh: $*" >&2
	exit 125
}

need_tools()
{
	local pair

	for pair in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio; do
		command -v "${pair%%:*}" >/dev/null ||
			fail "${pair%%:*} is missing; install the package ${pair##*:}."
	done
	# The dynamic one of the package busybox would not start in there.
	! ldd "$(command -v busybox)" >/dev/null 2>&1 ||
		fail "busybox is not static; install the package busybox-static."
}

# Paths of the shared libraries of an ELF file, the dynamic loader included.
libraries()
{
	ldd "$1" 2>/dev/null | grep -oE '/[^ ]+' || true
}

add_file()
{
	local path=$1 file library

	[[ $path != /* && /$path/ != */../* ]] || fail "$path is not below the current folder."
	[[ -e $path ]] || fail "$path does not exist; build it first."
	mkdir -p "$tmp/root/sg/$(dirname "$path")"
	cp -rL "$path" "$tmp/root/sg/$path"
	while read -r file; do
		while read -r library; do
			[[ ! -e $tmp/root$library ]] || continue
			mkdir -p "$tmp/root$(dirname "$library")"
			cp -L "$library" "$tmp/root$library"
		done < <(libraries "$file")
	done < <(find "$tmp/root/sg/$path" -type f -perm -u+x)
}

make_initramfs()
{
	local path word

	mkdir -p "$tmp/root"/{bin,dev,proc,sys,tmp,sg,modules}
	cp "$(command -v busybox)" "$tmp/root/bin/busybox"
	install -m 755 "$here/init" "$tmp/root/init"
	cp "$kernel"/modules/*.ko "$tmp/root/modules/"
	while read -r path; do
		[[ -z $path ]] || add_file "$path"
	done < <(cat -- "$list")
	for word in "$@"; do
		printf "'%s' " "${word//\'/\'\\\'\'}"
	done >"$tmp/root/command"
	# Uncompressed: to unpack would cost the emulated CPU more than to read.
	(cd "$tmp/root" && find . | cpio --quiet -o -H newc) >"$tmp/initramfs"
}

# Returns as timeout(1): 124 when it had to stop the machine. A plain CPU, as what a newer one
# has is dear to emulate: with "-cpu max" the run test takes three times as long (QEMU 7.2). One
# thread for all its CPUs: with one each, a CPU may still see a breakpoint where the kernel has long
# patched its code (sched_clock_cpu() of Linux 7.2, which died of it). And its clock is the HPET: the
# rate of the TSC it finds out as it boots, and if it has to wait then, it takes its clock to be what
# it is not (12 times too fast was seen, by which all patience of the tests ends 12 times too soon).
# The run test takes as long by either.
boot()
{
	local status=0

	timeout --kill-after=5 "$seconds" qemu-system-x86_64 -accel tcg,thread=single -cpu qemu64 \
		-smp "$cpus" -m "$memory" -nodefaults -no-user-config -no-reboot -display none \
		-kernel "$kernel/vmlinuz" -initrd "$tmp/initramfs" \
		-append "console=ttyS0 panic=-1 oops=panic quiet tsc=unstable clocksource=hpet" \
		-serial "file:$tmp/console" -serial "file:$tmp/output" \
		</dev/null >"$tmp/qemu" 2>&1 &
	pid=$!
	wait "$pid" || status=$?
	pid=
	return "$status"
}

show_console()
{
	echo "vm.sh: the last lines of the kernel's console and of qemu:" >&2
	tail -qn 25 "$tmp/console" "$tmp/qemu" | tr -d '\r' | sed 's/^/  /' >&2
}

# The last thing the machine said about itself, without the "sg-vm: ".
last_word()
{
	tr -d '\r' <"$tmp/console" | grep -aoE '^sg-vm: .*' | tail -n 1 | sed 's/^sg-vm: //' || true
}

[[ $# -ge 4 && $3 == -- ]] || usage
kernel=$1 list=$2
shift 3
[[ -r $kernel/vmlinuz && -d $kernel/modules ]] ||
	fail "there is no kernel in $kernel; run fetch.sh first."
need_tools
tmp=$(mktemp -d)
touch "$tmp/console" "$tmp/output"
make_initramfs "$@"
qemu_status=0
boot || qemu_status=$?
cat "$tmp/output"
word=$(last_word)
case $word in
"exit "*)
	exit "${word#exit }"
	;;
start)
	if [[ $qemu_status == 124 ]]; then
		echo "vm.sh: timed out: the command did not end within $seconds s." >&2
		exit 124
	fi
	show_console
	fail "the kernel died while the command ran (qemu ended with $qemu_status)."
	;;
"")
	show_console
	fail "the kernel did not boot within $seconds s (qemu ended with $qemu_status)."
	;;
*)
	show_console
	fail "the kernel booted, but could not be made ready: $word."
	;;
esac
