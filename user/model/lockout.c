// SPDX-License-Identifier: GPL-2.0-only
#include "model/lockout.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/bans.h"

#define ANCESTORS 16 /* processes between this one and the shell of sshd: sudo, make, scripts */
#define ENVIRONMENT (1 << 20) /* bytes; no shell has more */
#define WIDEST4 8 /* bits: a shorter prefix is no party, but a part of the Internet */
#define WIDEST6 16
#define ADDRESSES 64 /* the shell's, and gateways of as many routes */

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

/* --- whom one hardly means --- */

/* Read once: a list that is imported may have a million prefixes. */
struct meant {
	struct prefix address[ADDRESSES];
	size_t count;
	bool shell; /* the first one is where the shell came from */
};

static void add(struct meant *meant, const struct prefix *address)
{
	if (meant->count < ADDRESSES)
		meant->address[meant->count++] = *address;
}

/* The gateway of a default route, from a line of the kernel's table. */
static bool read_route4(const char *line, struct prefix *gateway)
{
	unsigned int to, via, mask;

	/* Hexadecimal words as they lie in memory. */
	if (sscanf(line, "%*s %x %x %*x %*d %*d %*d %x", &to, &via, &mask) != 3 || to || mask ||
	    !via)
		return false;
	*gateway = (struct prefix){AF_INET, 32, {}};
	memcpy(gateway->address, &via, sizeof(via));
	return true;
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

static bool read_route6(const char *line, struct prefix *gateway)
{
	static const __u8 none[16];
	unsigned int length;
	char via[33];

	*gateway = (struct prefix){AF_INET6, 128, {}};
	return sscanf(line, "%*s %x %*s %*x %32s", &length, via) == 2 && !length &&
	       strlen(via) == 32 && read_hex(via, gateway->address) &&
	       memcmp(gateway->address, none, sizeof(none));
}

static void add_gateways(struct meant *meant, const char *path,
			 bool (*read_route)(const char *line, struct prefix *gateway))
{
	FILE *file = fopen(path, "re");
	struct prefix gateway;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (read_route(line, &gateway))
			add(meant, &gateway);
	}
	if (file)
		fclose(file);
}

static void find_meant(struct meant *meant)
{
	char shell[PREFIX_TEXT];
	struct prefix address;
	struct error unsaid;

	*meant = (struct meant){};
	meant->shell = find_shell(shell, sizeof(shell)) && !prefix_parse(shell, &address, &unsaid);
	if (meant->shell)
		add(meant, &address);
	add_gateways(meant, "/proc/self/net/route", read_route4);
	add_gateways(meant, "/proc/self/net/ipv6_route", read_route6);
}

static int refuse(const struct prefix *prefix, const struct meant *meant, size_t i,
		  struct error *error)
{
	char text[PREFIX_TEXT], address[PREFIX_TEXT];

	prefix_format(prefix, text, sizeof(text));
	prefix_format(&meant->address[i], address, sizeof(address));
	return error_set(error, -EPERM, "%s holds %s, %s: give --force if you mean it.",
			 text, address, meant->shell && i == 0 ? "from where you are logged in"
							 : "a default gateway of this host");
}

static bool is_wide(const struct prefix *prefix)
{
	return prefix->length < (prefix->family == AF_INET ? WIDEST4 : WIDEST6);
}

static int refuse_wide(const struct prefix *prefix, struct error *error)
{
	char text[PREFIX_TEXT];

	prefix_format(prefix, text, sizeof(text));
	return error_set(error, -EPERM, "%s is a great part of all addresses, and holds some whom "
			 "you serve: give --force if you mean it.", text);
}

int lockout_check(const struct prefix *prefixes, size_t count, struct error *error)
{
	struct meant meant;

	find_meant(&meant);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < meant.count; j++) {
			if (prefix_contains(&prefixes[i], &meant.address[j]))
				return refuse(&prefixes[i], &meant, j, error);
		}
		if (is_wide(&prefixes[i]))
			return refuse_wide(&prefixes[i], error);
	}
	return 0;
}

int lockout_check_place(const struct link_set *links, struct error *error)
{
	if (!links_elsewhere(links))
		return 0;
	return error_set(error, -EPERM, "the guard is in another network namespace, and its own "
			 "addresses and gateways cannot be seen from here: give the command there, "
			 "by `ip netns exec` or `nsenter`, or with --force.");
}

int lockout_check_ban(const struct link_set *links, const struct sg_flow_key *key,
		      struct error *error)
{
	struct prefix source = flow_prefix(key);
	int err = lockout_check_place(links, error);

	return err || ban_is_flow(key) ? err : lockout_check(&source, 1, error);
}
