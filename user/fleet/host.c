// SPDX-License-Identifier: GPL-2.0-only
#include "fleet/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/listed.h"

int host_begin(struct host *host, struct error *error)
{
	*host = (struct host){
		.sources = calloc(HOST_SOURCES / 64, sizeof(__u64)),
		.gathering = calloc(HOST_SOURCES / 64, sizeof(__u64)),
	};
	if (host->sources && host->gathering)
		return 0;
	host_end(host);
	return error_set(error, -ENOMEM, "out of memory.");
}

static void leave(struct host *host)
{
	if (!host->there)
		return;
	proven_close(&host->proven);
	session_end(&host->session);
	host->there = false;
}

void host_end(struct host *host)
{
	leave(host);
	free(host->own);
	free(host->sources);
	free(host->gathering);
	*host = (struct host){};
}

static int look_at_own(struct host *host, struct error *error)
{
	struct prefix *own;
	size_t owns;
	int err = own_addresses(&own, &owns, error);

	if (err)
		return err;
	free(host->own);
	host->own = own;
	host->owns = owns;
	return 0;
}

static bool is_same(const struct host *host, const struct session *session)
{
	return host->there && maps_number(&host->session.maps, MAP_STATE) ==
				      maps_number(&session->maps, MAP_STATE);
}

/*
 * Who is proven already: before a word of others is judged, which of a guard that was there before
 * the agent would else be refused nothing.
 */
static void note_proven(struct host *host)
{
	struct proven flow;

	memset(host->sources, 0, HOST_SOURCES / 8);
	memset(host->gathering, 0, HOST_SOURCES / 8);
	if (!host->session.maps.state->proven)
		return;
	for (size_t cell = 0; cell < proven_cells(&host->proven); cell++) {
		if (proven_at(&host->proven, cell, host->guard_now, &flow) &&
		    flow.proven.proof > SG_PROOF_GREYLIST)
			host_note_source(host, &flow.key);
	}
}

int host_look(struct host *host, bool *fresh, struct error *error)
{
	struct session session;
	int err = session_begin(&session, ACCESS_TABLES, error);

	*fresh = false;
	host->wall_now = clock_wall(); /* which goes on without a guard, too */
	if (err) {
		leave(host);
		return err;
	}
	if (is_same(host, &session)) {
		session_end(&session);
	} else {
		leave(host);
		err = proven_open(&session.maps, &host->proven, error);
		if (err) {
			session_end(&session);
			return err;
		}
		host->session = session;
		host->there = *fresh = true;
	}
	err = host_clocks(host, error);
	if (!err && *fresh)
		note_proven(host);
	return err ? err : look_at_own(host, error);
}

int host_clocks(struct host *host, struct error *error)
{
	host->wall_now = clock_wall();
	return maps_clock(&host->session.maps, &host->guard_now, error);
}

__u64 host_wall_of(const struct host *host, __u64 guard)
{
	__s64 ahead = (__s64)(guard - host->guard_now) / 1000000; /* ms */

	return (host->wall_now + ahead + 999) / 1000;
}

__u64 host_guard_of(const struct host *host, __u64 wall)
{
	__s64 ahead = (__s64)(wall * 1000 - host->wall_now); /* ms */

	return ahead > 0 ? host->guard_now + ahead * 1000000ULL : 0;
}

__u64 host_hash(const struct host *host, const struct sg_flow_key *key)
{
	return sg_key_hash(key, host->session.maps.state->secret);
}

/* Two bits of the set: from the top of the hash, and from below it. */
struct bits {
	__u32 bit[2];
};

static struct bits source_bits(const struct host *host, const struct sg_flow_key *key)
{
	const struct sg_flow_key source = sg_source_key(key->family, key->address);
	__u64 hash = host_hash(host, &source);

	return (struct bits){{hash >> (64 - HOST_SOURCES_SHIFT),
			      hash >> (40 - HOST_SOURCES_SHIFT) & (HOST_SOURCES - 1)}};
}

static bool is_set(const __u64 *set, __u32 bit)
{
	return set[bit / 64] >> bit % 64 & 1;
}

void host_note_source(struct host *host, const struct sg_flow_key *key)
{
	const struct bits bits = source_bits(host, key);

	for (int i = 0; i < 2; i++) {
		host->gathering[bits.bit[i] / 64] |= 1ULL << bits.bit[i] % 64;
		host->sources[bits.bit[i] / 64] |= 1ULL << bits.bit[i] % 64;
	}
}

void host_sources_done(struct host *host)
{
	__u64 *old = host->sources;

	host->sources = host->gathering;
	host->gathering = old;
	memset(old, 0, HOST_SOURCES / 8);
}

bool host_has_proven(struct host *host, const struct sg_flow_key *key, bool source)
{
	const struct bits bits = source_bits(host, key);

	if (is_set(host->sources, bits.bit[0]) && is_set(host->sources, bits.bit[1]))
		return true;
	return !source && proven_is(&host->proven, key, host->guard_now);
}
