// SPDX-License-Identifier: GPL-2.0-only
/* What others have told, and whether this guard is to know it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/names.h"
#include "base/notice.h"
#include "fleet/agent.h"
#include "gcra.h"
#include "model/bans.h"
#include "model/listed.h"

#define LONGEST (30 * 86400) /* s that anything may lie ahead: what `ban --for` takes */
#define EARLY 60000           /* ms by which a clock is ahead that is not gone by */
#define SAME_AGE 500          /* ms: members say that they are there every two seconds */
#define SKEWED 5000          /* ms by which a clock is off, and more than a busy network explains */
#define TEST_TEXT 128

/* An entry under judgement. */
struct judged {
	struct agent *agent;
	struct member *member;
	const struct fleet_entry *entry;
	enum fleet_kind kind;
	__u64 stored;  /* ns since 1970, of the server's clock */
	__u64 sent;    /* ms since 1970, of the member's */
	__u64 who;     /* its hash */
};

/* --- whom it names --- */

/* Blocks of IPv4 that nobody on the Internet sends from (RFC 6890); `here`: neighbours may. */
static const struct {
	__u32 address, mask;
	bool here;
} blocks[] = {
	{0x00000000, 0xff000000, false}, {0x7f000000, 0xff000000, false},
	{0xe0000000, 0xe0000000, false}, {0x0a000000, 0xff000000, true},
	{0x64400000, 0xffc00000, true},  {0xa9fe0000, 0xffff0000, true},
	{0xac100000, 0xfff00000, true},  {0xc0a80000, 0xffff0000, true},
};

/* Two hosts may know two parties by one private address. */
static bool is_foreign(const struct sg_flow_key *key, bool private_addresses)
{
	__u32 address = ntohl(key->address[3]), first = ntohl(key->address[0]);

	if (key->family != 4) {
		bool local = first >> 25 == 0xfc >> 1 || first >> 22 == 0xfe80 >> 6;

		return first >> 29 == 1 || (local && private_addresses);
	}
	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		if ((address & blocks[i].mask) == blocks[i].address)
			return blocks[i].here && private_addresses;
	}
	return true;
}

static bool is_allowed(const struct host *host, const struct sg_flow_key *key)
{
	const struct prefix source = flow_prefix(key);

	return host->session.maps.state->lists &&
	       lists_lookup(&host->session.maps, &source) == SG_LIST_ALLOW;
}

/* --- how many --- */

/* The stream's own time counts, so that who catches up takes as many as who was there. */
static bool pays(const struct judged *j)
{
	const struct fleet_take *take = &j->agent->settings->take[j->kind];
	const struct sg_limit limit = {
		.interval = 60 * SG_NSEC_PER_SEC / take->per_minute,
		.tolerance = 60 * SG_NSEC_PER_SEC,
	};
	__u64 *tat = &j->member->tat[j->kind];

	if (!sg_gcra_conforms(*tat, j->stored, &limit))
		return false;
	*tat = sg_gcra_next(*tat, j->stored, &limit);
	return true;
}

/*
 * A half of the bans, so that the guard finds room for its own; a quarter of the proofs, whose
 * table is to be half empty.
 */
static __u32 most_of(const struct agent *a, enum fleet_kind kind)
{
	const struct maps *maps = &a->host.session.maps;

	if (a->settings->take[kind].most)
		return a->settings->take[kind].most;
	return kind == FLEET_PROOFS ? maps_entries(maps, MAP_PROVEN) * SG_PROVEN_CELLS / 4
				    : maps_entries(maps, MAP_BANS) / 2;
}

/* Bans by hand have their places among all bans. */
static enum fleet_kind table_of(enum fleet_kind kind)
{
	return kind == FLEET_OPERATOR_BANS ? FLEET_BANS : kind;
}

static bool has_room(const struct judged *j)
{
	const struct fleet_take *take = &j->agent->settings->take[j->kind];
	__u32 most = most_of(j->agent, j->kind);
	__u32 each = take->most_each ? take->most_each : most / 2;
	const struct members *members = &j->agent->members;
	__u64 live = 0;

	if (j->member->live[table_of(j->kind)] >= each)
		return false;
	for (size_t i = 1; i < members->count; i++)
		live += members->member[i].live[table_of(j->kind)];
	if (j->kind != FLEET_PROOFS && live < j->agent->foreign)
		live = j->agent->foreign;
	return live < most;
}

/* Has a place already, which an agent before this one has given it. */
static bool has_place(const struct judged *j)
{
	struct sg_ban ban;

	return j->kind != FLEET_PROOFS &&
	       !bpf_map_lookup_elem(j->agent->host.session.maps.fd[MAP_BANS], &j->entry->key, &ban);
}

/* --- the verdict --- */

static enum fleet_outcome judge_party(const struct judged *j)
{
	struct host *host = &j->agent->host;
	const struct sg_flow_key *key = &j->entry->key;

	if (!is_foreign(key, j->agent->settings->private_addresses))
		return FLEET_ADDRESS;
	if (own_is_in(key, host->own, host->owns))
		return FLEET_OWN;
	if (j->entry->what == FLEET_PROOF)
		return FLEET_TAKEN;
	if (is_allowed(host, key))
		return FLEET_ALLOWED;
	return host_has_proven(host, key, !key->port) ? FLEET_PROVEN : FLEET_TAKEN;
}

/* All that does not change anything here; TAKEN: it may be put in force. */
static enum fleet_outcome judge(const struct judged *j)
{
	enum sg_mode mode = fleet_mode(j->agent->settings, j->kind, j->member->name);
	__u64 now = j->agent->host.wall_now / 1000;
	const struct ledger *ledger = j->kind == FLEET_PROOFS ? &j->agent->proofs : &j->agent->bans;
	const struct ledger_line *line = ledger_find(ledger, j->who);
	enum fleet_outcome outcome;

	if (mode == SG_MODE_OFF)
		return FLEET_OFF;
	if (j->entry->end <= now)
		return FLEET_OVER;
	if (j->entry->end > now + LONGEST)
		return FLEET_END;
	/* Its ten minutes would be a day here. (To be known for longer locks nobody out.) */
	if (j->entry->what == FLEET_BAN && j->sent > j->agent->host.wall_now + EARLY)
		return FLEET_CLOCK;
	if (j->entry->what == FLEET_BAN && !fleet_is_evidence(&j->entry->key, j->entry->cause))
		return FLEET_EVIDENCE;
	if (line && line->end + LEDGER_SLACK >= j->entry->end)
		return FLEET_KNOWN;
	outcome = judge_party(j);
	if (outcome != FLEET_TAKEN)
		return outcome;
	if (!pays(j))
		return FLEET_RATE;
	if (!line && !has_room(j) && !has_place(j))
		return FLEET_FULL;
	return mode == SG_MODE_MONITOR ? FLEET_WOULD : FLEET_TAKEN;
}

static int put_ban(const struct judged *j, bool *added)
{
	struct host *host = &j->agent->host;
	const struct ban ban = {
		.key = j->entry->key,
		.ban = {
			.until = host_guard_of(host, j->entry->end),
			.cause = j->entry->cause,
			.origin = SG_ORIGIN_FLEET | j->member->id << 8,
		},
	};

	return bans_take(&host->session.maps, &ban, host->guard_now, added);
}

/* Who is proven was banned by mistake, or has paid for it: what others held against him is gone. */
static int put_proof(const struct judged *j)
{
	struct host *host = &j->agent->host;
	struct maps *maps = &host->session.maps;
	const struct proven flow = {
		.key = j->entry->key,
		.proven = {
			.until = host_guard_of(host, j->entry->end),
			.since = sg_since(host->guard_now),
			.proof = SG_PROOF_REGISTER,
		},
	};
	int err = proven_add(maps, &host->proven, &flow, host->guard_now);

	if (err && err != -EEXIST)
		return err;
	host_note_source(host, &flow.key);
	bans_forgive(maps, &flow.key);
	return err;
}

/* Puts it in force, and in the ledger. */
static enum fleet_outcome take(const struct judged *j)
{
	bool proof = j->kind == FLEET_PROOFS;
	struct ledger *ledger = proof ? &j->agent->proofs : &j->agent->bans;
	__u32 now = j->agent->host.wall_now / 1000;
	struct ledger_line *line = ledger_find(ledger, j->who);
	bool added = !line;
	int err;

	line = ledger_put(ledger, j->who, now);
	if (!line)
		return FLEET_FULL;
	err = proof ? put_proof(j) : put_ban(j, &added);
	if (err && err != -EEXIST)
		return FLEET_FULL;
	line->end = j->entry->end;
	line->told = ledger_time(now);
	line->member = member_place(&j->agent->members, j->member);
	j->member->live[table_of(j->kind)] += added;
	j->agent->foreign += added && !proof;
	return err ? FLEET_KNOWN : FLEET_TAKEN;
}

/* --- entries --- */

static enum fleet_kind kind_of(const struct fleet_entry *entry)
{
	if (entry->what == FLEET_PROOF)
		return FLEET_PROOFS;
	return entry->cause == SG_REASON_NONE ? FLEET_OPERATOR_BANS : FLEET_BANS;
}

static void hear_entry(struct agent *a, struct member *member, const struct fleet_entry *entry,
		       __u64 stored, __u64 sent)
{
	struct judged j = {
		.agent = a, .member = member, .entry = entry, .kind = kind_of(entry),
		.stored = stored, .sent = sent, .who = host_hash(&a->host, &entry->key),
	};
	enum fleet_outcome outcome = judge(&j);

	if (outcome == FLEET_TAKEN)
		outcome = take(&j);
	member->outcomes[j.kind][outcome]++;
}

/* What this host has told is in the stream now. */
static void hear_own(struct agent *a, const struct fleet_entry *entry)
{
	struct ledger *ledger = entry->what == FLEET_PROOF ? &a->proofs : &a->bans;
	__u32 now = a->host.wall_now / 1000;
	struct ledger_line *line;

	if (entry->end <= now)
		return;
	line = ledger_put(ledger, host_hash(&a->host, &entry->key), now);
	if (!line)
		return;
	line->end = entry->end;
	line->told = ledger_time(now);
	line->member = 0;
}

/*
 * An operator lets somebody go: everywhere, whoever has banned him, as far as his word counts here.
 * It is of the bans that the stream has before it: one that was made since then stays, also where
 * all is read again.
 */
static void hear_lift(struct agent *a, struct member *member, const struct fleet_entry *entry,
		      __u64 stored)
{
	struct judged j = {.agent = a, .member = member, .entry = entry,
			   .kind = FLEET_OPERATOR_BANS, .stored = stored};
	struct ledger_line *line = ledger_find(&a->bans, host_hash(&a->host, &entry->key));
	bool self = member == a->members.member, by_hand;
	__u64 until;
	int err;

	by_hand = self || fleet_mode(a->settings, FLEET_OPERATOR_BANS, member->name) ==
			  SG_MODE_ENFORCE;
	if ((!self && !pays(&j)) || (!by_hand &&
	    fleet_mode(a->settings, FLEET_BANS, member->name) != SG_MODE_ENFORCE))
		return;
	/* Taken by an agent before this one, of what the stream has lost or is refused now. */
	if (!line) {
		member->lifts += bans_forgive(&a->host.session.maps, &entry->key);
		return;
	}
	until = host_guard_of(&a->host, line->end + LEDGER_SLACK);
	err = bans_give_up(&a->host.session.maps, &entry->key, until, by_hand);
	member->lifts += !err;
	if (err != -EPERM)
		line->end = 0;
}

/* Says that a test has arrived, and what would become of a ban by that member. */
static void hear_test(struct agent *a, const struct member *member, const struct fleet_entry *entry,
		      __u64 delay)
{
	char subject[ENGINE_SUBJECT], text[TEST_TEXT];
	int length = snprintf(text, sizeof(text), "%s %llu %s", entry->nonce, delay,
			      a->host.there ? mode_names[fleet_mode(a->settings, FLEET_BANS,
								    member->name)]
					    : "unguarded");

	snprintf(subject, sizeof(subject), SUBJECT_SEEN "%s.%s", member->name,
		 a->settings->access.member);
	engine_publish(a->engine, subject, text, length);
}

/* --- messages --- */

static void fault(struct member *member, int err)
{
	member->faults[err == -E2BIG ? FLEET_OVERSIZED : err == -EPROTONOSUPPORT ? FLEET_VERSION
									   : FLEET_MALFORMED]++;
}

/* The member that a subject names behind `head`, in a copy; NULL: it is no such subject. */
static struct member *member_of(struct agent *a, const char *subject, const char *head)
{
	const char *name = subject + strlen(head);
	struct member *member = NULL;
	size_t before = a->members.count;

	if (!strncmp(subject, head, strlen(head)) && fleet_is_member(name))
		member = members_find(&a->members, name);
	/* Of one who is new here an agent before this one may have taken as much as it may be. */
	if (a->members.count != before && a->host.there)
		teller_count(a);
	a->members.crowd += !member;
	return member;
}

static void hear_all(struct agent *a, struct member *member, const struct fleet_message *m,
		     __s64 stored)
{
	/* Also of an earlier run: of it the guard knows whatever an operator has not lifted. */
	bool own = member == a->members.member, tested = false;
	__u64 now = clock_wall(), delay = now > m->sent ? (now - m->sent) * 1000 : 0;

	member->unknown += m->unknown;
	for (size_t i = 0; i < m->count; i++) {
		const struct fleet_entry *entry = &m->entry[i];

		/* Of one message one is answered, or a hundred, from each, would be had for it. */
		if (entry->what == FLEET_TEST && !tested && now < m->sent + 60000) {
			hear_test(a, member, entry, delay);
			tested = true;
		}
		if (entry->what == FLEET_TEST || !a->host.there)
			continue;
		if (entry->what == FLEET_LIFT)
			hear_lift(a, member, entry, stored);
		else if (own)
			hear_own(a, entry);
		else
			hear_entry(a, member, entry, stored, m->sent);
	}
}

void taker_told(void *context, const struct engine_message *message)
{
	static struct fleet_message m; /* of the one thread that reads the stream */
	struct agent *a = context;
	struct member *member = NULL;
	int err = fleet_message_read(message->data, message->length, &m);

	pthread_mutex_lock(&a->lock);
	if (message->first)
		agent_forget(a);
	if (*message->subject)
		member = member_of(a, message->subject, SUBJECT_TOLD);
	if (member)
		member->told++;
	if (member && err)
		fault(member, err);
	if (a->host.there)
		err = err ? err : host_clocks(&a->host, NULL);
	if (member && !err)
		hear_all(a, member, &m, message->stored);
	pthread_mutex_unlock(&a->lock);
}

/*
 * One of a later run is of another host with the same name: while this one runs, which the stream
 * does not show, where a clock has been off before.
 */
static void look_for_twin(const struct agent *a, struct member *self, const struct fleet_message *m)
{
	__u64 now = clock_wall();
	bool said = member_has_twin(self, now);

	if (m->run == a->run || m->sent <= a->began + SKEWED)
		return;
	self->twin = now;
	if (said)
		return;
	notice("another host of the fleet is called %s, too: give each its own `member`.",
	       self->name);
}

/*
 * A clock that is off says the same of each message; messages that the network has held up come at
 * once, each younger than the one before: two of the same age are believed.
 */
static void look_at_clock(struct member *member, __s64 ahead)
{
	bool off = ahead > SKEWED || ahead < -SKEWED;
	bool same = llabs(ahead - member->ahead) < SAME_AGE && member->heard;

	if (off && same && !member->skewed)
		notice("the clock of %s is off from this one's by %lld s: bans and proofs end at "
		       "the wrong time until one of them is set.", member->name, ahead / 1000);
	member->skewed = off && (same || member->skewed);
	member->ahead = ahead;
}

/* Its first line is that of any message: it has no entries. */
void taker_here(void *context, const struct engine_message *message)
{
	static struct fleet_message m; /* of the one thread that listens */
	struct agent *a = context;
	struct member *member;
	int err = fleet_message_read(message->data, message->length, &m);

	pthread_mutex_lock(&a->lock);
	member = member_of(a, message->subject, SUBJECT_HERE);
	if (member && err)
		fault(member, err);
	if (member == a->members.member && !err) {
		look_for_twin(a, member, &m);
	} else if (member && !err) {
		look_at_clock(member, (__s64)(m.sent - clock_wall()));
		member->heard = clock_wall();
	}
	pthread_mutex_unlock(&a->lock);
}
