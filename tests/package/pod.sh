#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the manifests of tools/container say, done without an engine: pod.sh ROOT, a Debian with the
# package and the library of NATS, which is what the recipe makes. Two nodes, each with namespaces,
# an interface eth0 and a BPF file system of its own, run the containers of the pod: their
# arguments, surroundings, capabilities, mounts and probes are read from the manifest. A third one
# has a real server of NATS. Limits of memory and the engine's list of system calls are not there.

# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016,SC2317 # variables of jq; the checks are called by name

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=lib.sh
source tests/package/lib.sh

IMAGE=$1
CONTAINERS=tools/container
NAMES=(edge1.example.com edge2.example.com)
NODES=()
WORK=$(mktemp -d)
NETWORK=
FAILED=0
SUITE=pod

cleanup() {
	local pid
	for pid in $(cat "$WORK"/{nats,node*/*}.pid 2>/dev/null) ${NODES[@]+"${NODES[@]}"} $NETWORK; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf --one-file-system "$WORK"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

until_true() { # CMD...
	local end=$((SECONDS + 120)) out
	while [[ $SECONDS -lt $end ]]; do
		! out=$("$@" 2>&1) || return 0
		sleep 0.1
	done
	echo "still not so: $*: $out"
	return 1
}

refused() { # CMD...
	! "$@"
}

# FILE FILTER...: of a manifest, by jq.
of() {
	local file=$1
	shift
	[[ -e $WORK/$file ]] || python3 -c 'import json, sys, yaml
print(json.dumps(yaml.safe_load(open(sys.argv[1]))))' "$CONTAINERS/$file" >"$WORK/$file"
	jq -r "$@" "$WORK/$file"
}

# of_container NAME FILTER
of_container() {
	of daemonset.yaml --arg name "$1" \
		".spec.template.spec | (.initContainers + .containers)[] | select(.name == \$name) | $2"
}

# --- nodes ---

is_apart() { # PID
	[[ $(readlink /proc/self/ns/net) != $(readlink "/proc/$1/ns/net") ]]
}

on() { # NODE CMD...
	local node=$1
	shift
	nsenter --target "${NODES[node]}" --net --mount --uts -- "$@"
}

network_up() {
	unshare --net sleep infinity &
	NETWORK=$!
	until_true is_apart "$NETWORK"
}

# It is reached by eth1 from the network of the server, and nobody is behind eth0.
node_up() { # NODE
	unshare --net --mount --uts --propagation private sleep infinity &
	NODES[$1]=$!
	until_true is_apart "$!"
	on "$1" hostname "${NAMES[$1]}"
	on "$1" mount -t sysfs sysfs /sys
	on "$1" mount -t bpf bpf /sys/fs/bpf
	on "$1" ip link set lo up
	on "$1" ip link add eth0 type veth peer name wire0
	on "$1" ip link set eth0 up
	on "$1" ip link set wire0 up
	on "$1" ip link add eth1 type veth peer name "node$1" netns "$NETWORK"
	on "$1" ip address add "10.98.$1.1/24" dev eth1
	on "$1" ip link set eth1 up
	nsenter --net="/proc/$NETWORK/ns/net" ip address add "10.98.$1.254/24" dev "node$1"
	nsenter --net="/proc/$NETWORK/ns/net" ip link set "node$1" up
	volumes_up "$1"
}

# What the API would have of a ConfigMap and of a Secret; a volume in memory.
volumes_up() { # NODE
	local folder=$WORK/node$1 key
	mkdir -p "$folder"/{configuration,secret,run}
	for key in sipguard.yaml fleet.yaml; do
		of configmap.yaml ".data[\"$key\"]" >"$folder/configuration/$key"
	done
	# Bans by hand are what can be made without a server of SIP.
	sed -i 's/^take:/private: yes\nshare: {operator-bans: yes}\n&\n  operator-bans: {mode: enforce}\n  lists: {mode: enforce}/' \
		"$folder/configuration/fleet.yaml"
	cp "$WORK"/keys/{ca.crt,tls.crt,tls.key} "$folder/secret/"
	echo "10.98.$1.254 nats.example.com" >"$folder/hosts"
}

source_of() { # NODE VOLUME
	case $(of daemonset.yaml --arg name "$2" '.spec.template.spec.volumes[] |
		select(.name == $name) | del(.name) | keys[0]') in
	hostPath) of daemonset.yaml --arg name "$2" '.spec.template.spec.volumes[] |
		select(.name == $name) | .hostPath.path' ;;
	configMap | secret | emptyDir) echo "$WORK/node$1/$2" ;;
	*) return 1 ;;
	esac
}

# --- containers ---

# As an engine would: mounts NODE NAME says SOURCE PATH ro|rw of each.
mounts() {
	local name path how
	while read -r name path how; do
		echo "$(source_of "$1" "$name") $path $how"
	done < <(of_container "$2" '.volumeMounts[] |
		"\(.name) \(.mountPath) \(if .readOnly then "ro" else "rw" end)"')
}

# The entry point of the image is the command, unless the container has another one.
words() { # NAME
	of_container "$1" '(.command // ["/usr/sbin/sipguard"]) + (.args // []) | .[]'
}

surroundings() { # NODE NAME
	of_container "$2" '(.env // [])[] | .name + "=" + (if .valueFrom.fieldRef.fieldPath ==
		"spec.nodeName" then "'"${NAMES[$1]}"'" else .value end)'
}

capabilities() { # NAME: those that are left, for setpriv
	of_container "$1" '.securityContext.capabilities | if .drop == ["ALL"] then
		(["-all"] + (.add | map("+" + ascii_downcase)) | join(",")) else error("all are kept") end'
}

privileges() { # NAME
	of_container "$1" '.securityContext | select(.runAsUser == 0 and
		.allowPrivilegeEscalation == false and .readOnlyRootFilesystem) | "as expected"' | grep -q .
	echo --no-new-privs --bounding-set="$(capabilities "$1")"
}

# start NODE NAME: runs it until it ends.
start() {
	local -a with command
	local privileged
	mapfile -t command < <(words "$2")
	mapfile -t with < <(surroundings "$1" "$2")
	privileged=$(privileges "$2")
	mounts "$1" "$2" >"$WORK/node$1/$2.mounts"
	mkdir -p "$WORK/node$1/$2"
	# shellcheck disable=SC2086 # words
	exec nsenter --target "${NODES[$1]}" --net --mount --uts -- unshare --mount --pid --fork \
		--kill-child --propagation private bash -c '
		set -e
		image=$1 root=$2 mounts=$3 hosts=$4
		shift 4
		mount --bind "$image" "$root"
		mount -t proc proc "$root/proc"
		mount -t sysfs -o ro sysfs "$root/sys"
		mount -t tmpfs tmpfs "$root/dev"
		for device in null zero urandom random; do
			touch "$root/dev/$device"
			mount --bind "/dev/$device" "$root/dev/$device"
		done
		mount -t tmpfs tmpfs "$root/run"
		touch "$root/etc/hosts"
		mount --bind "$hosts" "$root/etc/hosts"
		while read -r source path how; do
			mkdir -p "$root$path"
			mount --bind "$source" "$root$path"
			[ "$how" = rw ] || mount -o remount,bind,ro "$root$path"
		done <"$mounts"
		mount -o remount,bind,ro "$root/run"
		mount -o remount,bind,ro "$root"
		cd "$root"
		pivot_root . mnt
		umount -l /mnt
		exec setpriv "$@"' start "$IMAGE" "$WORK/node$1/$2" "$WORK/node$1/$2.mounts" \
		"$WORK/node$1/hosts" $privileged env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		"${with[@]}" "${command[@]}"
}

# In the background; its first process is in NODE.NAME.pid then.
run() { # NODE NAME
	(start "$1" "$2") >"$WORK/node$1/$2.log" 2>&1 &
	echo "$!" >"$WORK/node$1/$2.pid"
}

first_process() { # NODE NAME
	local parent
	parent=$(<"$WORK/node$1/$2.pid")
	read -r parent _ <"/proc/$parent/task/$parent/children"
	echo "$parent"
}

# As `kubectl exec` does.
inside() { # NODE NAME CMD...
	local node=$1 name=$2 privileged
	local -a with
	shift 2
	mapfile -t with < <(surroundings "$node" "$name")
	privileged=$(privileges "$name")
	# shellcheck disable=SC2086 # words
	nsenter --target "$(first_process "$node" "$name")" --net --mount --uts --pid --root --wd -- \
		setpriv $privileged env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "${with[@]}" "$@"
}

is_ready() { # NODE NAME
	local -a probe
	mapfile -t probe < <(of_container "$2" '.readinessProbe.exec.command[]')
	inside "$1" "$2" "${probe[@]}"
}

# --- the server ---

keys_up() {
	mkdir "$WORK/keys"
	(
		cd "$WORK/keys"
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.crt
		for name in server tls; do
			openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
			openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
				-extfile <(echo 'subjectAltName = DNS:nats.example.com') -out "$name.crt"
		done
	) >"$WORK/openssl.log" 2>&1
}

nats_up() {
	cat >"$WORK/nats.conf" <<-END
		port: 4222
		tls { ca_file: $WORK/keys/ca.crt, cert_file: $WORK/keys/server.crt
			key_file: $WORK/keys/server.key, verify: true }
		jetstream { store_dir: $WORK/jetstream, max_file: 3GB, max_mem: 64MB }
	END
	nsenter --net="/proc/$NETWORK/ns/net" nats-server -c "$WORK/nats.conf" >"$WORK/nats.log" 2>&1 &
	echo "$!" >"$WORK/nats.pid"
}

# --- what is checked, in this order ---

attaches() {
	(start 0 attach)
	(start 1 attach)
	on 0 ip -d link show dev eth0 | grep -q prog/xdp
	run 0 sipguard
	run 1 sipguard
	until_true is_ready 0 sipguard
	until_true is_ready 1 sipguard
}

# The servers are not there yet.
waits() {
	run 0 fleet
	run 1 fleet
	until_true inside 0 fleet test -s /run/sipguard/fleet.json
	refused is_ready 0 fleet
	is_ready 0 sipguard
}

connects() {
	nats_up
	until_true inside 0 fleet sipguard fleet setup
	until_true is_ready 0 fleet
	until_true is_ready 1 fleet
}

knows() { # NODE NAME: of another one
	inside "$1" fleet cat /run/sipguard/fleet.json |
		jq -e --arg name "$2" '.members | any(.member == $name and .heard > 0)'
}

are_named() {
	until_true knows 0 edge2_example_com
	until_true knows 1 edge1_example_com
}

bans() { # NODE ADDRESS
	inside "$1" sipguard sipguard bans | grep -q "^$2 .*operator"
}

travels() {
	inside 0 sipguard sipguard ban 203.0.113.9 --for 10m
	until_true bans 1 203.0.113.9
}

denies() { # NODE PREFIX
	inside "$1" sipguard sipguard deny show | grep -q "^$2"
}

# Which has the agent change what the guard keeps, with no more than it may.
travels_as_list() {
	inside 0 fleet sh -c 'echo 198.51.100.0/24 >/run/sipguard/bad.txt'
	inside 0 fleet sipguard fleet publish deny bad /run/sipguard/bad.txt
	until_true denies 0 198.51.100.0/24 || { cat "$WORK/node0/fleet.log"; return 1; }
	until_true denies 1 198.51.100.0/24
}

# What talks to the network can write tables and pins, and no more.
may_little() {
	local status=0 path
	grep -q "^CapEff:.*0000008000000000$" "/proc/$(first_process 0 fleet)/status"
	inside 0 fleet sipguard detach --all || status=$?
	[[ $status -eq 1 ]]
	for path in /etc/sipguard/x /run/secrets/sipguard/x /run/x /usr/x; do
		refused inside 0 fleet touch "$path"
	done
	on 0 ip -d link show dev eth0 | grep -q prog/xdp
}

# The guard waits for nobody.
survives() {
	kill -KILL "$(first_process 0 fleet)"
	is_ready 0 sipguard
	run 0 fleet
	until_true is_ready 0 fleet
	kill "$(<"$WORK/nats.pid")"
	until_true refused is_ready 0 fleet
	is_ready 0 sipguard
	bans 1 203.0.113.9
}

keys_up
network_up
node_up 0
node_up 1
check "both nodes are guarded by what attaches, and the pod's guard is ready" attaches
check "without servers the fleet is not ready, and the guard is" waits
check "the streams are made, and the fleets are ready" connects
check "each is known to the other by the name of its node" are_named
check "a ban travels from pod to pod" travels
check "a list travels to both" travels_as_list
check "the fleet's container may do little" may_little
check "a fleet that is killed or alone leaves the guard as it is" survives
exit "$FAILED"
