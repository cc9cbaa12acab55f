// SPDX-License-Identifier: GPL-2.0-only
#include "model/proven.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

#define WINDOW 65536      /* bytes for a line; a multiple of any page there is */
#define WINDOW_MANY 524288 /* for who looks through all: each costs a system call or two */
#define WINDOW_ALL 2      /* which is that one's */

_Static_assert(SG_PROVEN / 16 * sizeof(struct sg_proven_line) % WINDOW_MANY == 0,
	       "the smallest table is whole windows");

static size_t window_size(int window)
{
	return window == WINDOW_ALL ? WINDOW_MANY : WINDOW;
}

int proven_open(const struct maps *maps, struct proven_table *table, struct error *error)
{
	void *hints = mmap(NULL, SG_HINTS * sizeof(*table->hints), PROT_READ | PROT_WRITE,
			   MAP_SHARED, maps->fd[MAP_HINTS], 0);
	int err;

	*table = (struct proven_table){.fd = -1, .lines = maps_entries(maps, MAP_PROVEN)};
	memcpy(table->secret, maps->state->secret, sizeof(table->secret));
	if (hints != MAP_FAILED) {
		table->hints = hints;
		table->fd = fcntl(maps->fd[MAP_PROVEN], F_DUPFD_CLOEXEC, 3);
	}
	if (table->fd >= 0)
		return 0;
	err = -errno;
	proven_close(table);
	return error_set(error, err, "cannot open the table of proven flows: %s.", strerror(-err));
}

void proven_close(struct proven_table *table)
{
	for (int i = 0; i <= WINDOW_ALL; i++) {
		if (table->window[i].line)
			munmap(table->window[i].line, window_size(i));
	}
	if (table->hints)
		munmap(table->hints, SG_HINTS * sizeof(*table->hints));
	if (table->fd >= 0)
		close(table->fd);
	*table = (struct proven_table){.fd = -1};
}

/* Good until that window is asked for another line. NULL: no memory. */
static struct sg_proven_line *line_at(struct proven_table *table, int window, __u32 at)
{
	struct sg_proven_line *line = table->window[window].line;
	size_t size = window_size(window);
	__u32 first = at - at % (size / sizeof(*line));
	void *memory;

	if (!line || table->window[window].first != first) {
		if (line)
			munmap(line, size);
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, table->fd,
			      (off_t)first * sizeof(*line));
		line = memory == MAP_FAILED ? NULL : memory;
		table->window[window].line = line;
		table->window[window].first = first;
	}
	return line ? line + (at - first) : NULL;
}

size_t proven_cells(const struct proven_table *table)
{
	return (size_t)table->lines * SG_PROVEN_CELLS;
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

bool proven_at(struct proven_table *table, size_t at, __u64 now, struct proven *flow)
{
	const struct sg_proven_line *line = line_at(table, WINDOW_ALL, at / SG_PROVEN_CELLS);

	return line && read_cell(&line->cell[at % SG_PROVEN_CELLS], now, flow);
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
	struct proven_table table;
	struct proven flow;
	size_t room = 1;
	int err;

	*list = (struct proven_list){};
	err = proven_open(maps, &table, error);
	if (err)
		return err;
	list->flow = malloc(sizeof(*list->flow));
	if (!list->flow)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < proven_cells(&table); i++) {
		if (proven_at(&table, i, now, &flow))
			err = append(list, &room, &flow);
	}
	proven_close(&table);
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
	const struct sg_flow_key *key;
	__u64 hash;
	__u64 now;
};

/* False: no memory. */
static bool home_of(struct proven_table *table, const struct sg_flow_key *key, __u64 now,
		    struct home *home)
{
	*home = (struct home){.key = key, .hash = sg_key_hash(key, table->secret), .now = now};
	for (int second = 0; second < 2; second++)
		home->line[second] = line_at(table, second, sg_proven_line_of(home->hash, second,
									      table->lines));
	return home->line[0] && home->line[1];
}

/* Its cell; NULL: it has proven nothing. */
static struct sg_proven_cell *find(const struct home *p)
{
	for (int i = 0; i < 2 * SG_PROVEN_CELLS; i++) {
		struct sg_proven_cell *cell = &p->line[i / SG_PROVEN_CELLS]->cell[i %
										  SG_PROVEN_CELLS];

		if (sg_proven_is_of(cell, p->key) && sg_proven_lives(end_of(cell), p->now))
			return cell;
	}
	return NULL;
}

/* Of most flows the hints say no, as to packets; to map their lines costs 10 us. */
static bool is_hinted(const struct proven_table *table, const struct sg_flow_key *key, __u64 now)
{
	__u64 hash = sg_key_hash(key, table->secret);

	return sg_hinted(__atomic_load_n(&table->hints[sg_hint_line(hash)].
					 until[sg_hint_place(hash)], __ATOMIC_RELAXED), now);
}

bool proven_is(struct proven_table *table, const struct sg_flow_key *key, __u64 now)
{
	const struct sg_proven_cell *cell;
	struct home home;

	if (!is_hinted(table, key, now) || !home_of(table, key, now, &home))
		return false;
	cell = find(&home);
	return cell && cell->proof > SG_PROOF_GREYLIST;
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
static bool fill(struct sg_proven_cell *cell, const struct home *p, const struct sg_proven *proven)
{
	__u64 old = end_of(cell), taken = sg_proven_end(p->now + SG_NSEC_PER_SEC, 0);

	if (sg_proven_lives(old, p->now) ||
	    !__atomic_compare_exchange_n(&cell->end, &old, taken, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return false;
	cell->upper = sg_net(p->key->address);
	cell->lower = sg_host(p->key->address);
	cell->since = proven->since;
	cell->proof = proven->proof;
	cell->user = proven->user;
	__atomic_compare_exchange_n(&cell->end, &taken,
				    sg_proven_end(proven->until, sg_proven_flow(p->key)), false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return true;
}

/* False: there is no room. */
static bool add(const struct home *p, const struct sg_proven *proven)
{
	struct sg_proven_cell *cell[2] = {};
	int first, second;

	do {
		first = room_of(p->line[0], p->now, &cell[0]);
		second = room_of(p->line[1], p->now, &cell[1]);
		if (!first && !second)
			return false;
	} while (!fill(cell[first < second], p, proven));
	return true;
}

/* As the data path does it: proven_put() of proven.bpf.h. Whether anything is other than before. */
static bool prolong(struct sg_proven_cell *cell, const struct home *p,
		    const struct sg_proven *proven)
{
	__u64 old = end_of(cell), end = sg_proven_end(proven->until, sg_proven_flow(p->key));
	bool weaker = cell->proof < proven->proof, sooner = old < end;

	if (weaker)
		cell->proof = proven->proof;
	if (sooner)
		__atomic_compare_exchange_n(&cell->end, &old, end, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
	return weaker || sooner;
}

int proven_add(struct maps *maps, struct proven_table *table, const struct proven *flow, __u64 now)
{
	struct sg_proven_cell *cell;
	struct home home;

	if (!home_of(table, &flow->key, now, &home))
		return -ENOMEM;
	cell = find(&home);
	if (cell && !prolong(cell, &home, &flow->proven))
		return -EEXIST;
	if (!cell && !add(&home, &flow->proven))
		return -ENOSPC;
	announce(table->hints, home.hash, flow->proven.until, now);
	maps_store(&maps->state->proven, 1);
	return 0;
}

int proven_restore(struct maps *maps, const struct proven *flows, size_t count, __u64 now,
		   size_t *refused, struct error *error)
{
	struct proven_table table;
	int err = proven_open(maps, &table, error);

	*refused = 0;
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		struct home home;
		int added = -ENOMEM;

		/* Who is there is known better by now. */
		if (home_of(&table, &flows[i].key, now, &home))
			added = find(&home) ? 0 : proven_add(maps, &table, &flows[i], now);
		*refused += added != 0;
	}
	proven_close(&table);
	return 0;
}

/* False: the cell is not of that flow. A packet may prolong it at the same time: then once more. */
static bool forget_cell(struct sg_proven_cell *cell, const struct sg_flow_key *key, __u64 now)
{
	__u64 end = end_of(cell);

	while (sg_proven_is_of(cell, key) && sg_proven_lives(end, now)) {
		if (__atomic_compare_exchange_n(&cell->end, &end, 0, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	}
	return false;
}

int proven_forget(const struct maps *maps, const struct sg_flow_key *key, __u64 now)
{
	struct proven_table table;
	int err = proven_open(maps, &table, NULL);
	bool was = false;

	if (err)
		return err;
	for (size_t i = 0; i < proven_cells(&table); i++) {
		struct sg_proven_line *line = line_at(&table, WINDOW_ALL, i / SG_PROVEN_CELLS);

		was |= line && forget_cell(&line->cell[i % SG_PROVEN_CELLS], key, now);
	}
	proven_close(&table);
	return was ? 0 : -ENOENT;
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
