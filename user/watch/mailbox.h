/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the thread that reads the guard and the one that talks to the network. Who wants new
 * documents asks, and goes on with others until they are there; neither waits for the other.
 */
#ifndef SIPGUARD_MAILBOX_H
#define SIPGUARD_MAILBOX_H

#include <pthread.h>

#include "watch/document.h"

struct mailbox {
	pthread_mutex_t lock;
	struct documents *documents; /* not fetched yet; NULL: none */
	int asked;                   /* eventfds: somebody has asked, */
	int answered;                /* and there is an answer, or it is time to end */
	bool end;
};

/* 0 or -errno. */
int mailbox_open(struct mailbox *box, struct error *error);
void mailbox_close(struct mailbox *box);

/* Of the thread of the network. Fetched may be NULL: there was no memory. */
void mailbox_ask(struct mailbox *box);
struct documents *mailbox_fetch(struct mailbox *box, bool *end);

/* Of the other one. Documents are the mailbox's from here on; NULL: there was no memory. */
void mailbox_heard(struct mailbox *box);
void mailbox_answer(struct mailbox *box, struct documents *documents);
void mailbox_end(struct mailbox *box);

#endif
