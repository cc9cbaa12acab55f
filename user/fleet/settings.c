// SPDX-License-Identifier: GPL-2.0-only
#include "fleet/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "policy/document.h"

#define PER_MINUTE 60000 /* ten of the largest guards' under attack; see docs/fleet.md */

const char *const fleet_kind_names[FLEET_KIND__MAX] = {
#define X(NAME, key, help) key,
	FLEET_KINDS(X)
#undef X
};

const char *const fleet_outcome_names[FLEET_OUTCOME__MAX] = {
#define X(NAME, word, help) word,
	FLEET_OUTCOMES(X)
#undef X
};

enum type {
	TEXT,   /* `size` bytes */
	FLAG,
	MODE,
	NUMBER, /* least to most */
};

/* The keys that have one value, by their path. */
struct row {
	const char *path;
	enum type type;
	size_t offset;
	__u32 size, least, most;
};

#define AT(field) offsetof(struct fleet_settings, field)
#define ROOM(field) sizeof(((struct fleet_settings *)0)->field)
#define TEXT_ROW(path, field) {path, TEXT, AT(field), ROOM(field), 0, 0}
#define TAKE_ROWS(key, kind)                                                                      \
	{"take/" key "/mode", MODE, AT(take[kind].mode), 4, 0, 0},                                \
	{"take/" key "/per-minute", NUMBER, AT(take[kind].per_minute), 4, 1, 1000000000},         \
	{"take/" key "/most", NUMBER, AT(take[kind].most), 4, 1, 1 << 22},                        \
	{"take/" key "/most-each", NUMBER, AT(take[kind].most_each), 4, 1, 1 << 22}

static const struct row rows[] = {
	TEXT_ROW("member", access.member),
	TEXT_ROW("tls/ca", access.ca),
	TEXT_ROW("tls/certificate", access.certificate),
	TEXT_ROW("tls/key", access.key),
	TEXT_ROW("credentials", access.credentials),
	TEXT_ROW("user", access.user),
	TEXT_ROW("password-file", password_file),
	TEXT_ROW("status", status),
	{"share/bans", FLAG, AT(share[FLEET_BANS]), 4, 0, 0},
	{"share/operator-bans", FLAG, AT(share[FLEET_OPERATOR_BANS]), 4, 0, 0},
	{"share/proofs", FLAG, AT(share[FLEET_PROOFS]), 4, 0, 0},
	TAKE_ROWS("bans", FLEET_BANS),
	TAKE_ROWS("operator-bans", FLEET_OPERATOR_BANS),
	TAKE_ROWS("proofs", FLEET_PROOFS),
	TAKE_ROWS("lists", FLEET_LISTS),
	{"private", FLAG, AT(private_addresses), 4, 0, 0},
};

#define ROWS (sizeof(rows) / sizeof(*rows))

bool fleet_is_member(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_");

	return length && length < FLEET_MEMBER && !name[length];
}

static int mode_value(const struct document *d, const yaml_node_t *node, __u32 *value)
{
	const char *text = document_text(node);

	for (__u32 mode = 0; mode <= SG_MODE_ENFORCE; mode++) {
		if (!strcmp(text, mode_names[mode])) {
			*value = mode;
			return 0;
		}
	}
	return document_fail(d, node, "'%s' is no mode; write off, monitor or enforce", text);
}

static int flag_value(const struct document *d, const yaml_node_t *node, __u32 *value)
{
	const char *text = document_text(node);

	*value = !strcmp(text, "yes");
	return *value || !strcmp(text, "no")
		       ? 0 : document_fail(d, node, "'%s' is neither yes nor no", text);
}

static int number_value(const struct document *d, const yaml_node_t *node, const struct row *row,
			__u32 *value)
{
	const char *text = document_text(node);
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || number < row->least ||
	    number > row->most)
		return document_fail(d, node, "'%s' is out of range; write a number from %u to %u",
				     text, row->least, row->most);
	*value = number;
	return 0;
}

static int text_value(const struct document *d, const yaml_node_t *node, size_t size, char *value)
{
	const char *text = document_text(node);

	if (!text[0] || strlen(text) >= size)
		return document_fail(d, node, "this takes 1 to %zu characters", size - 1);
	strcpy(value, text);
	return 0;
}

static int row_value(const struct document *d, const yaml_node_t *node, const struct row *row,
		     struct fleet_settings *settings)
{
	void *value = (char *)settings + row->offset;

	if (node->type != YAML_SCALAR_NODE)
		return document_fail(d, node, "'%s' takes one value", row->path);
	switch (row->type) {
	case TEXT:
		return text_value(d, node, row->size, value);
	case FLAG:
		return flag_value(d, node, value);
	case MODE:
		return mode_value(d, node, value);
	default:
		return number_value(d, node, row, value);
	}
}

static int read_servers(const struct document *d, const yaml_node_t *node,
			struct fleet_settings *s)
{
	int err = 0;

	if (node->type != YAML_SEQUENCE_NODE || document_entries(node) > ENGINE_SERVERS)
		return document_fail(d, node, "servers takes a list of up to %d URLs, like "
				     "[tls://nats1.example.com:4222]", ENGINE_SERVERS);
	for (size_t i = 0; !err && i < document_entries(node); i++) {
		const yaml_node_t *entry = document_entry(d, node, i);
		const char *text = entry->type == YAML_SCALAR_NODE ? document_text(entry) : "";

		/* Of the library's own words for it the sentence would be about sockets. */
		if (strncmp(text, "tls://", 6) && strncmp(text, "nats://", 7))
			return document_fail(d, entry, "a server is written tls://HOST:PORT, or "
					     "nats://HOST:PORT without encryption");
		err = text_value(d, entry, ENGINE_TEXT, s->access.server[s->access.servers++]);
	}
	return err;
}

static int read_from(const struct document *d, const yaml_node_t *node, struct fleet_settings *s)
{
	if (node->type != YAML_SEQUENCE_NODE || document_entries(node) > FLEET_FROM)
		return document_fail(d, node, "from takes a list of up to %d members, each like "
				     "{member: edge7, mode: off}", FLEET_FROM);
	for (size_t i = 0; i < document_entries(node); i++) {
		const yaml_node_t *member = document_find(d, "from/%zu/member", i);
		const yaml_node_t *mode = document_find(d, "from/%zu/mode", i);
		struct fleet_from *from = &s->from[s->froms++];
		const yaml_node_t *entry = document_entry(d, node, i);
		int err;

		if (!member || !mode || entry->type != YAML_MAPPING_NODE ||
		    entry->data.mapping.pairs.top - entry->data.mapping.pairs.start != 2 ||
		    member->type != YAML_SCALAR_NODE || mode->type != YAML_SCALAR_NODE)
			return document_fail(d, entry, "an entry of from has member and mode, and "
					     "nothing else: {member: edge7, mode: off}");
		err = text_value(d, member, FLEET_MEMBER, from->member);
		if (!err)
			err = mode_value(d, mode, &from->mode);
		if (err)
			return err;
	}
	return 0;
}

static const struct row *row_of(const char *path)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!strcmp(rows[i].path, path))
			return &rows[i];
	}
	return NULL;
}

static bool is_above(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < ROWS; i++) {
		if (!strncmp(rows[i].path, path, length) && rows[i].path[length] == '/')
			return true;
	}
	return false;
}

/* A mapping, whose own path is `above`; "" of the whole. */
static int read_mapping(const struct document *d, const yaml_node_t *node, const char *above,
			struct fleet_settings *s)
{
	int err = 0;

	if (node->type != YAML_MAPPING_NODE)
		return document_fail(d, node, "%s has keys, each with a value",
				     *above ? above : "the file");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     !err && pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = document_node(d, pair->key);
		const yaml_node_t *value = document_node(d, pair->value);
		char path[128];

		if (key->type != YAML_SCALAR_NODE)
			return document_fail(d, key, "a key is one word");
		snprintf(path, sizeof(path), "%s%s%.64s", above, *above ? "/" : "",
			 document_text(key));
		if (!strcmp(path, "servers"))
			err = read_servers(d, value, s);
		else if (!strcmp(path, "from"))
			err = read_from(d, value, s);
		else if (row_of(path))
			err = row_value(d, value, row_of(path), s);
		else if (is_above(path))
			err = read_mapping(d, value, path, s);
		else
			err = document_fail(d, key, "there is no key '%s'; docs/fleet.md "
					    "lists them", path);
	}
	return err;
}

static void set_defaults(struct fleet_settings *s)
{
	strcpy(s->status, FLEET_STATUS);
	s->share[FLEET_BANS] = s->share[FLEET_PROOFS] = 1;
	for (int kind = 0; kind < FLEET_KIND__MAX; kind++) {
		s->take[kind].mode = SG_MODE_MONITOR;
		s->take[kind].per_minute = PER_MINUTE;
	}
}

/* Of many hosts that share one file, as the nodes of a cluster do, only their surroundings tell. */
static void name_member(const struct fleet_settings *s, char name[ENGINE_TEXT])
{
	const char *given = getenv(FLEET_MEMBER_VARIABLE);

	name[0] = '\0';
	if (given && *given) {
		snprintf(name, ENGINE_TEXT, "%s", given);
		for (char *dot = name; (dot = strchr(dot, '.'));)
			*dot = '_';
	} else if (s->access.member[0]) {
		strcpy(name, s->access.member);
	} else {
		gethostname(name, ENGINE_TEXT - 1);
		name[strcspn(name, ".")] = '\0';
	}
}

static int check(const struct document *d, struct fleet_settings *s)
{
	char name[ENGINE_TEXT];

	name_member(s, name);
	if (!fleet_is_member(name))
		return document_fail(d, document_find(d, "member"), "'%s' is no name of a member; "
				     "write letters, digits, - and _, up to %d, as member: or in "
				     FLEET_MEMBER_VARIABLE, name, FLEET_MEMBER - 1);
	strcpy(s->access.member, name);
	if (!s->access.servers)
		return document_fail(d, NULL, "no server is named; write servers: "
				     "[tls://nats1.example.com:4222]");
	if (!s->access.certificate[0] != !s->access.key[0])
		return document_fail(d, document_find(d, "tls"), "a certificate goes with its key; "
				     "give both or neither");
	if (s->access.credentials[0] && s->access.user[0])
		return document_fail(d, document_find(d, "user"), "credentials say who this is "
				     "already; leave user out, or credentials");
	if (!s->access.user[0] != !s->password_file[0])
		return document_fail(d, document_find(d, "user"), "a user goes with a "
				     "password-file; give both or neither");
	return 0;
}

/* What the library would only say of once it connects. */
static int check_files(const struct document *d, const struct engine_access *access_)
{
	const struct {
		const char *path, *file;
	} files[] = {
		{"tls/ca", access_->ca}, {"tls/certificate", access_->certificate},
		{"tls/key", access_->key}, {"credentials", access_->credentials},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (files[i].file[0] && access(files[i].file, R_OK))
			return document_fail(d, document_find(d, "%s", files[i].path),
					     "cannot read %s: %s; name a file that is there",
					     files[i].file, strerror(errno));
	}
	return 0;
}

static int read_password(struct fleet_settings *s, struct error *error)
{
	FILE *file = s->password_file[0] ? fopen(s->password_file, "re") : NULL;
	int err = 0;

	if (!s->password_file[0])
		return 0;
	if (!file || !fgets(s->access.password, sizeof(s->access.password), file) ||
	    !strcspn(s->access.password, "\r\n"))
		err = error_set(error, -EINVAL, "cannot read a password from the first line of "
				"%s: write it there.", s->password_file);
	s->access.password[strcspn(s->access.password, "\r\n")] = '\0';
	if (file)
		fclose(file);
	return err;
}

int fleet_settings_load(const char *path, struct fleet_settings **settings, struct error *error)
{
	struct fleet_settings *s = calloc(1, sizeof(*s));
	struct document document;
	int err;

	if (!s)
		return error_set(error, -ENOMEM, "out of memory.");
	set_defaults(s);
	err = document_load(&document, path, error);
	if (!err)
		err = read_mapping(&document, document_root(&document), "", s);
	if (!err)
		err = check(&document, s);
	if (!err)
		err = check_files(&document, &s->access);
	document_free(&document);
	if (err) {
		error->file = path;
		error->code = err;
	} else {
		err = read_password(s, error);
	}
	if (err)
		free(s);
	else
		*settings = s;
	return err;
}

enum sg_mode fleet_mode(const struct fleet_settings *s, enum fleet_kind kind, const char *member)
{
	__u32 mode = s->take[kind].mode;

	for (size_t i = 0; i < s->froms; i++) {
		if (!strcmp(s->from[i].member, member) && s->from[i].mode < mode)
			mode = s->from[i].mode;
	}
	return mode;
}
