// SPDX-License-Identifier: GPL-2.0-only
#include "announce/rule.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

const char *const rule_actions[RULE__MAX] = {
	[RULE_LIMIT] = "limit",
	[RULE_DISCARD] = "discard",
	[RULE_ACCEPT] = "accept",
	[RULE_BLACKHOLE] = "blackhole",
};

static const char *transport_of(const struct rule *rule)
{
	return rule->transport == IPPROTO_TCP ? "tcp" : "udp";
}

char *rule_text(const struct rule *rule, char text[RULE_TEXT])
{
	char to[PREFIX_TEXT], from[PREFIX_TEXT] = "all senders", what[64] = "dropped";
	bool ip6 = rule->destination.family == AF_INET6;

	prefix_format(&rule->destination, to, sizeof(to));
	if (rule->action == RULE_BLACKHOLE) {
		snprintf(text, RULE_TEXT, "everything to %s, dropped", to);
		return text;
	}
	if (rule->source.family)
		prefix_format(&rule->source, from, sizeof(from));
	if (rule->action == RULE_LIMIT)
		snprintf(what, sizeof(what), "at most %u bytes/s", rule->rate);
	else if (rule->action == RULE_ACCEPT)
		snprintf(what, sizeof(what), "let through");
	snprintf(text, RULE_TEXT, "%s from %s to %s%s%s:%u, %s", transport_of(rule), from,
		 ip6 ? "[" : "", to, ip6 ? "]" : "", rule->port, what);
	return text;
}

char *rule_line(const struct rule *rule, char text[RULE_TEXT])
{
	char to[PREFIX_TEXT], from[PREFIX_TEXT] = "any";

	prefix_format(&rule->destination, to, sizeof(to));
	if (rule->source.family)
		prefix_format(&rule->source, from, sizeof(from));
	snprintf(text, RULE_TEXT, "%s %s %s %u %s %u", to, from, transport_of(rule), rule->port,
		 rule_actions[rule->action], rule->rate);
	return text;
}

/* What is told to a speaker has one address of ours, and a source of the same family. */
static bool can_be(const struct rule *r)
{
	return r->action != RULE__MAX &&
	       r->destination.length == (r->destination.family == AF_INET ? 32 : 128) &&
	       (!r->source.family || r->source.family == r->destination.family);
}

int rule_parse(const char *line, struct rule *rule)
{
	char to[PREFIX_TEXT], from[PREFIX_TEXT], transport[8], action[16];
	struct rule r = {.action = RULE__MAX};
	unsigned int port, rate;

	if (sscanf(line, "%63s %63s %7s %u %15s %u", to, from, transport, &port, action,
		   &rate) != 6 || prefix_parse(to, &r.destination, NULL) || port > 65535)
		return -EINVAL;
	if (strcmp(from, "any") && prefix_parse(from, &r.source, NULL))
		return -EINVAL;
	for (int i = 0; i < RULE__MAX; i++) {
		if (!strcmp(action, rule_actions[i]))
			r.action = i;
	}
	r.transport = strcmp(transport, "tcp") ? IPPROTO_UDP : IPPROTO_TCP;
	if (r.action == RULE_BLACKHOLE)
		r.transport = 0;
	r.port = port;
	r.rate = rate;
	*rule = r;
	return can_be(&r) ? 0 : -EINVAL;
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family &&
	       (!a->family || (a->length == b->length && prefix_contains(a, b)));
}

bool rule_matches_same(const struct rule *a, const struct rule *b)
{
	return (a->action == RULE_BLACKHOLE) == (b->action == RULE_BLACKHOLE) &&
	       same_prefix(&a->destination, &b->destination) &&
	       same_prefix(&a->source, &b->source) && a->transport == b->transport &&
	       a->port == b->port;
}

bool rule_equals(const struct rule *a, const struct rule *b)
{
	return rule_matches_same(a, b) && a->action == b->action && a->rate == b->rate;
}

bool rule_covers(const struct rule *rule, const struct rule *flow)
{
	if (!same_prefix(&rule->destination, &flow->destination))
		return false;
	if (rule->action == RULE_BLACKHOLE)
		return true;
	return rule->transport == flow->transport && rule->port == flow->port &&
	       (!rule->source.family || prefix_contains(&rule->source, &flow->source));
}
