#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tools/fail2ban/sipguard.conf with the real fail2ban: its filter for Asterisk's log, our action.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lab/lib.sh
source "$(dirname "$0")/../lab/lib.sh"

# The action finds the command as it does where it is installed, by PATH.
fail2ban() {
	lab_in server env PATH="$(dirname "$SIPGUARD"):$PATH" fail2ban-client -c "$DIR" -s "$DIR/socket" -p "$DIR/pid" "$@"
}

# jails SECONDS: configured and started, with bans for so long. It knows Debian's filters.
jails() {
	DIR=$LAB_DIR/fail2ban
	cp -r /etc/fail2ban "$DIR"
	rm -f "$DIR"/jail.d/*
	cp "$LAB_ROOT/tools/fail2ban/sipguard.conf" "$DIR/action.d/"
	: >"$LAB_DIR/messages"
	cat >"$DIR/fail2ban.local" <<-END
		[Definition]
		logtarget = $LAB_DIR/fail2ban.log
		dbfile = None
	END
	cat >"$DIR/jail.local" <<-END
		[DEFAULT]
		backend = polling
		ignoreself = false
		[asterisk]
		enabled = true
		logpath = $LAB_DIR/messages
		maxretry = 2
		findtime = 600
		bantime = $1
		action = sipguard
	END
	fail2ban start >/dev/null
}

# failed ADDRESS: as Asterisk logs a wrong password.
failed() {
	printf "[%s] NOTICE[7] chan_sip.c: Registration from '<sip:100@%s>' failed for '%s:5060' - %s\n" \
		"$(date '+%Y-%m-%d %H:%M:%S')" "$LAB_SERVER4" "$1" "Wrong password" >>"$LAB_DIR/messages"
}

banned() {
	sipguard bans --json | jq -c '[.bans[].ban] | sort'
}

clean_state() {
	[[ ! -e ${DIR:-}/pid ]] || fail2ban stop >/dev/null
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	rm -rf "$LAB_DIR/fail2ban" "$LAB_DIR/fail2ban.log"
	sipguard attach "$LAB_IF_SERVER" >/dev/null
}

bans() {
	jails 3600
	failed 203.0.113.7
	failed 203.0.113.7
	failed 203.0.113.8
	failed 2001:db8:7::1
	failed 2001:db8:7::1
	becomes '["2001:db8:7::/64","203.0.113.7"]' banned
	[[ $(sipguard bans --json | jq '[.bans[].seconds_left > 3000] | all') == true ]]
	fail2ban unban 203.0.113.7 >/dev/null
	becomes '["2001:db8:7::/64"]' banned
	# Gone before fail2ban lifts it: nothing to complain of.
	sipguard unban 2001:db8:7::/64 >/dev/null
	fail2ban unban 2001:db8:7::1 >/dev/null
	fail2ban stop >/dev/null
	! grep -E "ERROR|CRITICAL" "$LAB_DIR/fail2ban.log"
}

# A ban has an end, also where fail2ban gives none.
ends() {
	jails -1
	failed 203.0.113.7
	failed 203.0.113.7
	becomes '["203.0.113.7"]' banned
	[[ $(sipguard bans --json | jq '.bans[0].seconds_left > 2590000') == true ]]
}

command -v fail2ban-client >/dev/null || lab_die "fail2ban is missing: tools/deps.sh integrations."
[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT

check "fail2ban: who fails to register is banned, and unbanned" bans
check "fail2ban: a ban without an end gets one" ends
clean_state
test_done
