// SPDX-License-Identifier: GPL-2.0-only
#include "model/lockout.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANCESTORS 16 /* processes between this one and the shell of sshd: sudo, make, scripts */
#define ENVIRONMENT (1 << 20) /* bytes; no shell has more */

/* --- where the shell came from --- */

/* The first word of SSH_CONNECTION among `size` bytes of NAME=VALUE, each with its NUL. */
static bool connection_in(const char *variables, size_t size, char *address, size_t room)
{
	static const char name[] = "SSH_CONNECTION=";

	for (size_t at = 0; at < size; at += strnlen(variables + at, size - at) + 1) {
		const char *value = variables + at + strlen(name);
		size_t left = size - at, length;

		if (left <= strlen(name) || memcmp(variables + at, name, strlen(name)))
			continue;
		left -= strlen(name);
		for (length = 0; length < left && value[length] && value[length] != ' '; length++)
			;
		if (length >= room)
			return false;
		memcpy(address, value, length);
		address[length] = '\0';
		return true;
	}
	return false;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], line[512], *end = NULL;
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	/* The name, in brackets, may have any character. */
	if (file && fgets(line, sizeof(line), file))
		end = strrchr(line, ')');
	if (!end || sscanf(end, ") %*c %d", &parent) != 1)
		parent = 0;
	if (file)
		fclose(file);
	return parent;
}

/* sudo takes the variable away, so the shells above it are asked, too. */
static bool find_shell(char *address, size_t room)
{
	char *variables = malloc(ENVIRONMENT), path[64];
	bool found = false;
	pid_t pid = getpid();

	for (int i = 0; variables && !found && i < ANCESTORS && pid > 1; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
		file = fopen(path, "re");
		if (file) {
			found = connection_in(variables, fread(variables, 1, ENVIRONMENT, file),
					      address, room);
			fclose(file);
		}
		pid = parent_of(pid);
	}
	free(variables);
	return found;
}

/* --- the default gateways --- */

/* Whether the prefix holds one of IPv4. Routes are hexadecimal words as they lie in memory. */
static bool has_gateway4(const struct prefix *prefix, char *address)
{
	struct prefix gateway = {AF_INET, 32, {}};
	FILE *file = fopen("/proc/self/net/route", "re");
	unsigned int to, via, mask;
	char line[256];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %x %x %*x %*d %*d %*d %x", &to, &via, &mask) != 3 || to ||
		    mask || !via)
			continue;
		memcpy(gateway.address, &via, sizeof(via));
		found = prefix_contains(prefix, &gateway);
	}
	if (file)
		fclose(file);
	if (found)
		prefix_format(&gateway, address, PREFIX_TEXT);
	return found;
}

static bool read_hex(const char *text, __u8 *address)
{
	for (int i = 0; i < 16; i++) {
		unsigned int byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		address[i] = byte;
	}
	return true;
}

static bool has_gateway6(const struct prefix *prefix, char *address)
{
	static const __u8 none[16];
	struct prefix gateway = {AF_INET6, 128, {}};
	FILE *file = fopen("/proc/self/net/ipv6_route", "re");
	char line[256], via[33], to[33];
	unsigned int length;
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%32s %x %*s %*x %32s", to, &length, via) != 3 || length ||
		    strlen(via) != 32 || !read_hex(via, gateway.address) ||
		    !memcmp(gateway.address, none, sizeof(none)))
			continue;
		found = prefix_contains(prefix, &gateway);
	}
	if (file)
		fclose(file);
	if (found)
		prefix_format(&gateway, address, PREFIX_TEXT);
	return found;
}

int lockout_check(const struct prefix *prefixes, size_t count, struct error *error)
{
	char shell[PREFIX_TEXT], gateway[PREFIX_TEXT], text[PREFIX_TEXT];
	struct error unsaid;
	struct prefix from;
	bool known = find_shell(shell, sizeof(shell)) && !prefix_parse(shell, &from, &unsaid);

	for (size_t i = 0; i < count; i++) {
		prefix_format(&prefixes[i], text, sizeof(text));
		if (known && prefix_contains(&prefixes[i], &from))
			return error_set(error, -EPERM, "%s holds %s, from where you are logged "
					 "in: give --force if that is meant.", text, shell);
		if (prefixes[i].family == AF_INET ? has_gateway4(&prefixes[i], gateway)
						  : has_gateway6(&prefixes[i], gateway))
			return error_set(error, -EPERM, "%s holds %s, a default gateway of this "
					 "host: give --force if that is meant.", text, gateway);
	}
	return 0;
}
