// SPDX-License-Identifier: GPL-2.0-only
/* allow and deny: show, lists, export. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "cmd/lists.h"
#include "render/output.h"

/* What is printed: a copy, since the session ends before. */
struct shown {
	struct named_item *item;
	size_t count;
	__u32 now; /* sg_since() */
};

static int copy_named(const struct session *session, enum sg_list list, const char *name,
		      struct shown *shown, struct error *error)
{
	struct store store;
	const struct named *named;
	int err = store_open(&session->maps, &store, error);

	if (err)
		return err;
	named = store_find(&store, list, name);
	if (!named)
		err = error_set(error, -ENOENT, "there is no list '%s' on the %s list: `sipguard "
				"%s lists` prints their names.", name, list_names[list],
				list_names[list]);
	shown->item = err ? NULL : calloc(named->head->count + 1, sizeof(*shown->item));
	if (!err && !shown->item)
		err = error_set(error, -ENOMEM, "out of memory.");
	for (__u32 i = 0; !err && i < named->head->count; i++) {
		if (named->item[i].until >= shown->now)
			shown->item[shown->count++] = named->item[i];
	}
	store_close(&store);
	return err;
}

static int copy_all(const struct session *session, enum sg_list list, struct shown *shown,
		    struct error *error)
{
	struct lists lists;
	int err = lists_read(&session->maps, &lists, error);

	if (err)
		return err;
	shown->item = calloc(lists.count + 1, sizeof(*shown->item));
	if (!shown->item)
		err = error_set(error, -ENOMEM, "out of memory.");
	for (size_t i = 0; !err && i < lists.count; i++) {
		if (lists.entry[i].list == list)
			shown->item[shown->count++] = (struct named_item){
				.prefix = lists.entry[i].prefix,
				.until = lists.entry[i].listed.until,
			};
	}
	lists_free(&lists);
	return err;
}

static int copy(struct session *session, enum sg_list list, const char *name, struct shown *shown,
		struct error *error)
{
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	*shown = (struct shown){.now = sg_since(now)};
	if (!err)
		err = name ? copy_named(session, list, name, shown, error)
			   : copy_all(session, list, shown, error);
	session_end(session); /* before anything is printed */
	return err;
}

int lists_show(struct session *session, enum sg_list list, const char *name, bool json,
	       struct error *error)
{
	json_t *all = json ? json_array() : NULL, *top;
	char text[PREFIX_TEXT];
	struct shown shown;
	int err = copy(session, list, name, &shown, error);

	for (size_t i = 0; !err && i < shown.count; i++) {
		prefix_format(&shown.item[i].prefix, text, sizeof(text));
		if (json)
			json_array_append_new(all, json_string(text));
		else
			puts(text);
	}
	free(shown.item);
	if (err || !json) {
		json_decref(all);
		return err;
	}
	top = json_pack("{s:s, s:o}", "list", list_names[list], "prefixes", all);
	if (name)
		json_object_set_new(top, "name", json_string(name));
	output_json(top);
	return 0;
}

static __u64 seconds_between(__u32 from, __u32 to)
{
	return to > from ? ((__u64)(to - from) << SG_SINCE_SHIFT) / SG_NSEC_PER_SEC : 0;
}

static size_t count_left(const struct named *named, __u32 now)
{
	size_t count = 0;

	for (__u32 i = 0; i < named->head->count; i++)
		count += named->item[i].until >= now;
	return count;
}

static json_t *name_json(const struct named *named, __u32 now)
{
	__u32 end = named_end(named);

	return json_pack("{s:s, s:I, s:o, s:I, s:o}", "name", named->head->name, "prefixes",
			 (json_int_t)count_left(named, now), "origin",
			 output_string(named->head->origin), "age_seconds",
			 (json_int_t)seconds_between(named->head->made, now), "seconds_left",
			 end == SG_LISTED_FOREVER ? json_null()
						  : json_integer(seconds_between(now, end)));
}

static void print_name(const struct named *named, __u32 now)
{
	char age[OUTPUT_TEXT], left[OUTPUT_TEXT] = "";
	__u32 end = named_end(named);

	if (end != SG_LISTED_FOREVER)
		output_seconds(seconds_between(now, end), left);
	printf("%-20s %8zu prefixes, %s old, %s%s, from ", named->head->name,
	       count_left(named, now), output_seconds(seconds_between(named->head->made, now), age),
	       *left ? left : "for good", *left ? " left" : "");
	escape_printf(stdout, "%s\n", named->head->origin);
}

int lists_names(struct session *session, enum sg_list list, bool json, struct error *error)
{
	json_t *all = json ? json_array() : NULL;
	struct store store = {};
	__u64 clock;
	__u32 now = 0;
	int err = maps_clock(&session->maps, &clock, error);

	if (!err) {
		now = sg_since(clock);
		err = store_open(&session->maps, &store, error);
	}
	session_end(session);
	for (int i = 1; !err && i < NAMED_PLACES; i++) {
		const struct named *named = &store.list[i];

		if (!named->head || named->head->list != list || named_end(named) < now)
			continue;
		if (json)
			json_array_append_new(all, name_json(named, now));
		else
			print_name(named, now);
	}
	store_close(&store);
	if (!err && json)
		output_json(json_pack("{s:s, s:o}", "list", list_names[list], "lists", all));
	else
		json_decref(all);
	return err;
}

/* --- export --- */

static void print_text(FILE *file, const struct shown *shown)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < shown->count; i++) {
		prefix_format(&shown->item[i].prefix, text, sizeof(text));
		fprintf(file, "%s\n", text);
	}
}

/* A set has one family. ipset knows no prefix of length 0: it is two halves there. */
static void print_ipset(FILE *file, const struct shown *shown, const char *name, int family)
{
	size_t room = 1024;
	char text[PREFIX_TEXT], set[NAMED_NAME];

	/* The name of a set has 31 bytes at most. */
	snprintf(set, sizeof(set), "%.28s%s", name, family == AF_INET ? "" : "-6");
	while (room < shown->count)
		room *= 2;
	fprintf(file, "create %s hash:net family %s hashsize 1024 maxelem %zu timeout 0\n", set,
		family == AF_INET ? "inet" : "inet6", room);
	for (size_t i = 0; i < shown->count; i++) {
		const struct named_item *item = &shown->item[i];
		unsigned long long left = item->until == SG_LISTED_FOREVER
			? 0 : seconds_between(shown->now, item->until) + 1;

		if (item->prefix.family != family)
			continue;
		prefix_format(&item->prefix, text, sizeof(text));
		if (item->prefix.length)
			fprintf(file, "add %s %s timeout %llu\n", set, text, left);
		else if (family == AF_INET)
			fprintf(file, "add %s 0.0.0.0/1 timeout %llu\nadd %s 128.0.0.0/1 timeout "
				"%llu\n", set, left, set, left);
		else
			fprintf(file, "add %s ::/1 timeout %llu\nadd %s 8000::/1 timeout %llu\n",
				set, left, set, left);
	}
}

static void print_all(FILE *file, const struct shown *shown, const char *name,
		      enum source_format format)
{
	if (format == SOURCE_IPSET) {
		print_ipset(file, shown, name, AF_INET);
		print_ipset(file, shown, name, AF_INET6);
	} else {
		print_text(file, shown);
	}
}

/* A file that is not whole takes no place. */
static int write_file(const char *path, const struct shown *shown, const char *name,
		      enum source_format format, struct error *error)
{
	char *draft;
	FILE *file;
	int fd, err = 0;

	if (asprintf(&draft, "%s.XXXXXX", path) < 0)
		return error_set(error, -ENOMEM, "out of memory.");
	fd = mkstemp(draft);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		err = -errno;
	else
		print_all(file, shown, name, format);
	if (file && (fflush(file) || fchmod(fd, 0644) || fsync(fd)))
		err = -errno;
	if (file && fclose(file) && !err)
		err = -errno;
	if (!err && rename(draft, path))
		err = -errno;
	if (err && fd >= 0)
		unlink(draft);
	free(draft);
	if (err)
		error_set(error, err, "cannot write %s: %s; what was there before is as it was.",
			  path, strerror(-err));
	return err;
}

int lists_export(struct session *session, enum sg_list list, const char *name,
		 enum source_format format, const char *path, size_t *written, struct error *error)
{
	const char *set = name ? name : list_names[list];
	struct shown shown;
	int err = copy(session, list, name, &shown, error);

	*written = shown.count;
	if (!err && strcmp(path, "-") == 0)
		print_all(stdout, &shown, set, format);
	else if (!err)
		err = write_file(path, &shown, set, format, error);
	free(shown.item);
	return err;
}
