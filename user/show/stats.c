// SPDX-License-Identifier: GPL-2.0-only
/* stats: the counters, once, since a mark, or as rates again and again. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/command.h"
#include "guard/connections.h"
#include "guard/session.h"
#include "model/counters.h"
#include "render/event.h"
#include "render/json.h"
#include "render/output.h"
#include "render/text.h"
#include "saved/mark.h"

static volatile sig_atomic_t interrupted;

struct sample {
	struct counters counters;
	struct timespec when;
};

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* The counters as they are now. */
static enum exit_code sample_take(struct sample *sample)
{
	enum exit_code code = DONE;
	struct error error = {};
	struct session session;

	if (session_begin(&session, ACCESS_READ, &error))
		return failed(&error);
	connections_look(&session.pins);
	if (counters_read(&session, &sample->counters, &error))
		code = failed(&error);
	clock_gettime(CLOCK_MONOTONIC, &sample->when);
	session_end(&session);
	return code;
}

static double seconds_between(const struct timespec *then, const struct timespec *now)
{
	return (now->tv_sec - then->tv_sec) +
	       (now->tv_nsec - then->tv_nsec) / (double)SG_NSEC_PER_SEC;
}

static void print_rates(const struct sample *then, const struct sample *now, bool json)
{
	double seconds = seconds_between(&then->when, &now->when);
	struct counters between;
	struct timespec time;
	char when[EVENT_TIME];

	counters_between(&then->counters, &now->counters, &between);
	clock_gettime(CLOCK_REALTIME, &time);
	event_format_time(&time, when);
	if (json) {
		output_json_line(json_pack("{s:s, s:f, s:o}", "time", when, "seconds", seconds,
					   "stats", stats_json(&between)));
		return;
	}
	printf("%s\n", when);
	stats_text(&between, seconds);
	putchar('\n');
}

static enum exit_code watch(const struct options *options)
{
	struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART: sleep() ends */
	struct sample then, now;
	enum exit_code code = sample_take(&then);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (code == DONE) {
		sleep(options->watch);
		if (interrupted)
			break;
		code = sample_take(&now);
		if (code != DONE)
			break;
		print_rates(&then, &now, options->json);
		if (output_end() != DONE)
			return FAILED;
		then = now;
	}
	return code;
}

static enum exit_code set_mark(bool json)
{
	struct counters counters;
	struct error error = {};
	char time[OUTPUT_TEXT];
	struct session session;
	struct mark mark;
	int err;

	if (session_begin(&session, ACCESS_CHANGE, &error))
		return failed(&error);
	err = counters_read(&session, &counters, &error);
	if (!err)
		err = mark_set(&session, &counters, &mark, &error);
	session_end(&session);
	if (err)
		return failed(&error);
	output_time(mark.wall / 1000, time);
	if (json)
		output_json(json_pack("{s:s}", "marked", time));
	else
		printf("Marked at %s: `sipguard stats --since-mark` counts from here on, and the "
		       "counters themselves go on.\n", time);
	return output_end();
}

static void print_since(const struct mark *mark, const struct counters *counters, bool json)
{
	char time[OUTPUT_TEXT], age[OUTPUT_TEXT];
	struct counters between;

	counters_between(&mark->counters, counters, &between);
	output_time(mark->wall / 1000, time);
	if (json) {
		output_json(json_pack("{s:s, s:f, s:o}", "since", time, "seconds", mark_age(mark),
				      "stats", stats_json(&between)));
		return;
	}
	printf("Since %s, %s ago\n", time, output_seconds(mark_age(mark), age));
	stats_text(&between, 0);
}

static enum exit_code since_mark(bool json)
{
	struct counters counters;
	struct error error = {};
	struct session session;
	struct mark mark;
	int err;

	if (session_begin(&session, ACCESS_READ, &error))
		return failed(&error);
	connections_look(&session.pins);
	err = mark_read(&session, &mark, &error);
	if (!err)
		err = counters_read(&session, &counters, &error);
	session_end(&session);
	if (err)
		return failed(&error);
	print_since(&mark, &counters, json);
	return output_end();
}

/* What goes together; DONE, or USAGE after saying what does not. */
static enum exit_code check(const struct options *options)
{
	bool top = options->given & OPTION_TOP, since = options->given & OPTION_SINCE_MARK;
	bool mark = options->count && !strcmp(options->arguments[0], "mark");

	if (!!top + since + mark + !!options->watch > 1)
		return usage("'stats' takes one of mark, --since-mark, --top and --watch at a "
			     "time.");
	if (options->seconds && !top)
		return usage("--for goes with --top: it says for how long to listen.");
	if (options->count && !top && !mark)
		return usage("'stats' does not know what to do with '%s'.", options->arguments[0]);
	return DONE;
}

enum exit_code cmd_stats(const struct options *options)
{
	struct sample sample;
	enum exit_code code = check(options);

	if (code != DONE)
		return code;
	if (options->given & OPTION_TOP)
		return stats_top(options);
	if (options->given & OPTION_SINCE_MARK)
		return since_mark(options->json);
	if (options->count)
		return set_mark(options->json);
	if (options->watch)
		return watch(options);
	code = sample_take(&sample);
	if (code != DONE)
		return code;
	if (options->json)
		output_json(stats_json(&sample.counters));
	else
		stats_text(&sample.counters, 0);
	return output_end();
}
