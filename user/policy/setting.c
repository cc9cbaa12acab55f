// SPDX-License-Identifier: GPL-2.0-only
#include "policy/setting.h"

#include <stdio.h>
#include <string.h>

#include "settings.h"

#define THRESHOLD_MAX 100000

static const char *const choices[] = {"no", "yes", NULL};
static const char *const presets[] = {"default", "strict", NULL};
static const char *const modes[] = {
	[SG_MODE_OFF] = "off", [SG_MODE_MONITOR] = "monitor", [SG_MODE_ENFORCE] = "enforce", NULL,
};

static const char *const words_of_methods[] = {
#define X(name, label, limit, ...) [SG_METHOD_##name] = SG_METHOD_##name ? label : "",
	SG_METHODS(X)
#undef X
	[SG_METHOD__MAX] = NULL,
};
static const char *const words_of_config_mode[] = {
	[SG_MODE_OFF] = "", [SG_MODE_MONITOR] = "monitor", [SG_MODE_ENFORCE] = "enforce", NULL,
};
static const char *const words_of_memory_preset[] = {"small", "default", "large", NULL};
static const char *const words_of_topology[] = {"off", "report", "mask", NULL};
static const char *const words_of_transports[] = {"udp", "tcp", "tls", NULL};

_Static_assert(SG_PORT_UDP == 1 && SG_PORT_TCP == 2 && SG_PORT_TLS == 4, "words by bit");

/* --- the parts of rows --- */

/* Where a setting lands. */
#define IN(scope_, type, field)                                                                   \
	.scope = scope_, .offset = offsetof(type, field), .width = sizeof(((type *)NULL)->field)
#define IN_GUARD(field) IN(SCOPE_GUARD, struct sg_config, field)
#define IN_PROFILE(field) IN(SCOPE_PROFILE, struct sg_profile, field)
#define IN_TOTAL(field) IN(SCOPE_ZONE, struct sg_limit, field)

#define WITHIN(least_, most_, standard_, range_, unit_)                                           \
	.least = least_, .most = most_, .standard = standard_, .range = range_, .unit = unit_

/*
 * Rate and burst of the limit whose name before a member is `dotted`. A zone takes over `times_` as
 * much as its limit `from_`, or with 0 what zone 0 has.
 */
#define LIMIT(key_, status_, PLACE, dotted, rate_, burst_, times_, from_, help_)                  \
	{.key = key_ "/rate", .status = status_ "/rate", .type = SETTING_RATE, .noun = "rate",    \
	 PLACE(dotted rate), WITHIN(1, SG_RATE_MAX, rate_, "it is", "per second"),                \
	 .times = times_, .from = offsetof(struct sg_profile, from_.rate), .help = help_},        \
	{.key = key_ "/burst", .status = status_ "/burst", .type = SETTING_BURST,                 \
	 .noun = "burst", PLACE(dotted burst), WITHIN(1, SG_BURST_MAX, burst_, "it is", NULL),    \
	 .times = times_, .from = offsetof(struct sg_profile, from_.burst), .help = help_},
#define NO_OTHER limit[0]

/* A row of include/settings.h; `status_` is where it is in the JSON of status, but for the unit. */
#define NUMBER(type_, PLACE, field, key_, status_, least_, most_, standard_, range_, unit_,       \
	       help_)                                                                             \
	{.key = key_, .status = status_ STATUS_##type_, .type = SETTING_##type_, PLACE(field),    \
	 WITHIN(least_, most_, standard_, range_, unit_), .words = WORDS_##type_(field),          \
	 .help = help_},
#define STATUS_NUMBER ""
#define STATUS_SECONDS "_seconds"
#define STATUS_FLAG ""
#define STATUS_WORD ""
#define WORDS_NUMBER(field) NULL
#define WORDS_SECONDS(field) NULL
#define WORDS_FLAG(field) choices
#define WORDS_WORD(field) words_of_##field

/* What a set is of, or without. */
#define SET(type_, field, key_, status_, all, help_)                                              \
	{.key = key_, .status = status_, .type = SETTING_##type_, IN_PROFILE(field),              \
	 .standard = all, .words = words_of_##field, .help = help_},

/* One of the numbers of a rule of bans. */
#define OF_BAN(key_, part, type_, place, least_, most_, standard_, unit_, help_, ...)             \
	{.key = "bans/" key_ "/" part, .status = "ban_rules/" key_ "/" part,                      \
	 .type = SETTING_##type_, place, WITHIN(least_, most_, standard_, "it is", unit_),        \
	 .help = help_, __VA_ARGS__},

/* The defaults of flows by the name of their limit. */
enum {
#define X(name, rate, burst, proven_rate, proven_burst)                                           \
	FLOW_RATE_##name = rate, FLOW_BURST_##name = burst,                                       \
	PROVEN_RATE_##name = proven_rate, PROVEN_BURST_##name = proven_burst,
	SG_FLOW_LIMITS(X)
#undef X
};

/* --- the table --- */

const struct setting settings[] = {
	{.key = "name", .type = SETTING_NAME, .scope = SCOPE_NAMED},
	{.key = "profile", .type = SETTING_PROFILE, .scope = SCOPE_PROFILE},
	{.key = "prefixes", .type = SETTING_PREFIXES, .scope = SCOPE_ZONE},
	{.key = "prefixes-file", .type = SETTING_FILE, .scope = SCOPE_ZONE,
	 .help = "a file with more of its prefixes, one a line; # starts a comment"},
	{.key = "interfaces", .status = "interfaces", .type = SETTING_INTERFACES,
	 .scope = SCOPE_ZONE, .help = "where it is"},
	{.key = "vlans", .status = "vlans", .type = SETTING_VLANS, .scope = SCOPE_ZONE,
	 .help = "where it is"},

#define X(name, key_, standard_)                                                                  \
	{.key = "ports/" key_, .status = "ports/" key_, .type = SETTING_PORTS,                    \
	 .scope = SCOPE_GUARD, WITHIN(1, SG_PORTS - 1, standard_, "ports are", NULL),             \
	 .bit = SG_PORT_##name},
	SG_PORT_LISTS(X)
#undef X

#define X(name, key, rate, burst, reason, help)                                                   \
	LIMIT("limits/" key, "limits/" key, IN_PROFILE, limit[SG_LIMIT_##name]., rate, burst,     \
	      0, NO_OTHER, help)
	SG_LIMITS(X)
#undef X
	/* A known peer is often one flow: it may take all that its source may. */
#define X(name, key, ...)                                                                         \
	LIMIT("flow-limits/" key, "flow_limits/" key, IN_PROFILE, flow[SG_LIMIT_##name].,         \
	      FLOW_RATE_##name, FLOW_BURST_##name, 1, limit[SG_LIMIT_##name], NULL)
	SG_LIMITS(X)
#undef X
	/* What all its sources may together. */
	LIMIT("total", "total", IN_TOTAL, , 0, 0, SG_ZONE_SOURCES, limit[SG_LIMIT_SOURCE], NULL)
#define X(name, key, ...)                                                                         \
	LIMIT("proven-limits/" key, "proven_limits/" key, IN_GUARD, proven[SG_LIMIT_##name].,     \
	      PROVEN_RATE_##name, PROVEN_BURST_##name, 0, NO_OTHER, NULL)
	SG_LIMITS(X)
#undef X

#define X(type, field, key, ...) NUMBER(type, IN_PROFILE, field, key, key, __VA_ARGS__)
#define L(field, key, rate, burst, help)                                                          \
	LIMIT(key, key, IN_PROFILE, field., rate, burst, 0, NO_OTHER, help)
#define S(field, key_, all, help_)                                                                \
	SET(ONLY, field, key_ "/only", key_, all, help_)                                          \
	SET(NOT, field, key_ "/not", NULL, all, help_)
	SG_PROFILE_SETTINGS(X, L, S)
#undef S
#undef L
#undef X
	{.key = "domains", .type = SETTING_DOMAINS, .scope = SCOPE_PROFILE},
	{.key = "topology-fields", .status = "topology_fields", .type = SETTING_FIELDS,
	 .scope = SCOPE_GUARD},
	{.key = "dialled-prefixes", .status = "dialled_prefixes", .type = SETTING_DIALLED,
	 .scope = SCOPE_GUARD},
	{.key = "exit-codes", .status = "exit_codes", .type = SETTING_EXITS,
	 .scope = SCOPE_GUARD},
#define X(type, field, key, ...) NUMBER(type, IN_GUARD, field, key, #field, __VA_ARGS__)
	SG_GUARD_SETTINGS(X)
#undef X

	/* What has no time by default never bans. */
#define X(name, key, reason, threshold_, window_, seconds_, help)                                 \
	OF_BAN(key, "threshold", NUMBER, IN_GUARD(ban[SG_OFFENCE_##name].threshold), 2,           \
	       SG_OFFENCE_##name == SG_OFFENCE_ENUMERATION ? SG_ASKED : THRESHOLD_MAX,            \
	       threshold_, NULL, help, .noun = "threshold")                                       \
	OF_BAN(key, "window", SECONDS, IN_GUARD(ban[SG_OFFENCE_##name].window), 1,                \
	       SG_SECONDS_MAX, window_, "seconds", help)                                          \
	OF_BAN(key, "time", SECONDS, IN_GUARD(ban[SG_OFFENCE_##name].seconds), 1,                 \
	       SG_SECONDS_MAX, seconds_, "seconds", help,                                         \
	       .refused = (seconds_) ? NULL :                                                     \
			  "'" key "' has no time: nobody is banned for it, what goes on is "      \
			  "dropped until the window has room again")
	SG_OFFENCES(X)
#undef X

#define X(name, key, rate, burst, help)                                                           \
	LIMIT("totals/" key, "totals/" key, IN_GUARD, total[SG_TOTAL_##name]., rate, burst,       \
	      0, NO_OTHER, help)
	SG_TOTALS(X)
#undef X

	/* preset_read() makes it modes. */
	{.key = "validation/preset", .type = SETTING_WORD, .scope = SCOPE_PROFILE,
	 .words = presets},
#define X(name, key_, standard_, most_, help_)                                                    \
	{.key = "validation/" key_, .status = "message/" key_, .type = SETTING_NUMBER,            \
	 IN_PROFILE(caps.name),                                                                   \
	 WITHIN(1, most_, standard_, "'" key_ "' is", NULL),                                     \
	 .help = help_},
	SIP_CAPS(X)
#undef X
#define X(number, name, label, reference, mode_, strict, state, help_)                            \
	{.key = "modes/" label, .status = "reasons/" label "/mode", .type = SETTING_WORD,         \
	 IN_PROFILE(mode[number]), .standard = SG_MODE_##mode_, .words = modes},
	SG_REASONS(X)
#undef X

	{.key = "callees", .type = SETTING_CALLEES, .scope = SCOPE_GUARD},
	{.key = "users", .type = SETTING_USERS, .scope = SCOPE_CALLEE},
	{.key = "limit/rate", .type = SETTING_NUMBER, .scope = SCOPE_CALLEE, .noun = "rate",
	 WITHIN(1, SG_RATE_MAX, 0, "it is", "calls in a window")},
	{.key = "limit/window", .type = SETTING_SECONDS, .scope = SCOPE_CALLEE, .noun = "window",
	 WITHIN(1, SG_CALLEE_WINDOW, 1, "it is", "seconds")},
	{.key = "limit/burst", .type = SETTING_NUMBER, .scope = SCOPE_CALLEE, .noun = "burst",
	 WITHIN(1, SG_BURST_MAX, 0, "it is", "calls")},
	{.key = "unlimited", .type = SETTING_FLAG, .scope = SCOPE_CALLEE, .words = choices},

	{.key = "profiles", .type = SETTING_PROFILES, .scope = SCOPE_GUARD},
	{.key = "zones", .type = SETTING_ZONES, .scope = SCOPE_GUARD},
};

const size_t settings_count = sizeof(settings) / sizeof(settings[0]);

/* --- finding --- */

bool setting_is_of(const struct setting *setting, enum setting_place place)
{
	if (place == PLACE_CALLEE)
		return setting->scope == SCOPE_CALLEE;
	switch (setting->scope) {
	case SCOPE_GUARD:
		return place == PLACE_TOP;
	case SCOPE_PROFILE:
		return true;
	case SCOPE_NAMED:
		return place != PLACE_TOP;
	case SCOPE_ZONE:
		return place == PLACE_ZONE;
	default:
		return false;
	}
}

const struct setting *setting_find(const char *path, enum setting_place place)
{
	for (size_t i = 0; i < settings_count; i++)
		if (setting_is_of(&settings[i], place) && !strcmp(settings[i].key, path))
			return &settings[i];
	return NULL;
}

const char *setting_below(const struct setting *setting, const char *path)
{
	size_t length = strlen(path);

	if (!length)
		return setting->key;
	if (strncmp(setting->key, path, length) || setting->key[length] != '/')
		return NULL;
	return setting->key + length + 1;
}

/* --- values --- */

static void *place_of(const struct setting *setting, struct sg_config *config, __u32 zone)
{
	void *base = setting->scope == SCOPE_GUARD ? (void *)config :
		     setting->scope == SCOPE_PROFILE ? (void *)sg_profile_of(config, zone) :
		     (void *)&config->total[sg_zone_total(zone)];

	return (char *)base + setting->offset;
}

__u32 setting_get(const struct setting *setting, const struct sg_config *config, __u32 zone)
{
	const void *place = place_of(setting, (struct sg_config *)config, zone);

	return setting->width == 1 ? *(const __u8 *)place : *(const __u32 *)place;
}

void setting_set(const struct setting *setting, struct sg_config *config, __u32 zone, __u32 value)
{
	void *place = place_of(setting, config, zone);

	if (setting->width == 1)
		*(__u8 *)place = value;
	else
		*(__u32 *)place = value;
}

const char *setting_word(const struct setting *setting, __u32 value)
{
	for (__u32 number = 0; setting->words[number]; number++) {
		if (number == value)
			return setting->words[number];
	}
	return "?";
}

__u32 setting_words(const struct setting *setting)
{
	__u32 all = 0;

	for (__u32 bit = 0; setting->words[bit]; bit++)
		all |= (__u32)!!*setting->words[bit] << bit;
	return all;
}

char *setting_set_text(const struct setting *setting, __u32 set, char *text)
{
	__u32 all = setting_words(setting), listed = set;
	const char *comma = "";
	size_t used;

	if ((set & all) == all)
		return strcpy(text, "all");
	/* The shorter list. */
	if (__builtin_popcount(set & all) * 2 > __builtin_popcount(all))
		listed = ~set;
	used = sprintf(text, "%s", listed == set ? "only" : "all but");
	for (__u32 bit = 0; setting->words[bit]; bit++) {
		if (!((listed & all) >> bit & 1))
			continue;
		used += snprintf(text + used, SETTING_SET_TEXT - used, "%s %s", comma,
				 setting->words[bit]);
		comma = ",";
	}
	return text;
}

struct sg_limit *setting_limit(const struct setting *setting, struct sg_config *config, __u32 zone)
{
	char *burst = place_of(setting, config, zone);

	return (struct sg_limit *)(burst - offsetof(struct sg_limit, burst));
}
