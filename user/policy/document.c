// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three passes, from coarse to fine: the bytes, YAML's own syntax, the tree. What would make the
 * tree larger than the file, or deep, is refused before.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quote.h"
#include "policy/document.h"

#define DEPTH 8 /* more than any key here needs; bounds every later pass */

static int __attribute__((format(printf, 4, 5))) fail_at(struct error *error, size_t line,
							  size_t column, const char *format, ...)
{
	va_list args;

	error->line = line;
	error->column = column;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

static int fail_memory(struct error *error)
{
	fail_at(error, 0, 0, "out of memory");
	return -ENOMEM;
}

int document_fail(const struct document *document, const yaml_node_t *node, const char *format, ...)
{
	struct error *error = document->error;
	va_list args;

	error->line = node ? node->start_mark.line + 1 : 0;
	error->column = node ? node->start_mark.column + 1 : 0;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

/* --- the bytes --- */

/* At most one byte more than is allowed, to tell that there are more. */
static int read_all(struct document *d, int fd)
{
	size_t room = 0;
	ssize_t got;

	do {
		if (d->size == room) {
			unsigned char *grown;

			room = room ? room * 2 : 1 << 14;
			room = room > DOCUMENT_SIZE ? DOCUMENT_SIZE + 1 : room;
			grown = realloc(d->text, room);
			if (!grown)
				return -ENOMEM;
			d->text = grown;
		}
		got = read(fd, d->text + d->size, room - d->size);
		if (got > 0)
			d->size += got;
	} while ((got > 0 && d->size <= DOCUMENT_SIZE) || (got < 0 && errno == EINTR));
	if (got < 0)
		return -errno;
	return d->size > DOCUMENT_SIZE ? -EFBIG : 0;
}

static int read_file(struct document *d, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : read_all(d, fd);

	if (fd >= 0)
		close(fd);
	if (err == -EFBIG)
		fail_at(d->error, 0, 0, "it is larger than %d KiB, so hardly a configuration; move "
			"long lists of prefixes to `sipguard allow import`", DOCUMENT_SIZE >> 10);
	else if (err)
		fail_at(d->error, 0, 0, "cannot read it: %s; name a readable YAML file",
			strerror(-err));
	/* Editors of other systems begin UTF-8 with a byte order mark. */
	if (!err && d->size >= 3 && !memcmp(d->text, "\xef\xbb\xbf", 3)) {
		d->size -= 3;
		memmove(d->text, d->text + 3, d->size);
	}
	return err;
}

/* --- YAML --- */

/* For errors in the encoding libyaml gives no line, only the offset in bytes. */
static void place_of_offset(const struct document *d, size_t offset, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < offset && i < d->size; i++) {
		if (d->text[i] == '\n') {
			++*line;
			*column = 1;
		} else if ((d->text[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

static int fail_parser(const struct document *d, const yaml_parser_t *parser)
{
	size_t line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;

	/* libyaml 0.2.5 names no error where it makes a tree and runs out of memory. */
	if (parser->error == YAML_MEMORY_ERROR || parser->error == YAML_NO_ERROR)
		return fail_memory(d->error);
	if (parser->error == YAML_READER_ERROR) {
		place_of_offset(d, parser->problem_offset, &line, &column);
		return fail_at(d->error, line, column, "not text in UTF-8 (%s); save it as UTF-8 "
			       "without control characters", parser->problem);
	}
	return fail_at(d->error, line, column, "not valid YAML (%s); look for a missing bracket, "
		       "comma or quote, a tab in the indentation, or a value that begins with * or "
		       "& and has no quotes, on this line or the one before",
		       parser->problem ? parser->problem : "unknown problem");
}

/* What no key here has: no aliases (they can multiply without end), one document, no NUL. */
static int scan_event(const struct document *d, const yaml_event_t *event, int *depth,
		      int *documents)
{
	size_t line = event->start_mark.line + 1, column = event->start_mark.column + 1;
	const yaml_char_t *anchor = NULL;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		anchor = event->data.alias.anchor;
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (++*documents > 1)
			return fail_at(d->error, line, column, "a second document begins here; put "
				       "all into one, without this '---'");
		break;
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
			return fail_at(d->error, line, column, "a NUL character in a value; take "
				       "it out");
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		++*depth;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		++*depth;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		--*depth;
		break;
	default:
		break;
	}
	if (anchor)
		return fail_at(d->error, line, column, "anchors and aliases ('&%s', '*%s') are not "
			       "taken here; write the value out, or put quotes around one that "
			       "begins like that", quote((char *)anchor).text,
			       quote((char *)anchor).text);
	if (*depth > DEPTH)
		return fail_at(d->error, line, column, "nested deeper than any key here; look for "
			       "a bracket too many");
	return 0;
}

static int parser_start(const struct document *d, yaml_parser_t *parser)
{
	if (!yaml_parser_initialize(parser))
		return fail_memory(d->error);
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(parser, d->text, d->size);
	return 0;
}

static int scan(const struct document *d)
{
	int depth = 0, documents = 0, err;
	yaml_parser_t parser;
	yaml_event_t event;
	bool more;

	err = parser_start(d, &parser);
	if (err)
		return err;
	do {
		if (!yaml_parser_parse(&parser, &event)) {
			err = fail_parser(d, &parser);
			break;
		}
		err = scan_event(d, &event, &depth, &documents);
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	} while (!err && more);
	yaml_parser_delete(&parser);
	if (!err && !documents)
		err = fail_at(d->error, 1, 1, "it says nothing; write a key with its value, "
			      "or do without the file");
	return err;
}

static int parse(struct document *d)
{
	yaml_parser_t parser;
	int err;

	err = parser_start(d, &parser);
	if (err)
		return err;
	if (yaml_parser_load(&parser, &d->yaml))
		d->parsed = true;
	else
		err = fail_parser(d, &parser);
	yaml_parser_delete(&parser);
	return err;
}

int document_load(struct document *document, const char *path, struct error *error)
{
	int err;

	memset(document, 0, sizeof(*document));
	memset(error, 0, sizeof(*error));
	document->error = error;
	err = read_file(document, path);
	if (!err)
		err = scan(document);
	if (!err)
		err = parse(document);
	return err;
}

int document_parse(struct document *document, const char *text, struct error *error)
{
	int err;

	*document = (struct document){.error = error, .size = strlen(text),
				      .text = (unsigned char *)strdup(text)};
	if (!document->text)
		return fail_memory(error);
	err = scan(document);
	return err ? err : parse(document);
}

void document_free(struct document *document)
{
	if (document->parsed)
		yaml_document_delete(&document->yaml);
	free(document->text);
}

/* --- places --- */

const yaml_node_t *document_node(const struct document *document, int number)
{
	/* libyaml's accessors take no const, but change nothing. */
	return yaml_document_get_node((yaml_document_t *)&document->yaml, number);
}

const yaml_node_t *document_root(const struct document *document)
{
	return document_node(document, 1);
}

size_t document_entries(const yaml_node_t *node)
{
	return node ? node->data.sequence.items.top - node->data.sequence.items.start : 0;
}

const yaml_node_t *document_entry(const struct document *document, const yaml_node_t *node,
				  size_t entry)
{
	return document_node(document, node->data.sequence.items.start[entry]);
}

const char *document_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static const yaml_node_t *child(const struct document *d, const yaml_node_t *node,
				const char *name)
{
	if (node->type == YAML_SEQUENCE_NODE) {
		size_t entry = strtoul(name, NULL, 10);

		return entry < document_entries(node) ? document_entry(d, node, entry) : NULL;
	}
	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		if (!strcmp(document_text(document_node(d, pair->key)), name))
			return document_node(d, pair->value);
	}
	return NULL;
}

const yaml_node_t *document_find(const struct document *document, const char *path, ...)
{
	const yaml_node_t *node = document_root(document);
	char text[128], *rest, *name;
	va_list args;

	va_start(args, path);
	vsnprintf(text, sizeof(text), path, args);
	va_end(args);
	for (name = strtok_r(text, "/", &rest); name && node; name = strtok_r(NULL, "/", &rest))
		node = child(document, node, name);
	return node;
}
