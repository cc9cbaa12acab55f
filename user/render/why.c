// SPDX-License-Identifier: GPL-2.0-only
#include "render/why.h"

#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/names.h"
#include "model/bans.h"
#include "model/listed.h"
#include "policy/policy.h"
#include "render/event.h"
#include "render/json.h"
#include "render/output.h"

#define ESTIMATE 16 /* packets; in a flood one is noted for as many, see lately.bpf.h */
#define LIFT 160

static __u64 seconds_ago(const struct answer *a, const struct sg_lately_reason *r)
{
	__u64 last = (__u64)r->last << SG_SINCE_SHIFT;

	return a->why.now > last ? (a->why.now - last) / SG_NSEC_PER_SEC : 0;
}

/* What is noted of it, and what is asked for what lifts that. */
struct noted {
	const struct sg_lately *lately;
	const struct sg_why *why;
	const char *whose;
};

#define NOTED 2

static void all_noted(const struct answer *a, struct noted noted[NOTED])
{
	noted[0] = (struct noted){&a->why.lately, &a->why, ""};
	noted[1] = (struct noted){&a->proven, &a->proven_why, " of proven flows"};
}

static bool is_seen(const struct sg_lately_reason *r)
{
	return r->packets && r->reason && r->reason < SG_REASON__MAX;
}

/* NULL: it is only counted, as a wrong password that the server gets to see. */
static const char *lift_of(const struct answer *a, const struct sg_why *why,
			   const struct sg_lately_reason *r, char text[LIFT])
{
	bool drops = r->outcome == SG_OUTCOME_DROPPED || r->outcome == SG_OUTCOME_WOULD_DROP;

	return drops ? why_lift(why, &a->config, r, text, LIFT) : NULL;
}

/* --- for people --- */

/* What is done about its ban, where its profile holds. */
static const char *remark(const struct answer *a, bool flow)
{
	return ban_remark(ban_mode(a->mode, &a->config.profile[a->why.profile % SG_PROFILES],
				   flow));
}

static void print_ban(FILE *to, const char *what, const struct sg_ban *ban, const struct answer *a)
{
	char time[OUTPUT_TEXT], cause[BAN_TEXT];

	if (ban->until)
		fprintf(to, "  %-14s banned (%s), %s left%s\n", what, ban_text(ban, cause),
			output_seconds(seconds_until(ban->until, a->why.now), time),
			remark(a, ban == &a->why.flow_ban));
}

static void print_limits(FILE *to, const struct answer *a)
{
	const struct sg_profile *profile = &a->config.profile[a->why.profile % SG_PROFILES];
	bool source = a->why.proof != SG_PROOF_REGISTER && a->why.proof != SG_PROOF_CALL;

	fprintf(to, "\nLimits: spent, of so many at once (a second)\n");
	for (int id = 0; id < SG_LIMIT__MAX; id++) {
		const struct sg_limit *flow = why_flow_limit(&a->why, &a->config, id);
		const struct sg_limit *all = &profile->limit[id];

		fprintf(to, "  %-14s", limit_keys[id]);
		if (source)
			fprintf(to, " source %4u of %u (%u)",
				why_spent(a->why.source_tat[id], a->why.now, all), all->burst,
				all->rate);
		if (a->why.flow.port)
			fprintf(to, "%s flow %4u of %u (%u)", source ? "," : "",
				why_spent(a->why.flow_tat[id], a->why.now, flow), flow->burst,
				flow->rate);
		fputc('\n', to);
	}
}

/* True if a setting lifts it. */
static bool print_reason(FILE *to, const struct answer *a, const struct noted *noted,
			 const struct sg_lately_reason *r)
{
	char time[OUTPUT_TEXT], lift[LIFT];

	fprintf(to, "  %-14s %s: %s%u packet%s%s, the last %s ago\n",
		reason_texts[r->reason].label, outcome_texts[r->outcome % SG_OUTCOME__MAX],
		r->packets < ESTIMATE ? "" : "about ", r->packets, r->packets == 1 ? "" : "s",
		noted->whose, output_seconds(seconds_ago(a, r), time));
	if (!lift_of(a, noted->why, r, lift)) {
		fprintf(to, "  %-14s only counted: it passes in enforce mode, too\n", "");
		return false;
	}
	escape_printf(to, "  %-14s lifted by %s\n", "", lift);
	return strncmp(lift, "`sipguard ", 10) != 0;
}

static void print_lately(FILE *to, const struct answer *a)
{
	bool any = false, setting = false;
	struct noted noted[NOTED];

	all_noted(a, noted);
	fprintf(to, "\nLately\n");
	for (int i = 0; i < NOTED * SG_LATELY_REASONS; i++) {
		const struct noted *of = &noted[i / SG_LATELY_REASONS];
		const struct sg_lately_reason *r = &of->lately->of[i % SG_LATELY_REASONS];

		if (!is_seen(r))
			continue;
		any = true;
		setting |= print_reason(to, a, of, r);
	}
	if (!any)
		fprintf(to, "  Nothing of it was dropped or watched that the guard remembers.\n");
	if (!setting)
		return;
	fputc('\n', to); /* which is escaped elsewhere than at the end */
	escape_printf(to, "The file is %s; `sipguard reload` puts it in force.\n",
		      a->path[0] ? a->path : POLICY_FILE ", if you make one");
}

static void print_flow_bans(FILE *to, const struct answer *a)
{
	char text[PREFIX_TEXT], time[OUTPUT_TEXT], cause[BAN_TEXT];

	for (size_t i = 0; i < a->bans.count; i++) {
		const struct ban *b = &a->bans.ban[i];

		flow_format(&b->key, text, sizeof(text));
		fprintf(to, "  %-14s %s %s, banned (%s), %s left%s\n", "its flow", text,
			flow_transport(&b->key), ban_text(&b->ban, cause),
			output_seconds(seconds_until(b->ban.until, a->why.now), time),
			remark(a, true));
	}
}

static void print_flows(FILE *to, const struct answer *a)
{
	char text[PREFIX_TEXT], time[OUTPUT_TEXT];

	for (size_t i = 0; i < a->flows.count; i++) {
		const struct proven *p = &a->flows.flow[i];

		flow_format(&p->key, text, sizeof(text));
		fprintf(to, "  %-14s %s %s, %s, %s left\n", "known flow", text,
			flow_transport(&p->key), proof_names[p->proven.proof % SG_PROOF__MAX],
			output_seconds(seconds_until(p->proven.until, a->why.now), time));
	}
}

static void print_list(FILE *to, const struct answer *a)
{
	char text[PREFIX_TEXT];

	fprintf(to, "  %-14s %s", "list", list_names[a->why.list & SG_LIST_OWN]);
	prefix_format(&a->listed, text, sizeof(text));
	if (a->why.list && a->why.list_length != SG_WHY_UNKNOWN)
		fprintf(to, ", by %s", text);
	if (a->list[0])
		escape_printf(to, " of the list %s%s%s", a->list, a->origin[0] ? ", from " : "",
			      a->origin);
	fputc('\n', to);
}

void why_text(const struct answer *a, FILE *to)
{
	const struct sg_why *w = &a->why;
	char text[PREFIX_TEXT];

	flow_format(&w->flow, text, sizeof(text));
	fprintf(to, "%s%s%s, the guard's mode is %s\n\n", text, w->flow.port ? " " : "",
		w->flow.port ? flow_transport(&w->flow) : "", mode_names[a->mode]);
	if (w->zone)
		escape_printf(to, "  %-14s %s\n", "zone", a->config.zone[w->zone].name);
	else
		fprintf(to, "  %-14s none: what is not proven shares the budget of strangers\n",
			"zone");
	print_list(to, a);
	print_ban(to, "source", &w->source_ban, a);
	print_ban(to, "flow", &w->flow_ban, a);
	print_flow_bans(to, a);
	print_flows(to, a);
	if (!a->flows.count)
		fprintf(to, "  %-14s nothing\n", w->flow.port ? "it has proven" : "has proven");
	print_limits(to, a);
	print_lately(to, a);
}

/* --- for programs --- */

static json_t *its_ban_json(const struct sg_ban *ban, __u64 now)
{
	return ban->until ? json_pack("{s:s, s:I, s:s}", "cause", ban_cause(ban), "seconds_left",
				      (json_int_t)seconds_until(ban->until, now), "by",
				      ban_maker(ban))
			  : json_null();
}

static json_t *spent_json(const struct sg_limit *limit, __u64 tat, __u64 now)
{
	json_t *json = output_limit(limit);

	json_object_set_new(json, "spent", json_integer(why_spent(tat, now, limit)));
	return json;
}

static json_t *limits_json(const struct answer *a, bool flow)
{
	const struct sg_profile *profile = &a->config.profile[a->why.profile % SG_PROFILES];
	json_t *json = json_object();

	for (int id = 0; id < SG_LIMIT__MAX; id++)
		json_object_set_new(json, limit_keys[id], flow
			? spent_json(why_flow_limit(&a->why, &a->config, id), a->why.flow_tat[id],
				     a->why.now)
			: spent_json(&profile->limit[id], a->why.source_tat[id], a->why.now));
	return json;
}

static json_t *lately_json(const struct answer *a)
{
	json_t *json = json_array();
	struct noted noted[NOTED];
	char lift[LIFT];

	all_noted(a, noted);
	for (int i = 0; i < NOTED * SG_LATELY_REASONS; i++) {
		const struct noted *of = &noted[i / SG_LATELY_REASONS];
		const struct sg_lately_reason *r = &of->lately->of[i % SG_LATELY_REASONS];

		if (is_seen(r))
			json_array_append_new(json, json_pack("{s:s, s:s, s:I, s:I, s:s?}",
				"reason", reason_texts[r->reason].label, "outcome",
				outcome_texts[r->outcome % SG_OUTCOME__MAX], "packets",
				(json_int_t)r->packets, "seconds_ago",
				(json_int_t)seconds_ago(a, r), "lift",
				lift_of(a, of->why, r, lift)));
	}
	return json;
}

static json_t *flows_json(const struct answer *a)
{
	json_t *json = json_array();
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < a->flows.count; i++) {
		const struct proven *p = &a->flows.flow[i];

		flow_format(&p->key, text, sizeof(text));
		json_array_append_new(json, json_pack("{s:s, s:s, s:s, s:I}", "source", text,
			"transport", flow_transport(&p->key), "proof",
			proof_names[p->proven.proof % SG_PROOF__MAX], "seconds_left",
			(json_int_t)seconds_until(p->proven.until, a->why.now)));
	}
	return json;
}

json_t *why_json(const struct answer *a)
{
	const struct sg_why *w = &a->why;
	char text[PREFIX_TEXT], prefix[PREFIX_TEXT];
	json_t *json;

	flow_format(&w->flow, text, sizeof(text));
	prefix_format(&a->listed, prefix, sizeof(prefix));
	json = json_pack("{s:s, s:s?, s:s, s:o}", "of", text, "transport",
			 w->flow.port ? flow_transport(&w->flow) : NULL, "mode",
			 mode_names[a->mode], "zone",
			 w->zone ? output_string(a->config.zone[w->zone].name) : json_null());
	json_object_set_new(json, "list", w->list
		? json_pack("{s:s, s:s?, s:o, s:o}", "list", list_names[w->list & SG_LIST_OWN],
			    "prefix", w->list_length == SG_WHY_UNKNOWN ? NULL : prefix, "name",
			    a->list[0] ? output_string(a->list) : json_null(), "from",
			    a->origin[0] ? output_string(a->origin) : json_null())
		: json_null());
	json_object_set_new(json, "source_ban", its_ban_json(&w->source_ban, w->now));
	json_object_set_new(json, "flow_ban", its_ban_json(&w->flow_ban, w->now));
	json_object_set_new(json, "flow_bans", bans_json(&a->bans, a->why.now));
	json_object_set_new(json, "flows", flows_json(a));
	json_object_set_new(json, "source_limits", limits_json(a, false));
	json_object_set_new(json, "flow_limits", w->flow.port ? limits_json(a, true) : json_null());
	json_object_set_new(json, "lately", lately_json(a));
	return json;
}
