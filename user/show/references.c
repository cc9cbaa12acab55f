// SPDX-License-Identifier: GPL-2.0-only
#include "show/references.h"

#include <stddef.h>
#include <string.h>

static const char *const rows[][2] = {
	{"IEEE 802.1Q", "VLAN tags"},
	{"RFC 768", "header of UDP"},
	{"RFC 791 section 3.2", "fragments of IPv4"},
	{"RFC 1122 section 3.2.1.3", "which addresses a host may have"},
	{"RFC 1858 section 3", "attacks with tiny fragments"},
	{"RFC 3261 section 7", "SIP messages"},
	{"RFC 3261 section 7.1", "request line"},
	{"RFC 3261 section 7.3.1", "how header fields are written"},
	{"RFC 3261 section 8.1.1", "mandatory header fields"},
	{"RFC 3261 section 8.1.1.3", "From and its tag"},
	{"RFC 3261 section 8.1.1.5", "CSeq of a request"},
	{"RFC 3261 section 8.1.1.7", "Via and its branch"},
	{"RFC 3261 section 8.2.1", "methods that a server knows"},
	{"RFC 3261 section 8.2.2.1", "Request-URIs that a server takes"},
	{"RFC 3261 section 10.2", "REGISTER requests"},
	{"RFC 3261 section 12.2.2", "requests within a dialog"},
	{"RFC 3261 section 16.3", "what a proxy checks, loops among it"},
	{"RFC 3261 section 16.5", "where a proxy sends a request"},
	{"RFC 3261 section 16.12", "Route header fields"},
	{"RFC 3261 section 17.1", "when a client sends again"},
	{"RFC 3261 section 17.1.3", "which response belongs to which request"},
	{"RFC 3261 section 18.1", "how clients send"},
	{"RFC 3261 section 18.1.1", "transport of a request"},
	{"RFC 3261 section 18.3", "where a message ends"},
	{"RFC 3261 section 19.1.1", "parts of a SIP URI"},
	{"RFC 3261 section 20.8", "Call-ID"},
	{"RFC 3261 section 20.10", "Contact"},
	{"RFC 3261 section 20.14", "Content-Length"},
	{"RFC 3261 section 20.16", "CSeq"},
	{"RFC 3261 section 20.19", "Expires"},
	{"RFC 3261 section 20.22", "Max-Forwards"},
	{"RFC 3261 section 20.42", "Via"},
	{"RFC 3261 section 25.1", "basic grammar"},
	{"RFC 3261 sections 20.20, 20.39", "From, To"},
	{"RFC 3261 sections 7.2 and 21", "status line, status codes"},
	{"RFC 3325", "identity that networks vouch for"},
	{"RFC 3515, 6665, 3903, 3262", "REFER, events, PUBLISH, PRACK"},
	{"RFC 7339 section 5.10.1", "which requests to shed first"},
	{"RFC 8200 section 4.1", "order of IPv6 extension headers"},
};

const char *reference_about(const char *reference)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i][0], reference) == 0)
			return rows[i][1];
	}
	return NULL;
}
