// SPDX-License-Identifier: GPL-2.0-only
/* allow and deny: add, del, import, flush; what they print is in list_show.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/notice.h"
#include "base/text.h"
#include "cmd/lists.h"
#include "model/lockout.h"
#include "render/output.h"

/* What a command line or a file says, before anything is opened. */
struct request {
	enum sg_list list;
	enum verb {
		VERB_ADD, VERB_DEL, VERB_SHOW, VERB_LISTS, VERB_IMPORT, VERB_EXPORT, VERB_FLUSH,
		VERB__MAX
	} verb;
	const char *name; /* of a list; NULL: by hand, or all */
	const char *path; /* of import and export */
	enum source_format format;
	struct prefix *prefixes;
	size_t count;
	struct source source; /* of import */
};

static const char *const verbs[VERB__MAX] = {"add", "del", "show", "lists", "import", "export",
					     "flush"};

static enum exit_code out_of_memory(void)
{
	struct error error = {};

	error_set(&error, -ENOMEM, "out of memory.");
	return failed(&error);
}

static enum exit_code read_prefixes(char **words, int count, struct request *request)
{
	struct error error = {};

	request->prefixes = calloc(count, sizeof(*request->prefixes));
	if (!request->prefixes)
		return out_of_memory();
	for (int i = 0; i < count; i++) {
		if (prefix_parse(words[i], &request->prefixes[i], &error)) {
			failed(&error);
			return USAGE;
		}
	}
	request->count = count;
	return DONE;
}

/* What is by hand has no end. */
static enum exit_code refuse_ends(const struct request *request)
{
	struct error error = {};

	for (size_t i = 0; !request->name && i < request->source.count; i++) {
		if (request->source.item[i].seconds) {
			error_set(&error, -EINVAL, "%s: what is in it has a timeout, which only a "
				  "list with a name can have: give --name NAME; nothing of the "
				  "file was applied.", request->path);
			return failed(&error);
		}
	}
	return DONE;
}

static enum exit_code read_file(const struct options *options, struct request *request)
{
	const struct source_wish wish = {
		.format = request->format,
		.column = options->column,
		.countries = options->country,
		.networks = options->asn,
	};
	const char *shown = strcmp(request->path, "-") ? request->path : "standard input";
	struct error why = {};
	int err;

	say_progress();
	err = source_read(request->path, &wish, &request->source, &why);
	if (err)
		return failed_lines(shown, err, &why);
	request->prefixes = calloc(request->source.count + 1, sizeof(*request->prefixes));
	if (!request->prefixes)
		return out_of_memory();
	for (size_t i = 0; i < request->source.count; i++)
		request->prefixes[i] = request->source.item[i].prefix;
	request->count = request->source.count;
	return refuse_ends(request);
}

static enum exit_code read_format(const char *text, struct request *request)
{
	bool writes = request->verb == VERB_EXPORT;

	if (!text)
		return DONE;
	for (int i = 0; i < SOURCE__MAX; i++) {
		if (strcmp(text, source_formats[i]) == 0) {
			request->format = i;
			return writes && i != SOURCE_TEXT && i != SOURCE_IPSET
				       ? usage("'export' writes text or ipset.") : DONE;
		}
	}
	return usage("--format takes text, ipset, apiban, csv or mmdb.");
}

/* Options that fit the verb. */
static enum exit_code check_options(const struct options *options, const struct request *request)
{
	enum verb verb = request->verb;

	if (options->name && !named_is_name(options->name))
		return usage("--name takes 1 to %d letters, digits, '-', '_' and '.'.",
			     NAMED_NAME - 1);
	if (options->name && verb == VERB_FLUSH)
		return usage("'flush' takes everything off; 'del --name NAME' one list.");
	if (options->name && (verb == VERB_ADD || verb == VERB_LISTS))
		return usage("'%s' has no --name: a list with a name is imported.", verbs[verb]);
	if ((options->seconds || options->replace) && (verb != VERB_IMPORT || !options->name))
		return usage("--for and --replace are for 'import' with --name.");
	if (verb != VERB_IMPORT && (options->column || options->country || options->asn))
		return usage("--column, --country and --asn are for 'import'.");
	if (options->format && verb != VERB_IMPORT && verb != VERB_EXPORT)
		return usage("--format is for 'import' and 'export'.");
	return DONE;
}

static enum exit_code read_arguments(const struct options *options, struct request *request)
{
	int words = options->count - 1;

	switch (request->verb) {
	case VERB_SHOW:
	case VERB_LISTS:
	case VERB_FLUSH:
		return words == 0 ? DONE : usage("'%s' takes no prefix.", verbs[request->verb]);
	case VERB_IMPORT:
	case VERB_EXPORT:
		request->path = options->arguments[1];
		if (words != 1)
			return usage("'%s' takes one file.", verbs[request->verb]);
		return request->verb == VERB_IMPORT ? read_file(options, request) : DONE;
	default:
		if (request->name)
			return words ? usage("'del' takes prefixes or --name.") : DONE;
		return words ? read_prefixes(options->arguments + 1, words, request)
			     : usage("'%s' needs a prefix, like 192.0.2.0/24.",
				     verbs[request->verb]);
	}
}

static enum exit_code request_read(const struct options *options, struct request *request)
{
	const char *verb = options->arguments[0];
	enum exit_code code;

	if (!strcmp(verb, "list"))
		verb = verbs[VERB_SHOW];
	request->name = options->name;
	request->verb = 0;
	while (request->verb < VERB__MAX && strcmp(verb, verbs[request->verb]))
		request->verb++;
	if (request->verb == VERB__MAX)
		return usage("there is no '%s %s'.", list_names[request->list], verb);
	code = check_options(options, request);
	if (code == DONE)
		code = read_format(options->format, request);
	return code == DONE ? read_arguments(options, request) : code;
}

/* What was done: to how many prefixes, and how many of them the list did not have before. */
struct done {
	size_t count, fresh;
};

static void report_text(const struct request *request, const struct done *done, bool removed)
{
	printf("%zu %s %s the %s list", done->count, word_for(done->count, "prefix", "prefixes"),
	       removed ? "removed from" : "put on", list_names[request->list]);
	if (request->verb == VERB_IMPORT)
		printf(", %zu of them new", done->fresh);
	if (request->name)
		printf(": the list '%s'", request->name);
	puts(".");
}

static void report(const struct request *request, const struct done *done, bool json)
{
	bool removed = request->verb == VERB_DEL || request->verb == VERB_FLUSH;
	json_t *top;

	if (!json) {
		report_text(request, done, removed);
		return;
	}
	top = json_pack("{s:s, s:I}", "list", list_names[request->list],
			removed ? "removed" : "added", (json_int_t)done->count);
	if (!removed)
		json_object_set_new(top, "new", json_integer(done->fresh));
	if (request->name)
		json_object_set_new(top, "name", json_string(request->name));
	output_json(top);
}

/* A named list; done->count: the prefixes it has now, or had. */
static int change_named(struct session *session, const struct request *request,
			const struct options *options, struct done *done, struct error *error)
{
	struct list_terms terms = {
		.name = request->name,
		.origin = request->path,
		.replace = options->replace,
		.force = options->force,
		.fresh = &done->fresh,
	};
	__u64 now;
	int err;

	if (request->verb == VERB_DEL)
		return lists_drop(&session->maps, request->list, request->name, &done->count,
				  error);
	err = maps_clock(&session->maps, &now, error);
	if (err)
		return err;
	/* An empty download is no list of nobody. */
	if (options->replace && !request->source.count)
		return error_set(error, -ENODATA, "there is no prefix in %s, so the list '%s' "
				 "stays as it is: `sipguard %s del --name %s` takes it off.",
				 request->path, request->name, list_names[request->list],
				 request->name);
	if (options->seconds)
		terms.until = now + options->seconds * SG_NSEC_PER_SEC;
	return lists_import(&session->maps, request->list, &terms, request->source.item,
			    request->source.count, &done->count, error);
}

static int change_by_hand(struct session *session, const struct request *request, struct done *done,
			  struct error *error)
{
	const struct list_terms by_hand = {.fresh = &done->fresh};

	done->count = request->count;
	if (request->verb == VERB_DEL)
		return lists_del(&session->maps, request->list, request->prefixes, request->count,
				 error);
	return lists_add(&session->maps, request->list, &by_hand, request->prefixes,
			 request->count, error);
}

static int drop_named(struct session *session, enum sg_list list, struct error *error)
{
	char name[NAMED_PLACES][NAMED_NAME];
	struct store store;
	size_t count = 0, held;
	int err = store_open(&session->maps, &store, error);

	if (err)
		return err;
	for (size_t i = 0; i < NAMED_PLACES; i++) {
		const struct named_head *head = store.list[i].head;

		if (head && head->list == list)
			memcpy(name[count++], head->name, NAMED_NAME);
	}
	store_close(&store);
	while (!err && count)
		err = lists_drop(&session->maps, list, name[--count], &held, error);
	return err;
}

/* The prefixes that are on the list, for free(). 0 or -errno. */
static int read_list(struct session *session, enum sg_list list, struct prefix **prefixes,
		     size_t *count, struct error *error)
{
	struct lists lists;
	int err = lists_read(&session->maps, &lists, error);

	*prefixes = NULL;
	*count = 0;
	if (err)
		return err;
	*prefixes = calloc(lists.count + 1, sizeof(**prefixes));
	if (!*prefixes)
		err = error_set(error, -ENOMEM, "out of memory.");
	for (size_t i = 0; !err && i < lists.count; i++) {
		if (lists.entry[i].list == list)
			(*prefixes)[(*count)++] = lists.entry[i].prefix;
	}
	lists_free(&lists);
	return err;
}

/* Named lists first: what is left then is by hand. */
static int flush(struct session *session, enum sg_list list, size_t *count, struct error *error)
{
	struct prefix *prefixes = NULL;
	size_t left;
	int err = read_list(session, list, &prefixes, count, error);

	free(prefixes);
	if (!err)
		err = drop_named(session, list, error);
	if (err)
		return err;
	err = read_list(session, list, &prefixes, &left, error);
	if (!err && left)
		err = lists_del(&session->maps, list, prefixes, left, error);
	free(prefixes);
	return err;
}

/* Ends the session. */
static enum exit_code print(struct session *session, const struct request *request, bool json)
{
	struct error error = {};
	size_t count;
	int err;

	if (request->verb == VERB_SHOW)
		err = lists_show(session, request->list, request->name, json, &error);
	else if (request->verb == VERB_LISTS)
		err = lists_names(session, request->list, json, &error);
	else
		err = lists_export(session, request->list, request->name, request->format,
				   request->path, &count, &error);
	if (err)
		return failed(&error);
	if (request->verb == VERB_EXPORT && strcmp(request->path, "-")) {
		if (json)
			output_json(json_pack("{s:s, s:I}", "list", list_names[request->list],
					      "written", (json_int_t)count));
		else
			printf("%zu %s written.\n", count, count == 1 ? "prefix" : "prefixes");
	}
	return output_end();
}

static bool prints(const struct request *request)
{
	return request->verb == VERB_SHOW || request->verb == VERB_LISTS ||
	       request->verb == VERB_EXPORT;
}

static enum exit_code carry_out(struct session *session, const struct request *request,
				const struct options *options)
{
	struct error error = {};
	struct done done = {};
	int err;

	if (prints(request))
		return print(session, request, options->json);
	if (request->verb == VERB_FLUSH)
		err = flush(session, request->list, &done.count, &error);
	else if (request->name)
		err = change_named(session, request, options, &done, &error);
	else
		err = change_by_hand(session, request, &done, &error);
	progress(NULL, 0, 0);
	if (err)
		return failed(&error);
	report(request, &done, options->json);
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
	bool guarded = adds(&request) && list == SG_LIST_DENY && !options->force;

	if (code == DONE && guarded && lockout_check(request.prefixes, request.count, &error))
		code = failed(&error);
	if (code == DONE && session_begin(&session, prints(&request) ? ACCESS_READ : ACCESS_CHANGE,
					  &error)) {
		code = failed(&error);
	} else if (code == DONE) {
		code = guarded && lockout_check_place(&session.links, &error)
			       ? failed(&error) : carry_out(&session, &request, options);
		session_end(&session);
	}
	free(request.prefixes);
	source_free(&request.source);
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
