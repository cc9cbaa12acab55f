/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the reader tells about a message: numbers, and offsets from the first byte of the datagram;
 * no pointers, so that the kernel and userspace can compare theirs byte by byte.
 */
#ifndef SIPGUARD_SIP_MESSAGE_H
#define SIPGUARD_SIP_MESSAGE_H

#include <linux/types.h>

#include "numbers.h"
#include "sip/rules.h"

/* X(NAME, label): the header fields that are known by name. OTHER: any other. */
#define SIP_FIELDS(X)                                                                             \
	X(OTHER, "other")                                                                         \
	X(VIA, "Via")                                                                             \
	X(FROM, "From")                                                                           \
	X(TO, "To")                                                                               \
	X(CALL_ID, "Call-ID")                                                                     \
	X(CSEQ, "CSeq")                                                                           \
	X(MAX_FORWARDS, "Max-Forwards")                                                           \
	X(CONTENT_LENGTH, "Content-Length")                                                       \
	X(CONTENT_TYPE, "Content-Type")                                                           \
	X(CONTENT_ENCODING, "Content-Encoding")                                                   \
	X(CONTACT, "Contact")                                                                     \
	X(EXPIRES, "Expires")                                                                     \
	X(ROUTE, "Route")                                                                         \
	X(RECORD_ROUTE, "Record-Route")                                                           \
	X(USER_AGENT, "User-Agent")                                                               \
	X(SERVER, "Server")                                                                       \
	X(AUTHORIZATION, "Authorization")                                                         \
	X(PROXY_AUTHORIZATION, "Proxy-Authorization")                                             \
	X(EVENT, "Event")                                                                         \
	X(ALLOW_EVENTS, "Allow-Events")                                                           \
	X(REFER_TO, "Refer-To")                                                                   \
	X(REFERRED_BY, "Referred-By")                                                             \
	X(RACK, "RAck")                                                                           \
	X(SUPPORTED, "Supported")                                                                 \
	X(REQUIRE, "Require")                                                                     \
	X(ALLOW, "Allow")                                                                         \
	X(ACCEPT, "Accept")                                                                       \
	X(ACCEPT_CONTACT, "Accept-Contact")                                                       \
	X(REJECT_CONTACT, "Reject-Contact")                                                       \
	X(REQUEST_DISPOSITION, "Request-Disposition")                                             \
	X(SESSION_EXPIRES, "Session-Expires")                                                     \
	X(SUBJECT, "Subject")                                                                     \
	X(IDENTITY, "Identity")

enum sip_field {
#define X(name, label) SIP_FIELD_##name,
	SIP_FIELDS(X)
#undef X
	SIP_FIELD__MAX
};

/*
 * Places of the tables in sip/names.h; here, since the skeleton names their types. `drop`: bits of
 * the last word that lie behind the colon. A word with its loose bits set is the full one if it is
 * the name in any case: those tell the cases apart, or lie behind the colon.
 */
struct sip_named {
	__u16 id;   /* enum sip_field */
	__u16 size; /* of the name with its colon; of one of three words not used */
};

struct sip_short_name {
	__u64 loose, full;
	__u64 name; /* folded, with its colon */
	__u32 drop;
	struct sip_named is;
};

struct sip_long_name {
	__u64 loose_a, full_a;
	__u64 loose_b, full_b;
	__u64 a, b, c; /* the name in folded words, with its colon */
	__u32 drop;    /* of b */
	struct sip_named is;
};

struct sip_method_name {
	__u64 a, b;
	__u64 id; /* enum sg_method */
};

enum sip_kind {
	SIP_NEITHER, /* no start line to be told by */
	SIP_REQUEST,
	SIP_RESPONSE,
};

/* X(NAME, scheme) */
#define SIP_SCHEMES(X)                                                                            \
	X(SIP, "sip")                                                                             \
	X(SIPS, "sips")                                                                           \
	X(TEL, "tel")                                                                             \
	X(IM, "im")                                                                               \
	X(PRES, "pres")                                                                           \
	X(URN, "urn")

enum sip_scheme {
	SIP_SCHEME_NONE,  /* no scheme and colon */
	SIP_SCHEME_OTHER, /* any other one */
#define X(name, scheme) SIP_SCHEME_##name,
	SIP_SCHEMES(X)
#undef X
	SIP_SCHEME__MAX
};

enum sip_transport {
	SIP_TRANSPORT_NONE,
	SIP_TRANSPORT_OTHER,
	SIP_TRANSPORT_UDP,
	SIP_TRANSPORT_TCP,
	SIP_TRANSPORT_TLS,
	SIP_TRANSPORT_SCTP,
	SIP_TRANSPORT_WS,
	SIP_TRANSPORT_WSS,
};

/* A part of the message. Length 0: not there, or empty; `at` is then 0. */
struct sip_span {
	__u16 at;
	__u16 length;
};

/* A URI, and the tag that follows it: in From and To, or the branch in the top Via. */
struct sip_party {
	struct sip_span user;  /* with a password, if there is one */
	struct sip_span host;  /* with brackets, if it is an IPv6 address; of tel and urn: all */
	struct sip_span tag;
	__u8 scheme;           /* enum sip_scheme */
	__u8 port;             /* a colon follows the host */
	__u8 headers;          /* a ? follows the host */
	__u8 zero;
};

enum sip_party_id {
	SIP_URI,  /* the Request-URI; no tag */
	SIP_FROM,
	SIP_TO,
	SIP_VIA,  /* host: sent-by without its port; tag: branch; no scheme, no user */
	SIP_CONTACT, /* the first one; only if the rule CONTACT is wanted, or it is not plain */
	SIP_ROUTE,   /* the one that sip_route() took last */
	SIP_PARTIES
};

enum sip_message_flags {
	SIP_CUT = 1,       /* more of it lies beyond SIP_READ_MAX, or in other fragments */
	SIP_HEAD = 2,      /* the blank line that ends the header was found: `body` is valid */
	SIP_SAME_CSEQ = 4, /* the method in CSeq is that of the start line */
	SIP_NOT_ASCII = 8, /* bytes from 128 up lie in the header or near it */
};

struct sip_message {
	__u64 faults;               /* SIP_FAULT() of each rule that is broken */
	__u64 seen;                 /* bit n: enum sip_field n occurs */
	__u64 again;                /* bit n: it occurs more than once */
	__u32 cseq;                 /* numbers: 0 if missing or malformed */
	__u32 content_length;
	__u32 max_forwards;
	__u32 expires;
	__u16 read;                 /* bytes read: the length of the datagram or SIP_READ_MAX */
	__u16 start;                /* of the start line: 0 to 32 blanks may stand before it */
	__u16 body;                 /* of the body; `read` if the header does not end */
	__u16 lines;                /* of start line and header */
	__u16 fields;               /* header fields */
	__u16 folds;                /* lines that continue one field, the most of them */
	__u16 longest;              /* bytes of the longest field, with its line end */
	__u16 status;               /* 100 to 699, of a response */
	struct sip_span start_line; /* without its line end */
	struct sip_span method;
	struct sip_span uri;
	struct sip_span version;
	struct sip_span cseq_method;
	struct sip_span call_id;
	struct sip_party party[SIP_PARTIES];
	__u8 kind;                  /* enum sip_kind */
	__u8 method_id;             /* enum sg_method; NONE in a response */
	__u8 cseq_method_id;        /* likewise; NONE if there is none */
	__u8 transport;             /* enum sip_transport of the top Via */
	__u8 flags;                 /* enum sip_message_flags */
	__u8 zero[3];
	__u8 more[(SIP_FIELD__MAX + 7) & ~7]; /* how often each occurs beyond once */
	/*
	 * The first value of each field that occurs, as it stands there: blanks around it and folds
	 * included, but not the line end. Of fields that do not occur the spans are not written.
	 */
	struct sip_span field[SIP_FIELD__MAX];
};

#endif
