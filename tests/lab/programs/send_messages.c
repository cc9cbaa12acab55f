// SPDX-License-Identifier: GPL-2.0-only
/*
 * send_messages ADDRESS PORT FOLDER: sends each file of a folder as one UDP datagram, from that
 * port of our own, in the order in which `sipguard replay --raw` judges them. Prints how many it
 * has sent.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAYLOAD_MAX 65507 /* of a datagram over IPv4 */

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die(address);
	return fd;
}

static void send_file(int fd, const char *folder, const char *name)
{
	static char payload[PAYLOAD_MAX];
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	if (!file)
		die(path);
	size = fread(payload, 1, sizeof(payload), file);
	fclose(file);
	/* Nobody listens there: an error that came back is of the one before. */
	if (send(fd, payload, size, 0) != (ssize_t)size &&
	    send(fd, payload, size, 0) != (ssize_t)size)
		die(path);
}

int main(int argc, char **argv)
{
	struct dirent **entry;
	int fd, count;

	if (argc != 4) {
		fprintf(stderr, "usage: send_messages ADDRESS PORT FOLDER\n");
		return 2;
	}
	fd = open_socket(argv[1], argv[2]);
	count = scandir(argv[3], &entry, is_file, by_bytes);
	if (count < 0)
		die(argv[3]);
	for (int i = 0; i < count; i++)
		send_file(fd, argv[3], entry[i]->d_name);
	printf("%d\n", count);
	return 0;
}
