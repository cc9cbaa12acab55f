// SPDX-License-Identifier: GPL-2.0-only
#include "replay/messages.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE 0xc0000201U      /* 192.0.2.1 and .2: documentation addresses (RFC 5737) */
#define DESTINATION 0xc0000202U
#define SOURCE_PORT 5060
#define HEADERS (ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr))

struct messages {
	struct dirent **file;
	int count, next;
	int folder; /* fd */
	__u16 port;
	__u8 frame[HEADERS + FRAME_MESSAGE_MAX];
};

/* By name alone: in the order of the locale the same folder would be read in several ways. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int messages_open(const char *folder, __u16 port, struct messages **messages, struct error *error)
{
	struct messages *m = calloc(1, sizeof(*m));
	int err = 0;

	if (!m)
		return error_set(error, -ENOMEM, "out of memory.");
	m->port = port;
	m->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m->count = m->folder < 0 ? -1 : scandir(folder, &m->file, NULL, by_name);
	if (m->count < 0) {
		err = -errno;
		m->count = 0;
		if (err == -ENOTDIR)
			error_set(error, err, "%s is no folder: --raw takes one with a message in "
				  "each file; a capture is replayed without it.", folder);
		else
			error_set(error, err, "cannot read the folder %s: %s.", folder,
				  strerror(-err));
		messages_close(m);
		return err;
	}
	*messages = m;
	return 0;
}

static void put_headers(struct messages *m, size_t length)
{
	struct udphdr udp = {
		.source = htons(SOURCE_PORT),
		.dest = htons(m->port),
		.len = htons(sizeof(udp) + length),
	};
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tot_len = htons(sizeof(ip) + sizeof(udp) + length),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(SOURCE),
		.daddr = htonl(DESTINATION),
	};

	frame_ethernet(m->frame, ETH_P_IP);
	memcpy(m->frame + ETH_HLEN, &ip, sizeof(ip));
	memcpy(m->frame + ETH_HLEN + sizeof(ip), &udp, sizeof(udp));
}

/* Fills in the message and *status: 1, 0 if it is no file, -errno. */
static int read_message(struct messages *m, const char *name, struct stat *status, size_t *length)
{
	int fd = openat(m->folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = 0;
	int err;

	*length = 0;
	if (fd < 0)
		return -errno;
	err = fstat(fd, status) ? -errno : S_ISREG(status->st_mode);
	while (err > 0 && *length < FRAME_MESSAGE_MAX) {
		got = read(fd, m->frame + HEADERS + *length, FRAME_MESSAGE_MAX - *length);
		if (got <= 0)
			break;
		*length += got;
	}
	if (got < 0)
		err = -errno;
	close(fd);
	return err;
}

int messages_next(struct messages *m, struct frame *frame, const char **name, struct error *error)
{
	struct stat status;
	size_t length;
	int err;

	while (m->next < m->count) {
		*name = m->file[m->next++]->d_name;
		err = read_message(m, *name, &status, &length);
		if (err < 0)
			return error_set(error, err, "cannot read %s: %s", *name, strerror(-err));
		if (!err)
			continue;
		put_headers(m, length);
		*frame = (struct frame){
			.bytes = m->frame,
			.length = HEADERS + length,
			.missing = (size_t)status.st_size > length ? status.st_size - length : 0,
		};
		return 1;
	}
	return 0;
}

void messages_close(struct messages *m)
{
	if (!m)
		return;
	for (int i = 0; i < m->count; i++)
		free(m->file[i]);
	free(m->file);
	if (m->folder >= 0)
		close(m->folder);
	free(m);
}
