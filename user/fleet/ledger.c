// SPDX-License-Identifier: GPL-2.0-only
#include "fleet/ledger.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 1024

static size_t place(const struct ledger *ledger, __u64 who)
{
	size_t at = who & (ledger->room - 1);

	while (ledger->line[at].who && ledger->line[at].who != who)
		at = (at + 1) & (ledger->room - 1);
	return at;
}

struct ledger_line *ledger_find(const struct ledger *ledger, __u64 who)
{
	struct ledger_line *line;

	who |= !who;
	if (!ledger->room)
		return NULL;
	line = &ledger->line[place(ledger, who)];
	return line->who ? line : NULL;
}

/* Seconds since it was told. */
static __u32 age(const struct ledger_line *line, __u32 now)
{
	return (__u16)(ledger_time(now) - line->told) * 4U;
}

static bool lives(const struct ledger_line *line, __u32 now)
{
	return line->end > now || (!line->end && age(line, now) < LEDGER_AGAIN);
}

/* Into a table of another size, without what is over. False: no memory, and as it was. */
static bool move(struct ledger *ledger, size_t room, __u32 now)
{
	struct ledger fresh = {.line = calloc(room, sizeof(*fresh.line)), .room = room};

	if (!fresh.line)
		return false;
	for (size_t i = 0; i < ledger->room; i++) {
		const struct ledger_line *line = &ledger->line[i];

		if (!line->who || !lives(line, now))
			continue;
		fresh.line[place(&fresh, line->who)] = *line;
		fresh.count++;
	}
	free(ledger->line);
	*ledger = fresh;
	return true;
}

/* Half of the places stay free, so that a search is short. */
static size_t room_for(size_t count)
{
	size_t room = ROOM_FIRST;

	while (room < 2 * count)
		room *= 2;
	return room;
}

struct ledger_line *ledger_put(struct ledger *ledger, __u64 who, __u32 now)
{
	struct ledger_line *line = ledger_find(ledger, who);

	if (line)
		return line;
	if (2 * (ledger->count + 1) > ledger->room) {
		size_t room = room_for(ledger->count + 1);

		if (room > LEDGER_MOST || !move(ledger, room, now) ||
		    2 * (ledger->count + 1) > ledger->room)
			return NULL;
	}
	who |= !who;
	line = &ledger->line[place(ledger, who)];
	*line = (struct ledger_line){.who = who};
	ledger->count++;
	return line;
}

bool ledger_wants(const struct ledger *ledger, __u64 who, __u32 end, __u32 now, __u32 slack,
		  bool own)
{
	const struct ledger_line *line = ledger_find(ledger, who);

	if (end <= now || !line)
		return end > now;
	if (age(line, now) < LEDGER_AGAIN)
		return false;
	if (line->end + slack < end)
		return true;
	return line->member ? own : age(line, now) > LEDGER_WINDOW;
}

void ledger_prune(struct ledger *ledger, __u32 now, __u32 *live, size_t members)
{
	size_t left = 0;

	memset(live, 0, members * sizeof(*live));
	for (size_t i = 0; i < ledger->room; i++) {
		const struct ledger_line *line = &ledger->line[i];

		if (!line->who || !lives(line, now))
			continue;
		left++;
		live[line->member % members]++;
	}
	if (left != ledger->count)
		move(ledger, room_for(left), now);
}

void ledger_free(struct ledger *ledger)
{
	free(ledger->line);
	*ledger = (struct ledger){};
}
