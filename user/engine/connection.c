// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/parts.h"

#define CLOSE_MS 5000
#define PING_MS 1000 /* two that are not answered: another server is tried */
#define PENDING 256  /* messages of a subject that wait here, the rest is lost */

void engine_note(struct engine *e, const char *text)
{
	pthread_mutex_lock(&e->lock);
	snprintf(e->trouble, sizeof(e->trouble), "%s", text ? text : "");
	pthread_mutex_unlock(&e->lock);
}

/* Of a connection that was never made only the library's own last word tells why. */
void engine_trouble(struct engine *e, char text[ENGINE_TEXT])
{
	const char *last = NULL;

	pthread_mutex_lock(&e->lock);
	strcpy(text, e->trouble);
	pthread_mutex_unlock(&e->lock);
	if (text[0] || engine_is_connected(e))
		return;
	e->nats->natsConnection_GetLastError(e->connection, &last);
	snprintf(text, ENGINE_TEXT, "%s", last && *last ? last : "no server answers");
}

/* What to look at; the library's own words are about its sockets. */
static const char *advice(natsStatus status, bool forbidden)
{
	if (forbidden)
		return "; the servers do not allow this user that: take the one it is for, and as "
		       "`member` the name that his permissions have (docs/fleet.md)";
	switch (status) {
	case NATS_CONNECTION_AUTH_FAILED:
		return "; look at `user` and `password-file`, or `credentials`";
	case NATS_SSL_ERROR:
		return "; look at `tls`: `ca` is the authority of the servers, `certificate` and "
		       "`key` are this host's";
	case NATS_PROTOCOL_ERROR:
		return "; a server that wants a `certificate` and its `key` under `tls` ends it so";
	case NATS_NO_SERVER:
		return "; look whether the `servers` run and are reached from here";
	case NATS_TIMEOUT:
		return "; look whether this is the port for clients (4222), and more than half of "
		       "the servers run, with JetStream";
	case NATS_NO_RESPONDERS:
		return "; look whether JetStream is on, on the servers";
	case NATS_SECURE_CONNECTION_WANTED:
		return "; the servers have no TLS: give it to them, or write nats:// in `servers`";
	default:
		return "";
	}
}

int engine_refuse(struct engine *e, natsStatus status, const char *what, struct error *error)
{
	const char *more = e->nats->nats_GetLastError(NULL);
	char trouble[ENGINE_TEXT];
	bool forbidden;

	/* What is not permitted is not answered either: it looks like a timeout. */
	pthread_mutex_lock(&e->lock);
	strcpy(trouble, e->trouble);
	pthread_mutex_unlock(&e->lock);
	forbidden = strstr(trouble, "Permissions Violation");
	if (forbidden)
		more = trouble;
	return error_set(error, -EIO, "%s: %s%s%s%s.", what, e->nats->natsStatus_GetText(status),
			 more && *more ? ": " : "", more ? more : "", advice(status, forbidden));
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
	engine_note(closure, "");
}

/* A permission that is missing is told here, and nowhere else. */
static void on_error(natsConnection *connection, natsSubscription *subscription, natsStatus status,
		     void *closure)
{
	struct engine *e = closure;
	const char *text = e->nats->nats_GetLastError(NULL);

	(void)connection;
	(void)subscription;
	engine_note(e, text && *text ? text : e->nats->natsStatus_GetText(status));
}

static natsStatus set_access(const struct nats *n, natsOptions *options,
			     const struct engine_access *s)
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

static natsStatus set_options(natsOptions *options, const struct engine_access *s, bool wait,
			      struct engine *e)
{
	const char *server[ENGINE_SERVERS];
	const struct nats *n = e->nats;
	char inbox[ENGINE_NAME + 8];
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

static int connect_engine(struct engine *e, const struct engine_access *s, bool wait,
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
	if (status == NATS_OK)
		return 0;
	return engine_refuse(e, status, "cannot connect to the servers of the fleet", error);
}

struct engine *engine_open(const struct engine_access *access, bool wait, struct error *error)
{
	const struct nats *nats = nats_load(error);
	struct engine *e = nats ? calloc(1, sizeof(*e)) : NULL;

	if (!e)
		return NULL;
	e->nats = nats;
	pthread_mutex_init(&e->lock, NULL);
	if (!connect_engine(e, access, wait, error))
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
	/* Its threads call back for a while yet; if they do not end, what they use has to stay. */
	if (e->nats->nats_CloseAndWait(CLOSE_MS) != NATS_OK)
		return;
	pthread_mutex_destroy(&e->lock);
	free(e);
}

bool engine_is_connected(const struct engine *e)
{
	return e->nats->natsConnection_Status(e->connection) == NATS_CONN_STATUS_CONNECTED;
}

bool engine_is_closed(const struct engine *e)
{
	return e->nats->natsConnection_Status(e->connection) == NATS_CONN_STATUS_CLOSED;
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
	const char *last;

	if (e->nats->natsConnection_FlushTimeout(e->connection, milliseconds) != NATS_OK)
		return -EIO;
	/* A refusal comes before the answer to the flush, and fails no call. */
	return e->nats->natsConnection_GetLastError(e->connection, &last) == NATS_NOT_PERMITTED
		       ? -EPERM : 0;
}

int engine_tell(struct engine *e, const char *subject, const void *data, size_t length,
		struct error *error)
{
	natsStatus status = e->nats->js_Publish(NULL, e->js, subject, data, length, NULL, NULL);

	if (status == NATS_OK)
		return 0;
	if (status == NATS_NO_RESPONDERS)
		return error_set(error, -ENOENT, "the servers of the fleet have no stream, or no "
				 "leader for it: look whether more than half of them run; if "
				 "they do, `sipguard fleet setup` makes it, by a user who may.");
	return engine_refuse(e, status, "the servers of the fleet did not take it", error);
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
								    PENDING * ENGINE_TEXT * 4);
	if (status == NATS_OK)
		return 0;
	return engine_refuse(e, status, "cannot listen to the fleet", error);
}

/* --- setup --- */

static natsStatus put_stream(struct engine *e, jsStreamConfig *config, jsErrCode *code)
{
	natsStatus status = e->nats->js_AddStream(NULL, e->js, config, NULL, code);

	if (status != NATS_OK && *code == JSStreamNameExistErr)
		status = e->nats->js_UpdateStream(NULL, e->js, config, NULL, code);
	return status;
}

/* On three servers, or on one where there are no three. */
static int make_stream(struct engine *e, jsStreamConfig *config, struct error *error)
{
	jsErrCode code = 0;
	natsStatus status = put_stream(e, config, &code);

	if (status != NATS_OK && config->Replicas > 1 &&
	    (code == JSStreamReplicasNotSupportedErr || code == JSClusterNoPeersErr)) {
		config->Replicas = 1;
		status = put_stream(e, config, &code);
	}
	if (status == NATS_OK)
		return 0;
	return engine_refuse(e, status, "cannot make the streams of the fleet", error);
}

int engine_setup(struct engine *e, unsigned int *replicas, __u64 bytes, struct error *error)
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
	config.Replicas = 3;
	err = make_stream(e, &config, error);
	if (err)
		return err;
	config.Name = ENGINE_LISTS;
	config.Subjects = lists;
	config.MaxAge = 0;
	config.MaxMsgsPerSubject = 1;
	config.MaxMsgSize = 64 << 10;
	err = make_stream(e, &config, error);
	*replicas = config.Replicas;
	return err;
}
