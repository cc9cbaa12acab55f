// SPDX-License-Identifier: GPL-2.0-only
/* Each setting at its path in the JSON of status, by the table of settings. */
#include "render/json.h"

#include <string.h>

#include "base/names.h"
#include "policy/setting.h"
#include "render/output.h"

/* Takes the reference to the value; makes the objects that the path goes through. */
static void put(json_t *object, const char *path, json_t *value)
{
	const char *end;

	while ((end = strchr(path, '/'))) {
		json_t *below = json_object_getn(object, path, end - path);

		if (!below)
			json_object_setn_new(object, path, end - path, below = json_object());
		object = below;
		path = end + 1;
	}
	json_object_set_new(object, path, value);
}

static json_t *ports_of(const struct sg_config *config, __u8 role)
{
	json_t *all = json_array();

	for (int port = 0; port < SG_PORTS; port++) {
		if (config->port[port] & role)
			json_array_append_new(all, json_integer(port));
	}
	return all;
}

/* The interfaces that a zone names. */
static json_t *interfaces_of(const struct sg_config *config, __u32 zone)
{
	json_t *all = json_array();

	for (__u32 i = 1; i < SG_ZONE_INTERFACES; i++)
		if (config->zone[zone].interfaces >> i & 1)
			json_array_append_new(all, output_string(config->places.interface[i]));
	return all;
}

static json_t *vlans_of(const struct sg_config *config, __u32 zone)
{
	json_t *all = json_array();

	for (__u32 i = 1; i < SG_ZONE_VLANS; i++)
		if (config->zone[zone].vlans >> i & 1)
			json_array_append_new(all, json_integer(config->places.vlan[i]));
	return all;
}

static json_t *words_of(const struct setting *s, __u32 set)
{
	json_t *all = json_array();

	for (__u32 bit = 0; s->words[bit]; bit++)
		if (set >> bit & 1)
			json_array_append_new(all, json_string(s->words[bit]));
	return all;
}

static json_t *dialled_of(const struct sg_dialled *dialled, __u32 count)
{
	json_t *all = json_array();
	char text[DIALLED_TEXT];

	for (__u32 i = 0; i < count; i++)
		json_array_append_new(all, json_string(dialled_text(&dialled[i], text)));
	return all;
}

static json_t *fields_of(const struct sg_topology_names *names)
{
	json_t *all = json_array();

	for (__u32 i = 0; i < names->count && i < SG_TOPOLOGY_FIELDS; i++)
		json_array_append_new(all, json_string(names->listed[i]));
	return all;
}

static json_t *value_of(const struct setting *s, const struct sg_config *config, __u32 zone)
{
	__u32 value;

	if (s->type == SETTING_PORTS)
		return ports_of(config, s->bit);
	if (s->type == SETTING_INTERFACES)
		return interfaces_of(config, zone);
	if (s->type == SETTING_VLANS)
		return vlans_of(config, zone);
	if (s->type == SETTING_DIALLED)
		return dialled_of(config->dialled, config->dialled_count);
	if (s->type == SETTING_EXITS)
		return dialled_of(config->exit, config->exit_count);
	if (s->type == SETTING_FIELDS)
		return fields_of(&config->names);
	value = setting_get(s, config, zone);
	if (s->type == SETTING_FLAG)
		return json_boolean(value);
	if (s->type == SETTING_ONLY)
		return words_of(s, value & setting_words(s));
	if (s->type == SETTING_WORD)
		return json_string(setting_word(s, value));
	return json_integer(value);
}

static void put_settings(json_t *object, const struct sg_config *config, __u32 zone,
			 bool (*wanted)(enum setting_scope scope))
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];

		if (s->status && wanted(s->scope))
			put(object, s->status, value_of(s, config, zone));
	}
}

static bool is_of_guard(enum setting_scope scope)
{
	return scope == SCOPE_GUARD;
}

static bool is_of_zone(enum setting_scope scope)
{
	return scope != SCOPE_GUARD;
}

static void put_default_modes(json_t *reasons)
{
	for (int reason = 1; reason < SG_REASON__MAX; reason++)
		json_object_set_new(json_object_get(reasons, reason_texts[reason].label),
				    "default",
				    json_string(mode_names[reason_texts[reason].mode]));
}

/* Empty: the server may be asked for any. */
static json_t *domains_json(const struct served_list *served, __u32 list)
{
	json_t *all = json_array();

	for (size_t i = 0; i < served->count; i++) {
		if (served->served[i].list == list)
			json_array_append_new(all, json_string(served->served[i].domain.text));
	}
	return all;
}

/* Users with a limit of their own; null: there is none. */
static json_t *callees_json(const struct served_list *served)
{
	json_t *all = json_array();

	for (size_t i = 0; i < served->callee_count; i++) {
		const struct sg_own_callee *callee = &served->callees[i];
		const struct sg_limit *limit = &callee->limit;
		json_t *its = limit->interval ?
			      json_pack("{s:i, s:i, s:i}", "rate", (int)limit->rate,
					"window_seconds", (int)callee->window, "burst",
					(int)limit->burst) : json_null();

		json_array_append_new(all, json_pack("{s:s, s:o}", "user", callee->text, "limit",
						     its));
	}
	return all;
}

static json_t *zone_json(const struct sg_config *config, const struct served_list *served,
			 __u32 number)
{
	const struct sg_zone *zone = &config->zone[number];
	json_t *object = json_object();

	json_object_set_new(object, "name",
			    json_stringn(zone->name, strnlen(zone->name, sizeof(zone->name))));
	put_settings(object, config, number, is_of_zone);
	/* Strangers have no total: what they may together is among the totals. */
	if (!zone->known)
		json_object_set_new(object, "total", json_null());
	json_object_set_new(object, "strangers", json_boolean(!zone->known));
	json_object_set_new(object, "domains",
			    domains_json(served, sg_profile_of(config, number)->domains));
	put_default_modes(json_object_get(object, "reasons"));
	return object;
}

static json_t *zones_json(const struct sg_config *config, const struct served_list *served)
{
	json_t *all = json_array();

	for (__u32 zone = 0; zone <= config->zones && zone < SG_ZONES; zone++)
		json_array_append_new(all, zone_json(config, served, zone));
	return all;
}

static json_t *fixed_json(void)
{
	json_t *all = json_object();

#define X(name, key, value, unit, help)                                                           \
	json_object_set_new(all, key "_" unit, json_integer(SG_FIXED_##name));
	SG_FIXED(X)
#undef X
	return all;
}

void settings_json(const struct sg_config *config, const struct served_list *served,
		   json_t *object)
{
	put_settings(object, config, 0, is_of_guard);
	json_object_set_new(object, "callees", callees_json(served));
	json_object_set_new(object, "zones", zones_json(config, served));
	json_object_set_new(object, "fixed", fixed_json());
}
