// SPDX-License-Identifier: GPL-2.0-only
/* connections: who has how many connections of TCP. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/prefix.h"
#include "cmd/command.h"
#include "guard/connections.h"
#include "guard/session.h"
#include "render/json.h"
#include "render/output.h"

/* A source is asked for by any of its addresses: of IPv6 its /64 is meant. */
static bool is_asked_for(const struct sg_flow_key *key, const struct prefix *asked)
{
	struct prefix source = flow_prefix(key), wide = *asked;

	if (wide.length > source.length) {
		wide.length = source.length;
		memset(wide.address + source.length / 8, 0, 16 - source.length / 8);
	}
	return prefix_contains(&wide, &source);
}

static void print_source(const struct connections *c)
{
	char text[PREFIX_TEXT];

	flow_format(&c->source, text, sizeof(text));
	printf("%-44s %10u %10u %10u\n", text, c->live, c->opening, c->silent);
}

/* `asked` is NULL for all. */
static int show(struct session *session, const struct prefix *asked, bool json, struct error *error)
{
	bool counted = connections_are_counted(&session->pins);
	struct connection_list list;
	size_t shown = 0;
	json_t *all;
	int err = connections_read(&session->pins, &session->maps, &list, error);

	session_end(session); /* before anything is printed */
	if (err)
		return err;
	all = json ? json_array() : NULL;
	for (size_t i = 0; i < list.count; i++) {
		if (asked && !is_asked_for(&list.source[i].source, asked))
			continue;
		if (json) {
			json_array_append_new(all, connections_json(&list.source[i]));
			continue;
		}
		if (!shown++)
			printf("%-44s %10s %10s %10s\n", "", "live", "opening", "silent");
		print_source(&list.source[i]);
	}
	if (json)
		output_json(json_pack("{s:b, s:o}", "counted", counted, "connections", all));
	else if (!shown)
		printf("%s\n", counted ? "There is no connection."
				       : "Connections are not counted: see `sipguard status`.");
	connections_free(&list);
	return 0;
}

enum exit_code cmd_connections(const struct options *options)
{
	struct error error = {};
	struct session session;
	struct prefix asked;
	int err;

	if (options->count && prefix_parse(options->arguments[0], &asked, &error)) {
		failed(&error);
		return USAGE;
	}
	if (session_begin(&session, ACCESS_READ, &error))
		return failed(&error);
	err = show(&session, options->count ? &asked : NULL, options->json, &error);
	session_end(&session);
	return err ? failed(&error) : output_end();
}
