/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP, by libmicrohttpd, in a thread of its own that has no privileges. It only reads: GET and
 * HEAD. Memory is bounded: so many connections (clients.h), so much of a request, and an answer
 * that is shared by all who are sent it.
 */
#ifndef SIPGUARD_SERVER_H
#define SIPGUARD_SERVER_H

#include "watch/mailbox.h"

struct server;

/*
 * Serves what comes to the socket, which is the server's from here on, even if that fails. `names`
 * as address_is_ours() takes them; like the mailbox they are to live as long as the server. NULL
 * with an error.
 */
struct server *server_start(int socket, const char *names, struct mailbox *box,
			    struct error *error);

/* What it has done so far. */
void server_tell(const struct server *server, struct self *self);

/* Ends the thread; answers that are under way are cut. NULL: nothing. */
void server_stop(struct server *server);

#endif
