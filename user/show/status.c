// SPDX-License-Identifier: GPL-2.0-only
/* status: what the guard is and does, and how it is configured. */
#include <errno.h>
#include <stdio.h>

#include "cmd/command.h"
#include "guard/session.h"
#include "model/snapshot.h"
#include "render/json.h"
#include "render/output.h"
#include "render/text.h"

static enum exit_code not_attached(bool json)
{
	if (json)
		output_json(json_pack("{s:b, s:s, s:i, s:[]}", "attached", 0, "version",
				      SIPGUARD_VERSION, "abi", SG_ABI_VERSION, "interfaces"));
	else
		printf("The guard is not attached: `sipguard attach IFACE` does that.\n");
	return NOT_ATTACHED;
}

enum exit_code cmd_status(const struct options *options)
{
	struct snapshot *snapshot;
	struct error error = {};
	struct session session;
	enum exit_code code;
	int err = session_begin(&session, ACCESS_READ, &error);

	if (err)
		return err == -ENOTCONN ? not_attached(options->json) : failed(&error);
	snapshot = snapshot_read(&session, &error);
	session_end(&session);
	if (!snapshot)
		return failed(&error);
	if (options->json)
		output_json(status_json(snapshot));
	else
		status_text(snapshot);
	code = output_end();
	if (code == DONE && !snapshot->attached)
		code = NOT_ATTACHED;
	snapshot_free(snapshot);
	return code;
}
