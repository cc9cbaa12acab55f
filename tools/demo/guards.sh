# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# The five guards of the demo: how each is put in front of the server, and taken away. Sourced by
# demo.sh.
#
# The same exemption for everybody: under random sources the callers and the probe are known to each
# guard (allow list, nftables set, a test before pike). Under one source nobody knows them.

guard_on() {
	local guard=$1 flood=$2 known=no defines=()
	[[ $flood != random-sources ]] || known=yes
	if [[ $guard == pike ]]; then
		defines=(WITH_PIKE)
		[[ $known == no ]] || defines+=(WITH_ALLOW "ALLOW=\"$(pike_known)\"")
	fi
	LAB_CPU=$LAB_CPU_SERVER lab_kamailio_start "${defines[@]}"
	case $guard in
	nftables) nftables_on "$known" ;;
	sipguard) sipguard_on "$known" ;;
	oracle) lab_in server ip link set dev "$LAB_IF_SERVER" xdpdrv obj "$ORACLE" sec xdp ;;
	esac
}

guard_off() {
	case $1 in
	nftables) lab_in server nft delete table netdev sg_meter ;;
	sipguard) lab_in server "$SIPGUARD" detach "$LAB_IF_SERVER" >>"$LAB_DIR/sipguard.log" ;;
	oracle) lab_in server ip link set dev "$LAB_IF_SERVER" xdp off ;;
	esac
	# A fresh server for everybody: none inherits what the flood before it left behind.
	lab_kamailio_stop
}

# What the guard has counted on the interface, other packets than those of the flood included, which
# are few; null for those that do not count.
guard_judged() {
	if [[ $1 == sipguard ]]; then
		lab_in server "$SIPGUARD" status --json | jq '[.interfaces[].seen] | add'
	else
		echo null
	fi
}

# The callers as a regular expression; a dot is any character, which is near enough here.
pike_known() {
	echo "^($LAB_CLIENT4|${LAB_PROBES4%.*}.[0-9]+)\$"
}

nftables_on() {
	lab_in server nft -D "INTERFACE=$LAB_IF_SERVER" -f "$LAB_SRC/meter.nft"
	[[ $1 == no ]] ||
		lab_in server nft add element netdev sg_meter exempt \
			"{ $LAB_CLIENT4, $LAB_PROBES4 }"
}

# As an operator would who attaches it and says "enforce": the default configuration.
sipguard_on() {
	lab_in server "$SIPGUARD" attach "$LAB_IF_SERVER" --enforce >>"$LAB_DIR/sipguard.log"
	[[ $1 == no ]] || lab_in server "$SIPGUARD" allow add "$LAB_CLIENT4/32" "$LAB_PROBES4" \
		>>"$LAB_DIR/sipguard.log"
}
