#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The status page of `sipguard watch` in a real Chromium, with a real guard in the lab. Not part of
# `make test`: the browser is large, and takes its time. `make page-test` runs it.

# shellcheck source-path=SCRIPTDIR disable=SC2317,SC2119 # the checks are called by name

# shellcheck source=../watch/watch.sh
source "$(dirname "$0")/../watch/watch.sh"
# shellcheck source=browser.sh
source "$(dirname "$0")/browser.sh"

ODD='<b>x&amp;'$((RANDOM % 1000)) # a name that would be markup, if it were not text

# rows ID: a table of the page as JSON, {name of the row: [cells]}, numbers without their commas.
rows() {
	evaluate "Object.fromEntries([...document.querySelectorAll('#$1 tbody tr')].map(tr =>
		[...tr.cells].map(td => td.textContent)).map(([k, ...v]) => [k, v.map(s =>
		/^[0-9,]+\$/.test(s) ? Number(s.replaceAll(',', '')) : s)]))" | jq -cS .
}

# The same of `stats --json`: what the page shows of it.
wanted() {
	local outcomes='[.passed, .would_drop, .dropped | .packets]'
	case $1 in
	reasons) outcomes='[.dropped, .would_drop, .watched | .packets]' ;;
	events) outcomes='[.]' ;;
	esac
	sipguard stats --json | jq -cS "del(.reasons.none) | .$1 | map_values($outcomes) |
		map_values(select(add > 0))"
}

same_numbers() {
	local what
	for what in reasons methods classes events; do
		equal "$(rows "$what")" "$(wanted "$what")"
	done
}

shows_stats() {
	local _
	sipp_run call 4 udp 3
	for _ in {1..7}; do
		lab_in client bash -c "echo not SIP at all >/dev/udp/$LAB_SERVER4/5060"
	done
	until_true same_numbers
	equal "$(rows reasons | jq -c .garbage)" "[7,0,0]"
	equal "$(rows interfaces | jq --arg name "$LAB_IF_SERVER" '.[$name][1]')" \
		"$(sipguard status --json | jq --arg name "$LAB_IF_SERVER" \
			'.interfaces[] | select(.name == $name).seen')"
	equal "$(evaluate "document.getElementById('state').textContent")" \
		'"guarding, enforce mode"'
}

shows_ban() {
	rows bans | jq -e '."198.51.100.7"[0] == "operator" and ."2001:db8:7::/64"[0] == "operator"
		and (."203.0.113.7:5071 tcp"[1] | test("^[0-9]+ min [0-9]+ s$"))' >/dev/null
}

shows_bans() {
	sipguard ban 198.51.100.7 >/dev/null
	sipguard ban 2001:db8:7::1 >/dev/null
	sipguard ban 203.0.113.7:5071 --transport tcp >/dev/null
	until_true shows_ban
}

# By hand it reads the rates where it is pointed at; a reader of the screen is told them.
draws() {
	becomes 3 evaluate "document.querySelectorAll('#traffic path').length"
	evaluate "document.querySelector('#drops svg').getAttribute('aria-label')" |
		grep -q "Dropped a second by reason, now: garbage [0-9]"
	evaluate "document.querySelector('#drops svg').focus()" >/dev/null
	browser Input.dispatchKeyEvent '{"type": "keyDown", "key": "ArrowLeft"}' >/dev/null
	evaluate "document.querySelector('#drops .at').textContent" | grep -q "at [0-9]"
}

# Nothing is asked elsewhere, and nothing that is slipped in runs.
is_closed() {
	equal "$(evaluate "performance.getEntriesByType('resource').every(e =>
		e.name.startsWith(location.origin + '/'))")" true
	evaluate "for (const text of ['window.evil = 1']) { const e = document.createElement('script');
		e.textContent = text; document.body.append(e); }" >/dev/null
	evaluate "document.body.insertAdjacentHTML('beforeend',
		'<img src=x onerror=\"window.evil = 1\"><iframe src=/metrics></iframe>')" >/dev/null
	equal "$(evaluate "fetch('http://$LAB_SERVER4:9/').then(() => 'asked', e => e.name)")" \
		'"TypeError"'
	equal "$(evaluate "typeof window.evil")" '"undefined"'
	equal "$(evaluate "document.cookie")" '""'
}

shows_odd() {
	rows interfaces | jq -e --arg name "$ODD" 'has($name)' >/dev/null
}

# What comes from elsewhere is text.
is_text() {
	ip -n "$LAB_NS_SERVER" link add name "$ODD" type veth peer name "sg-$$p"
	sipguard attach "$ODD" >/dev/null
	until_true shows_odd
	equal "$(evaluate "document.querySelectorAll('main td b, main th b').length")" 0
}

fits() {
	equal "$(evaluate "document.documentElement.scrollWidth <= innerWidth")" true
}

reads_on_a_phone() {
	local width
	for width in 360 768 1280; do
		browser Emulation.setDeviceMetricsOverride "{\"width\": $width, \"height\": 800,
			\"deviceScaleFactor\": 1, \"mobile\": false}" >/dev/null
		equal "$(evaluate innerWidth)" "$width"
		until_true fits
	done
	equal "$(evaluate "[...document.querySelectorAll('th')].every(th => th.scope) &&
		[...document.querySelectorAll('section')].every(s => s.querySelector('h2'))")" true
}

says() { # STATE REGEX
	equal "$(evaluate "document.getElementById('state').textContent")" "\"$1\""
	evaluate "document.getElementById('notes').textContent" | grep -q "$2"
}

tells_what_is_gone() {
	ip -n "$LAB_NS_SERVER" link del "sg-$$p"
	until_true says "guarding, enforce mode" "is not guarded (gone)"
	sipguard mode monitor >/dev/null
	until_true says "monitor mode" "nothing is dropped"
	sipguard detach --all >/dev/null
	until_true says "not guarding" "The guard is not attached"
	equal "$(evaluate "document.body.className")" '"stale"'
	kill -STOP "$(watch_pid)"
	until_true says "no data" "has not answered for .*what is shown is old"
	kill -CONT "$(watch_pid)"
	sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
	until_true says "guarding, enforce mode" ""
	equal "$(evaluate "document.body.className")" '""'
}

# Pictures for who wants to look: PAGE_PICTURES=FOLDER.
pictures() {
	picture "$1/desktop.png" 1280 900 light
	picture "$1/dark.png" 1280 900 dark
	picture "$1/phone.png" 360 800 light
}

test_lab
sipguard attach "$LAB_IF_SERVER" --enforce >/dev/null
watch_start
browser_start
browser Page.navigate "{\"url\": \"http://$WATCH_AT/\"}" >/dev/null
check "the numbers of the page are those of stats --json" shows_stats
check "bans, with the time that is left" shows_bans
check "rates over time, also by keyboard" draws
check "nothing from elsewhere, and nothing that was slipped in" is_closed
check "a name with markup in it is text" is_text
check "no wider than 360 pixels" reads_on_a_phone
[[ -z ${PAGE_PICTURES:-} ]] || pictures "$PAGE_PICTURES"
check "an interface, the guard and the server of the page are gone, and it says so" tells_what_is_gone
watch_stop
browser_stop
test_done
