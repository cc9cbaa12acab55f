// SPDX-License-Identifier: GPL-2.0-only
#include "shared/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi.h"
#include "base/clock.h"

#define TRIES 6          /* each waits five seconds for who is at work on the guard */
#define SECONDS_MOST 60  /* of one; it takes a second where there is most to be read */
#define NOT_ATTACHED 3   /* exit status, see the README */
#define SAID 1024

struct child {
	pid_t pid;
	int said;         /* what it writes to standard error */
	char text[SAID];  /* the end of that */
	size_t used;
};

/* It inherits what this process has given up, and neither its descriptors nor blocked signals. */
static int set_up(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, int to)
{
	sigset_t none;
	int err = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);

	sigemptyset(&none);
	if (!err)
		err = posix_spawn_file_actions_addopen(files, 1, "/dev/null", O_WRONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(files, to, 2);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(files, 3);
	if (!err)
		err = posix_spawnattr_setsigmask(attributes, &none);
	return err ? err : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
}

static int begin(struct child *child)
{
	char *arguments[] = {"sipguard", "reload", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int ends[2], err;

	*child = (struct child){.said = -1};
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	err = set_up(&files, &attributes, ends[1]);
	if (!err)
		err = posix_spawn(&child->pid, "/proc/self/exe", &files, &attributes, arguments,
				  environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	close(ends[1]);
	if (err)
		close(ends[0]);
	else
		child->said = ends[0];
	return -err;
}

/* The end of what it says is the sentence of what is wrong. */
static bool hear(struct child *child)
{
	char text[256];
	ssize_t got = read(child->said, text, sizeof(text));
	size_t over;

	if (got <= 0)
		return got < 0 && errno == EINTR;
	over = child->used + got >= SAID ? child->used + got - (SAID - 1) : 0;
	memmove(child->text, child->text + over, child->used - over);
	child->used -= over;
	memcpy(child->text + child->used, text, got);
	child->used += got;
	child->text[child->used] = '\0';
	return true;
}

/* Its exit status; -ETIMEDOUT: it was ended. */
static int wait_for(struct child *child)
{
	__u64 end = clock_now() + SECONDS_MOST * SG_NSEC_PER_SEC, now;
	struct pollfd said = {.fd = child->said, .events = POLLIN};
	bool goes_on = true;
	int status;

	while (goes_on && (now = clock_now()) < end) {
		int ready = poll(&said, 1, (end - now) / 1000000 + 1);

		goes_on = ready > 0 ? hear(child) : ready == 0 || errno == EINTR;
	}
	if (goes_on)
		kill(child->pid, SIGKILL);
	close(child->said);
	while (waitpid(child->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (goes_on)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* The last line, without the name of the command. */
static const char *sentence_of(struct child *child)
{
	static const char head[] = "sipguard: ";
	char *line;

	while (child->used && child->text[child->used - 1] == '\n')
		child->text[--child->used] = '\0';
	line = strrchr(child->text, '\n');
	line = line ? line + 1 : child->text;
	return strncmp(line, head, sizeof(head) - 1) ? line : line + sizeof(head) - 1;
}

static int try(struct error *error)
{
	struct child child;
	int status = begin(&child);

	if (status < 0)
		return error_set(error, status, "cannot run `sipguard reload`: %s.",
				 strerror(-status));
	status = wait_for(&child);
	if (status == NOT_ATTACHED)
		return -ENOTCONN;
	if (status > 0)
		return error_set(error, -EIO, "%s", sentence_of(&child));
	return status ? error_set(error, status, "`sipguard reload` did not come to its end: %s.",
				  strerror(-status)) : 0;
}

int reload_guard(struct error *error)
{
	int err = -EIO;

	for (int tries = 0; err == -EIO && tries < TRIES; tries++) {
		if (tries)
			sleep(1);
		*error = (struct error){};
		err = try(error);
	}
	return err;
}
