// SPDX-License-Identifier: GPL-2.0-only
#include "policy/config_schema.h"

#include "policy/document.h"

_Static_assert(SG_REASON__MAX <= DOCUMENT_KEYS, "the modes are the largest mapping");

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_value_t number = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, __u64),
};

static const cyaml_schema_value_t word = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED),
};

static const cyaml_strval_t modes[] = {
	{"off", SG_MODE_OFF},
	{"monitor", SG_MODE_MONITOR},
	{"enforce", SG_MODE_ENFORCE},
};

static const cyaml_schema_field_t port_fields[] = {
#define X(name, key)                                                                              \
	CYAML_FIELD_SEQUENCE_COUNT(key, OPTIONAL, struct file_ports, of[FILE_PORT_##name].item,   \
				   of[FILE_PORT_##name].count, &number, 0, CYAML_UNLIMITED),
	CONFIG_PORTS(X)
#undef X
	CYAML_FIELD_END
};

static const cyaml_schema_field_t limit_fields[] = {
	CYAML_FIELD_UINT_PTR("rate", OPTIONAL, struct file_limit, rate),
	CYAML_FIELD_UINT_PTR("burst", OPTIONAL, struct file_limit, burst),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t limits_fields[] = {
#define X(name, key, rate, burst, reason)                                                         \
	CYAML_FIELD_MAPPING_PTR(key, OPTIONAL, struct file_limits, of[SG_LIMIT_##name],           \
				limit_fields),
	SG_LIMITS(X)
#undef X
	CYAML_FIELD_END
};

#define CONNECTIONS_OF_SOURCE                                                                     \
	CYAML_FIELD_MAPPING_PTR("new", OPTIONAL, struct file_connections, fresh, limit_fields),   \
	CYAML_FIELD_UINT_PTR("live", OPTIONAL, struct file_connections, live),                    \
	CYAML_FIELD_MAPPING_PTR("segments", OPTIONAL, struct file_connections, segments,          \
				limit_fields)

static const cyaml_schema_field_t connections_fields[] = {
	CONNECTIONS_OF_SOURCE,
	CYAML_FIELD_UINT_PTR("first-data", OPTIONAL, struct file_connections, first_data),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t zone_connections_fields[] = {
	CONNECTIONS_OF_SOURCE,
	CYAML_FIELD_END
};

static const cyaml_schema_field_t totals_fields[] = {
#define X(name, key, rate, burst)                                                                 \
	CYAML_FIELD_MAPPING_PTR(key, OPTIONAL, struct file_totals, of[SG_TOTAL_##name],           \
				limit_fields),
	SG_TOTALS(X)
#undef X
	CYAML_FIELD_END
};

static const cyaml_schema_field_t ban_fields[] = {
	CYAML_FIELD_UINT_PTR("threshold", OPTIONAL, struct file_ban, threshold),
	CYAML_FIELD_UINT_PTR("window", OPTIONAL, struct file_ban, window),
	CYAML_FIELD_UINT_PTR("time", OPTIONAL, struct file_ban, time),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t bans_fields[] = {
#define X(name, key, reason, threshold, window, seconds)                                          \
	CYAML_FIELD_MAPPING_PTR(key, OPTIONAL, struct file_bans, of[SG_OFFENCE_##name],           \
				ban_fields),
	SG_OFFENCES(X)
#undef X
	CYAML_FIELD_END
};

static const cyaml_strval_t choices[] = {
	{"no", 0},
	{"yes", 1},
};

static const cyaml_schema_field_t proven_fields[] = {
	CYAML_FIELD_UINT_PTR("call", OPTIONAL, struct file_proven, call),
	CYAML_FIELD_ENUM_PTR("unchallenged", OPTIONAL | CYAML_FLAG_STRICT, struct file_proven,
			     unchallenged, choices, CYAML_ARRAY_LEN(choices)),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t greylist_fields[] = {
	CYAML_FIELD_UINT_PTR("hold", OPTIONAL, struct file_greylist, hold),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t modes_fields[] = {
#define X(number, name, label, reference, mode, strict, help)                                     \
	CYAML_FIELD_ENUM_PTR(label, OPTIONAL | CYAML_FLAG_STRICT, struct file_modes,              \
			     of[SG_REASON_##name], modes, CYAML_ARRAY_LEN(modes)),
	SG_REASONS(X)
#undef X
	CYAML_FIELD_END
};

static const cyaml_strval_t presets[] = {
	{"default", PRESET_DEFAULT},
	{"strict", PRESET_STRICT},
};

static const cyaml_schema_field_t validation_fields[] = {
	CYAML_FIELD_ENUM_PTR("preset", OPTIONAL | CYAML_FLAG_STRICT, struct file_validation,
			     preset, presets, CYAML_ARRAY_LEN(presets)),
#define X(name, key, standard)                                                                    \
	CYAML_FIELD_UINT_PTR(key, OPTIONAL, struct file_validation, cap[SIP_CAP_##name]),
	SIP_CAPS(X)
#undef X
	CYAML_FIELD_END
};

static const cyaml_schema_field_t zone_fields[] = {
	CYAML_FIELD_STRING_PTR("name", OPTIONAL, struct file_zone, name, 0, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE_COUNT("prefixes", OPTIONAL, struct file_zone, prefix, prefixes, &word,
				   0, CYAML_UNLIMITED),
	CYAML_FIELD_MAPPING_PTR("limits", OPTIONAL, struct file_zone, limits, limits_fields),
	CYAML_FIELD_MAPPING_PTR("flow-limits", OPTIONAL, struct file_zone, flow_limits,
				limits_fields),
	CYAML_FIELD_MAPPING_PTR("total", OPTIONAL, struct file_zone, total, limit_fields),
	CYAML_FIELD_MAPPING_PTR("connections", OPTIONAL, struct file_zone, connections,
				zone_connections_fields),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t zone = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct file_zone, zone_fields),
};

static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_MAPPING_PTR("ports", OPTIONAL, struct file, ports, port_fields),
	CYAML_FIELD_MAPPING_PTR("limits", OPTIONAL, struct file, limits, limits_fields),
	CYAML_FIELD_MAPPING_PTR("flow-limits", OPTIONAL, struct file, flow_limits, limits_fields),
	CYAML_FIELD_MAPPING_PTR("proven-limits", OPTIONAL, struct file, proven_limits,
				limits_fields),
	CYAML_FIELD_MAPPING_PTR("connections", OPTIONAL, struct file, connections,
				connections_fields),
	CYAML_FIELD_MAPPING_PTR("totals", OPTIONAL, struct file, totals, totals_fields),
	CYAML_FIELD_MAPPING_PTR("proven", OPTIONAL, struct file, proven, proven_fields),
	CYAML_FIELD_MAPPING_PTR("greylist", OPTIONAL, struct file, greylist, greylist_fields),
	CYAML_FIELD_MAPPING_PTR("bans", OPTIONAL, struct file, bans, bans_fields),
	CYAML_FIELD_MAPPING_PTR("validation", OPTIONAL, struct file, validation,
				validation_fields),
	CYAML_FIELD_MAPPING_PTR("modes", OPTIONAL, struct file, modes, modes_fields),
	CYAML_FIELD_SEQUENCE_COUNT("zones", OPTIONAL, struct file, zone, zones, &zone, 0,
				   CYAML_UNLIMITED),
	CYAML_FIELD_END
};

const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, file_fields),
};
