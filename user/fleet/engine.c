// SPDX-License-Identifier: GPL-2.0-only
#include "fleet/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fleet/nats.h"

#define FOLLOWED 2     /* streams */
#define LISTENED 4     /* subjects */
#define FETCHED 64     /* messages of one answer: half a megabyte at most */
#define WAIT_NS 3000000000LL
/*
 * nats-server 2.9 says nothing of a consumer that is gone, and the library waits for ever: only
 * heartbeats that do not come tell.
 */
#define HEARTBEAT_NS 1000000000LL
#define IDLE_NS 60000000000LL /* after which the server forgets a consumer that nobody asks */
#define PING_MS 1000          /* two that are not answered: another server is tried */
#define IDLE_LOOK 5            /* answers that there is nothing, and it is looked whether that is so */
#define PENDING 256           /* messages of a subject that wait here, the rest is lost */
#define SKEW 120              /* s by which the server's clock may be behind ours */

struct follower {
	struct engine *engine;
	const char *stream;
	char subject[ENGINE_SUBJECT];
	unsigned int seconds;
	engine_hear hear;
	void *context;
	pthread_t thread;
	bool begun;
	natsSubscription *subscription;
	__u64 last;       /* sequence of the last message that was heard */
	__s64 created;    /* of the stream: another one counts from 1 again; */
	__u64 end;        /* its last message, as of the last look */
	__u64 lag;
	bool caught_up;
	bool again;       /* from the beginning */
	bool old;         /* the consumer hands out what was heard long ago */
	unsigned int idle; /* answers in a row that there is nothing */
};

struct listener {
	engine_hear hear;
	void *context;
	const struct nats *nats;
	natsSubscription *subscription;
};

struct engine {
	const struct nats *nats;
	natsConnection *connection;
	jsCtx *js;
	unsigned long losses;
	bool end;
	struct follower follower[FOLLOWED];
	struct listener listener[LISTENED];
	pthread_mutex_t lock; /* of the text */
	char trouble[FLEET_TEXT];
};

static void note(struct engine *e, const char *text)
{
	pthread_mutex_lock(&e->lock);
	snprintf(e->trouble, sizeof(e->trouble), "%s", text ? text : "");
	pthread_mutex_unlock(&e->lock);
}

/* Of a connection that was never made only the library's own last word tells why. */
void engine_trouble(struct engine *e, char text[FLEET_TEXT])
{
	const char *last = NULL;

	pthread_mutex_lock(&e->lock);
	strcpy(text, e->trouble);
	pthread_mutex_unlock(&e->lock);
	if (text[0] || engine_is_connected(e))
		return;
	e->nats->natsConnection_GetLastError(e->connection, &last);
	snprintf(text, FLEET_TEXT, "%s", last && *last ? last : "no server answers");
}

static int fail(const struct engine *e, natsStatus status, const char *what, struct error *error)
{
	const char *more = e->nats->nats_GetLastError(NULL);

	return error_set(error, -EIO, "%s: %s%s%s.", what, e->nats->natsStatus_GetText(status),
			 more && *more ? ": " : "", more ? more : "");
}

/* --- the connection --- */

static void on_loss(natsConnection *connection, void *closure)
{
	struct engine *e = closure;

	(void)connection;
	__atomic_add_fetch(&e->losses, 1, __ATOMIC_RELAXED);
}

static void on_return(natsConnection *connection, void *closure)
{
	(void)connection;
	note(closure, "");
}

/* A permission that is missing is told here, and nowhere else. */
static void on_error(natsConnection *connection, natsSubscription *subscription, natsStatus status,
		     void *closure)
{
	struct engine *e = closure;
	const char *text = e->nats->nats_GetLastError(NULL);

	(void)connection;
	(void)subscription;
	note(e, text && *text ? text : e->nats->natsStatus_GetText(status));
}

static natsStatus set_access(const struct nats *n, natsOptions *options,
			     const struct fleet_settings *s)
{
	natsStatus status = NATS_OK;

	if (s->ca[0])
		status = n->natsOptions_LoadCATrustedCertificates(options, s->ca);
	if (status == NATS_OK && s->certificate[0])
		status = n->natsOptions_LoadCertificatesChain(options, s->certificate, s->key);
	/* A server says whether it wants TLS; one in whose place somebody else is would not. */
	if (status == NATS_OK && !strncmp(s->server[0], "tls://", 6))
		status = n->natsOptions_SetSecure(options, true);
	if (status == NATS_OK && s->user[0])
		status = n->natsOptions_SetUserInfo(options, s->user, s->password);
	if (status == NATS_OK && s->credentials[0])
		status = n->natsOptions_SetUserCredentialsFromFiles(options, s->credentials, NULL);
	return status;
}

static natsStatus set_ways(const struct nats *n, natsOptions *options, bool wait, struct engine *e)
{
	natsStatus status = n->natsOptions_SetTimeout(options, 2000);

	if (status == NATS_OK)
		status = n->natsOptions_SetPingInterval(options, PING_MS);
	if (status == NATS_OK)
		status = n->natsOptions_SetMaxPingsOut(options, 2);
	if (status == NATS_OK)
		status = n->natsOptions_SetMaxReconnect(options, -1);
	if (status == NATS_OK)
		status = n->natsOptions_SetReconnectWait(options, 500);
	if (status == NATS_OK) /* what does not fit is told again by and by */
		status = n->natsOptions_SetReconnectBufSize(options, 2 * ENGINE_SUBJECT);
	if (status == NATS_OK)
		status = n->natsOptions_SetWriteDeadline(options, 2000);
	if (status == NATS_OK && !wait)
		status = n->natsOptions_SetRetryOnFailedConnect(options, true, on_return, e);
	if (status == NATS_OK)
		status = n->natsOptions_SetDisconnectedCB(options, on_loss, e);
	if (status == NATS_OK)
		status = n->natsOptions_SetReconnectedCB(options, on_return, e);
	if (status == NATS_OK)
		status = n->natsOptions_SetErrorHandler(options, on_error, e);
	return status;
}

static natsStatus set_options(natsOptions *options, const struct fleet_settings *s, bool wait,
			      struct engine *e)
{
	const char *server[FLEET_SERVERS];
	const struct nats *n = e->nats;
	char inbox[FLEET_MEMBER + 8];
	natsStatus status;

	for (size_t i = 0; i < s->servers; i++)
		server[i] = s->server[i];
	snprintf(inbox, sizeof(inbox), "_INBOX_%s", s->member);
	status = n->natsOptions_SetServers(options, server, s->servers);
	if (status == NATS_OK)
		status = n->natsOptions_SetName(options, s->member);
	if (status == NATS_OK)
		status = n->natsOptions_SetCustomInboxPrefix(options, inbox);
	if (status == NATS_OK)
		status = set_access(n, options, s);
	return status == NATS_OK ? set_ways(n, options, wait, e) : status;
}

static int connect_engine(struct engine *e, const struct fleet_settings *s, bool wait,
			  struct error *error)
{
	natsOptions *options = NULL;
	const struct nats *n = e->nats;
	natsStatus status = n->natsOptions_Create(&options);

	if (status == NATS_OK)
		status = set_options(options, s, wait, e);
	if (status == NATS_OK)
		status = n->natsConnection_Connect(&e->connection, options);
	if (status == NATS_NOT_YET_CONNECTED && !wait)
		status = NATS_OK;
	n->natsOptions_Destroy(options);
	if (status == NATS_OK)
		status = n->natsConnection_JetStream(&e->js, e->connection, NULL);
	return status == NATS_OK ? 0 : fail(e, status, "cannot connect to the servers of the fleet",
					    error);
}

struct engine *engine_open(const struct fleet_settings *settings, bool wait, struct error *error)
{
	const struct nats *nats = nats_load(error);
	struct engine *e = nats ? calloc(1, sizeof(*e)) : NULL;

	if (!e)
		return NULL;
	e->nats = nats;
	pthread_mutex_init(&e->lock, NULL);
	if (!connect_engine(e, settings, wait, error))
		return e;
	engine_close(e);
	return NULL;
}

void engine_close(struct engine *e)
{
	if (!e)
		return;
	__atomic_store_n(&e->end, true, __ATOMIC_RELEASE);
	if (e->connection) /* who waits for an answer waits no more */
		e->nats->natsConnection_Close(e->connection);
	for (int i = 0; i < FOLLOWED; i++) {
		if (e->follower[i].begun)
			pthread_join(e->follower[i].thread, NULL);
	}
	for (int i = 0; i < LISTENED; i++)
		e->nats->natsSubscription_Destroy(e->listener[i].subscription);
	e->nats->jsCtx_Destroy(e->js);
	e->nats->natsConnection_Destroy(e->connection);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

bool engine_is_connected(const struct engine *e)
{
	return e->nats->natsConnection_Status(e->connection) == NATS_CONN_STATUS_CONNECTED;
}

unsigned long engine_losses(const struct engine *e)
{
	return __atomic_load_n(&e->losses, __ATOMIC_RELAXED);
}

int engine_publish(struct engine *e, const char *subject, const void *data, size_t length)
{
	if (!engine_is_connected(e))
		return -ENOTCONN;
	return e->nats->natsConnection_Publish(e->connection, subject, data, length) == NATS_OK
		       ? 0 : -EIO;
}

int engine_flush(struct engine *e, int milliseconds)
{
	return e->nats->natsConnection_FlushTimeout(e->connection, milliseconds) == NATS_OK ? 0
											    : -EIO;
}

/* --- subjects --- */

static void on_message(natsConnection *connection, natsSubscription *subscription, natsMsg *msg,
		       void *closure)
{
	const struct listener *l = closure;
	const struct engine_message message = {
		.subject = l->nats->natsMsg_GetSubject(msg),
		.data = l->nats->natsMsg_GetData(msg),
		.length = l->nats->natsMsg_GetDataLength(msg),
	};

	(void)connection;
	(void)subscription;
	l->hear(l->context, &message);
	l->nats->natsMsg_Destroy(msg);
}

int engine_listen(struct engine *e, const char *subject, engine_hear hear, void *context,
		  struct error *error)
{
	struct listener *l = e->listener;
	natsStatus status;

	while (l->subscription)
		l++;
	*l = (struct listener){hear, context, e->nats, NULL};
	status = e->nats->natsConnection_Subscribe(&l->subscription, e->connection, subject,
						   on_message, l);
	if (status == NATS_OK)
		status = e->nats->natsSubscription_SetPendingLimits(l->subscription, PENDING,
								    PENDING * FLEET_TEXT * 4);
	return status == NATS_OK ? 0 : fail(e, status, "cannot listen to the fleet", error);
}

/* --- streams --- */

static bool ends(const struct engine *e)
{
	return __atomic_load_n(&e->end, __ATOMIC_ACQUIRE);
}

static void pause_for(const struct engine *e, int milliseconds)
{
	for (; milliseconds > 0 && !ends(e); milliseconds -= 50)
		usleep(50000);
}

/* Where the stream stands; another one of the same name begins anew. False: it cannot be asked. */
static bool look(struct follower *f)
{
	const struct nats *n = f->engine->nats;
	jsStreamInfo *info = NULL;
	natsStatus status = n->js_GetStreamInfo(&info, f->engine->js, f->stream, NULL, NULL);

	if (status != NATS_OK || !info) {
		const char *text = n->nats_GetLastError(NULL);

		note(f->engine, text && *text ? text : n->natsStatus_GetText(status));
		return false;
	}
	if (info->Created != f->created || info->State.LastSeq < f->last)
		f->last = 0;
	f->created = info->Created;
	f->end = info->State.LastSeq;
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
	if (f->last) {
		options.Config.DeliverPolicy = js_DeliverByStartSequence;
		options.Config.OptStartSeq = f->last + 1;
	} else if (f->seconds) {
		options.Config.DeliverPolicy = js_DeliverByStartTime;
		options.Config.OptStartTime = (time(NULL) - f->seconds - SKEW) * 1000000000LL;
	}
	status = n->js_PullSubscribe(&f->subscription, f->engine->js, f->subject, NULL, NULL,
				     &options, NULL);
	if (status == NATS_OK)
		return true;
	f->subscription = NULL;
	note(f->engine, n->natsStatus_GetText(status));
	return false;
}

/*
 * The consumer of a server that was killed comes back with it, and begins where it did at first: all
 * of that is not waited for, another one is made.
 */
static void deliver(struct follower *f, natsMsg *msg)
{
	const struct nats *n = f->engine->nats;
	jsMsgMetaData *data = NULL;

	if (n->natsMsg_GetMetaData(&data, msg) != NATS_OK || !data)
		return;
	if (data->Sequence.Stream > f->last) {
		const struct engine_message message = {
			.subject = n->natsMsg_GetSubject(msg),
			.data = n->natsMsg_GetData(msg),
			.length = n->natsMsg_GetDataLength(msg),
			.sequence = data->Sequence.Stream,
			.stored = data->Timestamp,
			.pending = data->NumPending,
		};

		f->last = data->Sequence.Stream;
		f->hear(f->context, &message);
		__atomic_store_n(&f->lag, data->NumPending, __ATOMIC_RELAXED);
		if (!data->NumPending)
			__atomic_store_n(&f->caught_up, true, __ATOMIC_RELEASE);
	} else {
		f->old = true;
	}
	n->jsMsgMetaData_Destroy(data);
}

static void deliver_all(struct follower *f, natsMsgList *list)
{
	for (int i = 0; i < list->Count && !f->old && !ends(f->engine); i++)
		deliver(f, list->Msgs[i]);
	f->engine->nats->natsMsgList_Destroy(list);
}

/* Now and then it is looked whether there is really nothing. False: there is. */
static bool rests(struct follower *f)
{
	__u64 last = f->last;

	__atomic_store_n(&f->lag, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&f->caught_up, true, __ATOMIC_RELEASE);
	if (++f->idle % IDLE_LOOK)
		return true;
	return !look(f) || (f->last == last && f->end <= last);
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

	if (status == NATS_TIMEOUT)
		return rests(f);
	if (status != NATS_OK)
		return false;
	f->idle = 0;
	deliver_all(f, &list);
	while (!ends(f->engine) && __atomic_load_n(&f->lag, __ATOMIC_RELAXED)) {
		list = (natsMsgList){};
		if (n->natsSubscription_Fetch(&list, f->subscription, FETCHED, 1000, NULL) !=
		    NATS_OK)
			break;
		deliver_all(f, &list);
	}
	return !f->old;
}

static void unsubscribe(struct follower *f)
{
	f->engine->nats->natsSubscription_Destroy(f->subscription);
	f->subscription = NULL;
	f->old = false;
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
			f->last = 0;
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

/* --- setup --- */

static int make_stream(struct engine *e, jsStreamConfig *config, struct error *error)
{
	const struct nats *n = e->nats;
	jsErrCode code = 0;
	natsStatus status = n->js_AddStream(NULL, e->js, config, NULL, &code);

	if (status != NATS_OK && code == JSStreamNameExistErr)
		status = n->js_UpdateStream(NULL, e->js, config, NULL, &code);
	return status == NATS_OK ? 0 : fail(e, status, "cannot make the streams of the fleet",
					    error);
}

int engine_setup(struct engine *e, unsigned int replicas, __u64 bytes, struct error *error)
{
	const char *told[] = {SUBJECT_TOLD "*"}, *lists[] = {SUBJECT_LIST ">"};
	jsStreamConfig config;
	int err;

	e->nats->jsStreamConfig_Init(&config);
	config.Name = ENGINE_TOLD;
	config.Subjects = told;
	config.SubjectsLen = 1;
	config.MaxAge = ENGINE_WINDOW * 1000000000LL;
	config.MaxBytes = bytes;
	config.MaxMsgsPerSubject = ENGINE_PER_MEMBER;
	config.MaxMsgSize = 8192;
	config.Discard = js_DiscardOld;
	config.Storage = js_FileStorage;
	config.Replicas = replicas;
	err = make_stream(e, &config, error);
	if (err)
		return err;
	config.Name = ENGINE_LISTS;
	config.Subjects = lists;
	config.MaxAge = 0;
	config.MaxMsgsPerSubject = 1;
	config.MaxMsgSize = 64 << 10;
	return make_stream(e, &config, error);
}
