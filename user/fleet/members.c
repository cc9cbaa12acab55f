// SPDX-License-Identifier: GPL-2.0-only
#include "fleet/members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fleet_fault_names[FLEET_FAULT__MAX] = {
#define X(NAME, word) word,
	FLEET_FAULTS(X)
#undef X
};

#define TWIN_GONE 60000 /* ms: it says that it is there every two seconds */

int members_begin(struct members *members, const char *self)
{
	*members = (struct members){.member = calloc(FLEET_MEMBERS, sizeof(struct member))};
	if (!members->member)
		return -ENOMEM;
	members_find(members, self);
	return 0;
}

void members_end(struct members *members)
{
	free(members->member);
	*members = (struct members){};
}

__u32 member_id(const char *name)
{
	__u32 hash = 0x811c9dc5;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x01000193;
	return (hash ^ hash >> 24) & 0xffffff;
}

struct member *members_find(struct members *members, const char *name)
{
	struct member *member;

	for (size_t i = 0; i < members->count; i++) {
		if (!strcmp(members->member[i].name, name))
			return &members->member[i];
	}
	if (members->count == FLEET_MEMBERS)
		return NULL;
	member = &members->member[members->count++];
	snprintf(member->name, sizeof(member->name), "%s", name);
	member->id = member_id(name);
	return member;
}

void members_forget(struct members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		memset(members->member[i].tat, 0, sizeof(members->member[i].tat));
		memset(members->member[i].live, 0, sizeof(members->member[i].live));
	}
}

bool member_has_twin(const struct member *member, __u64 now)
{
	return member->twin && now < member->twin + TWIN_GONE;
}

__u32 member_place(const struct members *members, const struct member *member)
{
	return member - members->member;
}
