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
	equal "$(library show)" "$(printf '%s\n' "$@")"
}

clean_state() {
	[[ ! -e $SIPGUARD_PIN_ROOT ]] || sipguard detach --all >/dev/null
	sipguard attach "$LAB_IF_SERVER" >/dev/null
}

replaces() {
	sipguard deny add 203.0.113.3 >/dev/null
	library replace deny 7 0 203.0.113.1 203.0.113.2 2001:db8:7::/48
	shown "deny 7 203.0.113.1" "deny 7 203.0.113.2" "deny 0 203.0.113.3" "deny 7 2001:db8:7::/48"
	library replace deny 8 0 198.51.100.0/24
	# What is there by hand stays so; another name keeps what it has.
	library replace deny 7 0 203.0.113.3 203.0.113.2 198.51.100.0/24 203.0.113.0/24
	shown "deny 8 198.51.100.0/24" "deny 7 203.0.113.0/24" "deny 7 203.0.113.2" \
		"deny 0 203.0.113.3"
	library replace deny 7 0
	shown "deny 8 198.51.100.0/24" "deny 0 203.0.113.3"
	# By hand it becomes the operator's.
	sipguard deny add 198.51.100.0/24 >/dev/null
	library replace deny 8 0
	shown "deny 0 198.51.100.0/24" "deny 0 203.0.113.3"
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
	library replace deny 7 0 203.0.113.1
	sipguard allow add 203.0.113.2 >/dev/null
	library_fails "203.0.113.2 is on the allow list" replace deny 7 0 203.0.113.4 203.0.113.2
	library_fails "$LAB_SERVER4 is an address of this host" replace deny 7 0 203.0.113.4 "$LAB_SERVER4"
	sipguard detach --all >/dev/null
	[[ $(library show 2>&1) == "as_library: the guard is not attached"* ]]
}

settled() {
	library settle
	shown "$@"
}

# What is over goes with the next that settles; what is not stays.
ends() {
	library add deny 7 1 203.0.113.1
	library add deny 7 3600 203.0.113.2
	library add deny 0 0 203.0.113.3
	until_true settled "deny 7 203.0.113.2" "deny 0 203.0.113.3"
}

# bpf_calls COMMAND ARGUMENT...: how often it has the kernel run that command of bpf().
bpf_calls() {
	lab_in server strace -f -qq -o "$LAB_DIR/trace" -e trace=bpf "$SIPGUARD" "${@:2}" >/dev/null
	grep -cE "^[0-9]+ +bpf\($1" "$LAB_DIR/trace" || true
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
}

command -v strace >/dev/null || lab_die "strace is missing: apt-get install strace."
[[ -x $SIPGUARD && -x $LIBRARY ]] ||
	lab_die "$SIPGUARD or $LIBRARY is not built: run \"make test-programs\" first."
lab_up
trap test_ended EXIT

check "a walk meets each entry that stays, while others go" "$LIBRARY" walk
check "a named list is replaced" replaces
check "what may not be listed is refused, and nothing changes" refuses
check "a prefix whose time is over" ends
check "nobody denies himself by mistake" lock_outs
check "an edit of long lists does not read them" edits_are_cheap
test_done
