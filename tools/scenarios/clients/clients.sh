# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# The clients of forger-clients. Each has functions by its name:
#   NAME_on PORT         it registers from that port
#   NAME_again FROM TO   it registers again, and the server sees the port TO
#   NAME_off             it ends
# Those that end when they have their answer, and baresip, are started anew at the other port. The
# others go on running with what they keep of the challenge, and a NAT moves them.

# shellcheck source=../../../tools/lab/phone.sh
source "$LAB_ROOT/tools/lab/phone.sh"

CLIENTS_SRC=$SCENARIOS_SRC/clients
# Kept from one time to the next, as the kernels of the tests are.
ASTERISK_ROOT=$BUILD/clients/sid

declare -A CLIENT_PIDS=()
ASTERISK=()

# client_there NAME: whether it can be had.
client_there() {
	case $1 in
	nua) [[ -x $BUILD/tools/nua ]] ;;
	npm) fetched npm "$LAB_DIR/npm" ;;
	net-sip) perl -MNet::SIP -e 1 2>/dev/null ;;
	twinkle) command -v twinkle-console >/dev/null ;;
	linphone) command -v linphonec >/dev/null ;;
	asterisk) fetched asterisk "$ASTERISK_ROOT" ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

fetched() {
	"$CLIENTS_SRC/fetch.sh" "$@" >"$LAB_DIR/fetch.log" 2>&1 || {
		tail -n 3 "$LAB_DIR/fetch.log" >&2
		return 1
	}
}

# client_on NAME COMMAND...: it reads what it is told from a pipe.
client_on() {
	local name=$1
	shift
	rm -f "$LAB_DIR/$name.in"
	mkfifo "$LAB_DIR/$name.in"
	# Open at both ends: the pipe does not end with what is told once.
	(exec nsenter --net="/run/netns/$LAB_NS_CLIENT" -- "$@") <>"$LAB_DIR/$name.in" \
		>"$LAB_DIR/$name.log" 2>&1 &
	CLIENT_PIDS[$name]=$!
}

# client_told NAME LINE. (Opened for both, or this would wait for a client that is gone.)
client_told() {
	echo "$2" 1<>"$LAB_DIR/$1.in"
}

# client_off NAME [LINE]: by what it is told, or by a signal.
client_off() {
	local pid=${CLIENT_PIDS[$1]} i
	if [[ $# -eq 2 ]]; then
		client_told "$1" "$2"
	else
		kill -TERM "$pid" 2>/dev/null || true
	fi
	for ((i = 0; i < 200; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

# client_moves FROM TO: from now on the server sees another port, as if a NAT had forgotten it. (With
# connection tracking the NAT would go on remembering.)
client_moves() {
	lab_in client nft -f - <<-END
		table ip moved {
			chain out {
				type filter hook output priority 0
				udp sport $1 udp sport set $2
			}
			chain in {
				type filter hook prerouting priority 0
				udp dport $2 udp dport set $1
			}
		}
	END
}

# The way it was before it moved.
client_moves_back() {
	! lab_in client nft list table ip moved >/dev/null 2>&1 ||
		lab_in client nft delete table ip moved
}

# --- those that are started anew

sipsak_on() {
	lab_wait_in client sipsak -U -i -S -H "$LAB_CLIENT4" -C "sip:sipsak@$LAB_CLIENT4:$1" -l "$1" \
		-u sipsak -a "$PASSWORD" -s "sip:sipsak@$LAB_SERVER4" -x 300 \
		>"$LAB_DIR/sipsak.log" 2>&1 || true
}

sipsak_again() {
	sipsak_on "$2"
}

sipsak_off() {
	:
}

sipp_on() {
	printf 'SEQUENTIAL\nsipp;%s\n' "$LAB_CLIENT4" >"$LAB_DIR/sipp.csv"
	LAB_SIPP_FILES=$SCENARIOS_SRC/sipp lab_sipp sipp register-digest 4 udp -au sipp \
		-ap "$PASSWORD" -inf "$LAB_DIR/sipp.csv" -p "$1" -m 1 -timeout "$PATIENCE"
	wait "$LAB_PID" || true
}

sipp_again() {
	sipp_on "$2"
}

sipp_off() {
	:
}

baresip_on() {
	phone_start baresip 4 udp "$1" 6999 >&2 || true
}

baresip_again() {
	phone_stop baresip-4-udp >&2
	baresip_on "$2"
}

baresip_off() {
	phone_stop baresip-4-udp >&2
}

# --- those that a NAT moves

# driver_on NAME PORT COMMAND...: one of the small programs here.
driver_on() {
	local name=$1 port=$2
	shift 2
	client_on "$name" "$@" "$name" "$PASSWORD" "$LAB_CLIENT4" "$port" "$LAB_SERVER4"
}

nua_on() {
	driver_on nua "$1" "$BUILD/tools/nua"
}

nua_again() {
	client_moves "$@"
	client_told nua again
}

nua_off() {
	client_off nua
}

npm_on() {
	driver_on npm "$1" env NODE_PATH="$LAB_DIR/npm/node_modules" node "$CLIENTS_SRC/npm-sip.js"
}

npm_again() {
	client_moves "$@"
	client_told npm again
}

npm_off() {
	client_off npm
}

net-sip_on() {
	driver_on net-sip "$1" perl "$CLIENTS_SRC/net-sip.pl"
}

net-sip_again() {
	client_moves "$@"
	client_told net-sip again
}

net-sip_off() {
	client_off net-sip
}

twinkle_on() {
	mkdir -p "$LAB_DIR/twinkle/.twinkle"
	cat >"$LAB_DIR/twinkle/.twinkle/lab.cfg" <<-END
		user_name=twinkle
		user_domain=$LAB_SERVER4
		auth_name=twinkle
		auth_pass=$PASSWORD
		registrar=$LAB_SERVER4
		register_at_startup=yes
		registration_time=300
		sip_transport=udp
	END
	printf 'sip_port=%s\nstart_user_profile=lab\n' "$1" >"$LAB_DIR/twinkle/.twinkle/twinkle.sys"
	client_on twinkle env HOME="$LAB_DIR/twinkle" twinkle-console
}

twinkle_again() {
	client_moves "$@"
	client_told twinkle register
}

twinkle_off() {
	client_off twinkle quit
}

# Without the folder of its call history it does nothing at all, without a default route nothing
# after five seconds.
linphone_on() {
	ip -n "$LAB_NS_CLIENT" route replace default via "$LAB_SERVER4"
	mkdir -p "$LAB_DIR/linphone/.local/share/linphone"
	cat >"$LAB_DIR/linphone/rc" <<-END
		[sip]
		sip_port=$1
		sip_tcp_port=0
		sip_tls_port=0
		use_ipv6=0
		default_proxy=0
		[auth_info_0]
		username=linphone
		passwd=$PASSWORD
		[proxy_0]
		reg_proxy=<sip:$LAB_SERVER4;transport=udp>
		reg_identity=<sip:linphone@$LAB_SERVER4>
		reg_expires=60
		reg_sendregister=1
	END
	client_on linphone env HOME="$LAB_DIR/linphone" PULSE_RUNTIME_PATH="$LAB_DIR/linphone" \
		linphonec -c "$LAB_DIR/linphone/rc"
}

# It has no command that makes it register again with the challenge it has: by itself it does, 6 s
# before the binding ends. (Neither registrar grants less than 60 s.)
linphone_again() {
	client_moves "$@"
}

linphone_off() {
	client_off linphone quit
}

# Its program runs with the libraries it came with, and finds all else in the lab.
asterisk_configured() {
	local at=$LAB_DIR/asterisk root=$ASTERISK_ROOT lib module
	lib=$root/usr/lib/$(gcc -dumpmachine)
	ASTERISK=("$root"/lib64/ld-linux-*.so.2 --library-path "$lib" "$root/usr/sbin/asterisk"
		-C "$at/asterisk.conf")
	mkdir -p "$at"/{run,lib,spool,log}
	cat >"$at/asterisk.conf" <<-END
		[directories]
		astetcdir => $at
		astmoddir => $lib/asterisk/modules
		astdatadir => $root/usr/share/asterisk
		astvarlibdir => $at/lib
		astdbdir => $at/lib
		astkeydir => $at/lib
		astagidir => $at/lib
		astspooldir => $at/spool
		astrundir => $at/run
		astlogdir => $at/log
	END
	printf '[modules]\nautoload=no\n' >"$at/modules.conf"
	for module in sorcery_config sorcery_memory sorcery_astdb timing_timerfd pjproject pjsip \
		pjsip_authenticator_digest pjsip_outbound_authenticator_digest \
		pjsip_outbound_registration; do
		echo "load=res_$module.so" >>"$at/modules.conf"
	done
	cat >"$at/pjsip.conf" <<-END
		[udp]
		type=transport
		protocol=udp
		bind=$LAB_CLIENT4:$1
		[asterisk]
		type=auth
		auth_type=digest
		username=asterisk
		password=$PASSWORD
		[asterisk]
		type=registration
		transport=udp
		outbound_auth=asterisk
		server_uri=sip:$LAB_SERVER4
		client_uri=sip:asterisk@$LAB_SERVER4
		contact_user=asterisk
		expiration=300
	END
}

asterisk_on() {
	asterisk_configured "$1"
	client_on asterisk "${ASTERISK[@]}" -f
}

asterisk_again() {
	client_moves "$@"
	lab_in client "${ASTERISK[@]}" -rx 'pjsip send register asterisk' >>"$LAB_DIR/asterisk.log"
}

asterisk_off() {
	client_off asterisk
}
