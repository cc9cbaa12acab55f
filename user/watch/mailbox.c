// SPDX-License-Identifier: GPL-2.0-only
#include "watch/mailbox.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int mailbox_open(struct mailbox *box, struct error *error)
{
	*box = (struct mailbox){
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.asked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	if (box->asked >= 0 && box->answered >= 0)
		return 0;
	mailbox_close(box);
	return error_set(error, -EMFILE, "too many files are open to begin: raise the limit "
			 "(`ulimit -n`), and try again.");
}

void mailbox_close(struct mailbox *box)
{
	documents_free(box->documents);
	if (box->asked >= 0)
		close(box->asked);
	if (box->answered >= 0)
		close(box->answered);
}

/* An eventfd only fails to count on when it is ready already. */
static void wake(int fd)
{
	eventfd_t one = 1;
	ssize_t ignored = write(fd, &one, sizeof(one));

	(void)ignored;
}

static void calm(int fd)
{
	eventfd_t count;
	ssize_t ignored = read(fd, &count, sizeof(count));

	(void)ignored;
}

void mailbox_ask(struct mailbox *box)
{
	wake(box->asked);
}

struct documents *mailbox_fetch(struct mailbox *box, bool *end)
{
	struct documents *documents;

	calm(box->answered);
	pthread_mutex_lock(&box->lock);
	documents = box->documents;
	box->documents = NULL;
	*end = box->end;
	pthread_mutex_unlock(&box->lock);
	return documents;
}

void mailbox_heard(struct mailbox *box)
{
	calm(box->asked);
}

void mailbox_answer(struct mailbox *box, struct documents *documents)
{
	struct documents *old;

	pthread_mutex_lock(&box->lock);
	old = box->documents;
	box->documents = documents;
	pthread_mutex_unlock(&box->lock);
	documents_free(old);
	wake(box->answered);
}

void mailbox_end(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	box->end = true;
	pthread_mutex_unlock(&box->lock);
	wake(box->answered);
}
