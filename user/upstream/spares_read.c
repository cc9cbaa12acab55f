// SPDX-License-Identifier: GPL-2.0-only
#include "upstream/spares.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "guard/session.h"
#include "kernel/walk.h"
#include "model/listed.h"
#include "model/lockout.h"
#include "model/proven.h"

#define BGP_PORT 179
#define ESTABLISHED 1

static int add_proven(const struct session *session, struct spares *spares, struct error *error)
{
	struct proven_list list;
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	if (!err)
		err = proven_read(&session->maps, now, &list, error);
	if (err)
		return err;
	proven_sort(&list); /* the flows of an address stand together */
	for (size_t i = 0; !err && i < list.count; i++) {
		struct prefix address = flow_prefix(&list.flow[i].key);
		__u8 proof = list.flow[i].proven.proof;

		if (proof == SG_PROOF_REGISTER || proof == SG_PROOF_CALL)
			err = spares_add(spares, &address, SPARE_CUSTOMER);
	}
	proven_free(&list);
	return err;
}

static int add_listed(const struct session *session, struct spares *spares, struct error *error)
{
	struct lists lists;
	int err = lists_read(&session->maps, &lists, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < lists.count; i++) {
		if (lists.entry[i].list == SG_LIST_ALLOW)
			err = spares_add(spares, &lists.entry[i].prefix, SPARE_CUSTOMER);
	}
	lists_free(&lists);
	return err;
}

/* IPv4 is mapped in zones, and at sockets for both families. */
static struct prefix unmapped(const void *address, __u32 length)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct prefix prefix = {.family = AF_INET6, .length = length};

	memcpy(prefix.address, address, sizeof(prefix.address));
	if (length >= 96 && !memcmp(address, mapped, sizeof(mapped))) {
		prefix = (struct prefix){.family = AF_INET, .length = length - 96};
		memcpy(prefix.address, (const __u8 *)address + 12, 4);
	}
	return prefix;
}

static int add_zone_prefix(const __u8 *address, __u32 length, struct spares *spares)
{
	struct prefix prefix = unmapped(address, length);

	return spares_add(spares, &prefix, SPARE_CUSTOMER);
}

/* The trie in force, which needs CAP_SYS_ADMIN: the array has it by its number alone. */
static int add_zones_of_kernel(const struct session *session, struct spares *spares)
{
	__u32 which = session->maps.state->active & 1, id;
	const void *key, *value;
	int err = 0, trie, more;
	struct walk walk;

	if (bpf_map_lookup_elem(session->maps.fd[MAP_ZONES], &which, &id))
		return -errno;
	trie = bpf_map_get_fd_by_id(id);
	if (trie < 0)
		return trie;
	err = walk_begin(&walk, trie);
	if (err) {
		close(trie);
		return err;
	}
	while (!err && (more = walk_next(&walk, &key, &value)) != 0) {
		const struct sg_zone_prefix *zone = key;

		err = more;
		if (more > 0)
			err = zone->length < SG_ZONE_HERE ? 0 :
			      add_zone_prefix(zone->address, zone->length - SG_ZONE_HERE, spares);
	}
	walk_end(&walk);
	close(trie);
	return err;
}

/* Whether the file has the zones that are in force. */
static bool has_these_zones(const struct config *config, const struct sg_config *kernel)
{
	if (config->kernel.zones != kernel->zones)
		return false;
	for (__u32 zone = 1; zone <= kernel->zones; zone++) {
		if (config->kernel.zone[zone].id != kernel->zone[zone].id)
			return false;
	}
	return true;
}

/* The same from the file that was put in force, if it still says so. */
static int add_zones_of_file(const struct session *session, const struct sg_config *kernel,
			     struct spares *spares, struct error *error)
{
	struct config *config = NULL;
	struct error unsaid = {};
	struct note note;
	int err = maps_note(&session->maps, session->maps.state->active & 1, &note, error);

	if (err)
		return err;
	err = config_load(note.path, 0, &config, &unsaid);
	if (err || !has_these_zones(config, kernel)) {
		config_free(config);
		return error_set(error, -ESTALE, "the zones in force are not those of %s: reload "
				 "it, or have this command run with CAP_SYS_ADMIN.", note.path);
	}
	for (size_t i = 0; !err && i < config->prefix_count; i++)
		err = add_zone_prefix(config->prefixes[i].prefix.address,
				      config->prefixes[i].prefix.length, spares);
	config_free(config);
	return err;
}

static int add_zones(const struct session *session, struct spares *spares, struct error *error)
{
	const struct sg_config *kernel = &session->maps.configs[session->maps.state->active & 1];
	int err;

	if (!kernel->zones)
		return 0;
	err = add_zones_of_kernel(session, spares);
	if (err == -EPERM)
		err = add_zones_of_file(session, kernel, spares, error);
	return err ? error_set(error, err, "cannot read the zones: %s.", strerror(-err)) : 0;
}

static bool read_address(const char *text, struct prefix *address)
{
	bool ip4 = strlen(text) == 8;
	__u32 words[4] = {};

	for (int i = 0; i < (ip4 ? 1 : 4); i++) {
		if (sscanf(text + 8 * i, "%8x", &words[i]) != 1)
			return false;
	}
	*address = ip4 ? (struct prefix){AF_INET, 32, {}} : unmapped(words, 128);
	if (ip4)
		memcpy(address->address, words, 4);
	return true;
}

/* The other ends of BGP sessions, from the kernel's table of sockets. */
static int add_peers(const char *path, struct spares *spares)
{
	FILE *file = fopen(path, "re");
	char line[512], peer[33], own[33];
	unsigned int own_port, port, state;
	int err = 0;

	while (file && !err && fgets(line, sizeof(line), file)) {
		struct prefix address;

		if (sscanf(line, " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x", own, &own_port, peer,
			   &port, &state) != 5 || state != ESTABLISHED ||
		    (own_port != BGP_PORT && port != BGP_PORT) || !read_address(peer, &address))
			continue;
		err = spares_add(spares, &address, SPARE_HOST);
		if (!err && read_address(own, &address))
			err = spares_add(spares, &address, SPARE_SESSION);
	}
	if (file)
		fclose(file);
	return err;
}

static int add_own(struct spares *spares, struct error *error)
{
	struct prefix *own;
	size_t count;
	int err = own_addresses(&own, &count, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < count; i++)
		err = spares_add(spares, &own[i], SPARE_HOST);
	free(own);
	return err;
}

int spares_read(const struct session *session, struct spares *spares, struct error *error)
{
	int err = add_proven(session, spares, error);

	if (!err)
		err = add_listed(session, spares, error);
	if (!err)
		err = add_zones(session, spares, error);
	if (!err)
		err = add_own(spares, error);
	if (!err)
		err = add_peers("/proc/thread-self/net/tcp", spares);
	if (!err)
		err = add_peers("/proc/thread-self/net/tcp6", spares);
	return err ? error_set(error, err, "out of memory.") : 0;
}
