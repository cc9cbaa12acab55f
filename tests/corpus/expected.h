/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rules say of the messages of RFC 4475 and RFC 5118, and why: by default, and with the
 * strict preset. The reason is that of the first rule that drops it; NULL: it passes.
 *
 * And the messages of other sets that a rough checker marks as malformed while strict lets them
 * pass. Of each of those it is said why they should.
 */
#ifndef SIPGUARD_CORPUS_EXPECTED_H
#define SIPGUARD_CORPUS_EXPECTED_H

struct expected {
	const char *name;     /* in the corpus */
	const char *reason[2]; /* by default, strict */
	const char *why;
};

#define TORTURE(name, section, standard, strict, why)                                             \
	{"rfc4475/" name ".dat", {standard, strict}, "RFC 4475 section " section ": " why}
#define IPV6(name, section, standard, strict, why)                                                \
	{"rfc5118/" name ".sip", {standard, strict}, "RFC 5118 section " section ": " why}

static const struct expected expected[] = {
	TORTURE("wsinv", "3.1.1.1", NULL, "via-cookie",
		"valid, with folds and compact forms everywhere; strict minds that the branch "
		"has no cookie"),
	TORTURE("intmeth", "3.1.1.2", NULL, NULL,
		"valid: a method of all the characters a token may have"),
	TORTURE("esc01", "3.1.1.3", NULL, NULL, "valid: escapes in the URI"),
	TORTURE("escnull", "3.1.1.4", NULL, NULL, "valid: an escaped NUL is no NUL"),
	TORTURE("esc02", "3.1.1.5", NULL, NULL,
		"valid: a method with a percent sign in it, which escapes nothing"),
	TORTURE("lwsdisp", "3.1.1.6", NULL, NULL, "valid: no blank between the display name and <"),
	TORTURE("longreq", "3.1.1.7", NULL, "via-cookie",
		"valid, and 3515 bytes long; strict minds that the top Via has no branch"),
	TORTURE("dblreq", "3.1.1.8", NULL, NULL,
		"valid: what follows the body of a datagram is ignored"),
	TORTURE("semiuri", "3.1.1.9", NULL, NULL, "valid: a semicolon in the user part"),
	TORTURE("transports", "3.1.1.10", NULL, NULL, "valid: a Via for each transport"),
	TORTURE("mpart01", "3.1.1.11", NULL, NULL, "valid: the body is not read"),
	TORTURE("unreason", "3.1.1.12", NULL, NULL, "valid: a reason phrase in UTF-8"),
	TORTURE("noreason", "3.1.1.13", NULL, NULL, "valid: an empty reason phrase"),
	TORTURE("badinv01", "3.1.2.1", "via", "via", "empty elements in the top Via"),
	TORTURE("clerr", "3.1.2.2", "content-length-beyond", "content-length-beyond",
		"Content-Length promises more than the datagram has"),
	TORTURE("ncl", "3.1.2.3", "content-length", "content-length", "Content-Length is negative"),
	TORTURE("scalar02", "3.1.2.4", "max-forwards", "max-forwards",
		"numbers beyond 32 bits; Max-Forwards is the first of them"),
	TORTURE("scalarlg", "3.1.2.5", "cseq", "cseq",
		"numbers beyond 32 bits; of Retry-After and Warning a filter reads nothing"),
	TORTURE("quotbal", "3.1.2.6", NULL, "display-name-quote",
		"the quoted display name in To does not end; what is odd in a name costs no call, "
		"so that the default only counts it"),
	TORTURE("ltgtruri", "3.1.2.7", "uri-scheme", "uri-scheme", "the Request-URI stands in <>"),
	TORTURE("lwsruri", "3.1.2.8", NULL, "start-spaces",
		"a blank in the Request-URI; an element may repair it"),
	TORTURE("lwsstart", "3.1.2.9", NULL, "start-spaces",
		"several blanks between the parts of the start line; an element may repair it"),
	TORTURE("trws", "3.1.2.10", NULL, "start-spaces",
		"blanks at the end of the start line; an element may repair it"),
	TORTURE("escruri", "3.1.2.11", NULL, "uri-headers",
		"header fields in the Request-URI: phones copy them from a Refer-To, so that "
		"the default only counts them"),
	TORTURE("baddate", "3.1.2.12", NULL, NULL,
		"a time zone that Date may not have; nobody is harmed by it, and Date is not "
		"read"),
	TORTURE("regbadct", "3.1.2.13", NULL, NULL,
		"a Contact with a ? and no <>: the fault is what the URI then means, which "
		"needs the parameters of a binding to be compared"),
	TORTURE("badaspec", "3.1.2.14", NULL, "address",
		"blanks inside <>, which the RFC lets an element ignore"),
	TORTURE("baddn", "3.1.2.15", NULL, "display-name",
		"a display name with characters that want quotes; devices send such names"),
	TORTURE("badvers", "3.1.2.16", "start-line", "start-line", "SIP/7.0"),
	TORTURE("mismatch01", "3.1.2.17", "cseq-method", "cseq-method", "CSeq has another method"),
	TORTURE("mismatch02", "3.1.2.18", "cseq-method", "cseq-method",
		"CSeq has another method; both are unknown"),
	TORTURE("bigcode", "3.1.2.19", "status-code", "status-code", "a status code of ten digits"),
	TORTURE("badbranch", "3.2.1", NULL, NULL,
		"a branch that is the cookie alone: a transaction layer cannot tell it from "
		"another, each by itself is well-formed"),
	TORTURE("insuf", "3.3.1", "field-missing", "field-missing",
		"Call-ID, From and To are missing"),
	TORTURE("unkscm", "3.3.2", NULL, NULL,
		"a scheme that no server may know: answered with 416"),
	TORTURE("novelsc", "3.3.3", NULL, NULL,
		"a registered scheme that SIP does not use: answered with 416"),
	TORTURE("unksm2", "3.3.4", NULL, NULL,
		"schemes in From and To that a server need not know"),
	TORTURE("bext01", "3.3.5", NULL, NULL,
		"Require of an unknown extension: answered with 420"),
	TORTURE("invut", "3.3.6", NULL, NULL, "a body of an unknown type: answered with 415"),
	TORTURE("regaut01", "3.3.7", NULL, NULL,
		"an unknown authorization scheme: the registrar's business"),
	TORTURE("multi01", "3.3.8", "field-repeated", "field-repeated",
		"From, To and Call-ID stand there several times"),
	TORTURE("mcl01", "3.3.9", "field-repeated", "field-repeated",
		"Content-Length stands there twice, with different numbers"),
	TORTURE("bcast", "3.3.10", NULL, NULL,
		"a response whose second Via is the broadcast address: only whoever forwards "
		"it knows that it is not for itself"),
	TORTURE("zeromf", "3.3.11", NULL, NULL, "valid: answered with 483"),
	TORTURE("cparam01", "3.3.12", NULL, NULL, "valid: an unknown parameter in Contact"),
	TORTURE("cparam02", "3.3.13", NULL, NULL, "valid: likewise, inside the <>"),
	TORTURE("regescrt", "3.3.14", NULL, NULL, "valid: Route in the URI of a Contact"),
	TORTURE("sdp01", "3.3.15", NULL, NULL, "valid: answered with 406"),
	TORTURE("inv2543", "3.4.1", NULL, "via-cookie",
		"valid in RFC 2543: no Max-Forwards, no tag, no cookie"),
	IPV6("ipv6-good", "4.1", NULL, NULL, "valid"),
	IPV6("ipv6-bad", "4.2", NULL, "uri-host",
		"an IPv6 address without brackets in the Request-URI, where its last group "
		"may be a port; the default only counts it"),
	IPV6("port-ambiguous", "4.3", NULL, NULL,
		"valid: the port is a group of the address, and nobody can tell"),
	IPV6("port-unambiguous", "4.4", NULL, NULL, "valid"),
	IPV6("via-received-param-with-delim", "4.5", NULL, NULL,
		"received in brackets, which the grammar does not have and elements have to "
		"take"),
	IPV6("via-received-param-no-delim", "4.5", NULL, NULL, "valid: received without brackets"),
	IPV6("ipv6-in-sdp", "4.6", NULL, NULL, "valid: the body is not read"),
	IPV6("mult-ip-in-header", "4.7", NULL, NULL, "valid: IPv4 and IPv6 in one header"),
	IPV6("mult-ip-in-sdp", "4.8", NULL, NULL, "valid: the body is not read"),
	IPV6("ipv4-mapped-ipv6", "4.9", NULL, NULL, "valid: an IPv4 address inside an IPv6 one"),
	IPV6("ipv6-bug-abnf-3-colons", "4.10", NULL, NULL,
		"three colons in a host; the grammar of RFC 3261 has them by an oversight"),
	IPV6("ipv6-correct-abnf-2-colons", "4.10", NULL, NULL, "valid"),
};

static const struct {
	const char *name, *why;
} passes_strict[] = {
	{"malformed/misc/jain_sip_1546.sip",
	 "a line of one space continues Content-Length, whose value that does not "
	 "change"},
	{"c07_0788.sip", "a display name of UTF-8: devices send them, the rule utf8 passes it"},
	{"c07_2361.sip", "more bytes than Content-Length says are ignored (RFC 3261 section 18.3)"},
	{"c07_2362.sip", "likewise"},
	{"c07_2364.sip", "likewise"},
	{"c07_2365.sip", "likewise"},
	{"c07_2368.sip", "likewise"},
	{"reg_0255.sip", "the same value again and again contradicts nothing"},
	{"reg_0256.sip", "likewise"},
	{"reg_1119.sip", "likewise"},
	{"reg_1121.sip", "likewise"},
	{"reg_1175.sip", "likewise"},
	{"reg_1176.sip", "likewise"},
	{"reg_1177.sip", "likewise"},
	{"reg_1178.sip", "likewise"},
	{"reg_1610.sip", "likewise"},
	{"reg_1612.sip", "likewise"},
	{"reg_1613.sip", "likewise"},
};

#endif
