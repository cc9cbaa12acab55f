// SPDX-License-Identifier: GPL-2.0-only
/* why: all that the guard knows of a source, and for what it was dropped. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "events/answer.h"
#include "render/output.h"
#include "render/why.h"

static int read_answer(const struct options *options, const struct sg_flow_key *key,
		       struct answer *a, struct error *error)
{
	struct session session;
	int err = session_begin(&session, ACCESS_READ, error);

	if (err)
		return err;
	err = answer_read(&session, key, options->dev, a, error);
	session_end(&session);
	return err;
}

enum exit_code cmd_why(const struct options *options)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct error error = {};
	struct sg_flow_key key;
	int err;

	if (flow_parse(options->arguments[0], options->transport, &key, &error)) {
		free(a);
		failed(&error);
		return USAGE;
	}
	err = a ? read_answer(options, &key, a, &error)
		: error_set(&error, -ENOMEM, "out of memory.");
	if (!err && options->json)
		output_json(why_json(a));
	else if (!err)
		why_text(a, stdout);
	if (a)
		answer_free(a);
	free(a);
	return err ? failed(&error) : output_end();
}
