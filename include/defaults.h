/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration that follows from the lists in include/: what is in force where a file says
 * nothing. For userspace; the tests and the bench begin with it, too.
 */
#ifndef SIPGUARD_DEFAULTS_H
#define SIPGUARD_DEFAULTS_H

#include "abi.h"

#define SG_GREYLIST_HOLD 10 /* s */
#define SG_CONNECT_RATE 20 /* new connections per second, of a source */
#define SG_CONNECT_BURST 50
#define SG_CONNECTIONS_LIVE 256
/*
 * Segments that are not read: those of TLS, of connections older than the guard, what continues a
 * message. A trunk of 100 calls a second over TLS sends 600 messages a second, the INVITE and its
 * like in two or three segments.
 */
#define SG_SEGMENT_RATE 1500
#define SG_SEGMENT_BURST 6000
#define SG_FIRST_DATA 20   /* s: as long as Kamailio waits for the rest of a message */
#define SG_PROVEN_CALL 600  /* s: a caller that is no phone of ours, from one call to the next */

/*
 * The total of a zone where the file says nothing: as much as ten of its sources may. A zone is
 * made for peers that send much; and it is to be noticed when more of them than that do, or when
 * somebody forges the addresses of all.
 */
#define SG_ZONE_SOURCES 10

static inline struct sg_limit sg_zone_total_of(const struct sg_limit *source)
{
	__u64 rate = (__u64)source->rate * SG_ZONE_SOURCES;
	__u64 burst = (__u64)source->burst * SG_ZONE_SOURCES;

	return sg_limit_of(rate < SG_RATE_MAX ? rate : SG_RATE_MAX,
			   burst < SG_BURST_MAX ? burst : SG_BURST_MAX);
}

static inline void sg_default_profile(struct sg_profile *profile)
{
#define X(name, key, rate, burst, reason)                                                         \
	profile->limit[SG_LIMIT_##name] = sg_limit_of(rate, burst);
	SG_LIMITS(X)
#undef X
#define X(name, rate, burst, proven_rate, proven_burst)                                           \
	profile->flow[SG_LIMIT_##name] = sg_limit_of(rate, burst);
	SG_FLOW_LIMITS(X)
#undef X
	profile->live = SG_CONNECTIONS_LIVE;
	profile->connect = sg_connect_limit_of(SG_CONNECT_RATE, SG_CONNECT_BURST,
					       SG_CONNECTIONS_LIVE);
	profile->segment = sg_limit_of(SG_SEGMENT_RATE, SG_SEGMENT_BURST);
#define X(number, name, label, reference, mode_, strict, help)                                    \
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
		config->total[sg_zone_total(zone)] =
			sg_zone_total_of(&config->profile[zone].limit[SG_LIMIT_SOURCE]);
	}
#define X(name, rate, burst, proven_rate, proven_burst)                                           \
	config->proven[SG_LIMIT_##name] = sg_limit_of(proven_rate, proven_burst);
	SG_FLOW_LIMITS(X)
#undef X
#define X(name, key, rate, burst) config->total[SG_TOTAL_##name] = sg_limit_of(rate, burst);
	SG_TOTALS(X)
#undef X
#define X(name, key, reason, threshold, window, seconds)                                          \
	config->ban[SG_OFFENCE_##name] = sg_ban_rule_of(threshold, window, seconds);
	SG_OFFENCES(X)
#undef X
	config->greylist_hold = SG_GREYLIST_HOLD;
	config->proven_call = SG_PROVEN_CALL;
	config->first_data = SG_FIRST_DATA;
	config->port[5060] = SG_PORT_UDP | SG_PORT_TCP;
	config->port[5061] = SG_PORT_TLS;
}

#endif
