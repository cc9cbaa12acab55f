// SPDX-License-Identifier: GPL-2.0-only
#include "fleet/agent.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/notice.h"
#include "events/follow.h"
#include "watch/loop.h"
#include "watch/privileges.h"

#define TURN_MS 50    /* bans of so long go in one message */
#define PROOF_TURNS 40 /* in which the table of proofs is looked through: two seconds */
#define RING (4 << 20) /* forty thousand bans */
#define SECOND SG_NSEC_PER_SEC
#define BANS_EVERY (5 * SECOND)
#define HERE_EVERY (2 * SECOND)
#define SAY_AFTER (3 * SECOND)
#define SAY_EVERY (60 * SECOND)

/* What was said of the connection. */
struct said {
	bool connected;
	char trouble[ENGINE_TEXT];
	__u64 since; /* ns, that it is as it was not said yet; 0: as it was said */
	__u64 last;  /* when a trouble was said: of several that take turns, one a minute */
};

struct turns {
	struct agent *agent;
	struct said said;
	struct follow *follow; /* NULL: there is no guard, or eight follow it already */
	__u64 look, bans, here;
	int told;              /* code of what keeps the guard from us, that was said last */
	int unwritten;         /* why the status is not, that was said last */
};

static int hear(void *context, const struct sg_event *event)
{
	struct sg_flow_key key = {
		.port = event->port,
		.transport = event->transport,
		.family = event->family,
	};

	memcpy(key.address, event->address, sizeof(key.address));
	if (event->kind == SG_EVENT_BAN)
		teller_ban(context, &key);
	return 0;
}

static void join(struct turns *t)
{
	const struct follow_wants wants = {
		.outcomes = ~0U, .frames = SG_FRAMES_BANS, .ring = RING,
	};

	t->follow = follow_begin(&t->agent->host.session, &wants, hear, t->agent, NULL);
}

static void leave(struct turns *t)
{
	follow_end(t->follow);
	t->follow = NULL;
}

void agent_forget(struct agent *a)
{
	ledger_free(&a->bans);
	ledger_free(&a->proofs);
	members_forget(&a->members);
	/* What they have in the table of the guard is not forgotten with that. */
	if (a->host.there)
		teller_count(a);
}

/* Of a guard that is another one nothing is known: all that the stream has is read again. */
static void begin_anew(struct turns *t)
{
	struct agent *a = t->agent;

	leave(t);
	agent_forget(a);
	a->cell = 0;
	__atomic_store_n(&a->lists.again, true, __ATOMIC_RELEASE);
	engine_again(a->engine);
}

static void look(struct turns *t)
{
	struct agent *a = t->agent;
	struct error error = {};
	bool fresh;
	int err = host_look(&a->host, &fresh, &error);

	if (fresh) {
		begin_anew(t);
		teller_count(a);
	}
	if (err)
		leave(t);
	else if (!t->follow)
		join(t);
	if (err != t->told)
		notice("%s", err ? error.text : "the guard is there.");
	t->told = err;
}

static bool is_due(__u64 *last, __u64 every)
{
	__u64 now = clock_now();

	if (*last && now - *last < every)
		return false;
	*last = now;
	return true;
}

/* The library's words say what is missing, and not whose turn it is. */
static const char *remedy(const char *trouble)
{
	if (strstr(trouble, "Permissions Violation"))
		return "; `member` and `user` have to be the names that its permissions have";
	if (!strcmp(trouble, "Not Found"))
		return "; if that stays, there are no streams: `sipguard fleet setup` makes them";
	return "";
}

/* What is over in three seconds, as a server that is restarted, is not worth a word. */
static void say_connection(struct turns *t)
{
	bool connected = engine_is_connected(t->agent->engine);
	struct said *said = &t->said;
	char trouble[ENGINE_TEXT];

	engine_trouble(t->agent->engine, trouble);
	if (connected == said->connected && !strcmp(trouble, said->trouble)) {
		said->since = 0;
		return;
	}
	if (!said->since)
		said->since = clock_now();
	if (!connected && clock_now() - said->since < SAY_AFTER)
		return;
	if (connected && said->connected && trouble[0] && !is_due(&said->last, SAY_EVERY))
		return;
	if (!connected)
		notice("the servers of the fleet are not reached: %s; `sipguard fleet test` says "
		       "more. It is tried again and again; the guard goes on with what it knows.",
		       trouble);
	else if (trouble[0])
		notice("of the servers of the fleet: %s%s.", trouble, remedy(trouble));
	else if (!said->connected)
		notice("connected to the fleet.");
	said->connected = connected;
	strcpy(said->trouble, trouble);
	said->since = 0;
}

static void say_here(struct agent *a)
{
	static struct fleet_writer w;
	char subject[ENGINE_SUBJECT];

	fleet_writer_begin(&w, a->host.wall_now, a->run);
	snprintf(subject, sizeof(subject), SUBJECT_HERE "%s", a->settings->access.member);
	engine_publish(a->engine, subject, w.data, w.length);
}

/* What is told before the stream was read would be told twice. */
static void tell(struct turns *t)
{
	struct agent *a = t->agent;
	bool by_hand = a->host.session.maps.state->ban_generation != a->generation;

	if (!engine_caught_up(a->engine, ENGINE_TOLD) || host_clocks(&a->host, NULL))
		return;
	if (is_due(&t->bans, by_hand ? SECOND : BANS_EVERY))
		teller_bans(a, NULL);
	if (a->host.session.maps.state->proven)
		teller_proofs(a, proven_cells(&a->host.proven) / PROOF_TURNS + 1);
	if (t->follow && follow_wait(t->follow, 0, NULL))
		leave(t); /* and joins again in a second */
	teller_flush(a);
}

static void write_status(struct turns *t)
{
	const char *path = t->agent->settings->status;
	int err = status_write(t->agent);

	if (err && err != t->unwritten)
		notice("cannot write %s: %s; `sipguard fleet status` knows nothing until it can "
		       "be.", path, strerror(-err));
	t->unwritten = err;
}

static void turn(struct turns *t)
{
	struct agent *a = t->agent;
	bool second = is_due(&t->look, SECOND);

	if (second)
		look(t);
	if (a->host.there)
		tell(t);
	if (is_due(&t->here, HERE_EVERY))
		say_here(a);
	if (second) {
		say_connection(t);
		write_status(t);
	}
}

static int begin(struct turns *t, struct error *error)
{
	struct agent *a = t->agent;
	int err = host_begin(&a->host, error);

	if (err)
		return err;
	if (members_begin(&a->members, a->settings->access.member) || lists_begin(a))
		return error_set(error, -ENOMEM, "out of memory.");
	if (getrandom(&a->run, sizeof(a->run), 0) != sizeof(a->run))
		a->run = clock_now();
	a->began = time(NULL) * 1000ULL;
	a->engine = engine_open(&a->settings->access, false, error);
	if (!a->engine)
		return error->code;
	err = engine_listen(a->engine, SUBJECT_HERE "*", taker_here, a, error);
	look(t); /* or what is read first would be of no use */
	if (!err)
		err = engine_follow(a->engine, ENGINE_TOLD, ENGINE_WINDOW, taker_told, a, error);
	if (!err && a->settings->take[FLEET_LISTS].mode != SG_MODE_OFF)
		err = engine_follow(a->engine, ENGINE_LISTS, 0, lists_told, a, error);
	return err;
}

/* Begun anew, as a service is, the agent reads its password again. */
static int refused(const struct agent *a, struct error *error)
{
	char trouble[ENGINE_TEXT];

	if (!a->engine || !engine_is_closed(a->engine))
		return 0;
	engine_trouble(a->engine, trouble);
	*error = (struct error){};
	return error_set(error, -EACCES, "the servers of the fleet refuse this host: %s. "
			 "Make `user` and `password-file`, or `credentials`, what they know, and "
			 "start the agent again.", trouble);
}

/* Until a signal: 0; or the engine is over. */
static int loop(struct turns *t, int signals, struct error *error)
{
	struct pollfd end = {.fd = signals, .events = POLLIN};
	int err = 0;

	while (!err && poll(&end, 1, TURN_MS) <= 0) {
		pthread_mutex_lock(&t->agent->lock);
		turn(t);
		pthread_mutex_unlock(&t->agent->lock);
		err = refused(t->agent, error);
	}
	return err;
}

int agent_run(const struct fleet_settings *settings, struct error *error)
{
	struct agent *a = calloc(1, sizeof(*a));
	struct turns turns = {.agent = a, .told = 1};
	int err, signals, lock;

	if (!a)
		return error_set(error, -ENOMEM, "out of memory.");
	a->settings = settings;
	pthread_mutex_init(&a->lock, NULL);
	err = lock = status_lock(settings->status, error);
	if (lock >= 0)
		err = privileges_hand_on_few(error); /* to `sipguard reload`, see lists.c */
	signals = err ? err : loop_signals(error);
	err = signals < 0 ? signals : begin(&turns, error);
	if (err)
		refused(a, error);
	else
		err = loop(&turns, signals, error);
	leave(&turns);
	engine_close(a->engine); /* whose threads have the rest */
	if (signals >= 0)
		close(signals);
	if (lock >= 0) {
		unlink(settings->status);
		close(lock);
	}
	ledger_free(&a->bans);
	ledger_free(&a->proofs);
	members_end(&a->members);
	lists_end(a);
	host_end(&a->host);
	pthread_mutex_destroy(&a->lock);
	free(a);
	return err;
}
