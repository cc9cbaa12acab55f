#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual pages say what the command and the example say, and are sound; and what bash completes,
# by the real bash and bash-completion.

# shellcheck disable=SC2317 # the checks are called by name

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
MANUAL=$BUILD/tools/manual
SIPGUARD=$BUILD/sipguard
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
FAILED=0

check() { # WHAT CMD...
	local what=$1 out status
	shift
	out=$(set -e; "$@" 2>&1)
	status=$?
	if [[ $status -eq 0 ]]; then
		echo "ok - manual: $what"
		return
	fi
	FAILED=1
	echo "not ok - manual: $what"
	printf '#   %s\n' "$* (exit status $status)" "${out//$'\n'/$'\n#   '}"
}

equal() {
	[[ $1 == "$2" ]] || {
		echo "got $1, wanted $2"
		return 1
	}
}

# --- pages ---

page_is_sound() { # FILE
	equal "$(mandoc -Tlint -W style "$1")" ""
	equal "$(man -l --warnings "$1" 2>&1 >/dev/null)" ""
}

# has FILE TEXT: as it is read, in one line.
has() {
	grep -qF -- "$2" "$DIR/${1##*/}" || {
		echo "$1 does not say: $2"
		return 1
	}
}

# The usage line, its options and every word of the details of each command.
page_has_commands() {
	local command line
	for command in $("$SIPGUARD" help | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
		"$SIPGUARD" "$command" --help >"$DIR/help"
		line=$(sed -n '1s/^Usage: //p' "$DIR/help")
		has sipguard.8 " $line "
		while read -r line; do
			has sipguard.8 "$line"
		done < <(sed -n '3,/^Options:/p' "$DIR/help" | tr -d '`' | tr -s ' ' | sed '/^Options:/d')
		while read -r line; do
			has sipguard.8 "$line"
		done < <(sed '1,/^Options:/d' "$DIR/help" | tr -s ' ')
	done
}

page_has_reasons() {
	local reason
	"$SIPGUARD" explain --json >"$DIR/reasons"
	while read -r reason; do
		has sipguard.8 "$reason"
	done < <(jq -r '.[] | "\(.reason) (\(.reference); \(.default_mode)) \(.help)"' "$DIR/reasons" |
		tr -d '`' | tr -s ' ')
	[[ $(jq length "$DIR/reasons") -gt 90 ]]
}

# What the example says of a key, its value and its range.
page_has_settings() {
	has sipguard.yaml.5 "hold: 10 seconds that it stays armed after less than half of that rate is \
offered 1 to 86400 seconds; default 10"
	has sipguard.yaml.5 "it is counted (connection-silent) and listed, and nothing is done to it"
	has sipguard.yaml.5 "zones[]/total/rate 1 to 10000000 per second"
	has sipguard.yaml.5 "A sample: profiles: - name: carrier-b profile: peer"
}

# refused SED REGEX: of an example that was changed so, no page is made.
refused() {
	local said status=0
	sed "$1" tools/sipguard.yaml >"$DIR/example"
	said=$("$MANUAL/manual" sipguard.yaml.5 "$DIR/example" 2>&1 >"$DIR/page") || status=$?
	equal "$status" 1
	equal "$(wc -c <"$DIR/page")" 0
	[[ $said =~ $2 ]] || {
		echo "it said: $said"
		return 1
	}
}

differences_are_refused() {
	refused '/^  hold: /d' "the example has no 'greylist/hold'"
	refused 's/^  hold: /  holds: /' "the table of settings has no 'greylist/holds'"
	refused '/^  overload: /d' "the example has no 'modes/overload'"
	refused 's/^  overload: /  overloaded: /' "the table of settings has no 'modes/overloaded'"
}

# --- completion ---

# What bash offers for the last of the words, sorted, in one line.
offered() { # WORD...
	XDG_DATA_DIRS=$DIR/share:/usr/share bash --norc -c '
		source /usr/share/bash-completion/bash_completion
		_completion_loader sipguard
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
		[[ $(complete -p sipguard) == *"-F "* ]] || exit 1
		complete=$(complete -p sipguard) complete=${complete#*-F } complete=${complete%% *}
		$complete sipguard "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
		[[ ${#COMPREPLY[@]} -eq 0 ]] || printf "%s\n" "${COMPREPLY[@]}"' bash "$@" |
		LC_ALL=C sort | paste -sd' '
}

# offers WORDS WANTED
offers() {
	local words
	IFS=' ' read -ra words <<<"$1|"
	words[-1]=${words[-1]%|}
	equal "$1: $(offered "${words[@]}")" "$1: $2"
}

completes_commands() {
	equal "$(offered sipguard "")" \
		"$("$SIPGUARD" help | sed -n 's/^  \([a-z-]*\) .*/\1/p' | LC_ALL=C sort | paste -sd' ')"
	offers "sipguard al" "allow"
	offers "sipguard help det" "detach"
	offers "sipguard --verbose det" "detach"
	offers "sipguard version " ""
	offers "sipguard nonsense " ""
}

completes_options() {
	offers "sipguard attach --" "--config --dispatcher --enforce --for --help --json --restore --verbose --version --xdp"
	offers "sipguard status --" "--check --help --json --verbose --version"
	offers "sipguard attach --xdp " "auto generic native"
	offers "sipguard attach -x n" "native"
	offers "sipguard attach --xdp =" "auto generic native"
	offers "sipguard attach --xdp = n" "native"
	offers "sipguard attach --xdp = native l" "lo"
	offers "sipguard ban 192.0.2.1 --transport " "tcp udp"
	offers "sipguard ban --for " ""
}

completes_words() {
	offers "sipguard mode monitor" "monitor"
	offers "sipguard mode scanner" "scanner scanner-lookalike"
	offers "sipguard mode scanner " "enforce monitor off"
	offers "sipguard mode scanner off " ""
	equal "$(offered sipguard explain "" | wc -w)" "$(($("$SIPGUARD" explain --json | jq length) +
		$(grep -cE '^	X\([A-Z_]+, "[a-z-]+", *\\?$|^	X\([A-Z_]+, "[a-z-]+",  ' "$DIR/words")))"
	offers "sipguard explain greylist-adm" "greylist-admitted"
	offers "sipguard explain regis" "register register-user"
	offers "sipguard allow " "add del export flush import lists show"
	offers "sipguard allow add " ""
	offers "sipguard shadow ac" "accept"
	offers "sipguard stats " "mark"
	offers "sipguard stats --top --f" "--for"
	offers "sipguard bans --e" "--ended"
}

# Names of files may have blanks; names of interfaces may be anything, and are never run.
completes_files() {
	touch "$DIR/a file.yaml" "$DIR/afile.pcap"
	mkdir "$DIR/afolder"
	equal "$(offered sipguard check-config "$DIR/a f")" "$DIR/a file.yaml"
	equal "$(offered sipguard deny import "$DIR/af")" "$DIR/afile.pcap $DIR/afolder"
	equal "$(offered sipguard attach --config "$DIR/af")" "$DIR/afile.pcap $DIR/afolder"
}

in_net() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --net --mount bash -c 'mount -t sysfs none /sys; ip link set lo up
		ip link add "\$(exit)" type veth peer name eth0.5; source /dev/stdin' <<-EOF
		set -e
		DIR=$DIR
		$(declare -f offered offers equal)
		$1
	EOF
}

completes_interfaces() {
	# shellcheck disable=SC2016 # as it is
	in_net 'offers "sipguard attach " "\\\$\(exit\) eth0.5 lo"
		offers "sipguard attach lo eth" "eth0.5"
		offers "sipguard replay --dev eth" "eth0.5"'
}

# By readline, in a terminal.
completes_in_a_terminal() {
	mkdir "$DIR/bin"
	printf '#!/bin/sh\necho "it got: $*."\n' >"$DIR/bin/sipguard"
	chmod +x "$DIR/bin/sipguard"
	printf '%s\n' 'source /usr/share/bash-completion/bash_completion' \
		$'sipguard rel\t--conf\tx' exit |
		XDG_DATA_DIRS=$DIR/share:/usr/share PATH=$DIR/bin:$PATH INPUTRC=/dev/null TERM=dumb \
			script -qec 'bash --norc -i' /dev/null >"$DIR/terminal"
	grep -q 'it got: reload --config x' "$DIR/terminal" || {
		cat "$DIR/terminal"
		return 1
	}
}

for file in "$MANUAL"/{sipguard.8,sipguard.yaml.5,completion}; do
	[[ -s $file && -x $SIPGUARD ]] || {
		echo "not ok - manual: $file is not built: run \"make\" first"
		exit 1
	}
done
for page in sipguard.8 sipguard.yaml.5; do
	# The words as they are read, in one line.
	MANWIDTH=120 man -l --nh --nj "$MANUAL/$page" | col -bx |
		tr -s ' \n' ' ' >"$DIR/$page"
done
mkdir -p "$DIR/share/bash-completion/completions"
cp "$MANUAL/completion" "$DIR/share/bash-completion/completions/sipguard"
sed -n '/define SG_PROOFS/,/^$/p; /define SG_COUNTS/,/^$/p' include/words.h | grep -v '"none"' >"$DIR/words"

check "sipguard(8) has no mistake" page_is_sound "$MANUAL/sipguard.8"
check "sipguard.yaml(5) has no mistake" page_is_sound "$MANUAL/sipguard.yaml.5"
check "sipguard(8) says of each command what --help says" page_has_commands
check "sipguard(8) says of each reason what explain says" page_has_reasons
check "sipguard.yaml(5) says what the example says" page_has_settings
check "an example with other keys than the table is refused" differences_are_refused
check "bash completes commands" completes_commands
check "bash completes options and their values" completes_options
check "bash completes reasons, modes and other words" completes_words
check "bash completes names of files" completes_files
check "bash completes interfaces, whatever they are called" completes_interfaces
check "bash completes in a terminal" completes_in_a_terminal
exit "$FAILED"
