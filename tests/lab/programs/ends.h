/* SPDX-License-Identifier: GPL-2.0-only */
/* What the lab's senders begin with. */
#ifndef SIPGUARD_TEST_ENDS_H
#define SIPGUARD_TEST_ENDS_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends with what the kernel says of it, if it was not done. */
static inline void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	exit(1);
}

static inline struct sockaddr_in address(const char *text, int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	must(inet_pton(AF_INET, text, &in.sin_addr) == 1, text);
	return in;
}

#endif
