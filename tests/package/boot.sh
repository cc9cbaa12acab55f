#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The units under a real systemd: boot.sh ROOT VERSION, a Debian with the package and systemd, whose first
# process this makes it, with namespaces and a control group of its own. No device has a unit there
# (there is no udev), so the unit runs without what binds it to one. Nothing but its own services is
# started, and it cannot write the kernel's settings. Prints what the services said, see two.service.
set -euo pipefail

ROOT=$1 VERSION=$2
GROUP=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)/sipguard-package-test.$$
UNITS=$ROOT/etc/systemd/system

cleanup() {
	[[ ! -d $GROUP ]] || find "$GROUP" -depth -type d -exec rmdir {} +
}

write_units() {
	cat >"$UNITS/test.target" <<-'EOF'
		[Unit]
		DefaultDependencies=no
		Wants=one.service two.service
	EOF
	{
		printf '[Unit]\nDefaultDependencies=no\n'
		sed -n '/^\[Service\]/,/^\[Install\]/p' "$ROOT/lib/systemd/system/sipguard@.service" |
			sed '/^\[Install\]/d; s/%I/veth0/'
		printf 'StandardOutput=file:/one.log\nStandardError=file:/one.log\n'
	} >"$UNITS/one.service"
	{
		printf '[Unit]\nDefaultDependencies=no\n'
		sed -n '/^\[Service\]/,/^\[Install\]/p' "$ROOT/lib/systemd/system/sipguard-watch.service" |
			sed '/^\[Install\]/d'
	} >"$UNITS/three.service"
	# By its own name, which the package stops and starts again.
	{
		printf '[Unit]\nDefaultDependencies=no\n'
		sed -n '/^ConditionPathExists/p; /^\[Service\]/,/^\[Install\]/p' \
			"$ROOT/lib/systemd/system/sipguard-fleet.service" | sed '/^\[Install\]/d'
	} >"$UNITS/sipguard-fleet.service"
	cat >"$UNITS/two.service" <<-'EOF'
		[Unit]
		DefaultDependencies=no
		After=one.service
		[Service]
		Type=oneshot
		ExecStart=/bin/sh /two.sh
		StandardOutput=file:/two.log
		StandardError=file:/two.log
		ExecStopPost=/bin/sh -c 'kill -RTMIN+14 1'
	EOF
	cp tests/package/booted_fleet.sh "$ROOT/fleet.sh"
	cat >"$ROOT/two.sh" <<-'EOF'
		echo "started: $(systemctl is-active one.service)"
		systemctl reload one.service && echo reloaded
		systemctl restart one.service && echo restarted
		systemctl stop one.service && echo "stopped: $(systemctl is-active one.service)"
		sipguard status | grep -E '^  (mode|veth0) ' | cut -c1-40
		# As over a reboot: what was known when it was stopped is known again.
		systemctl start one.service
		sipguard deny add 203.0.113.0/24
		sipguard mode enforce
		systemctl stop one.service
		sipguard detach --all
		systemctl start one.service
		echo "restored: $(sipguard deny show) $(sipguard status | sed -n 's/^  mode  *\([a-z]*\).*/\1/p')"
		# (There is no journald in so little a system.)
		systemctl start three.service
		sleep 3
		echo "watching: $(systemctl is-active three.service)"
		systemctl stop three.service
		bash /fleet.sh /test/VERSION.deb
		cat /one.log
	EOF
}

boot() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	timeout --signal=KILL 900 unshare --cgroup --mount --pid --net --ipc --uts --fork --kill-child \
		--propagation private bash -c '
		set -e
		cd "$1"
		mount --bind . . && cd "$1"
		mount -t proc proc proc
		mount --bind proc/sys proc/sys
		mount -o remount,bind,ro proc/sys
		mount -t sysfs sysfs sys
		mount -t cgroup2 cgroup2 sys/fs/cgroup
		mount -t bpf bpf sys/fs/bpf
		mount -t tmpfs tmpfs run
		mount -t tmpfs tmpfs dev
		mkdir -p dev/pts dev/shm old
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
		ln -s pts/ptmx dev/ptmx
		ln -s /proc/self/fd dev/fd
		for device in null zero full random urandom tty; do
			touch dev/$device
			mount --bind /dev/$device dev/$device
		done
		ip link add veth0 type veth peer name veth1
		ip link set veth0 up
		ip link set lo up
		pivot_root . old
		umount -l /old
		exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			chroot . /lib/systemd/systemd --system --unit=test.target --show-status=no \
			--log-target=null' boot "$ROOT" </dev/null >/dev/null 2>&1
}

mkdir "$GROUP"
trap cleanup EXIT
write_units
sed -i "s/VERSION/$VERSION/" "$ROOT/two.sh"
rm -f "$ROOT"/{one,two}.log
# Its processes are the group's; this one stays where it was.
(
	echo "$BASHPID" >"$GROUP/cgroup.procs"
	boot
) || true # systemd ends as it was told, by a signal
cat "$ROOT/two.log"
