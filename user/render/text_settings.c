// SPDX-License-Identifier: GPL-2.0-only
#include "render/text.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/names.h"
#include "policy/setting.h"

#define DOMAINS_TOLD 8 /* on a line of text; JSON has all */
#define CALLEES_TOLD 4 /* the same */

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
	if (!zone->known)
		return;
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

/* The keys of tables that are printed by themselves. */
static bool has_table(const struct setting *s)
{
	static const char *const tables[] = {
		"limits", "flow-limits", "proven-limits", "total", "totals", "bans",
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		if (setting_below(s, tables[i]))
			return true;
	}
	return false;
}

/* Modes and what validation goes by have tables for zone 0; of a zone is told what differs. */
static bool is_told(const struct setting *s, const struct sg_config *config, __u32 zone)
{
	if (!s->width || s->type == SETTING_RATE || s->type == SETTING_NOT || has_table(s))
		return false;
	return (!setting_below(s, "modes") && !setting_below(s, "validation")) ||
	       (zone && setting_get(s, config, zone) != setting_get(s, config, 0));
}

/* A rate is told with its burst, whose row comes next; a set by its first row. */
static void print_setting(const struct setting *s, const struct sg_config *config, __u32 zone)
{
	__u32 value = setting_get(s, config, zone);
	int key = strlen(s->key);
	char text[SETTING_SET_TEXT];

	if (s->type == SETTING_BURST) {
		snprintf(text, sizeof(text), "%u / %u", setting_get(s - 1, config, zone), value);
		key -= strlen("/burst");
	} else if (s->type == SETTING_ONLY) {
		setting_set_text(s, value, text);
		key -= strlen("/only");
	} else if (s->words) {
		snprintf(text, sizeof(text), "%s", setting_word(s, value));
	} else {
		snprintf(text, sizeof(text), "%u", value);
	}
	printf("  %-22.*s %17s  %s\n", key, s->key, text, s->help ? s->help : "");
}

/* The settings that stand alone (include/settings.h). */
static void print_others(const struct sg_config *config, enum setting_scope scope, __u32 zone)
{
	for (size_t i = 0; i < settings_count; i++) {
		if (settings[i].scope == scope && is_told(&settings[i], config, zone))
			print_setting(&settings[i], config, zone);
	}
}

/* Where a zone is, if not everywhere. */
static void print_places(const struct sg_config *config, const struct sg_zone *zone)
{
	if (zone->interfaces)
		printf("  %-22s", "interfaces");
	for (__u32 i = 1; i < SG_ZONE_INTERFACES; i++)
		if (zone->interfaces >> i & 1)
			escape_printf(stdout, " %s", config->places.interface[i]);
	if (zone->vlans)
		printf("%s  %-22s", zone->interfaces ? "\n" : "", "vlans");
	for (__u32 i = 1; i < SG_ZONE_VLANS; i++)
		if (zone->vlans >> i & 1)
			printf(" %u", config->places.vlan[i]);
	if (zone->interfaces || zone->vlans)
		putchar('\n');
}

/* The domains that it is asked for, the first ones by name. */
static void print_domains(const struct served_list *served, __u32 list)
{
	size_t count = 0;

	printf("  %-22s ", "domains");
	for (size_t i = 0; i < served->count; i++) {
		if (served->served[i].list != list || count++ >= DOMAINS_TOLD)
			continue;
		printf("%s%s", count > 1 ? ", " : "", served->served[i].domain.text);
	}
	if (count > DOMAINS_TOLD)
		printf(" and %zu more", count - DOMAINS_TOLD);
	printf("%s\n", count ? "" : "              all");
}

/* How many have a limit of their own, and the first ones by name. */
static void print_callees(const struct served_list *served)
{
	printf("  %-22s %17zu  users with a limit of their own", "callees", served->callee_count);
	for (size_t i = 0; i < served->callee_count && i < CALLEES_TOLD; i++) {
		const struct sg_own_callee *callee = &served->callees[i];

		printf("%s %s ", i ? "," : ":", callee->text);
		if (callee->limit.interval)
			printf("%u / %u in %u s", callee->limit.rate, callee->limit.burst,
			       callee->window);
		else
			printf("unlimited");
	}
	printf("%s\n", served->callee_count > CALLEES_TOLD ? ", ..." : "");
}

/* Prefixes of numbers, or exit codes, the first ones by name. */
static void print_dialled(const char *key, const struct sg_dialled *dialled, __u32 count)
{
	char text[DIALLED_TEXT];

	printf("  %-22s ", key);
	for (__u32 i = 0; i < count && i < DOMAINS_TOLD; i++)
		printf("%s%s", i ? ", " : "", dialled_text(&dialled[i], text));
	if (count > DOMAINS_TOLD)
		printf(" and %u more", count - DOMAINS_TOLD);
	printf("%s\n", count ? "" : "             none");
}

/* Header fields that are masked, beside those that always are. */
static void print_fields(const struct sg_topology_names *names)
{
	printf("  %-22s ", "topology-fields");
	for (__u32 i = 0; i < names->count && i < SG_TOPOLOGY_FIELDS; i++)
		printf("%s%s", i ? ", " : "", names->listed[i]);
	printf("%s\n", names->count ? "" : "             none");
}

static void print_alone(const struct sg_config *config, const struct served_list *served)
{
	printf("\nOther settings\n");
	print_others(config, SCOPE_GUARD, 0);
	print_callees(served);
	print_dialled("dialled-prefixes", config->dialled, config->dialled_count);
	print_dialled("exit-codes", config->exit, config->exit_count);
	print_fields(&config->names);
	for (__u32 zone = 0; zone <= config->zones && zone < SG_ZONES; zone++) {
		printf("\nOther settings, %s\n", zone_name(&config->zone[zone], zone));
		print_places(config, &config->zone[zone]);
		print_others(config, SCOPE_PROFILE, zone);
		print_domains(served, sg_profile_of(config, zone)->domains);
	}
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

	printf("\nLimits of a message, in bytes; fields and folds in lines, max-forwards in "
	       "hops\n");
	for (int id = 0; id < SIP_CAP__MAX; id++)
		printf("  %-22s %17u\n", cap_keys[id], cap[id]);
}

/* "per_second" of JSON, for people. */
static const char *unit_text(const char *unit)
{
	return strcmp(unit, "per_second") ? unit : "per second";
}

static void print_fixed(void)
{
	printf("\nFixed, not configurable\n");
#define X(name, key, value, unit, help)                                                           \
	printf("  %-22s %17d  %s: %s\n", key, SG_FIXED_##name, unit_text(unit), help);
	SG_FIXED(X)
#undef X
}

void settings_text(const struct sg_config *config, const struct served_list *served)
{
	printf("\nGuarded ports\n");
	print_ports(config, "udp", SG_PORT_UDP);
	print_ports(config, "tcp", SG_PORT_TCP);
	print_ports(config, "tls", SG_PORT_TLS);
	print_reasons(config);
	print_limits(config);
	print_alone(config, served);
	print_ban_rules(config);
	print_caps(config);
	print_fixed();
}
