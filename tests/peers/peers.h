/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A message as several readers see it: the guard's, sofia-sip and libosip2, and a plain one of the
 * test's own (plain.c) that arbitrates between them.
 */
#ifndef SIPGUARD_PEERS_H
#define SIPGUARD_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(NAME, label): the values that are compared. */
#define PEER_VALUES(X)                                                                            \
	X(KIND, "kind")                                                                           \
	X(METHOD, "method")                                                                       \
	X(STATUS, "status")                                                                       \
	X(URI_SCHEME, "uri-scheme")                                                               \
	X(URI_USER, "uri-user")                                                                   \
	X(URI_HOST, "uri-host")                                                                   \
	X(TRANSPORT, "via-transport")                                                             \
	X(VIA_HOST, "via-host")                                                                   \
	X(BRANCH, "branch")                                                                       \
	X(FROM_USER, "from-user")                                                                 \
	X(FROM_HOST, "from-host")                                                                 \
	X(FROM_TAG, "from-tag")                                                                   \
	X(TO_USER, "to-user")                                                                     \
	X(TO_HOST, "to-host")                                                                     \
	X(TO_TAG, "to-tag")                                                                       \
	X(CALL_ID_VALUE, "call-id-value")                                                         \
	X(CSEQ_NUMBER, "cseq-number")                                                             \
	X(CSEQ_METHOD, "cseq-method")                                                             \
	X(HOPS, "max-forwards-value")                                                             \
	X(LENGTH, "content-length-value")                                                         \
	X(EXPIRES_VALUE, "expires-value")                                                         \
	X(BODY, "body-length")

/*
 * X(NAME, name, compact form, list): header fields, by how many there are; of a list each element
 * counts, of the others whether there is one. The names are those of enum sip_field.
 */
#define PEER_HEADERS(X)                                                                           \
	X(VIA, "via", "v", 1)                                                                     \
	X(CONTACT, "contact", "m", 1)                                                             \
	X(ROUTE, "route", NULL, 1)                                                                \
	X(RECORD_ROUTE, "record-route", NULL, 1)                                                  \
	X(FROM, "from", "f", 0)                                                                   \
	X(TO, "to", "t", 0)                                                                       \
	X(CALL_ID, "call-id", "i", 0)                                                             \
	X(CSEQ, "cseq", NULL, 0)                                                                  \
	X(MAX_FORWARDS, "max-forwards", NULL, 0)                                                  \
	X(CONTENT_LENGTH, "content-length", "l", 0)                                               \
	X(CONTENT_TYPE, "content-type", "c", 0)                                                   \
	X(CONTENT_ENCODING, "content-encoding", "e", 0)                                           \
	X(EXPIRES, "expires", NULL, 0)                                                            \
	X(USER_AGENT, "user-agent", NULL, 0)                                                      \
	X(SERVER, "server", NULL, 0)                                                              \
	X(AUTHORIZATION, "authorization", NULL, 0)                                                \
	X(PROXY_AUTHORIZATION, "proxy-authorization", NULL, 0)                                    \
	X(EVENT, "event", "o", 0)                                                                 \
	X(ALLOW_EVENTS, "allow-events", "u", 0)                                                   \
	X(REFER_TO, "refer-to", "r", 0)                                                           \
	X(REFERRED_BY, "referred-by", "b", 0)                                                     \
	X(RACK, "rack", NULL, 0)                                                                  \
	X(SUPPORTED, "supported", "k", 0)                                                         \
	X(REQUIRE, "require", NULL, 0)                                                            \
	X(ALLOW, "allow", NULL, 0)                                                                \
	X(ACCEPT, "accept", NULL, 0)                                                              \
	X(ACCEPT_CONTACT, "accept-contact", "a", 0)                                               \
	X(REJECT_CONTACT, "reject-contact", "j", 0)                                               \
	X(REQUEST_DISPOSITION, "request-disposition", "d", 0)                                     \
	X(SESSION_EXPIRES, "session-expires", "x", 0)                                             \
	X(SUBJECT, "subject", "s", 0)

enum peer_field {
#define X(name, label) PEER_##name,
	PEER_VALUES(X)
#undef X
#define X(name, ...) PEER_##name,
	PEER_HEADERS(X)
#undef X
	PEER_VERDICT, /* whether it is accepted; no value */
	PEER_FIELDS
};

#define PEER_HEADER_FIRST PEER_VIA
#define PEER_STORE (4 * 65536)

/* A value; not known: this reader has no opinion. Missing and empty values are the same. */
struct peer_value {
	const char *at;
	size_t length;
	bool known;
};

struct peer_view {
	bool accepted;
	uint64_t unparsed; /* bit n: the n-th of PEER_HEADERS is there, but could not be parsed */
	const char *error; /* of a refused message: what the parser says, if it says anything */
	struct peer_value value[PEER_FIELDS];
	char store[PEER_STORE]; /* of the values, each with a NUL after it */
	size_t used;
};

void view_clear(struct peer_view *view);
void view_text(struct peer_view *view, enum peer_field field, const void *at, size_t length);
void view_string(struct peer_view *view, enum peer_field field, const char *string);
void view_number(struct peer_view *view, enum peer_field field, unsigned long number);

/* The readers. The message is in an allocation of its exact size. */
void sofia_view(struct peer_view *view, const void *bytes, size_t length);
void osip_view(struct peer_view *view, const void *bytes, size_t length);

/* How many header fields sofia-sip could not parse, of all that it knows. */
unsigned int sofia_errors(const void *bytes, size_t length);

#endif
