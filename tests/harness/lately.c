// SPDX-License-Identifier: GPL-2.0-only
/* What is known of the reasons for which a source was dropped lately. */
#include "fixture.h"
#include "maps.h"

static const struct sg_lately_reason *lately_find(const char *address, bool known,
						  enum sg_reason reason, enum sg_outcome outcome)
{
	__u64 hash = sg_source_hash(source_of(address), fix.state->secret);
	const struct sg_lately *entry =
		&maps.lately[hash % (SG_LATELY / 2) + (known ? SG_LATELY / 2 : 0)];

	for (int i = 0; entry->tag == (hash | 1) && i < SG_LATELY_REASONS; i++) {
		if (entry->of[i].packets && entry->of[i].reason == reason &&
		    entry->of[i].outcome == outcome)
			return &entry->of[i];
	}
	return NULL;
}

__u32 lately_of(const char *address, bool known, enum sg_reason reason, enum sg_outcome outcome)
{
	const struct sg_lately_reason *found = lately_find(address, known, reason, outcome);

	return found ? found->packets : 0;
}

enum sg_limit_id lately_limit(const char *address)
{
	const struct sg_lately_reason *found =
		lately_find(address, false, SG_REASON_LIMIT_FLOW, SG_OUTCOME_DROPPED);

	assert_non_null(found);
	return found->limit;
}
