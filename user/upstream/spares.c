// SPDX-License-Identifier: GPL-2.0-only
#include "upstream/spares.h"

#include <errno.h>
#include <stdlib.h>

int spares_add(struct spares *spares, const struct prefix *prefix, enum spare_kind kind)
{
	struct spare *grown;

	if (spares->count == spares->room) {
		spares->room = 2 * spares->room + 256;
		grown = reallocarray(spares->spare, spares->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		spares->spare = grown;
	}
	spares->spare[spares->count++] = (struct spare){*prefix, kind};
	return 0;
}

bool spares_touch(const struct spares *spares, const struct prefix *prefix)
{
	for (size_t i = 0; i < spares->count; i++) {
		const struct prefix *spare = &spares->spare[i].prefix;

		if (prefix_contains(prefix, spare) || prefix_contains(spare, prefix))
			return true;
	}
	return false;
}

bool spares_have_session(const struct spares *spares, const struct prefix *address)
{
	for (size_t i = 0; i < spares->count; i++) {
		if (spares->spare[i].kind == SPARE_SESSION &&
		    prefix_contains(address, &spares->spare[i].prefix))
			return true;
	}
	return false;
}

void spares_free(struct spares *spares)
{
	free(spares->spare);
	*spares = (struct spares){};
}
