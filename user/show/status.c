// SPDX-License-Identifier: GPL-2.0-only
/* status: what the guard is and does, and how it is configured. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "guard/session.h"
#include "model/snapshot.h"
#include "render/health.h"
#include "render/json.h"
#include "render/output.h"
#include "render/text.h"

static enum exit_code not_attached(bool json, const struct error *error)
{
	if (json)
		output_json(json_pack("{s:b, s:s, s:i, s:[]}", "attached", 0, "version",
				      SIPGUARD_VERSION, "abi", SG_ABI_VERSION, "interfaces"));
	else
		printf("%c%s\n", toupper((unsigned char)error->text[0]), error->text + 1);
	return NOT_ATTACHED;
}

/* The exit status is that of monitoring plugins, which has the same numbers for other things. */
static enum exit_code tell_health(const struct health *health, const struct snapshot *snapshot,
				  bool json)
{
	health_print(health, snapshot, json);
	return output_end() == DONE ? (enum exit_code)health->level
				    : (enum exit_code)HEALTH_UNKNOWN;
}

static enum exit_code check(bool json)
{
	struct health *health = malloc(sizeof(*health));
	struct snapshot *snapshot = NULL;
	struct error error = {};
	struct session session;
	enum exit_code code;
	int err;

	if (!health)
		return (enum exit_code)HEALTH_UNKNOWN;
	err = session_begin(&session, ACCESS_READ, &error);
	if (!err) {
		snapshot = snapshot_read(&session, &error);
		session_end(&session);
	}
	if (snapshot || err == -ENOTCONN)
		health_read(snapshot, health);
	else
		health_unknown(error.text, health);
	code = tell_health(health, snapshot, json);
	snapshot_free(snapshot);
	free(health);
	return code;
}

enum exit_code cmd_status(const struct options *options)
{
	struct snapshot *snapshot;
	struct error error = {};
	struct session session;
	enum exit_code code;
	int err;

	if (options->check)
		return check(options->json);
	err = session_begin(&session, ACCESS_READ, &error);
	if (err)
		return err == -ENOTCONN ? not_attached(options->json, &error) : failed(&error);
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
