// SPDX-License-Identifier: GPL-2.0-only
/* attach: a guard where none is, more interfaces for the one there is, a newer program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/names.h"
#include "base/notice.h"
#include "cmd/attach.h"
#include "guard/connections.h"
#include "guard/journal.h"
#include "guard/shadow.h"
#include "model/lists.h"
#include "render/output.h"

static bool replaces(const struct attach *a, const struct target *target)
{
	for (size_t i = 0; i < a->session.links.count; i++) {
		if (is_replaced(&a->session.links.link[i], target))
			return true;
	}
	return false;
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
static int note_target(struct attach *a, const struct target *target)
{
	__u64 received = target->device.received;
	struct sg_stats stats;
	struct device now;
	int err = loader_stats(&a->loader, &stats, &a->error);

	if (err)
		return err;
	if (!device_read(target->device.ifindex, &now))
		received = now.received;
	err = link_note(&a->session.pins, target->place.slot, target->hooked.program_id, received,
			maps_seen(&stats, target->place.slot));
	if (err)
		error_set(&a->error, err, "cannot note where the counters of %s begin: %s.",
			  target->device.name, strerror(-err));
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
				  &target->place, &target->hooked, &a->error);
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
			err = journal_remove(&a->session.pins, link->pin, link->fd, &a->error);
	}
	return err;
}

static int stage_links(struct attach *a)
{
	int err = 0;

	for (int i = 0; !err && i < a->count; i++) {
		struct target *target = &a->target[i];

		if (target->attached)
			err = journal_link(&a->session.pins, target->pin, target->hooked.link,
					   &a->error);
		if (!err && target->blind)
			err = journal_egress(&a->session.pins, &target->place,
					     target->device.ifindex,
					     a->reply[reply_of_target(target)], &a->error);
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

		if (link->state == LINK_GONE || link->kind == LINK_DISPATCHED)
			continue;
		program = loader_judge(&a->loader, link->place.judge, link->place.slot, &a->error);
		if (program < 0)
			return program;
		err = journal_judge(&a->session.pins, link, program, &a->error);
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
		err = journal_program(&a->session.pins, "guard_clock", a->loader.clock, &a->error);
	for (int reply = 0; !err && reply < REPLY__MAX; reply++) {
		if (a->reply[reply] >= 0)
			err = journal_program(&a->session.pins, reply_names[reply],
					      a->reply[reply], &a->error);
	}
	for (int link = 0; !err && link < CONNECTION_LINK__MAX; link++) {
		if (a->loader.connections[link] >= 0)
			err = journal_program(&a->session.pins, connection_link_names[link],
					      a->loader.connections[link], &a->error);
	}
	return err;
}

/* The configuration and the mode that a guard which is running already shall change to. */
static int stage_values(struct attach *a)
{
	enum sg_mode mode = mode_after(a->options, &a->session, a->policy.config);
	__u32 which;
	int err = 0;

	if (a->policy.config) {
		err = maps_fill_spare(&a->session.maps, a->policy.config, a->policy.path, &which,
				      &a->error);
		if (!err)
			err = journal_config(&a->session.pins, which, &a->error);
	}
	if (!err && a->session.maps.state->mode != mode)
		err = journal_mode(&a->session.pins, mode, &a->error);
	return err;
}

static int commit_journal(struct attach *a)
{
	int err = journal_begin(&a->session.pins, &a->error);

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
	return journal_commit(&a->session.pins, &a->session.maps, &a->error);
}

/* One new link and nothing else: pinning it is the commit. */
static int commit_single(struct attach *a, const struct target *target)
{
	const struct pins *pins = &a->session.pins;
	int err = egress_attach(pins, ".", &target->place, target->device.ifindex,
				a->reply[reply_of_target(target)], &a->error);

	if (!err)
		err = pins_mkdir(pins, &a->error, "links");
	if (!err && target->hooked.link >= 0)
		err = pins_put(pins, target->hooked.link, &a->error, "links/%s", target->pin);
	else if (!err)
		err = pins_mkdir(pins, &a->error, "links/%s", target->pin);
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
		a->reply[reply] = loader_reply(&a->loader, reply, &a->error);
		err = a->reply[reply] < 0 ? a->reply[reply] : 0;
		if (!err && !a->upgrade)
			err = pins_put(pins, a->reply[reply], &a->error, "%s",
				       reply_names[reply]);
	}
	return err;
}

/*
 * The slots of all interfaces, those that are to come, too, so that their first packets are of the
 * right zones already.
 */
static void find_slots(struct attach *a)
{
	slots_of_links(&a->slots, &a->session.links);
	if (a->session.running)
		slots_recall(&a->slots, places_in_force(&a->session.maps));
	for (int i = 0; i < a->count; i++) {
		const struct target *target = &a->target[i];

		if (!target->running)
			slots_add(&a->slots, target->place.slot, target->device.ifindex,
				  target->device.name, a->options->xdp != XDP_MODE_GENERIC);
	}
	if (a->policy.config)
		slots_write(&a->slots, &a->policy.config->kernel.places);
}

/* No guard is there: what is prepared in pins counts for nothing until a link is pinned. */
static int attach_first(struct attach *a)
{
	const struct pins *pins = &a->session.pins;
	int err = a->policy.config ? 0 : policy_read(NULL, &a->policy, &a->error);

	if (!err)
		find_slots(a);
	if (!err)
		err = loader_load(&a->loader, a->policy.config->kernel.memory_preset, &a->error);
	if (!err)
		loader_connections(&a->loader);
	if (!err)
		err = loader_init(&a->loader, a->policy.config, a->policy.path,
				  mode_first(a->options, a->policy.config), a->options->seconds,
				  &a->error);
	if (!err)
		err = pins_mkdir(pins, &a->error, "%s", "");
	if (!err)
		err = loader_pin(&a->loader, pins, &a->error);
	if (!err)
		err = get_replies(a);
	if (!err)
		err = create_links(a);
	if (!err)
		err = commit(a);
	if (err) {
		close_links(a);
		if (egress_remove(pins, ".", NULL) == 0)
			pins_wipe(pins, "");
	}
	return err;
}

static int attach_more(struct attach *a)
{
	bool shadowed = shadow_exists(&a->session.pins);
	struct error why = {};
	int err = loader_load_over(&a->loader, &a->session.pins, &a->error);

	find_slots(a);
	if (!err)
		err = slots_settle(&a->slots, &a->session.maps, &a->error);
	a->upgrade = targets_upgrade(a);
	if (!err && a->upgrade)
		loader_connections(&a->loader);
	if (!err)
		err = get_replies(a);
	if (!err)
		err = create_links(a);
	if (!err)
		connections_add_namespace(&a->session.maps);
	if (!err)
		targets_listen(a);
	if (!err)
		err = trial_begin(a);
	if (!err)
		err = commit(a);
	if (err) {
		trial_undo(a);
		close_links(a);
		egress_tidy(&a->session.pins, NULL);
		return err;
	}
	if (lists_settle(&a->session.maps, &why))
		notice("%s", why.text);
	if (shadowed)
		shadow_settle(&a->session.pins);
	return targets_dispatch(a);
}

static void tell(const struct target *target, const struct guard_link *link, enum sg_mode mode)
{
	escape_printf(stdout, "%s: %s, %s, mode %s.\n", target->device.name,
	       target->running ? "upgraded" : "guarded", link_text(link),
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

/* What is attached now: where replies leave by it, that can be told from now on. */
static int tell_slots(struct attach *a, struct link_set *links, struct maps *maps)
{
	int err;

	slots_of_links(&a->slots, links);
	slots_recall(&a->slots, places_in_force(maps));
	err = slots_settle(&a->slots, maps, &a->error);
	if (err)
		links_free(links);
	else
		tell_doubts(&a->slots, maps);
	return err;
}

static int report_all(struct attach *a)
{
	struct session *s = &a->session;
	struct link_set links;
	struct maps maps;
	enum sg_mode mode;
	json_t *all;
	int err = maps_open(&s->pins, &maps, &a->error);

	if (err)
		return err;
	mode = maps.state->mode;
	a->trial = maps.state->trial % (SG_TRIAL_DETACH + 1);
	err = links_read(&s->pins, "links", &links, &a->error);
	if (!err)
		err = tell_slots(a, &links, &maps);
	maps_close(&maps);
	if (err)
		return err;
	if (a->options->quiet) { /* another command does the talking */
		links_free(&links);
		return 0;
	}
	all = report(a, &links, mode);
	tell_older(&s->pins, &links);
	links_free(&links);
	if (a->options->json)
		output_json(json_pack("{s:o, s:s}", "interfaces", all, "mode", mode_names[mode]));
	else
		json_decref(all);
	if (a->options->seconds && !a->options->json)
		tell_trial(a->trial, a->options->seconds);
	if (!a->options->json && !a->options->monitor && mode == SG_MODE_MONITOR)
		printf("Nothing is dropped until you say `sipguard mode enforce`; `sipguard stats` "
		       "shows what would be.\n");
	return 0;
}

enum exit_code cmd_attach(const struct options *options)
{
	struct attach a = {.options = options, .count = options->count, .reply = {-1, -1}};
	enum exit_code code = DONE;
	int err = 0;

	if (options->given & OPTION_RESTORE)
		return attach_and_restore(options);
	/* The file before the lock is taken: it may be a pipe, or a terminal. */
	if (options->config)
		err = policy_read(options->config, &a.policy, &a.error);
	if (!err)
		err = session_begin(&a.session, ACCESS_ATTACH, &a.error);
	if (err) {
		code = failed(&a.error);
		policy_free(&a.policy);
		return code;
	}
	a.loader.notes = a.loader.places = a.loader.clock = -1;
	a.target = calloc(a.count, sizeof(*a.target));
	err = a.target ? devices_read(&a.devices) : -ENOMEM;
	if (err)
		error_set(&a.error, err, "the kernel does not list its interfaces: %s.",
			  strerror(-err));
	for (int i = 0; !err && code == DONE && i < a.count; i++)
		code = target_make(&a, options->arguments[i], &a.target[i]);
	if (!err && code == DONE)
		err = a.session.running ? attach_more(&a) : attach_first(&a);
	if (!err && code == DONE) {
		connections_look(&a.session.pins);
		err = report_all(&a);
	}
	if (err)
		code = failed(&a.error);
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
