// SPDX-License-Identifier: GPL-2.0-only
/* identity: show, add, del, import. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/identity.h"
#include "base/quote.h"
#include "cmd/command.h"
#include "guard/session.h"
#include "kernel/identities.h"
#include "render/output.h"

#define IDENTITY_SECONDS 86400 /* as long as a binding at most */

/* What a command line or a file says, before anything is opened. */
struct request {
	enum { VERB_SHOW, VERB_ADD, VERB_DEL, VERB_IMPORT, VERB__MAX } verb;
	struct identity_text *texts;
	size_t count;
	const char *zone; /* NULL: of none */
	__u64 seconds;
};

/* What there is to be shown. */
struct shown {
	struct sg_config config;
	struct note note;
	struct identity_list added;
	size_t learned[SG_ZONES + 1];
	__u64 now;
};

static const char *const verbs[VERB__MAX] = {"show", "add", "del", "import"};

static enum exit_code read_words(char **words, int count, struct request *request)
{
	struct error error = {};

	request->texts = calloc(count, sizeof(*request->texts));
	if (!request->texts) {
		error_set(&error, -ENOMEM, "out of memory.");
		return failed(&error);
	}
	for (int i = 0; i < count; i++) {
		if (identity_parse(words[i], &request->texts[i], &error)) {
			failed(&error);
			return USAGE;
		}
	}
	request->count = count;
	return DONE;
}

static enum exit_code read_file(const char *path, struct request *request)
{
	struct error why = {};
	int err = identity_file(path, &request->texts, &request->count, &why);

	return err ? failed_lines(path, err, &why) : DONE;
}

static enum exit_code request_read(const struct options *options, struct request *request)
{
	const char *verb = options->arguments[0];
	int words = options->count - 1;

	request->verb = 0;
	while (request->verb < VERB__MAX && strcmp(verb, verbs[request->verb]))
		request->verb++;
	request->zone = options->zone;
	request->seconds = options->seconds ? options->seconds : IDENTITY_SECONDS;
	if (request->verb == VERB__MAX)
		return usage("there is no 'identity %s'.", verb);
	if ((options->zone || options->seconds) && request->verb != VERB_ADD &&
	    request->verb != VERB_IMPORT)
		return usage("'%s' takes neither --zone nor --for.", verb);
	if (request->verb == VERB_SHOW)
		return words ? usage("'show' takes no identity.") : DONE;
	if (request->verb == VERB_IMPORT)
		return words == 1 ? read_file(options->arguments[1], request)
				  : usage("'import' takes one file.");
	return words ? read_words(options->arguments + 1, words, request)
		     : usage("'%s' needs an identity, like alice@example.com.", verb);
}

/* 0 or -errno. */
static int zone_find(const struct sg_config *config, const char *name, __u32 *id,
		     struct error *error)
{
	*id = 0;
	for (__u32 zone = 0; name && zone <= config->zones; zone++) {
		*id = config->zone[zone].id;
		if (!strcmp(config->zone[zone].name, name))
			return 0;
	}
	return name ? error_set(error, -EINVAL, "the configuration has no zone '%s': `sipguard "
				"status` shows those that it has.", quote(name).text) : 0;
}

static int shown_read(const struct session *session, struct shown *shown, struct error *error)
{
	int err = maps_clock(&session->maps, &shown->now, error);

	if (!err)
		err = maps_config(&session->maps, &shown->config, &shown->note, error);
	if (!err)
		err = identities_learned(&session->maps, &shown->config, shown->now,
					 shown->learned, error);
	return err ? err : identities_read(&session->maps, shown->now, &shown->added, error);
}

static __u64 seconds_left(const struct shown *shown, const struct identity *identity)
{
	return seconds_until(identity->added.until, shown->now);
}

/* NULL: a zone that is there no more. */
static const char *zone_name(const struct shown *shown, __u32 zone)
{
	return zone < SG_ZONES ? shown->config.zone[zone].name : NULL;
}

static void show_json(const struct shown *shown)
{
	json_t *added = json_array(), *learned = json_array();

	for (size_t i = 0; i < shown->added.count; i++) {
		const struct identity *identity = &shown->added.identity[i];
		__u32 zone = identities_zone(&shown->config, identity->added.zone);

		json_array_append_new(added, json_pack("{s:s, s:s?, s:I}", "identity",
						       identity->added.text, "zone",
						       zone_name(shown, zone), "seconds_left",
						       (json_int_t)seconds_left(shown, identity)));
	}
	for (__u32 zone = 0; zone <= SG_ZONES; zone++)
		if (shown->learned[zone])
			json_array_append_new(learned,
					      json_pack("{s:s?, s:I}", "zone",
							zone_name(shown, zone), "count",
							(json_int_t)shown->learned[zone]));
	output_json(json_pack("{s:b, s:o, s:o}", "looked_for", (int)shown->config.identities,
			      "added", added, "registered", learned));
}

static void show_text(const struct shown *shown)
{
	char time[OUTPUT_TEXT];

	if (!shown->config.identities)
		printf("No zone says `identity: yes`, so nobody is learned or looked for.\n");
	for (size_t i = 0; i < shown->added.count; i++) {
		const struct identity *identity = &shown->added.identity[i];
		__u32 zone = identities_zone(&shown->config, identity->added.zone);

		printf("%-44s %-20s %s left\n", identity->added.text,
		       zone < SG_ZONES ? zone_name(shown, zone) : "(no such zone)",
		       output_seconds(seconds_left(shown, identity), time));
	}
	if (!shown->added.count)
		printf("No identity was added.\n");
	for (__u32 zone = 0; zone <= SG_ZONES; zone++)
		if (shown->learned[zone])
			printf("%zu registered through %s\n", shown->learned[zone],
			       zone < SG_ZONES ? zone_name(shown, zone) : "zones that are gone");
}

static enum exit_code show(struct session *session, bool json)
{
	struct shown *shown = calloc(1, sizeof(*shown));
	struct error error = {};
	int err = shown ? shown_read(session, shown, &error)
			: error_set(&error, -ENOMEM, "out of memory.");

	session_end(session); /* before anything is printed */
	if (!err && json)
		show_json(shown);
	else if (!err)
		show_text(shown);
	if (shown)
		identities_free(&shown->added);
	free(shown);
	return err ? failed(&error) : output_end();
}

static int add(struct session *session, const struct request *request, struct error *error)
{
	const struct sg_config *config = &session->maps.configs[session->maps.state->active & 1];
	__u64 now;
	__u32 zone;
	int err = zone_find(config, request->zone, &zone, error);

	if (!err)
		err = maps_clock(&session->maps, &now, error);
	return err ? err : identities_add(&session->maps, request->texts, request->count, zone, now,
					  now + request->seconds * SG_NSEC_PER_SEC, error);
}

static void report(const struct request *request, bool json)
{
	const char *did = request->verb == VERB_DEL ? "removed" : "added";
	char time[OUTPUT_TEXT];

	if (json) {
		output_json(json_pack("{s:I}", did, (json_int_t)request->count));
		return;
	}
	printf("%zu %s %s", request->count, request->count == 1 ? "identity" : "identities", did);
	if (request->verb == VERB_DEL)
		printf(".\n");
	else
		printf(" for %s.\n", output_seconds(request->seconds, time));
}

static enum exit_code carry_out(struct session *session, const struct request *request, bool json)
{
	struct error error = {};
	int err;

	if (request->verb == VERB_SHOW)
		return show(session, json);
	if (request->verb == VERB_DEL)
		err = identities_del(&session->maps, request->texts, request->count, &error);
	else
		err = add(session, request, &error);
	if (err)
		return failed(&error);
	report(request, json);
	return output_end();
}

enum exit_code cmd_identity(const struct options *options)
{
	struct request request = {};
	struct error error = {};
	struct session session;
	enum exit_code code = request_read(options, &request);

	if (code == DONE && session_begin(&session, request.verb == VERB_SHOW ? ACCESS_READ
									     : ACCESS_CHANGE,
					  &error)) {
		code = failed(&error);
	} else if (code == DONE) {
		code = carry_out(&session, &request, options->json);
		session_end(&session);
	}
	free(request.texts);
	return code;
}
