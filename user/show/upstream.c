// SPDX-License-Identifier: GPL-2.0-only
/* upstream: has a BGP speaker announce what relieves a full link. */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "announce/speaker.h"
#include "base/escape.h"
#include "base/notice.h"
#include "cmd/command.h"
#include "guard/preflight.h"
#include "guard/session.h"
#include "render/event.h"
#include "render/journal.h"
#include "render/output.h"
#include "upstream/run.h"

#define CAUSE 256
#define MESSAGE (RULE_TEXT + CAUSE + 64)

static const char *const whys[WHY__MAX] = {
	[WHY_FULL] = "full",
	[WHY_OVER] = "over",
	[WHY_LONGEST] = "longest",
	[WHY_END] = "end",
	[WHY_LEFT] = "left",
};

static const char *const withdrawn_since[WHY__MAX] = {
	[WHY_OVER] = "nothing of it was seen for its time",
	[WHY_LONGEST] = "no rule stays longer",
	[WHY_END] = "this command ends",
	[WHY_LEFT] = "it was left by one that was killed",
};

/* "19.8 of 20.0 Mbit/s" */
static void rate_text(const struct upstream_event *e, char *text, size_t size)
{
	if (e->speed)
		snprintf(text, size, "%.1f of %.1f Mbit/s", e->bits / 1e6, e->speed / 1e6);
	else
		snprintf(text, size, "%.1f Mbit/s", e->bits / 1e6);
}

static char *cause_text(const struct upstream_event *e, char text[CAUSE])
{
	char rate[64], spared[96] = "";

	if (!e->step->announce && e->step->why == WHY_LEFT) {
		snprintf(text, CAUSE, "%s", withdrawn_since[WHY_LEFT]);
		return text;
	}
	rate_text(e, rate, sizeof(rate));
	if (e->spared || e->unspared)
		snprintf(spared, sizeof(spared), "; customers let through: %zu, without room: %zu",
			 e->spared, e->unspared);
	if (e->step->announce)
		snprintf(text, CAUSE, "for %llu s: %s has %s, %llu packets/s, %u %% lost; %u %% of "
			 "it is refused, %u %% of that at this port is of it%s", e->step->seconds,
			 e->interface, rate, e->packets, e->lost, e->refused, e->share, spared);
	else
		snprintf(text, CAUSE, "after %llu s: %s; %s has %s", e->step->seconds,
			 withdrawn_since[e->step->why], e->interface, rate);
	return text;
}

static const char *what_of(const struct upstream_event *e)
{
	if (e->dry_run)
		return e->step->announce ? "would announce" : "would withdraw";
	return e->step->announce ? "announced" : "withdrawn";
}

static json_t *event_to_json(const struct upstream_event *e, const char *when)
{
	const struct rule *rule = &e->step->rule;
	bool flow = rule->action != RULE_BLACKHOLE;
	char to[PREFIX_TEXT], from[PREFIX_TEXT] = "";
	json_t *json;

	prefix_format(&rule->destination, to, sizeof(to));
	if (rule->source.family)
		prefix_format(&rule->source, from, sizeof(from));
	json = json_pack("{s:s, s:s, s:b, s:s, s:s, s:s?, s:s?}", "time", when, "event",
			 e->step->announce ? "announced" : "withdrawn", "dry_run", e->dry_run,
			 "why", whys[e->step->why], "destination", to, "source",
			 from[0] ? from : NULL, "transport",
			 !flow ? NULL : rule->transport == IPPROTO_TCP ? "tcp" : "udp");
	json_object_set_new(json, "port", flow ? json_integer(rule->port) : json_null());
	json_object_set_new(json, "action", json_string(rule_actions[rule->action]));
	json_object_set_new(json, "rate", rule->action == RULE_LIMIT ? json_integer(rule->rate)
								      : json_null());
	json_object_set_new(json, "seconds", json_integer(e->step->seconds));
	json_object_set_new(json, "interface", output_string(e->interface));
	json_object_set_new(json, "bits_per_second", json_integer(e->bits));
	json_object_set_new(json, "packets_per_second", json_integer(e->packets));
	json_object_set_new(json, "lost_percent", json_integer(e->lost));
	json_object_set_new(json, "refused_percent", json_integer(e->refused));
	json_object_set_new(json, "share_percent", json_integer(e->share));
	json_object_set_new(json, "let_through", json_integer(e->spared));
	json_object_set_new(json, "no_room_for", json_integer(e->unspared));
	return json;
}

static void note(const struct upstream_event *e, const char *message)
{
	char what[64], why[32], rule[RULE_TEXT + 32], dry[32], line[RULE_TEXT];
	const char *const fields[] = {what, why, rule, dry, NULL};

	snprintf(what, sizeof(what), "SIPGUARD_WHAT=%s",
		 e->step->announce ? "announced" : "withdrawn");
	snprintf(why, sizeof(why), "SIPGUARD_WHY=%s", whys[e->step->why]);
	snprintf(rule, sizeof(rule), "SIPGUARD_RULE=%s", rule_line(&e->step->rule, line));
	snprintf(dry, sizeof(dry), "SIPGUARD_DRY_RUN=%d", e->dry_run);
	journal_note("upstream", message, fields);
}

/* Who has stopped his terminal, or a pager, must not keep rules where they are. */
static bool is_read(void)
{
	struct pollfd at = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&at, 1, 0) > 0;
}

static void tell(void *context, const struct upstream_event *e)
{
	const struct options *options = context;
	char when[EVENT_TIME], rule[RULE_TEXT], cause[CAUSE], message[MESSAGE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	event_format_time(&now, when);
	snprintf(message, sizeof(message), "%-14s %s, %s", what_of(e),
		 rule_text(&e->step->rule, rule), cause_text(e, cause));
	if (options->journal)
		note(e, message);
	if (!is_read())
		return;
	if (options->json)
		output_json_line(event_to_json(e, when));
	else
		escape_printf(stdout, "%s %s\n", when, message);
	/* That nobody reads it is no reason to leave a rule where it is. */
	fflush(stdout);
}

/* What keeps it from being told, and a guard that is not there, are no mistakes of the file. */
static void say_missing(const struct upstream *u)
{
	struct error error = {};
	struct session session;

	if (speaker_look(u, &error))
		notice("%s", error.text);
	error = (struct error){};
	if (session_begin(&session, ACCESS_READ, &error))
		notice("%s", error.text);
	else
		session_end(&session);
}

static enum exit_code say_settings(const struct upstream *u, bool json)
{
	bool exabgp = u->speaker == SPEAKER_EXABGP;

	if (json) {
		output_json(json_pack("{s:o, s:I, s:i, s:i, s:i, s:s, s:o, s:I, s:I, s:I, s:i, s:b,"
				      " s:b}", "interface", output_string(u->interface), "speed",
				      (json_int_t)u->speed, "threshold", (int)u->threshold,
				      "packets", (int)u->packets, "addresses",
				      (int)u->address_count, "speaker", exabgp ? "exabgp" : "gobgp",
				      "to", output_string(exabgp ? u->pipe : u->api), "rate",
				      (json_int_t)u->rate, "hold", (json_int_t)u->hold, "longest",
				      (json_int_t)u->longest, "most", (int)u->most, "rtbh",
				      u->rtbh, "dry_run", u->dry_run));
		return output_end();
	}
	if (u->speed)
		escape_printf(stdout, "%s is full at %u %% of %.1f Mbit/s", u->interface,
			      u->threshold, u->speed / 1e6);
	if (u->packets)
		escape_printf(stdout, "%s %s at %u packets/s", u->speed ? ", or" : u->interface,
			      u->speed ? "" : "is full", u->packets);
	escape_printf(stdout, ", for %u s. Then %s (%s) is told of up to %u rules for %zu "
		      "address%s, each for %llu s, at most %llu s; a rate is %u bytes/s.%s%s\n",
		      u->full_for, exabgp ? "ExaBGP" : "GoBGP", exabgp ? u->pipe : u->api, u->most,
		      u->address_count, u->address_count == 1 ? "" : "es", u->hold, u->longest,
		      u->rate,
		      u->rtbh ? " An address may go dark." : "",
		      u->dry_run ? " This is a dry run: nothing is announced." : "");
	return output_end();
}

enum exit_code cmd_upstream(const struct options *options)
{
	const char *path = options->config ? options->config : UPSTREAM_FILE;
	struct error error = {};
	static struct upstream settings;

	if (options->count && strcmp(options->arguments[0], "check"))
		return usage("'upstream' does not know what to do with '%s'.",
			     options->arguments[0]);
	if (upstream_read(path, &settings, &error) || upstream_settle(&settings, &error))
		return failed(&error);
	if (options->count) {
		say_missing(&settings);
		return say_settings(&settings, options->json);
	}
	if (preflight_capabilities(&error))
		return failed(&error);
	if (options->journal && !journal_is_there())
		notice("there is no journal of systemd here: events are lost until there is one.");
	return upstream_run(&settings, tell, (void *)options, &error) ? failed(&error) : DONE;
}
