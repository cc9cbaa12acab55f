#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs what is missing of the Debian packages that a purpose needs:
# deps.sh [--print] build|test|deb|package|scenarios|page|integrations|fleet...
# With --print it only prints them all, one a line.
# Does nothing, and asks nobody, when all are there.
set -euo pipefail

build=(gcc libc6-dev make pkg-config clang bpftool libbpf-dev libxdp-dev libelf-dev zlib1g-dev libyaml-dev
       libjansson-dev libmaxminddb-dev libcap-ng-dev libmicrohttpd-dev libsystemd-dev libwiretap-dev libwsutil-dev
       libglib2.0-dev libncurses-dev libpcap-dev libnats-dev
       linux-libc-dev bsdextrautils)
test=(clang-19 libclang-rt-14-dev llvm libcmocka-dev libosip2-dev libsofia-sip-ua-dev
      iproute2 nftables ethtool kamailio sip-tester sipsak baresip-core strace jq procps util-linux tcpdump tshark
      qemu-system-x86 busybox-static cpio zstd xz-utils debian-archive-keyring shellcheck tmux
      cppcheck prometheus sngrep xdp-tools curl socat nats-server openssl bird2 exabgp gobgpd frr systemd mandoc man-db bash-completion)
deb=(build-essential debhelper dpkg-dev)
# What looks at the Debian package, and installs it in a root of its own.
package=(lintian debootstrap iproute2 util-linux shellcheck systemd yamllint nodejs nats-server
         python3-yaml openssl jq)
# Clients and registrars of which CI runs none.
scenarios=(linphone-cli twinkle-console libnet-sip-perl nodejs ejabberd erlang-p1-sip
           debootstrap hping3 socat)
# What tools/ has something for.
integrations=(fail2ban crowdsec curl jq iproute2)
# Engines of fleets, and routers that hosts ask for help.
fleet=(nats-server libnats-dev openssl curl bird2 exabgp gobgpd frr)
# Other packages of Node.js than Debian's bring npm with them.
command -v npm >/dev/null || scenarios+=(npm) package+=(npm)

print=
if [ "${1:-}" = --print ]; then
	print=yes
	shift
fi

# A browser, for the status page.
page=(chromium)

wanted=()
for purpose in "$@"; do
	case $purpose in
	build) wanted+=("${build[@]}") ;;
	test) wanted+=("${test[@]}") ;;
	deb) wanted+=("${deb[@]}") ;;
	package) wanted+=("${package[@]}") ;;
	scenarios) wanted+=("${scenarios[@]}") ;;
	page) wanted+=("${page[@]}") ;;
	integrations) wanted+=("${integrations[@]}") ;;
	fleet) wanted+=("${fleet[@]}") ;;
	*)
		echo "deps.sh: no purpose '$purpose'; its first lines list them." >&2
		exit 2
		;;
	esac
done

if [ -n "$print" ]; then
	printf '%s\n' "${wanted[@]}"
	exit
fi

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in "${wanted[@]}"; do
	installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
	echo "sipguard: these packages are missing and there is no apt-get to install them: ${missing[*]}" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "sipguard: run this as root, or install first: apt-get install ${missing[*]}" >&2
	exit 1
fi

# With all that they depend on. (apt-get prints sizes only when it is about to install, and does not
# always ask before.)
sizes() {
	apt-get -s install --no-install-recommends "${missing[@]}" | awk '/^Inst/ { print $2 }' |
		xargs -r apt-cache show --no-all-versions |
		awk '/^Installed-Size:/ { disk += $2 / 1024 } /^Size:/ { load += $2 / 1048576 }
			END { printf "%.0f MB to download, %.0f MB on the disk", load, disk }'
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! apt-get update >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "sipguard: \"apt-get update\" failed as above; mend that and run make again." >&2
	exit 1
fi
echo "sipguard: installing ($(sizes)): ${missing[*]}"
# CrowdSec's package registers the machine at its makers', unless there is a file for that already.
if [[ " ${missing[*]} " == *" crowdsec "* && ! -e /etc/crowdsec/online_api_credentials.yaml ]]; then
	mkdir -p /etc/crowdsec
	echo "# not registered" >/etc/crowdsec/online_api_credentials.yaml
fi
# Services must not start here: policy-rc.d answers for the time of the installation only.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
	trap 'rm -f "$log" $policy' EXIT
fi
if ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" \
	>"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "sipguard: apt-get could not install the packages above; mend that and run make again." >&2
	exit 1
fi
