/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration that follows from the lists in include/: what is in force where a file says
 * nothing. For userspace; the tests and the bench begin with it, too.
 */
#ifndef SIPGUARD_DEFAULTS_H
#define SIPGUARD_DEFAULTS_H

#include "abi.h"
#include "settings.h"

static inline struct sg_limit sg_zone_total_of(const struct sg_limit *source)
{
	__u64 rate = (__u64)source->rate * SG_ZONE_SOURCES;
	__u64 burst = (__u64)source->burst * SG_ZONE_SOURCES;

	return sg_limit_of(rate < SG_RATE_MAX ? rate : SG_RATE_MAX,
			   burst < SG_BURST_MAX ? burst : SG_BURST_MAX);
}

static inline void sg_default_profile(struct sg_profile *profile)
{
#define X(name, key, rate, burst, reason, ...)                                                    \
	profile->limit[SG_LIMIT_##name] = sg_limit_of(rate, burst);
	SG_LIMITS(X)
#undef X
#define X(name, rate, burst, proven_rate, proven_burst)                                           \
	profile->flow[SG_LIMIT_##name] = sg_limit_of(rate, burst);
	SG_FLOW_LIMITS(X)
#undef X
#define X(type, field, key, least, most, standard, ...) profile->field = standard;
#define L(field, key, rate, burst, help) profile->field = sg_limit_of(rate, burst);
#define S(field, key, all, help) profile->field = all;
	SG_PROFILE_SETTINGS(X, L, S)
#undef S
#undef L
#undef X
	profile->new_connections = sg_connections_limit(profile->new_connections.rate,
							profile->new_connections.burst,
							profile->live);
#define X(number, name, label, reference, mode_, strict, state, help)                             \
	profile->mode[number] = SG_MODE_##mode_;
	SG_REASONS(X)
#undef X
	profile->rules = sg_rules_of(profile->mode);
	profile->caps = (struct sip_caps)SIP_CAPS_DEFAULT;
}

/*
 * Everything but the names of zones, each of which has a profile of its own, equal to that of zone
 * 0. *config is zero before.
 */
static inline void sg_default_config(struct sg_config *config)
{
	for (__u32 zone = 0; zone < SG_ZONES; zone++) {
		sg_default_profile(&config->profile[zone]);
		config->zone[zone].profile = zone;
		config->dialogs |= sg_dialogs_of(config->profile[zone].mode);
		config->total[sg_zone_total(zone)] =
			sg_zone_total_of(&config->profile[zone].limit[SG_LIMIT_SOURCE]);
	}
#define X(name, rate, burst, proven_rate, proven_burst)                                           \
	config->proven[SG_LIMIT_##name] = sg_limit_of(proven_rate, proven_burst);
	SG_FLOW_LIMITS(X)
#undef X
#define X(name, key, rate, burst, ...) config->total[SG_TOTAL_##name] = sg_limit_of(rate, burst);
	SG_TOTALS(X)
#undef X
#define X(name, key, reason, threshold, window, seconds, ...)                                     \
	config->ban[SG_OFFENCE_##name] = sg_ban_rule_of(threshold, window, seconds);
	SG_OFFENCES(X)
#undef X
#define X(type, field, key, least, most, standard, ...) config->field = standard;
	SG_GUARD_SETTINGS(X)
#undef X
#define X(name, key, standard) config->port[standard] |= SG_PORT_##name;
	SG_PORT_LISTS(X)
#undef X
	sg_topology_build(&config->names);
}

#endif
