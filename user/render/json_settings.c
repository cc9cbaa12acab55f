// SPDX-License-Identifier: GPL-2.0-only
#include "render/json.h"

#include <string.h>

#include "base/names.h"
#include "render/output.h"

static json_t *ports_of(const struct sg_config *config, __u8 role)
{
	json_t *all = json_array();

	for (int port = 0; port < SG_PORTS; port++) {
		if (config->port[port] & role)
			json_array_append_new(all, json_integer(port));
	}
	return all;
}

static json_t *ports_json(const struct sg_config *config)
{
	json_t *ports = json_object();

	json_object_set_new(ports, "udp", ports_of(config, SG_PORT_UDP));
	json_object_set_new(ports, "tcp", ports_of(config, SG_PORT_TCP));
	json_object_set_new(ports, "tls", ports_of(config, SG_PORT_TLS));
	return ports;
}

static json_t *reasons_json(const struct sg_config *config)
{
	const __u8 *modes = sg_profile_of(config, 0)->mode;
	json_t *all = json_object();

	for (int reason = 1; reason < SG_REASON__MAX; reason++)
		json_object_set_new(all, reason_texts[reason].label,
				    json_pack("{s:s, s:s}", "mode",
					      mode_names[modes[reason] % SG_MODE__MAX],
					      "default", mode_names[reason_texts[reason].mode]));
	return all;
}

static json_t *totals_json(const struct sg_config *config)
{
	json_t *all = json_object();

	for (int id = 0; id < SG_TOTAL__MAX; id++)
		json_object_set_new(all, total_keys[id], output_limit(&config->total[id]));
	return all;
}

static json_t *caps_json(const struct sg_config *config)
{
	const __u32 *cap = sg_profile_of(config, 0)->caps.of;
	json_t *all = json_object();

	for (int id = 0; id < SIP_CAP__MAX; id++)
		json_object_set_new(all, cap_keys[id], json_integer(cap[id]));
	return all;
}

static json_t *limits_json(const struct sg_limit *limit)
{
	json_t *limits = json_object();

	for (int id = 0; id < SG_LIMIT__MAX; id++)
		json_object_set_new(limits, limit_keys[id], output_limit(&limit[id]));
	return limits;
}

static json_t *offences_json(const struct sg_config *config)
{
	json_t *all = json_object();

	for (int id = 0; id < SG_OFFENCE__MAX; id++) {
		const struct sg_ban_rule *rule = &config->ban[id];

		json_object_set_new(all, offence_keys[id],
				    json_pack("{s:I, s:I, s:I}", "threshold",
					      (json_int_t)rule->threshold, "window",
					      (json_int_t)rule->window, "time",
					      (json_int_t)rule->seconds));
	}
	return all;
}

/* Zone 0 has none: what its sources may together is among the totals. */
static json_t *zone_total_json(const struct sg_config *config, __u32 zone)
{
	return zone ? output_limit(&config->total[sg_zone_total(zone)]) : json_null();
}

static json_t *zones_json(const struct sg_config *config)
{
	json_t *all = json_array();

	for (__u32 zone = 0; zone <= config->zones && zone < SG_ZONES; zone++) {
		const struct sg_profile *p = sg_profile_of(config, zone);
		const struct sg_zone *z = &config->zone[zone];

		json_array_append_new(all, json_pack("{s:s#, s:o, s:o, s:o, s:{s:o, s:I, s:o}}",
						     "name", z->name,
						     (int)strnlen(z->name, sizeof(z->name)),
						     "limits", limits_json(p->limit),
						     "flow_limits", limits_json(p->flow),
						     "total", zone_total_json(config, zone),
						     "connections", "new",
						     output_limit(&p->connect), "live",
						     (json_int_t)p->live, "segments",
						     output_limit(&p->segment)));
	}
	return all;
}

void settings_json(const struct sg_config *config, json_t *object)
{
	json_object_set_new(object, "ports", ports_json(config));
	json_object_set_new(object, "reasons", reasons_json(config));
	json_object_set_new(object, "totals", totals_json(config));
	json_object_set_new(object, "message", caps_json(config));
	json_object_set_new(object, "zones", zones_json(config));
	json_object_set_new(object, "proven_limits", limits_json(config->proven));
	json_object_set_new(object, "ban_rules", offences_json(config));
	json_object_set_new(object, "proven_call_seconds", json_integer(config->proven_call));
	json_object_set_new(object, "proven_unchallenged",
			    json_boolean(config->proven_unchallenged));
	json_object_set_new(object, "greylist_hold_seconds", json_integer(config->greylist_hold));
	json_object_set_new(object, "first_data_seconds", json_integer(config->first_data));
}
