#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The unit of the fleet's agent, where systemd runs; boot.sh starts it, run.sh looks at what it says:
# booted_fleet.sh PACKAGE. A server of NATS is at hand in /test.
set -uo pipefail

until_true() { # CMD...
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}

begun() { # PID of the agent, which has written its file and is at its work
	[[ $(systemctl show -P MainPID sipguard-fleet) -gt 0 ]] &&
		grep -q "\"pid\":$(systemctl show -P MainPID sipguard-fleet),.*\"guarded\":true,\"connected\":true" \
			/run/sipguard/fleet.json
}

server_up() {
	cat >/tmp/nats.conf <<-'CONF'
		listen: 127.0.0.1:4222
		jetstream { store_dir: /tmp/jetstream, max_file: 3GB, max_mem: 64MB }
	CONF
	/test/nats-server -c /tmp/nats.conf >/tmp/nats.log 2>&1 &
	SERVER=$!
	until_true sipguard fleet setup
}

systemctl start sipguard-fleet
echo "fleet without its file: $(systemctl is-active sipguard-fleet)"
mkdir -p /etc/sipguard
echo 'servers: [nats://127.0.0.1:4222]' >/etc/sipguard/fleet.yaml
server_up
systemctl start sipguard-fleet
until_true begun && first=$(systemctl show -P MainPID sipguard-fleet) &&
	echo "fleet: connected and guarded, with $(sed -n 's/^CapEff:[ \t]*//p' "/proc/$first/status")"
dpkg -i "$1" >/tmp/dpkg.log 2>&1
until_true begun && [[ $(systemctl show -P MainPID sipguard-fleet) != "$first" ]] &&
	echo "fleet after an upgrade: another, connected and guarded"
dpkg -r sipguard >/tmp/dpkg.log 2>&1
echo "fleet after a removal: $(systemctl is-active sipguard-fleet)"
kill "$SERVER"
