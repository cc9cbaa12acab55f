/* SPDX-License-Identifier: GPL-2.0-only */
/* Where is listened, and under which names one may be asked for. */
#ifndef SIPGUARD_ADDRESS_H
#define SIPGUARD_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

#define ADDRESS_TEXT 64

struct address {
	struct sockaddr_storage socket;
	socklen_t size;
	bool loopback;           /* only this machine reaches it */
	char text[ADDRESS_TEXT]; /* as in a URL: 127.0.0.1:9560, [::1]:9560 */
};

/*
 * Reads ADDRESS:PORT (of IPv6 [ADDRESS]:PORT) or PORT, which is of 127.0.0.1. Port 0: the kernel
 * chooses. 0 or -EINVAL.
 */
int address_parse(const char *text, struct address *address, struct error *error);

/* A socket that listens, nonblocking, and the address with its port in it. fd or -errno. */
int address_listen(struct address *address, struct error *error);

/*
 * Whether the field Host of a request is one of ours: an IP address, localhost, or one of `names`
 * (with commas between them; NULL: none), each with a port or not. A page of somebody else whose
 * name was made to lead here (DNS rebinding) has that name in it, so it is refused. NULL: a request
 * of HTTP/1.0 without it, which no browser sends.
 */
bool address_is_ours(const char *host, const char *names);

#endif
