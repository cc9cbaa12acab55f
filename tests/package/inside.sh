#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What run.sh runs as the first process of a Debian 12 that has nothing of sipguard:
# inside.sh VERSION NEXT OTHER-ABI; the packages are /test/VERSION.deb. Checks build on each other.

# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # the checks are called by name

set -uo pipefail
# shellcheck source=lib.sh
source /test/lib.sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive

FIRST=$1 NEXT=$2 OTHER=$3
KEPT=/var/lib/sipguard/commands
PINS=/sys/fs/bpf/sipguard
FAILED=0
SUITE=package

equal() {
	[[ $1 == "$2" ]] || {
		echo "got $1, wanted $2"
		return 1
	}
}

matches() { # TEXT REGEX
	[[ $1 =~ $2 ]] || {
		echo "it said: $1"
		return 1
	}
}

until_true() { # CMD...
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "still not so: $*"
	return 1
}

# All files but those of dpkg itself, of its log, and what is no file of the root.
files() {
	find / -xdev \( -path /var/lib/dpkg -o -path /var/log -o -path /test -o -path /run -o -path /tmp \
		-o -path /var/cache/ldconfig \) -prune -o -print | sort
}

programs() { # of XDP, by their ids
	ip -d link show dev veth0 | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'
}

mode_is() {
	matches "$(sipguard status)" "mode +$1"
}

is_apart() {
	[[ $(readlink /proc/self/ns/net) != $(readlink "/proc/$PEER/ns/net") ]]
}

# The peer is in a network namespace of its own, held by a process.
peer_up() {
	unshare --net sleep infinity &
	PEER=$!
	until_true is_apart
	ip link set lo up
	ip link add veth0 type veth peer name veth1 netns "$PEER"
	ip address add 10.99.0.1/24 dev veth0
	ip link set veth0 up
	in_peer ip address add 10.99.0.2/24 dev veth1
	in_peer ip link set veth1 up
	until_true in_peer ip route get 10.99.0.1
}

in_peer() {
	nsenter --net="/proc/$PEER/ns/net" -- "$@"
}

traffic_begin() {
	rm -f /tmp/sent /tmp/received
	perl /test/ends.pl receive /tmp/received >/tmp/receiver.log 2>&1 &
	RECEIVER=$!
	until_true test -e /tmp/received
	nsenter --net="/proc/$PEER/ns/net" -- perl /test/ends.pl send 10.99.0.1 /tmp/sent \
		>/tmp/sender.log 2>&1 &
	SENDER=$!
	# Some of it before what comes next.
	sleep 0.5
}

# What was sent of each kind, and what came.
traffic_end() {
	sleep 0.5
	kill -TERM "$SENDER"
	wait "$SENDER" || true
	sleep 1
	kill -TERM "$RECEIVER"
	wait "$RECEIVER" || true
	read -r SENT NOISE </tmp/sent
	read -r CAME LOUD </tmp/received
}

# guarded CMD...: while it runs all SIP comes through, and no noise; it is run in traffic.
guarded() {
	traffic_begin
	"$@"
	traffic_end
	[[ $SENT -gt 50 && $NOISE -gt 50 ]]
	equal "$CAME of SIP, $LOUD others" "$SENT of SIP, 0 others"
}

# --- what is checked, in this order ---

installs() {
	local said
	said=$(dpkg -i "/test/$FIRST.deb")
	matches "$(sipguard version)" "^sipguard $FIRST "
	sipguard check-config /usr/share/sipguard/sipguard.yaml >/dev/null
	[[ -x /usr/share/sipguard/crowdsec/sipguard-bouncer.sh &&
		-s /usr/share/sipguard/fail2ban/sipguard.conf ]]
	[[ ! -e /etc/sipguard/sipguard.yaml && -d /etc/sipguard ]]
	# Nothing is begun by itself.
	[[ ! -e $PINS && -z $(programs) ]]
	[[ ! -e /etc/systemd/system/sipguard@veth0.service ]]
	[[ -z $(find /etc/systemd/system -name "sipguard*") ]]
}

# The library is there for boot.sh: here it is hidden.
needs_no_nats() {
	local library said status=0
	library=$(echo /usr/lib/*/libnats.so.3.4)
	[[ -e $library && $(ldd /usr/sbin/sipguard) != *nats* ]]
	printf 'servers: [tls://nats1.example.com:4222]\n' >/tmp/fleet.yaml
	mount --bind /dev/null "$library"
	said=$(sipguard fleet run --config /tmp/fleet.yaml 2>&1) || status=$?
	umount "$library"
	equal "$status" 1
	matches "$said" "\`apt install libnats3.4\`"
}

# field NAME: its value in the unit.
field() {
	sed -n "s/^$1=//p" /lib/systemd/system/sipguard@.service
}

# The command of the unit, with its capabilities and what it may write. (The rest of what the unit
# forbids is systemd's to do.)
attaches() {
	local capabilities command
	capabilities=$(field CapabilityBoundingSet | tr '[:upper:]' '[:lower:]' | sed 's/cap_/+/g; s/ /,/g')
	command=$(field ExecStart | sed 's/%I/veth0/')
	equal "$(field NoNewPrivileges) $(field ProtectSystem) $(field ReadWritePaths)" \
		"yes strict /sys/fs/bpf"
	# shellcheck disable=SC2016,SC2086 # expanded by the inner shell; the words of a command
	unshare --mount bash -c 'mount -o remount,bind,ro / && mount -o remount,bind,ro /sys &&
		exec setpriv --no-new-privs --bounding-set="-all,$0" "$@"' "$capabilities" $command >/dev/null
	mode_is monitor
	sipguard allow add 10.99.0.2 >/dev/null
	sipguard allow del 10.99.0.2 >/dev/null
	sipguard deny add 198.51.100.0/24 >/dev/null
	printf 'limits: {options: {rate: 10000, burst: 10000}, source: {rate: 10000, burst: 10000}}\n%s\n' \
		'flow-limits: {options: {rate: 10000, burst: 10000}, source: {rate: 10000, burst: 10000}}' \
		>/tmp/wide.yaml
	printf '%s\n' 'totals: {unlisted-total: {rate: 10000, burst: 10000}}' \
		'bans: {malformed: {threshold: 100000}}' >>/tmp/wide.yaml
	sipguard reload --config /tmp/wide.yaml >/dev/null
	sipguard mode enforce >/dev/null
	guarded true
}

# upgraded PACKAGE-VERSION OLD-PROGRAM: it guards by other programs, and all else is as it was.
upgraded() {
	matches "$(sipguard version)" "^sipguard $1 "
	[[ -n $(programs) && $(programs) != "$2" ]]
	mode_is enforce
	equal "$(sipguard deny show)" "198.51.100.0/24"
	matches "$(sipguard status)" "/tmp/wide.yaml"
	[[ ! -e $KEPT ]]
}

upgrades() {
	local before
	before=$(programs)
	guarded dpkg -i "/test/$NEXT.deb"
	upgraded "$NEXT" "$before"
}

# As if the machine had gone down in between: the guard that was there guards, and then the new one.
upgrades_in_two() {
	local before
	before=$(programs)
	guarded dpkg --unpack "/test/$FIRST.deb"
	equal "$(programs)" "$before"
	guarded dpkg --configure -a
	upgraded "$FIRST" "$before"
	dpkg -i "/test/$NEXT.deb" >/dev/null
}

# Somebody holds the guard for longer than the new command waits.
upgrades_later() {
	local before said status=0
	before=$(programs)
	exec 9<"$PINS"
	flock 9
	said=$(dpkg -i "/test/$FIRST.deb" 2>&1) || status=$?
	exec 9<&-
	equal "$status" 0
	matches "$said" "veth0 goes on with the programs of version $NEXT; .*: sipguard attach veth0"
	equal "$(programs)" "$before"
	sipguard attach veth0 >/dev/null
	[[ $(programs) != "$before" ]]
	dpkg -i "/test/$NEXT.deb" >/dev/null
	upgraded "$NEXT" "$before"
}

# Before anything is changed; what was half written takes no room.
stops_at_a_full_disk() {
	local before said status=0
	before=$(programs)
	mkdir -p /var/lib/sipguard
	mount -t tmpfs -o size=1m tmpfs /var/lib/sipguard
	said=$(dpkg -i "/test/$FIRST.deb" 2>&1) || status=$?
	[[ -z $(find /var/lib/sipguard -type f) ]]
	umount /var/lib/sipguard
	equal "$status" 1
	matches "$said" "cannot be kept in $KEPT, so nothing is upgraded"
	equal "$(programs)" "$before"
	upgraded "$NEXT" ""
}

refuses_abi() {
	local before said
	before=$(programs)
	traffic_begin
	said=$(dpkg -i "/test/$OTHER.deb" 2>&1)
	traffic_end
	equal "$CAME of SIP, $LOUD others" "$SENT of SIP, 0 others"
	matches "$said" "veth0 goes on with the programs of version $NEXT, which this version cannot"
	matches "$said" "$KEPT/$NEXT detach --all && sipguard attach veth0"
	equal "$(programs)" "$before"
}

# Without the command that could detach it, a guard is not left alone.
is_not_removed() {
	local said status=0
	mv "$KEPT" /tmp/kept
	said=$(dpkg -r sipguard 2>&1) || status=$?
	mv /tmp/kept "$KEPT"
	[[ $status -ne 0 && -n $(programs) && -x /usr/sbin/sipguard ]]
	matches "$said" "the guard cannot be detached, .* so the package is not removed: .*detach --all"
	equal "$(dpkg-query -W -f '${db:Status-Status}' sipguard)" installed
}

# By the sentence that was said.
changes_abi() {
	"$KEPT/$NEXT" detach --all >/dev/null
	sipguard attach veth0 >/dev/null
	[[ -n $(programs) ]]
	mode_is monitor
	# One version on, the kept command goes, since nothing needs it.
	cp "/test/$OTHER.deb" /tmp/again.deb
	dpkg -i /tmp/again.deb >/dev/null
	[[ ! -e $KEPT ]]
}

# With a guard of the ABI before, by the kept command; and of its own.
removes() {
	sipguard detach --all >/dev/null
	dpkg -i "/test/$NEXT.deb" >/dev/null 2>&1
	sipguard attach veth0 >/dev/null
	dpkg -i "/test/$OTHER.deb" >/dev/null 2>&1
	[[ -n $(programs) && -x $KEPT/$NEXT ]]
	echo "limits: {options: {rate: 1000, burst: 1000}}" >/etc/sipguard/sipguard.yaml
	dpkg -r sipguard >/dev/null
	[[ -z $(programs) && ! -e $PINS && ! -e /usr/sbin/sipguard && ! -e $KEPT ]]
	[[ -e /etc/sipguard/sipguard.yaml ]]
	dpkg -i "/test/$NEXT.deb" >/dev/null
	sipguard attach veth0 >/dev/null
	dpkg -r sipguard >/dev/null
	[[ -z $(programs) && ! -e $PINS ]]
}

purges() {
	mkdir -p /etc/systemd/system/sys-subsystem-net-devices-veth0.device.wants /var/lib/sipguard
	touch /var/lib/sipguard/state
	ln -s /lib/systemd/system/sipguard@.service \
		/etc/systemd/system/sys-subsystem-net-devices-veth0.device.wants/sipguard@veth0.service
	dpkg -P sipguard >/dev/null
	# What somebody wrote stays.
	[[ -e /etc/sipguard/sipguard.yaml ]]
	rm -r /etc/sipguard
	# With the links of the package's own units systemd's helper takes empty folders, too.
	rmdir /etc/systemd/system/sys-subsystem-net-devices-veth0.device.wants 2>/dev/null || true
	equal "$(files | comm -3 /tmp/files -)" ""
	[[ ! -e /var/lib/dpkg/info/sipguard.list ]]
}

leaves_no_folder() {
	dpkg -i "/test/$FIRST.deb" >/dev/null
	dpkg -P sipguard >/dev/null
	equal "$(files | comm -3 /tmp/files -)" ""
}

files >/tmp/files
peer_up
check "it is installed, and nothing is begun" installs
check "the library of NATS is needed by a fleet alone, which says so" needs_no_nats
check "the unit's command attaches with the unit's privileges" attaches
check "an upgrade while it guards loses nothing and lets nothing through" upgrades
check "an upgrade in two steps guards in between" upgrades_in_two
check "a guard that cannot be taken over now goes on, and can be later" upgrades_later
check "a full disk stops an upgrade before anything is changed" stops_at_a_full_disk
check "a guard of another ABI goes on, and it is said what to do" refuses_abi
check "the package is not removed while the guard cannot be detached" is_not_removed
check "what was said gives the guard the new version" changes_abi
check "removal detaches, and keeps what was written" removes
check "purge leaves nothing of the package" purges
check "purge leaves no empty folder" leaves_no_folder
kill "$PEER"
exit "$FAILED"
