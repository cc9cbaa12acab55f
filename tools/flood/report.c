/* SPDX-License-Identifier: GPL-2.0-only */
/* What sipguard-flood tells at its end. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flood.h"

static int compare_delays(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Delays of the answered ones in ns, sorted; *n of them. The caller frees. */
static uint64_t *sorted_delays(const struct flood_caller *callers, uint64_t sent, size_t *n)
{
	uint64_t *delays = calloc(sent + 1, sizeof(*delays));

	*n = 0;
	for (uint64_t i = 0; delays && i < sent; i++) {
		if (callers[i].answered)
			delays[(*n)++] = callers[i].answered - callers[i].sent;
	}
	if (delays)
		qsort(delays, *n, sizeof(*delays), compare_delays);
	return delays;
}

static json_t *delay_json(const uint64_t *delays, size_t n, double share)
{
	return n ? json_real(delays[(size_t)((n - 1) * share)] / 1e6) : json_null();
}

static json_t *delays_json(const uint64_t *delays, size_t n)
{
	return json_pack("{so so so}", "p50", delay_json(delays, n, 0.50),
			 "p99", delay_json(delays, n, 0.99), "max", delay_json(delays, n, 1));
}

static void add_frames(const struct flood_results *results, json_t *json)
{
	const struct flood_tx *tx = results->tx;
	uint64_t sent = tx->flood + tx->probes + tx->strangers + tx->retries;
	uint64_t accepted = results->accepted;
	double seconds = (tx->last - tx->first) / 1e9;
	json_t *frames;

	frames = json_pack("{sI sI sI sI sf sf sf sf}",
			   "sent", (json_int_t)sent,
			   "flood_sent", (json_int_t)tx->flood,
			   "accepted", (json_int_t)accepted,
			   "refused", (json_int_t)(sent > accepted ? sent - accepted : 0),
			   "started", tx->first / 1e9,
			   "seconds", seconds,
			   "mpps", seconds > 0 ? accepted / seconds / 1e6 : 0,
			   "sent_mpps", seconds > 0 ? sent / seconds / 1e6 : 0);
	json_object_update(json, frames);
	json_decref(frames);
}

static void add_probes(const struct flood_results *results, json_t *json)
{
	const struct flood_rx *rx = results->rx;
	size_t n;
	uint64_t *delays = sorted_delays(results->probes, results->tx->probes, &n);
	json_t *probes;

	probes = json_pack("{sI sI sI sI so sI}",
			   "probes_sent", (json_int_t)results->tx->probes,
			   "probes_answered", (json_int_t)rx->probe_answers,
			   "probe_refusals", (json_int_t)rx->probe_refusals,
			   "probe_duplicates", (json_int_t)rx->probe_duplicates,
			   "probe_delay_ms", delays_json(delays, n),
			   "flood_answers", (json_int_t)rx->flood_answers);
	json_object_update(json, probes);
	json_decref(probes);
	free(delays);
}

#define SOON 3000000000ULL /* ns: who waits for longer hangs up */

static void add_strangers(const struct flood_results *results, json_t *json)
{
	size_t n, soon = 0;
	uint64_t *delays = sorted_delays(results->strangers, results->tx->strangers, &n);
	json_t *strangers;

	while (soon < n && delays[soon] <= SOON)
		soon++;
	strangers = json_pack("{sI sI sI sI so}",
			      "strangers_sent", (json_int_t)results->tx->strangers,
			      "strangers_answered", (json_int_t)n,
			      "strangers_answered_within_3s", (json_int_t)soon,
			      "stranger_retransmissions", (json_int_t)results->tx->retries,
			      "stranger_delay_ms", delays_json(delays, n));
	json_object_update(json, strangers);
	json_decref(strangers);
	free(delays);
}

static void print_text(json_t *json)
{
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(4));

		printf("%-30s%s\n", key, text ? text : "?");
		free(text);
	}
}

int flood_report(const struct flood_results *results, bool json)
{
	json_t *report = json_object();

	add_frames(results, report);
	add_probes(results, report);
	add_strangers(results, report);
	if (!json_object_get(report, "sent") || !json_object_get(report, "probes_sent") ||
	    !json_object_get(report, "strangers_sent"))
		return flood_fail("out of memory while reporting");
	if (json) {
		json_dumpf(report, stdout, JSON_REAL_PRECISION(9));
		putchar('\n');
	} else {
		print_text(report);
	}
	json_decref(report);
	if (fflush(stdout))
		return flood_fail("cannot write the report: %s", strerror(errno));
	return 0;
}
