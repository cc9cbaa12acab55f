// SPDX-License-Identifier: GPL-2.0-only
/* stats: the counters, once, or as rates again and again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/names.h"
#include "cmd/command.h"
#include "guard/connections.h"
#include "guard/session.h"
#include "render/interfaces.h"
#include "render/output.h"

static volatile sig_atomic_t interrupted;

/* The counters at one moment, or between two. */
struct sample {
	struct sg_stats stats;
	struct counted counted[SG_INTERFACES];
	struct timespec when;
	bool rates;
};

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static const char *reason_label(int reason)
{
	return reason_texts[reason].label;
}

static const char *class_label(int class)
{
	return class_names[class];
}

static const char *method_label(int method)
{
	return method_names[method];
}

static json_t *tallies_json(const struct sg_tally *tally, int count, const char *(*label)(int))
{
	json_t *all = json_object();

	for (int i = 0; i < count; i++)
		json_object_set_new(all, label(i),
				    json_pack("{s:o, s:o, s:o}", "passed",
					      output_counter(&tally[i].passed), "would_drop",
					      output_counter(&tally[i].would_drop), "dropped",
					      output_counter(&tally[i].dropped)));
	return all;
}

static json_t *events_json(const struct sg_stats *stats)
{
	json_t *all = json_object();

	for (int i = 0; i < SG_EVENT__MAX; i++)
		json_object_set_new(all, event_names[i], json_integer(stats->event[i]));
	return all;
}

/* Counted by one interface, guarded or not, since it was attached; or in the time of a watch. */
static __u64 seen_of(const struct sample *sample, __u32 slot)
{
	__u64 before = sample->rates ? 0 : sample->counted[slot].before;

	return maps_seen(&sample->stats, slot) - before;
}

static json_t *counted_json(const struct sample *sample)
{
	json_t *all = json_array();

	for (__u32 slot = 0; slot < SG_INTERFACES; slot++) {
		const struct counted *one = &sample->counted[slot];

		if (one->name[0])
			json_array_append_new(all, json_pack("{s:o, s:I, s:I}", "name",
							     output_string(one->name),
							     "ifindex", (json_int_t)one->ifindex,
							     "packets",
							     (json_int_t)seen_of(sample, slot)));
	}
	return all;
}

static struct sg_counter unguarded(const struct sg_stats *stats)
{
	struct sg_counter sum = {};

	for (int slot = 0; slot < SG_INTERFACES; slot++) {
		sum.packets += stats->unguarded[slot].packets;
		sum.bytes += stats->unguarded[slot].bytes;
	}
	return sum;
}

static json_t *stats_json(const struct sample *sample)
{
	const struct sg_stats *stats = &sample->stats;
	struct sg_counter others = unguarded(stats);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "interfaces", counted_json(sample),
			 "unguarded", output_counter(&others), "allowed",
			 output_counter(&stats->allowed), "reasons",
			 tallies_json(stats->reason, SG_REASON__MAX, reason_label), "classes",
			 tallies_json(stats->class, SG_CLASS__MAX, class_label), "methods",
			 tallies_json(stats->method, SG_METHOD__MAX, method_label), "events",
			 events_json(stats));
}

/* Packets and bytes, or both per second: `seconds` is 0 for totals. */
static void print_counter(const struct sg_counter *counter, double seconds)
{
	double by = seconds ? seconds : 1;
	char bytes[OUTPUT_TEXT];

	printf(" %12.0f %9s", counter->packets / by, output_bytes(counter->bytes / by, bytes));
}

static void print_tallies(const char *title, const struct sg_tally *tally, int count,
			  const char *(*label)(int), double seconds)
{
	bool any = false;

	for (int i = 0; i < count; i++) {
		const struct sg_tally *t = &tally[i];

		if (!t->passed.packets && !t->would_drop.packets && !t->dropped.packets)
			continue;
		if (!any)
			printf("\n%-22s %22s %22s %22s\n", title, "passed", "would drop",
			       "dropped");
		any = true;
		printf("  %-20s", label(i));
		print_counter(&t->passed, seconds);
		print_counter(&t->would_drop, seconds);
		print_counter(&t->dropped, seconds);
		putchar('\n');
	}
}

static void print_events(const struct sg_stats *stats, double seconds)
{
	double by = seconds ? seconds : 1;
	bool any = false;

	for (int i = 0; i < SG_EVENT__MAX; i++) {
		if (!stats->event[i])
			continue;
		if (!any)
			printf("\nEvents\n");
		any = true;
		printf("  %-20s %12.0f\n", event_names[i], stats->event[i] / by);
	}
}

static void print_interfaces(const struct sample *sample, double seconds)
{
	printf("\nInterface\n");
	for (__u32 slot = 0; slot < SG_INTERFACES; slot++) {
		if (sample->counted[slot].name[0])
			printf("  %-20s %12.0f\n", sample->counted[slot].name,
			       seen_of(sample, slot) / (seconds ? seconds : 1));
	}
}

static void print_stats(const struct sample *sample, double seconds)
{
	const struct sg_stats *stats = &sample->stats;
	struct sg_counter others = unguarded(stats);

	printf("Packets and bytes%s\n", seconds ? " per second" : "");
	printf("  %-20s", "not for guarded ports");
	print_counter(&others, seconds);
	printf("\n  %-20s ", "on the allow list");
	print_counter(&stats->allowed, seconds);
	putchar('\n');
	print_interfaces(sample, seconds);
	print_tallies("Reason", stats->reason, SG_REASON__MAX, reason_label, seconds);
	print_tallies("Class", stats->class, SG_CLASS__MAX, class_label, seconds);
	print_tallies("Method", stats->method, SG_METHOD__MAX, method_label, seconds);
	print_events(stats, seconds);
}

/* The counters as they are now. No lock is held afterwards. */
static enum exit_code sample_take(struct sample *sample)
{
	struct error error = {};
	struct session session;
	enum exit_code code = DONE;

	if (session_begin(&session, ACCESS_READ, &error))
		return failed(&error);
	sample->rates = false;
	connections_look(&session.pins);
	if (maps_stats(&session.maps, &sample->stats, &error))
		code = failed(&error);
	interfaces_counted(&session, sample->counted);
	clock_gettime(CLOCK_MONOTONIC, &sample->when);
	session_end(&session);
	return code;
}

/* now - before; a guard that was detached and attached meanwhile counts from zero. */
static void subtract(const struct sg_stats *now, const struct sg_stats *before,
		     struct sg_stats *difference)
{
	const __u64 *a = (const __u64 *)now, *b = (const __u64 *)before;
	__u64 *d = (__u64 *)difference;

	for (size_t i = 0; i < sizeof(*now) / sizeof(*a); i++)
		d[i] = a[i] < b[i] ? a[i] : a[i] - b[i];
}

static void print_rates(const struct sample *difference, double seconds, bool json)
{
	if (json) {
		output_json_line(json_pack("{s:f, s:o}", "seconds", seconds, "stats",
					   stats_json(difference)));
		return;
	}
	print_stats(difference, seconds);
	putchar('\n');
}

static double seconds_between(const struct timespec *then, const struct timespec *now)
{
	return (now->tv_sec - then->tv_sec) +
	       (now->tv_nsec - then->tv_nsec) / (double)SG_NSEC_PER_SEC;
}

static enum exit_code watch(const struct options *options)
{
	struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART: sleep() ends */
	struct sample before, now, difference;
	enum exit_code code = sample_take(&before);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (code == DONE) {
		sleep(options->watch);
		if (interrupted)
			break;
		code = sample_take(&now);
		if (code != DONE)
			break;
		difference = now;
		difference.rates = true;
		subtract(&now.stats, &before.stats, &difference.stats);
		print_rates(&difference, seconds_between(&before.when, &now.when), options->json);
		if (output_end() != DONE)
			return FAILED;
		before = now;
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
		output_json(stats_json(&sample));
	else
		print_stats(&sample, 0);
	return output_end();
}
