// SPDX-License-Identifier: GPL-2.0-only
#include "watch/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

int loop_signals(struct error *error)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* threads begun later have it so, too */
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 ? fd : error_set(error, -errno, "cannot wait for signals: %s.",
					strerror(errno));
}

int loop_end(struct loop_source *source, struct error *error)
{
	(void)source;
	(void)error;
	return 1;
}

int loop_run(struct loop_source *sources, size_t count, struct error *error)
{
	struct pollfd at[LOOP_SOURCES];
	int result = 0;

	while (!result) {
		for (size_t i = 0; i < count; i++)
			at[i] = (struct pollfd){.fd = sources[i].fd, .events = POLLIN};
		if (poll(at, count, -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(error, -errno, "cannot wait: %s.", strerror(errno));
		}
		for (size_t i = 0; i < count && !result; i++) {
			if (at[i].revents)
				result = sources[i].ready(&sources[i], error);
		}
	}
	return result < 0 ? result : 0;
}
