// SPDX-License-Identifier: GPL-2.0-only
/* sources: whom the guard knows, and how to make it forget. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/names.h"
#include "base/prefix.h"
#include "cmd/command.h"
#include "guard/session.h"
#include "model/proven.h"
#include "render/output.h"

static json_int_t known_seconds(const struct proven *p, __u64 now)
{
	return (now - ((__u64)p->proven.since << SG_SINCE_SHIFT)) / SG_NSEC_PER_SEC;
}

static json_t *flow_json(const struct proven *p, __u64 now)
{
	const char *proof = proof_names[p->proven.proof % SG_PROOF__MAX];
	char text[PREFIX_TEXT];

	flow_format(&p->key, text, sizeof(text));
	return json_pack("{s:s, s:s, s:s, s:I, s:I}", "source", text, "transport",
			 flow_transport(&p->key), "proof", proof,
			 "known_seconds", known_seconds(p, now),
			 "seconds_left", (json_int_t)seconds_until(p->proven.until, now));
}

static void print_flow(const struct proven *p, __u64 now)
{
	char text[PREFIX_TEXT], time[OUTPUT_TEXT];

	flow_format(&p->key, text, sizeof(text));
	printf("%-44s %-4s %-9s %s left\n", text, flow_transport(&p->key),
	       proof_names[p->proven.proof % SG_PROOF__MAX],
	       output_seconds(seconds_until(p->proven.until, now), time));
}

static int show(struct session *session, bool json, struct error *error)
{
	struct proven_list list;
	json_t *all;
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	if (!err)
		err = proven_read(&session->maps, now, &list, error);
	session_end(session); /* before anything is printed */
	if (err)
		return err;
	proven_sort(&list);
	all = json ? json_array() : NULL;
	for (size_t i = 0; i < list.count; i++) {
		if (json)
			json_array_append_new(all, flow_json(&list.flow[i], now));
		else
			print_flow(&list.flow[i], now);
	}
	if (json)
		output_json(json_pack("{s:o}", "sources", all));
	else if (!list.count)
		printf("No flow has proven anything yet.\n");
	proven_free(&list);
	return 0;
}

static int forget(struct session *session, const struct sg_flow_key *key, bool json,
		  struct error *error)
{
	char text[PREFIX_TEXT];
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	if (err)
		return err;
	err = proven_forget(&session->maps, key, now);
	flow_format(key, text, sizeof(text));
	if (err == -ENOENT)
		error_set(error, err, "%s has proven nothing: `sipguard sources` lists what has.",
			  text);
	else if (err)
		error_set(error, err, "cannot forget %s: %s.", text, strerror(-err));
	else if (json)
		output_json(json_pack("{s:s}", "forgotten", text));
	else
		printf("%s has to prove itself anew.\n", text);
	return err;
}

/* What `forget` is for, in *key. DONE, or how the command shall end. */
static enum exit_code parse(const struct options *options, struct sg_flow_key *key)
{
	struct error error = {};

	if (strcmp(options->arguments[0], "forget") != 0 || options->count != 2)
		return usage("'sources' takes nothing, or forget ADDRESS:PORT.");
	if (flow_parse(options->arguments[1], options->transport, key, &error)) {
		failed(&error);
		return USAGE;
	}
	if (!key->port)
		return usage("A flow has a port: write %s:PORT.", options->arguments[1]);
	return DONE;
}

enum exit_code cmd_sources(const struct options *options)
{
	struct error error = {};
	struct session session;
	struct sg_flow_key key;
	enum exit_code code = options->count ? parse(options, &key) : DONE;
	int err;

	if (code != DONE)
		return code;
	if (session_begin(&session, options->count ? ACCESS_CHANGE : ACCESS_READ, &error))
		return failed(&error);
	err = options->count ? forget(&session, &key, options->json, &error)
			     : show(&session, options->json, &error);
	session_end(&session);
	return err ? failed(&error) : output_end();
}
