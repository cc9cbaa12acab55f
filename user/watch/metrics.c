// SPDX-License-Identifier: GPL-2.0-only
#include "watch/metrics.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/names.h"

#define NAME 96

typedef unsigned long long number_t;

static const char *const outcomes[] = {"passed", "would_drop", "dropped", "watched"};

static const struct sg_counter *outcome_of(const struct sg_tally *tally, int outcome)
{
	const struct sg_counter *const of[] = {&tally->passed, &tally->would_drop, &tally->dropped,
					       &tally->watched};

	return of[outcome];
}

/* The text format escapes a backslash and a newline. */
static void family(struct text *text, const char *name, const char *type, const char *help)
{
	text_add(text, "# HELP sipguard_%s ", name);
	for (const char *c = help; *c; c++)
		text_add(text, "%s%c", *c == '\n' || *c == '\\' ? "\\" : "", *c == '\n' ? 'n' : *c);
	text_add(text, "\n# TYPE sipguard_%s %s\n", name, type);
}

static void single(struct text *text, const char *name, const char *type, const char *help,
		   number_t value)
{
	family(text, name, type, help);
	text_add(text, "sipguard_%s %llu\n", name, value);
}

/* A label or a group with its key as the part of a name: what is no letter or digit is "_". */
static void write_name(char name[NAME], const char *prefix, const char *label, const char *suffix)
{
	snprintf(name, NAME, "%s%s%s", prefix, label, suffix);
	for (char *c = name; *c; c++)
		*c = isalnum((unsigned char)*c) ? tolower((unsigned char)*c) : '_';
}

/* In quotes of a label: printable ASCII, with the backslash and the quote behind a backslash. */
static void write_label(char *to, size_t size, const char *value)
{
	char *escaped = escape(value);
	size_t length = 0;

	for (const char *c = escaped ? escaped : ""; *c && length + 3 < size; c++) {
		if (*c == '\\' || *c == '"')
			to[length++] = '\\';
		to[length++] = *c;
	}
	to[length] = '\0';
	free(escaped);
}

static void write_tallies(struct text *text, const char *name, const char *help,
			  const char *label, const struct sg_tally *tally,
			  const char *const *names, int count, bool bytes)
{
	family(text, name, "counter", help);
	for (int i = 0; i < count; i++) {
		for (int outcome = 0; outcome < 3; outcome++) {
			const struct sg_counter *c = outcome_of(&tally[i], outcome);

			text_add(text, "sipguard_%s{%s=\"%s\",outcome=\"%s\"} %llu\n", name, label,
				 names[i], outcomes[outcome],
				 (number_t)(bytes ? c->bytes : c->packets));
		}
	}
}

static void write_reasons(struct text *text, const struct sg_stats *stats)
{
	family(text, "reason_packets_total", "counter",
	       "Packets that had a reason, which `sipguard explain REASON` explains: dropped; "
	       "would_drop, which is what enforce mode drops; watched, since the reason's own mode "
	       "is monitor.");
	for (int reason = SG_REASON_NONE + 1; reason < SG_REASON__MAX; reason++) {
		for (int outcome = 1; outcome < 4; outcome++)
			text_add(text, "sipguard_reason_packets_total{reason=\"%s\","
				 "outcome=\"%s\"} %llu\n", reason_texts[reason].label,
				 outcomes[outcome],
				 (number_t)outcome_of(&stats->reason[reason], outcome)->packets);
	}
}

static void write_events(struct text *text, const struct sg_stats *stats)
{
	char name[NAME];

	for (int i = 0; i < SG_COUNT__MAX; i++) {
		write_name(name, "event_", count_names[i], "_total");
		single(text, name, "counter", count_helps[i], stats->count[i]);
	}
}

static void write_counters(struct text *text, const struct counters *counters)
{
	const struct sg_stats *stats = &counters->stats;
	struct sg_counter others = counters_unguarded(counters);

	write_tallies(text, "class_packets_total",
		      "Packets to guarded ports by what they are, each in one class.", "class",
		      stats->class, class_names, SG_CLASS__MAX, false);
	write_tallies(text, "class_bytes_total", "Their bytes.", "class", stats->class, class_names,
		      SG_CLASS__MAX, true);
	write_tallies(text, "method_packets_total", "The same packets by the method of their "
		      "request.", "method", stats->method, method_names, SG_METHOD__MAX, false);
	write_reasons(text, stats);
	single(text, "allowed_packets_total", "counter",
	       "Packets that passed because of the allow list, among the passed.",
	       stats->allowed.packets);
	single(text, "allowed_bytes_total", "counter", "Their bytes.", stats->allowed.bytes);
	single(text, "unguarded_packets_total", "counter",
	       "Packets to other ports on guarded interfaces, which are not looked at.",
	       others.packets);
	single(text, "unguarded_bytes_total", "counter", "Their bytes.", others.bytes);
	write_events(text, stats);
}

enum interface_metric {
	INTERFACE_GUARDED,
	INTERFACE_BLIND,
	INTERFACE_REPLIES,
	INTERFACE_SEEN,
	INTERFACE_RECEIVED,
};

static bool has_metric(const struct interface *i, enum interface_metric metric)
{
	return metric != INTERFACE_RECEIVED || i->comparable;
}

static number_t interface_value(const struct interface *i, enum interface_metric metric)
{
	switch (metric) {
	case INTERFACE_GUARDED:
		return interface_is_guarded(i);
	case INTERFACE_BLIND:
		return i->blind;
	case INTERFACE_REPLIES:
		return i->replies != EGRESS_MISSING;
	case INTERFACE_SEEN:
		return i->seen;
	default:
		return i->received;
	}
}

/* Two of one name, as in two network namespaces, are told apart: eth0, eth0#2. */
static void write_interface_label(char *label, size_t size, const struct interfaces *all, size_t at)
{
	char name[IF_NAMESIZE + 16];
	int same = 1;

	for (size_t i = 0; i < at; i++)
		same += !strcmp(all->interface[i].name, all->interface[at].name);
	snprintf(name, sizeof(name), same > 1 ? "%s#%d" : "%s", all->interface[at].name, same);
	write_label(label, size, name);
}

static void write_interface(struct text *text, const struct interfaces *all, const char *name,
			    const char *type, enum interface_metric metric, const char *help)
{
	char label[4 * (IF_NAMESIZE + 16)];

	family(text, name, type, help);
	for (size_t i = 0; i < all->count; i++) {
		if (!has_metric(&all->interface[i], metric))
			continue;
		write_interface_label(label, sizeof(label), all, i);
		text_add(text, "sipguard_%s{interface=\"%s\"} %llu\n", name, label,
			 interface_value(&all->interface[i], metric));
	}
}

static void write_interfaces(struct text *text, const struct interfaces *all)
{
	write_interface(text, all, "interface_guarded", "gauge", INTERFACE_GUARDED,
			"1 while the guard judges what comes in there; 0 if the interface is gone "
			"or somebody took the program from it.");
	write_interface(text, all, "interface_blind", "gauge", INTERFACE_BLIND,
			"1 if the guard does not get to see what the driver receives.");
	write_interface(text, all, "interface_replies", "gauge", INTERFACE_REPLIES,
			"1 while the guard sees what leaves there, 0 if its program at egress is "
			"missing.");
	write_interface(text, all, "interface_seen_packets_total", "counter", INTERFACE_SEEN,
			"Packets that the guard has seen there since it was attached.");
	write_interface(text, all, "interface_received_packets_total", "counter",
			INTERFACE_RECEIVED,
			"And those that the driver has counted, where both can be compared.");
}

/* The numbers of `status` have their group and key of its JSON as their name. */
static void write_numbers(struct text *text, const struct snapshot *s)
{
	char name[NAME], help[2 * NAME];

	for (int id = 0; id < NUMBER__MAX; id++) {
		const struct number_text *row = &number_texts[id];
		const char *dot = row->group[0] ? "." : "";

		snprintf(name, sizeof(name), "%s%s%s", row->group, dot, row->key);
		snprintf(help, sizeof(help), "%s of `sipguard status --json`%s.", name,
			 row->kind == NUMBER_FLAG ? ", 1 for true" : "");
		write_name(name, row->group, dot, row->key);
		single(text, name, "gauge", help, s->number[id]);
	}
	single(text, "bans_most", "gauge", "Bans that there is room for.", SG_BANS);
}

static void write_state(struct text *text, const struct snapshot *s)
{
	family(text, "mode", "gauge", "The mode of the guard as a whole: the one with 1.");
	for (int mode = SG_MODE_MONITOR; mode < SG_MODE__MAX; mode++)
		text_add(text, "sipguard_mode{mode=\"%s\"} %d\n", mode_names[mode],
			 (int)s->mode == mode);
	single(text, "shadowed", "gauge", "1 while `sipguard shadow` tries another configuration.",
	       s->shadowed);
	single(text, "notices", "gauge", "Sentences that `sipguard status` has about what is wrong "
	       "with the whole.", s->notices);
}

/* A number of what is asked for, by zone; `label` with its comma in front. */
static void write_figured(struct text *text, const char *name, const struct figures *figures,
			  enum sg_figured what, const char *label, size_t offset)
{
	for (int i = 0; i < SG_ZONES; i++) {
		const struct zone_figures *zone = &figures->zone[i];

		if (zone->there)
			text_add(text, "sipguard_%s{zone=\"%s\"%s} %llu\n", name, zone->zone,
				 label, (number_t)*(const __u64 *)((const char *)
					 &zone->counts.of[what] + offset));
	}
}

#define FIGURED(field) offsetof(struct sg_figured_counts, field)

/* INVITEs outside of dialogs, or REGISTERs. */
static void write_asked(struct text *text, const struct figures *figures, enum sg_figured what)
{
	const char *method = what == SG_FIGURED_INVITE ? "invite" : "register";
	char name[NAME], label[NAME];

	write_name(name, method, "", "_requests_total");
	family(text, name, "counter", "Such requests that were let in, each once; those that "
	       "answer a challenge are counted beside the first. See docs/figures.md.");
	write_figured(text, name, figures, what, "", FIGURED(requests));
	write_name(name, method, "", "_responses_total");
	family(text, name, "counter", "What the server says to them, each once: of 1xx the first.");
	for (int i = 0; i < 6; i++) {
		snprintf(label, sizeof(label), ",class=\"%dxx\"", i + 1);
		write_figured(text, name, figures, what, label, FIGURED(class) + i * sizeof(__u64));
	}
	write_name(name, method, "", "_statuses_total");
	family(text, name, "counter", "Some of these by their status.");
	for (int i = 0; i < SG_STATUS__MAX; i++) {
		snprintf(label, sizeof(label), ",status=\"%u\"", figures_statuses[i]);
		write_figured(text, name, figures, what, label,
			      FIGURED(status) + i * sizeof(__u64));
	}
	write_name(name, method, "", "_silent_total");
	family(text, name, "counter", "Requests that no response left to within 34 to 43 seconds.");
	write_figured(text, name, figures, what, "", FIGURED(silent));
	write_name(name, method, "", "_lost_total");
	family(text, name, "counter", "Attempts that made room for others before they had ended.");
	write_figured(text, name, figures, what, "", FIGURED(lost));
	write_name(name, method, "", "_retransmissions_total");
	family(text, name, "counter", "Requests that came in again, and final responses that went "
	       "out again.");
	write_figured(text, name, figures, what, ",direction=\"in\"", FIGURED(copies));
	write_figured(text, name, figures, what, ",direction=\"out\"", FIGURED(resent));
}

static void write_delay(struct text *text, const char *name, const char *labels,
			const struct sg_delay *delay)
{
	__u64 count = 0;

	for (size_t i = 0; i < SG_DELAY_COUNTS - 1; i++) {
		count += delay->count[i];
		text_add(text, "sipguard_%s_bucket{%s,le=\"%g\"} %llu\n", name, labels,
			 figures_bounds[i] / 1000.0, (number_t)count);
	}
	count += delay->count[SG_DELAY_COUNTS - 1];
	text_add(text, "sipguard_%s_bucket{%s,le=\"+Inf\"} %llu\nsipguard_%s_sum{%s} %.6f\n"
		 "sipguard_%s_count{%s} %llu\n", name, labels, (number_t)count, name, labels,
		 figures_sum(delay), name, labels, (number_t)count);
}

/* A histogram: `label` with its comma in front. */
static void write_delays(struct text *text, const char *name, const struct figures *figures,
			 enum sg_delay_of of, const char *label)
{
	char labels[NAME];

	for (int i = 0; i < SG_ZONES; i++) {
		const struct zone_figures *zone = &figures->zone[i];

		if (!zone->there)
			continue;
		snprintf(labels, sizeof(labels), "zone=\"%s\"%s", zone->zone, label);
		write_delay(text, name, labels, &zone->counts.delay[of]);
	}
}

static void write_figures(struct text *text, const struct figures *figures)
{
	write_asked(text, figures, SG_FIGURED_INVITE);
	write_asked(text, figures, SG_FIGURED_REGISTER);
	family(text, "session_request_delay_seconds", "histogram",
	       "From the first INVITE until the server says how the call stands, by whether it is "
	       "answered or refused in the end: RFC 6076 section 4.3.");
	write_delays(text, "session_request_delay_seconds", figures, SG_DELAY_SESSION,
		     ",outcome=\"answered\"");
	write_delays(text, "session_request_delay_seconds", figures, SG_DELAY_FAILED,
		     ",outcome=\"refused\"");
	family(text, "registration_request_delay_seconds", "histogram", "From the first REGISTER "
	       "until it is accepted, its challenge included: RFC 6076 section 4.1.");
	write_delays(text, "registration_request_delay_seconds", figures, SG_DELAY_REGISTER, "");
}

static void write_guard(struct text *text, const struct snapshot *s)
{
	write_state(text, s);
	write_counters(text, &s->counters);
	write_interfaces(text, &s->interfaces);
	write_numbers(text, s);
	if (s->counters.figures.counted)
		write_figures(text, &s->counters.figures);
}

static void write_hep(struct text *text, const struct self *self)
{
	family(text, "watch_hep_packets_total", "counter", "Packets for the collector of --hep: "
	       "sent; of these refused, as far as the network says that nobody listens there; "
	       "lost, which were not sent.");
	text_add(text, "sipguard_watch_hep_packets_total{what=\"sent\"} %llu\n"
		 "sipguard_watch_hep_packets_total{what=\"refused\"} %llu\n"
		 "sipguard_watch_hep_packets_total{what=\"lost\"} %llu\n",
		 (number_t)self->hep_sent, (number_t)self->hep_refused,
		 (number_t)self->hep_lost);
}

static void write_self(struct text *text, const struct view *view, const struct self *self)
{
	family(text, "watch_reading_seconds", "gauge", "How long the last reading of the guard "
	       "took.");
	text_add(text, "sipguard_watch_reading_seconds %.6f\n", view->seconds);
	single(text, "watch_readings_total", "counter", "Readings of the guard, at most one a "
	       "second.", self->readings);
	single(text, "watch_failures_total", "counter", "Those that failed for another reason than "
	       "that nothing is guarded: /status.json has the sentence.", self->failures);
	family(text, "watch_answers_total", "counter",
	       "Answers of HTTP by the first digit of their status.");
	for (int i = 2; i < 6; i++)
		text_add(text, "sipguard_watch_answers_total{status=\"%dxx\"} %llu\n", i,
			 (number_t)self->answers[i]);
	family(text, "watch_closed_connections_total", "counter", "Connections of HTTP that were "
	       "closed: evicted by newer ones, or late.");
	text_add(text, "sipguard_watch_closed_connections_total{why=\"evicted\"} %llu\n"
		 "sipguard_watch_closed_connections_total{why=\"late\"} %llu\n",
		 (number_t)self->evicted, (number_t)self->late);
	write_hep(text, self);
}

void metrics_write(const struct view *view, const struct self *self, struct text *text)
{
	family(text, "build_info", "gauge", "The version of this command, and its ABI.");
	text_add(text, "sipguard_build_info{version=\"%s\",abi=\"%d\"} 1\n", SIPGUARD_VERSION,
		 SG_ABI_VERSION);
	single(text, "up", "gauge", "1 while an interface is guarded and the guard can be read.",
	       view->snapshot && view->snapshot->attached);
	if (view->snapshot)
		write_guard(text, view->snapshot);
	write_self(text, view, self);
}
