#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every command of `sipguard help` with what people get wrong: each row of refusals.tsv says what is
# tried, with which exit status it ends, and what the one sentence has to say.

# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2317 # backticks of sentences; called by name

# shellcheck source=../lib.sh
source "$(dirname "$0")/../lib.sh"

TABLE=$TEST_SRC/operate/refusals.tsv
# What a person without root can run, which is not so of a file that only root can reach.
OPEN=
SITUATIONS=(typo nothing monitor nobody)

# What stands in the table for something that is other in each lab.
filled() {
	local text=$1
	text=${text//@IFACE/$LAB_IF_SERVER}
	text=${text//@HERE/$LAB_SERVER4}
	echo "${text//@DIR/$OPEN}"
}

as_nobody() {
	lab_in server setpriv --reuid=65534 --regid=65534 --clear-groups \
		--bounding-set=-all --inh-caps=-all -- "$@"
}

# said_in SITUATION WORD...: leaves status, out and err.
said_in() {
	local situation=$1 as=(lab_in server)
	shift
	[[ $situation != nobody ]] || as=(as_nobody)
	status=0
	"${as[@]}" timeout "$LAB_PATIENCE" "$OPEN/sipguard" "$@" <"$OPEN/input" \
		>"$OPEN/out" 2>"$OPEN/err" || status=$?
	out=$(<"$OPEN/out")
	err=$(<"$OPEN/err")
}

# One sentence that begins as all do, with what was typed if it is about that, and then the usage if
# that was wrong. What it says takes more words than the name of an error has.
is_plain() {
	local said=$1 usage='(.*[.?]) Usage: sipguard .*; `sipguard [a-z-]+ --help` explains it\.$'
	local insiders='\.[ch]:[0-9]|sg_[a-z]|errno|0x[0-9a-f]{4}|libbpf|\(null\)'
	equal "$(wc -l <<<"$said")" 1
	if [[ $said =~ $usage ]]; then
		said=${BASH_REMATCH[1]}
	elif [[ $said == *" \`sipguard help\` lists the commands." ]]; then
		said=${said%" \`sipguard help\`"*}
	elif [[ $(wc -w <<<"$said") -lt 6 ]]; then
		echo "too short to say what to do: $said"
		return 1
	fi
	[[ $said =~ ^"sipguard: "[a-z0-9\'\`/-] && $said == *[.?] ]] || {
		echo "not in the form of a sentence: $said"
		return 1
	}
	[[ ! $said =~ [.]" "[A-Z] ]] || {
		echo "more than one sentence: $said"
		return 1
	}
	[[ ! $said =~ $insiders ]] || {
		echo "insiders' talk: $said"
		return 1
	}
}

has_words() {
	[[ $1 == *"$2"* ]] || {
		echo "'$2' is not in: $1"
		return 1
	}
}

# row SITUATION STATUS WORDS COMMAND
row() {
	local situation=$1 wanted=$2 words command status out err
	words=$(filled "$3")
	read -ra command <<<"$(filled "$4")"
	said_in "$situation" "${command[@]}"
	equal "$status" "$wanted" || {
		echo "it said: $out $err"
		return 1
	}
	if [[ $wanted == 0 ]]; then
		equal "$err" ""
		has_words "$out" "$words"
	elif [[ -z $err ]]; then
		has_words "$out" "$words" # `status` prints that nothing is guarded
	else
		is_plain "$err"
		has_words "$err" "$words"
	fi
}

rows_of() {
	grep -v '^#' "$TABLE" | awk -F'\t' -v situation="$1" '$1 == situation'
}

check_rows_of() {
	local situation status words command
	while IFS=$'\t' read -r situation status words command; do
		check "$situation: sipguard $command" row "$situation" "$status" "$words" "$command" \
			</dev/null
	done < <(rows_of "$1")
}

commands() {
	lab_in server "$SIPGUARD" help | sed -nE 's/^  ([a-z-]+) .*/\1/p'
}

# The words of its usage that are said as they are, as in add|del|show.
words_of() {
	lab_in server "$SIPGUARD" "$1" --help |
		sed -nE "1s/^Usage: sipguard $1 ?//; 1s/\\[OPTION\\.\\.\\.\\]//; 1p" | tr ' []|' '\n' |
		grep -xE '[a-z]+' || true
}

# A command without a row in every situation is one that nobody has tried.
all_are_here() {
	local command situation word missing=0 tried
	tried=$(grep -v '^#' "$TABLE")
	[[ $(commands | wc -l) -gt 20 ]]
	for command in $(commands); do
		for situation in "${SITUATIONS[@]}"; do
			awk -F'\t' -v s="$situation" -v c="$command" \
				'$1 == s && ($4 " ") ~ "^" c " " { found = 1 } END { exit !found }' <<<"$tried" || {
				echo "refusals.tsv has no row for '$command', $situation"
				missing=1
			}
		done
		for word in $(words_of "$command"); do
			grep -qE $'\t'"$command $word( |\$)" <<<"$tried" || {
				echo "refusals.tsv has no row for '$command $word'"
				missing=1
			}
		done
	done
	return "$missing"
}

# no_such_option COMMAND: every command says the same of one.
no_such_option() {
	row typo 2 "there is no option --frobnicate" "$1 --frobnicate"
}

no_such_command() {
	row typo 2 "there is no command '${1%?}x'" "${1%?}x"
}

numbers_have_words() {
	sipguard explain --json | jq -e 'map(select(.reference | test("^(RFC|IEEE)"))) |
		length > 40 and all(.about)' >/dev/null
}

[[ -x $SIPGUARD ]] || lab_die "$SIPGUARD is not built: run \"make\" first."
lab_up
trap test_ended EXIT
OPEN=$LAB_DIR/open
chmod 711 "$LAB_DIR"
mkdir -m 755 "$OPEN"
install -m 755 "$SIPGUARD" "$OPEN/sipguard"
printf '203.0.113.0/24\n198.51.100.7\n' >"$OPEN/input" # what standard input has, for -
cp "$OPEN/input" "$OPEN/two.list"
printf '203.0.113.0/24\nnonsense\n' >"$OPEN/bad.list"
: >"$OPEN/empty"
printf 'limits: {invite: {rate: 40}}\n' >"$OPEN/good.yaml"
printf 'limits:\n  sauce: {rate: 1, burst: 2}\n' >"$OPEN/bad.yaml"

check "every command of help is tried in every situation" all_are_here
for command in $(commands); do
	check "typo: sipguard $command --frobnicate" no_such_option "$command"
	check "typo: sipguard ${command%?}x" no_such_command "$command"
done
check_rows_of typo
check_rows_of nothing
check_rows_of nobody
sipguard attach "$LAB_IF_SERVER" >/dev/null
check_rows_of nobody
check_rows_of monitor
check "what explain calls by a number it says in words, too" numbers_have_words
check "what was refused has changed nothing" status_is \
	'.mode == "monitor" and .bans == {sources: 0, flows: 0} and .lists == {allow: 0, deny: 0}'
sipguard detach --all >/dev/null
check "nothing is left" guard_left_nothing
test_done
