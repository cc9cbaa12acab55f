// SPDX-License-Identifier: GPL-2.0-only
#include "events/wiretap.h"

#include <stdbool.h>

#include <wiretap/wtap.h>
#include <wsutil/wslog.h>

void wiretap_begin(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	/* What it tells programmers is not for people; what it tells people comes back to us. */
	ws_log_set_level(LOG_LEVEL_ERROR);
	wtap_init(FALSE); /* no plugins */
}
