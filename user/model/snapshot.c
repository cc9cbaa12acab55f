// SPDX-License-Identifier: GPL-2.0-only
#include "model/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "guard/connections.h"
#include "guard/shadow.h"
#include "guard/slots.h"
#include "kernel/program.h"
#include "model/bans.h"
#include "model/listed.h"
#include "model/proven.h"
#include "policy/setting.h"

/* Fewer requests without a reply tell nothing: no server has to answer a scanner. */
#define UNANSWERED 100
#define CONFIG_TRIES 100 /* each takes a reload to fail */
/* As greylist_rush() of bpf/checks/greylist.bpf.h has it: twice GREYLIST_PACE. */
#define RUSH_NEWS (__s64)(2 * SG_NSEC_PER_SEC / SG_FIXED_GREYLIST_PACES)

const struct number_text number_texts[NUMBER__MAX] = {
#define X(name, group, key, kind, title) [NUMBER_##name] = {group, key, NUMBER_##kind, title},
	SNAPSHOT_NUMBERS(X)
#undef X
};

/* All below: 0 or -errno. */

/* Whether there is another configuration in force, or another one in its place. */
static bool has_changed(const struct session *session, __u32 which, __u32 generation)
{
	struct error ignored;
	struct note note;

	return (session->maps.state->active & 1) != which ||
	       maps_note(&session->maps, which, &note, &ignored) || note.generation != generation;
}

/* With its domains, which stand in a map of their own. */
static int read_config(const struct session *session, struct snapshot *s, struct error *error)
{
	struct note note;
	__u32 which;
	int err;

	for (int i = 0; i < CONFIG_TRIES; i++) {
		which = session->maps.state->active & 1;
		err = maps_config(&session->maps, &s->config, &note, error);
		if (!err)
			err = served_read(&session->maps, which, &s->served, error);
		if (err)
			return err;
		memcpy(s->config_path, note.path, sizeof(s->config_path));
		if (!has_changed(session, which, note.generation))
			return 0;
		served_free(&s->served);
	}
	return error_set(error, -EAGAIN, "the configuration changes faster than it can be read: "
			 "try again.");
}

/* What is over counts no more, and only reading all tells how much that is. */
static int count_lists(const struct session *session, struct snapshot *s, struct error *error)
{
	struct lists lists;
	int err = lists_read(&session->maps, &lists, error);

	if (err)
		return err;
	s->number[NUMBER_LISTS_ALLOW] = lists_count(&lists, SG_LIST_ALLOW);
	s->number[NUMBER_LISTS_DENY] = lists_count(&lists, SG_LIST_DENY);
	lists_free(&lists);
	return 0;
}

static int read_lists(const struct session *session, __u64 now, struct snapshot *s,
		      struct error *error)
{
	struct trie_counts counts = trie_counts(&session->maps);

	if (!session->maps.state->lists) /* so the packets do not look either */
		return 0;
	if (counts.end && counts.end < sg_since(now))
		return count_lists(session, s, error);
	s->number[NUMBER_LISTS_ALLOW] = counts.listed[0];
	s->number[NUMBER_LISTS_DENY] = counts.listed[1];
	return 0;
}

static int read_bans(const struct session *session, __u64 now, struct snapshot *s,
		     struct error *error)
{
	struct ban_list list;
	int err = bans_read(&session->maps, now, &list, error);

	if (err)
		return err;
	for (size_t i = 0; i < list.count; i++)
		s->number[list.ban[i].key.port ? NUMBER_BANS_FLOWS : NUMBER_BANS_SOURCES]++;
	bans_free(&list);
	return 0;
}

/*
 * Whether a CPU that judges for this link is in a rush, by what each keeps first in sg_guards. No
 * other code of userspace knows of that. False if the kernel does not tell.
 */
static bool link_rushes(const struct guard_link *link, __u64 now)
{
	int cpus = libbpf_num_possible_cpus(), map = program_map(link->program_id, "sg_guards");
	struct bpf_map_info info = {};
	__u32 size = sizeof(info), key = 0;
	const struct sg_memo *memo;
	bool rushes = false;
	char *each = NULL;

	if (map >= 0 && cpus > 0 && !bpf_obj_get_info_by_fd(map, &info, &size)) {
		size = (info.value_size + 7) / 8 * 8;
		each = size < sizeof(*memo) ? NULL : calloc(cpus, size);
	}
	if (each && !bpf_map_lookup_elem(map, &key, each)) {
		for (int cpu = 0; cpu < cpus; cpu++) {
			memo = (const struct sg_memo *)(each + (size_t)cpu * size);
			rushes |= memo->rush && (__s64)(now - memo->pace_since) < RUSH_NEWS;
		}
	}
	free(each);
	if (map >= 0)
		close(map);
	return rushes;
}

static bool any_rushes(const struct session *session, __u64 now)
{
	for (size_t i = 0; i < session->links.count; i++)
		if (link_rushes(&session->links.link[i], now))
			return true;
	return false;
}

/* What flows have proven, and whether strangers have to come twice at the moment. */
static int read_flows(const struct session *session, __u64 now, struct snapshot *s,
		      struct error *error)
{
	__u64 until = session->maps.state->greylist_until;
	size_t count[SG_PROOF__MAX];
	struct proven_list list;
	int err = proven_read(&session->maps, now, &list, error);

	if (err)
		return err;
	proven_count(&list, count);
	proven_free(&list);
	s->number[NUMBER_FLOWS_PROVEN] = count[SG_PROOF_REGISTER] + count[SG_PROOF_CALL];
	s->number[NUMBER_FLOWS_CONTACT] = count[SG_PROOF_CONTACT];
	s->number[NUMBER_FLOWS_GREYLIST] = count[SG_PROOF_GREYLIST];
	s->number[NUMBER_FLOWS_MOST] = SG_PROVEN_MOST(maps_entries(&session->maps, MAP_PROVEN));
	s->number[NUMBER_GREYLIST_TRIES] = 1;
	if (until <= now)
		return 0;
	s->number[NUMBER_GREYLIST_ARMED] = true;
	s->number[NUMBER_GREYLIST_TRIES] = any_rushes(session, now) ? 3 : 2;
	s->number[NUMBER_GREYLIST_SECONDS] = (until - now) / SG_NSEC_PER_SEC + 1;
	return 0;
}

/* What is shed at the moment, and why. */
static void read_overload(const struct session *session, __u64 now, struct snapshot *s)
{
	struct sg_overload o = session->maps.state->overload;
	__u64 hold = s->config.overload_hold * SG_NSEC_PER_SEC;
	__u32 level = s->config.overload_shed ? sg_overload_level(&o, now, hold) : 0;

	if (!level)
		return;
	s->number[NUMBER_OVERLOAD_LEVEL] = level;
	s->number[NUMBER_OVERLOAD_SINCE] = (now - o.since) / SG_NSEC_PER_SEC;
	s->number[NUMBER_OVERLOAD_LEFT] = sg_overload_left(&o, now, hold) / SG_NSEC_PER_SEC + 1;
	s->number[NUMBER_OVERLOAD_REFUSES] = !!(o.cause & SG_OVERLOAD_REFUSES);
	s->number[NUMBER_OVERLOAD_SILENT] = !!(o.cause & SG_OVERLOAD_SILENT);
}

/* For how long the guard has heard what leaves, without a gap, rounded up; 0: it does not. */
static void read_dialogs(const struct session *session, __u64 now, struct snapshot *s)
{
	const struct sg_state *state = session->maps.state;

	s->number[NUMBER_DIALOGS_LEARNED] = !!s->config.dialogs;
	if (s->config.dialogs && state->dialogs_until > now && state->dialogs_since <= now)
		s->number[NUMBER_DIALOGS_HEARD] =
			(now - state->dialogs_since) / SG_NSEC_PER_SEC + 1;
}

static int read_connections(const struct session *session, struct snapshot *s,
			    struct error *error)
{
	struct connection_list list;
	int err = connections_read(&session->pins, &session->maps, &list, error);

	if (err)
		return err;
	s->number[NUMBER_CONNECTIONS_COUNTED] = connections_are_counted(&session->pins);
	s->number[NUMBER_CONNECTIONS_SOURCES] = list.count;
	for (size_t i = 0; i < list.count; i++)
		s->number[NUMBER_CONNECTIONS_LIVE] += list.source[i].live;
	connections_free(&list);
	return 0;
}

static void read_memory(const struct session *session, struct snapshot *s)
{
	for (int id = 0; id < MAP__MAX; id++) {
		s->memory[id] = maps_memory_used(&session->maps, id);
		s->number[NUMBER_MEMORY_BYTES] += s->memory[id];
	}
}

/* Seconds since the program was loaded; 0 if the kernel does not tell. */
static __u64 program_age(int fd)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	struct timespec now;
	__u64 ns;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) ||
	    clock_gettime(CLOCK_BOOTTIME, &now))
		return 0;
	ns = now.tv_sec * SG_NSEC_PER_SEC + now.tv_nsec;
	return ns > info.load_time ? (ns - info.load_time) / SG_NSEC_PER_SEC : 0;
}

static void read_state(const struct session *session, struct snapshot *s)
{
	int clock = pins_get(&session->pins, "guard_clock");

	for (size_t i = 0; i < session->links.count; i++)
		s->attached = s->attached || session->links.link[i].ifindex;
	s->mode = session->maps.state->mode % SG_MODE__MAX;
	/* Since the newest attach or upgrade. */
	s->number[NUMBER_LOADED_SECONDS] = program_age(clock);
	if (clock >= 0)
		close(clock);
}

/* Requests that passed and want a reply; without those of the allow list, whatever they are. */
static __u64 requests_passed(const struct sg_stats *stats)
{
	__u64 sum = 0;

	for (int method = SG_METHOD_NONE + 1; method < SG_METHOD__MAX; method++) {
		if (method != SG_METHOD_ACK)
			sum += stats->method[method].passed.packets +
			       stats->method[method].would_drop.packets;
	}
	return sum > stats->allowed.packets ? sum - stats->allowed.packets : 0;
}

/* It has a word of its own. */
static bool egress_is_missing(const struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++) {
		if (interfaces->interface[i].replies == EGRESS_MISSING)
			return true;
	}
	return false;
}

static void notice_no_replies(struct snapshot *s)
{
	const struct sg_stats *stats = &s->counters.stats;
	__u64 requests = requests_passed(stats);

	if (requests < UNANSWERED || stats->count[SG_COUNT_REPLIES_SEEN] ||
	    egress_is_missing(&s->interfaces))
		return;
	snprintf(s->notice[s->notices++], SNAPSHOT_NOTICE,
		 "none of the server's replies leaves by a guarded interface, though %llu requests "
		 "have passed, so nobody becomes proven: `sipguard attach` the interface by which "
		 "they leave, too, or see why the server does not answer", requests);
}

static void notice_trial(const struct session *session, __u64 now, struct snapshot *s)
{
	__u64 left;
	enum sg_trial trial = maps_trial(&session->maps, now, &left);
	bool detaches = trial == SG_TRIAL_DETACH;
	char *text = s->notice[s->notices];

	s->number[NUMBER_TRIAL_SECONDS] = (left + SG_NSEC_PER_SEC - 1) / SG_NSEC_PER_SEC;
	s->number[NUMBER_TRIAL_DETACHES] = detaches;
	if (trial == SG_TRIAL_NONE)
		return;
	if (left)
		snprintf(text, SNAPSHOT_NOTICE, "on trial: in %llu s it %s by itself, unless you "
			 "say `sipguard confirm`", s->number[NUMBER_TRIAL_SECONDS],
			 detaches ? "detaches" : "goes to monitor mode");
	else
		snprintf(text, SNAPSHOT_NOTICE, "the time of its trial is over, and nobody has "
			 "confirmed: %s", detaches
			 ? "EVERYTHING PASSES; `sipguard detach --all`, in the network namespace "
			   "of its interfaces" : "its mode is monitor");
	s->notices++;
	if (!left && !detaches)
		s->mode = SG_MODE_MONITOR; /* no packet has come that would have done it */
}

bool memory_doubt(const struct maps *maps, const struct sg_config *config, char *text, size_t size)
{
	const struct setting *setting = setting_find("memory", PLACE_TOP);
	enum sg_memory memory = sizes_find(maps_entries(maps, MAP_PROVEN));

	if (!setting || memory == config->memory_preset)
		return false;
	snprintf(text, size, "the configuration says `memory: %s`, and this guard has the tables "
		 "of `%s`: that takes effect with a new one (`sipguard save`, `sipguard detach "
		 "--all`, `sipguard restore`)", setting_word(setting, config->memory_preset),
		 setting_word(setting, memory));
	return true;
}

/* What zones name, as far as there is room. */
static void notice_places(const struct session *session, struct snapshot *s)
{
	struct slots *slots = malloc(sizeof(*slots));
	size_t next = 0;

	if (!slots)
		return;
	slots_of_links(slots, &session->links);
	slots_recall(slots, &s->config.places);
	while (s->notices < SNAPSHOT_NOTICES &&
	       slots_doubt(slots, &s->config, &next, s->notice[s->notices], SNAPSHOT_NOTICE))
		s->notices++;
	free(slots);
}

static int read_all(const struct session *session, struct snapshot *s, struct error *error)
{
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	if (!err)
		err = read_config(session, s, error);
	if (!err)
		err = counters_read(session, &s->counters, error);
	if (!err)
		err = interfaces_read(session, &s->counters, &s->interfaces, error);
	if (!err)
		err = read_lists(session, now, s, error);
	if (!err)
		err = read_bans(session, now, s, error);
	if (!err)
		err = read_flows(session, now, s, error);
	if (!err)
		err = read_connections(session, s, error);
	if (err)
		return err;
	read_overload(session, now, s);
	read_dialogs(session, now, s);
	read_state(session, s);
	read_memory(session, s);
	notice_trial(session, now, s);
	if (memory_doubt(&session->maps, &s->config, s->notice[s->notices], SNAPSHOT_NOTICE))
		s->notices++;
	notice_no_replies(s);
	notice_places(session, s);
	return 0;
}

/* A note that cannot be read is told by `sipguard shadow`. */
static void read_shadow(const struct session *session, struct snapshot *s)
{
	struct shadow_note note;

	s->shadowed = !shadow_note(&session->pins, &note, NULL);
	if (s->shadowed)
		memcpy(s->shadow_path, note.path, sizeof(s->shadow_path));
}

struct snapshot *snapshot_read(const struct session *session, struct error *error)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s) {
		error_set(error, -ENOMEM, "out of memory.");
	} else if (!read_all(session, s, error)) {
		read_shadow(session, s);
		return s;
	}
	snapshot_free(s);
	return NULL;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot) {
		interfaces_free(&snapshot->interfaces);
		served_free(&snapshot->served);
	}
	free(snapshot);
}
