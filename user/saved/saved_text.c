// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/quote.h"
#include "saved/saved.h"

#define VERSION SAVED_BEGIN "1"
#define LINE_MOST (3 * PATH_MAX + 64)
#define WORDS_MOST 5
#define PREFIXES_MOST (2 * SG_LIST_ENTRIES)
/* A proof's end is told from its past by 36 hours, see proven.bpf.h. */
#define FLOW_SECONDS ((SG_PROVEN_DAYS * 86400) + 3600)

void saved_free(struct saved *saved)
{
	free(saved->reasons.item);
	free(saved->interfaces.item);
	free(saved->prefixes.item);
	free(saved->named.item);
	free(saved->items.item);
	free(saved->bans.item);
	free(saved->flows.item);
	free(saved->identities.item);
	*saved = (struct saved){};
}

int saved_append(struct saved_array *array, const void *item, size_t size, size_t most)
{
	size_t room = array->room ? array->room * 2 : 64;
	void *grown;

	if (array->count >= most)
		return -E2BIG;
	if (array->count == array->room) {
		grown = reallocarray(array->item, room, size);
		if (!grown)
			return -ENOMEM;
		array->item = grown;
		array->room = room;
	}
	memcpy((char *)array->item + size * array->count++, item, size);
	return 0;
}

static __u64 fnv(__u64 sum, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3ULL;
	return sum;
}

#define FNV_BEGIN 0xcbf29ce484222325ULL

/* --- writing --- */

struct printer {
	FILE *file;
	__u64 sum;
	unsigned long lines;
};

static void __attribute__((format(printf, 2, 3))) line(struct printer *p, const char *format, ...)
{
	char text[LINE_MOST];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	p->sum = fnv(p->sum, text, length);
	p->lines++;
	fwrite(text, 1, length, p->file);
}

/* `to` has three bytes for each of `text`, and one. */
static const char *encode(const char *text, char *to)
{
	char *at = to;

	for (; *text; text++) {
		if (*text > ' ' && *text <= '~' && *text != '%')
			*at++ = *text;
		else
			at += sprintf(at, "%%%02X", (unsigned char)*text);
	}
	*at = '\0';
	return to;
}

static const char *list_word(enum sg_list list)
{
	return list == SG_LIST_ALLOW ? "allow" : "deny";
}

static void print_head(const struct saved *s, struct printer *p)
{
	const struct saved_reason *reason = s->reasons.item;
	const struct saved_interface *interface = s->interfaces.item;
	char text[3 * PATH_MAX + 1];

	line(p, VERSION "\n");
	line(p, "saved %llu\n", s->when);
	if (s->config[0])
		line(p, "config %s\n", encode(s->config, text));
	line(p, "mode %s\n", mode_names[s->mode]);
	if (s->config_mode == SG_MODE_ENFORCE)
		line(p, "config-mode %s\n", mode_names[s->config_mode]);
	for (size_t i = 0; i < s->reasons.count; i++)
		line(p, "reason %s %s\n", reason_texts[reason[i].reason].label,
		     mode_names[reason[i].mode]);
	for (size_t i = 0; i < s->interfaces.count; i++)
		line(p, "interface %s %s\n", encode(interface[i].name, text),
		     xdp_mode_names[interface[i].mode]);
}

static void print_named(const struct saved *s, struct printer *p)
{
	const struct saved_named *named = s->named.item;
	const struct saved_item *item = s->items.item;
	char text[3 * NAMED_ORIGIN];

	for (size_t i = 0; i < s->named.count; i++) {
		const char *origin = named[i].origin;

		/* "-" is none, and standard input has that name. */
		origin = strcmp(origin, "-") ? encode(origin, text) : "%2D";
		line(p, "named %s %s %s\n", list_word(named[i].list), named[i].name,
		     *origin ? origin : "-");
		for (size_t j = 0; j < named[i].count; j++, item++) {
			prefix_format(&item->prefix, text, PREFIX_TEXT);
			line(p, "item %s %llu\n", text, item->until);
		}
	}
}

static const char *transport_of(const struct sg_flow_key *key)
{
	return key->port ? flow_transport(key) : "-";
}

int saved_print(const struct saved *s, FILE *file)
{
	struct printer p = {.file = file, .sum = FNV_BEGIN};
	const struct saved_identity *identity = s->identities.item;
	const struct saved_prefix *prefix = s->prefixes.item;
	const struct saved_flow *flow = s->flows.item;
	const struct saved_ban *ban = s->bans.item;
	char text[3 * SG_IDENTITY_TEXT];

	print_head(s, &p);
	for (size_t i = 0; i < s->prefixes.count; i++) {
		prefix_format(&prefix[i].prefix, text, PREFIX_TEXT);
		line(&p, "%s %s %llu\n", list_word(prefix[i].list), text, prefix[i].until);
	}
	print_named(s, &p);
	for (size_t i = 0; i < s->identities.count; i++)
		line(&p, "identity %s %x %llu\n", encode(identity[i].text.text, text),
		     identity[i].zone, identity[i].until);
	for (size_t i = 0; i < s->bans.count; i++) {
		flow_format(&ban[i].key, text, PREFIX_TEXT);
		line(&p, "ban %s %s %llu %s\n", text, transport_of(&ban[i].key), ban[i].until,
		     ban[i].cause ? reason_texts[ban[i].cause].label : "-");
	}
	for (size_t i = 0; i < s->flows.count; i++) {
		flow_format(&flow[i].key, text, PREFIX_TEXT);
		line(&p, "flow %s %s %llu %s\n", text, flow_transport(&flow[i].key),
		     flow[i].until, proof_names[flow[i].proof]);
	}
	line(&p, "end %lu %016llx\n", p.lines, p.sum);
	return ferror(file) ? -EIO : 0;
}

/* --- reading --- */

/* In place. False if that is not what encode() makes. */
static bool decode(char *text)
{
	char *to = text;
	unsigned int byte;

	for (; *text; text++) {
		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		if (sscanf(text + 1, "%2X", &byte) != 1 || !byte || !text[2])
			return false;
		*to++ = byte;
		text += 2;
	}
	*to = '\0';
	return true;
}

/* Seconds of the wall clock, at most so many after the file was saved. */
static bool read_until(const struct saved *s, const char *text, __u64 most, __u64 *until)
{
	char *end;

	errno = 0;
	*until = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *until <= s->when + most;
}

static bool read_flow(char **word, bool source, struct sg_flow_key *key)
{
	bool is_source = !strcmp(word[1], "-");

	return (source || !is_source) &&
	       !flow_parse(word[0], is_source ? NULL : word[1], key, NULL) &&
	       !key->port == is_source;
}

/* All below: 0; -EINVAL: not what this line can be; or -errno. */

static int read_saved(struct saved *s, char **word)
{
	if (s->when || !read_until(s, word[0], 1ULL << 40, &s->when) || !s->when)
		return -EINVAL;
	return 0;
}

static int read_config(struct saved *s, char **word)
{
	if (s->config[0] || word[0][0] != '/' || !decode(word[0]) ||
	    strlen(word[0]) >= sizeof(s->config))
		return -EINVAL;
	strcpy(s->config, word[0]);
	return 0;
}

static int read_mode(struct saved *s, char **word)
{
	int mode = mode_find(word[0]);

	if (s->mode || mode <= SG_MODE_OFF)
		return -EINVAL;
	s->mode = mode;
	return 0;
}

static int read_config_mode(struct saved *s, char **word)
{
	int mode = mode_find(word[0]);

	if (s->config_mode || mode <= SG_MODE_OFF)
		return -EINVAL;
	s->config_mode = mode;
	return 0;
}

static int read_reason(struct saved *s, char **word)
{
	int reason = reason_find(word[0]), mode = mode_find(word[1]);
	struct saved_reason item = {.reason = reason, .mode = mode};

	if (reason <= SG_REASON_NONE || mode < 0)
		return -EINVAL;
	return saved_append(&s->reasons, &item, sizeof(item), SG_MODES);
}

static int read_interface(struct saved *s, char **word)
{
	struct saved_interface item = {.mode = XDP_MODE_NATIVE};

	if (!decode(word[0]) || strlen(word[0]) >= sizeof(item.name) || strchr(word[0], '/'))
		return -EINVAL;
	strcpy(item.name, word[0]);
	if (!strcmp(word[1], xdp_mode_names[XDP_MODE_GENERIC]))
		item.mode = XDP_MODE_GENERIC;
	else if (!strcmp(word[1], xdp_mode_names[XDP_MODE_DISPATCHER]))
		item.mode = XDP_MODE_DISPATCHER;
	else if (strcmp(word[1], xdp_mode_names[XDP_MODE_NATIVE]))
		return -EINVAL;
	return saved_append(&s->interfaces, &item, sizeof(item), SAVED_INTERFACES);
}

static int read_prefix(struct saved *s, char **word, enum sg_list list)
{
	struct saved_prefix item = {.list = list};

	if (prefix_parse(word[0], &item.prefix, NULL) ||
	    !read_until(s, word[1], SAVED_DAYS * 86400, &item.until))
		return -EINVAL;
	return saved_append(&s->prefixes, &item, sizeof(item), PREFIXES_MOST);
}

static int read_allow(struct saved *s, char **word)
{
	return read_prefix(s, word, SG_LIST_ALLOW);
}

static int read_deny(struct saved *s, char **word)
{
	return read_prefix(s, word, SG_LIST_DENY);
}

static int read_named(struct saved *s, char **word)
{
	struct saved_named item = {.list = SG_LIST_ALLOW};

	if (!strcmp(word[0], list_word(SG_LIST_DENY)))
		item.list = SG_LIST_DENY;
	else if (strcmp(word[0], list_word(SG_LIST_ALLOW)))
		return -EINVAL;
	if (!strcmp(word[2], "-"))
		word[2][0] = '\0';
	if (!named_is_name(word[1]) || !decode(word[2]) || strlen(word[2]) >= sizeof(item.origin))
		return -EINVAL;
	strcpy(item.name, word[1]);
	strcpy(item.origin, word[2]);
	return saved_append(&s->named, &item, sizeof(item), NAMED_PLACES - 1);
}

static int read_item(struct saved *s, char **word)
{
	struct saved_named *named = s->named.item;
	struct saved_item item;

	if (!s->named.count || prefix_parse(word[0], &item.prefix, NULL) ||
	    !read_until(s, word[1], SAVED_DAYS * 86400, &item.until))
		return -EINVAL;
	named[s->named.count - 1].count++;
	return saved_append(&s->items, &item, sizeof(item), PREFIXES_MOST);
}

static int read_identity(struct saved *s, char **word)
{
	struct saved_identity item;
	char *end;

	item.zone = strtoul(word[1], &end, 16);
	if (*end || !decode(word[0]) || identity_parse(word[0], &item.text, NULL) ||
	    !read_until(s, word[2], SAVED_DAYS * 86400, &item.until))
		return -EINVAL;
	return saved_append(&s->identities, &item, sizeof(item), SG_IDENTITIES);
}

static int read_ban(struct saved *s, char **word)
{
	struct saved_ban item;
	int cause = strcmp(word[3], "-") ? reason_find(word[3]) : SG_REASON_NONE;

	item.cause = cause;
	if (cause < 0 || !read_flow(word, true, &item.key) ||
	    !read_until(s, word[2], SAVED_DAYS * 86400, &item.until))
		return -EINVAL;
	return saved_append(&s->bans, &item, sizeof(item), 4 * SG_BANS);
}

static int read_proven(struct saved *s, char **word)
{
	struct saved_flow item;
	int proof = proof_find(word[3]);

	item.proof = proof;
	if (proof <= SG_PROOF_NONE || !read_flow(word, false, &item.key) ||
	    !read_until(s, word[2], FLOW_SECONDS, &item.until))
		return -EINVAL;
	return saved_append(&s->flows, &item, sizeof(item), 4 * SG_PROVEN_CELLS * SG_PROVEN);
}

static const struct {
	const char *keyword;
	int words; /* behind it */
	int (*read)(struct saved *s, char **word);
} kinds[] = {
	{"saved", 1, read_saved},
	{"config", 1, read_config},
	{"mode", 1, read_mode},
	{"config-mode", 1, read_config_mode},
	{"reason", 2, read_reason},
	{"interface", 2, read_interface},
	{"allow", 2, read_allow},
	{"deny", 2, read_deny},
	{"named", 3, read_named},
	{"item", 2, read_item},
	{"identity", 3, read_identity},
	{"ban", 4, read_ban},
	{"flow", 4, read_proven},
};

/* Words are one blank apart. Their number, or -EINVAL. */
static int split(char *text, char *word[WORDS_MOST])
{
	int count = 0;

	do {
		if (count == WORDS_MOST || !*text || *text == ' ')
			return -EINVAL;
		word[count++] = text;
		text = strchr(text, ' ');
		if (text)
			*text++ = '\0';
	} while (text);
	return count;
}

static int read_line(struct saved *s, char *text)
{
	char *word[WORDS_MOST];
	int words = split(text, word);

	/* Whose ends are to be told from `saved`, and what would be dropped from `mode`. */
	if (words < 0 || (!s->when && strcmp(word[0], "saved")))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!strcmp(word[0], kinds[i].keyword))
			return words == kinds[i].words + 1 ? kinds[i].read(s, word + 1) : -EINVAL;
	}
	return -EINVAL;
}

static int read_begin(const char *text, struct error *error)
{
	if (!strcmp(text, VERSION))
		return 0;
	if (!strncmp(text, VERSION, strlen(VERSION) - 1))
		return error_set(error, -EBADMSG, "it is of another version of sipguard");
	return error_set(error, -EBADMSG, "it is no saved state of sipguard");
}

/* 1: the end of a whole file; 0: some other line; -EBADMSG. */
static int read_end(FILE *file, const char *text, unsigned long lines, __u64 sum,
		    struct error *error)
{
	char wanted[64];

	if (strncmp(text, "end ", 4))
		return 0;
	snprintf(wanted, sizeof(wanted), "end %lu %016llx", lines, sum);
	if (strcmp(text, wanted))
		return error_set(error, -EBADMSG, "it was changed since it was written");
	if (getc(file) != EOF)
		return error_set(error, -EBADMSG, "something stands behind its end");
	return 1;
}

static int refuse_line(int err, struct error *error)
{
	if (err == -ENOMEM)
		return error_set(error, err, "out of memory");
	if (err == -E2BIG)
		return error_set(error, -EBADMSG, "there are more of these than the guard can "
				 "have");
	return error_set(error, -EBADMSG, "this line says nothing that can be");
}

/* The next line, without its end, in `text`. Its length, or -EBADMSG. */
static ssize_t next(FILE *file, char text[LINE_MOST], struct error *error)
{
	size_t length = 0;
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n' && c && length < LINE_MOST - 2)
		text[length++] = c;
	text[length] = '\0';
	if (c == '\n')
		return length;
	return error_set(error, ferror(file) ? -EIO : -EBADMSG, "%s",
			 ferror(file) ? "reading failed" :
			 c == EOF ? "its end is missing" : "that is no line of text");
}

int saved_parse(FILE *file, struct saved *s, struct error *error)
{
	char text[LINE_MOST];
	__u64 sum = FNV_BEGIN;
	unsigned long lines = 0;
	ssize_t length;
	int err = 0;

	*s = (struct saved){};
	while (!err) {
		error->line = lines + 1;
		length = next(file, text, error);
		if (length < 0)
			return length;
		err = lines ? read_end(file, text, lines, sum, error) : read_begin(text, error);
		if (err)
			break;
		text[length] = '\n';
		sum = fnv(sum, text, length + 1);
		text[length] = '\0';
		err = lines++ ? read_line(s, text) : 0;
		if (err)
			return refuse_line(err, error);
	}
	if (err < 0)
		return err;
	error->line = 0;
	return s->when && s->mode ? 0 : error_set(error, -EBADMSG, "it does not say when it was "
						  "saved, or in which mode");
}
