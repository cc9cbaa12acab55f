// SPDX-License-Identifier: GPL-2.0-only
#include "watch/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "watch/address.h"
#include "watch/clients.h"
#include "watch/page.h"
#include "watch/privileges.h"

#define CONNECTION_MEMORY 8192 /* bytes; a request that is longer is refused by libmicrohttpd */
#define ROUND_MS 1000          /* how late it may be noticed that a client's time is over */

struct server {
	struct MHD_Daemon *daemon;
	struct mailbox *box;
	const char *names;
	pthread_t thread;
	sem_t begun;
	bool drops;                 /* it has given up its privileges */
	/* Of the thread. */
	struct clients clients;
	struct documents *documents;
	struct MHD_Response *metrics, *status; /* made of them; NULL: there are none */
	bool asked;                 /* for newer ones */
	/* Written by the thread, atomically. */
	struct self self;
};

static void count(__u64 *counter, __u64 value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static struct client *client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection,
				       MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* `body` is malloc()ed, and the response's from here on; NULL if there is no memory. */
static struct MHD_Response *response(char *body, size_t length, const char *type)
{
	static const char *const headers[][2] = {
		{"Cache-Control", "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Referrer-Policy", "no-referrer"},
	};
	struct MHD_Response *r = MHD_create_response_from_buffer(length, body,
								 MHD_RESPMEM_MUST_FREE);

	if (!r) {
		free(body);
		return NULL;
	}
	MHD_add_response_header(r, "Content-Type", type);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		MHD_add_response_header(r, headers[i][0], headers[i][1]);
	return r;
}

/* An answer of one sentence; -> MHD_NO, which closes the connection, if there is no memory. */
static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *sentence)
{
	char *body = strdup(sentence);
	struct MHD_Response *r = body ? response(body, strlen(body), "text/plain; charset=utf-8")
				      : NULL;
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return result;
}

/* Old documents are nobody's: whoever asks waits for new ones, once. */
static bool has_to_wait(struct server *server, struct MHD_Connection *connection)
{
	struct client *client = client_of(connection);

	if (client->waited || (server->documents && !documents_are_old(server->documents)))
		return false;
	client->waited = true;
	client->suspended = connection;
	MHD_suspend_connection(connection);
	if (!server->asked)
		mailbox_ask(server->box);
	server->asked = true;
	return true;
}

static enum MHD_Result serve(struct server *server, struct MHD_Connection *connection,
			     struct MHD_Response **document)
{
	if (has_to_wait(server, connection))
		return MHD_YES;
	if (!*document)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Out of memory.\n");
	return MHD_queue_response(connection, MHD_HTTP_OK, *document);
}

static enum MHD_Result serve_page(struct MHD_Connection *connection)
{
	char policy[PAGE_POLICY];
	size_t length;
	char *page = page_make(&length, policy);
	struct MHD_Response *r = page ? response(page, length, "text/html; charset=utf-8") : NULL;
	enum MHD_Result result;

	if (!r)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Out of memory.\n");
	MHD_add_response_header(r, "Content-Security-Policy", policy);
	result = MHD_queue_response(connection, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result route(struct server *server, struct MHD_Connection *connection,
			     const char *path)
{
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_HOST);

	if (!address_is_ours(host, server->names))
		return refuse(connection, MHD_HTTP_FORBIDDEN,
			      "This is not known under that name: use an IP address or localhost, "
			      "or start `sipguard watch` with --host NAME.\n");
	if (!strcmp(path, "/metrics"))
		return serve(server, connection, &server->metrics);
	if (!strcmp(path, "/status.json"))
		return serve(server, connection, &server->status);
	if (!strcmp(path, "/"))
		return serve_page(connection);
	return refuse(connection, MHD_HTTP_NOT_FOUND,
		      "There is /, for people, /metrics, for Prometheus, and /status.json.\n");
}

/* Called once when the header was read, and again until there is an answer. */
static enum MHD_Result answer(void *of, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **request)
{
	struct client *client = client_of(connection);

	(void)version;
	(void)upload;
	if (!client)
		return MHD_NO;
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "Nothing can be changed here: use GET or HEAD.\n");
	if (!*request) {
		client->waited = false;
		*request = client;
		return MHD_YES;
	}
	if (*upload_size) /* nobody needs to send a body */
		return MHD_NO;
	return route(of, connection, url);
}

static void completed(void *of, struct MHD_Connection *connection, void **request,
		      enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);
	struct client *client = client_of(connection);
	struct server *server = of;
	unsigned int digit = info ? info->http_status / 100 : 0;

	(void)request;
	if (digit > 5 || code != MHD_REQUEST_TERMINATED_COMPLETED_OK)
		digit = 0;
	count(&server->self.answers[digit], server->self.answers[digit] + 1);
	if (client && digit)
		client->since = clock_now();
}

static void notified(void *of, struct MHD_Connection *connection, void **context,
		     enum MHD_ConnectionNotificationCode code)
{
	struct server *server = of;
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	struct sockaddr *from = MHD_get_connection_info(connection,
							MHD_CONNECTION_INFO_CLIENT_ADDRESS)
					->client_addr;
	struct client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = client = clients_add(&server->clients, fd, from, clock_now());
		if (!client)
			shutdown(fd, SHUT_RDWR);
	} else if (client) {
		*client = (struct client){};
		*context = NULL;
	}
	count(&server->self.evicted, server->clients.evicted);
}

static void resume_all(struct server *server)
{
	for (size_t i = 0; i < sizeof(server->clients.client) / sizeof(*server->clients.client);
	     i++) {
		struct client *client = &server->clients.client[i];

		if (client->suspended)
			MHD_resume_connection(client->suspended);
		client->suspended = NULL;
	}
}

/* Whoever is being sent the old ones keeps them until he has them. */
static void forget_documents(struct server *server)
{
	if (server->metrics)
		MHD_destroy_response(server->metrics);
	if (server->status)
		MHD_destroy_response(server->status);
	server->metrics = server->status = NULL;
	documents_free(server->documents);
	server->documents = NULL;
}

/* New documents are there, or word to end: false then. Nobody is suspended behind it. */
static bool fetch(struct server *server)
{
	bool end;
	struct documents *d = mailbox_fetch(server->box, &end);

	forget_documents(server);
	if (d) {
		server->documents = d;
		server->metrics = response(d->metrics.data, d->metrics.length,
					   "text/plain; version=0.0.4; charset=utf-8");
		server->status = response(d->status, d->status_length, "application/json");
		d->metrics = (struct text){};
		d->status = NULL;
	}
	server->asked = false;
	resume_all(server);
	return !end;
}

/* Milliseconds until libmicrohttpd or the clients have to be looked at. */
static int patience(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return MHD_get_timeout(server->daemon, &ms) == MHD_YES && ms < ROUND_MS ? (int)ms
										  : ROUND_MS;
}

static void *run(void *of)
{
	struct server *server = of;
	struct pollfd at[] = {
		{.fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		 .events = POLLIN},
		{.fd = server->box->answered, .events = POLLIN},
	};

	server->drops = !privileges_drop_all();
	sem_post(&server->begun);
	while (server->drops) {
		poll(at, 2, patience(server));
		if (at[1].revents && !fetch(server))
			break;
		clients_expire(&server->clients, clock_now());
		count(&server->self.late, server->clients.late);
		MHD_run(server->daemon);
	}
	return NULL;
}

/* Nothing that libmicrohttpd says of a client's mistakes is worth a line. */
static struct MHD_Daemon *start_daemon(struct server *server, int socket)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer,
				server, MHD_OPTION_LISTEN_SOCKET, socket,
				MHD_OPTION_CONNECTION_LIMIT, CLIENTS_MOST + CLIENTS_CLOSING,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				MHD_OPTION_NOTIFY_CONNECTION, notified, server,
				MHD_OPTION_NOTIFY_COMPLETED, completed, server, MHD_OPTION_END);
}

struct server *server_start(int socket, const char *names, struct mailbox *box, struct error *error)
{
	struct server *server = calloc(1, sizeof(*server));

	if (server)
		server->daemon = start_daemon(server, socket);
	if (!server || !server->daemon) {
		close(socket);
		free(server);
		error_set(error, -ENOMEM, "cannot start the HTTP server: out of memory or of "
			  "files.");
		return NULL;
	}
	server->box = box;
	server->names = names;
	sem_init(&server->begun, 0, 0);
	if (pthread_create(&server->thread, NULL, run, server)) {
		MHD_stop_daemon(server->daemon);
		free(server);
		error_set(error, -EAGAIN, "cannot start a thread: there are too many.");
		return NULL;
	}
	while (sem_wait(&server->begun))
		;
	if (server->drops)
		return server;
	server_stop(server);
	error_set(error, -EPERM, "the thread of the HTTP server cannot give up its privileges.");
	return NULL;
}

void server_tell(const struct server *server, struct self *self)
{
	for (int i = 0; i < 6; i++)
		self->answers[i] = __atomic_load_n(&server->self.answers[i], __ATOMIC_RELAXED);
	self->evicted = __atomic_load_n(&server->self.evicted, __ATOMIC_RELAXED);
	self->late = __atomic_load_n(&server->self.late, __ATOMIC_RELAXED);
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	mailbox_end(server->box);
	pthread_join(server->thread, NULL);
	MHD_stop_daemon(server->daemon);
	forget_documents(server);
	sem_destroy(&server->begun);
	free(server);
}
