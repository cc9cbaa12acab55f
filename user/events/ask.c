// SPDX-License-Identifier: GPL-2.0-only
#include "events/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "scanners.h" /* types of the skeleton */
#include "sip/message.h"

#include "base/clock.h"
#include "base/names.h"
#include "base/prefix.h"
#include "why.skel.h"

static int share_maps(struct why_bpf *object, const struct session *session)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, object->obj) {
		enum map_id id = map_find(bpf_map__name(map));

		if (!err && id != MAP__MAX)
			err = bpf_map__reuse_fd(map, session->maps.fd[id]);
	}
	return err;
}

/* The program is run for a packet that it does not look at. 0 or -errno. */
static int run(struct why_bpf *object, struct sg_why *why)
{
	__u8 frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));
	int map = bpf_map__fd(object->maps.sg_why), err;
	__u32 zero = 0;

	err = bpf_map_update_elem(map, &zero, why, BPF_ANY);
	if (!err)
		err = bpf_prog_test_run_opts(bpf_program__fd(object->progs.why), &opts);
	if (!err)
		err = bpf_map_lookup_elem(map, &zero, why);
	return err;
}

/* Ready to be run. 0 or -errno. */
static int load(struct why_bpf *object, const struct session *session)
{
	struct sg_sizes sizes;
	int err;

	object->rodata->sg_tick = clock_tick();
	sizes_of(sizes_find(maps_entries(&session->maps, MAP_PROVEN)), &sizes);
	object->rodata->sg_sizes = sizes;
	err = sizes_set(object->obj, &sizes);
	if (!err)
		err = share_maps(object, session);
	return err ? err : why_bpf__load(object);
}

struct asker {
	struct why_bpf *object;
	__u32 guard; /* the number of its state */
};

static int cannot_ask(int err, struct error *error)
{
	return error_set(error, err, "cannot ask the guard: %s.", strerror(-err));
}

struct asker *ask_begin(const struct session *session, struct error *error)
{
	struct asker *asker = calloc(1, sizeof(*asker));
	int err = asker ? 0 : -ENOMEM;

	if (!err) {
		asker->object = why_bpf__open();
		err = asker->object ? load(asker->object, session) : -errno;
		asker->guard = maps_number(&session->maps, MAP_STATE);
	}
	if (!err)
		return asker;
	cannot_ask(err, error);
	ask_end(asker);
	return NULL;
}

void ask_end(struct asker *asker)
{
	if (asker)
		why_bpf__destroy(asker->object);
	free(asker);
}

bool ask_is_of(const struct asker *asker, const struct session *session)
{
	return asker->guard == maps_number(&session->maps, MAP_STATE);
}

int ask_again(struct asker *asker, const struct sg_flow_key *flow, __u32 slot, struct sg_why *why)
{
	*why = (struct sg_why){.flow = *flow, .slot = slot};
	return run(asker->object, why);
}

int ask_why(const struct session *session, const struct sg_flow_key *flow, __u32 slot,
	    struct sg_why *why, struct error *error)
{
	struct asker *asker = ask_begin(session, error);
	int err = asker ? ask_again(asker, flow, slot, why) : error->code;

	ask_end(asker);
	return err ? cannot_ask(err, error) : 0;
}

static bool is_proven(const struct sg_why *why)
{
	return why->proof == SG_PROOF_REGISTER || why->proof == SG_PROOF_CALL;
}

const struct sg_limit *why_flow_limit(const struct sg_why *why, const struct sg_config *config,
				      enum sg_limit_id id)
{
	const struct sg_limit *own = &config->profile[why->profile % SG_PROFILES].flow[id];
	const struct sg_limit *proven = &config->proven[id];

	if (!is_proven(why))
		return own;
	return why->in_zone && own->interval < proven->interval ? own : proven;
}

__u32 why_spent(__u64 tat, __u64 now, const struct sg_limit *limit)
{
	__u64 spent = tat <= now || !limit->interval ? 0 : (tat - now + limit->interval - 1) /
							   limit->interval;

	return spent < limit->burst ? spent : limit->burst;
}

/* Where a setting of a source stands in the file. */
static void where_of(const struct sg_why *why, const struct sg_config *config, char *text,
		     size_t size)
{
	if (why->zone)
		snprintf(text, size, "of the zone %s", config->zone[why->zone % SG_ZONES].name);
	else
		snprintf(text, size, "at the top of the file");
}

static const char *flow_limits_of(const struct sg_why *why)
{
	return is_proven(why) && !why->in_zone ? "proven-limits" : "flow-limits";
}

static int limit_of_reason(int reason)
{
	static const __u8 reasons[] = {
#define X(name, key, rate, burst, reason, ...) [SG_LIMIT_##name] = SG_REASON_##reason,
		SG_LIMITS(X)
#undef X
	};

	for (int id = 0; id < SG_LIMIT__MAX; id++) {
		if (reasons[id] == reason)
			return id;
	}
	return -1;
}

static void lift_ban(const struct sg_why *why, bool flow, char *text, size_t size)
{
	struct sg_flow_key key = flow ? why->flow
				      : sg_source_key(why->flow.family, why->flow.address);
	char who[PREFIX_TEXT];

	flow_format(&key, who, sizeof(who));
	snprintf(text, size, "`sipguard unban %s%s%s`", who, flow ? " --transport " : "",
		 flow ? flow_transport(&key) : "");
}

char *why_lift(const struct sg_why *why, const struct sg_config *config,
	       const struct sg_lately_reason *lately, char *text, size_t size)
{
	int reason = lately->reason, id = limit_of_reason(reason);
	char where[SG_ZONE_NAME + 32];

	where_of(why, config, where, sizeof(where));
	if (reason == SG_REASON_BAN_SOURCE || (reason == SG_REASON_BAN_FLOW && why->flow.port))
		lift_ban(why, reason == SG_REASON_BAN_FLOW, text, size);
	else if (reason == SG_REASON_AUTH_FAILURE && why->flow.port && !is_proven(why))
		lift_ban(why, true, text, size);
	else if (reason == SG_REASON_BAN_FLOW)
		snprintf(text, size, "`sipguard unban ADDRESS:PORT`, see `sipguard bans`");
	else if (reason == SG_REASON_DENY_LIST)
		snprintf(text, size, "`sipguard deny del PREFIX` (of a list: `deny del --name "
			 "LIST`), or `allow add` of a longer prefix");
	else if (reason == SG_REASON_LIMIT_FLOW)
		snprintf(text, size, "`%s: {%s: {rate: N, burst: N}}` %s", flow_limits_of(why),
			 limit_keys[lately->limit % SG_LIMIT__MAX], where);
	else if (id >= 0)
		snprintf(text, size, "`limits: {%s: {rate: N, burst: N}}` %s", limit_keys[id],
			 where);
	else if (reason == SG_REASON_UNLISTED_BUDGET || reason == SG_REASON_GREYLIST)
		snprintf(text, size, "a zone for this source, which pays no budget");
	else if (reason == SG_REASON_AUTH_FAILURE || reason == SG_REASON_ENUMERATION)
		snprintf(text, size, "time, as `bans` of the configuration has it, or a zone for "
			 "this source, which is trusted not to guess");
	else if (reason == SG_REASON_ZONE_TOTAL)
		snprintf(text, size, "a wider `total` %s", where);
	else
		snprintf(text, size, "`modes: {%s: monitor}` %s", reason_texts[reason].label,
			 where);
	return text;
}
