// SPDX-License-Identifier: GPL-2.0-only
#include "render/json.h"

#include "base/clock.h"
#include "base/prefix.h"
#include "render/output.h"

json_t *ban_json(const struct sg_flow_key *key, const struct sg_ban *ban, __u64 seconds)
{
	char text[PREFIX_TEXT];
	bool flow = ban_is_flow(key);

	flow_format(key, text, sizeof(text));
	return json_pack("{s:s, s:s, s:s?, s:I, s:s, s:s}", "ban", text, "kind",
			 flow ? "flow" : "source", "transport",
			 flow ? flow_transport(key) : NULL, "seconds_left",
			 (json_int_t)seconds, "cause", ban_cause(ban), "by", ban_maker(ban));
}

json_t *bans_json(const struct ban_list *list, __u64 now)
{
	json_t *all = json_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct ban *ban = &list->ban[i];

		json_array_append_new(all, ban_json(&ban->key, &ban->ban,
						    seconds_until(ban->ban.until, now)));
	}
	return all;
}

json_t *connections_json(const struct connections *c)
{
	char text[PREFIX_TEXT];

	flow_format(&c->source, text, sizeof(text));
	return json_pack("{s:s, s:I, s:I, s:I}", "source", text, "live", (json_int_t)c->live,
			 "opening", (json_int_t)c->opening, "silent", (json_int_t)c->silent);
}
