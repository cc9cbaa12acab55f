// SPDX-License-Identifier: GPL-2.0-only
/* allow and deny: add, del, show, import. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "guard/session.h"
#include "model/lists.h"
#include "model/lockout.h"
#include "render/output.h"

/* What a command line or a file says, before anything is opened. */
struct request {
	enum sg_list list;
	enum { VERB_ADD, VERB_DEL, VERB_SHOW, VERB_IMPORT, VERB__MAX } verb;
	struct prefix *prefixes;
	size_t count;
};

static const char *const verbs[VERB__MAX] = {"add", "del", "show", "import"};

static enum exit_code read_prefixes(char **words, int count, struct request *request)
{
	struct error error = {};

	request->prefixes = calloc(count, sizeof(*request->prefixes));
	if (!request->prefixes) {
		error_set(&error, -ENOMEM, "out of memory.");
		return failed(&error);
	}
	for (int i = 0; i < count; i++) {
		if (prefix_parse(words[i], &request->prefixes[i], &error)) {
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
	int err = prefix_file(path, &request->prefixes, &request->count, &why);

	return err ? failed_lines(path, err, &why) : DONE;
}

static enum exit_code request_read(const struct options *options, struct request *request)
{
	const char *verb = options->arguments[0];
	int words = options->count - 1;

	request->verb = 0;
	while (request->verb < VERB__MAX && strcmp(verb, verbs[request->verb]))
		request->verb++;
	if (request->verb == VERB__MAX)
		return usage("There is no '%s %s'.", list_names[request->list], verb);
	if (request->verb == VERB_SHOW)
		return words == 0 ? DONE : usage("'show' takes no prefix.");
	if (request->verb == VERB_IMPORT)
		return words == 1 ? read_file(options->arguments[1], request)
				  : usage("'import' takes one file.");
	return words ? read_prefixes(options->arguments + 1, words, request)
		     : usage("'%s' needs a prefix, like 192.0.2.0/24.", verb);
}

static int show(struct session *session, enum sg_list list, bool json, struct error *error)
{
	json_t *all = json ? json_array() : NULL;
	char text[PREFIX_TEXT];
	struct lists lists;
	int err = lists_read(&session->maps, &lists, error);

	session_end(session); /* before anything is printed */
	for (size_t i = 0; !err && i < lists.count; i++) {
		if (lists.entry[i].listed.list != list)
			continue;
		prefix_format(&lists.entry[i].prefix, text, sizeof(text));
		if (json)
			json_array_append_new(all, json_string(text));
		else
			puts(text);
	}
	if (!err)
		lists_free(&lists);
	if (!err && json)
		output_json(json_pack("{s:s, s:o}", "list", list_names[list], "prefixes", all));
	else
		json_decref(all);
	return err;
}

static void report(const struct request *request, bool json)
{
	const char *did = request->verb == VERB_DEL ? "removed" : "added";

	if (json)
		output_json(json_pack("{s:s, s:I}", "list", list_names[request->list], did,
				      (json_int_t)request->count));
	else
		printf("%zu %s %s the %s list.\n", request->count,
		       request->count == 1 ? "prefix" : "prefixes",
		       request->verb == VERB_DEL ? "removed from" : "put on",
		       list_names[request->list]);
}

static enum exit_code carry_out(struct session *session, const struct request *request, bool json)
{
	static const struct list_terms by_hand;
	struct error error = {};
	int err;

	if (request->verb == VERB_SHOW)
		return show(session, request->list, json, &error) ? failed(&error) : output_end();
	if (request->verb == VERB_DEL)
		err = lists_del(&session->maps, request->list, request->prefixes, request->count,
				&error);
	else
		err = lists_add(&session->maps, request->list, &by_hand, request->prefixes,
				request->count, &error);
	if (err)
		return failed(&error);
	report(request, json);
	return DONE;
}

static bool adds(const struct request *request)
{
	return request->verb == VERB_ADD || request->verb == VERB_IMPORT;
}

static enum exit_code run(const struct options *options, enum sg_list list)
{
	struct request request = {.list = list};
	struct error error = {};
	struct session session;
	enum exit_code code = request_read(options, &request);

	if (code == DONE && adds(&request) && list == SG_LIST_DENY && !options->force &&
	    lockout_check(request.prefixes, request.count, &error))
		code = failed(&error);
	if (code == DONE && session_begin(&session, request.verb == VERB_SHOW ? ACCESS_READ
									     : ACCESS_CHANGE,
					  &error)) {
		code = failed(&error);
	} else if (code == DONE) {
		code = carry_out(&session, &request, options->json);
		session_end(&session);
	}
	free(request.prefixes);
	return code;
}

enum exit_code cmd_allow(const struct options *options)
{
	return run(options, SG_LIST_ALLOW);
}

enum exit_code cmd_deny(const struct options *options)
{
	return run(options, SG_LIST_DENY);
}
