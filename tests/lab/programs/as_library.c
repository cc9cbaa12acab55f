// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uses what is below cmd/ as any other program would: lists with ends of seconds, what packets find
 * of them, and the reader of maps while they are changed. What is wrong is printed here alone.
 *
 *   as_library walk
 *   as_library add|replace allow|deny NAME SECONDS [PREFIX...]
 *                            NAME "0": by hand; SECONDS 0: for good
 *   as_library settle
 *   as_library show          LIST NAME PREFIX of each row that there is
 *   as_library rush SECONDS  each CPU has been in a rush, as of SECONDS from now
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "guard/session.h"
#include "kernel/program.h"
#include "kernel/walk.h"
#include "model/lists.h"
#include "named/store.h"

#define ENTRIES 200000 /* some batches */

static int walk_failed(const char *what, __u32 key, int number)
{
	fprintf(stderr, "as_library: %s: %u (%d).\n", what, key, number);
	return -EIO;
}

/* A prefix of its own for each number; for a hash map it is just a key. */
static struct sg_prefix4 key_of(__u32 number)
{
	return (struct sg_prefix4){
		.length = 32, .address = {10, number >> 16, number >> 8, number},
	};
}

static int make_map(enum bpf_map_type type)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd = bpf_map_create(type, "walked", sizeof(struct sg_prefix4), sizeof(__u32), ENTRIES,
				&opts);

	for (__u32 i = 0; fd >= 0 && i < ENTRIES; i++) {
		struct sg_prefix4 key = key_of(i);

		if (bpf_map_update_elem(fd, &key, &i, BPF_ANY))
			return walk_failed("cannot fill the map", i, -errno);
	}
	return fd < 0 ? walk_failed("cannot make the map", type, fd) : fd;
}

/*
 * Whether an entry goes as soon as it is met. Of a trie it is the one from which the kernel would
 * go on: it begins anew. All of them would be more than a walk bears.
 */
static bool goes(enum bpf_map_type type, __u32 number)
{
	return type == BPF_MAP_TYPE_HASH ? number & 1 : number % 65536 == 65535;
}

/* Each entry that stays has to be met: of a hash map once, of a trie at least. */
static int walk(enum bpf_map_type type)
{
	bool hash = type == BPF_MAP_TYPE_HASH;
	static int met[ENTRIES];
	const void *key, *value;
	struct walk walk;
	int fd = make_map(type), err;

	if (fd < 0)
		return fd;
	memset(met, 0, sizeof(met));
	err = walk_begin(&walk, fd);
	while (!err && (err = walk_next(&walk, &key, &value)) > 0) {
		__u32 number = *(const __u32 *)value;

		met[number]++;
		if (goes(type, number))
			bpf_map_delete_elem(fd, key);
		err = 0;
	}
	if (err)
		return walk_failed("the walk does not end", type, err);
	walk_end(&walk);
	close(fd);
	for (__u32 i = 0; i < ENTRIES; i++) {
		if (!met[i] || (hash && met[i] > 1))
			return walk_failed("an entry was not met, or not once", i, met[i]);
	}
	/* Else this tests nothing. */
	return hash || met[0] > 1 ? 0 : walk_failed("the kernel did not begin anew", 0, met[0]);
}

/* By the name "0" by hand. */
static int put_items(struct session *session, enum sg_list list, const struct list_terms *terms,
		     const struct prefix *prefixes, int count, struct error *error)
{
	struct source_item *items;
	size_t held;
	int err;

	if (strcmp(terms->name, "0") == 0)
		return lists_add(&session->maps, list, terms, prefixes, count, error);
	items = calloc(count + 1, sizeof(*items));
	for (int i = 0; items && i < count; i++)
		items[i].prefix = prefixes[i];
	err = items ? lists_import(&session->maps, list, terms, items, count, &held, error)
		    : -ENOMEM;
	free(items);
	return err;
}

static int put(struct session *session, const char *verb, char **words, int count,
	       struct error *error)
{
	enum sg_list list = strcmp(words[0], "allow") ? SG_LIST_DENY : SG_LIST_ALLOW;
	struct list_terms terms = {.name = words[1], .replace = strcmp(verb, "replace") == 0};
	__u64 seconds = atoi(words[2]), now;
	struct prefix *prefixes = calloc(count, sizeof(*prefixes));
	int err = prefixes ? maps_clock(&session->maps, &now, error) : -ENOMEM;

	terms.until = seconds ? now + seconds * SG_NSEC_PER_SEC : 0;
	for (int i = 3; !err && i < count; i++)
		err = prefix_parse(words[i], &prefixes[i - 3], error);
	if (!err)
		err = put_items(session, list, &terms, prefixes, count - 3, error);
	free(prefixes);
	return err;
}

struct shown {
	const struct maps *maps;
	struct store store;
};

static int show_one(const struct list_entry *entry, void *context)
{
	const struct shown *shown = context;
	__u32 list = sg_listed_list(&entry->listed, shown->maps->state->lists);
	const struct named_head *head = shown->store.list[entry->listed.name].head;
	char text[PREFIX_TEXT];

	prefix_format(&entry->prefix, text, sizeof(text));
	if (list != SG_LIST_OWN)
		printf("%s %s %s\n", list_names[list], head ? head->name : "0", text);
	return 0;
}

/* What packets find, and through which list: those that are over, too. */
static int show(struct session *session, struct error *error)
{
	struct shown shown = {.maps = &session->maps};
	int err = store_open(&session->maps, &shown.store, error);

	if (err)
		return err;
	err = trie_each(&session->maps, show_one, &shown);
	store_close(&shown.store);
	return err;
}

/* By what a flood of some hundred thousand a second writes: first in the memory of each CPU. */
static int rush(struct session *session, int seconds, struct error *error)
{
	int map = program_map(session->links.link[0].program_id, "sg_guards");
	int cpus = libbpf_num_possible_cpus(), err;
	static char each[1 << 20];
	struct bpf_map_info info = {};
	__u32 size = sizeof(info), key = 0;
	__u64 now;

	err = maps_clock(&session->maps, &now, error);
	if (err)
		return err;
	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size) ||
	    (info.value_size + 7) / 8 * 8 * cpus > sizeof(each) ||
	    bpf_map_lookup_elem(map, &key, each))
		return error_set(error, -EIO, "the memory of the CPUs cannot be read.");
	for (int cpu = 0; cpu < cpus; cpu++) {
		struct sg_memo *memo = (void *)(each + (info.value_size + 7) / 8 * 8 * cpu);

		memo->rush = 1;
		memo->pace_since = now + seconds * SG_NSEC_PER_SEC;
	}
	err = bpf_map_update_elem(map, &key, each, BPF_ANY);
	close(map);
	return err;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct error error = {};
	struct session session;
	bool reads = strcmp(verb, "show") == 0;
	int err;

	if (strcmp(verb, "walk") == 0)
		return walk(BPF_MAP_TYPE_HASH) || walk(BPF_MAP_TYPE_LPM_TRIE);
	err = session_begin(&session, reads ? ACCESS_READ : ACCESS_CHANGE, &error);
	if (!err) {
		if (reads)
			err = show(&session, &error);
		else if (strcmp(verb, "settle") == 0)
			err = lists_settle(&session.maps, &error);
		else if (strcmp(verb, "rush") == 0 && argc > 2)
			err = rush(&session, atoi(argv[2]), &error);
		else if (argc > 4)
			err = put(&session, verb, argv + 2, argc - 2, &error);
		else
			err = error_set(&error, -EINVAL, "it needs to be told what to do.");
		session_end(&session);
	}
	if (err)
		fprintf(stderr, "as_library: %s\n", error.text);
	return err != 0;
}
