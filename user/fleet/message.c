// SPDX-License-Identifier: GPL-2.0-only
#include "fleet/message.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/prefix.h"

#define FIRST "sipguard-fleet "
#define VERSION 1
#define LINE_MOST 160 /* bytes; what is longer is none of ours */
#define WORDS_MOST 8
#define OPERATOR "operator"

static bool number(const char *text, __u64 most, __u64 *value)
{
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= most;
}

/* "ADDRESS -" is a source, "ADDRESS:PORT udp" a flow. */
static bool flow(const char *text, const char *transport, struct sg_flow_key *key)
{
	bool source = transport && !strcmp(transport, "-");

	if (!text || !transport || (!source && strcmp(transport, "udp") &&
				    strcmp(transport, "tcp")))
		return false;
	return !flow_parse(text, source ? NULL : transport, key, NULL) && source == !key->port;
}

static bool ban(char **word, size_t words, struct fleet_entry *entry)
{
	int cause;

	entry->what = FLEET_BAN;
	if (words != 5 || !flow(word[1], word[2], &entry->key) ||
	    !number(word[3], 1ULL << 40, &entry->end))
		return false;
	cause = strcmp(word[4], OPERATOR) ? reason_find(word[4]) : SG_REASON_NONE;
	entry->cause = cause;
	return cause > 0 || !strcmp(word[4], OPERATOR);
}

static bool proof(char **word, size_t words, struct fleet_entry *entry)
{
	entry->what = FLEET_PROOF;
	return words == 4 && flow(word[1], word[2], &entry->key) && entry->key.port &&
	       number(word[3], 1ULL << 40, &entry->end);
}

static bool lift(char **word, size_t words, struct fleet_entry *entry)
{
	entry->what = FLEET_LIFT;
	return words == 3 && flow(word[1], word[2], &entry->key);
}

static bool test(char **word, size_t words, struct fleet_entry *entry)
{
	entry->what = FLEET_TEST;
	if (words != 2 || strlen(word[1]) >= sizeof(entry->nonce) ||
	    strspn(word[1], "0123456789abcdef") != strlen(word[1]))
		return false;
	strcpy(entry->nonce, word[1]);
	return true;
}

static const struct {
	const char *word;
	bool (*read)(char **word, size_t words, struct fleet_entry *entry);
} kinds[] = {{"ban", ban}, {"proof", proof}, {"lift", lift}, {"test", test}};

/* Words with one blank between them. */
static size_t split(char *line, char **word)
{
	size_t words = 0;
	char *rest = line;

	while (rest && words < WORDS_MOST)
		word[words++] = strsep(&rest, " ");
	return rest ? 0 : words;
}

static int read_entry(char *line, struct fleet_message *m)
{
	char *word[WORDS_MOST];
	size_t words = split(line, word);

	if (!words)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct fleet_entry *entry = &m->entry[m->count];

		if (strcmp(word[0], kinds[i].word))
			continue;
		if (m->count == FLEET_ENTRIES)
			return -E2BIG;
		memset(entry, 0, sizeof(*entry));
		if (!kinds[i].read(word, words, entry))
			return -EBADMSG;
		m->count++;
		return 0;
	}
	m->unknown++;
	return 0;
}

static int read_first(char *line, struct fleet_message *m)
{
	char *word[WORDS_MOST];
	size_t words;
	__u64 version;

	if (strncmp(line, FIRST, strlen(FIRST)))
		return -EBADMSG;
	words = split(line, word);
	if (words < 2 || !number(word[1], 1000000, &version))
		return -EBADMSG;
	if (version != VERSION)
		return -EPROTONOSUPPORT;
	if (words != 4 || !number(word[2], 1ULL << 50, &m->sent) || strlen(word[3]) != 16 ||
	    strspn(word[3], "0123456789abcdef") != 16)
		return -EBADMSG;
	m->run = strtoull(word[3], NULL, 16);
	return 0;
}

int fleet_message_read(const char *data, size_t length, struct fleet_message *m)
{
	const char *at = data, *end = data + length;
	char line[LINE_MOST];
	int err = 0;

	m->sent = m->run = m->count = m->unknown = 0;
	if (length > FLEET_BYTES)
		return -E2BIG;
	while (!err && at < end) {
		const char *stop = memchr(at, '\n', end - at);
		size_t size = stop ? stop - at : 0;

		if (!stop || size >= sizeof(line) || memchr(at, '\0', size))
			return -EBADMSG;
		memcpy(line, at, size);
		line[size] = '\0';
		err = at == data ? read_first(line, m) : read_entry(line, m);
		at = stop + 1;
	}
	return length ? err : -EBADMSG;
}

bool fleet_is_evidence(const struct sg_flow_key *key, __u32 cause)
{
	return cause == SG_REASON_NONE ||
	       (cause == SG_REASON_AUTH_FAILURE && key->port && key->transport == IPPROTO_UDP);
}

void fleet_writer_begin(struct fleet_writer *w, __u64 sent, __u64 run)
{
	w->length = snprintf(w->data, sizeof(w->data), FIRST "%d %llu %016llx\n", VERSION, sent,
			     run);
	w->count = 0;
}

/* Bytes of its line. */
static int print(const struct fleet_entry *entry, char *line, size_t size)
{
	const char *transport = entry->key.port ? flow_transport(&entry->key) : "-";
	char text[PREFIX_TEXT] = "";

	if (entry->what != FLEET_TEST)
		flow_format(&entry->key, text, sizeof(text));
	switch (entry->what) {
	case FLEET_BAN:
		return snprintf(line, size, "ban %s %s %llu %s\n", text, transport, entry->end,
				entry->cause ? reason_texts[entry->cause].label : OPERATOR);
	case FLEET_PROOF:
		return snprintf(line, size, "proof %s %s %llu\n", text, transport, entry->end);
	case FLEET_LIFT:
		return snprintf(line, size, "lift %s %s\n", text, transport);
	default:
		return snprintf(line, size, "test %s\n", entry->nonce);
	}
}

bool fleet_writer_add(struct fleet_writer *w, const struct fleet_entry *entry)
{
	char line[LINE_MOST];
	int length = print(entry, line, sizeof(line));

	if (w->count == FLEET_ENTRIES || w->length + length > sizeof(w->data))
		return false;
	memcpy(w->data + w->length, line, length);
	w->length += length;
	w->count++;
	return true;
}
