# SPDX-License-Identifier: GPL-2.0-only
#
# A screen of a terminal, as `tmux capture-pane -p -e` has it, as a picture (SVG): awk -f svg.awk -v
# columns=100 FILE. Knows the attributes and eight colours that top uses. Each run of letters says
# how wide it is, so the columns are straight in whatever font a browser has.

function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/ /, "\\&#160;", text) # others are taken for one
	return text
}

function attribute(code) {
	if (code == 0 || code == "")
		bold = dim = reverse = color = 0
	else if (code == 1)
		bold = 1
	else if (code == 2)
		dim = 1
	else if (code == 7)
		reverse = 1
	else if (code == 22)
		bold = dim = 0
	else if (code == 27)
		reverse = 0
	else if (code >= 31 && code <= 37)
		color = code - 30
	else if (code == 39)
		color = 0
}

# Text from here on, with the attributes that are in force.
function put(text,    ink, x, y, width) {
	if (text == "")
		return
	x = MARGIN + at * WIDE
	y = MARGIN + (NR - 1) * HIGH
	width = length(text) * WIDE
	at += length(text)
	ink = color ? COLORS[color] : dim ? "#8b949e" : "#d0d7de"
	if (reverse) {
		body = body sprintf("<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
			x, y, width, HIGH, ink)
		ink = "#0d1117"
	}
	if (text !~ /[^ ]/)
		return
	body = body sprintf("<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\" fill=\"%s\"%s>%s</text>\n",
		x, y + BASE, width, ink, bold ? " font-weight=\"bold\"" : "", escaped(text))
}

BEGIN {
	WIDE = 8.4
	HIGH = 18
	BASE = 14
	MARGIN = 12
	split("#ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #d0d7de", COLORS, " ")
}

{
	rest = $0
	at = 0
	while (match(rest, /\033\[[0-9;]*m/)) {
		put(substr(rest, 1, RSTART - 1))
		count = split(substr(rest, RSTART + 2, RLENGTH - 3), codes, ";")
		if (!count)
			attribute(0)
		for (i = 1; i <= count; i++)
			attribute(codes[i])
		rest = substr(rest, RSTART + RLENGTH)
	}
	gsub(/\033[()][A-Z0-9]|[\016\017]/, "", rest)
	put(rest)
}

END {
	width = columns * WIDE + 2 * MARGIN
	height = NR * HIGH + 2 * MARGIN
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\">\n", width,
		height, width
	print "<!-- SPDX-License-Identifier: GPL-2.0-only -->"
	printf "<rect width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#0d1117\"/>\n", width, height
	print "<g font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\"" \
		" font-size=\"14\">"
	printf "%s</g>\n</svg>\n", body
}
