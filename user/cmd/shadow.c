// SPDX-License-Identifier: GPL-2.0-only
/* shadow: a second configuration on the same packets, and what it would change. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/names.h"
#include "base/notice.h"
#include "base/prefix.h"
#include "base/text.h"
#include "cmd/command.h"
#include "render/output.h"
#include "replay/differences.h"

#define MOST_SOURCES 10 /* of each way that the text shows; JSON has all */
#define TEXT_LINE 100   /* bytes of an example that the text shows */

static const char *const way_keys[SG_SHADOW_WAYS] = {
	[SG_SHADOW_DROPS] = "drops", [SG_SHADOW_PASSES] = "passes",
};

static const char *const way_titles[SG_SHADOW_WAYS] = {
	[SG_SHADOW_DROPS] = "Would drop what passes the configuration in force",
	[SG_SHADOW_PASSES] = "Would pass what the configuration in force drops",
};

static int no_shadow(struct error *error)
{
	return error_set(error, -ENOENT, "no shadow is running: `sipguard shadow FILE` begins "
			 "one.");
}

static const char *zone_name(const struct differences *d, const struct sg_shadow_source *source)
{
	return d->config->zone[source->zone % SG_ZONES].name;
}

static const char *reason_of(const struct sg_shadow_source *source)
{
	return source->reason < SG_REASON__MAX ? reason_texts[source->reason].label : "";
}

static __u64 seconds_since(const struct differences *d, __u64 then)
{
	return d->now > then ? (d->now - then) / SG_NSEC_PER_SEC : 0;
}

/* "192.0.2.1", or with `port` (network order) "192.0.2.1:5060". */
static void format_source(const struct sg_shadow_source *source, __u16 port, char *text,
			  size_t size)
{
	struct sg_flow_key key = {.port = port, .family = source->family};

	memcpy(key.address, source->address, sizeof(key.address));
	flow_format(&key, text, size);
}

/* --- JSON --- */

static json_t *reason_json(int way, int reason, const struct sg_counter *c)
{
	return json_pack("{s:s, s:s, s:I, s:I}", "shadow", way_keys[way], "reason",
			 reason_texts[reason].label, "packets", (json_int_t)c->packets, "bytes",
			 (json_int_t)c->bytes);
}

static json_t *reasons_json(const struct differences *d)
{
	json_t *all = json_array();

	for (int way = 0; way < SG_SHADOW_WAYS; way++) {
		for (int reason = 0; reason < SG_REASON__MAX; reason++) {
			const struct sg_counter *c = &d->stats.of[way][reason];

			if (c->packets)
				json_array_append_new(all, reason_json(way, reason, c));
		}
	}
	return all;
}

static json_t *source_json(const struct differences *d, const struct sg_shadow_source *source,
			   __u16 port)
{
	const char *zone = zone_name(d, source);
	char text[PREFIX_TEXT];

	format_source(source, port, text, sizeof(text));
	return json_pack("{s:s, s:s, s:s?, s:s}", "shadow",
			 way_keys[source->way % SG_SHADOW_WAYS], "reason", reason_of(source),
			 "zone", zone[0] ? zone : NULL, "source", text);
}

static json_t *sources_json(const struct differences *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->source_count; i++) {
		const struct shadow_difference *one = &d->sources[i];
		json_t *source = source_json(d, &one->source, 0);

		json_object_update_new(source, json_pack("{s:I, s:I, s:I}", "packets",
			(json_int_t)one->seen.packets, "first_seconds_ago",
			(json_int_t)seconds_since(d, one->seen.first), "last_seconds_ago",
			(json_int_t)seconds_since(d, one->seen.last)));
		json_array_append_new(all, source);
	}
	return all;
}

/* As people see it: JSON is UTF-8, and a message any bytes. */
static json_t *text_json(const struct sg_shadow_example *example)
{
	char text[SG_SHADOW_TEXT + 1] = {};

	memcpy(text, example->text, example->length);
	return output_string(text);
}

static json_t *examples_json(const struct differences *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->example_count; i++) {
		const struct sg_shadow_example *one = &d->examples[i];
		json_t *example = source_json(d, &one->source, one->port);

		json_object_update_new(example, json_pack("{s:s, s:I, s:o}", "transport",
			one->transport == 6 ? "tcp" : "udp", "seconds_ago",
			(json_int_t)seconds_since(d, one->time), "text", text_json(one)));
		json_array_append_new(all, example);
	}
	return all;
}

static json_t *interfaces_json(const struct differences *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->interfaces; i++)
		json_array_append_new(all, output_string(d->interface[i]));
	return all;
}

static void show_json(const struct differences *d)
{
	output_json(json_pack("{s:b, s:o, s:I, s:I, s:o, s:I, s:o, s:o, s:I, s:o}", "running", 1,
			      "config", d->note.path[0] ? output_string(d->note.path) : json_null(),
			      "seconds", (json_int_t)seconds_since(d, d->note.begun),
			      "memory_bytes", (json_int_t)d->note.memory,
			      "interfaces", interfaces_json(d),
			      "judged", (json_int_t)d->stats.judged, "differences", reasons_json(d),
			      "sources", sources_json(d), "sources_full",
			      (json_int_t)d->stats.full, "examples", examples_json(d)));
}

/* --- text --- */

static void print_sources(const struct differences *d, int way, int reason)
{
	char text[PREFIX_TEXT], first[OUTPUT_TEXT], last[OUTPUT_TEXT];
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < d->source_count; i++) {
		const struct shadow_difference *one = &d->sources[i];
		const char *zone = zone_name(d, &one->source);

		if (one->source.way != way || one->source.reason != reason)
			continue;
		if (shown == MOST_SOURCES) {
			more++;
			continue;
		}
		shown++;
		format_source(&one->source, 0, text, sizeof(text));
		escape_printf(stdout, "    %-40s %12llu  %s%s, %s to %s ago\n", text,
			      one->seen.packets, zone[0] ? "zone " : "in no zone", zone,
			      output_seconds(seconds_since(d, one->seen.first), first),
			      output_seconds(seconds_since(d, one->seen.last), last));
	}
	if (more)
		printf("    and %zu more %s, which --json shows\n", more,
		       word_for(more, "source", "sources"));
}

static void print_examples(const struct differences *d, int way, int reason)
{
	char source[PREFIX_TEXT], text[TEXT_LINE + 1];

	for (size_t i = 0; i < d->example_count; i++) {
		const struct sg_shadow_example *one = &d->examples[i];
		size_t length = one->length < TEXT_LINE ? one->length : TEXT_LINE;

		if (one->source.way != way || one->source.reason != reason)
			continue;
		format_source(&one->source, one->port, source, sizeof(source));
		memcpy(text, one->text, length);
		text[length] = '\0';
		escape_printf(stdout, "    for example from %s: %s\n", source, text);
	}
}

static void print_way(const struct differences *d, int way)
{
	bool any = false;

	printf("\n%s\n", way_titles[way]);
	for (int reason = 0; reason < SG_REASON__MAX; reason++) {
		const struct sg_counter *c = &d->stats.of[way][reason];

		if (!c->packets)
			continue;
		any = true;
		printf("  %-42s %12llu %s\n", reason_texts[reason].label, c->packets,
		       word_for(c->packets, "packet", "packets"));
		print_sources(d, way, reason);
		print_examples(d, way, reason);
	}
	if (!any)
		printf("  nothing\n");
}

static void show_text(const struct differences *d)
{
	char since[OUTPUT_TEXT], memory[OUTPUT_TEXT];

	escape_printf(stdout, "Shadow: %s, for %s\n", policy_name(d->note.path),
		      output_seconds(seconds_since(d, d->note.begun), since));
	for (size_t i = 0; i < d->interfaces; i++)
		escape_printf(stdout, "%s%s", i ? ", " : "  judges at   ", d->interface[i]);
	printf("\n  judged      %llu %s\n  memory      %s\n", d->stats.judged,
	       word_for(d->stats.judged, "packet", "packets"),
	       output_bytes(d->note.memory, memory));
	for (int way = 0; way < SG_SHADOW_WAYS; way++)
		print_way(d, way);
	if (d->stats.full)
		printf("\nThe table of sources is full: %llu %s of further sources only "
		       "counted by reason.\n", d->stats.full,
		       word_for(d->stats.full, "packet is", "packets are"));
}

static enum exit_code show(const struct options *options)
{
	struct differences d;
	struct error error = {};
	struct session session;
	int err;

	if (session_begin(&session, ACCESS_READ, &error))
		return failed(&error);
	err = differences_read(&session, &d, &error);
	session_end(&session);
	if (err && err != -ENOENT)
		return failed(&error);
	if (err && options->json)
		output_json(json_pack("{s:b}", "running", 0));
	else if (err)
		printf("No shadow is running: `sipguard shadow FILE` begins one.\n");
	else if (options->json)
		show_json(&d);
	else
		show_text(&d);
	if (!err)
		differences_free(&d);
	return output_end();
}

/* --- changes --- */

static void say(const struct options *options, const char *key, const char *path, const char *text)
{
	if (options->json)
		output_json(json_pack("{s:o}", key, output_string(path)));
	else
		escape_printf(stdout, text, policy_name(path));
}

static enum exit_code begin(const struct options *options)
{
	struct policy policy = {};
	struct error error = {};
	struct session session;
	struct slots slots;
	__u64 digest;
	int count;

	/* Before the lock is taken: it may be a pipe, or a terminal. */
	if (policy_read(options->arguments[0], &policy, &error)) {
		failed(&error);
		policy_free(&policy);
		return FAILED;
	}
	digest = shadow_digest(policy.config);
	count = session_begin(&session, ACCESS_CHANGE, &error);
	if (!count) {
		slots_of_links(&slots, &session.links);
		slots_recall(&slots, places_in_force(&session.maps));
		slots_write(&slots, &policy.config->kernel.places);
		count = shadow_begin(&session, &policy, digest, &error);
		session_end(&session);
	}
	if (count > 0)
		say(options, "shadow", policy.path,
		    "In the shadow: %s. `sipguard shadow` shows what it would change.\n");
	policy_free(&policy);
	return count > 0 ? output_end() : failed(&error);
}

/* What the shadow was given, or an error: the file may be another one by now. */
static int read_again(const struct shadow_note *note, struct policy *policy, struct error *error)
{
	int err = policy_read(note->path, policy, error);

	if (err || shadow_digest(policy->config) == note->digest)
		return err;
	return error_set(error, -ESTALE, "%s has changed since it is in the shadow, so nothing was "
			 "changed: `sipguard shadow %s` tries what it says now, `sipguard reload "
			 "--config %s` puts that in force.", note->path, note->path, note->path);
}

static int accept_file(struct session *session, const char *path, struct policy *policy,
		       struct error *error)
{
	int err = reload(session, policy, error);

	if (!err)
		err = shadow_end(&session->pins, error);
	if (err)
		error_set(error, err, "cannot accept %s: %s.", path, strerror(-err));
	return err;
}

static enum exit_code accept_shadow(const struct options *options)
{
	struct policy policy = {};
	struct shadow_note note;
	struct error error = {};
	struct session session;
	int err;

	if (session_begin(&session, ACCESS_CHANGE, &error))
		return failed(&error);
	err = shadow_note(&session.pins, &note, &error);
	if (err == -ENOENT)
		no_shadow(&error);
	if (!err)
		err = read_again(&note, &policy, &error);
	if (!err)
		err = accept_file(&session, note.path, &policy, &error);
	session_end(&session);
	if (!err)
		say(options, "config", note.path, "In force: %s. The shadow has ended.\n");
	else
		failed(&error);
	policy_free(&policy);
	return err ? FAILED : output_end();
}

static enum exit_code off(const struct options *options)
{
	struct shadow_note note = {};
	struct error error = {};
	struct session session;
	int err;

	if (session_begin(&session, ACCESS_CHANGE, &error))
		return failed(&error);
	shadow_note(&session.pins, &note, NULL);
	err = shadow_end(&session.pins, &error);
	session_end(&session);
	if (err == -ENOENT)
		no_shadow(&error);
	if (err)
		return failed(&error);
	say(options, "ended", note.path, "The shadow of %s has ended.\n");
	return output_end();
}

enum exit_code cmd_shadow(const struct options *options)
{
	if (!options->count)
		return show(options);
	if (strcmp(options->arguments[0], "accept") == 0)
		return accept_shadow(options);
	if (strcmp(options->arguments[0], "off") == 0)
		return off(options);
	return begin(options);
}
