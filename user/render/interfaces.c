// SPDX-License-Identifier: GPL-2.0-only
#include "render/interfaces.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/escape.h"
#include "guard/egress.h"
#include "guard/hook.h"
#include "kernel/device.h"
#include "render/output.h"

/* Fewer received packets than this prove nothing: the driver's counter may be a little ahead. */
#define BLIND_RECEIVED 50
/* At tc what the driver counted as up to 128 packets may have been merged into one. */
#define BLIND_SHARE 200

static const char *const states[] = {
	[LINK_HERE] = "guarded",
	[LINK_ELSEWHERE] = "in another network namespace",
	[LINK_GONE] = "gone",
	[LINK_REMOVED] = "not guarded",
};

/* Since it was attached. */
struct traffic {
	bool known; /* both counters are its own, and in sight */
	__u64 received;
	__u64 seen;
};

static bool is_shared(const struct link_set *links, const struct guard_link *link)
{
	for (size_t i = 0; i < links->count; i++) {
		if (&links->link[i] != link && links->link[i].place.slot == link->place.slot)
			return true;
	}
	return false;
}

static bool note_read(const struct session *s, __u32 slot, struct place_note *note)
{
	return bpf_map_lookup_elem(s->maps.fd[MAP_PLACES], &slot, note) == 0;
}

static struct traffic traffic_of(const struct session *s, const struct sg_stats *stats,
				 const struct guard_link *link)
{
	struct traffic traffic = {};
	struct place_note note;
	struct device device;

	if (!note_read(s, link->place.slot, &note))
		return traffic;
	traffic.seen = maps_seen(stats, link->place.slot) - note.seen;
	if (link->state != LINK_HERE || is_shared(&s->links, link) ||
	    device_read(link->ifindex, &device) || device.received < note.received)
		return traffic;
	traffic.known = true;
	traffic.received = device.received - note.received;
	return traffic;
}

static bool is_blind(const struct traffic *traffic)
{
	return traffic->known && traffic->received >= BLIND_RECEIVED &&
	       traffic->seen < traffic->received / BLIND_SHARE + 1 &&
	       traffic->seen * BLIND_SHARE < traffic->received;
}

/* The guarded interface by which the same packets come in once more, or before. */
static const char *twice(const struct session *s, const struct device_set *devices,
			 const struct guard_link *link)
{
	for (size_t i = 0; link->state == LINK_HERE && i < s->links.count; i++) {
		const struct guard_link *other = &s->links.link[i];

		if (other != link && other->state == LINK_HERE &&
		    (device_is_above(devices, other->ifindex, link->ifindex) ||
		     device_is_above(devices, link->ifindex, other->ifindex)))
			return other->name;
	}
	return NULL;
}

static const char *since(const struct device_set *devices, const struct guard_link *link)
{
	for (size_t i = 0; link->kind != LINK_XDP && i < devices->count; i++) {
		if (link->state == LINK_HERE && devices->device[i].ifindex == link->ifindex)
			return hook_obstacle(&devices->device[i]);
	}
	return NULL;
}

static json_t *interface_json(const struct session *s, const struct sg_stats *stats,
			      const struct device_set *devices, const struct guard_link *link)
{
	bool there = link->state == LINK_HERE || link->state == LINK_ELSEWHERE;
	struct traffic traffic = traffic_of(s, stats, link);
	json_t *one = json_pack("{s:o, s:I, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:I}", "name",
				output_string(link->name), "ifindex",
				(json_int_t)link->ifindex, "state",
				states[link->state], "xdp",
				there ? xdp_mode_names[link_mode(link)] : "none", "hook",
				there ? link_hook(link) : NULL, "since", since(devices, link),
				"replies", egress_names[egress_look(&s->pins, link)], "program",
				there ? judge_names[link->place.judge % JUDGE__MAX] : NULL,
				"program_id", (json_int_t)link->program_id);

	json_object_set_new(one, "received",
			    traffic.known ? json_integer(traffic.received) : json_null());
	json_object_set_new(one, "seen", json_integer(traffic.seen));
	json_object_set_new(one, "blind", json_boolean(is_blind(&traffic)));
	json_object_set_new(one, "charged_twice_by",
			    twice(s, devices, link) ? json_string(twice(s, devices, link))
						    : json_null());
	return one;
}

json_t *interfaces_json(const struct session *session, const struct sg_stats *stats,
			struct error *error)
{
	struct device_set devices;
	json_t *all = json_array();
	int err = devices_read(&devices);

	if (err) {
		error_set(error, err, "the kernel does not list its interfaces: %s.",
			  strerror(-err));
		json_decref(all);
		return NULL;
	}
	for (size_t i = 0; i < session->links.count; i++)
		json_array_append_new(all, interface_json(session, stats, &devices,
							&session->links.link[i]));
	free(devices.device);
	return all;
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_replies(const char *replies, const char *name, bool here)
{
	if (strcmp(replies, egress_names[EGRESS_MISSING]) == 0)
		escape_printf(stdout,
			      "  %-16s what it sends is NOT seen, somebody detached that "
			      "program: "
			      "`sipguard attach %s` brings it back\n",
			      "", name);
	else if (strcmp(replies, egress_names[EGRESS_OLDER]) == 0)
		escape_printf(stdout,
			      "  %-16s what it sends %s seen by an OLDER program: "
			      "`sipguard attach %s` "
			      "%s\n",
			      "", here ? "is" : "may be", name,
			      here ? "replaces it" : "there replaces it");
	else if (replies[0])
		escape_printf(stdout, "  %-16s what it sends is seen by %s\n", "", replies);
}

static void print_guarded(const json_t *one)
{
	const char *since = string_of(one, "since");

	if (strcmp(string_of(one, "hook"), "tc"))
		escape_printf(stdout, "  %-16s native XDP", string_of(one, "name"));
	else
		escape_printf(stdout, "  %-16s at tc ingress%s%s", string_of(one, "name"),
			      since[0] ? ", since " : "", since);
	escape_printf(stdout, ", program %s, id %lld\n", string_of(one, "program"),
		      number_of(one, "program_id"));
}

static void print_traffic(const json_t *one)
{
	const char *name = string_of(one, "name"), *other = string_of(one, "charged_twice_by");

	if (other[0])
		escape_printf(stdout,
			      "  %-16s what it receives is charged TWICE, since %s is "
			      "guarded, too: "
			      "detach one of them\n",
			      "", other);
	if (!json_is_integer(json_object_get(one, "received")))
		return;
	escape_printf(stdout, "  %-16s has received %lld packets, the guard has seen %lld\n", "",
		      number_of(one, "received"), number_of(one, "seen"));
	if (!json_is_true(json_object_get(one, "blind")))
		return;
	if (strcmp(string_of(one, "hook"), "tc"))
		escape_printf(
			stdout,
			"  %-16s the guard sees NOTHING of what this interface "
			"receives: another "
			"program hands it over past the driver, as bpf_redirect_peer() does for "
			"pods: detach %s, and attach it with --xdp generic\n",
			"", name);
	else
		escape_printf(
			stdout,
			"  %-16s the guard sees NOTHING of what this interface "
			"receives: another "
			"program takes it first: `tc filter show dev %s ingress` and `bpftool net "
			"show dev %s` tell which\n",
			"", name, name);
}

static void print_state(const json_t *one)
{
	const char *state = string_of(one, "state"), *name = string_of(one, "name");

	if (strcmp(state, states[LINK_HERE]) == 0)
		print_guarded(one);
	else if (strcmp(state, states[LINK_GONE]) == 0)
		escape_printf(stdout, "  %-16s gone: attach it again, or detach it\n", name);
	else if (strcmp(state, states[LINK_REMOVED]) == 0)
		escape_printf(stdout,
			      "  %-16s NOT guarded, somebody detached that program: "
			      "`sipguard attach %s` "
			      "brings it back\n",
			      name, name);
	else
		escape_printf(stdout,
			      "  %-16s guarded, %s (the name is the one it had when it was "
			      "attached)\n",
			      name, state);
}

void interfaces_print(json_t *interfaces)
{
	json_t *one;
	size_t i;

	printf("\nInterfaces\n");
	json_array_foreach(interfaces, i, one) {
		bool here = strcmp(string_of(one, "state"), states[LINK_HERE]) == 0;

		print_state(one);
		if (here)
			print_traffic(one);
		print_replies(string_of(one, "replies"), string_of(one, "name"), here);
	}
}

void interfaces_counted(const struct session *session, struct counted counted[SG_INTERFACES])
{
	memset(counted, 0, SG_INTERFACES * sizeof(*counted));
	for (size_t i = 0; i < session->links.count; i++) {
		const struct guard_link *link = &session->links.link[i];
		struct counted *one = &counted[link->place.slot];
		struct place_note note;

		strcpy(one->name, is_shared(&session->links, link) ? "(others)" : link->name);
		one->ifindex = link->ifindex;
		if (note_read(session, link->place.slot, &note))
			one->before = note.seen;
	}
}
