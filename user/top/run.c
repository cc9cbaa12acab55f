// SPDX-License-Identifier: GPL-2.0-only
#include "top/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/notice.h"
#include "model/lockout.h"
#include "render/why.h"
#include "top/terminal.h"
#include "watch/loop.h"

struct top {
	struct reading *reading;
	struct screen screen;
	unsigned int turns;  /* of a reading: two a second */
	unsigned int turn;
	bool stale;          /* it is time to read */
};

/* Who has the screen hears notices, which else would be written over it. */
static struct screen *hearer;

static void hear(const char *text)
{
	if (hearer)
		screen_say(hearer, false, "note: %s", text);
}

/* --- deeds --- */

static int ban(const struct top *top, struct session *session, struct error *error)
{
	struct sg_ban made;
	int err = lockout_check_ban(&session->links, &top->screen.target, error);

	return err ? err : bans_order(&session->maps, &top->screen.target,
				      top->screen.minutes * 60ULL, &made, error);
}

static int lift(const struct top *top, struct session *session, struct error *error)
{
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	return err ? err : bans_lift(&session->maps, &top->screen.target, now, error);
}

/* What `ban` and `unban` do, and what they would say. */
static void change(struct top *top, enum deed deed)
{
	struct screen *s = &top->screen;
	struct error error = {};
	struct session session;
	char who[PREFIX_TEXT];
	int err = session_begin(&session, ACCESS_CHANGE, &error);

	if (!err) {
		err = deed == DEED_BAN ? ban(top, &session, &error) : lift(top, &session, &error);
		session_end(&session);
	}
	flow_format(&s->target, who, sizeof(who));
	if (err)
		screen_say(s, true, "%s", error.text);
	else if (deed == DEED_BAN)
		screen_say(s, false, "%s is banned for %u min.", who, s->minutes);
	else
		screen_say(s, false, "%s is not banned any more.", who);
	top->stale = true;
}

/* What `why` prints, in memory. */
static int why_lines(const struct sg_flow_key *key, struct text *lines, struct error *error)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	struct session session;
	char *data = NULL;
	size_t size = 0;
	FILE *memory;
	int err = answer ? session_begin(&session, ACCESS_READ, error)
			 : error_set(error, -ENOMEM, "out of memory.");

	if (!err) {
		err = answer_read(&session, key, NULL, answer, error);
		session_end(&session);
	}
	memory = err ? NULL : open_memstream(&data, &size);
	if (memory) {
		why_text(answer, memory);
		if (!fclose(memory))
			text_add(lines, "%s", data);
	}
	free(data);
	if (answer)
		answer_free(answer);
	free(answer);
	return err || lines->data ? err : error_set(error, -ENOMEM, "out of memory.");
}

static void tell_why(struct top *top)
{
	char who[PREFIX_TEXT], title[PREFIX_TEXT + 32], clock[16];
	struct text lines = {};
	struct error error = {};
	time_t now = time(NULL);

	if (why_lines(&top->screen.target, &lines, &error)) {
		screen_say(&top->screen, true, "%s", error.text);
		return;
	}
	flow_format(&top->screen.target, who, sizeof(who));
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	snprintf(title, sizeof(title), "why %s, at %s", who, clock);
	screen_cover(&top->screen, title, &lines);
}

/* --- the loop --- */

static void draw(struct top *top)
{
	struct canvas canvas;
	int rows, columns;

	terminal_size(&rows, &columns);
	if (canvas_begin(&canvas, rows, columns))
		return;
	screen_draw(&top->screen, top->reading, &canvas);
	terminal_show(&canvas);
	canvas_free(&canvas);
}

static void refresh(struct top *top)
{
	if (top->stale && !top->screen.paused)
		reading_take(top->reading);
	top->stale = top->stale && top->screen.paused;
	screen_fill(&top->screen, top->reading);
	draw(top);
}

static int turn(struct loop_source *source, struct error *error)
{
	struct top *top = source->of;
	__u64 expired;

	(void)error;
	if (read(source->fd, &expired, sizeof(expired)) != sizeof(expired))
		return 0;
	reading_listen(top->reading);
	top->turn++;
	if (top->turn < top->turns)
		return 0;
	top->turn = 0;
	top->stale = true;
	refresh(top);
	return 0;
}

static int resized(struct loop_source *source, struct error *error)
{
	struct top *top = source->of;
	struct signalfd_siginfo info;

	(void)error;
	if (read(source->fd, &info, sizeof(info)) == sizeof(info))
		draw(top);
	return 0;
}

/* Whether the terminal has gone: then it is ready for ever, and has nothing. */
static bool has_gone(int fd)
{
	struct pollfd at = {.fd = fd, .events = POLLIN};

	return poll(&at, 1, 0) == 1 && at.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static int keys(struct loop_source *source, struct error *error)
{
	struct top *top = source->of;
	int key;

	(void)error;
	if (has_gone(source->fd))
		return 1;
	while ((key = terminal_key()) != KEY_NONE) {
		switch (screen_key(&top->screen, key)) {
		case DEED_QUIT:
			return 1;
		case DEED_BAN:
			change(top, DEED_BAN);
			break;
		case DEED_LIFT:
			change(top, DEED_LIFT);
			break;
		case DEED_WHY:
			tell_why(top);
			break;
		case DEED_REDRAW:
			terminal_forget();
			break;
		default:
			break;
		}
	}
	refresh(top);
	return 0;
}

/* What the loop waits for: fds, or -1. */
static int open_sources(struct loop_source *sources, struct top *top, FILE *in, struct error *error)
{
	const struct itimerspec twice = {{0, KEEPER_TURN_NS}, {0, KEEPER_TURN_NS}};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sources[0] = (struct loop_source){loop_signals(error), loop_end, top};
	sources[1] = (struct loop_source){signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), resized,
					  top};
	sources[2] = (struct loop_source){
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), turn, top};
	sources[3] = (struct loop_source){fileno(in), keys, top};
	if (sources[0].fd < 0 || sources[1].fd < 0 || sources[2].fd < 0 ||
	    timerfd_settime(sources[2].fd, 0, &twice, NULL))
		return error_set(error, -errno, "cannot wait: %s.", strerror(errno));
	return 0;
}

static int run(struct top *top, FILE *out, FILE *in, struct error *error)
{
	struct loop_source sources[4];
	int err = open_sources(sources, top, in, error);

	if (!err)
		err = terminal_begin(out, in, error);
	if (!err) {
		hearer = &top->screen;
		notice_to(hear);
		refresh(top);
		err = loop_run(sources, 4, error);
		terminal_end();
		hearer = NULL;
	}
	for (int i = 0; i < 3; i++) {
		if (sources[i].fd >= 0)
			close(sources[i].fd);
	}
	return err;
}

/* The first reading, without which there is nothing to begin with. */
static int begin(struct reading **reading, struct error *error)
{
	int err;

	*reading = reading_begin();
	if (!*reading)
		return error_set(error, -ENOMEM, "out of memory.");
	reading_listen(*reading);
	err = reading_take(*reading);
	if (err)
		*error = (*reading)->view.error;
	return err;
}

int top_run(unsigned int seconds, FILE *out, FILE *in, struct error *error)
{
	struct top top = {.turns = 2 * seconds};
	int err = begin(&top.reading, error);

	screen_begin(&top.screen);
	if (!err)
		err = run(&top, out, in, error);
	screen_end(&top.screen);
	reading_end(top.reading);
	return err;
}

int top_read(unsigned int seconds, struct reading **reading, struct error *error)
{
	const struct timespec turn = {0, KEEPER_TURN_NS};
	int err = begin(reading, error);

	for (unsigned int i = 0; !err && i < 2 * seconds; i++) {
		nanosleep(&turn, NULL);
		reading_listen(*reading);
	}
	if (err)
		return err;
	err = reading_take(*reading);
	if (err)
		*error = (*reading)->view.error;
	return err;
}
