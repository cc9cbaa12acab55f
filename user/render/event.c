// SPDX-License-Identifier: GPL-2.0-only
#include "render/event.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/names.h"
#include "render/output.h"

const char *const outcome_texts[SG_OUTCOME__MAX] = {
	[SG_OUTCOME_PASSED] = "passed",
	[SG_OUTCOME_WOULD_DROP] = "would drop",
	[SG_OUTCOME_DROPPED] = "dropped",
	[SG_OUTCOME_WATCHED] = "watched",
};

struct timespec event_time(const struct sg_event *event)
{
	struct timespec real, monotonic, time;
	long long ns;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	ns = (real.tv_sec - monotonic.tv_sec) * 1000000000LL + real.tv_nsec - monotonic.tv_nsec +
	     (long long)event->time;
	time.tv_sec = ns / 1000000000;
	time.tv_nsec = ns % 1000000000;
	return time;
}

char *event_format_time(const struct timespec *time, char *text)
{
	struct tm tm;
	size_t length;

	gmtime_r(&time->tv_sec, &tm);
	length = strftime(text, EVENT_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + length, EVENT_TIME - length, ".%06ldZ", time->tv_nsec / 1000);
	return text;
}

static const char *reason_of(const struct sg_event *e)
{
	return e->reason < SG_REASON__MAX ? reason_texts[e->reason].label : "unknown";
}

const char *event_outcome(const struct sg_event *e)
{
	return e->kind == SG_EVENT_BAN ? "banned" : outcome_texts[e->outcome % SG_OUTCOME__MAX];
}

char *event_summary(const struct sg_event *e, char *text)
{
	snprintf(text, EVENT_SUMMARY, "%s: %s", event_outcome(e), reason_of(e));
	return text;
}

/* "192.0.2.1:5060", or without a port where it has none. */
void event_source(const struct sg_event *e, char *text)
{
	struct sg_flow_key key = {.port = e->port, .transport = e->transport, .family = e->family};
	struct prefix address = {.family = e->family == 4 ? AF_INET : AF_INET6};

	memcpy(key.address, e->address, sizeof(key.address));
	if (e->port) {
		flow_format(&key, text, PREFIX_TEXT);
		return;
	}
	address.length = e->family == 4 ? 32 : 128;
	memcpy(address.address, e->family == 4 ? &e->address[3] : &e->address[0],
	       address.length / 8);
	prefix_format(&address, text, PREFIX_TEXT);
}

const char *event_transport(const struct sg_event *e)
{
	return e->transport == IPPROTO_TCP ? "tcp" : e->transport == IPPROTO_UDP ? "udp" : "";
}

char *event_line(const struct follow *follow, const struct sg_event *e, char *text)
{
	char source[PREFIX_TEXT], zone[SG_ZONE_NAME], name[IF_NAMESIZE] = "", more[48] = "";
	const char *kind = "";

	event_source(e, source);
	follow_zone(follow, e, zone);
	if (e->interface)
		if_indextoname(e->interface, name);
	if (e->more)
		snprintf(more, sizeof(more), ", %u more like it before", e->more);
	if (e->kind == SG_EVENT_PACKET && e->class < SG_CLASS__MAX && e->method < SG_METHOD__MAX)
		kind = e->method ? method_names[e->method] : class_names[e->class];
	snprintf(text, EVENT_LINE, "%-10s %-20s %s%s %s%s%s%s%s%s%s%s", event_outcome(e),
		 reason_of(e), e->leaves ? "to " : "", source, event_transport(e),
		 *kind ? " " : "", kind, *zone ? " zone " : "", zone, *name ? " " : "", name, more);
	return text;
}

void event_text(const struct follow *follow, const struct sg_event *e)
{
	char when[EVENT_TIME], line[EVENT_LINE];
	struct timespec time = event_time(e);

	escape_printf(stdout, "%s %s\n", event_format_time(&time, when),
		      event_line(follow, e, line));
}

json_t *event_json(const struct follow *follow, const struct sg_event *e)
{
	char when[EVENT_TIME], source[PREFIX_TEXT], zone[SG_ZONE_NAME], name[IF_NAMESIZE] = "";
	struct timespec time = event_time(e);
	json_t *json;

	event_source(e, source);
	follow_zone(follow, e, zone);
	if (e->interface)
		if_indextoname(e->interface, name);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?}", "time", event_format_time(&time, when),
			 "event", e->kind == SG_EVENT_BAN ? "ban" : "packet", "outcome",
			 event_outcome(e), "reason", reason_of(e), "source", source, "transport",
			 e->transport ? event_transport(e) : NULL);
	json_object_set_new(json, "direction", json_string(e->leaves ? "out" : "in"));
	json_object_set_new(json, "class", e->class < SG_CLASS__MAX
					   ? json_string(class_names[e->class]) : json_null());
	json_object_set_new(json, "method", e->method && e->method < SG_METHOD__MAX
					    ? json_string(method_names[e->method]) : json_null());
	json_object_set_new(json, "zone", zone[0] ? output_string(zone) : json_null());
	json_object_set_new(json, "interface", name[0] ? output_string(name) : json_null());
	json_object_set_new(json, "bytes", json_integer(e->frame));
	json_object_set_new(json, "more", json_integer(e->more));
	return json;
}

static char *time_now(char *text)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return event_format_time(&now, text);
}

char *change_line(const struct change *change, char *text)
{
	snprintf(text, EVENT_LINE, "%-10s %s: %s%s%s%s", "changed", change->what,
		 change->is[0] ? change->is : "gone", change->was[0] ? " (was: " : "",
		 change->was, change->was[0] ? ")" : "");
	return text;
}

void change_text(const struct change *change)
{
	char when[EVENT_TIME], line[EVENT_LINE];

	escape_printf(stdout, "%s %s\n", time_now(when), change_line(change, line));
}

json_t *change_json(const struct change *change)
{
	char when[EVENT_TIME];

	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "time", time_now(when), "event", "change",
			 "what", output_string(change->what), "was",
			 change->was[0] ? output_string(change->was) : json_null(), "is",
			 change->is[0] ? output_string(change->is) : json_null());
}
