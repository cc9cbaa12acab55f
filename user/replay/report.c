// SPDX-License-Identifier: GPL-2.0-only
#include "replay/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/names.h"
#include "render/event.h"
#include "render/output.h"

static const char *const obstacle_labels[OBSTACLE__MAX] = {
#define X(name, label, text) [OBSTACLE_##name] = label,
	OBSTACLES(X)
#undef X
};

static const char *const obstacle_texts[OBSTACLE__MAX] = {
#define X(name, label, text) [OBSTACLE_##name] = text,
	OBSTACLES(X)
#undef X
};

/* --- one packet --- */

static const char *verdict_name(bool drop)
{
	return drop ? "drop" : "pass";
}

/* NULL for none, which JSON shows as null. */
static const char *method_name(const struct judgement *judgement)
{
	return judgement->method == SG_METHOD_NONE ? NULL : method_names[judgement->method];
}

/* "2026-11-29T21:00:00.123456Z", "192.0.2.1:5060": NULL if it is not known. */
static const char *when_text(const struct report_sender *sender, char *text)
{
	const struct timespec time = {sender->time / SG_NSEC_PER_SEC,
				      sender->time % SG_NSEC_PER_SEC};

	return sender->time ? event_format_time(&time, text) : NULL;
}

static const char *who_text(const struct report_sender *sender, char *text)
{
	struct sg_event event = {
		.family = sender->who.family, .port = sender->who.port,
		.transport = sender->who.transport,
	};

	memcpy(event.address, sender->who.address, sizeof(event.address));
	if (!event.family)
		return NULL;
	event_source(&event, text);
	return text;
}

static const char *over_text(const struct report_sender *sender)
{
	return sender->who.port ? flow_transport(&sender->who) : NULL;
}

static json_t *sender_json(const struct report_sender *sender)
{
	char when[EVENT_TIME], who[PREFIX_TEXT];

	return json_pack("{s:s?, s:s?, s:s?}", "time", when_text(sender, when), "source",
			 who_text(sender, who), "transport", over_text(sender));
}

/* Behind what else is printed of it; nothing if nothing is known. */
static void print_sender(const struct report_sender *sender)
{
	char when[EVENT_TIME], who[PREFIX_TEXT];
	const char *over = over_text(sender);

	if (when_text(sender, when))
		printf("  %s  %s%s%s", when, who_text(sender, who) ? who : "-", over ? " " : "",
		       over ? over : "");
}

static void line_json(const struct report_packet *packet)
{
	const struct judgement *j = &packet->judgement;
	bool judged = !packet->obstacle;
	json_t *line = json_pack("{s:I, s:o, s:s?, s:s, s:s, s:s?, s:b}", "packet",
				 (json_int_t)packet->number, "file", output_string(packet->file),
				 "verdict", judged ? verdict_name(j->drop) : NULL, "reason",
				 reason_texts[j->reason].label, "class", class_names[j->class],
				 "method", method_name(j), "guarded", j->guarded);

	json_object_update_new(line, sender_json(&packet->sender));
	if (!judged)
		json_object_set_new(line, "not_judged",
				    json_string(obstacle_labels[packet->obstacle]));
	if (packet->encapsulation)
		json_object_set_new(line, "encapsulation",
				    json_string(encapsulation_labels[packet->encapsulation]));
	output_json_line(line);
}

static void line_text(struct report *report, const struct report_packet *packet)
{
	const struct judgement *j = &packet->judgement;
	const char *method = method_name(j);

	if (!report->titled)
		printf("%8s  %-7s  %-16s %-9s  %-9s  %8s%s\n", "Packet", "Verdict", "Reason",
		       "Class", "Method", "Bytes",
		       report->raw ? "  File" : "  Time                         From");
	report->titled = true;
	if (packet->obstacle)
		printf("%8llu  %-7s  %-38s  %8u", packet->number, "-",
		       obstacle_texts[packet->obstacle], packet->length);
	else if (!j->guarded)
		printf("%8llu  %-7s  %-38s  %8u", packet->number, verdict_name(j->drop),
		       packet->encapsulation ? encapsulation_texts[packet->encapsulation]
					     : "not for a guarded port", packet->length);
	else
		printf("%8llu  %-7s  %-16s %-9s  %-9s  %8u", packet->number, verdict_name(j->drop),
		       j->reason ? reason_texts[j->reason].label : "-", class_names[j->class],
		       method ? method : "-", packet->length);
	if (report->raw) {
		escape_printf(stdout, "  %s", packet->file);
	}
	print_sender(&packet->sender);
	putchar('\n');
}

static void count(struct report_count *count, const struct report_packet *packet)
{
	count->counter.packets++;
	count->counter.bytes += packet->length;
	count->last = packet->sender;
	if (count->example)
		return;
	count->example = packet->number;
	count->first = packet->sender;
	count->file = strdup(packet->file);
}

void report_packet(struct report *report, const struct report_packet *packet)
{
	const struct judgement *j = &packet->judgement;

	report->packets++;
	if (packet->obstacle)
		count(&report->obstacle[packet->obstacle], packet);
	else if (j->guarded)
		count(&report->reason[j->drop][j->reason], packet);
	else
		count(&report->unguarded, packet);
	if (packet->encapsulation)
		count(&report->encapsulation[packet->encapsulation], packet);
	if (report->quiet)
		return;
	if (report->json)
		line_json(packet);
	else if (report->all || packet->obstacle || j->guarded)
		line_text(report, packet);
}

/* --- the summary --- */

static json_t *count_json(const struct report_count *count)
{
	json_t *value = output_counter(&count->counter);

	json_object_set_new(value, "example",
			    count->example ? json_integer(count->example) : json_null());
	json_object_set_new(value, "file", count->file ? output_string(count->file) : json_null());
	return value;
}

static json_t *counts_json(const struct report_count *counts, int size, const char *const *labels)
{
	json_t *all = json_object();

	for (int i = 1; i < size; i++) {
		if (counts[i].example)
			json_object_set_new(all, labels[i], count_json(&counts[i]));
	}
	return all;
}

/* Of what is dropped, also who sent the first and the last. */
static json_t *reasons_json(const struct report_count *counts, bool drop)
{
	json_t *all = json_object(), *one;

	for (int i = 0; i < SG_REASON__MAX; i++) {
		if (!counts[i].example)
			continue;
		one = count_json(&counts[i]);
		if (drop) {
			json_object_set_new(one, "first", sender_json(&counts[i].first));
			json_object_set_new(one, "last", sender_json(&counts[i].last));
		}
		json_object_set_new(all, reason_texts[i].label, one);
	}
	return all;
}

static void summary_json(const struct report *report, const struct report_terms *terms)
{
	json_t *summary = json_pack(
		"{s:o, s:o, s:b, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "source",
		output_string(terms->source), "config",
		terms->config ? output_string(terms->config) : json_null(), "limits", terms->limits,
		"complete", terms->complete, "packets", (json_int_t)report->packets,
		"clock_stood_still", (json_int_t)terms->stood, "passed",
		reasons_json(report->reason[false], false), "dropped",
		reasons_json(report->reason[true], true), "not_guarded",
		count_json(&report->unguarded), "not_judged",
		counts_json(report->obstacle, OBSTACLE__MAX, obstacle_labels), "not_read",
		counts_json(report->encapsulation, ENCAPSULATION__MAX, encapsulation_labels));

	summary = json_pack("{s:o}", "summary", summary);
	if (report->quiet) {
		output_json_line(summary);
		return;
	}
	fflush(stdout);
	if (summary)
		json_dumpf(summary, stderr, JSON_COMPACT | OUTPUT_JSON);
	fputc('\n', stderr);
	json_decref(summary);
}

static void row_text(const char *verdict, const char *what, const struct report_count *count,
		     bool raw)
{
	char bytes[OUTPUT_TEXT];

	if (!count->example)
		return;
	printf("  %-7s  %-42s %10llu  %9s  ", verdict, what, count->counter.packets,
	       output_bytes(count->counter.bytes, bytes));
	if (raw && count->file)
		escape_printf(stdout, "%s", count->file);
	else
		printf("%llu", count->example);
	putchar('\n');
}

static void reason_rows(const struct report *report, bool drop)
{
	char text[64];

	for (int i = 0; i < SG_REASON__MAX; i++) {
		const char *label = reason_texts[i].label;

		snprintf(text, sizeof(text), drop ? "%s" : "%s, which only monitors", label);
		row_text(verdict_name(drop), i ? text : "no reason to drop it",
			 &report->reason[drop][i], report->raw);
	}
}

static void add(struct sg_counter *sum, const struct report_count *counts, int size)
{
	for (int i = 0; i < size; i++) {
		sum->packets += counts[i].counter.packets;
		sum->bytes += counts[i].counter.bytes;
	}
}

static void total_row(const struct report *report)
{
	struct sg_counter passed = {}, dropped = {}, others = {};
	char bytes[OUTPUT_TEXT], what[64];

	add(&passed, &report->unguarded, 1);
	add(&passed, report->reason[false], SG_REASON__MAX);
	add(&dropped, report->reason[true], SG_REASON__MAX);
	add(&others, report->obstacle, OBSTACLE__MAX);
	snprintf(what, sizeof(what), "%llu pass, %llu drop, %llu not judged", passed.packets,
		 dropped.packets, others.packets);
	printf("  %-7s  %-42s %10llu  %9s\n", "total", what, report->packets,
	       output_bytes(passed.bytes + dropped.bytes + others.bytes, bytes));
}

/* Who sent the first and the last that is dropped for each reason. */
static void sender_rows(const struct report *report)
{
	for (int i = 0, any = 0; i < SG_REASON__MAX; i++) {
		const struct report_count *count = &report->reason[true][i];

		if (!count->first.time)
			continue;
		if (!any++)
			printf("\nDropped, the first and the last\n");
		printf("  %-20s", reason_texts[i].label);
		print_sender(&count->first);
		if (count->counter.packets > 1) {
			printf("\n  %-20s", "");
			print_sender(&count->last);
		}
		putchar('\n');
	}
}

static void summary_text(const struct report *report, const struct report_terms *terms)
{
	const char *noun = report->raw ? "message" : "packet";

	if (report->titled)
		putchar('\n');
	escape_printf(stdout, "%s: %llu %s%s%s, as enforce mode would judge %s by %s%s.\n",
		      terms->source, report->packets, noun,
	       report->packets == 1 ? "" : "s", terms->complete ? "" : " before it breaks off",
	       report->packets == 1 ? "it" : "them",
	       terms->config ? terms->config : "the built-in defaults",
	       terms->limits ? " with its limits and the bans that follow, without lists"
			     : ", each alone: without limits, lists and bans");
	if (report->packets)
		printf("\n  %-7s  %-42s %10s  %9s  %s\n", "Verdict", "Reason",
		       report->raw ? "Messages" : "Packets", "Bytes", "Example");
	row_text("pass", "not for a guarded port", &report->unguarded, report->raw);
	reason_rows(report, false);
	reason_rows(report, true);
	for (int i = 1; i < OBSTACLE__MAX; i++)
		row_text("-", obstacle_texts[i], &report->obstacle[i], report->raw);
	if (report->packets)
		total_row(report);
	sender_rows(report);
	if (report->packets && report->unguarded.counter.packets == report->packets)
		printf("\nNot one was for a guarded port: name those of your server in the "
		       "configuration, under ports.\n");
	for (int i = 1, any = 0; i < ENCAPSULATION__MAX; i++) {
		if (report->encapsulation[i].example && !any++)
			printf("\nAmong the passed, but not looked into: SIP in it was not "
			       "read.\n");
		row_text("pass", encapsulation_texts[i], &report->encapsulation[i], report->raw);
	}
	if (terms->limits && terms->stood)
		printf("\nTime goes backwards in this capture: for %llu packets the clock of the "
		       "limits stood still.\n", terms->stood);
}

void report_summary(const struct report *report, const struct report_terms *terms)
{
	if (report->json)
		summary_json(report, terms);
	else
		summary_text(report, terms);
}

static void counts_free(struct report_count *counts, int size)
{
	for (int i = 0; i < size; i++)
		free(counts[i].file);
}

void report_free(struct report *report)
{
	counts_free(report->reason[0], 2 * SG_REASON__MAX);
	counts_free(&report->unguarded, 1);
	counts_free(report->obstacle, OBSTACLE__MAX);
	counts_free(report->encapsulation, ENCAPSULATION__MAX);
}
