// SPDX-License-Identifier: GPL-2.0-only
/*
 * sipguard.yaml(5): the example, which has every key and says what it is for, in its order; each
 * key with the range and the default that the table of settings has. A key of one that the other
 * does not have ends it.
 *
 * Of the example it is known: blank lines part its sections; a comment stands before what it is
 * about, or behind it in the same line and goes on in the next; one that ends a section, from the
 * first column, is a sample.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "manual.h"
#include "policy/policy.h"
#include "policy/setting.h"

#define LINES_MAX 1000
#define TEXT_MAX 4096
#define DEPTH_MAX 4

struct page {
	FILE *to;
	char *line[LINES_MAX];
	size_t lines;
	char path[DEPTH_MAX][SETTING_PATH]; /* of the mapping that is open at each depth */
	char said[TEXT_MAX];                /* comment that waits for its key */
	bool *shown;                        /* of each row of settings[] */
	bool listing;                       /* within lines that are not filled */
};

/* --- rows of the table --- */

static const char *part_of(const struct setting *s, const char *path)
{
	return strcmp(s->key, path) ? setting_below(s, path) : "";
}

static void add_words(char *text, size_t size, const struct setting *s)
{
	const char *comma = "";
	size_t used = strlen(text);

	for (size_t i = 0; s->words[i]; i++) {
		if (!s->words[i][0] || used >= size)
			continue;
		used += snprintf(text + used, size - used, "%s%s", comma, s->words[i]);
		comma = ", ";
	}
}

/* What the row may be, and is if the file does not say; `part` is the end of its key. */
static void put_range(struct page *page, const struct setting *s, const char *part)
{
	bool needed = s->scope == SCOPE_ZONE || (s->scope == SCOPE_CALLEE && !s->standard);
	char text[512] = "", standard[64] = "";

	if (*part)
		snprintf(text, sizeof(text), "`%s`: ", part);
	if (s->words) {
		add_words(text, sizeof(text), s);
		if (s->width && s->type != SETTING_ONLY && s->type != SETTING_NOT)
			snprintf(standard, sizeof(standard), "; default %s",
				 setting_word(s, s->standard));
	} else {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%u to %u%s%s",
			 s->type == SETTING_PORTS ? "list of ports, " : "", s->least, s->most,
			 s->unit ? " " : "", s->unit ? s->unit : "");
		if (!needed)
			snprintf(standard, sizeof(standard), "; default %u", s->standard);
	}
	fputs(".br\n", page->to);
	strncat(text, s->refused ? "; not to be given" : standard, sizeof(text) - strlen(text) - 1);
	roff_fill(page->to, text, sizeof(text));
}

static bool has_range(const struct setting *s)
{
	return s->words || s->type == SETTING_PORTS || s->most;
}

/* All rows at and below a key. Their number. */
static size_t put_rows(struct page *page, const char *path, enum setting_place place)
{
	size_t found = 0;

	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];
		const char *part = part_of(s, path);

		if (!part || !setting_is_of(s, place))
			continue;
		found++;
		page->shown[i] = true;
		if (has_range(s))
			put_range(page, s, part);
	}
	return found;
}

/* What only entries of the list have. */
static void put_rows_of_entries(struct page *page, const char *key)
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];
		bool of_zones = s->scope == SCOPE_NAMED || s->scope == SCOPE_ZONE;

		if (strcmp(key, s->scope == SCOPE_CALLEE ? "callees" : of_zones ? "zones" : ""))
			continue;
		page->shown[i] = true;
		fputs(".TP\n\\fB", page->to);
		roff_put(page->to, key, SETTING_PATH);
		fputs("[]/", page->to);
		roff_put(page->to, s->key, SETTING_PATH);
		fputs("\\fR\n", page->to);
		if (s->help)
			roff_fill(page->to, s->help, SETTING_PATH);
		if (has_range(s))
			put_range(page, s, "");
		else if (!s->help)
			fputs("See the sample.\n", page->to);
	}
}

/* --- lines of the example --- */

static size_t depth_of(const char *line)
{
	return strspn(line, " ");
}

static bool is_comment(const char *line)
{
	return line[depth_of(line)] == '#';
}

static const char *comment_of(const char *line)
{
	line += depth_of(line) + 1;
	return *line == ' ' ? line + 1 : line;
}

/* The comment of a key's line, NULL if it has none. */
static const char *trailing_of(const char *line)
{
	const char *mark = strstr(line, " #");

	return mark ? comment_of(mark) : NULL;
}

static void say(struct page *page, const char *text)
{
	size_t used = strlen(page->said);

	snprintf(page->said + used, TEXT_MAX - used, "%s%s", used ? " " : "", text);
}

static void list_begin(struct page *page, bool listing)
{
	if (page->listing != listing)
		fputs(listing ? ".PP\n.nf\n" : ".fi\n", page->to);
	page->listing = listing;
}

/* What was said so far, as a paragraph. */
static void put_said(struct page *page)
{
	if (!page->said[0])
		return;
	list_begin(page, false);
	fputs(".PP\n", page->to);
	roff_fill(page->to, page->said, TEXT_MAX);
	page->said[0] = '\0';
}

/* The line without its comment, as far as its key and value go; "key: " at the least. */
static size_t value_end(const char *line)
{
	const char *mark = strstr(line, " #");
	size_t end = mark ? (size_t)(mark - line) : strlen(line);

	while (end && line[end - 1] == ' ')
		end--;
	return end;
}

/* Lines that go on with a comment, or a list, of the one before. Their number. */
static size_t put_value(struct page *page, size_t at, size_t end)
{
	const char *line = page->line[at], *trailing = trailing_of(line);
	size_t depth = depth_of(line), next = at + 1;

	if (trailing)
		say(page, trailing);
	fputs(".TP\n\\fB", page->to);
	for (; ; line = page->line[next++]) {
		size_t from = depth_of(line);

		roff_put(page->to, line + from, value_end(line) - from);
		if (next >= end || is_comment(page->line[next]) ||
		    depth_of(page->line[next]) <= depth + 1)
			break;
		fputc(' ', page->to);
	}
	for (; next < end && depth_of(page->line[next]) > depth + 4; next++)
		say(page, comment_of(page->line[next]));
	fputs("\\fR\n", page->to);
	roff_fill(page->to, page->said, TEXT_MAX);
	page->said[0] = '\0';
	return next - at;
}

/* The path of a key's line; false if it only opens a mapping. */
static bool read_key(struct page *page, const char *line, char path[SETTING_PATH])
{
	size_t depth = depth_of(line) / 2, length = strcspn(line + depth_of(line), ":");

	if (depth >= DEPTH_MAX)
		return false;
	snprintf(path, SETTING_PATH, "%s%s%.*s", depth ? page->path[depth - 1] : "",
		 depth ? "/" : "", (int)length, line + depth_of(line));
	memcpy(page->path[depth], path, SETTING_PATH);
	return value_end(line) > depth_of(line) + length + 1;
}

static int fail(const char *what, const char *key)
{
	fprintf(stderr, "manual: %s '%s'.\n", what, key);
	return -EINVAL;
}

/* A line for each reason is enough: what they mean is in sipguard(8). */
static void put_mode(struct page *page, const char *line)
{
	list_begin(page, true);
	roff_put(page->to, line + depth_of(line), SETTING_PATH);
	fputc('\n', page->to);
}

static void show(struct page *page, const char *path)
{
	for (size_t i = 0; i < settings_count; i++)
		if (!strcmp(settings[i].key, path))
			page->shown[i] = true;
}

static int put_key(struct page *page, size_t at, size_t end, size_t *next)
{
	const char *line = page->line[at];
	char path[SETTING_PATH];
	bool valued = read_key(page, line, path);
	bool listed = depth_of(line) && !strncmp(path, "modes/", 6);

	*next = at + 1;
	if (!valued || !depth_of(line) || listed)
		put_said(page);
	if (!valued) {
		fputs(".PP\n\\fB", page->to);
		roff_put(page->to, line, value_end(line));
		fputs("\\fR\n", page->to);
		return 0;
	}
	if (listed) {
		put_mode(page, line);
		if (!setting_find(path, PLACE_TOP))
			return fail("the table of settings has no", path);
		show(page, path);
		return 0;
	}
	*next = at + put_value(page, at, end);
	if (!put_rows(page, path, PLACE_TOP))
		return fail("the table of settings has no", path);
	put_rows_of_entries(page, path);
	return 0;
}

/* The comment at the end of a section, as it stands. */
static void put_sample(struct page *page, size_t at, size_t end)
{
	list_begin(page, false);
	fputs(".PP\nA sample:\n.PP\n.nf\n", page->to);
	for (; at < end; at++) {
		const char *text = comment_of(page->line[at]);

		fprintf(page->to, "%*s", (int)depth_of(text), "");
		roff_put(page->to, text + depth_of(text), TEXT_MAX);
		fputc('\n', page->to);
	}
	fputs(".fi\n", page->to);
}

/* The names of its keys at the top. */
static void put_title(struct page *page, size_t at, size_t end)
{
	const char *comma = "";

	fputs(".SS \"", page->to);
	for (; at < end; at++) {
		const char *line = page->line[at];

		if (!islower((unsigned char)line[0]))
			continue;
		fputs(comma, page->to);
		roff_put(page->to, line, strcspn(line, ":"));
		comma = ", ";
	}
	fputs("\"\n", page->to);
}

static int put_section(struct page *page, size_t at, size_t end)
{
	size_t sample = end;
	int err = 0;

	while (sample > at && page->line[sample - 1][0] == '#')
		sample--;
	put_title(page, at, sample);
	for (size_t next; !err && at < sample; at = next) {
		next = at + 1;
		if (!is_comment(page->line[at]))
			err = put_key(page, at, sample, &next);
		else if (*comment_of(page->line[at]))
			say(page, comment_of(page->line[at]));
		else
			put_said(page);
	}
	put_said(page);
	list_begin(page, false);
	if (sample < end)
		put_sample(page, sample, end);
	return err;
}

static size_t section_end(const struct page *page, size_t at)
{
	while (at < page->lines && page->line[at][0])
		at++;
	return at;
}

/* Up to the first blank line: what the file is, behind its licence. */
static size_t put_preface(struct page *page)
{
	size_t end = section_end(page, 0);

	for (size_t at = 1; at < end; at++) {
		if (*comment_of(page->line[at]))
			say(page, comment_of(page->line[at]));
		else
			put_said(page);
	}
	put_said(page);
	return end;
}

static int put_sections(struct page *page)
{
	size_t at = put_preface(page), end;
	int err = 0;

	fputs(".SH KEYS\n", page->to);
	for (; !err && at < page->lines; at = end) {
		end = section_end(page, at);
		if (end == at)
			end++;
		else
			err = put_section(page, at, end);
	}
	for (size_t i = 0; !err && i < settings_count; i++)
		if (!page->shown[i])
			err = fail("the example has no", settings[i].key);
	return err;
}

static int read_lines(struct page *page, const char *yaml)
{
	FILE *file = fopen(yaml, "r");
	size_t size = 0;
	char *line = NULL;

	if (!file)
		return fail("cannot read", yaml);
	while (page->lines < LINES_MAX && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		page->line[page->lines++] = strdup(line);
	}
	free(line);
	fclose(file);
	return page->lines < LINES_MAX ? 0 : fail("too many lines in", yaml);
}

int write_settings_page(FILE *to, const char *yaml)
{
	struct page page = {.to = to, .shown = calloc(settings_count, sizeof(bool))};
	int err = read_lines(&page, yaml);

	roff_head(to, "SIPGUARD.YAML", 5, "sipguard.yaml \\- the configuration of sipguard");
	fputs(".SH SYNOPSIS\n.I " POLICY_FILE "\n.SH DESCRIPTION\n", to);
	if (!err)
		err = put_sections(&page);
	fputs(".SH \"SEE ALSO\"\n.BR sipguard (8)\n"
	      ".PP\nPages named docs/NAME.md are in the source tree; the Debian package has them\n"
	      "in /usr/share/doc/sipguard.\n", to);
	for (size_t i = 0; i < page.lines; i++)
		free(page.line[i]);
	free(page.shown);
	return err;
}
