# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The end of the completion of bash, behind the words that tools/manual/completion.c has written.
# The command is the first word that is no option, nor the value of one. Readline makes a word of
# the = in --xdp=native. No compgen -W: it expands what an interface may be called.

_sipguard() {
	local cur=${COMP_WORDS[COMP_CWORD]} before=$((COMP_CWORD - 1)) command='' place=0 i
	local words='' action='' options='' valued='' word
	COMPREPLY=()
	[[ $cur != = ]] || cur=''
	[[ ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[before]} != = ]] || before=$((before - 1))
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -* ]]; then
			_sipguard_value "${COMP_WORDS[i]}" || continue
			[[ $i -ne $before ]] || valued=yes
			[[ ${COMP_WORDS[i + 1]} != = ]] || i=$((i + 1))
			i=$((i + 1))
		elif [[ -z $command ]]; then
			command=${COMP_WORDS[i]}
		else
			place=$((place + 1))
		fi
	done
	words='' action=''
	if [[ -n $valued ]]; then
		_sipguard_value "${COMP_WORDS[before]}"
	elif [[ $cur == -* ]]; then
		_sipguard_options "$command"
		words=$options
	elif [[ -z $command ]]; then
		_sipguard_words help:1
	elif [[ ${COMP_WORDS[before]} == import ]]; then
		action=-f
	else
		_sipguard_words "$command:$((place + 1))"
	fi
	if [[ -n $action ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen "$action" -- "$cur")
	fi
	for word in $words; do
		[[ $word == @interfaces || $word != "$cur"* ]] || COMPREPLY+=("$word")
	done
	[[ $words == *@interfaces* ]] || return 0
	for word in /sys/class/net/*/; do
		word=$(basename "$word")
		[[ $word != "$cur"* ]] || COMPREPLY+=("$(printf %q "$word")")
	done
} &&
	complete -F _sipguard sipguard
