// SPDX-License-Identifier: GPL-2.0-only
#include "model/proven.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int by_flow(const void *a, const void *b)
{
	const struct sg_flow_key *x = &((const struct proven *)a)->key;
	const struct sg_flow_key *y = &((const struct proven *)b)->key;
	int order = x->family - y->family;

	if (!order)
		order = memcmp(x->address, y->address, sizeof(x->address));
	if (!order)
		order = ntohs(x->port) - ntohs(y->port);
	return order ? order : x->transport - y->transport;
}

/* The table in memory, as packets see it; NULL with errno. */
static struct sg_proven_line *map_lines(const struct maps *maps, __u32 *lines, int protection)
{
	void *memory;

	*lines = maps_entries(maps, MAP_PROVEN);
	memory = mmap(NULL, *lines * sizeof(struct sg_proven_line), protection, MAP_SHARED,
		      maps->fd[MAP_PROVEN], 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static void unmap_lines(struct sg_proven_line *line, __u32 lines)
{
	if (line)
		munmap(line, lines * sizeof(*line));
}

static __u64 end_of(const struct sg_proven_cell *cell)
{
	return __atomic_load_n(&cell->end, __ATOMIC_ACQUIRE);
}

/* False: no flow has the cell, or another one has it by now. */
static bool read_cell(const struct sg_proven_cell *cell, __u64 now, struct proven *flow)
{
	__u64 end = end_of(cell);
	struct sg_proven_cell copy;

	if (!sg_proven_lives(end, now))
		return false;
	copy = *cell;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* Its time may be another one, but not its flow. */
	if ((end_of(cell) ^ end) & SG_PROVEN_FLOW)
		return false;
	*flow = (struct proven){
		.key = {
			.address = {copy.upper, copy.upper >> 32, copy.lower, copy.lower >> 32},
			.port = end,
			.transport = end >> 16 & 1 ? IPPROTO_UDP : IPPROTO_TCP,
			.family = end >> 17 & 1 ? 6 : 4,
		},
		.proven = {
			.until = end | SG_PROVEN_FLOW,
			.since = copy.since,
			.proof = copy.proof,
			.user = copy.user,
		},
	};
	return flow->key.port; /* else somebody is about to fill it */
}

static int append(struct proven_list *list, size_t *room, const struct proven *flow)
{
	void *more;

	if (list->count == *room) {
		*room = 2 * *room + 1024;
		more = realloc(list->flow, *room * sizeof(*list->flow));
		if (!more)
			return -ENOMEM;
		list->flow = more;
	}
	list->flow[list->count++] = *flow;
	return 0;
}

int proven_read(const struct maps *maps, __u64 now, struct proven_list *list, struct error *error)
{
	struct proven flow;
	size_t room = 1;
	__u32 lines;
	struct sg_proven_line *line = map_lines(maps, &lines, PROT_READ);
	int err = line ? 0 : -errno;

	*list = (struct proven_list){.flow = malloc(sizeof(*list->flow))};
	if (!err && !list->flow)
		err = -ENOMEM;
	for (__u32 i = 0; !err && i < lines * SG_PROVEN_CELLS; i++) {
		if (read_cell(&line[i / SG_PROVEN_CELLS].cell[i % SG_PROVEN_CELLS], now, &flow))
			err = append(list, &room, &flow);
	}
	unmap_lines(line, lines);
	if (!err)
		return 0;
	proven_free(list);
	return error_set(error, err, "cannot read the proven flows: %s.", strerror(-err));
}

/* As the data path does it: see proven_announce() of proven.bpf.h. */
static void announce(struct sg_hints *hints, __u64 hash, __u64 until, __u64 now)
{
	__u16 *hint = &hints[sg_hint_line(hash)].until[sg_hint_place(hash)];
	__u16 old = __atomic_load_n(hint, __ATOMIC_RELAXED), end = (until >> SG_HINT_UNIT) + 1;

	if (!sg_hinted(old, now) || (__s16)(end - old) > 0)
		__atomic_store_n(hint, end, __ATOMIC_RELAXED);
}

/* A flow, and its two lines of the table. */
struct home {
	struct sg_proven_line *line[2];
	const struct proven *flow;
	__u64 now;
};

static bool is_there(const struct home *p)
{
	for (int i = 0; i < 2 * SG_PROVEN_CELLS; i++) {
		const struct sg_proven_cell *cell =
			&p->line[i / SG_PROVEN_CELLS]->cell[i % SG_PROVEN_CELLS];

		if (sg_proven_is_of(cell, &p->flow->key) && sg_proven_lives(cell->end, p->now))
			return true;
	}
	return false;
}

/* How many cells of a line are free, and one of them. */
static int room_of(struct sg_proven_line *line, __u64 now, struct sg_proven_cell **free_one)
{
	int room = 0;

	for (int i = 0; i < SG_PROVEN_CELLS; i++) {
		if (!sg_proven_lives(end_of(&line->cell[i]), now)) {
			*free_one = &line->cell[i];
			room++;
		}
	}
	return room;
}

/* As the data path does it: proven_fill() of proven.bpf.h. */
static bool fill(struct sg_proven_cell *cell, const struct home *p)
{
	const struct sg_flow_key *key = &p->flow->key;
	__u64 old = end_of(cell), taken = sg_proven_end(p->now + SG_NSEC_PER_SEC, 0);

	if (sg_proven_lives(old, p->now) ||
	    !__atomic_compare_exchange_n(&cell->end, &old, taken, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return false;
	cell->upper = sg_net(key->address);
	cell->lower = sg_host(key->address);
	cell->since = p->flow->proven.since;
	cell->proof = p->flow->proven.proof;
	cell->user = p->flow->proven.user;
	__atomic_compare_exchange_n(&cell->end, &taken, sg_proven_end(p->flow->proven.until,
								      sg_proven_flow(key)),
				    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return true;
}

/* False: there is no room. */
static bool restore(const struct home *p)
{
	struct sg_proven_cell *cell[2] = {};
	int first, second;

	if (is_there(p))
		return true;
	do {
		first = room_of(p->line[0], p->now, &cell[0]);
		second = room_of(p->line[1], p->now, &cell[1]);
		if (!first && !second)
			return false;
	} while (!fill(cell[first < second], p));
	return true;
}

static void restore_all(const struct maps *maps, struct sg_proven_line *line, __u32 lines,
			struct sg_hints *hints, const struct proven *flows, size_t count,
			__u64 now, size_t *refused)
{
	struct home home = {.now = now};
	__u64 hash;

	for (size_t i = 0; i < count; i++) {
		hash = sg_key_hash(&flows[i].key, maps->state->secret);
		home.flow = &flows[i];
		for (int second = 0; second < 2; second++)
			home.line[second] = &line[sg_proven_line_of(hash, second, lines)];
		if (restore(&home))
			announce(hints, hash, flows[i].proven.until, now);
		else
			++*refused;
	}
}

int proven_restore(struct maps *maps, const struct proven *flows, size_t count, __u64 now,
		   size_t *refused, struct error *error)
{
	const size_t size = SG_HINTS * sizeof(struct sg_hints);
	void *hints = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, maps->fd[MAP_HINTS], 0);
	int err = hints == MAP_FAILED ? -errno : 0;
	struct sg_proven_line *line = NULL;
	__u32 lines = 0;

	*refused = 0;
	if (!err) {
		line = map_lines(maps, &lines, PROT_READ | PROT_WRITE);
		err = line ? 0 : -errno;
	}
	if (!err)
		restore_all(maps, line, lines, hints, flows, count, now, refused);
	unmap_lines(line, lines);
	if (hints != MAP_FAILED)
		munmap(hints, size);
	if (count)
		maps_store(&maps->state->proven, 1);
	return err ? error_set(error, err, "cannot write the proven flows: %s.", strerror(-err))
		   : 0;
}

int proven_forget(const struct maps *maps, const struct sg_flow_key *key, __u64 now)
{
	int err = -ENOENT;
	__u32 lines;
	struct sg_proven_line *line = map_lines(maps, &lines, PROT_READ | PROT_WRITE);

	if (!line)
		return -errno;
	for (__u32 i = 0; i < lines * SG_PROVEN_CELLS; i++) {
		struct sg_proven_cell *cell =
			&line[i / SG_PROVEN_CELLS].cell[i % SG_PROVEN_CELLS];
		__u64 end = end_of(cell);

		if (!sg_proven_is_of(cell, key) || !sg_proven_lives(end, now))
			continue;
		/* A packet may prolong it at the same time: then once more. */
		if (__atomic_compare_exchange_n(&cell->end, &end, 0, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			err = 0;
		else
			i--;
	}
	unmap_lines(line, lines);
	return err;
}

void proven_sort(struct proven_list *list)
{
	qsort(list->flow, list->count, sizeof(*list->flow), by_flow);
}

void proven_free(struct proven_list *list)
{
	free(list->flow);
	*list = (struct proven_list){};
}

void proven_count(const struct proven_list *list, size_t count[SG_PROOF__MAX])
{
	memset(count, 0, SG_PROOF__MAX * sizeof(*count));
	for (size_t i = 0; i < list->count; i++)
		count[list->flow[i].proven.proof % SG_PROOF__MAX]++;
}
