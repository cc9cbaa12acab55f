#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# needs.sh: whether this machine can run the demo and the tests, asked before anything is installed
# or built: status 0, or one sentence of what is missing and the way out, and 1. It needs nothing but
# what every Debian has.
set -euo pipefail

OLDEST=6.1 # as in the README

fail() {
	echo "sipguard: $*" >&2
	exit 1
}

is_older() { # A B
	[[ $1 != "$2" && $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

[[ $(id -u) -eq 0 ]] ||
	fail "run this as root: it makes network namespaces and loads programs into the kernel."

kernel=$(uname -r)
! is_older "${kernel%%[!0-9.]*}" "$OLDEST" ||
	fail "this kernel is $kernel, and the guard needs $OLDEST or newer: boot a newer one, or use" \
		"a virtual machine that has one."

# The lab finds the threads of NAPI, and who sees none would look for XDP and GRO in vain.
[[ $(cat /proc/2/comm 2>/dev/null) == kthreadd ]] ||
	fail "kernel threads cannot be seen here, as in a container or another PID namespace: run" \
		"this on the host, in a virtual machine, or in a container with" \
		"--pid=host --privileged."

unshare --mount --net true 2>/dev/null ||
	fail "no mount and network namespaces can be made here, as in a container without" \
		"--privileged or in a chroot whose root is not a mount: run this on the host or in a" \
		"virtual machine, or begin with \"mount --bind DIRECTORY DIRECTORY\" for a chroot."

[[ -r /sys/kernel/btf/vmlinux ]] ||
	fail "/sys/kernel/btf/vmlinux cannot be read: use a kernel with CONFIG_DEBUG_INFO_BTF, as" \
		"those of Debian are, and mount /sys."

# Whatever is mounted there goes with the namespace.
unshare --mount mount -t bpf none /tmp 2>/dev/null ||
	fail "no BPF file system can be mounted here: run this on the host, in a virtual machine, or" \
		"in a container with --privileged."
