// SPDX-License-Identifier: GPL-2.0-only
/* fleet status: what the agent has written, see fleet/status.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/text.h"
#include "render/output.h"
#include "show/fleet.h"

#define STALE 10.0 /* s: it is written every second */
#define SILENT 10.0 /* s after which a member is not there: it says so every two */

static long long number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static double real(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static bool flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* 0 or -errno: -ENOTCONN if no agent runs. */
static int read_status(const char *path, json_t **status, struct error *error)
{
	json_error_t why;
	double age;

	if (access(path, R_OK) && errno == ENOENT)
		return error_set(error, -ENOTCONN, "no agent of a fleet runs here: `sipguard fleet "
				 "run`, or systemctl start sipguard-fleet.");
	*status = json_load_file(path, 0, &why);
	if (!*status)
		return error_set(error, -EIO, "cannot read %s: %s.", path, why.text);
	age = clock_wall() / 1e3 - real(*status, "written");
	if (age < STALE && age > -STALE)
		return 0;
	json_decref(*status);
	*status = NULL;
	return error_set(error, -ENOTCONN, "the agent has written nothing for %.0f s: it was "
			 "killed, or stands still.", age);
}

static void print_outcomes(const json_t *member)
{
	const char *kind, *outcome;
	json_t *of, *count;
	bool any = false;

	json_object_foreach(json_object_get(member, "entries"), kind, of) {
		json_object_foreach(of, outcome, count) {
			printf("%s %s %lld %s", any ? "," : "   ", kind,
			       (long long)json_integer_value(count), outcome);
			any = true;
		}
	}
	if (any)
		printf("\n");
}

static void print_number(const json_t *of, const char *key, const char *one, const char *many)
{
	long long count = number(of, key);

	printf("%lld %s", count, word_for(count, one, many));
}

static void print_faults(const json_t *member)
{
	const char *fault;
	json_t *count;

	json_object_foreach(json_object_get(member, "refused-messages"), fault, count) {
		if (json_integer_value(count))
			printf("    messages refused, %s: %lld\n", fault,
			       (long long)json_integer_value(count));
	}
	if (flag(member, "name-twice"))
		printf("    another host has this name, too\n");
}

static void print_member(const json_t *member, double now)
{
	const json_t *live = json_object_get(member, "in-force");
	double heard = real(member, "heard");
	char text[OUTPUT_TEXT];

	printf("  %-24s ", word(member, "member"));
	if (!heard)
		printf("not heard of");
	else if (now - heard > SILENT)
		printf("silent for %s", output_seconds(now - heard, text));
	else
		printf("there");
	if (flag(member, "clock-off"))
		printf(", its clock is off by %.0f s", real(member, "ahead"));
	printf("; in force here: ");
	print_number(live, "bans", "ban", "bans");
	printf(", ");
	print_number(live, "proofs", "proof", "proofs");
	printf("\n");
	print_outcomes(member);
	print_faults(member);
}

static void print_status(const json_t *s)
{
	const json_t *told = json_object_get(s, "told");
	const json_t *entries = json_object_get(told, "entries");
	const json_t *lists = json_object_get(s, "lists"), *members = json_object_get(s, "members");
	double now = clock_wall() / 1e3;

	escape_printf(stdout, "Member %s: %s%s%s; %s.\n", word(s, "member"),
	       flag(s, "connected") ? "connected" : "NOT CONNECTED",
	       word(s, "trouble")[0] ? ", " : "", word(s, "trouble"),
	       flag(s, "guarded") ? "the guard is there" : "nothing is guarded here");
	printf("Read: %s, ",
	       flag(s, "caught-up") ? "all that was there" : "not yet all");
	print_number(s, "behind", "message", "messages");
	printf(" behind; the connection was lost ");
	print_number(s, "losses", "time", "times");
	printf(".\nTold: ");
	print_number(entries, "bans", "ban", "bans");
	printf(", %lld by hand, ", number(entries, "operator-bans"));
	print_number(entries, "proofs", "proof", "proofs");
	printf(" in ");
	print_number(told, "messages", "message", "messages");
	printf("; %lld could not be sent, and %s told again.\n", number(told, "not-sent"),
	       word_for(number(told, "not-sent"), "is", "are"));
	if (number(lists, "taken") || number(lists, "refused"))
		printf("Lists: %lld taken, %lld refused; %lld %s spared, since somebody is "
		       "proven there.\n", number(lists, "taken"), number(lists, "refused"),
		       number(lists, "spared"),
		       word_for(number(lists, "spared"), "prefix", "prefixes"));
	if (flag(s, "name-twice"))
		printf("NOTICE: another host of the fleet has this name, too.\n");
	printf("Others: %zu%s\n", json_array_size(members),
	       number(s, "crowd") ? ", and more than are told apart" : "");
	for (size_t i = 0; i < json_array_size(members); i++)
		print_member(json_array_get(members, i), now);
}

enum exit_code fleet_status(const struct fleet_call *call, struct error *error)
{
	json_t *status = NULL;
	enum exit_code code;
	bool connected;

	if (read_status(call->settings->status, &status, error))
		return failed(error);
	connected = flag(status, "connected") && flag(status, "caught-up");
	if (call->options->json)
		output_json(status);
	else
		print_status(status);
	if (!call->options->json)
		json_decref(status);
	code = output_end();
	return code == DONE && !connected ? FAILED : code;
}
