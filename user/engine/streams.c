// SPDX-License-Identifier: GPL-2.0-only
/* Reading streams: all of each, in its order, each message once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/parts.h"

#define FETCHED 64     /* messages of one answer: half a megabyte at most */
#define WAIT_NS 3000000000LL
/*
 * nats-server 2.9 says nothing of a consumer that is gone, and the library waits for ever: only
 * heartbeats that do not come tell.
 */
#define HEARTBEAT_NS 1000000000LL
#define IDLE_NS 60000000000LL /* after which the server forgets a consumer that nobody asks */
#define LOOK_NS 10000000000ULL /* so often it is looked who leads the stream, and where it ends */
#define SKEW 120       /* s by which the server's clock may be behind ours */

static bool ends(const struct engine *e)
{
	return __atomic_load_n(&e->end, __ATOMIC_ACQUIRE);
}

static void pause_for(const struct engine *e, int milliseconds)
{
	for (; milliseconds > 0 && !ends(e); milliseconds -= 50)
		usleep(50000);
}

static void begin_again(struct follower *f)
{
	f->last = 0;
	f->first = true;
	__atomic_store_n(&f->caught_up, false, __ATOMIC_RELEASE);
}

/*
 * Whether what was read may not be what the stream has: see engine_follow(). All that it had a
 * moment ago is gone from one that was purged, which numbers on.
 */
static bool is_another(struct follower *f, const jsStreamInfo *info)
{
	const char *leader = info->Cluster && info->Cluster->Leader ? info->Cluster->Leader : "";
	bool another = f->leaderless || strncmp(f->leader, leader, sizeof(f->leader) - 1) ||
		       info->Created != f->created || info->State.LastSeq < f->last ||
		       (f->last && !info->State.Msgs) ||
		       (f->end && info->State.FirstSeq > f->end);

	snprintf(f->leader, sizeof(f->leader), "%s", leader);
	f->leaderless = false;
	f->created = info->Created;
	return another;
}

/* Where the stream stands; another one of the same name begins anew. False: it cannot be asked. */
static bool look(struct follower *f)
{
	const struct nats *n = f->engine->nats;
	jsStreamInfo *info = NULL;
	natsStatus status = n->js_GetStreamInfo(&info, f->engine->js, f->stream, NULL, NULL);

	if (status != NATS_OK || !info) {
		const char *text = n->nats_GetLastError(NULL);

		engine_note(f->engine, text && *text ? text : n->natsStatus_GetText(status));
		f->troubled = f->leaderless = true;
		return false;
	}
	if (f->troubled)
		engine_note(f->engine, "");
	f->troubled = false;
	if (is_another(f, info))
		begin_again(f);
	f->end = info->State.Msgs ? info->State.LastSeq : 0;
	n->jsStreamInfo_Destroy(info);
	return true;
}

/*
 * A consumer on one server, in memory: it takes a millisecond to make, and where its server dies a
 * new one goes on behind the last message. One on three servers would take half a second, and five
 * to move.
 */
static bool subscribe(struct follower *f)
{
	const struct nats *n = f->engine->nats;
	jsSubOptions options;
	natsStatus status;

	if (!look(f))
		return false;
	n->jsSubOptions_Init(&options);
	options.Stream = f->stream;
	options.Config.AckPolicy = js_AckNone;
	options.Config.MemoryStorage = true;
	options.Config.Replicas = 1;
	options.Config.InactiveThreshold = IDLE_NS;
	f->unsure = f->last;
	if (!f->last)
		f->goal = f->end;
	if (f->last) {
		options.Config.DeliverPolicy = js_DeliverByStartSequence;
		options.Config.OptStartSeq = f->last;
	} else if (f->seconds) {
		options.Config.DeliverPolicy = js_DeliverByStartTime;
		options.Config.OptStartTime = (time(NULL) - f->seconds - SKEW) * 1000000000LL;
	}
	status = n->js_PullSubscribe(&f->subscription, f->engine->js, f->subject, NULL, NULL,
				     &options, NULL);
	if (status == NATS_OK && f->troubled)
		engine_note(f->engine, "");
	f->troubled = status != NATS_OK;
	if (!f->troubled)
		return true;
	f->subscription = NULL;
	engine_note(f->engine, n->natsStatus_GetText(status));
	return false;
}

/* Where the reading stands after a message of the stream. */
static void note(struct follower *f, const jsMsgMetaData *data)
{
	f->last = data->Sequence.Stream;
	f->stored = data->Timestamp;
	__atomic_store_n(&f->lag, data->NumPending, __ATOMIC_RELAXED);
	if (!data->NumPending || f->last >= f->goal)
		__atomic_store_n(&f->caught_up, true, __ATOMIC_RELEASE);
}

/*
 * A new consumer begins with the message that was heard last, to see whether it is still the same:
 * servers that were killed while their disk was full, or that were cut off, may have lost it, and
 * given its number to another one.
 */
static void meet(struct follower *f, const jsMsgMetaData *data)
{
	f->unsure = false;
	if (data->Sequence.Stream == f->last && data->Timestamp == f->stored) {
		note(f, data);
		return;
	}
	begin_again(f);
	f->old = true;
}

static void hear(struct follower *f, natsMsg *msg, const jsMsgMetaData *data)
{
	const struct nats *n = f->engine->nats;
	const struct engine_message message = {
		.subject = n->natsMsg_GetSubject(msg),
		.data = n->natsMsg_GetData(msg),
		.length = n->natsMsg_GetDataLength(msg),
		.sequence = data->Sequence.Stream,
		.stored = data->Timestamp,
		.pending = data->NumPending,
		.first = f->first,
	};

	f->first = false;
	f->hear(f->context, &message);
	note(f, data);
}

/*
 * What a consumer handed out while the connection was lost is not sent again; and that of a server
 * that was killed comes back with it, and begins where it did at first. Neither is waited for:
 * another one is made.
 */
static void deliver(struct follower *f, natsMsg *msg)
{
	const struct nats *n = f->engine->nats;
	jsMsgMetaData *data = NULL;

	if (n->natsMsg_GetMetaData(&data, msg) != NATS_OK || !data)
		return;
	if (data->Sequence.Consumer != ++f->handed)
		f->old = true;
	else if (f->unsure)
		meet(f, data);
	else if (data->Sequence.Stream <= f->last)
		f->old = true;
	else
		hear(f, msg, data);
	n->jsMsgMetaData_Destroy(data);
}

static void deliver_all(struct follower *f, natsMsgList *list)
{
	for (int i = 0; i < list->Count && !f->old && !ends(f->engine); i++)
		deliver(f, list->Msgs[i]);
	f->engine->nats->natsMsgList_Destroy(list);
}

/* Now and then it is looked. False: there is something to be read, or all of it anew. */
static bool is_current(struct follower *f)
{
	__u64 now = clock_now(), last = f->last;

	if (now - f->looked < LOOK_NS)
		return true;
	f->looked = now;
	return !look(f) || (f->last == last && (!f->idle || f->end <= last));
}

/* There is nothing to read; where all was to be read anew, nothing holds of what was known. */
static void rest(struct follower *f)
{
	const struct engine_message nothing = {.subject = "", .data = "", .first = true};

	if (f->first)
		f->hear(f->context, &nothing);
	f->first = false;
	f->idle = true;
	__atomic_store_n(&f->lag, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&f->caught_up, true, __ATOMIC_RELEASE);
}

/*
 * Waits for one message, with heartbeats, and takes what else is there then: a request for many
 * would wait for all of them.
 */
static bool fetch(struct follower *f)
{
	const struct nats *n = f->engine->nats;
	jsFetchRequest one = {.Expires = WAIT_NS, .Batch = 1, .Heartbeat = HEARTBEAT_NS};
	natsMsgList list = {};
	natsStatus status = n->natsSubscription_FetchRequest(&list, f->subscription, &one);

	if (status == NATS_TIMEOUT) {
		rest(f);
		return is_current(f);
	}
	if (status != NATS_OK)
		return false;
	f->idle = false;
	deliver_all(f, &list);
	while (!f->old && !ends(f->engine) && __atomic_load_n(&f->lag, __ATOMIC_RELAXED)) {
		list = (natsMsgList){};
		if (n->natsSubscription_Fetch(&list, f->subscription, FETCHED, 1000, NULL) !=
		    NATS_OK)
			break;
		deliver_all(f, &list);
	}
	return !f->old && is_current(f);
}

static void unsubscribe(struct follower *f)
{
	f->engine->nats->natsSubscription_Destroy(f->subscription);
	f->subscription = NULL;
	f->old = false;
	f->handed = 0;
}

static void *follow(void *context)
{
	struct follower *f = context;

	while (!ends(f->engine)) {
		if (!engine_is_connected(f->engine)) {
			pause_for(f->engine, 100);
			continue;
		}
		if (__atomic_exchange_n(&f->again, false, __ATOMIC_ACQ_REL)) {
			unsubscribe(f);
			begin_again(f);
		}
		if (!f->subscription && !subscribe(f)) {
			pause_for(f->engine, 500);
			continue;
		}
		if (!fetch(f))
			unsubscribe(f);
	}
	unsubscribe(f);
	f->engine->nats->nats_ReleaseThreadMemory();
	return NULL;
}

int engine_follow(struct engine *e, const char *stream, unsigned int seconds, engine_hear hear,
		  void *context, struct error *error)
{
	struct follower *f = e->follower;
	int err;

	while (f->begun)
		f++;
	*f = (struct follower){.engine = e, .stream = stream, .seconds = seconds, .hear = hear,
			       .context = context};
	snprintf(f->subject, sizeof(f->subject), "%s",
		 strcmp(stream, ENGINE_LISTS) ? SUBJECT_TOLD "*" : SUBJECT_LIST ">");
	err = -pthread_create(&f->thread, NULL, follow, f);
	f->begun = !err;
	return err ? error_set(error, err, "cannot start a thread: %s.", strerror(-err)) : 0;
}

static const struct follower *follower_of(const struct engine *e, const char *stream)
{
	for (int i = 0; i < FOLLOWED; i++) {
		if (e->follower[i].begun && !strcmp(e->follower[i].stream, stream))
			return &e->follower[i];
	}
	return NULL;
}

void engine_again(struct engine *e)
{
	for (int i = 0; i < FOLLOWED; i++)
		__atomic_store_n(&e->follower[i].again, true, __ATOMIC_RELEASE);
}

__u64 engine_lag(const struct engine *e, const char *stream)
{
	const struct follower *f = follower_of(e, stream);

	return f ? __atomic_load_n(&f->lag, __ATOMIC_RELAXED) : 0;
}

bool engine_caught_up(const struct engine *e, const char *stream)
{
	const struct follower *f = follower_of(e, stream);

	return f && __atomic_load_n(&f->caught_up, __ATOMIC_ACQUIRE);
}
