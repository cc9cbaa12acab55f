// SPDX-License-Identifier: GPL-2.0-only
#include "events/changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "guard/shadow.h"
#include "model/interfaces.h"

#define LINES_MOST 1024 /* more interfaces than can be guarded, and the rest */

/* One thing that is so. */
struct line {
	char what[CHANGE_WHAT];
	char is[CHANGE_IS];
};

struct lines {
	struct line *line;
	size_t count;
	size_t room;
};

struct changes {
	struct lines now;
	bool looked;
};

struct changes *changes_begin(void)
{
	return calloc(1, sizeof(struct changes));
}

void changes_free(struct changes *changes)
{
	if (changes)
		free(changes->now.line);
	free(changes);
}

/* A line, whose `is` the caller writes; NULL if there is no memory. */
static struct line *add(struct lines *lines, const char *what, const char *which)
{
	struct line *line;

	if (lines->count == lines->room) {
		size_t room = lines->room ? 2 * lines->room : 16;

		line = room > LINES_MOST ? NULL : realloc(lines->line, room * sizeof(*line));
		if (!line)
			return NULL;
		lines->line = line;
		lines->room = room;
	}
	line = &lines->line[lines->count++];
	snprintf(line->what, sizeof(line->what), "%s%s%s", what, *which ? " " : "", which);
	line->is[0] = '\0';
	return line;
}

#define ADD(lines, what, which, ...)                                                              \
	do {                                                                                      \
		struct line *line_ = add(lines, what, which);                                     \
		if (line_)                                                                        \
			snprintf(line_->is, sizeof(line_->is), __VA_ARGS__);                      \
	} while (0)

static void add_interfaces(struct lines *lines, const struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++) {
		const struct interface *in = &interfaces->interface[i];

		if (!interface_is_guarded(in))
			ADD(lines, "interface", in->name, "not guarded (%s)",
			    link_state_names[in->state]);
		else
			ADD(lines, "interface", in->name, "guarded by %s%s%s", in->hook,
			    in->replies == EGRESS_MISSING ? ", but its replies are not seen" : "",
			    in->blind ? ", but the guard does not get to see its packets" : "");
	}
}

static int add_state(struct lines *lines, const struct session *session, struct error *error)
{
	const struct sg_state *state = session->maps.state;
	const struct sg_config *config = &session->maps.configs[state->active & 1];
	struct shadow_note shadow;
	struct note note, other;
	__u64 now;
	int err = maps_clock(&session->maps, &now, error);

	if (!err)
		err = maps_note(&session->maps, state->active & 1, &note, error);
	if (!err)
		err = maps_note(&session->maps, !(state->active & 1), &other, error);
	if (err)
		return err;
	ADD(lines, "mode", "", "%s", mode_names[state->mode % SG_MODE__MAX]);
	/* The number tells of a reload of the same file. */
	ADD(lines, "configuration", "", "%.150s, revision %u",
	    note.path[0] ? note.path : "built-in", (note.generation + other.generation) / 2);
	ADD(lines, "greylist", "", "%s", state->greylist_until > now ? "armed" : "not armed");
	ADD(lines, "overload", "", "level %u", config->overload_shed
	    ? sg_overload_level(&state->overload, now, config->overload_hold * SG_NSEC_PER_SEC)
	    : 0);
	if (!shadow_note(&session->pins, &shadow, NULL))
		ADD(lines, "shadow", "", "%.150s", shadow.path);
	return 0;
}

static int look(struct lines *lines, const struct session *session, struct error *error)
{
	struct interfaces interfaces = {};
	struct counters counters;
	int err = add_state(lines, session, error);

	if (!err)
		err = counters_read(session, &counters, error);
	if (!err)
		err = interfaces_read(session, &counters, &interfaces, error);
	if (!err)
		add_interfaces(lines, &interfaces);
	interfaces_free(&interfaces);
	return err;
}

static const char *find(const struct lines *lines, const char *what)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (strcmp(lines->line[i].what, what) == 0)
			return lines->line[i].is;
	}
	return "";
}

static void tell(const char *what, const char *was, const char *is,
		 void (*each)(void *, const struct change *), void *context)
{
	struct change change;

	if (strcmp(was, is) == 0)
		return;
	snprintf(change.what, sizeof(change.what), "%s", what);
	snprintf(change.was, sizeof(change.was), "%s", was);
	snprintf(change.is, sizeof(change.is), "%s", is);
	each(context, &change);
}

static void compare(const struct lines *old, const struct lines *new,
		    void (*each)(void *, const struct change *), void *context)
{
	for (size_t i = 0; i < new->count; i++)
		tell(new->line[i].what, find(old, new->line[i].what), new->line[i].is, each,
		     context);
	for (size_t i = 0; i < old->count; i++) {
		if (!*find(new, old->line[i].what))
			tell(old->line[i].what, old->line[i].is, "", each, context);
	}
}

int changes_look_at(struct changes *changes, const struct session *session,
		    void (*each)(void *, const struct change *), void *context,
		    struct error *error)
{
	struct lines new = {};
	int err = session ? look(&new, session, error) : 0;

	if (err) {
		free(new.line);
		return err;
	}
	if (changes->looked)
		compare(&changes->now, &new, each, context);
	free(changes->now.line);
	changes->now = new;
	changes->looked = true;
	return 0;
}

int changes_look(struct changes *changes, void (*each)(void *, const struct change *),
		 void *context, struct error *error)
{
	struct session session;
	int err = session_begin(&session, ACCESS_READ, error);

	if (err == -ENOTCONN)
		changes_look_at(changes, NULL, each, context, NULL);
	if (err)
		return err;
	err = changes_look_at(changes, &session, each, context, error);
	session_end(&session);
	return err;
}
