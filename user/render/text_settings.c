// SPDX-License-Identifier: GPL-2.0-only
#include "render/text.h"

#include <stdio.h>

#include "base/names.h"

static void print_ports(const struct sg_config *config, const char *transport, __u8 role)
{
	bool any = false;

	printf("  %-16s", transport);
	for (int port = 0; port < SG_PORTS; port++) {
		if (!(config->port[port] & role))
			continue;
		any = true;
		printf(" %d", port);
	}
	printf("%s\n", any ? "" : " none");
}

static void print_reasons(const struct sg_config *config)
{
	bool any = false;

	for (int reason = 1; reason < SG_REASON__MAX; reason++) {
		const struct reason_text *text = &reason_texts[reason];
		enum sg_mode mode = sg_profile_of(config, 0)->mode[reason] % SG_MODE__MAX;

		if (mode == text->mode)
			continue;
		if (!any)
			printf("\nReasons not in their default mode\n");
		any = true;
		printf("  %-22s %s (default %s)\n", text->label, mode_names[mode],
		       mode_names[text->mode]);
	}
}

static void print_limit(const struct sg_limit *limit)
{
	char text[32];

	snprintf(text, sizeof(text), "%u / %u", limit->rate, limit->burst);
	printf(" %17s", text);
}

static const char *zone_name(const struct sg_zone *zone, __u32 number)
{
	return number ? zone->name : "(on no list)";
}

/* A kind of message a line; `third` is NULL for what has two columns. */
static void print_kinds(const struct sg_limit *source, const struct sg_limit *flow,
			const struct sg_limit *proven)
{
	for (int id = 0; id < SG_LIMIT__MAX; id++) {
		printf("  %-22s", limit_keys[id]);
		print_limit(&source[id]);
		print_limit(&flow[id]);
		if (proven)
			print_limit(&proven[id]);
		putchar('\n');
	}
}

/* Of sources on no list, and beside that of all that is proven. */
static void print_zone_0(const struct sg_config *config)
{
	const struct sg_profile *profile = sg_profile_of(config, 0);

	printf("  %-22.22s %17s %17s %17s\n", zone_name(&config->zone[0], 0), "each source",
	       "each flow", "each proven flow");
	print_kinds(profile->limit, profile->flow, config->proven);
}

static void print_zone(const struct sg_config *config, __u32 number)
{
	const struct sg_profile *profile = sg_profile_of(config, number);
	const struct sg_zone *zone = &config->zone[number];

	printf("\n  %-22.22s %17s %17s\n", zone_name(zone, number), "each source", "each flow");
	print_kinds(profile->limit, profile->flow, NULL);
	printf("  %-22s", "total");
	print_limit(&config->total[sg_zone_total(number)]);
	printf("  of all its sources together\n");
}

static void print_limits(const struct sg_config *config)
{
	printf("\nLimits, messages per second / at once\n");
	print_zone_0(config);
	for (__u32 zone = 1; zone <= config->zones && zone < SG_ZONES; zone++)
		print_zone(config, zone);
	printf("\nOther limits, messages or fragments per second / at once\n");
	for (int id = 0; id < SG_TOTAL__MAX; id++) {
		printf("  %-22s", total_keys[id]);
		print_limit(&config->total[id]);
		putchar('\n');
	}
}

static void print_connections(const struct sg_config *config)
{
	printf("\nConnections of a source: new per second / at once, live, unread segments per "
	       "second / at once; reported if silent for %u s\n", config->first_data);
	for (__u32 zone = 0; zone <= config->zones && zone < SG_ZONES; zone++) {
		const struct sg_profile *p = sg_profile_of(config, zone);

		printf("  %-22s", zone_name(&config->zone[zone], zone));
		print_limit(&p->connect);
		printf(" %17u ", p->live);
		print_limit(&p->segment);
		putchar('\n');
	}
}

static void print_proven(const struct sg_config *config)
{
	printf("\nProven, greylist\n");
	printf("  %-22s %u s for a completed call\n", "proven: call", config->proven_call);
	printf("  %-22s %s\n", "proven: unchallenged",
	       config->proven_unchallenged
		       ? "yes: a REGISTER proves without a challenge, too"
		       : "no: a REGISTER proves only in answer to a challenge");
	printf("  %-22s %u s after the flood\n", "greylist: hold", config->greylist_hold);
}

static void print_ban_rules(const struct sg_config *config)
{
	printf("\nBanned by itself %20s %11s %11s\n", "times", "within s", "for s");
	for (int id = 0; id < SG_OFFENCE__MAX; id++) {
		const struct sg_ban_rule *rule = &config->ban[id];

		printf("  %-22s %11u %11u ", offence_keys[id], rule->threshold, rule->window);
		if (rule->seconds)
			printf("%11u\n", rule->seconds);
		else
			printf("%11s\n", "only limited");
	}
}

static void print_caps(const struct sg_config *config)
{
	const __u32 *cap = sg_profile_of(config, 0)->caps.of;

	printf("\nLimits of a message, in bytes; fields and folds in lines\n");
	for (int id = 0; id < SIP_CAP__MAX; id++)
		printf("  %-22s %17u\n", cap_keys[id], cap[id]);
}

void settings_text(const struct sg_config *config)
{
	printf("\nGuarded ports\n");
	print_ports(config, "udp", SG_PORT_UDP);
	print_ports(config, "tcp", SG_PORT_TCP);
	print_ports(config, "tls", SG_PORT_TLS);
	print_reasons(config);
	print_limits(config);
	print_connections(config);
	print_proven(config);
	print_ban_rules(config);
	print_caps(config);
}
