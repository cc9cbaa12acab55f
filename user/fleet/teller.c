// SPDX-License-Identifier: GPL-2.0-only
/* What this host has to tell others. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "fleet/agent.h"
#include "kernel/walk.h"

#define PROOF_SLACK 30 /* s by which a renewal has to prolong a proof to be told */

void teller_flush(struct agent *a)
{
	char subject[ENGINE_SUBJECT];

	if (!a->writer.count)
		return;
	snprintf(subject, sizeof(subject), SUBJECT_TOLD "%s", a->settings->access.member);
	if (engine_publish(a->engine, subject, a->writer.data, a->writer.length))
		a->told.failures++;
	else
		a->told.messages++;
	a->writer.count = 0;
}

/* That it is on its way is noted: if the stream does not have it by and by, it is told again. */
static void tell(struct agent *a, const struct fleet_entry *entry, enum fleet_kind kind)
{
	struct ledger *ledger = kind == FLEET_PROOFS ? &a->proofs : &a->bans;
	__u32 now = a->host.wall_now / 1000;
	struct ledger_line *line = ledger_put(ledger, host_hash(&a->host, &entry->key), now);

	if (line)
		line->told = ledger_time(now);
	if (!a->writer.count)
		fleet_writer_begin(&a->writer, a->host.wall_now, a->run);
	if (!fleet_writer_add(&a->writer, entry)) {
		teller_flush(a);
		fleet_writer_begin(&a->writer, a->host.wall_now, a->run);
		fleet_writer_add(&a->writer, entry);
	}
	a->told.entries[kind]++;
	if (a->writer.count == FLEET_ENTRIES)
		teller_flush(a);
}

/* Of which kind a ban is, if it is to be told; FLEET_KIND__MAX: it is not. */
static enum fleet_kind kind_of(const struct agent *a, const struct sg_flow_key *key,
			       const struct sg_ban *ban)
{
	enum fleet_kind kind = ban->origin == SG_ORIGIN_OPERATOR ? FLEET_OPERATOR_BANS
								 : FLEET_BANS;

	if (sg_origin_kind(ban->origin) == SG_ORIGIN_FLEET || ban->until <= a->host.guard_now ||
	    !a->settings->share[kind] || !fleet_is_evidence(key, ban->cause))
		return FLEET_KIND__MAX;
	return kind;
}

static struct fleet_entry entry_of(const struct agent *a, const struct sg_flow_key *key,
				   const struct sg_ban *ban)
{
	return (struct fleet_entry){
		.what = FLEET_BAN,
		.key = *key,
		.end = host_wall_of(&a->host, ban->until),
		.cause = ban->origin == SG_ORIGIN_OPERATOR ? SG_REASON_NONE : ban->cause,
	};
}

void teller_ban(struct agent *a, const struct sg_flow_key *key)
{
	struct sg_ban ban;
	enum fleet_kind kind;
	struct fleet_entry entry;

	if (bpf_map_lookup_elem(a->host.session.maps.fd[MAP_BANS], key, &ban))
		return;
	kind = kind_of(a, key, &ban);
	if (kind == FLEET_KIND__MAX)
		return;
	entry = entry_of(a, key, &ban);
	tell(a, &entry, kind);
}

static void look_at_ban(struct agent *a, const struct sg_flow_key *key, const struct sg_ban *ban)
{
	enum fleet_kind kind = kind_of(a, key, ban);
	struct fleet_entry entry;

	if (kind == FLEET_KIND__MAX)
		return;
	entry = entry_of(a, key, ban);
	if (ledger_wants(&a->bans, host_hash(&a->host, key), entry.end, a->host.wall_now / 1000,
			 LEDGER_SLACK, true))
		tell(a, &entry, kind);
}

/* Whose ban it is, as far as he is known; 0: nobody. */
static __u32 place_of(const struct agent *a, const struct sg_ban *ban)
{
	for (size_t i = 1; i < a->members.count; i++) {
		if (a->members.member[i].id == ban->origin >> 8)
			return i;
	}
	return 0;
}

/*
 * Those of others that are over are taken away. The guard's own it sweeps by itself, but not before
 * it bans again: what an attack has left would keep others' out, so it goes where there is little
 * room. The others are counted here, and not in the ledger: an agent before this one may have taken
 * what the stream has forgotten since, or what is refused now.
 */
static int walk_bans(struct agent *a, bool tells, __u32 *live)
{
	int map = a->host.session.maps.fd[MAP_BANS];
	const void *key, *value;
	struct walk walk;
	__u32 all = 0;
	int err = walk_begin(&walk, map);

	if (err)
		return err;
	a->foreign = 0;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_ban *ban = value;
		bool foreign = sg_origin_kind(ban->origin) == SG_ORIGIN_FLEET;

		all++;
		if (ban->until <= a->host.guard_now) {
			if (foreign || a->crowded)
				bpf_map_delete_elem(map, key);
		} else if (foreign) {
			a->foreign++;
			live[place_of(a, ban)]++;
		} else if (tells) {
			look_at_ban(a, key, ban);
		}
	}
	walk_end(&walk);
	a->crowded = all > maps_entries(&a->host.session.maps, MAP_BANS) / 2;
	return err;
}

static void count_live(struct agent *a, enum fleet_kind kind, const __u32 *live)
{
	for (size_t i = 0; i < a->members.count; i++)
		a->members.member[i].live[kind] = live[i];
}

void teller_count(struct agent *a)
{
	static __u32 live[FLEET_MEMBERS];

	memset(live, 0, sizeof(live));
	if (!walk_bans(a, false, live))
		count_live(a, FLEET_BANS, live);
}

int teller_bans(struct agent *a, struct error *error)
{
	static __u32 live[FLEET_MEMBERS];
	__u32 now = a->host.wall_now / 1000;
	int err;

	a->generation = a->host.session.maps.state->ban_generation;
	ledger_prune(&a->proofs, now, live, FLEET_MEMBERS);
	count_live(a, FLEET_PROOFS, live);
	ledger_prune(&a->bans, now, live, FLEET_MEMBERS);
	memset(live, 0, sizeof(live));
	err = walk_bans(a, true, live);
	if (!err)
		count_live(a, FLEET_BANS, live);
	return err ? error_set(error, err, "cannot read the bans: %s.", strerror(-err)) : 0;
}

static void look_at_proof(struct agent *a, const struct proven *flow)
{
	const struct fleet_entry entry = {
		.what = FLEET_PROOF,
		.key = flow->key,
		.end = host_wall_of(&a->host, flow->proven.until),
	};

	if (flow->proven.proof <= SG_PROOF_GREYLIST)
		return;
	host_note_source(&a->host, &flow->key);
	/* Nobody has registered here: others say so, and a liar is not to be told on. */
	if (flow->proven.proof != SG_PROOF_REGISTER || !flow->proven.user ||
	    !a->settings->share[FLEET_PROOFS])
		return;
	/* What others have told is in the table, too, and prolonged if the phone has come here. */
	if (ledger_wants(&a->proofs, host_hash(&a->host, &flow->key), entry.end,
			 a->host.wall_now / 1000, PROOF_SLACK, false))
		tell(a, &entry, FLEET_PROOFS);
}

void teller_proofs(struct agent *a, size_t cells)
{
	struct proven_table *table = &a->host.proven;
	struct proven flow;

	for (; cells; cells--) {
		if (a->cell >= proven_cells(table)) {
			a->cell = 0;
			host_sources_done(&a->host);
			return;
		}
		if (proven_at(table, a->cell++, a->host.guard_now, &flow))
			look_at_proof(a, &flow);
	}
}
