/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one list of grammar rules. The reader sets a rule's bit in the faults of a message; which of
 * them drop it is a mask made from the modes.
 *
 * X(number, NAME, label, reference, default mode, strict mode, state, help): each is a reason, with
 * the columns of reasons.h, and its number is one of them.
 *
 * Modes: OFF (may not even be looked at), MONITOR, ENFORCE. The defaults enforce what no working
 * device sends. "strict" is RFC 3261 to the letter for networks whose devices are known; what it
 * only monitors are things that the RFC itself has an element accept.
 */
#ifndef SIPGUARD_SIP_RULES_H
#define SIPGUARD_SIP_RULES_H

#include <linux/types.h>

#define SIP_RULES(X)                                                                              \
	X(18, START_LINE, "start-line", "RFC 3261 section 7.1", ENFORCE, ENFORCE, STATELESS,      \
	  "The first line is neither a status line nor a request line: a method, a URI, SIP/2.0.") \
	X(19, START_SPACES, "start-spaces", "RFC 3261 section 7.1", MONITOR, ENFORCE, STATELESS,  \
	  "The parts of the request line are not separated by single spaces, or the line has "    \
	  "blanks at its end or inside the Request-URI.")                                         \
	X(20, START_LONG, "start-line-long", "validation: start-line",                            \
	  MONITOR, ENFORCE, STATELESS,                                                            \
	  "The start line is longer than its limit.")                                             \
	X(21, STATUS, "status-code", "RFC 3261 sections 7.2 and 21", ENFORCE, ENFORCE, STATELESS, \
	  "The status code of a response is not a number of three digits from 100 to 699.")       \
	X(22, METHOD_LONG, "method-long", "validation: method", ENFORCE, ENFORCE, STATELESS,      \
	  "The method of the start line or of CSeq is longer than its limit. Overlong methods "   \
	  "in CSeq crashed PJSIP and Asterisk (CVE-2017-9372).")                                  \
	X(23, METHOD_UNKNOWN, "method-unknown", "RFC 3261 section 8.2.1",                         \
	  MONITOR, MONITOR, STATELESS,                                                            \
	  "The method is well-formed but none of the registered ones. Networks use their own "    \
	  "(BENOTIFY, SERVICE, KDMQ); a server answers 405 or 501.")                              \
	X(24, URI_SCHEME, "uri-scheme", "RFC 3261 section 19.1.1", ENFORCE, ENFORCE, STATELESS,   \
	  "The Request-URI does not begin with a scheme and a colon, or stands in <>.")           \
	X(25, URI_UNKNOWN, "uri-unknown", "RFC 3261 section 8.2.2.1",                             \
	  MONITOR, MONITOR, STATELESS,                                                            \
	  "The scheme of the Request-URI is none of sip, sips, tel, im, pres, urn. A server "     \
	  "answers 416.")                                                                         \
	X(26, URI_HEADERS, "uri-headers", "RFC 3261 section 19.1.1", MONITOR, ENFORCE, STATELESS, \
	  "The Request-URI carries header fields (?name=value), which are not allowed there. "    \
	  "Some phones copy them from a Refer-To, and servers ignore them.")                      \
	X(27, URI_HOST, "uri-host", "RFC 3261 section 25.1", MONITOR, ENFORCE, STATELESS,         \
	  "The host or port of the Request-URI is missing or malformed, such as an IPv6 "         \
	  "address without brackets.")                                                            \
	X(80, URI_EMPTY, "uri-empty", "RFC 3261 section 25.1", ENFORCE, ENFORCE, STATELESS,       \
	  "The Request-URI is a scheme and nothing else, such as `sip:`.")                        \
	X(28, URI_LONG, "uri-long", "validation: uri", MONITOR, ENFORCE, STATELESS,               \
	  "The Request-URI is longer than its limit.")                                            \
	X(29, FIELD_MISSING, "field-missing", "RFC 3261 section 8.1.1",                           \
	  ENFORCE, ENFORCE, STATELESS,                                                            \
	  "One of the header fields that every message has is missing: Via, From, To, Call-ID, "  \
	  "CSeq.")                                                                                \
	X(30, HOPS_MISSING, "max-forwards-missing", "RFC 3261 section 16.3",                      \
	  MONITOR, MONITOR, STATELESS,                                                            \
	  "A request has no Max-Forwards. RFC 3261 says to pass it on, and many devices send "    \
	  "none.")                                                                                \
	X(31, HOPS, "max-forwards", "RFC 3261 section 20.22", ENFORCE, ENFORCE, STATELESS,        \
	  "Max-Forwards is not a number from 0 to 255, or that of a request is above "            \
	  "`validation: max-forwards`.")                                          \
	X(32, REPEATED, "field-repeated", "RFC 3261 section 7.3.1", ENFORCE, ENFORCE, STATELESS,  \
	  "A header field that a message has once stands there twice, with two values: From, "    \
	  "Call-ID, CSeq, Content-Length or Max-Forwards. Two servers may each believe another "  \
	  "one. The same value twice contradicts nothing (the two lengths and hops are compared " \
	  "as numbers, others byte by byte).")                                                    \
	X(33, TO_REPEATED, "to-repeated", "RFC 3261 section 7.3.1", MONITOR, ENFORCE, STATELESS,  \
	  "To stands there twice, with two values. It is a reason of its own, since some devices " \
	  "send such messages.")                                                                  \
	X(34, CSEQ, "cseq", "RFC 3261 section 20.16", ENFORCE, ENFORCE, STATELESS,                \
	  "CSeq is not a 32-bit number and a method.")                                            \
	X(35, CSEQ_HIGH, "cseq-high", "RFC 3261 section 8.1.1.5", MONITOR, ENFORCE, STATELESS,    \
	  "The number in CSeq is 2^31 or more; a client must stay below.")                        \
	X(36, CSEQ_METHOD, "cseq-method", "RFC 3261 section 8.1.1.5",                             \
	  ENFORCE, ENFORCE, STATELESS,                                                            \
	  "The method in CSeq is not that of the request.")                                       \
	X(37, VIA, "via", "RFC 3261 section 20.42", ENFORCE, ENFORCE, STATELESS,                  \
	  "The top Via is not SIP/2.0, a transport and the host it was sent by, or it has an "    \
	  "empty element.")                                                                       \
	X(38, VIA_HOST, "via-host", "RFC 3261 section 20.42", OFF, ENFORCE, STATELESS,            \
	  "What the top Via says it was sent by is no host name, address and port.")              \
	X(39, VIA_TRANSPORT, "via-transport", "RFC 3261 section 18.1.1",                          \
	  MONITOR, MONITOR, STATELESS,                                                            \
	  "The transport in the top Via is not the one the message came by.")                     \
	X(40, VIA_COOKIE, "via-cookie", "RFC 3261 section 8.1.1.7", MONITOR, ENFORCE, STATELESS,  \
	  "The branch of the top Via is missing or does not begin with z9hG4bK: a client of "     \
	  "RFC 2543, or a flooding tool.")                                                        \
	X(41, PARAMETER_LONG, "parameter-long", "validation: parameter",                          \
	  ENFORCE, ENFORCE, STATELESS,                                                            \
	  "A tag or the branch of the top Via is longer than its limit. Overlong ones crashed "   \
	  "Kamailio (CVE-2018-8828).")                                                            \
	X(42, PARAMETER_EMPTY, "parameter-empty", "RFC 3261 section 25.1",                        \
	  MONITOR, ENFORCE, STATELESS,                                                            \
	  "From, To or the top Via has a semicolon with no parameter after it.")                  \
	X(43, FROM_TAG, "from-tag", "RFC 3261 section 8.1.1.3", MONITOR, MONITOR, STATELESS,      \
	  "From has no tag: a client of RFC 2543.")                                               \
	X(44, QUOTE, "quote", "RFC 3261 section 25.1", ENFORCE, ENFORCE, STATELESS,               \
	  "A quoted string in the parameters of From or To, or in the top Via, does not end.")    \
	X(82, NAME_QUOTE, "display-name-quote", "RFC 3261 section 25.1",                          \
	  MONITOR, ENFORCE, STATELESS,                                                            \
	  "The display name in From or To has a quotation mark without its counterpart, or a "    \
	  "backslash before the last one. Names of callers come from elsewhere (CNAM) and are "   \
	  "passed on as they are. The address is looked for as if the name had no quotes.")       \
	X(45, ADDRESS, "address", "RFC 3261 sections 20.20, 20.39", MONITOR, ENFORCE, STATELESS,  \
	  "From or To is not an address: no scheme, no host, < or > without its counterpart.")    \
	X(79, HOST_MISSING, "host-missing", "RFC 3261 section 25.1", ENFORCE, ENFORCE, STATELESS, \
	  "The sip or sips URI in From, To or the first Contact has no host, such as "            \
	  "`<sip:alice@>`.")                                                                      \
	X(46, DISPLAY_NAME, "display-name", "RFC 3261 section 25.1", OFF, ENFORCE, STATELESS,     \
	  "The name before the address in From or To is neither quoted nor made of tokens.")      \
	X(47, CONTACT, "contact", "RFC 3261 section 20.10", OFF, ENFORCE, STATELESS,              \
	  "The first Contact is not an address: no scheme, no host, < or > without its "          \
	  "counterpart.")                                                                         \
	X(48, CALL_ID, "call-id", "RFC 3261 section 20.8", OFF, ENFORCE, STATELESS,               \
	  "Call-ID is empty or not a word, or two words with an @ between them.")                 \
	X(49, CALL_ID_LONG, "call-id-long", "validation: call-id", ENFORCE, ENFORCE, STATELESS,   \
	  "Call-ID is longer than its limit.")                                                    \
	X(50, EXPIRES, "expires", "RFC 3261 section 20.19", MONITOR, ENFORCE, STATELESS,          \
	  "Expires is not a 32-bit number.")                                                      \
	X(51, LENGTH, "content-length", "RFC 3261 section 20.14", ENFORCE, ENFORCE, STATELESS,    \
	  "Content-Length is not a number.")                                                      \
	X(52, LENGTH_BEYOND, "content-length-beyond", "RFC 3261 section 18.3",                    \
	  ENFORCE, ENFORCE, STATELESS,                                                            \
	  "Content-Length promises more bytes than the datagram has.")                            \
	X(53, LENGTH_MISSING, "content-length-missing", "RFC 3261 section 18.3",                  \
	  MONITOR, ENFORCE, STATELESS,                                                            \
	  "A message on a stream transport has no Content-Length, so its end cannot be told.")    \
	X(54, HEAD_END, "head-end", "RFC 3261 section 7", MONITOR, ENFORCE, STATELESS,            \
	  "The datagram ends without the blank line that ends the header.")                       \
	X(55, NUL, "nul", "RFC 3261 section 25.1", ENFORCE, ENFORCE, STATELESS,                   \
	  "A NUL stands in the header. Many servers take it for the end of what they read. Only " \
	  "behind a backslash in a quoted string it may (RFC 4475 section 3.1.1.2).")             \
	X(56, CONTROL, "control", "RFC 3261 section 25.1", MONITOR, ENFORCE, STATELESS,           \
	  "A control character stands in the header without a backslash that escapes it.")        \
	X(81, CONTROL_ESCAPED, "control-escaped", "RFC 3261 section 25.1",                        \
	  ENFORCE, ENFORCE, STATELESS,                                                            \
	  "A control character stands in the header behind a backslash, but in no quoted "        \
	  "string, where a backslash would escape something.")                                    \
	X(57, LINE_END, "line-end", "RFC 3261 section 7", MONITOR, ENFORCE, STATELESS,            \
	  "A line of the header ends with a bare LF, as some devices have it, or a bare CR "      \
	  "stands inside one.")                                                                   \
	X(58, UTF8, "utf8", "RFC 3261 section 7.3.1", MONITOR, ENFORCE, STATELESS,                \
	  "The header is not UTF-8.")                                                             \
	X(59, FIELD_LINE, "field-line", "RFC 3261 section 7.3.1", MONITOR, ENFORCE, STATELESS,    \
	  "A line of the header has no colon, or its name holds bytes that no name may hold.")    \
	X(60, FIELD_LONG, "field-long", "validation: field", MONITOR, ENFORCE, STATELESS,         \
	  "A header field, with the lines that continue it, is longer than its limit.")           \
	X(61, FIELDS, "fields", "validation: fields", ENFORCE, ENFORCE, STATELESS,                \
	  "The message has more header fields or lines than its limit. More than 50 Accept "      \
	  "fields crashed Asterisk (CVE-2018-7284).")                                             \
	X(62, FOLDS, "folds", "validation: folds", ENFORCE, ENFORCE, STATELESS,                   \
	  "A header field is continued over more lines than its limit.")                          \
	X(63, SIZE, "size", "validation: message", ENFORCE, ENFORCE, STATELESS,                   \
	  "The datagram is larger than the limit for messages.")                                  \
	X(64, REGISTER_USER, "register-user", "RFC 3261 section 10.2",                            \
	  MONITOR, ENFORCE, STATELESS,                                                            \
	  "The Request-URI of a REGISTER has a user part; it must name a domain.")                \
	X(65, METHOD_FIELD, "method-field", "RFC 3515, 6665, 3903, 3262",                         \
	  MONITOR, ENFORCE, STATELESS,                                                            \
	  "The method asks for a header field that is missing: Refer-To (once) in REFER, Event "  \
	  "in SUBSCRIBE, NOTIFY and PUBLISH, RAck in PRACK.")

enum sip_rule {
#define X(number, name, ...) SIP_RULE_##name,
	SIP_RULES(X)
#undef X
	SIP_RULE__MAX
};

_Static_assert(SIP_RULE__MAX <= 64, "the faults are a word of 64 bits");

#define SIP_FAULT(name) (1ULL << SIP_RULE_##name)

/* The rules that a preset enforces, and those it looks at, as faults. */
#define SIP_LOOK_OFF 0
#define SIP_LOOK_MONITOR 1
#define SIP_LOOK_ENFORCE 1
#define SIP_RULE_WANTED(number, name, label, reference, mode, strict, state, help)                \
	| (__u64)SIP_LOOK_##mode << SIP_RULE_##name
#define SIP_WANTED_DEFAULT (0ULL SIP_RULES(SIP_RULE_WANTED))
#define SIP_ENFORCE_OFF 0
#define SIP_ENFORCE_MONITOR 0
#define SIP_ENFORCE_ENFORCE 1
#define SIP_RULE_DEFAULT(number, name, label, reference, mode, strict, state, help)               \
	| (__u64)SIP_ENFORCE_##mode << SIP_RULE_##name
#define SIP_RULE_STRICT(number, name, label, reference, mode, strict, state, help)                \
	| (__u64)SIP_ENFORCE_##strict << SIP_RULE_##name
#define SIP_DEFAULT_FAULTS (0ULL SIP_RULES(SIP_RULE_DEFAULT))
#define SIP_STRICT_FAULTS (0ULL SIP_RULES(SIP_RULE_STRICT))

/*
 * The caps of rule G18 and G14, in bytes unless said. What lies beyond SIP_READ_MAX is not read, so
 * a cap above it never fires (but for `message`). X(name, key, default, most, help)
 *
 * Beside each, the largest that was seen: in captures and rendered calls, and reported by operators
 * (three hops that hide topology made a Call-ID of 298 bytes, a dialer sends 70 fields); in
 * brackets, in the test messages of RFC 4475 that are to be accepted, and of parsers. (The longest
 * method of RFC 4475 has 43 characters, so the 32 of other products would refuse it; the overlong
 * ones of the CVE had hundreds.)
 */
#define SIP_CAPS(X)                                                                               \
	X(message, "message", 16384, SIP_CAP_MAX, "the datagram") /* 9563 */                      \
	X(start_line, "start-line", 1024, SIP_CAP_MAX, "without its line end") /* 314 (2934) */   \
	X(uri, "uri", 512, SIP_CAP_MAX, "Request-URI") /* 299 (2919) */                           \
	X(method, "method", 48, SIP_CAP_MAX, "in the start line and in CSeq") /* 9 (43) */        \
	X(field, "field", 2048, SIP_CAP_MAX, /* 939 (3965) */                                     \
	  "from its name to its end, with what continues it")                                     \
	X(fields, "fields", 127, SIP_FIELDS_MAX, /* 70 */                                         \
	  "header fields of a message, a number up to 253")                                       \
	X(folds, "folds", 16, SIP_CAP_MAX, "lines that continue one field, a number") /* 4 */     \
	X(parameter, "parameter", 256, SIP_CAP_MAX, /* 65 (155) */                                \
	  "a tag, or the branch of the top Via")                                                  \
	X(call_id, "call-id", 512, SIP_CAP_MAX, "its value") /* 298 (141) */                      \
	X(max_forwards, "max-forwards", SIP_HOPS_MAX, SIP_HOPS_MAX, /* 100 */                     \
	  "of a request, a number up to 255; clients begin with 70, some with 100")

#define SIP_CAP_MAX 65535 /* no datagram is longer */
#define SIP_HOPS_MAX 255  /* RFC 3261 section 20.22 */

/*
 * Lines that are read: 127 fields, and as many that continue them; so `fields` is at most two less,
 * for the start line and since a message of that many lines may have more.
 */
#define SIP_LINES 255
#define SIP_FIELDS_MAX (SIP_LINES - 2)

enum sip_cap {
#define X(name, key, standard, ...) SIP_CAP_##name,
	SIP_CAPS(X)
#undef X
	SIP_CAP__MAX
};

/* By name, or by number. */
struct sip_caps {
	union {
		struct {
#define X(name, key, standard, ...) __u32 name;
			SIP_CAPS(X)
#undef X
		};
		__u32 of[SIP_CAP__MAX];
	};
};

#define SIP_CAP_DEFAULT(name, key, standard, ...) .name = standard,
#define SIP_CAPS_DEFAULT {SIP_CAPS(SIP_CAP_DEFAULT)}

_Static_assert(sizeof(struct sip_caps) == SIP_CAP__MAX * sizeof(__u32), "nothing in between");

#endif
