// SPDX-License-Identifier: GPL-2.0-only
#include "watch/clients.h"

#include <netinet/in.h>
#include <string.h>

#define PLACES (CLIENTS_MOST + CLIENTS_CLOSING)
#define NS 1000000000ULL

static bool is_of(const struct client *a, const struct client *b)
{
	const struct sockaddr_in6 *a6 = (const void *)&a->from, *b6 = (const void *)&b->from;
	const struct sockaddr_in *a4 = (const void *)&a->from, *b4 = (const void *)&b->from;

	if (a->from.ss_family != b->from.ss_family)
		return false;
	if (a->from.ss_family == AF_INET6) /* who has one address has its /64 */
		return !memcmp(&a6->sin6_addr, &b6->sin6_addr, 8);
	return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

static bool is_held(const struct client *client)
{
	return client->used && !client->closing;
}

static size_t held(const struct clients *clients, const struct client *by)
{
	size_t count = 0;

	for (int i = 0; i < PLACES; i++)
		count += is_held(&clients->client[i]) && (!by || is_of(&clients->client[i], by));
	return count;
}

/* Whoever has the connection sees its end, and closes it. */
static void shut(struct client *client)
{
	client->closing = true;
	shutdown(client->fd, SHUT_RDWR);
}

static void evict(struct clients *clients)
{
	struct client *worst = NULL;
	size_t most = 0, count;

	for (int i = 0; i < PLACES; i++) {
		struct client *client = &clients->client[i];

		if (!is_held(client) || client->suspended)
			continue;
		count = held(clients, client);
		if (count < most || (worst && count == most && client->since >= worst->since))
			continue;
		most = count;
		worst = client;
	}
	if (!worst)
		return;
	clients->evicted++;
	shut(worst);
}

struct client *clients_add(struct clients *clients, int fd, const struct sockaddr *from, __u64 now)
{
	struct client *client = NULL;

	if (held(clients, NULL) >= CLIENTS_MOST)
		evict(clients);
	for (int i = 0; i < PLACES && !client; i++) {
		if (!clients->client[i].used)
			client = &clients->client[i];
	}
	if (!client)
		return NULL;
	*client = (struct client){.used = true, .fd = fd, .since = now};
	memcpy(&client->from, from, from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								 : sizeof(struct sockaddr_in));
	return client;
}

void clients_expire(struct clients *clients, __u64 now)
{
	for (int i = 0; i < PLACES; i++) {
		struct client *client = &clients->client[i];

		if (!is_held(client) || client->suspended ||
		    now < client->since + CLIENTS_SECONDS * NS)
			continue;
		clients->late++;
		shut(client);
	}
}
