// SPDX-License-Identifier: GPL-2.0-only
#include "named/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "kernel/pins.h"
#include "named/trie.h"

#define WORD 8 /* bytes: the kernel's arrays have no smaller elements */

bool named_is_name(const char *name)
{
	static const char may[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "-_.";
	size_t length = strlen(name);

	return length && length < NAMED_NAME && strspn(name, may) == length && *name != '-';
}

static size_t bytes_of(__u32 count)
{
	return sizeof(struct named_head) + count * sizeof(struct named_item);
}

/* The memory of a map, of which there are at least `bytes`; NULL with errno. */
static void *memory_of(int map, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* How many prefixes a map holds, by its head; -EPROTO if it is none of ours. */
static int count_of(int map, __u32 *count)
{
	struct bpf_map_info info = {};
	struct named_head *head;
	__u32 size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(map, &info, &size);

	if (err)
		return err;
	if ((size_t)info.max_entries * info.value_size < sizeof(*head))
		return -EPROTO;
	head = memory_of(map, sizeof(*head));
	if (!head)
		return -errno;
	*count = head->count;
	if ((size_t)info.max_entries * info.value_size < bytes_of(*count) ||
	    (head->list != SG_LIST_ALLOW && head->list != SG_LIST_DENY))
		err = -EPROTO;
	munmap(head, sizeof(*head));
	return err;
}

static int open_one(const struct pins *pins, const char *folder, __u16 place, struct named *named)
{
	__u32 count = 0;
	char pin[32];
	int err;

	*named = (struct named){};
	snprintf(pin, sizeof(pin), "%s/%u", folder, place);
	if (!pins_exist(pins, pin))
		return -ENOENT;
	*named = (struct named){.map = pins_get(pins, "%s", pin), .place = place};
	if (named->map < 0)
		return named->map;
	err = count_of(named->map, &count);
	if (!err) {
		named->head = memory_of(named->map, bytes_of(count));
		err = named->head ? 0 : -errno;
	}
	if (err) {
		named_close(named);
		return err;
	}
	named->item = (const struct named_item *)(named->head + 1);
	return 0;
}

void named_close(struct named *named)
{
	if (named->head)
		munmap(named->head, bytes_of(named->head->count));
	if (named->map > 0)
		close(named->map);
	*named = (struct named){};
}

int store_open(const struct maps *maps, struct store *store, struct error *error)
{
	int err = 0;

	*store = (struct store){};
	if (!maps->pins || !pins_exist(maps->pins, "lists"))
		return 0;
	for (__u16 place = 1; !err && place < NAMED_PLACES; place++) {
		err = open_one(maps->pins, "lists", place, &store->list[place]);
		if (err == -ENOENT) {
			store->list[place] = (struct named){};
			err = 0;
		}
	}
	if (!err)
		return 0;
	store_close(store);
	return error_set(error, err, "cannot read the named lists in %s/lists: %s.",
			 maps->pins->dir, strerror(-err));
}

void store_close(struct store *store)
{
	for (int i = 0; i < NAMED_PLACES; i++)
		named_close(&store->list[i]);
}

const struct named *store_find(const struct store *store, enum sg_list list, const char *name)
{
	for (int i = 1; i < NAMED_PLACES; i++) {
		const struct named_head *head = store->list[i].head;

		if (head && head->list == list && strcmp(head->name, name) == 0)
			return &store->list[i];
	}
	return NULL;
}

int store_free_place(const struct store *store, struct error *error)
{
	for (int i = 1; i < NAMED_PLACES; i++) {
		if (!store->list[i].head)
			return i;
	}
	return error_set(error, -ENOSPC, "there are %d named lists, which is the most: take one "
			 "off, with `sipguard deny del --name NAME`.", NAMED_PLACES - 1);
}

const struct named_item *named_find(const struct named *named, const struct prefix *prefix)
{
	return named->head && named->head->count
		       ? bsearch(prefix, named->item, named->head->count, sizeof(*named->item),
				 prefix_compare)
		       : NULL;
}

__u32 named_end(const struct named *named)
{
	__u32 end = 0;

	for (__u32 i = 0; i < named->head->count; i++) {
		if (named->item[i].until > end)
			end = named->item[i].until;
	}
	return end;
}

/* A map that holds so much, filled; not pinned yet. */
static int make(const struct named_head *head, const struct named_item *items, struct named *named)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

	named->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "named_list", sizeof(__u32), WORD,
				    (bytes_of(head->count) + WORD - 1) / WORD, &opts);
	if (named->map < 0)
		return named->map;
	named->head = memory_of(named->map, bytes_of(head->count));
	if (!named->head)
		return -errno;
	*named->head = *head;
	if (head->count)
		memcpy(named->head + 1, items, head->count * sizeof(*items));
	named->item = (const struct named_item *)(named->head + 1);
	return 0;
}

int store_stage(const struct maps *maps, __u16 place, const struct named_head *head,
		const struct named_item *items, struct named *named, struct error *error)
{
	int err;

	*named = (struct named){.place = place};
	err = make(head, items, named);
	if (!err)
		err = pins_mkdir(maps->pins, error, "lists");
	if (!err)
		err = pins_mkdir(maps->pins, error, "lists-next");
	if (!err)
		err = pins_put(maps->pins, named->map, error, "lists-next/%u", place);
	if (!err)
		return 0;
	named_close(named);
	return error_set(error, err, "cannot keep the list '%s' in the kernel: %s.", head->name,
			 strerror(-err));
}

/* A reader meets the old one or the new one. */
static int replace(const struct pins *pins, __u16 place, bool ends)
{
	char from[PIN_PATH], to[PIN_PATH];
	int err;

	if (ends) {
		err = pins_remove(pins, "lists/%u", place);
		return err && err != -ENOENT ? err : pins_remove(pins, "lists-next/%u", place);
	}
	pins_path(pins, from, "lists-next/%u", place);
	pins_path(pins, to, "lists/%u", place);
	return rename(from, to) ? -errno : 0;
}

static int settle_one(const struct maps *maps, __u16 place)
{
	struct named next;
	bool counts, ends;
	int err = open_one(maps->pins, "lists-next", place, &next);

	if (err)
		return err == -ENOENT ? 0 : err;
	counts = next.head->side == (maps->state->lists & SG_LISTS_SIDE);
	ends = !next.head->count;
	named_close(&next);
	return counts ? replace(maps->pins, place, ends)
		      : pins_remove(maps->pins, "lists-next/%u", place);
}

int store_settle(const struct maps *maps, struct error *error)
{
	int err = 0;

	if (!maps->pins || !pins_exist(maps->pins, "lists-next"))
		return 0;
	for (__u16 place = 1; !err && place < NAMED_PLACES; place++)
		err = settle_one(maps, place);
	if (!err)
		err = pins_remove(maps->pins, "lists-next");
	if (err)
		error_set(error, err, "cannot put the named lists in order in %s: %s.",
			  maps->pins->dir, strerror(-err));
	return err;
}
