#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is below cmd/ as another program uses it: named lists, and what an edit of a list costs.

# shellcheck source-path=SCRIPTDIR disable=SC2317 # the checks are called by name

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

LIBRARY=$LAB_ROOT/build/tests/as_library

library() {
	lab_in server "$LIBRARY" "$@"
}

# shown LINE...: what is listed.
shown() {
	equal "$(library show | sort)" "$(printf '%s\n' "$@" | sort)"
}

clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	sipguard attach "$LAB_IF_SERVER" >/dev/null
}

# Two lists have a prefix, and the operator, too: when one goes the others still do.
replaces() {
	sipguard deny add 203.0.113.3 >/dev/null
	library replace deny a 0 203.0.113.1 203.0.113.2 2001:db8:7::/48
	shown "deny a 203.0.113.1" "deny a 203.0.113.2" "deny 0 203.0.113.3" "deny a 2001:db8:7::/48"
	library replace deny b 0 198.51.100.0/24
	library replace deny a 0 203.0.113.3 203.0.113.2 198.51.100.0/24 203.0.113.0/24
	shown "deny a 198.51.100.0/24" "deny a 203.0.113.0/24" "deny a 203.0.113.2" \
		"deny 0 203.0.113.3"
	library replace deny a 0
	shown "deny b 198.51.100.0/24" "deny 0 203.0.113.3"
	sipguard deny add 198.51.100.0/24 >/dev/null
	library replace deny b 0
	shown "deny 0 198.51.100.0/24" "deny 0 203.0.113.3"
	library add deny c 0 203.0.113.3
	sipguard deny del 203.0.113.3 2>&1 | grep -q "203.0.113.3 stays on the deny list: the list 'c'"
	shown "deny 0 198.51.100.0/24" "deny c 203.0.113.3"
	fails 1 "by the list 'c': .sipguard deny del --name c." deny del 203.0.113.3
	# What is allowed goes before what is denied, and hides it only.
	library add allow d 0 203.0.113.3
	shown "deny 0 198.51.100.0/24" "allow d 203.0.113.3"
	sipguard allow del --name d >/dev/null
	sipguard allow add 203.0.113.3 >/dev/null
	shown "deny 0 198.51.100.0/24" "allow 0 203.0.113.3"
	equal "$(sipguard deny show --name c)" 203.0.113.3
	sipguard allow del 203.0.113.3 >/dev/null
	sipguard deny del --name c >/dev/null
	shown "deny 0 198.51.100.0/24"
	equal "$(sipguard deny lists)" ""
}

# What is added to a list does not end with the rest of it.
grows() {
	library add deny a 3600 203.0.113.1
	library add deny a 0 203.0.113.2
	equal "$(sipguard deny lists --json | jq -c '.lists[] | [.name, .prefixes, .seconds_left]')" \
		'["a",2,null]'
	printf '203.0.113.9\n' >"$LAB_DIR/grown"
	sipguard deny import "$LAB_DIR/grown" --name a --for 1d >/dev/null
	equal "$(sipguard deny show --name a | tr '\n' ' ')" "203.0.113.1 203.0.113.2 203.0.113.9 "
	sipguard deny import "$LAB_DIR/grown" --name a --for 1d --replace >/dev/null
	equal "$(sipguard deny lists --json | jq -c ".lists[] | [.origin, .seconds_left > 86000]")" \
		"[\"$LAB_DIR/grown\",true]"
	sipguard deny export "$LAB_DIR/grown.2" --name a --format ipset >/dev/null
	sipguard deny del --name a >/dev/null
	fails 1 "has a timeout" deny import "$LAB_DIR/grown.2"
	sipguard deny import "$LAB_DIR/grown.2" --name b >/dev/null
	equal "$(sipguard deny lists --json | jq -c ".lists[] | [.name, .seconds_left > 86000]")" \
		'["b",true]'
}

# library_fails REGEX ARGUMENT...: and nothing has changed.
library_fails() {
	local regex=$1 before said status=0
	shift
	before=$(library show)
	said=$(library "$@" 2>&1) || status=$?
	equal "$status" 1
	[[ $said =~ $regex ]] || {
		echo "it said: $said"
		return 1
	}
	equal "$(library show)" "$before"
}

refuses() {
	library replace deny a 0 203.0.113.1
	library_fails "$LAB_SERVER4 is an address of this host" \
		replace deny a 0 203.0.113.4 "$LAB_SERVER4"
	printf '%s\n' "$LAB_SERVER4" 203.0.113.5 >"$LAB_DIR/own"
	# With --force it is in the list, and packets from there are not denied.
	sipguard deny import "$LAB_DIR/own" --name a --replace --force >/dev/null
	shown "deny a 203.0.113.5"
	# A download that failed, say.
	fails 1 "no prefix in -, so the list 'a' stays" deny import - --name a --replace </dev/null
	shown "deny a 203.0.113.5"
	fails 1 "there is no list 'z'" deny del --name z
	fails 2 "takes 1 to 31 letters" deny import "$LAB_DIR/own" --name "a b"
	fails 2 "for 'import' with --name" deny import "$LAB_DIR/own" --replace
	fails 2 "for 'import'" deny show --column 1
	sipguard detach --all >/dev/null
	[[ $(library show 2>&1) == "as_library: the guard is not attached"* ]]
}

settled() {
	library settle
	shown "$@"
}

# What is over goes with the next that settles; what is not stays.
ends() {
	library add deny a 1 203.0.113.1
	library add deny b 3600 203.0.113.2 203.0.113.1
	library add deny c 1 203.0.113.4
	library add deny 0 0 203.0.113.3
	until_true settled "deny b 203.0.113.1" "deny b 203.0.113.2" "deny 0 203.0.113.3"
	equal "$(sipguard deny lists --json | jq -c '[.lists[].name]')" '["b"]'
	equal "$(find "$SIPGUARD_PIN_ROOT"/v*/lists -type f | wc -l)" 1
}

# killed CALL: a replacement that is killed at its bpf() number CALL; false if it had fewer.
killed() {
	lab_in server strace -qq -o /dev/null -e trace=bpf -e inject="bpf:signal=KILL:when=$1" \
		"$SIPGUARD" deny import "$LAB_DIR/new" --name a --replace >/dev/null 2>&1 &&
		return 1
	return 0
}

# What packets find is one or the other, wherever it is killed, and so is what the next command says,
# which puts all in order. Each of them has what the other has not, shorter and longer.
killed_halfway() {
	local call old new found side=old
	printf '%s\n' 203.0.113.0/24 198.51.100.7 100.64.2.0/25 2001:db8:7::/48 >"$LAB_DIR/old"
	printf '%s\n' 203.0.113.0/26 198.51.100.7 100.64.2.0/24 100.64.2.9 2001:db8:7:1::/64 \
		2001:db8:8::/48 >"$LAB_DIR/new"
	sipguard deny add 100.64.2.9 >/dev/null
	sipguard deny import "$LAB_DIR/new" --name a >/dev/null
	new=$(sipguard deny show)
	sipguard deny import "$LAB_DIR/old" --name a --replace >/dev/null
	old=$(sipguard deny show)
	[[ $old != "$new" ]]
	for ((call = 78; ; call++)); do
		killed "$call" || break
		found=$(sipguard deny show)
		if [[ $found == "$new" ]]; then
			side=new
		else
			equal "$found" "$old"
			# Once it is in force it stays so.
			equal "$side" old
		fi
		[[ $((call % 4)) -ne 0 ]] || settled_as "$found"
	done
	equal "$side" new
	settled_as "$new"
	[[ ! -e $(echo "$SIPGUARD_PIN_ROOT"/v*/lists-next) ]]
}

# `status` counts without reading them all.
counted() {
	equal "$(sipguard status --json | jq -c '[.lists.allow, .lists.deny]')" \
		"[$(sipguard allow show | wc -l),$(sipguard deny show | wc -l)]"
}

# settled_as LIST: an edit recovers, and then it is as it was; back to the beginning.
settled_as() {
	sipguard deny add 203.0.113.200 >/dev/null
	sipguard deny del 203.0.113.200 >/dev/null
	equal "$(sipguard deny show)" "$1"
	equal "$(sipguard deny show | sort)" \
		"$({ sipguard deny show --name a; echo 100.64.2.9; } | sort -u)"
	equal "$(library show | grep -c "^none")" 0
	counted
	sipguard deny import "$LAB_DIR/old" --name a --replace >/dev/null
	counted
	side=old
}

# bpf_calls COMMAND ARGUMENT...: how often it has the kernel run that command of bpf().
bpf_calls() {
	lab_in server strace -f -qq -o "$LAB_DIR/trace" -e trace=bpf "$SIPGUARD" "${@:2}" >/dev/null
	grep -cE "^[0-9]+ +bpf\($1" "$LAB_DIR/trace" || true
}

# An edit takes lists away whose time is over, however much else is listed.
ended_goes() {
	sipguard deny add 203.0.113.5 >/dev/null
	sipguard deny del 203.0.113.5 >/dev/null
	equal "$(library show | grep " z ")" ""
	equal "$(sipguard deny lists)" ""
}

# However long the lists are, who puts one prefix on them does not read them; and who takes one off
# reads a part, once.
edits_are_cheap() {
	seq 0 199999 | awk '{ printf "10.%d.%d.%d\n", $1 / 65536, $1 / 256 % 256, $1 % 256 }' \
		>"$LAB_DIR/large.list"
	sipguard deny import "$LAB_DIR/large.list" >/dev/null
	equal "$(bpf_calls 'BPF_MAP_(LOOKUP_BATCH|GET_NEXT_KEY)' deny add 203.0.113.1)" 0
	equal "$(bpf_calls 'BPF_MAP_(LOOKUP_BATCH|GET_NEXT_KEY)' allow add 203.0.113.2)" 0
	[[ $(bpf_calls 'BPF_MAP_(LOOKUP_BATCH|GET_NEXT_KEY)' deny del 203.0.113.1) -le 1 ]]
	library add deny z 1 203.0.113.9
	until_true ended_goes
	[[ ! -e $(echo "$SIPGUARD_PIN_ROOT"/v*/lists/1) ]]
	# Also where a longer or a shorter prefix is there: only the same one counts.
	fails 1 "10.0.0.0/24 is not on the deny list" deny del 10.0.0.0/24
	fails 1 "10.0.0.1/32 is not on the allow list|10.0.0.1 is not on the allow list" allow del 10.0.0.1
	sipguard allow add 10.0.0.0/24 >/dev/null
	equal "$(sipguard status --json | jq -c .lists)" '{"allow":2,"deny":200000}'
}

# mistake REGEX ARGUMENT...: refused for that, in one line, nothing listed; and done with --force.
mistake() {
	local regex=$1 said status=0
	shift
	said=$(sipguard deny "$@" 2>&1) || status=$?
	equal "$status" 1
	[[ $said =~ $regex && $said != *$'\n'* ]] || {
		echo "it said: $said"
		return 1
	}
	equal "$(sipguard deny show)" ""
	sipguard deny "$@" --force >/dev/null
	[[ -n $(sipguard deny show) ]]
	clean_state
}

# Who denies himself, or the way to everybody, mistypes. Others are denied as ever.
lock_outs() {
	clean_state
	export SSH_CONNECTION="192.0.2.9 40000 198.51.100.1 22"
	mistake "192.0.2.0/24 holds 192.0.2.9, from where you are logged in: .*--force" \
		add 203.0.113.0/24 192.0.2.0/24
	# sudo takes the variable away: the shell that called it still has it.
	# shellcheck disable=SC2016 # expanded by the inner shell
	[[ $(bash -c 'env -u SSH_CONNECTION "$@" 2>&1; :' shell nsenter \
		--net="/run/netns/$LAB_NS_SERVER" -- "$SIPGUARD" deny add 192.0.2.9) == *"logged in"* ]]
	sipguard deny add 192.0.3.0/24 >/dev/null
	clean_state
	export SSH_CONNECTION="2001:db8:9::1 40000 2001:db8::1 22"
	mistake "2001:db8:9::/48 holds 2001:db8:9::1" add 2001:db8:9::/48
	unset SSH_CONNECTION
	mistake "holds $LAB_CLIENT4, a default gateway" add "$LAB_CLIENT4"
	mistake "holds $LAB_CLIENT6, a default gateway" add "$LAB_CLIENT6"
	echo "${LAB_CLIENT4%.*}.0/24" >"$LAB_DIR/denied"
	mistake "a default gateway" import "$LAB_DIR/denied"
	sipguard allow add "$LAB_CLIENT4" >/dev/null
	mistake "0.0.0.0/5 is a great part of all addresses, .*--force" add 0.0.0.0/5
	mistake "::/12 is a great part" add ::/12
	sipguard deny add 203.0.0.0/8 2a00::/16 >/dev/null
}

# Own addresses are those of the network namespace that a command runs in.
from_elsewhere() {
	local verb
	clean_state
	for verb in "deny add" ban; do
		# shellcheck disable=SC2086 # words
		SAID=$("$SIPGUARD" $verb "$LAB_SERVER4" 2>&1) && return 1
		[[ $SAID == *"the guard is in another network namespace"*--force* ]]
		# shellcheck disable=SC2086 # words
		"$SIPGUARD" $verb 203.0.113.9 --force >/dev/null
	done
	"$SIPGUARD" allow add 198.51.100.9 >/dev/null
	"$SIPGUARD" deny del 203.0.113.9 >/dev/null
	equal "$(sipguard deny show)" ""
}

# All of a list goes at once, and nothing of the other one.
flushed() {
	clean_state
	equal "$(sipguard deny flush)" "0 prefixes removed from the deny list."
	library add deny a 0 203.0.113.1 203.0.113.2
	library add deny b 0 203.0.113.2 198.51.100.0/24
	sipguard deny add 203.0.113.2 192.0.3.0/24 >/dev/null
	sipguard allow add 203.0.113.3 >/dev/null
	fails 2 "'flush' takes everything off" deny flush --name a
	equal "$(sipguard deny flush)" "4 prefixes removed from the deny list."
	shown "allow 0 203.0.113.3"
	equal "$(sipguard deny list)$(sipguard deny lists)" ""
	equal "$(sipguard allow list)" 203.0.113.3
	equal "$(sipguard allow flush --json | jq -c .)" '{"list":"allow","removed":1}'
	equal "$(sipguard allow show)" ""
}

command -v strace >/dev/null || lab_die "strace is missing: apt-get install strace."
[[ -x $SIPGUARD && -x $LIBRARY ]] ||
	lab_die "$SIPGUARD or $LIBRARY is not built: run \"make test-programs\" first."
lab_up
trap test_ended EXIT

check "a walk meets each entry that stays, while others go" "$LIBRARY" walk
check "a named list is replaced" replaces
check "lists that grow, and files of ipset" grows
check "what may not be listed is refused, and nothing changes" refuses
check "a prefix whose time is over" ends
check "a replacement that is killed has happened or not" killed_halfway
check "nobody denies himself by mistake" lock_outs
check "nor an address of the guard's from another network namespace" from_elsewhere
check "a list is emptied by one command" flushed
check "an edit of long lists does not read them" edits_are_cheap
test_done
