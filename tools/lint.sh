#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Style that a machine can check. Prints each finding and ends with 1 if there is any.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

findings=0
report() {
	[ -z "$2" ] && return
	echo "lint: $1"
	while IFS= read -r line; do echo "  $line"; done <<<"$2"
	findings=1
}

mapfile -t files < <(git ls-files --cached --others --exclude-standard)
code=() plain=() shell=()
for file in "${files[@]}"; do
	[ -f "$file" ] || continue
	case $file in
	*.bpf.c | *.bpf.h) code+=("$file") ;;
	*.c | *.h) code+=("$file") plain+=("$file") ;;
	*.sh | .ci/run) shell+=("$file") ;;
	esac
done

spdx=$(for file in "${files[@]}"; do
	case $file in LICENSE | *.md | *.png) continue ;; esac
	[ -f "$file" ] && ! head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' && echo "$file"
done)
report "no SPDX line at the top" "$spdx"

long=$(for file in "${code[@]}"; do
	expand -t 8 "$file" | awk -v file="$file" 'length > 100 { print file ":" NR ": " length }'
done)
report "lines of more than 100 columns" "$long"

big=$(for file in "${code[@]}" "${shell[@]}"; do
	lines=$(wc -l <"$file")
	[ "$lines" -gt 500 ] && echo "$file: $lines"
done)
report "files of more than 500 lines" "$big"

crowded=$(for file in "${code[@]}" "${shell[@]}"; do dirname "$file"; done | sort | uniq -c |
	awk '$1 > 20 { print $2 ": " $1 }')
report "folders of more than 20 files" "$crowded"

# What a file includes of ours, as pairs; a .c file and its header are one in user/.
includes() {
	local file name
	for file in "${code[@]}"; do
		case $file in bpf/* | include/* | user/*) ;; *) continue ;; esac
		sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file" | while IFS= read -r name; do
			for folder in "$(dirname "$file")" bpf include user; do
				[ -f "$folder/$name" ] || continue
				echo "$file $folder/$name"
				break
			done
		done
	done | sed -E 's#(user/[^ ]*)\.[ch]\b#\1#g' | awk '$1 != $2'
}
# The layers of bpf/: packet/, state/, checks/; what is at its root is below or above all of them.
report "includes of a layer above" "$(grep -n '#include "\(state\|checks\)/' bpf/packet/*.h
	grep -n '#include "checks/' bpf/state/*.h)"
report "files that include each other in a circle" "$(includes | tsort 2>&1 >/dev/null)"

# The layers of the command, from the bottom: a file includes its own folder and those before it.
report "includes of a higher layer of user/" "$(includes |
	awk -v layers="base policy kernel dispatcher figures guard named model saved events render replay calibrate watch hep engine shared fleet announce upstream top cmd show" '
		BEGIN { for (n = split(layers, name, " "); n; n--) level[name[n]] = n }
		{ split($1, from, "/"); split($2, to, "/") }
		from[1] == "user" && !level[from[2]] { print $1 ": of no layer" }
		from[1] == "user" && to[1] == "user" && level[from[2]] < level[to[2]] {
			print $1 " includes " $2
		}')"

# What is below cmd/ hands up what it has to say; results are printed by what renders them.
silent=()
for file in "${code[@]}"; do
	case $file in
	user/cmd/* | user/show/* | user/render/* | user/replay/report.c | user/base/escape.[ch]) ;;
	user/*) silent+=("$file") ;;
	esac
done
report "prints, but is below cmd/" "$(grep -nE \
	'\b(v?f?printf|f?puts|f?putc|putchar|perror|fail)\(|\bstd(out|err)\b' "${silent[@]}")"

spaces=$(grep -nE '^ {4,}[^ *]' "${code[@]}" /dev/null)
report "indented by spaces instead of tabs" "$spaces"
trailing=$(grep -nE '[[:space:]]+$' "${code[@]}" "${shell[@]}" /dev/null)
report "white space at the end of a line" "$trailing"

# A page is for who does not know the tree: what it names has to be there.
anchors() { # PAGE
	sed -n 's/^##* //p' "$1" | tr '[:upper:] ' '[:lower:]-' | sed 's/[^a-z0-9_-]//g'
}

dead_links() { # PAGE
	local link page
	grep -oE '\]\([^)]+\)' "$1" | sed 's/^](//; s/)$//' | grep -v '^https*:' |
		while IFS= read -r link; do
			page=$1
			[ -z "${link%%#*}" ] || page=$(dirname "$1")/${link%%#*}
			if [ ! -e "$page" ]; then
				echo "$1: $link"
			elif [[ $link == *#* ]] && ! anchors "$page" | grep -qxF -e "${link#*#}"; then
				echo "$1: $link"
			fi
		done
	# shellcheck disable=SC2016 # quoted as Markdown has it
	grep -oE '`(bpf|docs|findings|include|tests|tools|user)/[A-Za-z0-9_./-]+`' "$1" | tr -d '`' |
		while IFS= read -r page; do
			[ -e "$page" ] || echo "$1: $page"
		done
}
dead=$(for file in "${files[@]}"; do [[ $file != *.md ]] || dead_links "$file"; done)
report "pages that name what is not there" "$dead"
long=$(awk 'length > 100 { print "README.md:" NR ": " length } END { if (NR > 200) print NR " lines" }' \
	README.md)
report "README.md has 200 lines of 100 columns at most" "$long"

report "shellcheck" "$(shellcheck -x -f gcc "${shell[@]}" 2>&1)"
report "cppcheck" "$(cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr \
	--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=syntaxError -Iinclude -Iuser \
	"${plain[@]}" 2>&1)"

[ $findings -eq 0 ] && echo "lint: nothing found in ${#code[@]} C files and ${#shell[@]} scripts"
exit $findings
