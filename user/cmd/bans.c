// SPDX-License-Identifier: GPL-2.0-only
/* ban, unban, bans. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/prefix.h"
#include "base/text.h"
#include "cmd/command.h"
#include "guard/session.h"
#include "model/bans.h"
#include "model/lockout.h"
#include "render/json.h"
#include "render/output.h"

static int ban(struct session *session, const struct sg_flow_key *key,
	       const struct options *options, struct error *error)
{
	char text[PREFIX_TEXT], time[OUTPUT_TEXT];
	__u64 seconds = options->seconds ? options->seconds : BAN_SECONDS;
	bool flow = ban_is_flow(key);
	struct sg_ban ban;
	int err = options->force ? 0 : lockout_check_ban(&session->links, key, error);

	if (!err)
		err = bans_order(&session->maps, key, seconds, &ban, error);
	if (err)
		return err;
	flow_format(key, text, sizeof(text));
	if (options->json)
		output_json(ban_json(key, &ban, seconds));
	else
		printf("%s%s%s is banned for %s.\n", text, flow ? " over " : "",
		       flow ? flow_transport(key) : "", output_seconds(seconds, time));
	return 0;
}

static int unban(struct session *session, const struct sg_flow_key *key,
		 const struct options *options, struct error *error)
{
	char text[PREFIX_TEXT];
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	if (!err)
		err = bans_lift(&session->maps, key, now, error);
	if (err)
		return err;
	flow_format(key, text, sizeof(text));
	if (options->json)
		output_json(json_pack("{s:s}", "lifted", text));
	else
		printf("%s is not banned any more.\n", text);
	return 0;
}

static enum exit_code unban_all(bool json)
{
	struct error error = {};
	struct session session;
	size_t count = 0;
	__u64 now;
	int err = session_begin(&session, ACCESS_CHANGE, &error);

	if (err)
		return failed(&error);
	err = maps_clock(&session.maps, &now, &error);
	if (!err)
		err = bans_lift_all(&session.maps, now, &count, &error);
	session_end(&session);
	if (err)
		return failed(&error);
	if (json)
		output_json(json_pack("{s:I}", "lifted", (json_int_t)count));
	else
		printf("%zu %s lifted: nobody is banned.\n", count, count == 1 ? "ban" : "bans");
	return DONE;
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
	if (options->all && !options->count)
		return unban_all(options->json);
	if (options->all || !options->count)
		return usage("'unban' takes one address, or --all.");
	return run(options, unban);
}

/* The bans of a guard, and what is to be said of all of them. */
struct told {
	struct ban_list list;
	__u64 now;                  /* ns of the guard's clock */
	enum sg_mode sources, flows; /* what is done about those who are in no zone */
	__u64 made;                 /* by the guard, since it was attached */
	__u32 kept;
};

static void print_head(const char *last)
{
	printf("%-44s %-4s %-13s %s\n", "SOURCE", "", "REASON", last);
}

static void print_who(const struct ban *b)
{
	char text[PREFIX_TEXT], cause[BAN_TEXT];

	flow_format(&b->key, text, sizeof(text));
	printf("%-44s %-4s %-13s ", text, ban_is_flow(&b->key) ? flow_transport(&b->key) : "",
	       ban_text(&b->ban, cause));
}

static void print_bans(const struct told *t)
{
	char time[OUTPUT_TEXT];

	if (!t->list.count) {
		printf("Nothing is banned.\n");
		return;
	}
	print_head("LEFT");
	for (size_t i = 0; i < t->list.count; i++) {
		const struct ban *b = &t->list.ban[i];

		print_who(b);
		printf("%s left%s\n", output_seconds(seconds_until(b->ban.until, t->now), time),
		       ban_remark(ban_is_flow(&b->key) ? t->flows : t->sources));
	}
}

static json_t *told_json(const struct told *t)
{
	return json_pack("{s:o, s:{s:b, s:b}}", "bans", bans_json(&t->list, t->now), "enforced",
			 "sources", t->sources == SG_MODE_ENFORCE, "flows",
			 t->flows == SG_MODE_ENFORCE);
}

/* --- those that have ended --- */

static __u64 seconds_since(const struct told *t, const struct ban *b)
{
	return (t->now - b->ban.until) / SG_NSEC_PER_SEC;
}

static void print_ended(const struct told *t)
{
	char when[OUTPUT_TEXT], ago[OUTPUT_TEXT];
	time_t now = time(NULL);

	if (t->list.count)
		print_head("ENDED");
	else
		printf("No ban that has ended is remembered.\n");
	for (size_t i = 0; i < t->list.count; i++) {
		__u64 since = seconds_since(t, &t->list.ban[i]);

		print_who(&t->list.ban[i]);
		printf("%s, %s ago\n", output_time(now - since, when), output_seconds(since, ago));
	}
	printf("%sThe guard has made %llu %s since it was attached; with each new one it "
	       "forgets up to two\nthat have ended. `ban` and `unban` leave the last %u that have "
	       "ended, and one that was lifted\nis forgotten at once.\n", t->list.count ? "\n" : "",
	       t->made, word_for(t->made, "ban", "bans"), t->kept);
}

static json_t *ended_json(const struct told *t)
{
	json_t *all = json_array();
	char when[OUTPUT_TEXT];
	time_t now = time(NULL);

	for (size_t i = 0; i < t->list.count; i++) {
		const struct ban *b = &t->list.ban[i];
		__u64 since = seconds_since(t, b);
		json_t *one = ban_json(&b->key, &b->ban, 0);

		json_object_del(one, "seconds_left");
		json_object_set_new(one, "ended", json_string(output_time(now - since, when)));
		json_object_set_new(one, "seconds_ago", json_integer(since));
		json_array_append_new(all, one);
	}
	return json_pack("{s:o, s:I, s:I}", "ended", all, "made", (json_int_t)t->made, "kept",
			 (json_int_t)t->kept);
}

static int read_bans(const struct session *session, bool ended, struct told *t,
		     struct error *error)
{
	const struct sg_state *state = session->maps.state;
	const struct sg_profile *profile =
		sg_profile_of(&session->maps.configs[state->active & 1], 0);
	struct sg_stats stats;
	int err = maps_clock(&session->maps, &t->now, error);

	t->sources = ban_mode(state->mode, profile, false);
	t->flows = ban_mode(state->mode, profile, true);
	t->kept = bans_kept(&session->maps);
	if (!err)
		err = maps_stats(&session->maps, &stats, error);
	if (err)
		return err;
	t->made = stats.count[SG_COUNT_BANS];
	return ended ? bans_read_ended(&session->maps, t->now, &t->list, error)
		     : bans_read(&session->maps, t->now, &t->list, error);
}

enum exit_code cmd_bans(const struct options *options)
{
	bool ended = options->given & OPTION_ENDED;
	struct error error = {};
	struct session session;
	struct told told = {};
	int err = session_begin(&session, ACCESS_READ, &error);

	if (err)
		return failed(&error);
	err = read_bans(&session, ended, &told, &error);
	session_end(&session);
	if (!err && options->json)
		output_json(ended ? ended_json(&told) : told_json(&told));
	else if (!err && ended)
		print_ended(&told);
	else if (!err)
		print_bans(&told);
	bans_free(&told.list);
	return err ? failed(&error) : output_end();
}
