#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `save` and `restore`: what the guard knows comes back after a reboot, as a whole or not at all.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

FLOOD=$LAB_ROOT/build/sipguard-flood
PORT=sg-$$v
PHONE=198.51.100.66

clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	rm -rf "$LAB_DIR/saved"
	mkdir -m 700 "$LAB_DIR/saved"
	STATE=$LAB_DIR/saved/state
	NOW=$(date +%s)
}

# state LINE...: a file of these, as `save` would end it.
state() {
	local text sum=$((0xcbf29ce484222325)) i
	text=$(printf '%s\n' "$@")$'\n'
	for ((i = 0; i < ${#text}; i++)); do
		printf -v c %d "'${text:i:1}"
		sum=$(((sum ^ c) * 0x100000001b3))
	done
	printf '%send %d %016x\n' "$text" $# "$sum" >"$STATE"
	chmod 600 "$STATE"
}

HEAD=(sipguard-state\ 1 "saved $(date +%s)" "mode enforce")

# passed N: so many of 20 requests of the phone.
passed() {
	local before
	before=$(sipguard stats --json | jq .methods.OPTIONS.passed.packets)
	lab_in client "$FLOOD" --dev "$LAB_IF_CLIENT" --dst "$LAB_SERVER4" \
		--dst-mac "$LAB_SERVER_MAC" --source "$PHONE" --sport "$1" --method OPTIONS \
		--rate 1000 --count 20 --seconds "$LAB_PATIENCE" --queue 64 --drain 0 >/dev/null
	echo $(($(sipguard stats --json | jq .methods.OPTIONS.passed.packets) - before))
}

known() {
	sipguard status --json | jq -c '[.mode, .lists, .bans, .flows.proven, .config,
		[.interfaces[] | .name, .xdp]]'
	sipguard bans --json | jq -c '[.bans[] | [.ban, .transport, .cause]] | sort'
	sipguard allow show
	sipguard deny show
	sipguard identity show --json | jq -c '[.added[] | .identity, .zone]'
	sipguard explain scanner --json | jq .mode
	sipguard sources --json | jq -c '[.sources[]? | .flow, .transport, .proof]'
}

all_comes_back() {
	local before
	ip -n "$LAB_NS_SERVER" link add "$PORT" type veth peer name "${PORT}p"
	echo 'totals: {unlisted-total: {rate: 1, burst: 1}}' >"$LAB_DIR/saved/a b.yaml"
	sipguard attach "$LAB_IF_SERVER" --config "$LAB_DIR/saved/a b.yaml" >/dev/null
	sipguard attach "$PORT" --xdp generic >/dev/null
	sipguard allow add 192.0.2.128/25 2001:db8:77::/48 >/dev/null
	sipguard deny add 203.0.113.128/25 >/dev/null
	sipguard ban 203.0.113.9 --for 1h >/dev/null
	sipguard ban '[2001:db8:5::1]:5062' --transport tcp --for 1h >/dev/null
	sipguard identity add alice@example.com --for 7d >/dev/null
	state "${HEAD[@]}" "flow $PHONE:5062 udp $((NOW + 600)) register" \
		"ban 2001:db8:6::/64 - $((NOW + 600)) limit-invite"
	sipguard restore "$STATE" >/dev/null
	sipguard mode scanner monitor >/dev/null
	equal "$(passed 5062)" 20
	[[ $(passed 5063) -lt 15 ]]
	before=$(known)
	sipguard save "$STATE" >/dev/null
	equal "$(stat -c %a "$STATE")" 600
	sipguard detach --all >/dev/null
	sipguard restore "$STATE" --json |
		jq -e '.bans == 3 and .flows == 1 and .prefixes == 3 and .refused == 0' >/dev/null
	equal "$(known)" "$before"
	equal "$(passed 5062)" 20
	[[ $(passed 5063) -lt 15 ]]
	# What is there already stays, and a reload forgets what was set by hand.
	sipguard restore "$STATE" >/dev/null
	equal "$(known)" "$before"
	sipguard reload >/dev/null
	sipguard save "$STATE" >/dev/null
	equal "$(grep -c ^reason "$STATE")" 0
	sipguard detach --all >/dev/null
	ip -n "$LAB_NS_SERVER" link del "$PORT"
	# What is left is restored, and the exit status says that it is not all.
	fails_twice 1 "no interface $PORT" "Restored from" restore "$STATE"
	status_is '.attached and .bans.sources == 2 and .mode == "enforce"'
	# Nor is there anybody's zone when the file is gone: nothing is dropped without it.
	sipguard detach --all >/dev/null
	rm "$LAB_DIR/saved/a b.yaml"
	fails_twice 1 "in monitor mode" "mode is monitor" restore "$STATE"
	status_is '.attached and .mode == "monitor" and .bans.sources == 2'
}

# fails_twice CODE ERRORS SAID ARGUMENT...: by exit status and note, with something done all the same.
fails_twice() {
	local code=$1 status=0 said
	said=$(sipguard "${@:4}" 2>&1) || status=$?
	equal "$status" "$code"
	[[ $said == *"$2"* && $said == *"$3"* ]]
}

# names: of both lists, and what packets find of them.
names() {
	local list
	for list in allow deny; do
		sipguard "$list" lists --json |
			jq -c '[.lists[] | [.name, .prefixes, .origin, .seconds_left == null]]'
		sipguard "$list" show | sort
	done
}

named_lists_come_back() {
	local before
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	for i in {1..100}; do echo "10.3.$i.0/24"; done >"$LAB_DIR/saved/a list"
	printf 'add bad %s timeout %s\n' 10.4.0.1 1000 10.4.0.2 2000 >"$LAB_DIR/saved/set"
	sipguard deny import "$LAB_DIR/saved/a list" --name some >/dev/null
	sipguard deny import "$LAB_DIR/saved/set" --name timed >/dev/null
	echo 10.5.0.0/16 | sipguard allow import - --name some >/dev/null
	sipguard deny add 10.3.7.0/24 >/dev/null
	before=$(names)
	sipguard save "$STATE" --json | jq -e '.lists == 3 and .prefixes == 104' >/dev/null
	sipguard detach --all >/dev/null
	sipguard restore "$STATE" --json |
		jq -e '.lists == 3 and .prefixes == 104 and .refused == 0 and .over == 0' >/dev/null
	equal "$(names)" "$before"
	# What is by hand, and in the list, too, is both; and a list goes as a whole.
	sipguard deny del --name some >/dev/null
	equal "$(sipguard deny show | wc -l)" 3
	# A newer one stays as it is, and another one comes back.
	sipguard deny del --name timed >/dev/null
	echo 10.6.0.0/16 | sipguard deny import - --name some >/dev/null
	sipguard restore "$STATE" --json | jq -e '.lists == 1 and .prefixes == 3' >/dev/null
	equal "$(sipguard deny show | sort | head -n 1)" "10.3.7.0/24"
	equal "$(sipguard deny show | wc -l)" 4
	# What has ended does not come, and an address that is the host's own now is left out.
	sipguard detach --all >/dev/null
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	state "${HEAD[@]}" "named deny mixed -" "item 10.7.0.0/16 0" "item 10.8.0.0/16 $((NOW - 5))" \
		"item $LAB_SERVER4/32 0" "named allow none /a%20b" "named deny over %2D" \
		"item 10.9.0.0/16 $((NOW - 5))"
	sipguard restore "$STATE" --json | jq -e '.lists == 1 and .over == 2' >/dev/null
	equal "$(sipguard deny show)" "10.7.0.0/16"
}

# The time that the machine was off counts, unless its clock is behind and does not tell.
time_goes_by() {
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	state sipguard-state\ 1 "saved $((NOW - 3600))" "mode monitor" \
		"ban 203.0.113.1 - $((NOW - 5)) -" "ban 203.0.113.2 - $((NOW + 1000)) -" \
		"identity sip:a@example.com 0 $((NOW - 5))" "deny 203.0.113.64/26 $((NOW - 5))" \
		"flow 203.0.113.3:5060 udp $((NOW - 5)) call"
	sipguard restore "$STATE" --json | jq -e '.bans == 1 and .over == 4' >/dev/null
	sipguard bans --json | jq -e '.bans[0].seconds_left <= 1000' >/dev/null
	sipguard unban 203.0.113.2 >/dev/null
	state sipguard-state\ 1 "saved $((NOW + 86400))" "mode monitor" \
		"ban 203.0.113.2 - $((NOW + 86400 + 1000)) -"
	sipguard restore "$STATE" >/dev/null
	sipguard bans --json | jq -e '.bans[0].seconds_left | . <= 1000 and . > 500' >/dev/null
	# The host's own address is nobody to be banned or denied; the rest is as it was.
	state "${HEAD[@]}" "ban $LAB_SERVER4 - $((NOW + 600)) -" "deny $LAB_SERVER4 0" \
		"deny 203.0.113.0/25 0" "deny 203.0.113.128/25 0"
	sipguard restore "$STATE" --json 2>/dev/null |
		jq -e '.refused == 2 and .prefixes == 2 and .bans == 0' >/dev/null
}

# What packets find in smaller tables, and that an upgrade and a reload leave them as they are.
small() {
	local flow bytes
	echo '{memory: small, totals: {unlisted-total: {rate: 1, burst: 1}}}' >"$LAB_DIR/saved/small"
	sipguard attach "$LAB_IF_SERVER" --config "$LAB_DIR/saved/small" >/dev/null
	bytes=$(sipguard status --json | jq .memory.bytes)
	[[ $bytes -lt 24000000 ]]
	flow="flow $PHONE:5062 udp $((NOW + 600)) register"
	state "${HEAD[@]}" "$flow"
	sipguard restore "$STATE" >/dev/null
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	equal "$(passed 5062)" 20
	[[ $(passed 5063) -lt 15 ]]
	status_is '.flows.most == 32768 and .memory_preset == "small" and .notices == []'
	echo 'memory: large' >"$LAB_DIR/saved/large"
	[[ $(sipguard reload --config "$LAB_DIR/saved/large" 2>&1) == *"has the tables of \`small\`"* ]]
	[[ $(sipguard status --check) == *WARNING*"tables of"* ]]
	equal "$(sipguard status --json | jq .memory.bytes)" "$bytes"
}

# damaged WHAT: it is refused in one sentence, kept aside, and nothing is attached or changed.
damaged() {
	fails 1 "damaged.*nothing of it was restored; it is kept as" restore "$STATE" || {
		echo "$1"
		return 1
	}
	[[ ! -e $STATE && ! -e $SIPGUARD_PIN_ROOT ]]
	rm "$STATE".damaged-*
}

damaged_files() {
	local good lines line bad
	state "${HEAD[@]}" "interface $LAB_IF_SERVER native" "deny 203.0.113.0/24 0"
	good=$(<"$STATE")
	lines=$(wc -l <<<"$good")
	for ((line = 0; line < lines; line++)); do
		head -n "$line" <<<"$good" >"$STATE"
		damaged "cut behind line $line"
	done
	printf '%s' "$good" >"$STATE"
	damaged "without its last newline"
	printf '%s\n\n' "$good" >"$STATE"
	damaged "with something behind"
	printf '%s\n' "${good/deny 203/deny 204}" >"$STATE"
	damaged "changed"
	{ echo "${HEAD[0]}" && head -c 300 /dev/urandom; } >"$STATE"
	damaged "noise"
	state sipguard-state\ 2 "${HEAD[@]:1}"
	damaged "a newer version"
	while IFS= read -r bad; do
		state "${HEAD[@]}" "$bad"
		damaged "$bad"
	done <<-END
		mode monitor
		saved 5
		allow 203.0.113.7/24 0
		allow 0.0.0.0/0
		allow  203.0.113.0/24 0
		deny 203.0.113.0/24 99999999999999999999
		ban 203.0.113.9 udp $((NOW + 600)) -
		ban 203.0.113.9 - $((NOW + 600)) no-such-reason
		ban 203.0.113.9 - $((NOW + 40000000)) -
		flow 203.0.113.9 - $((NOW + 600)) call
		flow 203.0.113.9:5060 udp $((NOW + 200000)) register
		flow 203.0.113.9:5060 sctp $((NOW + 600)) register
		identity sip:alice@example.com%0Ax 0 $((NOW + 600))
		item 203.0.113.0/24 0
		named deny no/name -
		named ban some -
		named deny some /%00
		named deny some
		interface an-interface-of-no-kernel native
		interface $LAB_IF_SERVER offload
		config relative.yaml
		config /%00
		reason none off
		reason garbage maybe
		execute /bin/sh
	END
	# Others may have written it: it is left where it is.
	printf '%s\n' "$good" >"$STATE"
	chmod 620 "$STATE"
	fails 1 "may be written by others" restore "$STATE"
	[[ -e $STATE && ! -e $SIPGUARD_PIN_ROOT ]]
	# A file of somebody else, named by mistake, is not taken away, whatever is in it.
	for bad in 'zones: []\n' 'sipguard\n' '\0\0'; do
		printf '%b' "$bad" >"$STATE"
		chmod 600 "$STATE"
		fails 1 "is no saved state of sipguard.*left as it is" restore "$STATE"
		[[ -e $STATE && ! -e $SIPGUARD_PIN_ROOT ]]
	done
	fails 1 "there is no file" restore "$STATE.none"
	fails 1 "is no file" restore "$LAB_DIR/saved"
	sipguard attach "$LAB_IF_SERVER" >/dev/null
	fails 1 "cannot write /dev/full: it is no file; what was there" save /dev/full
	fails 1 "it is no file; what was there" save "$LAB_DIR/saved"
}

# A disk that is full, in a mount namespace of its own.
on_full_disk() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_in server unshare -m sh -c 'mount -t tmpfs -o size=4k none "$1" && echo old >"$1/state" &&
		! "$2" save "$1/state" && [ "$(cat "$1/state")" = old ] && [ ! -e "$1/state.new" ]' \
		- "$1" "$SIPGUARD"
}

writing() {
	local i pids=()
	fails 3 "not attached" save "$STATE"
	[[ ! -e $STATE ]]
	sipguard attach "$LAB_IF_SERVER" --for 1h >/dev/null
	fails 1 "is on trial" save "$STATE"
	sipguard confirm >/dev/null
	sipguard mode enforce --for 1h >/dev/null
	sipguard save "$STATE" >/dev/null
	equal "$(grep ^mode "$STATE")" "mode monitor"
	# What somebody who was killed has left, a link of somebody else, is no way to another file.
	echo mine >"$LAB_DIR/saved/other"
	ln -sf other "$STATE.new"
	for i in 1 2 3 4; do
		sipguard save "$STATE" >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	equal "$(<"$LAB_DIR/saved/other")" mine
	sipguard restore "$STATE" >/dev/null
	equal "$(cd "$LAB_DIR/saved" && echo ./*)" "./other ./state"
	ln -s other "$LAB_DIR/saved/link"
	fails 1 "cannot write" save "$LAB_DIR/saved/link"
	fails 1 "cannot write" save "$LAB_DIR/saved"
	fails 1 "cannot write" save "$LAB_DIR/none/none/state"
	sipguard deny add 10.1.0.0/16 10.2.0.0/16 >/dev/null
	for i in {1..150}; do echo "10.3.$i.0/24"; done >"$LAB_DIR/saved/list"
	sipguard deny import "$LAB_DIR/saved/list" >/dev/null
	[[ $(sipguard save "$STATE" 2>&1) == *"152 prefixes, 0 named lists, 0 bans"* ]]
	mkdir "$LAB_DIR/saved/full"
	on_full_disk "$LAB_DIR/saved/full" 2>/dev/null
}

[[ -x $SIPGUARD && -x $FLOOD ]] || lab_die "$SIPGUARD or $FLOOD is not built: run \"make\" first."
lab_up
trap test_ended EXIT

check "what was saved comes back, with interfaces, configuration and mode" all_comes_back
check "named lists come back, with their names and what is left of their time" \
	named_lists_come_back
check "what has ended meanwhile does not come back" time_goes_by
check "the memory of a small guard, and what packets find there" small
check "a damaged or hostile file: refused as a whole and kept aside" damaged_files
check "saving: one at a time, as a whole, and nothing else in its way" writing
test_done
