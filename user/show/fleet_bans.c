// SPDX-License-Identifier: GPL-2.0-only
/* fleet bans, fleet test: asked of the engine itself, with the rights of this member. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/names.h"
#include "model/bans.h"
#include "render/output.h"
#include "show/fleet.h"

#define PATIENCE (10 * SG_NSEC_PER_SEC) /* for the stream to be read */
#define ANSWERS (3 * SG_NSEC_PER_SEC)   /* for the members to answer */

int fleet_tell(struct engine *engine, const struct fleet_settings *settings,
	       const struct fleet_entry *entry, struct error *error)
{
	static struct fleet_writer w;
	char subject[ENGINE_SUBJECT];

	fleet_writer_begin(&w, clock_wall(), 0);
	fleet_writer_add(&w, entry);
	snprintf(subject, sizeof(subject), SUBJECT_TOLD "%s", settings->access.member);
	return engine_tell(engine, subject, w.data, w.length, error);
}

/* --- bans --- */

struct told_ban {
	struct sg_flow_key key;
	__u64 end;
	__u32 cause;
	char member[FLEET_MEMBER];
};

struct told_bans {
	pthread_mutex_t lock;
	struct told_ban *ban;
	size_t count, room;
	bool lost; /* there was no memory */
};

static void lift(struct told_bans *t, const struct sg_flow_key *key)
{
	for (size_t i = 0; i < t->count; i++) {
		if (!memcmp(&t->ban[i].key, key, sizeof(*key)))
			t->ban[i].end = 0;
	}
}

static void note(struct told_bans *t, const struct fleet_entry *entry, const char *member)
{
	if (t->count == t->room) {
		size_t room = 2 * t->room + 1024;
		struct told_ban *more = reallocarray(t->ban, room, sizeof(*more));

		t->lost |= !more;
		if (!more)
			return;
		t->ban = more;
		t->room = room;
	}
	t->ban[t->count] = (struct told_ban){entry->key, entry->end, entry->cause, ""};
	snprintf(t->ban[t->count++].member, FLEET_MEMBER, "%s", member);
}

static void hear_ban(void *context, const struct engine_message *message)
{
	static struct fleet_message m;
	struct told_bans *t = context;
	const char *member;
	__u64 now = clock_wall() / 1000;

	if (strncmp(message->subject, SUBJECT_TOLD, strlen(SUBJECT_TOLD)))
		return;
	member = message->subject + strlen(SUBJECT_TOLD);
	if (!fleet_is_member(member) || fleet_message_read(message->data, message->length, &m))
		return;
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < m.count; i++) {
		if (m.entry[i].what == FLEET_BAN && m.entry[i].end > now)
			note(t, &m.entry[i], member);
		else if (m.entry[i].what == FLEET_LIFT)
			lift(t, &m.entry[i].key);
	}
	pthread_mutex_unlock(&t->lock);
}

static int by_flow(const void *a, const void *b)
{
	const struct told_ban *x = a, *y = b;
	int order = memcmp(&x->key, &y->key, sizeof(x->key));

	if (!order)
		order = strcmp(x->member, y->member);
	if (!order)
		order = x->end < y->end ? 1 : -(x->end > y->end); /* the later one first */
	return order;
}

/* Whether it is in force here: "yes", "no", "-" if there is no guard. */
static const char *is_here(const struct session *session, bool guarded, const struct told_ban *ban)
{
	struct sg_ban here;
	__u64 now;

	if (!guarded || maps_clock(&session->maps, &now, NULL))
		return "-";
	return !bpf_map_lookup_elem(session->maps.fd[MAP_BANS], &ban->key, &here) &&
			       here.until > now ? "yes" : "no";
}

static void print_ban(const struct told_ban *ban, const char *here, json_t *array)
{
	const char *cause = ban->cause ? reason_texts[ban->cause].label : "operator";
	const char *transport = ban->key.port ? flow_transport(&ban->key) : "";
	char text[PREFIX_TEXT], time[OUTPUT_TEXT];
	__u64 now = clock_wall() / 1000;

	flow_format(&ban->key, text, sizeof(text));
	if (array)
		json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "source",
						       text, "transport", transport, "member",
						       ban->member, "reason", cause, "seconds",
						       (json_int_t)(ban->end - now), "here", here));
	else
		printf("%-44s %-4s %-20s %-13s %-14s %s\n", text, transport, ban->member, cause,
		       output_seconds(ban->end - now, time), here);
}

static void print_bans(struct told_bans *t, bool json)
{
	struct session session;
	bool guarded = !session_begin(&session, ACCESS_READ, NULL), any = false;
	json_t *array = json ? json_array() : NULL;
	__u64 now = clock_wall() / 1000;

	if (t->count)
		qsort(t->ban, t->count, sizeof(*t->ban), by_flow);
	for (size_t i = 0; i < t->count; i++) {
		const struct told_ban *ban = &t->ban[i], *before = i ? ban - 1 : NULL;

		if (ban->end <= now || (before && !memcmp(&before->key, &ban->key,
							   sizeof(ban->key)) &&
					!strcmp(before->member, ban->member)))
			continue;
		if (!any && !json)
			printf("%-44s %-4s %-20s %-13s %-14s %s\n", "SOURCE", "", "MEMBER",
			       "REASON", "LEFT", "HERE");
		any = true;
		print_ban(ban, is_here(&session, guarded, ban), array);
	}
	if (json)
		output_json(json_pack("{s:o}", "bans", array));
	else if (!any)
		printf("The fleet bans nobody.\n");
	if (guarded)
		session_end(&session);
}

enum exit_code fleet_bans(const struct fleet_call *call, struct error *error)
{
	struct told_bans told = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct engine *engine = engine_open(&call->settings->access, true, error);
	__u64 begun = clock_now();
	int err = engine ? engine_follow(engine, ENGINE_TOLD, ENGINE_WINDOW, hear_ban, &told, error)
			 : error->code;
	char trouble[ENGINE_TEXT];

	while (!err && !engine_caught_up(engine, ENGINE_TOLD)) {
		if (clock_now() - begun > PATIENCE) {
			engine_trouble(engine, trouble);
			err = error_set(error, -ETIMEDOUT, "the stream of the fleet could not be "
					"read in time%s%s.", trouble[0] ? ": " : "", trouble);
		}
		usleep(10000);
	}
	engine_close(engine);
	if (!err && told.lost)
		err = error_set(error, -ENOMEM, "out of memory.");
	if (!err)
		print_bans(&told, call->options->json);
	free(told.ban);
	return err ? failed(error) : output_end();
}

/* --- test --- */

struct test {
	pthread_mutex_t lock;
	char nonce[FLEET_NONCE];
	__u64 begun;
	bool json;
	size_t answers;
};

/* "NONCE MS MODE" of "sipguard.seen.US.MEMBER". */
static void hear_answer(void *context, const struct engine_message *message)
{
	const char *member = strrchr(message->subject, '.') + 1;
	struct test *test = context;
	__u64 took = clock_now() - test->begun;
	char text[128], mode[16];

	snprintf(text, sizeof(text), "%.*s", (int)message->length, message->data);
	if (!fleet_is_member(member) || strncmp(text, test->nonce, strlen(test->nonce)) ||
	    sscanf(text + strlen(test->nonce), " %*u %15[a-z]", mode) != 1)
		return;
	pthread_mutex_lock(&test->lock);
	test->answers++;
	if (test->json)
		output_json_line(json_pack("{s:s, s:f, s:s}", "member", member, "ms", took / 1e6,
					   "bans", mode));
	else
		printf("%-32s %8.1f ms   bans of this host: %s\n", member, took / 1e6, mode);
	pthread_mutex_unlock(&test->lock);
}

enum exit_code fleet_test(const struct fleet_call *call, struct error *error)
{
	struct test test = {.lock = PTHREAD_MUTEX_INITIALIZER, .json = call->options->json};
	struct fleet_entry entry = {.what = FLEET_TEST};
	struct engine *engine = engine_open(&call->settings->access, true, error);
	char subject[ENGINE_SUBJECT];
	__u64 nonce;
	int err = engine ? 0 : error->code;

	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		nonce = clock_now();
	snprintf(test.nonce, sizeof(test.nonce), "%016llx", nonce);
	strcpy(entry.nonce, test.nonce);
	snprintf(subject, sizeof(subject), SUBJECT_SEEN "%s.*", call->settings->access.member);
	if (!err)
		err = engine_listen(engine, subject, hear_answer, &test, error);
	if (!err && (err = engine_flush(engine, 5000)))
		error_set(error, err, "the servers of the fleet do not let answers be heard: %s.",
			  strerror(-err));
	test.begun = clock_now();
	if (!err)
		err = fleet_tell(engine, call->settings, &entry, error);
	while (!err && clock_now() - test.begun < ANSWERS)
		usleep(10000);
	engine_close(engine);
	if (!err && !test.answers)
		err = error_set(error, -ENOENT, "no member has answered within three seconds: "
				"see `sipguard fleet status` on each, and the permissions of the "
				"servers.");
	return err ? failed(error) : output_end();
}
