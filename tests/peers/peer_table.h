/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every way in which the guard's reader and sofia-sip 1.12.11 or libosip2 5.3.0 see a message of
 * the corpus otherwise, who is right, and why. Numbers are sections of RFC 3261 unless said.
 *
 *   refused   the guard drops it by default, the library takes it. Each fault is held against a
 *             third, plain reader (confirm.c): a fault that is not there is in no class.
 *   passed    the library refuses it, the guard's default does not. Which part the library minds
 *             is found by mending one after the other (culprit.c).
 *   value     both take it, and read another value.
 *
 * X(predicate, which library, who is right, why). The first class that holds is that of a
 * difference; peers.c fails if none does, and if a class does not occur with one of its libraries.
 * GUARD, LIBRARY: this one is right. UNSETTLED: the RFC leaves it open, or the two mean different
 * things by the value.
 */
#ifndef SIPGUARD_PEER_TABLE_H
#define SIPGUARD_PEER_TABLE_H

#define PEER_CLASSES(X)                                                                           \
	X(refused_start_line, BOTH, GUARD,                                                        \
	  "7.1: a method that is a token, a URI and SIP/2.0. The libraries take other versions, " \
	  "methods of any bytes, and a bare CR for the end of the line.")                         \
	X(refused_status, OSIP, GUARD, "7.2: three digits. It takes any number.")                 \
	X(refused_method_long, OSIP, GUARD,                                                       \
	  "No limit in the RFC; 48 is above every method in use. Servers with fixed buffers died " \
	  "of longer ones.")                                                                      \
	X(refused_uri_scheme, SOFIA, GUARD,                                                       \
	  "19.1.1: a URI begins with its scheme. It takes one that begins with the colon.")       \
	X(refused_field_missing, BOTH, GUARD,                                                     \
	  "8.1.1: Via, From, To, Call-ID and CSeq are in every message. libosip2 leaves that to " \
	  "its user; sofia-sip finds names whose colon stands in a line that continues them, "    \
	  "which HCOLON of 25.1 does not allow.")                                                 \
	X(refused_hops, BOTH, GUARD,                                                              \
	  "20.22: 0 to 255. sofia-sip takes any number, libosip2 any text.")                      \
	X(refused_repeated, SOFIA, GUARD,                                                         \
	  "7.3.1: only fields that are lists may be repeated, and here the values differ. It "    \
	  "keeps one and goes on: which one counts is each element's guess.")                     \
	X(refused_cseq, BOTH, GUARD,                                                              \
	  "20.16: a number below 2^32 and a method. libosip2 keeps any text as the number, "      \
	  "sofia-sip ends the line at a bare CR.")                                                \
	X(refused_cseq_method, OSIP, GUARD,                                                       \
	  "8.1.1.5: the method of the request. libosip2 does not compare them.")                  \
	X(refused_via, BOTH, GUARD,                                                               \
	  "20.42: SIP/2.0, a transport, a host. They take any words there.")                      \
	X(refused_parameter_long, BOTH, GUARD,                                                    \
	  "No limit in the RFC; 256 is the guard's cap on tags and branches.")                    \
	X(refused_call_id_long, BOTH, GUARD,                                                      \
	  "No limit in the RFC; 512 is the guard's cap, and hops that hide topology send 300.")   \
	X(refused_length, OSIP, GUARD,                                                            \
	  "20.14: digits. It keeps any text and reads it with atoi(), so that -1 and 9 digits "   \
	  "too many become a length.")                                                            \
	X(refused_length_beyond, BOTH, GUARD,                                                     \
	  "18.3: a body that is shorter than Content-Length is an error on UDP. The libraries "   \
	  "leave it to the transport, which knows what was UDP.")                                 \
	X(refused_nul, BOTH, GUARD,                                                               \
	  "25.1: no NUL is part of a name, nor of a value, but of a quoted string behind a "      \
	  "backslash. The libraries see the end of their string.")                                \
	X(refused_host_missing, SOFIA, GUARD,                                                     \
	  "25.1: a SIP URI has a host. It takes an empty one, or goes on without the Contact.")   \
	X(refused_size, BOTH, GUARD,                                                              \
	  "No limit in the RFC; 16384 is the guard's cap on a datagram.")                         \
	X(passed_beyond, BOTH, LIBRARY,                                                           \
	  "What they refuse lies beyond the 4096 bytes that the guard reads, or goes on beyond: " \
	  "no rule judges it but field-long, which strict enforces.")                             \
	X(passed_quoted_nul, BOTH, GUARD,                                                         \
	  "25.1: quoted-pair has every byte up to 127 but CR and LF (intmeth of RFC 4475). The "  \
	  "libraries see the end of their string.")                                               \
	X(passed_control, BOTH, LIBRARY,                                                          \
	  "25.1: no control characters. By default only counted (rule control), since "           \
	  "they stand in values that a server need not look at; strict drops it.")                \
	X(passed_high, BOTH, LIBRARY,                                                             \
	  "25.1: bytes from 128 up are in quoted strings only, and UTF-8. Devices send names as " \
	  "they are, so the default counts what is not UTF-8 and strict drops that; an unquoted " \
	  "name that is UTF-8 passes strict as well.")                                            \
	X(passed_address, BOTH, LIBRARY,                                                          \
	  "20.20, 20.39: not an address. The default only counts it (address, display-name, "     \
	  "parameter-empty); strict drops it. libosip2 refuses fewer of them.")                   \
	X(passed_name_quote, BOTH, LIBRARY,                                                       \
	  "25.1: a quoted string ends. Names of callers are passed on as they are, and what is "  \
	  "odd in one costs no call: the default counts it, strict drops it "                     \
	  "(display-name-quote).")                                                                \
	X(passed_again, OSIP, UNSETTLED,                                                          \
	  "7.3.1 has it once; several products write it twice. With one value nobody can "        \
	  "believe another one.")                                                                 \
	X(passed_tag, SOFIA, LIBRARY,                                                             \
	  "25.1: the value of a tag is a token. The guard looks at its length only; an empty "    \
	  "one counts as from-tag.")                                                              \
	X(passed_via, BOTH, LIBRARY,                                                              \
	  "20.42: sent-by is no host and port, or a parameter is empty. Strict drops it "         \
	  "(via-host, parameter-empty).")                                                         \
	X(passed_call_id, OSIP, LIBRARY,                                                          \
	  "20.8: a word, or two with an @ between them. Strict drops it (call-id).")              \
	X(passed_contact, OSIP, LIBRARY,                                                          \
	  "20.10: not an address. Strict drops it (contact). sofia-sip goes on without it.")      \
	X(passed_contact_name, OSIP, LIBRARY,                                                     \
	  "20.10: one quoted string, not several. The guard looks at names in From and To only.") \
	X(passed_not_read, OSIP, UNSETTLED,                                                       \
	  "20.15 and 20.44 make it malformed, and the guard does not take these fields apart: "   \
	  "a server that needs them answers 400, one that does not never looks.")                 \
	X(passed_head_end, OSIP, LIBRARY,                                                         \
	  "7: an empty line ends the header. Some devices leave it out when there is no body; "   \
	  "strict drops it (head-end).")                                                          \
	X(passed_field_line, OSIP, LIBRARY,                                                       \
	  "7.3.1: every line has a name and a colon. The default counts it (field-line), since "  \
	  "servers skip such lines; strict drops it.")                                            \
	X(passed_parts, OSIP, UNSETTLED,                                                          \
	  "RFC 2046 5.1.1: a multipart body has a part. Bodies are not the guard's business.")    \
	X(passed_start, BOTH, LIBRARY,                                                            \
	  "7.1: single spaces, and a host in the Request-URI. 25.1 and RFC 4475 3.1.2 let an "    \
	  "element be lenient; strict drops it (start-spaces, uri-host).")                        \
	X(passed_scheme, OSIP, GUARD,                                                             \
	  "8.2.2.1: a server answers 416 to a scheme that it does not know, so it has to read "   \
	  "the message (novelsc of RFC 4475).")                                                   \
	X(passed_method, SOFIA, GUARD,                                                            \
	  "7.1, 8.2.1: any token may be a method, and 405 is the answer. It refuses those it "    \
	  "does not know that begin with an S, which it takes for a version, or with no letter.") \
	X(value_beyond, BOTH, UNSETTLED,                                                          \
	  "The guard reads 4096 bytes; the value lies beyond, or its end does.")                  \
	X(value_after_nul, BOTH, GUARD,                                                           \
	  "25.1: a NUL ends nothing. The libraries keep strings, whose end it is.")               \
	X(value_elements, BOTH, UNSETTLED,                                                        \
	  "7.3.1: fields of one name are one list. The guard counts fields, the libraries "       \
	  "elements; both counts are those of the plain reader.")                                 \
	X(value_unescaped, BOTH, UNSETTLED,                                                       \
	  "19.1.4: %61 and a are the same user. The guard tells where the value stands, libosip2 " \
	  "what it means, sofia-sip in between; what follows a %00 is lost to libosip2.")         \
	X(value_brackets, OSIP, UNSETTLED,                                                        \
	  "25.1: the brackets of an IPv6 reference are a part of the host. It keeps the "         \
	  "address alone.")                                                                       \
	X(value_zeros, OSIP, UNSETTLED,                                                           \
	  "The same number: libosip2 keeps its text, with leading zeros.")                        \
	X(value_no_number, BOTH, GUARD,                                                           \
	  "20.14, 20.16, 20.19, 20.22: a number below 2^32 (hops: 256). sofia-sip takes the date " \
	  "of RFC 2543 in Expires and numbers that wrap around, libosip2 any text.")              \
	X(value_cseq, OSIP, GUARD, "20.16: without a number before it nothing is the method.")    \
	X(value_kind, BOTH, GUARD, "7.1: see refused_start_line.")                                \
	X(value_method, OSIP, GUARD,                                                              \
	  "7.1: a method is a token; behind its end, or the 256 bytes that are looked at, the "   \
	  "guard expects a URI. Dropped as start-line or method-long.")                           \
	X(value_status, OSIP, GUARD, "7.2: see refused_status. 0 is none.")                       \
	X(value_scheme, SOFIA, GUARD, "19.1.1: see refused_uri_scheme.")                          \
	X(value_uri_host, OSIP, GUARD,                                                            \
	  "25.1, RFC 5118 4.1: an IPv6 address without brackets is no host. Dropped by strict "   \
	  "(uri-host).")                                                                          \
	X(value_via, BOTH, GUARD, "20.42: see refused_via.")                                      \
	X(value_next_via, SOFIA, UNSETTLED,                                                       \
	  "25.1: the branch has / and = in it, which no token has. It goes on with the second "   \
	  "Via, whose sender is somebody else; the guard reads the first.")                       \
	X(value_unparsed, SOFIA, UNSETTLED,                                                       \
	  "It says that the field is there and cannot be parsed, and goes on without it. The "    \
	  "guard counts what is there; what of it is malformed in Contact is the rule contact.")  \
	X(value_empty, OSIP, UNSETTLED,                                                           \
	  "20.5 and others allow an empty list, which it takes for none.")                        \
	X(value_left_out, OSIP, GUARD,                                                            \
	  "20.7, 20.30: it leaves out a Record-Route without <> and credentials without quotes, " \
	  "and does not say so. They are there.")                                                 \
	X(value_added_length, OSIP, GUARD,                                                        \
	  "20.14: not in the message. It adds a Content-Length of its own.")                      \
	X(value_no_type, OSIP, GUARD,                                                             \
	  "18.3: the body goes to the end of the datagram. It drops a body without Content-Type, " \
	  "which 20.15 wants where there is one.")                                                \
	X(value_other_scheme, BOTH, UNSETTLED,                                                    \
	  "19.1.1 speaks of sip and sips. In tel, urn, http and unknown schemes the libraries "   \
	  "take the rest for a user, for a host, or for neither.")                                \
	X(value_bad_address, BOTH, GUARD,                                                         \
	  "20.20, 20.39: not an address (rule address), of which each makes what it can: the "    \
	  "guard takes the last <, sofia-sip the first.")                                         \
	X(value_colon_folded, BOTH, GUARD,                                                        \
	  "25.1: HCOLON has blanks before the colon, and no line end. Both find the field; the "  \
	  "guard reports a line without a colon (field-line) and the field as missing.")          \
	X(value_indented, SOFIA, GUARD,                                                           \
	  "7.3.1: a line that begins with a blank continues a field, and the start line is none. " \
	  "It takes the line for a field; the guard reports field-line.")                         \
	X(value_bare_cr, BOTH, GUARD,                                                             \
	  "7: lines end with CRLF. They take a CR alone for it, so that they see one more field; " \
	  "the guard reports line-end and a malformed value.")                                    \
	X(value_folded, OSIP, UNSETTLED,                                                          \
	  "7.3.1: a fold is one space. The guard tells where the value stands, fold included.")   \
	X(value_blanks, SOFIA, UNSETTLED,                                                         \
	  "7.3.1: white space before a value is none of it. The guard skips 1024 bytes of it.")

#endif
