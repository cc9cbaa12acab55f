# SPDX-License-Identifier: GPL-2.0-only
#
# What BIRD shows of its flowspec tables (`birdc show route table TABLE all`), as rules of nftables
# for the chain `forward` of a router: BIRD passes such routes on, and filters nothing itself. The
# first rule that matches decides (RFC 8955 section 5.1): one with a source comes before one without,
# a longer prefix before a shorter one.

function hex(text,  i, value) {
	value = 0
	for (i = 3; i <= length(text); i++)
		value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return value
}

# A rate is a float of IEEE 754 with 32 bits.
function rate(bits,  exponent, fraction) {
	exponent = int(bits / 8388608) % 256
	fraction = bits % 8388608
	return exponent ? int((1 + fraction / 8388608) * 2 ^ (exponent - 127) + 0.5) : 0
}

function field(name,  at, rest) {
	at = index($0, name " ")
	if (!at)
		return ""
	rest = substr($0, at + length(name) + 1)
	return substr(rest, 1, index(rest, ";") - 1)
}

function flush(  action, match_, order) {
	if (!to)
		return
	action = limit == "" ? "accept" : limit == 0 ? "drop" : \
		"limit rate over " limit " bytes/second burst 16384 bytes drop"
	match_ = family " daddr " to (from ? " " family " saddr " from : "") \
		" " protocol " dport " port
	order = from ? 128 - substr(from, index(from, "/") + 1) : 200
	printf "%03d\t%s counter %s\n", order, match_, action
	# Within its limit it goes on, and no rule behind it matters.
	if (limit != "" && limit != 0)
		printf "%03d\t%s accept\n", order, match_
	to = ""
}

/flow[46] \{/ {
	flush()
	family = /flow4/ ? "ip" : "ip6"
	to = field("dst")
	from = field("src")
	protocol = (field("proto") field("header")) == "6" ? "tcp" : "udp"
	port = field("dport")
	limit = ""
}
/BGP.ext_community/ && match($0, /0x8006[0-9a-f]+, 0x[0-9a-f]+/) {
	split(substr($0, RSTART, RLENGTH), part, ", ")
	limit = rate(hex(part[2]))
}
END { flush() }
