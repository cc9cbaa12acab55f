# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# baresip as the phones of the lab's callers: each a process with one account, which is told what to
# do, and tells what happens, over a TCP connection (ctrl_tcp: JSON in netstrings). Source it after
# lib.sh.

PHONE_PASSWORD=secret

# phone_config PORT CONTROL-PORT ADDRESS: a handset without a sound device. baresip takes the port
# after PORT as well, for TLS.
phone_config() {
	cat <<-END
		sip_listen $3:$1
		module_path /usr/lib/baresip/modules
		audio_player aubridge,phone
		audio_source aubridge,phone
		audio_alert aubridge,phone
		module ctrl_tcp.so
		module g711.so
		module aubridge.so
		module_tmp account.so
		module_app contact.so
		module_app menu.so
		module_app presence.so
		ctrl_tcp_listen 127.0.0.1:$2
	END
}

# phone_start NAME 4|6 udp|tcp PORT CONTROL-PORT [FRIEND]: switches it on, and waits until Kamailio
# has registered it. It subscribes to the presence of FRIEND. (Not to its mailbox: the mwi module of
# baresip 1.0 at times subscribes without end, and the phone does nothing else any more.)
phone_start() {
	local name=$1-$2-$3 at server=$LAB_SERVER4 address=$LAB_CLIENT4
	if [[ $2 == 6 ]]; then
		server="[$LAB_SERVER6]"
		address="[$LAB_CLIENT6]"
	fi
	at=$LAB_DIR/$name
	mkdir -p "$at"
	phone_config "$4" "$5" "$address" >"$at/config"
	# All it sends takes the way that it registered by.
	printf '"%s" <sip:%s@%s;transport=%s>;auth_pass=%s;outbound="sip:%s;transport=%s";%s\n' \
		"$1" "$name" "$server" "$3" "$PHONE_PASSWORD" "$server" "$3" \
		"regint=600;answermode=manual" >"$at/accounts"
	: >"$at/contacts"
	[[ -z ${6:-} ]] || printf '"%s" <sip:%s@%s;transport=%s>;presence=p2p\n' "$6" "$6-$2-$3" \
		"$server" "$3" >"$at/contacts"
	# What the last one of this name told is not this one's.
	: >"$at/events"
	: >"$LAB_DIR/$name.log"
	lab_spawn client "$name" stdbuf -oL baresip -f "$at" -s
	echo "$5" >"$at/port"
	phone_wait "$name" 1 '200 OK .*\[1 binding'
	phone_control "$name" "$5"
}

# What the phone is told is appended to one file, what it tells to another. Neither end waits for a
# process that is gone.
phone_control() {
	local at=$LAB_DIR/$1
	: >"$at/commands"
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_in client bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"
		cat <&3 >>"$2/events" &
		exec tail -s 0.05 -n +1 -f "$2/commands" >&3' phone "$2" "$at" \
		</dev/null >"$at/control.log" 2>&1 &
	phone_do "$1" listcalls
	phone_wait "$1" 1 '"response":true,"ok":true'
}

# phone_do NAME COMMAND [ARGUMENT]
phone_do() {
	local json="{\"command\":\"$2\",\"params\":\"${3:-}\"}"
	printf '%d:%s,' "${#json}" "$json" >>"$LAB_DIR/$1/commands"
}

phone_saw() {
	cat "$LAB_DIR/$1/events" "$LAB_DIR/$1.log" | grep -aoE -e "$2" | wc -l
}

# phone_wait NAME N REGEX: until the phone has told N times what is like REGEX.
phone_wait() {
	local end=$((SECONDS + ${LAB_PATIENCE:-120}))
	while [[ $SECONDS -lt $end ]]; do
		[[ $(phone_saw "$1" "$3") -lt $2 ]] || return 0
		sleep 0.05
	done
	echo "$1 did not tell $2 times: $3; the end of its log:"
	tail -n 15 "$LAB_DIR/$1.log"
	return 1
}

phone_event() {
	phone_wait "$1" "$2" "\"type\":\"$3\""
}

# Switches it off: it unregisters, and waits for the answer.
phone_stop() {
	local port end=$((SECONDS + ${LAB_PATIENCE:-120}))
	port=$(<"$LAB_DIR/$1/port")
	phone_do "$1" quit
	while [[ $SECONDS -lt $end ]]; do
		[[ -n $(lab_in client ss -Hltn "sport = :$port") ]] || return 0
		sleep 0.05
	done
	echo "$1 does not switch off"
	return 1
}
