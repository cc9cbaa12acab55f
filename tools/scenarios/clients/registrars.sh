# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash source-path=SCRIPTDIR
#
# The registrars of forger-clients: NAME_registrar_on starts one as the lab's server, and fails if it
# cannot be had; NAME_registrar_off ends it.

kamailio_registrar_on() {
	server_start WITH_PHONES "PASSWORD=\"$PASSWORD\""
}

kamailio_registrar_off() {
	server_stop
}

# Of SIP only; its files are the lab's. Without a node name it asks for no port mapper.
ejabberd_registrar_on() {
	local at=$LAB_DIR/ejabberd user users=
	command -v ejabberdctl >/dev/null || return 1
	mkdir -p "$at"
	cat >"$at/ejabberd.yml" <<-END
		hosts: ["$LAB_SERVER4"]
		loglevel: info
		listen:
		  - {port: 5060, ip: "$LAB_SERVER4", transport: udp, module: ejabberd_sip}
		modules:
		  mod_sip: {}
	END
	for user in "${CLIENTS[@]}" baresip-4-udp; do
		users+=${users:+, }"<<\"$user\">>"
	done
	LAB_CPU=$LAB_CPU_SERVER lab_spawn server ejabberd env HOME="$at" \
		ERL_LIBS="/usr/lib/$(gcc -dumpmachine)" \
		EJABBERD_CONFIG_PATH="$at/ejabberd.yml" EJABBERD_LOG_PATH="$at/ejabberd.log" \
		erl +S 1 -noinput -mnesia dir "\"$at/users\"" -s ejabberd -eval \
		"[ok = ejabberd_auth:try_register(User, <<\"$LAB_SERVER4\">>, <<\"$PASSWORD\">>) ||
			User <- [$users]], io:format(\"ready~n\")."
	until_true grep -qs '^ready' "$LAB_DIR/ejabberd.log"
	grep -q '^ready' "$LAB_DIR/ejabberd.log"
}

ejabberd_registrar_off() {
	lab_end_processes "$LAB_NS_SERVER"
}
