// SPDX-License-Identifier: GPL-2.0-only
/*
 * Named lists and zones: who may publish them is said by the permissions of the servers, and nobody
 * else can.
 *
 * Each is in parts, each the last message of a subject of its own, which begins with
 *
 *   sipguard-list 1 VERSION PART PARTS PREFIXES UNTIL
 *
 * and has a prefix a line. VERSION is when it was published (ms since 1970), UNTIL when it ends (s,
 * 0: for good, as all zones are). It is put in force when all parts of one version are there, as a
 * whole; parts of an older one that are left behind them are passed over. PREFIXES 0: it is taken
 * off. What a zone is: see shared/zones.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/notice.h"
#include "base/text.h"
#include "fleet/agent.h"
#include "model/lists.h"
#include "model/lockout.h"
#include "named/store.h"
#include "shared/published.h"
#include "shared/zones.h"

#define FIRST "sipguard-list 1 "
#define PART_BYTES 32768  /* half of what a server is told to let through */
#define PARTS_MOST 4096
#define LINE_MOST 96
#define ORIGIN "fleet"
#define BUSY_TRIES 12

struct part {
	__u64 version, number, parts, prefixes, until;
};

/* --- publishing --- */

static int send_part(struct engine *engine, const char *head, __u64 number, char *data,
		     const struct part *part, const char *body, size_t length, struct error *error)
{
	char subject[ENGINE_SUBJECT + 24];
	int first = snprintf(data, PART_BYTES, FIRST "%llu %llu %llu %llu %llu\n", part->version,
			     number, part->parts, part->prefixes, part->until);

	memcpy(data + first, body, length);
	snprintf(subject, sizeof(subject), "%s.%llu", head, number);
	return engine_tell(engine, subject, data, first + length, error);
}

/* Where the part ends that begins at `text`: behind a whole line. */
static size_t part_length(const char *text)
{
	size_t length = strlen(text);

	if (length <= PART_BYTES - LINE_MOST)
		return length;
	length = PART_BYTES - LINE_MOST;
	while (text[length - 1] != '\n')
		length--;
	return length;
}

static __u64 count_parts(const char *text)
{
	__u64 parts = 1;

	for (text += part_length(text); *text; text += part_length(text))
		parts++;
	return parts;
}

int lists_publish(struct engine *engine, const struct published *list, struct error *error)
{
	static char data[PART_BYTES];
	struct part part = {
		.version = list->version, .parts = count_parts(list->text),
		.prefixes = list->prefixes, .until = list->until,
	};
	const char *at = list->text;
	char head[ENGINE_SUBJECT];
	int err = 0;

	if (part.parts > PARTS_MOST)
		return error_set(error, -E2BIG, "it is too long to be published: %d prefixes or so "
				 "are the most.", PARTS_MOST * (PART_BYTES / 20));
	snprintf(head, sizeof(head), SUBJECT_LIST "%s.%s", published_words[list->kind],
		 list->name);
	for (__u64 number = 0; !err && number < part.parts; number++) {
		size_t length = part_length(at);

		err = send_part(engine, head, number, data, &part, at, length, error);
		at += length;
	}
	return err;
}

/* --- reading --- */

struct list_in {
	char name[PUBLISHED_NAME]; /* "": this place is free */
	enum published_kind kind;
	struct part part;      /* of the version that is coming in */
	__u64 done;            /* the version that was put in force, or refused */
	struct text text;
	__u64 next;            /* part that has to come next */
};

struct lists_in {
	struct list_in list[FLEET_LISTS_MOST];
};

/* "sipguard.list.deny.NAME.PART". */
static bool read_subject(const char *subject, enum published_kind *kind, char name[PUBLISHED_NAME],
			 __u64 *number)
{
	char text[ENGINE_SUBJECT], *rest = text, *word, *part, *end;

	if (strncmp(subject, SUBJECT_LIST, strlen(SUBJECT_LIST)) ||
	    strlen(subject) >= sizeof(text))
		return false;
	strcpy(text, subject + strlen(SUBJECT_LIST));
	*kind = published_find(strsep(&rest, "."));
	word = strsep(&rest, ".");
	part = strsep(&rest, ".");
	if (!part || rest || !*part || *kind == PUBLISHED__MAX || !published_is_name(*kind, word))
		return false;
	snprintf(name, PUBLISHED_NAME, "%s%s", *kind == PUBLISHED_ZONE ? "" : PUBLISHED_HEAD, word);
	*number = strtoull(part, &end, 10);
	return !*end;
}

/* Where its body begins; NULL: it is none of ours. */
static const char *read_first(const struct engine_message *m, struct part *part)
{
	const char *stop = memchr(m->data, '\n', m->length);
	int length = 0;

	if (m->length > PART_BYTES || !stop || memchr(m->data, '\0', m->length) ||
	    sscanf(m->data, FIRST "%llu %llu %llu %llu %llu%n", &part->version, &part->number,
		   &part->parts, &part->prefixes, &part->until, &length) != 5 ||
	    m->data + length != stop || !part->parts || part->parts > PARTS_MOST ||
	    part->number >= part->parts)
		return NULL;
	return stop + 1;
}

static struct list_in *place_of(struct lists_in *in, enum published_kind kind, const char *name)
{
	struct list_in *free_one = NULL;

	for (int i = 0; i < FLEET_LISTS_MOST; i++) {
		struct list_in *l = &in->list[i];

		if (l->kind == kind && !strcmp(l->name, name))
			return l;
		if (!l->name[0] && !free_one)
			free_one = l;
	}
	if (free_one) {
		snprintf(free_one->name, sizeof(free_one->name), "%s", name);
		free_one->kind = kind;
	}
	return free_one;
}

/* --- what is in it --- */

static int read_prefixes(const struct list_in *l, struct source *source, struct error *error)
{
	char *rest = l->text.data, *line;
	struct prefix prefix;
	int err = 0;

	while (!err && rest && *rest) {
		line = strsep(&rest, "\n");
		err = prefix_parse(line, &prefix, error);
		if (!err)
			err = source_append(source, &prefix, 0, error);
	}
	if (!err && source->count != l->part.prefixes)
		err = error_set(error, -EBADMSG, "it has %zu prefixes instead of %llu",
				source->count, l->part.prefixes);
	return err ? err : published_check(l->kind, source, error);
}

static int by_prefix(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;

	if (x->family != y->family)
		return x->family - y->family;
	return memcmp(x->address, y->address, sizeof(x->address));
}

/* Addresses of proven flows, each once, sorted. NULL: no memory, or it cannot be read. */
static struct prefix *proven_addresses(const struct session *session, size_t *count)
{
	struct proven_list list;
	struct prefix *address;
	__u64 now;

	*count = 0;
	if (maps_clock(&session->maps, &now, NULL) ||
	    proven_read(&session->maps, now, &list, NULL))
		return NULL;
	address = calloc(list.count + 1, sizeof(*address));
	for (size_t i = 0; address && i < list.count; i++) {
		if (list.flow[i].proven.proof > SG_PROOF_GREYLIST)
			address[(*count)++] = flow_prefix(&list.flow[i].key);
	}
	proven_free(&list);
	if (address)
		qsort(address, *count, sizeof(*address), by_prefix);
	return address;
}

/* Whether one of them is in the prefix: the first that is not before it. */
static bool has_one(const struct prefix *prefix, const struct prefix *address, size_t count)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (by_prefix(&address[middle], prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && prefix_contains(prefix, &address[low]);
}

/* Takes out of a denied list whoever must not be denied. How many that were. */
static size_t spare(const struct session *session, struct source *source)
{
	size_t proven, left = 0, count = source->count;
	struct prefix *address = proven_addresses(session, &proven);

	for (size_t i = 0; i < count; i++) {
		const struct prefix *prefix = &source->item[i].prefix;

		if (!address || has_one(prefix, address, proven) ||
		    lockout_check(prefix, 1, NULL))
			continue;
		source->item[left++] = source->item[i];
	}
	source->count = left;
	free(address);
	return count - left;
}

/* --- into the guard --- */

static enum sg_list list_of(const struct list_in *l)
{
	return l->kind == PUBLISHED_ALLOW ? SG_LIST_ALLOW : SG_LIST_DENY;
}

static int put(struct session *session, const struct list_in *l, const struct source *source,
	       struct error *error)
{
	struct list_terms terms = {.name = l->name, .origin = ORIGIN, .replace = true,
				   .force = true};
	enum sg_list list = list_of(l);
	__u64 now, wall = time(NULL);
	size_t held;
	int err;

	if (!source->count || (l->part.until && l->part.until <= wall)) {
		err = lists_drop(&session->maps, list, l->name, &held, NULL);
		return err == -ENOENT ? 0 : err;
	}
	err = maps_clock(&session->maps, &now, error);
	if (l->part.until)
		terms.until = now + (l->part.until - wall) * SG_NSEC_PER_SEC;
	return err ? err : lists_import(&session->maps, list, &terms, source->item,
					source->count, &held, error);
}

/* Somebody else may be at work on the guard for a while: each try waits five seconds. */
static int begin_change(struct session *session, struct error *error)
{
	int err = -EBUSY;

	for (int tries = 0; err == -EBUSY && tries < BUSY_TRIES; tries++) {
		*error = (struct error){};
		err = session_begin(session, ACCESS_TABLES_CHANGE, error);
	}
	return err;
}

static int enforce(const struct list_in *l, struct source *source, size_t *spared,
		   struct error *error)
{
	struct session session;
	int err = begin_change(&session, error);

	if (err)
		return err;
	*spared = l->kind == PUBLISHED_DENY ? spare(&session, source) : 0;
	err = put(&session, l, source, error);
	session_end(&session);
	return err;
}

static int take_list(const struct list_in *l, struct source *source, size_t *spared,
		     struct error *error)
{
	size_t count = source->count;
	int err = enforce(l, source, spared, error);

	if (!err && !count)
		notice("the list %s of the fleet is withdrawn.", l->name);
	else if (!err)
		notice("the list %s of the fleet is taken: %zu %s, of which %zu spared here.",
		       l->name, count, word_for(count, "prefix", "prefixes"), *spared);
	return err;
}

static int take_zone(const struct list_in *l, const struct source *source, struct error *error)
{
	enum zone_outcome outcome;
	int err;

	if (l->part.until)
		return error_set(error, -EBADMSG, "it has an end, and zones have none.");
	err = zones_take(l->name, source, &outcome, error);
	if (err || outcome == ZONE_SAME)
		return err;
	notice("the zone %s of the fleet is %s: %zu %s in " CONFIG_FLEET_ZONES "%s.", l->name,
	       outcome == ZONE_IN_FORCE ? "in force" :
	       outcome == ZONE_WAITS ? "written, for the next guard" :
	       "written, and no zone has it as its prefixes-file", source->count,
	       word_for(source->count, "prefix", "prefixes"), l->name);
	return 0;
}

/* All parts are there. */
static void take(struct agent *a, struct list_in *l)
{
	const char *what = l->kind == PUBLISHED_ZONE ? "zone" : "list";
	enum sg_mode mode = a->settings->take[FLEET_LISTS].mode;
	struct source source = {};
	struct error error = {};
	size_t spared = 0;
	int err = read_prefixes(l, &source, &error);

	if (!err && mode == SG_MODE_MONITOR)
		notice("the %s %s of the fleet, %zu %s, would be taken; the mode of lists is "
		       "monitor.", what, l->name, source.count,
		       word_for(source.count, "prefix", "prefixes"));
	else if (!err)
		err = l->kind == PUBLISHED_ZONE ? take_zone(l, &source, &error)
						: take_list(l, &source, &spared, &error);
	if (err)
		notice("the %s %s of the fleet is not taken: %s", what, l->name, error.text);
	pthread_mutex_lock(&a->lock);
	a->lists.taken += !err && mode == SG_MODE_ENFORCE;
	a->lists.refused += err != 0;
	a->lists.spared += spared;
	pthread_mutex_unlock(&a->lock);
	source_free(&source);
}

/* A part in its turn; one of a newer version begins anew. True: the list is whole. */
static bool add_part(const struct agent *a, struct list_in *l, const struct part *part,
		     const char *body, size_t length)
{
	__u32 most = a->settings->take[FLEET_LISTS].most;

	if (part->version <= l->done || part->prefixes > (most ? most : FLEET_LIST_PREFIXES))
		return false;
	if (part->version != l->part.version) {
		if (part->version < l->part.version || part->number)
			return false;
		text_free(&l->text);
		l->next = 0;
		l->part = *part;
	}
	if (part->number != l->next || part->parts != l->part.parts)
		return false;
	text_add(&l->text, "%.*s", (int)length, body);
	return !l->text.lost && ++l->next == l->part.parts;
}

void lists_told(void *context, const struct engine_message *message)
{
	struct agent *a = context;
	char name[PUBLISHED_NAME];
	enum published_kind kind;
	struct list_in *l = NULL;
	struct part part;
	const char *body;
	__u64 number;

	if (!*message->subject)
		return;
	/* Another guard has none of them. */
	if (__atomic_exchange_n(&a->lists.again, false, __ATOMIC_ACQ_REL)) {
		for (int i = 0; i < FLEET_LISTS_MOST; i++) {
			a->lists.in->list[i].done = 0;
			a->lists.in->list[i].part.version = 0; /* or its parts are all there */
		}
	}
	body = read_first(message, &part);
	if (body && read_subject(message->subject, &kind, name, &number) && number == part.number)
		l = place_of(a->lists.in, kind, name);
	if (!l) {
		pthread_mutex_lock(&a->lock);
		a->lists.refused++;
		pthread_mutex_unlock(&a->lock);
		return;
	}
	if (!add_part(a, l, &part, body, message->data + message->length - body))
		return;
	take(a, l);
	l->done = l->part.version;
	text_free(&l->text);
}

int lists_begin(struct agent *a)
{
	zones_recover();
	a->lists.in = calloc(1, sizeof(*a->lists.in));
	return a->lists.in ? 0 : -ENOMEM;
}

void lists_end(struct agent *a)
{
	for (int i = 0; a->lists.in && i < FLEET_LISTS_MOST; i++)
		text_free(&a->lists.in->list[i].text);
	free(a->lists.in);
}
