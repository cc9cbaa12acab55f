// SPDX-License-Identifier: GPL-2.0-only
/* attach: a guard where none is, more interfaces for the one there is, a newer program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "base/names.h"
#include "guard/connections.h"
#include "guard/egress.h"
#include "guard/hook.h"
#include "guard/journal.h"
#include "guard/loader.h"
#include "guard/preflight.h"
#include "guard/session.h"
#include "kernel/device.h"
#include "kernel/netns.h"
#include "model/lists.h"
#include "policy/policy.h"
#include "render/output.h"

struct target {
	struct device device;
	struct place place;               /* of its link, which is there or to come */
	char pin[PLACE_PIN];
	const struct guard_link *running; /* it is guarded already */
	bool blind;                       /* nothing at egress sees what it sends */
	bool attached;                    /* `hooked` is set */
	struct hooked hooked;
};

struct attach {
	const struct options *options;
	struct session session;
	struct policy policy;     /* config NULL: the one in force stays */
	struct loader loader;
	struct device_set devices;
	int reply[REPLY__MAX];    /* the programs for egress; -1: not needed */
	bool upgrade;             /* what is attached already gets this version's programs */
	struct target *target;
	int count;
};

/* The link of an interface of this namespace, whatever it is called now. */
static const struct guard_link *link_of(const struct link_set *links, __u32 ifindex)
{
	for (size_t i = 0; i < links->count; i++) {
		const struct guard_link *link = &links->link[i];

		if ((link->state == LINK_HERE || link->state == LINK_REMOVED) &&
		    link->ifindex == ifindex)
			return link;
	}
	return NULL;
}

/* What a dead link was attached to had this name, so the interface is its like. */
static bool is_replaced(const struct guard_link *link, const struct target *target)
{
	return !target->running && link->state == LINK_GONE &&
	       strcmp(link->name, target->device.name) == 0;
}

static bool replaces(const struct attach *a, const struct target *target)
{
	for (size_t i = 0; i < a->session.links.count; i++) {
		if (is_replaced(&a->session.links.link[i], target))
			return true;
	}
	return false;
}

static int refuse_stacked(const struct device_set *devices, const struct device *device,
			  __u32 ifindex, const char *name)
{
	bool above = device_is_above(devices, device->ifindex, ifindex);

	if (!above && !device_is_above(devices, ifindex, device->ifindex))
		return 0;
	fail("%s is %s %s, so what comes in would be judged and charged twice: guard only one of "
	     "them, and detach the other one first if it is guarded.", device->name,
	     above ? "above" : "below", name);
	return -EBUSY;
}

/* No packet shall pass two guards. */
static int check_stacked(const struct attach *a, const struct target *target)
{
	const struct link_set *links = &a->session.links;
	int err = 0;

	for (size_t i = 0; !err && i < links->count; i++) {
		if (links->link[i].state == LINK_HERE)
			err = refuse_stacked(&a->devices, &target->device, links->link[i].ifindex,
					     links->link[i].name);
	}
	for (const struct target *other = a->target; !err && other < target; other++)
		err = refuse_stacked(&a->devices, &target->device, other->device.ifindex,
				     other->device.name);
	return err;
}

static bool slot_is_used(const struct attach *a, const struct target *target, __u32 slot)
{
	for (size_t i = 0; i < a->session.links.count; i++) {
		if (a->session.links.link[i].place.slot == slot)
			return true;
	}
	for (const struct target *other = a->target; other < target; other++) {
		if (other->place.slot == slot)
			return true;
	}
	return false;
}

/* A free place among the counters. */
static __u32 slot_find(const struct attach *a, const struct target *target)
{
	for (__u32 slot = 0; slot < SG_INTERFACES - 1; slot++) {
		if (!slot_is_used(a, target, slot))
			return slot;
	}
	if (slot_is_used(a, target, SG_INTERFACES - 1))
		notice("%s is beyond the %d interfaces whose packets are counted one by one: it is "
		       "guarded as the others are, and shares the last of their counters.",
		       target->device.name, SG_INTERFACES);
	return SG_INTERFACES - 1;
}

static int target_make_new(const struct attach *a, struct target *target)
{
	const struct device *device = &target->device;
	enum xdp_mode mode = a->options->xdp;
	int err = hook_check(device, mode);

	if (!err && mode != XDP_MODE_GENERIC && !hook_obstacle(device))
		err = preflight_xdp(device->name, mode);
	if (!err)
		err = check_stacked(a, target);
	if (err)
		return err;
	target->blind = true;
	target->place = (struct place){.ifindex = device->ifindex, .netns = netns_here(),
				       .slot = slot_find(a, target)};
	strcpy(target->place.name, device->name);
	return 0;
}

static int target_make_running(const struct attach *a, struct target *target)
{
	const struct guard_link *link = target->running;

	target->place = link->place;
	strcpy(target->pin, link->pin);
	target->blind = egress_look(&a->session.pins, link) == EGRESS_MISSING;
	if (a->options->xdp == XDP_MODE_AUTO || a->options->xdp == link_mode(link))
		return 0;
	fail("%s is guarded in %s mode already: detach it first to change that.",
	     target->device.name, xdp_mode_names[link_mode(link)]);
	return -EEXIST;
}

/* The argument may be an alternative name. */
static enum exit_code target_make(struct attach *a, const char *argument, struct target *target)
{
	__u32 ifindex = if_nametoindex(argument);

	*target = (struct target){};
	if (!ifindex || device_read(ifindex, &target->device)) {
		fail("there is no interface %s here: `ip link` lists those there are.", argument);
		return FAILED;
	}
	for (struct target *other = a->target; other < target; other++) {
		if (other->device.ifindex == ifindex)
			return usage("%s is named twice.", target->device.name);
	}
	target->running = link_of(&a->session.links, ifindex);
	if (target->running)
		return target_make_running(a, target) ? FAILED : DONE;
	return target_make_new(a, target) ? FAILED : DONE;
}

static enum reply reply_of_target(const struct target *target)
{
	if (target->running)
		return reply_of(target->place.judge);
	return device_is_bare(&target->device) ? REPLY_BARE : REPLY_ETHERNET;
}

/*
 * What the interface has received, and the guard has seen, up to now. From here on they should go
 * side by side.
 */
static int note_target(const struct attach *a, const struct target *target)
{
	__u64 received = target->device.received;
	struct sg_stats stats;
	struct device now;
	int err = loader_stats(&a->loader, &stats);

	if (err)
		return err;
	if (!device_read(target->device.ifindex, &now))
		received = now.received;
	err = link_note(&a->session.pins, target->place.slot, target->hooked.program_id, received,
			maps_seen(&stats, target->place.slot));
	if (err)
		fail("cannot note where the counters of %s begin: %s.", target->device.name,
		     strerror(-err));
	return err;
}

static int create_links(struct attach *a)
{
	int err = 0;

	for (int i = 0; !err && i < a->count; i++) {
		struct target *target = &a->target[i];

		if (target->running)
			continue;
		err = hook_attach(&a->session.pins, &a->loader, &target->device, a->options->xdp,
				  &target->place, &target->hooked);
		target->attached = !err;
		place_encode(&target->place, target->pin);
		if (!err)
			err = note_target(a, target);
	}
	return err;
}

/* Unpinned links end with their last fd. */
static void close_links(struct attach *a)
{
	for (int i = 0; i < a->count; i++) {
		struct target *target = &a->target[i];

		if (target->attached && target->hooked.link >= 0)
			close(target->hooked.link);
		target->attached = false;
	}
}

/* A dead link goes when its like is attached. */
static int stage_removals(struct attach *a, const struct target *target)
{
	int err = 0;

	for (size_t i = 0; !err && i < a->session.links.count; i++) {
		const struct guard_link *link = &a->session.links.link[i];

		if (is_replaced(link, target))
			err = journal_remove(&a->session.pins, link->pin, link->fd);
	}
	return err;
}

static int stage_links(struct attach *a)
{
	int err = 0;

	for (int i = 0; !err && i < a->count; i++) {
		struct target *target = &a->target[i];

		if (target->attached)
			err = journal_link(&a->session.pins, target->pin, target->hooked.link);
		if (!err && target->blind)
			err = journal_egress(&a->session.pins, &target->place,
					     target->device.ifindex,
					     a->reply[reply_of_target(target)]);
		if (!err)
			err = stage_removals(a, target);
	}
	return err;
}

/* What is attached already gets a new program, each its own. */
static int stage_judges(struct attach *a)
{
	int err = 0;

	for (size_t i = 0; !err && i < a->session.links.count; i++) {
		const struct guard_link *link = &a->session.links.link[i];
		int program;

		if (link->state == LINK_GONE)
			continue;
		program = loader_judge(&a->loader, link->place.judge, link->place.slot);
		if (program < 0)
			return program;
		err = journal_judge(&a->session.pins, link, program);
		close(program);
	}
	return err;
}

static int stage_programs(struct attach *a)
{
	int err;

	if (!a->upgrade)
		return 0;
	err = stage_judges(a);
	if (!err)
		err = journal_program(&a->session.pins, "guard_clock", a->loader.clock);
	for (int reply = 0; !err && reply < REPLY__MAX; reply++) {
		if (a->reply[reply] >= 0)
			err = journal_program(&a->session.pins, reply_names[reply],
					      a->reply[reply]);
	}
	for (int link = 0; !err && link < CONNECTION_LINK__MAX; link++) {
		if (a->loader.connections[link] >= 0)
			err = journal_program(&a->session.pins, connection_link_names[link],
					      a->loader.connections[link]);
	}
	return err;
}

/* The configuration and the mode that a guard which is running already shall change to. */
static int stage_values(struct attach *a)
{
	__u32 slot;
	int err = 0;

	if (a->policy.config) {
		err = maps_fill_spare(&a->session.maps, a->policy.config, a->policy.path, &slot);
		if (!err)
			err = journal_slot(&a->session.pins, slot);
	}
	if (!err && a->options->enforce && a->session.maps.state->mode != SG_MODE_ENFORCE)
		err = journal_mode(&a->session.pins, SG_MODE_ENFORCE);
	return err;
}

static int commit_journal(struct attach *a)
{
	int err = journal_begin(&a->session.pins);

	if (!err)
		err = stage_programs(a);
	if (!err && a->session.running)
		err = stage_values(a);
	if (!err)
		err = stage_links(a);
	if (err) {
		journal_abort(&a->session.pins);
		return err;
	}
	return journal_commit(&a->session.pins, &a->session.maps);
}

/* One new link and nothing else: pinning it is the commit. */
static int commit_single(struct attach *a, const struct target *target)
{
	const struct pins *pins = &a->session.pins;
	int err = egress_attach(pins, ".", &target->place, target->device.ifindex,
				a->reply[reply_of_target(target)]);

	if (!err)
		err = pins_mkdir(pins, "links");
	if (!err && target->hooked.link >= 0)
		err = pins_put(pins, target->hooked.link, "links/%s", target->pin);
	else if (!err)
		err = pins_mkdir(pins, "links/%s", target->pin);
	return err;
}

static bool is_single(const struct attach *a)
{
	if (a->count != 1 || a->target[0].running || replaces(a, a->target) || a->upgrade)
		return false;
	return !a->session.running || (!a->policy.config && !a->options->enforce);
}

static int commit(struct attach *a)
{
	return is_single(a) ? commit_single(a, a->target) : commit_journal(a);
}

/* Which programs for egress are needed: by targets and, if all is upgraded, by what there is. */
static bool needs_reply(const struct attach *a, enum reply reply)
{
	for (int i = 0; i < a->count; i++) {
		if (reply_of_target(&a->target[i]) == reply)
			return true;
	}
	for (size_t i = 0; a->upgrade && i < a->session.links.count; i++) {
		if (reply_of(a->session.links.link[i].place.judge) == reply)
			return true;
	}
	return false;
}

/* One that is pinned is used, unless it is replaced; a new one that is not staged is pinned. */
static int get_replies(struct attach *a)
{
	const struct pins *pins = &a->session.pins;
	int err = 0;

	for (int reply = 0; !err && reply < REPLY__MAX; reply++) {
		if (!needs_reply(a, reply))
			continue;
		if (!a->upgrade)
			a->reply[reply] = pins_get(pins, "%s", reply_names[reply]);
		if (a->reply[reply] >= 0)
			continue;
		a->reply[reply] = loader_reply(&a->loader, reply);
		err = a->reply[reply] < 0 ? a->reply[reply] : 0;
		if (!err && !a->upgrade)
			err = pins_put(pins, a->reply[reply], "%s", reply_names[reply]);
	}
	return err;
}

/* No guard is there: what is prepared in pins counts for nothing until a link is pinned. */
static int attach_first(struct attach *a)
{
	enum sg_mode mode = a->options->enforce ? SG_MODE_ENFORCE : SG_MODE_MONITOR;
	const struct pins *pins = &a->session.pins;
	int err = a->policy.config ? 0 : policy_read(NULL, &a->policy);

	if (!err)
		err = loader_load(&a->loader);
	if (!err)
		loader_connections(&a->loader);
	if (!err)
		err = loader_init(&a->loader, a->policy.config, a->policy.path, mode);
	if (!err)
		err = pins_mkdir(pins, "%s", "");
	if (!err)
		err = loader_pin(&a->loader, pins);
	if (!err)
		err = get_replies(a);
	if (!err)
		err = create_links(a);
	if (!err)
		err = commit(a);
	if (err) {
		close_links(a);
		if (egress_remove(pins, ".") == 0)
			pins_wipe(pins, "");
	}
	return err;
}

/* Also if the programs for egress are not pinned: those that others use must not be without one. */
static bool wants_upgrade(const struct attach *a)
{
	if (!pins_exist(&a->session.pins, reply_names[REPLY_ETHERNET]) &&
	    !pins_exist(&a->session.pins, reply_names[REPLY_BARE]))
		return true;
	for (int i = 0; i < a->count; i++) {
		if (a->target[i].running)
			return true;
	}
	return false;
}

static int attach_more(struct attach *a)
{
	int err = loader_load_over(&a->loader, &a->session.pins);

	a->upgrade = wants_upgrade(a);
	if (!err && a->upgrade)
		loader_connections(&a->loader);
	if (!err)
		err = get_replies(a);
	if (!err)
		err = create_links(a);
	if (!err)
		connections_add_namespace(&a->session.maps);
	if (!err)
		err = commit(a);
	if (err) {
		close_links(a);
		egress_tidy(&a->session.pins);
		return err;
	}
	lists_refresh_own(&a->session.maps);
	return 0;
}

static void tell(const struct target *target, const struct guard_link *link, enum sg_mode mode)
{
	bool tc = link_mode(link) == XDP_MODE_GENERIC;

	escape_printf(stdout, "%s: %s, %s, mode %s.\n", target->device.name,
	       target->running ? "upgraded" : "guarded", tc ? "at tc ingress" : "native XDP",
	       mode_names[mode]);
	if (target->hooked.why[0])
		notice("%s is guarded at tc ingress, which is slower than native XDP, since %s.",
		       target->device.name, target->hooked.why);
}

/* What has been reached, as it is now, not as it was asked for. */
static json_t *report(struct attach *a, const struct link_set *links, enum sg_mode mode)
{
	json_t *all = json_array();

	for (int i = 0; i < a->count; i++) {
		const struct target *target = &a->target[i];
		const struct guard_link *link = link_of(links, target->device.ifindex);
		const char *why = target->hooked.why;

		if (!link)
			continue; /* it has vanished meanwhile */
		json_array_append_new(all, json_pack("{s:o, s:s, s:s, s:s?, s:b, s:s?}", "name",
						     output_string(link->name), "xdp",
						     xdp_mode_names[link_mode(link)], "hook",
						     link_hook(link), "replies",
						     egress_names[egress_look(&a->session.pins,
									      link)],
						     "upgraded", target->running != NULL,
						     "fallback", why[0] ? why : NULL));
		if (!a->options->json)
			tell(target, link, mode);
	}
	return all;
}

/* What an upgrade from here could not reach. */
static void tell_older(const struct pins *pins, const struct link_set *links)
{
	for (size_t i = 0; i < links->count; i++) {
		if (egress_look(pins, &links->link[i]) == EGRESS_OLDER)
			notice("%s is in another network namespace, where an older program may "
			       "still see what it sends: run `sipguard attach %s` there, too.",
			       links->link[i].name, links->link[i].name);
	}
}

static int report_all(struct attach *a)
{
	struct session *s = &a->session;
	struct link_set links;
	struct maps maps;
	enum sg_mode mode;
	json_t *all;
	int err = maps_open(&s->pins, &maps);

	if (err)
		return err;
	mode = maps.state->mode;
	maps_close(&maps);
	err = links_read(&s->pins, "links", &links);
	if (err)
		return err;
	all = report(a, &links, mode);
	tell_older(&s->pins, &links);
	links_free(&links);
	if (a->options->json)
		output_json(json_pack("{s:o, s:s}", "interfaces", all, "mode", mode_names[mode]));
	else
		json_decref(all);
	if (!a->options->json && mode == SG_MODE_MONITOR)
		printf("Nothing is dropped until you say `sipguard mode enforce`; `sipguard stats` "
		       "shows what would be.\n");
	return 0;
}

enum exit_code cmd_attach(const struct options *options)
{
	struct attach a = {.options = options, .count = options->count, .reply = {-1, -1}};
	/* The file before the lock is taken: it may be a pipe, or a terminal. */
	enum exit_code code = options->config && policy_read(options->config, &a.policy)
				      ? FAILED : session_begin(&a.session, ACCESS_ATTACH);

	if (code != DONE) {
		policy_free(&a.policy);
		return code;
	}
	a.loader.notes = a.loader.places = a.loader.clock = -1;
	a.target = calloc(a.count, sizeof(*a.target));
	if (!a.target || devices_read(&a.devices)) {
		fail("the kernel does not list its interfaces: %s.", strerror(errno));
		code = FAILED;
	}
	for (int i = 0; code == DONE && i < a.count; i++)
		code = target_make(&a, options->arguments[i], &a.target[i]);
	if (code == DONE && (a.session.running ? attach_more(&a) : attach_first(&a)))
		code = FAILED;
	if (code == DONE)
		connections_look(&a.session.pins);
	if (code == DONE && report_all(&a))
		code = FAILED;
	close_links(&a);
	for (int reply = 0; reply < REPLY__MAX; reply++) {
		if (a.reply[reply] >= 0)
			close(a.reply[reply]);
	}
	free(a.devices.device);
	loader_close(&a.loader);
	policy_free(&a.policy);
	free(a.target);
	session_end(&a.session);
	return code;
}
