// SPDX-License-Identifier: GPL-2.0-only
/* What the agent knows, in a file that `fleet status` reads. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/names.h"
#include "fleet/agent.h"

static json_t *outcomes_json(const struct member *member)
{
	json_t *all = json_object();

	for (int kind = 0; kind < FLEET_KIND__MAX; kind++) {
		json_t *of = json_object();

		for (int outcome = 0; outcome < FLEET_OUTCOME__MAX; outcome++) {
			if (member->outcomes[kind][outcome])
				json_object_set_new(of, fleet_outcome_names[outcome], json_integer(
						    member->outcomes[kind][outcome]));
		}
		json_object_set_new(all, fleet_kind_names[kind], of);
	}
	return all;
}

static json_t *faults_json(const struct member *member)
{
	json_t *faults = json_object();

	for (int fault = 0; fault < FLEET_FAULT__MAX; fault++)
		json_object_set_new(faults, fleet_fault_names[fault],
				    json_integer(member->faults[fault]));
	return faults;
}

static json_t *member_json(const struct agent *a, const struct member *member)
{
	json_t *live = json_object(), *mode = json_object();

	for (int kind = 0; kind < FLEET_KIND__MAX; kind++) {
		if (kind != FLEET_OPERATOR_BANS)
			json_object_set_new(live, fleet_kind_names[kind],
					    json_integer(member->live[kind]));
		json_object_set_new(mode, fleet_kind_names[kind], json_string(
				    mode_names[fleet_mode(a->settings, kind, member->name)]));
	}
	return json_pack("{s:s, s:o, s:f, s:f, s:I, s:o, s:o, s:o, s:I, s:I, s:b, s:b}",
			 "member", member->name, "mode", mode,
			 "heard", member->heard ? member->heard / 1000.0 : 0.0,
			 "ahead", member->ahead / 1000.0,
			 "messages", (json_int_t)member->told, "in-force", live,
			 "entries", outcomes_json(member), "refused-messages", faults_json(member),
			 "unknown-entries", (json_int_t)member->unknown,
			 "lifted", (json_int_t)member->lifts, "name-twice",
			 member_has_twin(member, clock_wall()),
			 "clock-off", member->skewed);
}

static json_t *told_json(const struct told *told)
{
	json_t *entries = json_object();

	for (int kind = 0; kind < FLEET_LISTS; kind++)
		json_object_set_new(entries, fleet_kind_names[kind],
				    json_integer(told->entries[kind]));
	return json_pack("{s:I, s:I, s:o}", "messages", (json_int_t)told->messages,
			 "not-sent", (json_int_t)told->failures, "entries", entries);
}

static json_t *agent_json(struct agent *a)
{
	json_t *members = json_array();
	char trouble[ENGINE_TEXT];

	engine_trouble(a->engine, trouble);
	for (size_t i = 1; i < a->members.count; i++)
		json_array_append_new(members, member_json(a, &a->members.member[i]));
	return json_pack("{s:s, s:i, s:f, s:b, s:b, s:s, s:I, s:b, s:I, s:o, s:b, s:o, s:I, s:o}",
			 "member", a->settings->access.member, "pid", (int)getpid(),
			 "written", a->host.wall_now / 1000.0, "guarded", a->host.there,
			 "connected", engine_is_connected(a->engine), "trouble", trouble,
			 "losses", (json_int_t)engine_losses(a->engine),
			 "caught-up", engine_caught_up(a->engine, ENGINE_TOLD),
			 "behind", (json_int_t)engine_lag(a->engine, ENGINE_TOLD),
			 "told", told_json(&a->told),
			 "name-twice", member_has_twin(a->members.member, clock_wall()),
			 "lists", json_pack("{s:I, s:I, s:I}", "taken",
					    (json_int_t)a->lists.taken, "refused",
					    (json_int_t)a->lists.refused, "spared",
					    (json_int_t)a->lists.spared),
			 "crowd", (json_int_t)a->members.crowd, "members", members);
}

/* The folder of the file, which is made if its parent is there. */
static void make_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash && slash != folder) {
		*slash = '\0';
		mkdir(folder, 0755);
	}
}

int status_lock(const char *path, struct error *error)
{
	char name[PATH_MAX + 8];
	int fd, err;

	make_folder(path);
	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set(error, -errno, "cannot make %s: %s; give another place by "
				 "`status`.", name, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	err = -errno;
	close(fd);
	return error_set(error, err, "another `sipguard fleet run` writes %s: end it, or give this "
			 "one another `status`.", path);
}

int status_write(struct agent *a)
{
	json_t *json = agent_json(a);
	char name[PATH_MAX + 8];
	int err = 0, fd;

	/* Made anew, so that no link that somebody has put there is followed. */
	snprintf(name, sizeof(name), "%s.new", a->settings->status);
	unlink(name);
	errno = 0;
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || !json || json_dumpfd(json, fd, JSON_ENSURE_ASCII | JSON_COMPACT) ||
	    rename(name, a->settings->status))
		err = errno ? -errno : -EIO;
	if (fd >= 0)
		close(fd);
	json_decref(json);
	return err;
}
