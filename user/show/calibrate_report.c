// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>

#include "base/escape.h"
#include "base/names.h"
#include "base/text.h"
#include "render/output.h"
#include "show/calibrate.h"

#define SHOWN_MOST 10 /* senders in a list; as JSON all of them */

/* "limits/invite", of a zone "own-192.0.2.7: limits/invite". */
static void row_name(const struct calibration *c, const struct proposal_row *row, char *name,
		     size_t size)
{
	const char *section = needs_section(row->scope, row->zone, row->limit);

	snprintf(name, size, "%s%s%s%s%s",
		 row->zone ? c->proposal.config->kernel.zone[row->zone].name : "",
		 row->zone ? ": " : "", section, *section ? "/" : "",
		 needs_key(row->scope, row->zone, row->limit));
}

static bool is_changed(const struct proposal_row *row)
{
	return row->today.rate != row->wanted.rate || row->today.burst != row->wanted.burst;
}

static double per_second(const struct proposal_row *row, enum demand_window window)
{
	return (double)row->most[window] / demand_seconds[window];
}

static void whom(const struct sg_flow_key *key, char *text, size_t size)
{
	if (key->family)
		flow_format(key, text, size);
	else
		snprintf(text, size, "all together");
}

/* --- text --- */

static void print_limit(const struct sg_limit *limit, char *text, size_t size)
{
	snprintf(text, size, "%u/%u", limit->rate, limit->burst);
}

static void print_row(const struct calibration *c, const struct proposal_row *row)
{
	char name[80], today[24], wanted[24], usual[12], who[PREFIX_TEXT];

	row_name(c, row, name, sizeof(name));
	print_limit(&row->today, today, sizeof(today));
	print_limit(&row->wanted, wanted, sizeof(wanted));
	snprintf(usual, sizeof(usual), "%u", row->usual);
	whom(&row->who, who, sizeof(who));
	printf("%-28s %12s %6u %6.4g %6.4g %6s %12s  %s%s\n", name, today, row->most[DEMAND_1S],
	       per_second(row, DEMAND_10S), per_second(row, DEMAND_60S),
	       row->usual ? usual : "-", is_changed(row) ? wanted : "-", who,
	       row->enough ? "" : " (not enough)");
}

static void print_rows(const struct calibration *c)
{
	printf("\n%-28s %12s %6s %6s %6s %6s %12s  %s\n", "Limit", "today", "1 s", "10 s", "60 s",
	       "99.9 %", "proposed", "the busiest");
	for (size_t i = 0; i < c->proposal.count; i++)
		print_row(c, &c->proposal.row[i]);
	printf("\nLimits are messages a second / at once. 1 s, 10 s, 60 s: messages a second of "
	       "the busiest in\nits busiest second, ten seconds, minute; 99.9 %%: of 1000 seconds "
	       "in which one sent any, 999 had\nno more. \"-\": today's limit leaves half as much "
	       "again.\n");
}

static void print_sent(const struct sender *sender)
{
	for (int method = 1; method < SG_METHOD__MAX; method++) {
		if (sender->sent[method])
			printf(" %s %llu", method_names[method], sender->sent[method]);
	}
	if (sender->sent[SG_METHOD_NONE])
		printf(" others %llu", sender->sent[SG_METHOD_NONE]);
}

static void print_excluded(const struct sender *sender, enum exclusion why)
{
	char who[PREFIX_TEXT];

	whom(&sender->key, who, sizeof(who));
	printf("  %-24s %10llu packets, %s", who, sender->packets, exclusion_texts[why]);
	if (why == EXCLUSION_FAULTY)
		printf(" (%s)", reason_texts[sender->faults.first].label);
	printf(":");
	print_sent(sender);
	printf("\n");
}

static void print_left_out(const struct calibration *c, struct sender **sorted)
{
	size_t count = 0;

	for (; *sorted; sorted++) {
		enum exclusion why = sender_exclusion(*sorted);

		if (!why || !(*sorted)->packets)
			continue;
		if (!count++)
			printf("\nNothing is proposed for these; --trust ADDRESS has one count:\n");
		if (count <= SHOWN_MOST)
			print_excluded(*sorted, why);
	}
	if (count > SHOWN_MOST)
		printf("  and %zu more, who sent less\n", count - SHOWN_MOST);
	if (c->senders.forgotten)
		printf("  and about %llu more, who sent %llu packets and were not remembered\n",
		       c->senders.forgotten, c->senders.forgotten_packets);
}

static void print_dropped(const struct calibration *c, struct sender **sorted, bool after)
{
	const struct sender_drops *all = after ? &c->after : &c->today;
	size_t count = 0;

	if (after && !c->tried) {
		printf("\nIt was not tried: what was seen is not kept, as a capture is.\n");
		return;
	}
	printf("\n%s", after ? "With the proposal " : "Today's limits would ");
	if (!all->packets) {
		printf("%s of what counts.\n",
		       after ? "nothing would be dropped" : "have dropped nothing");
		return;
	}
	printf("%s %llu %s of what counts%s:\n",
	       after ? "there would be dropped" : "have dropped", all->packets,
	       word_for(all->packets, "packet", "packets"),
	       after ? ", by limits that do not follow from this" : "");
	for (; *sorted; sorted++) {
		const struct sender_drops *drops = after ? &(*sorted)->proposed : &(*sorted)->today;
		char who[PREFIX_TEXT];

		if (!drops->packets || sender_exclusion(*sorted) || ++count > SHOWN_MOST)
			continue;
		whom(&(*sorted)->key, who, sizeof(who));
		printf("  %-24s %10llu of %llu, first by %s\n", who, drops->packets,
		       (*sorted)->packets, reason_texts[drops->first].label);
	}
	if (count > SHOWN_MOST)
		printf("  and of %zu more\n", count - SHOWN_MOST);
}

static void print_zones(const struct calibration *c, struct sender **sorted)
{
	if (c->proposal.zones)
		printf("\nThese need far more than the others, so they get limits of their own, in "
		       "a zone each. Who has\na zone is trusted not to guess passwords: look whom "
		       "you let in.\n");
	for (; *sorted; sorted++) {
		char who[PREFIX_TEXT];

		if (!(*sorted)->apart || sender_exclusion(*sorted))
			continue;
		whom(&(*sorted)->key, who, sizeof(who));
		printf("  %-24s zone %s, %s\n", who,
		       c->proposal.config->kernel.zone[(*sorted)->apart].name,
		       (*sorted)->registers ? "which has phones that register"
					     : "profile peer (may not register)");
	}
}

static void print_changes(const struct calibration *c)
{
	const struct proposal *proposal = &c->proposal;

	if (!proposal->changed && !proposal->zones) {
		printf("\nToday's limits are wide enough: nothing is proposed.\n");
		return;
	}
	printf("\nProposed%s; --write FILE writes the whole configuration with it, --apply puts it "
	       "in force:\n\n", c->policy->path[0] ? ", on top of what the file says" : "");
	printf("%s", proposal->changes.data);
	for (size_t i = 0; i < proposal->count; i++) {
		if (is_changed(&proposal->row[i]) && proposal->row[i].zone > proposal->zones) {
			printf("# and in zones of today what is proposed for them above\n");
			break;
		}
	}
}

void calibrate_print(const struct calibration *c)
{
	struct sender **sorted = senders_sort(&c->senders);
	char span[OUTPUT_TEXT];

	if (!sorted)
		return;
	output_seconds((c->recording.last - c->recording.first) / SG_NSEC_PER_SEC, span);
	escape_printf(stdout, "%llu %s in %s: %llu came in, %llu went out. What counts: %llu %s of "
		      "%llu %s; the limits are those of %s.\n", c->recording.packets,
		      word_for(c->recording.packets, "packet", "packets"), span, c->recording.in,
		      c->recording.out, c->packets, word_for(c->packets, "packet", "packets"),
		      c->counting, word_for(c->counting, "sender", "senders"),
		      policy_name(c->policy->path));
	print_dropped(c, sorted, false);
	print_rows(c);
	print_left_out(c, sorted);
	print_zones(c, sorted);
	print_changes(c);
	if (c->proposal.changed || c->proposal.zones)
		print_dropped(c, sorted, true);
	if (c->needs.lost)
		printf("\n%llu messages found no room, and are in none of this.\n", c->needs.lost);
	free(sorted);
}

/* --- JSON --- */

static json_t *who_json(const struct sg_flow_key *key)
{
	char text[PREFIX_TEXT];

	if (!key->family)
		return json_null();
	flow_format(key, text, sizeof(text));
	return json_string(text);
}

static json_t *row_json(const struct calibration *c, const struct proposal_row *row)
{
	const char *section = needs_section(row->scope, row->zone, row->limit);

	return json_pack("{s:s?, s:s, s:s, s:o, s:o, s:b, s:b, s:{s:I, s:f, s:f}, s:o, s:o}",
			 "zone", row->zone ? c->proposal.config->kernel.zone[row->zone].name : NULL,
			 "section", section, "key", needs_key(row->scope, row->zone, row->limit),
			 "today", output_limit(&row->today), "proposed", output_limit(&row->wanted),
			 "changed", is_changed(row), "enough", row->enough, "highest", "second",
			 (json_int_t)row->most[DEMAND_1S], "ten_seconds",
			 per_second(row, DEMAND_10S), "minute", per_second(row, DEMAND_60S),
			 "percentile_99_9",
			 row->usual ? json_integer(row->usual) : json_null(), "by",
			 who_json(&row->who));
}

static json_t *drops_json(const struct sender_drops *drops)
{
	return json_pack("{s:I, s:s?}", "packets", (json_int_t)drops->packets, "first_reason",
			 drops->packets ? reason_texts[drops->first].label : NULL);
}

static json_t *sender_json(const struct calibration *c, const struct sender *sender)
{
	enum exclusion why = sender_exclusion(sender);
	json_t *sent = json_object();

	for (int method = 0; method < SG_METHOD__MAX; method++) {
		if (sender->sent[method])
			json_object_set_new(sent, method_names[method],
					    json_integer(sender->sent[method]));
	}
	return json_pack("{s:o, s:I, s:s, s:s?, s:s?, s:o, s:o, s:o, s:o}", "source",
			 who_json(&sender->key), "packets", (json_int_t)sender->packets, "proof",
			 proof_names[sender->proof], "left_out",
			 why ? exclusion_labels[why] : NULL, "own_zone",
			 sender->apart && !why
				 ? c->proposal.config->kernel.zone[sender->apart].name : NULL,
			 "sent", sent, "faults", drops_json(&sender->faults), "dropped_today",
			 drops_json(&sender->today), "dropped_with_proposal",
			 drops_json(&sender->proposed));
}

json_t *calibrate_json(const struct calibration *c)
{
	struct sender **sorted = senders_sort(&c->senders);
	json_t *limits = json_array(), *senders = json_array();

	for (size_t i = 0; i < c->proposal.count; i++)
		json_array_append_new(limits, row_json(c, &c->proposal.row[i]));
	for (struct sender **s = sorted; s && *s; s++)
		json_array_append_new(senders, sender_json(c, *s));
	free(sorted);
	return json_pack("{s:o, s:I, s:I, s:I, s:f, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:I, s:I}",
			 "config",
			 c->policy->path[0] ? output_string(c->policy->path) : json_null(),
			 "packets", (json_int_t)c->recording.packets, "incoming",
			 (json_int_t)c->recording.in, "outgoing", (json_int_t)c->recording.out,
			 "seconds", (double)(c->recording.last - c->recording.first) /
			 SG_NSEC_PER_SEC, "counting_senders", (json_int_t)c->counting,
			 "counting_packets", (json_int_t)c->packets, "proposes",
			 c->proposal.changed || c->proposal.zones, "dropped_today",
			 drops_json(&c->today), "dropped_with_proposal",
			 c->tried ? drops_json(&c->after) : json_null(),
			 "limits", limits, "senders", senders, "forgotten_senders",
			 (json_int_t)c->senders.forgotten, "lost_messages",
			 (json_int_t)c->needs.lost);
}
