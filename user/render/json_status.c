// SPDX-License-Identifier: GPL-2.0-only
#include "render/json.h"

#include <string.h>

#include "base/names.h"
#include "render/output.h"

static json_t *interface_json(const struct interface *i)
{
	bool guarded = interface_is_guarded(i);
	json_t *one = json_pack("{s:o, s:I, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:I}", "name",
				output_string(i->name), "ifindex", (json_int_t)i->ifindex, "state",
				link_state_names[i->state], "xdp",
				guarded ? xdp_mode_names[i->mode] : "none", "hook",
				guarded ? i->hook : NULL, "since", i->obstacle, "replies",
				egress_names[i->replies], "program",
				guarded ? judge_names[i->judge] : NULL, "program_id",
				(json_int_t)i->program_id);

	json_object_set_new(one, "received",
			    i->comparable ? json_integer(i->received) : json_null());
	json_object_set_new(one, "seen", json_integer(i->seen));
	json_object_set_new(one, "blind", json_boolean(i->blind));
	json_object_set_new(one, "charged_twice_by",
			    i->twice[0] ? json_string(i->twice) : json_null());
	return one;
}

static json_t *interfaces_json(const struct interfaces *interfaces)
{
	json_t *all = json_array();

	for (size_t i = 0; i < interfaces->count; i++)
		json_array_append_new(all, interface_json(&interfaces->interface[i]));
	return all;
}

static json_t *notices_json(const struct snapshot *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->notices; i++)
		json_array_append_new(all, json_string(s->notice[i]));
	return all;
}

static json_t *memory_json(const struct snapshot *s)
{
	json_t *each = json_object();

	for (int id = 0; id < MAP__MAX; id++)
		json_object_set_new(each, map_names[id], json_integer(s->memory[id]));
	return each;
}

/* The object of a group, which is made if it is not there yet. */
static json_t *group_of(json_t *status, const char *group)
{
	json_t *object = group[0] ? json_object_get(status, group) : status;

	if (!object)
		json_object_set_new(status, group, object = json_object());
	return object;
}

static void add_numbers(const struct snapshot *s, json_t *status)
{
	for (int id = 0; id < NUMBER__MAX; id++) {
		const struct number_text *text = &number_texts[id];
		bool flag = text->kind == NUMBER_FLAG;

		json_object_set_new(group_of(status, text->group), text->key,
				    flag ? json_boolean(s->number[id])
					 : json_integer(s->number[id]));
	}
}

json_t *status_json(const struct snapshot *s)
{
	const char *path = s->config_path;
	json_t *status = json_pack("{s:b, s:s, s:i, s:s, s:{}, s:{}, s:{}, s:{}}", "attached",
				   s->attached, "version", SIPGUARD_VERSION, "abi", SG_ABI_VERSION,
				   "mode", mode_names[s->mode], "lists", "bans", "flows",
				   "memory");

	json_object_set_new(status, "notices", notices_json(s));
	json_object_set_new(status, "interfaces", interfaces_json(&s->interfaces));
	add_numbers(s, status);
	json_object_set_new(json_object_get(status, "memory"), "maps", memory_json(s));
	json_object_set_new(status, "config", path[0] ? output_string(path) : json_null());
	json_object_set_new(status, "shadow", s->shadowed ? output_string(s->shadow_path)
							  : json_null());
	settings_json(&s->config, &s->served, status);
	return status;
}
