// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/walk.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>

#define BATCH 65536 /* more would only take memory */
#define ROUNDS 4    /* through a trie that somebody changes all the time */

int walk_begin(struct walk *walk, int map)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(map, &info, &size);

	*walk = (struct walk){.map = map};
	if (!err && info.key_size > sizeof(walk->at))
		err = -EINVAL;
	if (err)
		return err;
	walk->key_size = info.key_size;
	walk->value_size = info.value_size;
	walk->room = info.max_entries < BATCH ? info.max_entries : BATCH;
	walk->left = (__u64)ROUNDS * info.max_entries;
	walk->keys = calloc(walk->room, walk->key_size);
	walk->values = calloc(walk->room, walk->value_size);
	if (walk->keys && walk->values)
		return 0;
	walk_end(walk);
	return -ENOMEM;
}

static int next_batch(struct walk *walk)
{
	int err;

	walk->next = 0;
	walk->count = walk->room;
	err = bpf_map_lookup_batch(walk->map, walk->begun ? walk->at : NULL, walk->at, walk->keys,
				   walk->values, &walk->count, NULL);
	if (err && err != -ENOENT && err != -EINTR)
		return err;
	walk->last = err == -ENOENT;
	/* A trie, of which the next key went while it was looked up: what came before it counts. */
	walk->begun = walk->begun || err != -EINTR || walk->count;
	if (walk->left < walk->count + 1)
		return -EAGAIN;
	walk->left -= walk->count + 1;
	return 0;
}

int walk_next(struct walk *walk, const void **key, const void **value)
{
	int err;

	while (walk->next == walk->count) {
		if (walk->last)
			return 0;
		err = next_batch(walk);
		if (err)
			return err;
	}
	*key = walk->keys + (size_t)walk->next * walk->key_size;
	*value = walk->values + (size_t)walk->next * walk->value_size;
	walk->next++;
	return 1;
}

void walk_end(struct walk *walk)
{
	free(walk->keys);
	free(walk->values);
	walk->keys = walk->values = NULL;
}
