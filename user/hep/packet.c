// SPDX-License-Identifier: GPL-2.0-only
#include "hep/packet.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define CHUNK 6 /* bytes of its header */

enum chunk {
	CHUNK_FAMILY = 1,
	CHUNK_TRANSPORT = 2,
	CHUNK_SOURCE4 = 3,
	CHUNK_DESTINATION4 = 4,
	CHUNK_SOURCE6 = 5,
	CHUNK_DESTINATION6 = 6,
	CHUNK_SOURCE_PORT = 7,
	CHUNK_DESTINATION_PORT = 8,
	CHUNK_SECONDS = 9,
	CHUNK_MICROSECONDS = 10,
	CHUNK_TYPE = 11,
	CHUNK_AGENT = 12,
	CHUNK_KEEP_ALIVE = 13,
	CHUNK_KEY = 14,
	CHUNK_PAYLOAD = 15,
	CHUNK_CORRELATION = 17,
};

struct writer {
	__u8 *to;
	size_t length;
};

static void put(struct writer *w, __u32 value, int bytes)
{
	while (bytes--)
		w->to[w->length++] = value >> 8 * bytes;
}

static void number(struct writer *w, enum chunk type, __u32 value, int bytes)
{
	put(w, 0, 2);
	put(w, type, 2);
	put(w, CHUNK + bytes, 2);
	put(w, value, bytes);
}

static void bytes(struct writer *w, enum chunk type, const void *from, size_t length)
{
	put(w, 0, 2);
	put(w, type, 2);
	put(w, CHUNK + length, 2);
	memcpy(w->to + w->length, from, length);
	w->length += length;
}

static void head(struct writer *w, const struct hep_packet *p, __u32 agent)
{
	bool ip4 = p->family == 4;

	number(w, CHUNK_FAMILY, ip4 ? AF_INET : AF_INET6, 1);
	number(w, CHUNK_TRANSPORT, p->transport, 1);
	number(w, CHUNK_SOURCE_PORT, p->source_port, 2);
	number(w, CHUNK_DESTINATION_PORT, p->destination_port, 2);
	number(w, CHUNK_SECONDS, p->time.tv_sec, 4);
	number(w, CHUNK_MICROSECONDS, p->time.tv_nsec / 1000, 4);
	number(w, CHUNK_TYPE, p->type, 1);
	number(w, CHUNK_AGENT, agent, 4);
	bytes(w, ip4 ? CHUNK_SOURCE4 : CHUNK_SOURCE6, p->source, ip4 ? 4 : 16);
	bytes(w, ip4 ? CHUNK_DESTINATION4 : CHUNK_DESTINATION6, p->destination, ip4 ? 4 : 16);
}

/*
 * Any order is good, says the format. But sngrep reads the chunks of head() in this one, then the
 * key, if it has been told one, and then the payload. Kamailio looks for the end of the correlation
 * by a NUL, with which the vendor of a next chunk begins: so that is not the last one.
 */
size_t hep_write(const struct hep_packet *p, const struct hep_agent *agent, __u8 to[HEP_MOST])
{
	size_t related = p->correlation ? strlen(p->correlation) : 0, room;
	struct writer w = {to, 6};

	if (related >= HEP_CORRELATION)
		related = 0;
	head(&w, p, agent->id);
	if (agent->key[0])
		bytes(&w, CHUNK_KEY, agent->key, strlen(agent->key));
	room = HEP_MOST - w.length - CHUNK - (CHUNK + related) - (CHUNK + 2);
	bytes(&w, CHUNK_PAYLOAD, p->payload, p->length < room ? p->length : room);
	if (related)
		bytes(&w, CHUNK_CORRELATION, p->correlation, related);
	number(&w, CHUNK_KEEP_ALIVE, 0, 2);
	memcpy(to, "HEP3", 4);
	to[4] = w.length >> 8;
	to[5] = w.length;
	return w.length;
}
