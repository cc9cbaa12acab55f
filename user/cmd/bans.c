// SPDX-License-Identifier: GPL-2.0-only
/* ban, unban, bans. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/names.h"
#include "cmd/command.h"
#include "guard/session.h"
#include "kernel/walk.h"
#include "model/lists.h"
#include "render/output.h"

struct ban {
	struct sg_flow_key key;
	struct sg_ban ban;
};

struct bans {
	struct ban *ban;
	size_t count;
};

static bool is_flow(const struct sg_flow_key *key)
{
	return key->port != 0;
}

static int by_end(const void *a, const void *b)
{
	const struct ban *x = a, *y = b;

	return x->ban.until < y->ban.until ? -1 : x->ban.until > y->ban.until;
}

/* Every ban that has not ended at `now`, by its end; those that have are removed if `prune`. */
static int read_map(const struct maps *maps, __u64 now, bool prune, struct bans *bans)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, maps->fd[MAP_BANS]);

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_ban *ban = value;

		if (ban->until > now && bans->count < SG_BANS)
			bans->ban[bans->count++] =
				(struct ban){*(const struct sg_flow_key *)key, *ban};
		else if (ban->until <= now && prune)
			bpf_map_delete_elem(maps->fd[MAP_BANS], key);
	}
	walk_end(&walk);
	return err;
}

static int bans_read(const struct maps *maps, __u64 now, bool prune, struct bans *bans,
		     struct error *error)
{
	int err;

	*bans = (struct bans){.ban = calloc(SG_BANS, sizeof(*bans->ban))};
	err = bans->ban ? read_map(maps, now, prune, bans) : -ENOMEM;
	if (err)
		return error_set(error, err, "cannot read the bans: %s.", strerror(-err));
	qsort(bans->ban, bans->count, sizeof(*bans->ban), by_end);
	return 0;
}

static void bans_free(struct bans *bans)
{
	free(bans->ban);
	bans->ban = NULL;
}

/* Voids what the CPUs remember of bans. After each change; needs the exclusive lock. */
static void bans_changed(const struct maps *maps)
{
	maps_store(&maps->state->ban_generation, maps->state->ban_generation + 1);
}

/* Whether any source and any flow is banned; bans that have ended are removed. */
static int bans_kinds(struct session *session, __u64 now, __u32 *sources, __u32 *flows,
		      struct error *error)
{
	struct bans bans;
	int err = bans_read(&session->maps, now, true, &bans, error);

	*sources = *flows = 0;
	for (size_t i = 0; !err && i < bans.count; i++)
		*(is_flow(&bans.ban[i].key) ? flows : sources) = 1;
	bans_free(&bans);
	return err;
}

/*
 * Packets look for bans only while there are any. Needs the exclusive lock, which does not keep
 * the guard from banning a flow meanwhile: it sets the word that it finds zero, so whoever has put
 * a zero there has to look once more.
 */
static int bans_settle(struct session *session, __u64 now, struct error *error)
{
	struct sg_state *state = session->maps.state;
	__u32 sources, flows;
	int err = bans_kinds(session, now, &sources, &flows, error);

	if (err)
		return err;
	maps_store(&state->source_bans, sources);
	maps_store(&state->flow_bans, flows);
	if (!sources || !flows) {
		err = bans_kinds(session, now, &sources, &flows, error);
		if (sources)
			maps_store(&state->source_bans, 1);
		if (flows)
			maps_store(&state->flow_bans, 1);
	}
	bans_changed(&session->maps);
	return err;
}

static int refuse_ban(const struct maps *maps, const struct sg_flow_key *key, struct error *error)
{
	struct prefix source = flow_prefix(key), *own;
	char text[PREFIX_TEXT], mine[PREFIX_TEXT];
	size_t count;
	int err = own_addresses(&own, &count, error);

	if (err)
		return err;
	prefix_format(&source, text, sizeof(text));
	for (size_t i = 0; !err && i < count; i++) {
		if (!prefix_contains(&source, &own[i]))
			continue;
		prefix_format(&own[i], mine, sizeof(mine));
		if (source.length == own[i].length)
			err = error_set(error, -EINVAL, "%s is an address of this host, which is "
					"never banned.", text);
		else
			err = error_set(error, -EINVAL, "%s, which a ban of a source is for, has "
					"%s of this host in it: ban a flow, or deny the single "
					"address with `sipguard deny add`.", text, mine);
	}
	free(own);
	if (!err && lists_lookup(maps, &source) == SG_LIST_ALLOW)
		err = error_set(error, -EINVAL, "%s is on the allow list, so a ban would do "
				"nothing: take it off with `sipguard allow del` first.", text);
	return err;
}

static int ban_put(struct session *session, const struct sg_flow_key *key, __u64 now, __u64 seconds,
		   struct error *error)
{
	struct maps *maps = &session->maps;
	struct sg_ban ban = {
		.until = now + seconds * SG_NSEC_PER_SEC,
		.cause = SG_REASON_NONE,
	};
	int err;

	maps_store(is_flow(key) ? &maps->state->flow_bans : &maps->state->source_bans, 1);
	err = bpf_map_update_elem(maps->fd[MAP_BANS], key, &ban, BPF_ANY);
	bans_changed(maps);
	if (!err)
		return 0;
	bans_settle(session, now, NULL);
	if (err == -E2BIG)
		error_set(error, err, "%d bans are in force and there is no place for more: lift "
			  "some, or deny whole prefixes with `sipguard deny add`.", SG_BANS);
	else
		error_set(error, err, "cannot write the ban: %s.", strerror(-err));
	return err;
}

static const char *cause_of(__u32 cause)
{
	return cause < SG_REASON__MAX && cause ? reason_texts[cause].label : "operator";
}

static json_t *ban_json(const struct sg_flow_key *key, __u64 seconds, __u32 cause)
{
	char text[PREFIX_TEXT];

	flow_format(key, text, sizeof(text));
	return json_pack("{s:s, s:s, s:s?, s:I, s:s}", "ban", text, "kind",
			 is_flow(key) ? "flow" : "source", "transport",
			 is_flow(key) ? flow_transport(key) : NULL, "seconds_left",
			 (json_int_t)seconds, "cause", cause_of(cause));
}

static int ban(struct session *session, const struct sg_flow_key *key,
	       const struct options *options, struct error *error)
{
	char text[PREFIX_TEXT], time[OUTPUT_TEXT];
	__u64 now;
	int err = refuse_ban(&session->maps, key, error);

	if (!err)
		err = maps_clock(&session->maps, &now, error);
	if (!err)
		err = bans_settle(session, now, error);
	if (!err)
		err = ban_put(session, key, now, options->seconds, error);
	if (err)
		return err;
	flow_format(key, text, sizeof(text));
	if (options->json)
		output_json(ban_json(key, options->seconds, SG_REASON_NONE));
	else
		printf("%s%s%s is banned for %s.\n", text, is_flow(key) ? " over " : "",
		       is_flow(key) ? flow_transport(key) : "",
		       output_seconds(options->seconds, time));
	return 0;
}

static int unban(struct session *session, const struct sg_flow_key *key,
		 const struct options *options, struct error *error)
{
	char text[PREFIX_TEXT];
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	flow_format(key, text, sizeof(text));
	if (!err)
		err = bans_settle(session, now, error);
	if (err)
		return err;
	err = bpf_map_delete_elem(session->maps.fd[MAP_BANS], key);
	if (err == -ENOENT)
		error_set(error, err, "%s is not banned: `sipguard bans` lists what is.", text);
	else if (err)
		error_set(error, err, "cannot lift the ban: %s.", strerror(-err));
	else
		err = bans_settle(session, now, error);
	if (!err && options->json)
		output_json(json_pack("{s:s}", "lifted", text));
	else if (!err)
		printf("%s is not banned any more.\n", text);
	return err;
}

static enum exit_code run(const struct options *options,
			  int (*what)(struct session *, const struct sg_flow_key *,
				      const struct options *, struct error *))
{
	struct error error = {};
	struct session session;
	struct sg_flow_key key;
	int err;

	if (flow_parse(options->arguments[0], options->transport, &key, &error)) {
		failed(&error);
		return USAGE;
	}
	if (session_begin(&session, ACCESS_CHANGE, &error))
		return failed(&error);
	err = what(&session, &key, options, &error);
	session_end(&session);
	return err ? failed(&error) : DONE;
}

enum exit_code cmd_ban(const struct options *options)
{
	return run(options, ban);
}

enum exit_code cmd_unban(const struct options *options)
{
	return run(options, unban);
}

static void print_bans(const struct bans *bans, __u64 now, bool json)
{
	char text[PREFIX_TEXT], time[OUTPUT_TEXT];
	json_t *all = json ? json_array() : NULL;

	for (size_t i = 0; i < bans->count; i++) {
		const struct ban *b = &bans->ban[i];
		__u64 left = (b->ban.until - now + SG_NSEC_PER_SEC - 1) / SG_NSEC_PER_SEC;

		if (json) {
			json_array_append_new(all, ban_json(&b->key, left, b->ban.cause));
			continue;
		}
		flow_format(&b->key, text, sizeof(text));
		printf("%-44s %-4s %-13s %s left\n", text,
		       is_flow(&b->key) ? flow_transport(&b->key) : "", cause_of(b->ban.cause),
		       output_seconds(left, time));
	}
	if (json)
		output_json(json_pack("{s:o}", "bans", all));
	else if (!bans->count)
		printf("Nothing is banned.\n");
}

enum exit_code cmd_bans(const struct options *options)
{
	struct error error = {};
	struct session session;
	struct bans bans = {};
	__u64 now;
	int err = session_begin(&session, ACCESS_READ, &error);

	if (err)
		return failed(&error);
	err = maps_clock(&session.maps, &now, &error);
	if (!err)
		err = bans_read(&session.maps, now, false, &bans, &error);
	session_end(&session); /* before anything is printed */
	if (!err)
		print_bans(&bans, now, options->json);
	bans_free(&bans);
	return err ? failed(&error) : output_end();
}
