// SPDX-License-Identifier: GPL-2.0-only
/* attach: a guard where none is, more interfaces for the one there is, a newer program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connections.h"
#include "egress.h"
#include "escape.h"
#include "journal.h"
#include "lists.h"
#include "loader.h"
#include "log.h"
#include "names.h"
#include "output.h"
#include "policy.h"
#include "preflight.h"
#include "session.h"

struct target {
	char name[IF_NAMESIZE];
	char pin[3 * IF_NAMESIZE];
	const struct guard_link *running; /* it is guarded already */
	bool replaces;                    /* a dead link of an earlier interface of this name */
	bool blind;                       /* nothing at egress sees what it sends */
	int link;                         /* -1 until created */
	char fallback[160];               /* why auto took generic mode; "" if it did not */
};

struct attach {
	const struct options *options;
	struct session session;
	struct policy policy;   /* config NULL: the one in force stays */
	struct loader loader;   /* programs -1: those that are pinned are used */
	int reply;              /* the program for egress of new targets; owned by somebody else */
	struct target *target;
	int count;
};

static enum exit_code target_make(struct attach *a, const char *argument, struct target *target)
{
	const struct guard_link *link;
	unsigned int ifindex = if_nametoindex(argument);

	*target = (struct target){.link = -1};
	/* The argument may be an alternative name. */
	if (ifindex && if_indextoname(ifindex, target->name))
		argument = target->name;
	if (preflight_interface(argument, a->options->xdp, &a->session.links))
		return FAILED;
	for (struct target *other = a->target; other < target; other++) {
		if (strcmp(other->name, target->name) == 0)
			return usage("%s is named twice.", target->name);
	}
	pins_encode(target->name, target->pin);
	link = links_find(&a->session.links, target->name);
	target->running = link && link->ifindex ? link : NULL;
	target->replaces = link && !link->ifindex;
	target->blind = !target->running ||
			egress_look(&a->session.pins, target->running) == EGRESS_MISSING;
	if (target->running && a->options->xdp != XDP_MODE_AUTO &&
	    a->options->xdp != link_mode(link)) {
		fail("%s is guarded in %s mode already: detach it first to change that.",
		     target->name, xdp_mode_names[link_mode(link)]);
		return FAILED;
	}
	return DONE;
}

static int create_links(struct attach *a, const int programs[VARIANT__MAX])
{
	const char *fallback;

	for (int i = 0; i < a->count; i++) {
		struct target *target = &a->target[i];

		if (target->running)
			continue;
		target->link = link_create(target->name, programs, a->options->xdp, &fallback);
		if (target->link < 0)
			return target->link;
		snprintf(target->fallback, sizeof(target->fallback), "%s",
			 fallback ? fallback : "");
	}
	return 0;
}

/* Unpinned links end with their last fd. */
static void close_links(struct attach *a)
{
	for (int i = 0; i < a->count; i++) {
		if (a->target[i].link >= 0)
			close(a->target[i].link);
		a->target[i].link = -1;
	}
}

static int stage_links(struct attach *a)
{
	int err = 0;

	for (int i = 0; !err && i < a->count; i++) {
		struct target *target = &a->target[i];

		if (target->link >= 0)
			err = journal_link(&a->session.pins, target->pin, target->link);
		if (!err && target->blind)
			err = journal_egress(&a->session.pins, target->name, a->reply);
	}
	return err;
}

static int stage_programs(struct attach *a)
{
	int err = 0;

	if (a->loader.clock < 0)
		return 0;
	for (int variant = 0; !err && variant < VARIANT__MAX; variant++)
		err = journal_program(&a->session.pins, variant_names[variant],
				      a->loader.programs[variant]);
	if (!err)
		err = journal_program(&a->session.pins, "guard_clock", a->loader.clock);
	if (!err)
		err = journal_program(&a->session.pins, "reply", a->loader.reply);
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
	int err = egress_attach(pins, ".", target->name, a->reply);

	if (!err)
		err = pins_mkdir(pins, "links");
	if (!err)
		err = pins_put(pins, target->link, "links/%s", target->pin);
	if (err && a->session.running)
		egress_tidy(pins);
	return err;
}

static bool is_single(const struct attach *a)
{
	if (a->count != 1 || a->target[0].running || a->target[0].replaces || a->loader.clock >= 0)
		return false;
	return !a->session.running || (!a->policy.config && !a->options->enforce);
}

/* No guard is there: what is prepared in pins counts for nothing until a link is pinned. */
static int attach_first(struct attach *a)
{
	enum sg_mode mode = a->options->enforce ? SG_MODE_ENFORCE : SG_MODE_MONITOR;
	const struct pins *pins = &a->session.pins;
	int err = policy_read(a->options->config, &a->policy);

	if (!err)
		err = loader_load(&a->loader);
	if (!err)
		err = loader_init(&a->loader, a->policy.config, a->policy.path, mode);
	if (!err)
		err = pins_mkdir(pins, "%s", "");
	if (!err)
		err = loader_pin(&a->loader, pins);
	if (!err)
		err = create_links(a, a->loader.programs);
	a->loader.clock = -1; /* pinned; nothing to be staged */
	a->reply = a->loader.reply;
	if (!err)
		err = is_single(a) ? commit_single(a, a->target) : commit_journal(a);
	if (err) {
		close_links(a);
		if (egress_remove(pins, ".") == 0)
			pins_wipe(pins, "");
	}
	return err;
}

/* Also if the program for egress is not pinned: one that others use must not be without it. */
static bool wants_upgrade(const struct attach *a)
{
	if (!pins_exist(&a->session.pins, "reply"))
		return true;
	for (int i = 0; i < a->count; i++) {
		if (a->target[i].running)
			return true;
	}
	return false;
}

static int attach_more(struct attach *a)
{
	struct programs pinned;
	int reply, err = 0;

	if (a->options->config)
		err = policy_read(a->options->config, &a->policy);
	if (!err && wants_upgrade(a))
		err = loader_load_over(&a->loader, &a->session.pins);
	programs_get(&a->session.pins, ".", &pinned);
	reply = pins_get(&a->session.pins, "reply");
	a->reply = a->loader.clock >= 0 ? a->loader.reply : reply;
	if (!err)
		err = create_links(a, a->loader.clock >= 0 ? a->loader.programs : pinned.fd);
	programs_put(&pinned);
	if (!err)
		connections_add_namespace(&a->session.maps);
	if (!err)
		err = is_single(a) ? commit_single(a, a->target) : commit_journal(a);
	if (reply >= 0)
		close(reply);
	if (err)
		close_links(a);
	else
		lists_refresh_own(&a->session.maps);
	return err;
}

/* What has been reached, as it is now, not as it was asked for. */
static json_t *report(struct attach *a, const struct link_set *links, enum sg_mode mode)
{
	json_t *all = json_array();

	for (int i = 0; i < a->count; i++) {
		const struct guard_link *link = links_find(links, a->target[i].name);
		const char *why = a->target[i].fallback;
		const char *xdp = link ? xdp_mode_names[link_mode(link)] : "none";
		const char *replies =
			egress_names[link ? egress_look(&a->session.pins, link) : EGRESS_UNKNOWN];

		json_array_append_new(all, json_pack("{s:o, s:s, s:s?, s:b, s:s?}", "name",
						     output_string(a->target[i].name),
						     "xdp", xdp, "replies", replies, "upgraded",
						     a->target[i].running != NULL, "fallback",
						     why[0] ? why : NULL));
		if (a->options->json)
			continue;
		escape_printf(stdout, "%s: %s, %s XDP, mode %s.\n", a->target[i].name,
			      a->target[i].running ? "upgraded" : "guarded", xdp, mode_names[mode]);
		if (why[0])
			notice("%s runs generic XDP, which is slower, because %s.",
			       a->target[i].name, why);
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
	struct attach a = {.options = options, .count = options->count};
	enum exit_code code = session_begin(&a.session, ACCESS_ATTACH);

	if (code != DONE)
		return code;
	a.loader.notes = a.loader.clock = -1;
	a.target = calloc(a.count, sizeof(*a.target));
	if (!a.target)
		code = FAILED;
	for (int i = 0; code == DONE && i < a.count; i++)
		code = target_make(&a, options->arguments[i], &a.target[i]);
	if (code == DONE && (a.session.running ? attach_more(&a) : attach_first(&a)))
		code = FAILED;
	if (code == DONE)
		connections_look(&a.session.pins);
	if (code == DONE && report_all(&a))
		code = FAILED;
	close_links(&a);
	loader_close(&a.loader);
	policy_free(&a.policy);
	free(a.target);
	session_end(&a.session);
	return code;
}
