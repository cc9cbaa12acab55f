// SPDX-License-Identifier: GPL-2.0-only
#include "render/health.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/names.h"
#include "render/output.h"

static const char *const level_names[] = {
	[HEALTH_OK] = "OK",
	[HEALTH_WARNING] = "WARNING",
	[HEALTH_CRITICAL] = "CRITICAL",
	[HEALTH_UNKNOWN] = "UNKNOWN",
};

static void __attribute__((format(printf, 3, 4)))
add(struct health *health, enum health_level level, const char *format, ...)
{
	va_list args;

	if (health->level < level)
		health->level = level;
	if (health->problems == HEALTH_MOST) {
		health->unsaid++;
		return;
	}
	va_start(args, format);
	vsnprintf(health->problem[health->problems++], SNAPSHOT_NOTICE, format, args);
	va_end(args);
}

/* What comes in there is not judged, though somebody wanted it to be. */
static void add_unguarded(const struct interface *i, struct health *health)
{
	if (i->state == LINK_GONE)
		add(health, HEALTH_CRITICAL, "%s is gone, or was taken from the guard", i->name);
	else if (!interface_is_guarded(i))
		add(health, HEALTH_CRITICAL, "%s is not guarded any more, somebody detached the "
		    "program", i->name);
	else if (i->blind)
		add(health, HEALTH_CRITICAL, "the guard sees nothing of what %s receives",
		    i->name);
}

static void add_doubtful(const struct interface *i, struct health *health)
{
	if (!interface_is_guarded(i))
		return;
	if (i->replies == EGRESS_MISSING)
		add(health, HEALTH_WARNING, "what %s sends is not seen", i->name);
	else if (i->replies == EGRESS_OLDER)
		add(health, HEALTH_WARNING, "what %s sends may be seen by an older program",
		    i->name);
	if (i->twice[0])
		add(health, HEALTH_WARNING, "what %s receives is charged twice, since %s is "
		    "guarded, too", i->name, i->twice);
}

void health_read(const struct snapshot *s, struct health *health)
{
	*health = (struct health){};
	if (!s) {
		add(health, HEALTH_CRITICAL, "the guard is not attached");
		return;
	}
	if (s->number[NUMBER_TRIAL_DETACHES] && !s->number[NUMBER_TRIAL_SECONDS])
		add(health, HEALTH_CRITICAL, "everything passes");
	for (size_t i = 0; i < s->interfaces.count; i++)
		add_unguarded(&s->interfaces.interface[i], health);
	for (size_t i = 0; i < s->interfaces.count; i++)
		add_doubtful(&s->interfaces.interface[i], health);
	for (size_t i = 0; i < s->notices; i++)
		add(health, HEALTH_WARNING, "%s", s->notice[i]);
}

void health_unknown(const char *why, struct health *health)
{
	*health = (struct health){};
	add(health, HEALTH_UNKNOWN, "%s", why);
}

/* A bar would begin the performance data, and may stand in the name of an interface. */
static void print_problem(const char *text)
{
	char plain[SNAPSHOT_NOTICE];
	size_t i = 0;

	for (; i < sizeof(plain) - 1 && text[i]; i++)
		plain[i] = text[i] == '|' ? '/' : text[i];
	plain[i] = '\0';
	escape_printf(stdout, "%s", plain);
}

static size_t guarded(const struct snapshot *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->interfaces.count; i++)
		count += interface_is_guarded(&s->interfaces.interface[i]);
	return count;
}

/* 'label'=value[unit];[warning];[critical];[least];[most]. A c is a counter that only grows. */
static void print_performance(const struct snapshot *s)
{
	const __u64 *number = s->number;
	struct sg_tally sum = {};

	for (int class = 0; class < SG_CLASS__MAX; class++) {
		const struct sg_tally *tally = &s->counters.stats.class[class];

		sum.passed.packets += tally->passed.packets;
		sum.would_drop.packets += tally->would_drop.packets;
		sum.dropped.packets += tally->dropped.packets;
	}
	printf(" | guarded=%zu;;%zu:;0;%zu passed=%lluc;;;0 would_drop=%lluc;;;0 dropped=%lluc;;;0",
	       guarded(s), s->interfaces.count, s->interfaces.count, sum.passed.packets,
	       sum.would_drop.packets, sum.dropped.packets);
	printf(" bans=%llu;;;0 proven=%llu;;;0;%llu connections=%llu;;;0 greylist=%llu;;;0;1 "
	       "overload=%llu;;;0;%d memory=%lluB;;;0",
	       number[NUMBER_BANS_SOURCES] + number[NUMBER_BANS_FLOWS],
	       number[NUMBER_FLOWS_PROVEN], number[NUMBER_FLOWS_MOST],
	       number[NUMBER_CONNECTIONS_LIVE], number[NUMBER_GREYLIST_ARMED],
	       number[NUMBER_OVERLOAD_LEVEL], SG_OVERLOAD_MOST, number[NUMBER_MEMORY_BYTES]);
}

static void print_json(const struct health *health)
{
	json_t *problems = json_array();

	for (size_t i = 0; i < health->problems; i++)
		json_array_append_new(problems, output_string(health->problem[i]));
	output_json(json_pack("{s:s, s:i, s:o, s:I}", "state", level_names[health->level],
			      "exit_status", (int)health->level, "problems", problems, "unsaid",
			      (json_int_t)health->unsaid));
}

void health_print(const struct health *health, const struct snapshot *s, bool json)
{
	if (json) {
		print_json(health);
		return;
	}
	printf("SIPGUARD %s - ", level_names[health->level]);
	if (!health->problems && s)
		printf("%zu %s guarded, mode %s", s->interfaces.count,
		       s->interfaces.count == 1 ? "interface" : "interfaces", mode_names[s->mode]);
	for (size_t i = 0; i < health->problems; i++) {
		printf("%s", i ? "; " : "");
		print_problem(health->problem[i]);
	}
	if (health->unsaid)
		printf("; and %zu more", health->unsaid);
	if (s)
		print_performance(s);
	printf("\n");
}
