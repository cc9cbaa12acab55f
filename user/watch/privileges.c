// SPDX-License-Identifier: GPL-2.0-only
#include "watch/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>

static const unsigned int kept[] = {CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN};

#define KEPT (sizeof(kept) / sizeof(*kept))

/* Without a bounding set no program that is begun by root gets any of them. */
static int keep(unsigned int sets, struct error *error)
{
	bool has[KEPT], bounding;

	capng_get_caps_process();
	bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	for (size_t i = 0; i < KEPT; i++)
		has[i] = capng_have_capability(CAPNG_EFFECTIVE, kept[i]);
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < KEPT; i++) {
		if (has[i])
			capng_update(CAPNG_ADD, sets, kept[i]);
	}
	if (capng_apply(bounding ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set(error, -EPERM, "cannot give up privileges that are not needed: "
				 "run sipguard as root.");
	return 0;
}

int privileges_keep_few(struct error *error)
{
	return keep(CAPNG_EFFECTIVE | CAPNG_PERMITTED, error);
}

int privileges_hand_on_few(struct error *error)
{
	return keep(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, error);
}

int privileges_drop_all(void)
{
	capng_clear(CAPNG_SELECT_CAPS);
	return capng_apply(CAPNG_SELECT_CAPS) ? -1 : 0;
}
