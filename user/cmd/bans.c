// SPDX-License-Identifier: GPL-2.0-only
/* ban, unban, bans. */
#include <stdio.h>

#include "base/clock.h"
#include "base/prefix.h"
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

static void print_bans(const struct ban_list *list, __u64 now)
{
	char text[PREFIX_TEXT], time[OUTPUT_TEXT], cause[BAN_TEXT];

	for (size_t i = 0; i < list->count; i++) {
		const struct ban *b = &list->ban[i];

		flow_format(&b->key, text, sizeof(text));
		printf("%-44s %-4s %-13s %s left\n", text,
		       ban_is_flow(&b->key) ? flow_transport(&b->key) : "",
		       ban_text(&b->ban, cause),
		       output_seconds(seconds_until(b->ban.until, now), time));
	}
	if (!list->count)
		printf("Nothing is banned.\n");
}

enum exit_code cmd_bans(const struct options *options)
{
	struct error error = {};
	struct session session;
	struct ban_list list = {};
	__u64 now;
	int err = session_begin(&session, ACCESS_READ, &error);

	if (err)
		return failed(&error);
	err = maps_clock(&session.maps, &now, &error);
	if (!err)
		err = bans_read(&session.maps, now, &list, &error);
	session_end(&session);
	if (!err && options->json)
		output_json(json_pack("{s:o}", "bans", bans_json(&list, now)));
	else if (!err)
		print_bans(&list, now);
	bans_free(&list);
	return err ? failed(&error) : output_end();
}
