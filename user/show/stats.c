// SPDX-License-Identifier: GPL-2.0-only
/* stats: the counters, once, or as rates again and again. */
#include <signal.h>
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
	if (json) {
		output_json_line(json_pack("{s:f, s:o}", "seconds", seconds, "stats",
					   stats_json(&between)));
		return;
	}
	clock_gettime(CLOCK_REALTIME, &time);
	printf("%s\n", event_format_time(&time, when));
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

enum exit_code cmd_stats(const struct options *options)
{
	struct sample sample;
	enum exit_code code;

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
