#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tools/crowdsec/sipguard-bouncer.sh with the real crowdsec, whose local API alone runs.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lab/lib.sh
source "$(dirname "$0")/../lab/lib.sh"

BOUNCER=$LAB_ROOT/tools/crowdsec/sipguard-bouncer.sh

cscli() {
	lab_in server cscli -c "$DIR/config.yaml" "$@" 2>>"$DIR/log"
}

api_answers() {
	lab_in server curl -s -o /dev/null http://127.0.0.1:8080/v1/decisions
}

# It asks nobody but itself.
crowdsec_configure() {
	DIR=$LAB_DIR/crowdsec
	mkdir -p "$DIR"/data "$DIR"/hub "$DIR"/notifications
	cp /etc/crowdsec/profiles.yaml "$DIR/"
	: >"$DIR/simulation.yaml"
	: >"$DIR/console.yaml"
	: >"$DIR/local.yaml"
	echo '{}' >"$DIR/hub/.index.json"
	cat >"$DIR/config.yaml" <<-END
		common: {daemonize: false, log_media: stdout, log_level: info, working_dir: .}
		config_paths:
		  config_dir: $DIR/
		  data_dir: $DIR/data/
		  simulation_path: $DIR/simulation.yaml
		  hub_dir: $DIR/hub/
		  index_path: $DIR/hub/.index.json
		  notification_dir: $DIR/notifications/
		  plugin_dir: /usr/lib/crowdsec/plugins/
		db_config: {log_level: info, type: sqlite, db_path: $DIR/data/crowdsec.db}
		api:
		  client: {insecure_skip_verify: false, credentials_path: $DIR/local.yaml}
		  server:
		    log_level: info
		    listen_uri: 127.0.0.1:8080
		    profiles_path: $DIR/profiles.yaml
		    console_path: $DIR/console.yaml
		prometheus: {enabled: false}
	END
}

# starts NAME COMMAND...: in the background, and its own process is what is ended by `ends NAME`.
starts() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_in server bash -c 'echo $$ >"$1"; exec "${@:2}"' - "$DIR/$1.pid" "${@:2}" \
		>>"$DIR/$1.log" 2>&1 &
}

is_gone() {
	[[ ! -e /proc/$1 ]]
}

ends() {
	local pid
	pid=$(<"$DIR/$1.pid")
	kill "$pid"
	until_true is_gone "$pid"
}

crowdsec_start() {
	starts crowdsec crowdsec -c "$DIR/config.yaml" -no-cs
	until_true api_answers
}

bouncer() {
	CROWDSEC_KEY=$KEY lab_in server "$BOUNCER" "$@"
}

denied() {
	sipguard deny show | tr '\n' ' '
}

decides() {
	cscli decisions add --ip 203.0.113.9 --duration 1h
	cscli decisions add --ip 203.0.113.10 --duration 1h --type captcha
	cscli decisions add --range 198.51.100.77/24 --duration 30m
	cscli decisions add --ip 2001:db8:7::1 --duration 4m
	bouncer --once
	equal "$(denied)" "198.51.100.0/24 203.0.113.9 2001:db8:7::1 "
	equal "$(sipguard deny export - --name crowdsec --format ipset |
		awk '$1 == "add" { print $3, ($5 > 1700), ($5 > 3500), ($5 > 3700) }' | sort | tr '\n' ';')" \
		"198.51.100.0/24 1 0 0;2001:db8:7::1 0 0 0;203.0.113.9 1 1 0;"
}

# What comes and goes, while it runs; and what somebody has put there by hand is not its business.
follows() {
	sipguard deny add 203.0.113.77 >/dev/null
	CROWDSEC_KEY=$KEY CROWDSEC_SECONDS=0.2 starts bouncer "$BOUNCER"
	becomes "198.51.100.0/24 203.0.113.9 203.0.113.77 2001:db8:7::1 " denied
	cscli decisions delete --range 198.51.100.77/24
	becomes "203.0.113.9 203.0.113.77 2001:db8:7::1 " denied
	cscli decisions add --ip 203.0.113.11 --duration 1h
	becomes "203.0.113.9 203.0.113.11 203.0.113.77 2001:db8:7::1 " denied
	# CrowdSec is gone: nobody is let in for that.
	ends crowdsec
	until_true grep -q "the list stays as it is" "$DIR/bouncer.log"
	equal "$(denied)" "203.0.113.9 203.0.113.11 203.0.113.77 2001:db8:7::1 "
	crowdsec_start
	cscli decisions delete --all
	becomes "203.0.113.77 " denied
	cscli decisions add --ip 203.0.113.12 --duration 1h
	becomes "203.0.113.12 203.0.113.77 " denied
	# The guard has lost its lists.
	sipguard detach --all >/dev/null
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	becomes "203.0.113.12 " denied
	ends bouncer
}

# A forger has an address banned that sipguard denies nobody: all others are denied still.
forged() {
	cscli decisions delete --all
	cscli decisions add --ip "$LAB_SERVER4" --duration 1h
	cscli decisions add --ip "$LAB_CLIENT4" --duration 1h
	cscli decisions add --range 2001:db8:8::1/64 --duration 1h
	cscli decisions add --ip 203.0.113.13 --duration 1h
	bouncer --once
	equal "$(denied)" "203.0.113.13 "
}

refused() {
	local said
	said=$(KEY=wrong bouncer --once 2>&1) && return 1
	[[ $said == *403* ]]
	said=$(KEY='' bouncer --once 2>&1) && return 1
	[[ $said == *"CROWDSEC_KEY is not set"* ]]
}

command -v cscli >/dev/null || lab_die "crowdsec is missing: tools/deps.sh integrations."
[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
export SIPGUARD
lab_up
trap test_ended EXIT
sipguard attach "$LAB_IF_SERVER" >/dev/null
crowdsec_configure
cscli machines add lab --password lab --force -f "$DIR/local.yaml"
KEY=$(cscli bouncers add sipguard -o raw)
crowdsec_start

check "crowdsec: its decisions are the list of that name" decides
check "crowdsec: decisions come and go" follows
check "crowdsec: what cannot be denied keeps nobody else free" forged
check "crowdsec: a key that is wrong" refused
test_done
