#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Denies what CrowdSec has decided to ban: keeps the list "crowdsec" of `sipguard deny` as its local
# API has it. Runs until it is stopped, as root; needs curl and jq.
#
#   cscli bouncers add sipguard             # prints the key
#   CROWDSEC_KEY=... sipguard-bouncer.sh    # for good, or
#   CROWDSEC_KEY=... sipguard-bouncer.sh --once
#
# CROWDSEC_URL (http://127.0.0.1:8080), CROWDSEC_SECONDS between two looks (10), SIPGUARD
# (sipguard).
#
# It asks for what is new, and if there is anything, for all of it, which replaces the list. Each
# prefix ends when CrowdSec's decision does, so if this or CrowdSec is gone nobody is denied for
# ever. If the list cannot be had, or sipguard refuses it, the old one stays.

set -euo pipefail

URL=${CROWDSEC_URL:-http://127.0.0.1:8080}
PAUSE=${CROWDSEC_SECONDS:-10}
SIPGUARD=${SIPGUARD:-sipguard}
LIST=crowdsec

say() {
	echo "sipguard-bouncer: $*" >&2
}

# stream STARTUP: decisions; true: all, false: those of which we have not heard yet. The key is not
# among the arguments, which everybody can see.
stream() {
	printf 'header = "X-Api-Key: %s"\n' "$CROWDSEC_KEY" |
		curl --config - --silent --show-error --fail --max-time 60 \
			"$URL/v1/decisions/stream?startup=$1&scopes=ip,range"
}

# Bans of addresses and ranges as `ipset save` has them. A duration is one of Go, 3h59m58.1s. The
# bits of the host are cleared in a range of IPv4; sipguard takes them for a slip.
# shellcheck disable=SC2016 # variables of jq
AS_IPSET='
def seconds: [scan("([0-9.]+)(ms|h|m|s)") | (.[0] | tonumber) *
	{"h": 3600, "m": 60, "s": 1, "ms": 0.001}[.[1]]] | add // 0 | ceil;
def cleared: . as $range | split("/") as [$address, $length]
	| ($address | split(".")) as $part
	| if $length == null or ($part | length) != 4 then $range else
		pow(2; 32 - ($length | tonumber)) as $size
		| (($part | map(tonumber) | .[0] * 16777216 + .[1] * 65536 + .[2] * 256 + .[3])
			/ $size | floor * $size)
		| "\(. / 16777216 | floor).\(. / 65536 | floor % 256).\(. / 256 | floor % 256)." +
			"\(. % 256)/\($length)"
	end;
.new // [] | .[] | select(.type == "ban") | (.duration | seconds) as $left | select($left > 0)
	| "add crowdsec \(.value | cleared) timeout \([$left, 2147483] | min)"'

# replace LIST: true if sipguard has taken it. It takes all of a list or nothing, and not the
# addresses of this host, its gateway, or who is logged in. A forger can get any of these banned, and
# nobody goes free for that: what it names is left out, and said.
replace() {
	local all=$1 said name tries
	for ((tries = 0; tries < 20; tries++)); do
		COUNT=$(grep -c . <<<"$all" || :)
		if [[ -z $all ]]; then
			lists_it || return 0
			$SIPGUARD deny del --name "$LIST" >/dev/null
			return
		fi
		if said=$($SIPGUARD deny import - --format ipset --name "$LIST" --replace <<<"$all" \
			2>&1 >/dev/null); then
			[[ -z $said ]] || echo "$said" >&2
			return 0
		fi
		echo "$said" >&2
		name=$(sed -nE "s/^sipguard: ([0-9a-f.:]+(\/[0-9]+)?) (is|holds) .*/\\1/p
			s/^sipguard: [^']*'([0-9a-fA-F.:]+(\/[0-9]+)?)' .*/\\1/p" <<<"$said" | head -n 1)
		[[ -n $name ]] && grep -qiE "^add $LIST ${name//./\\.}(/[0-9]+)? " <<<"$all" || return 1
		say "$name is left out."
		all=$(grep -viE "^add $LIST ${name//./\\.}(/[0-9]+)? " <<<"$all" || :)
	done
	return 1
}

# Does what is needed; false if that failed, and has to be tried again.
look() {
	local changes all
	changes=$(stream false) || return 1
	if [[ -z $FAILED ]] && jq -e '((.new // []) + (.deleted // [])) == []' <<<"$changes" >/dev/null &&
		has_list; then
		return 0
	fi
	all=$(stream true) || return 1
	all=$(jq -r "$AS_IPSET" <<<"$all") || return 1
	replace "$all" || return 1
	say "$COUNT denied."
}

lists_it() {
	$SIPGUARD deny lists --json | jq -e --arg name "$LIST" 'any(.lists[]; .name == $name)' >/dev/null
}

# A guard that was detached and attached again has no lists.
has_list() {
	[[ $COUNT -eq 0 ]] || lists_it
}

[[ -n ${CROWDSEC_KEY:-} ]] || {
	say "CROWDSEC_KEY is not set: \`cscli bouncers add sipguard\` prints one."
	exit 2
}
FAILED=yes
COUNT=0
while :; do
	if look; then
		FAILED=
	else
		[[ -n $FAILED ]] || say "the list stays as it is until that works."
		FAILED=yes
	fi
	if [[ ${1:-} == --once ]]; then
		[[ -z $FAILED ]]
		exit
	fi
	sleep "$PAUSE"
done
