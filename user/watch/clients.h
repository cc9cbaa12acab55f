/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connections that clients hold, of which there is a fixed number. Who comes gets in: if all
 * places are taken, the client that holds most of them loses the one on which an answer has been
 * waited for the longest time. So whoever holds many connections only pushes out his own, and a
 * connection that is answered at once is gone before its turn comes. One on which no answer was
 * finished for CLIENTS_SECONDS is closed as well: idle ones, those that send or read too slowly.
 */
#ifndef SIPGUARD_CLIENTS_H
#define SIPGUARD_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <linux/types.h>

#define CLIENTS_MOST 64
#define CLIENTS_CLOSING 32 /* that are closed soon */
#define CLIENTS_SECONDS 15

struct client {
	bool used;
	bool closing;           /* it was shut down, and whoever has it will notice */
	bool waited;            /* its request waits for documents, or has done so */
	void *suspended;        /* its connection, while it waits for documents */
	int fd;                 /* of its connection; not owned */
	struct sockaddr_storage from;
	__u64 since;            /* ns, when it came or its last answer was finished */
};

struct clients {
	struct client client[CLIENTS_MOST + CLIENTS_CLOSING];
	__u64 evicted, late;    /* that were shut down */
};

/* Its place, after somebody else may have lost his; NULL if even those that close fill all. */
struct client *clients_add(struct clients *clients, int fd, const struct sockaddr *from,
			   __u64 now);

/* Shuts down those whose time is over. */
void clients_expire(struct clients *clients, __u64 now);

#endif
