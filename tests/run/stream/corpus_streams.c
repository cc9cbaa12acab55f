// SPDX-License-Identifier: GPL-2.0-only
/*
 * The messages of the corpus (see corpus_sequences.c) as streams of TCP. What the guard says of
 * each as a datagram is what it has to say where it knows that the message begins, however the
 * stream is cut; and the good ones, one behind the other in one connection, never lose a segment.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cases.h"
#include "defaults.h"

#define CORPUS "../shared/corpus"
#define MESSAGE_MAX (FRAME_MAX - 128)
#define STREAM_MAX (2 << 20)
#define FIRST_BYTE TCP_SEQ
#define SHORT_START 50 /* bytes that tell an unknown method from garbage: it is waited for them */

static const char *const folders[] = {
	"keepalive", "legit/pcap", "legit/sipp", "legit/src", "legit/trailing", "quirk", "rfc4475",
	"rfc5118", "malformed/misc", "malformed/pcap", "attack/honeypot", "attack/tool",
	"attack/pcap",
};

/* Sizes of segments: what links leave; 0: by chance. */
static const size_t cuts[] = {536, 1220, 1448, 0, 0};

struct text {
	char bytes[MESSAGE_MAX];
	size_t length;
	size_t head;   /* with the blank line; 0: it does not end */
	long body;     /* what Content-Length says; -1: nothing, or nothing that can be used */
};

struct counts {
	int messages, dropped, waits, unframed, wrong;
};

static struct text text;
static char stream[STREAM_MAX];
static __u16 port = 20000;

/* What a header says of its length, read as simply as can be: not by the reader that is tested. */
static long content_length(const char *head, size_t length)
{
	const char *end = head + length, *line = head, *at;
	long found = -1;

	for (; line < end; line = at + 1) {
		size_t name = 0;

		at = memchr(line, '\n', end - line);
		if (!at)
			break;
		if (!strncasecmp(line, "Content-Length", 14))
			name = 14;
		else if (tolower(*line) == 'l')
			name = 1;
		while (name && (line[name] == ' ' || line[name] == '\t'))
			name++;
		if (!name || line[name] != ':')
			continue;
		if (found >= 0)
			return -1; /* twice */
		for (name++; line[name] == ' ' || line[name] == '\t'; name++)
			;
		if (!isdigit(line[name]))
			return -1;
		found = strtol(line + name, NULL, 10);
	}
	return found;
}

/* Where the blank line ends, 0 if there is none. Some end their lines with a bare LF. */
static size_t head_end(const char *bytes, size_t at, size_t length)
{
	for (; at + 1 < length; at++) {
		if (bytes[at] != '\n')
			continue;
		if (bytes[at + 1] == '\n')
			return at + 2;
		if (bytes[at + 1] == '\r' && at + 2 < length && bytes[at + 2] == '\n')
			return at + 3;
	}
	return 0;
}

static void measure(struct text *t)
{
	size_t blanks = 0;

	while (blanks < t->length && strchr("\r\n \t", t->bytes[blanks]) && t->bytes[blanks])
		blanks++;
	t->head = head_end(t->bytes, blanks, t->length);
	t->body = t->head ? content_length(t->bytes + blanks, t->head - blanks) : -1;
}

static bool read_text(const char *folder, const char *name, struct text *t)
{
	char path[1300];
	FILE *file;
	bool whole;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file)
		return false;
	memset(t->bytes, 0, sizeof(t->bytes));
	t->length = fread(t->bytes, 1, MESSAGE_MAX - 1, file);
	whole = feof(file);
	fclose(file);
	measure(t);
	return whole && t->length;
}

/* The default rules; messages are judged by what they are, and not by how many there are. */
static void limits_off(void)
{
	fixture_reset(fix.program);
	sg_default_config(memset(config(), 0, sizeof(*config())));
#define X(name, key, rate, burst, reason, ...) mode_set(SG_REASON_##reason, SG_MODE_OFF);
	SG_LIMITS(X)
#undef X
	mode_set(SG_REASON_UNLISTED_BUDGET, SG_MODE_OFF);
	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_OFF);
	mode_set(SG_REASON_LIMIT_SEGMENT, SG_MODE_OFF);
	mode_set(SG_REASON_FLOOD, SG_MODE_OFF);
	mode_set(SG_REASON_MALFORMED, SG_MODE_OFF);
	mode_set(SG_REASON_SCANNER, SG_MODE_OFF);
}

/* Forgets what others have left. */
static void begin(void)
{
	heads_forget();
	stats_clear();
}

/* The reason for which it is dropped as a datagram, by the program that sees all of it. */
static int verdict_of_datagram(const struct text *t)
{
	enum program program = fix.program;

	begin();
	fix.program = PROGRAM_FRAGS;
	packet_dropped(&(struct packet_spec){.payload = t->bytes, .length = t->length});
	fix.program = program;
	return dropping_reason();
}

static __u32 next_chance(void)
{
	static __u32 seed = 20241128;

	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static bool send_segment(__u16 from, const char *bytes, size_t length, __u32 at)
{
	return packet_dropped(&(struct packet_spec){
		OVER_TCP, .sport = from, .numbered = true, .seq = FIRST_BYTE + at,
		.payload = bytes, .length = length,
	});
}

/*
 * A new connection that sends this, in segments of `cut` bytes. Where the first one that is dropped
 * begins; the length if none is.
 */
static size_t send_stream(const char *bytes, size_t length, size_t cut)
{
	size_t size, at;

	port = port < 60000 ? port + 1 : 20000;
	connection_accept(&(struct packet_spec){.sport = port}, FIRST_BYTE);
	for (at = 0; at < length; at += size) {
		size = cut ? cut : 1 + next_chance() % (next_chance() % 8 ? 1448 : 40);
		if (size > length - at)
			size = length - at;
		if (send_segment(port, bytes + at, size, at))
			return at;
	}
	return at;
}

/* Messages of each method, and responses. */
static void count_messages(__u64 *messages)
{
	struct sg_stats stats;

	stats_read(&stats);
	for (int i = SG_METHOD_NONE + 1; i < SG_METHOD__MAX; i++)
		messages[i] += stats.method[i].passed.packets + stats.method[i].would_drop.packets;
}

/* The good ones of a folder, and whether the guard is where they end when they have ended. */
static void send_good(const char *folder, size_t length, const __u64 *expected)
{
	static const char bad[] = "OPTIONS sip:a@example.com SIP/2.0\r\nVia: none\r\nl: 0\r\n\r\n";

	for (size_t i = 0; i < COUNT(cuts); i++) {
		__u64 messages[SG_METHOD__MAX] = {};
		size_t at;

		begin();
		at = send_stream(stream, length, cuts[i]);
		if (at != length)
			fail_msg("%s as one stream, cut at %zu: the segment at %zu is dropped by "
				 "reason %d: %.60s", folder, cuts[i], at, dropping_reason(),
				 stream + at);
		count_messages(messages);
		for (int method = SG_METHOD_NONE + 1; method < SG_METHOD__MAX; method++) {
			if (messages[method] != expected[method])
				fail_msg("%s as one stream, cut at %zu: %llu messages of method "
					 "%d, not %llu", folder, cuts[i], messages[method], method,
					 expected[method]);
		}
		if (length && !send_segment(port, bad, sizeof(bad) - 1, length))
			fail_msg("%s as one stream, cut at %zu: the guard has lost its place",
				 folder, cuts[i]);
	}
}

/* Whether what is wrong with a datagram is wrong with this on a stream, too. */
static bool depends_on_datagram(const struct text *t, int reason)
{
	if (reason == SG_REASON_LENGTH_BEYOND || reason == SG_REASON_SIZE)
		return true; /* the rest is in other segments */
	if (!t->head || t->head > SIP_READ_MAX)
		return true; /* waits for its end; or is not read to its end */
	return reason == SG_REASON_GARBAGE && t->length < SHORT_START;
}

/* A message in a connection of its own has the verdict that it has as a datagram. */
static void send_alone(const char *name, const struct text *t, int expected, struct counts *counts)
{
	size_t length = t->length, at;
	bool waits = depends_on_datagram(t, expected);

	/* What is behind its end is no part of it on a stream. */
	if (t->body >= 0 && t->head + t->body < length)
		length = t->head + t->body;
	counts->waits += expected && waits;
	for (size_t i = 0; i < COUNT(cuts); i++) {
		int reason;

		begin();
		at = send_stream(t->bytes, length, cuts[i]);
		reason = at == length ? SG_REASON_NONE : dropping_reason();
		if (reason == expected || (waits && reason == SG_REASON_NONE) ||
		    (expected == SG_REASON_LENGTH_BEYOND && reason == SG_REASON_SIZE))
			continue;
		print_error("%s, cut at %zu: reason %d at byte %zu; as a datagram %d\n", name,
			    cuts[i], reason, at, expected);
		counts->wrong++;
	}
}

static bool is_framed(const struct text *t)
{
	return t->body >= 0 && t->head <= SIP_READ_MAX && t->head + t->body <= t->length;
}

/* Adds it to the stream of its folder if it is good and one can tell where it ends. */
static size_t judge_text(const char *name, size_t length, __u64 *expected, struct counts *counts)
{
	int reason = verdict_of_datagram(&text);

	counts->messages++;
	counts->dropped += reason != SG_REASON_NONE;
	if (!reason && is_framed(&text) && length + text.length < STREAM_MAX) {
		count_messages(expected);
		memcpy(stream + length, text.bytes, text.head + text.body);
		length += text.head + text.body;
	} else {
		counts->unframed += !reason;
	}
	send_alone(name, &text, reason, counts);
	return length;
}

/* How many messages have another verdict than as a datagram. */
static int judge_folder(const char *corpus, const char *folder)
{
	__u64 expected[SG_METHOD__MAX] = {};
	struct counts counts = {};
	struct dirent *entry;
	size_t length = 0;
	char path[1000];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", corpus, folder);
	limits_off();
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_type == DT_REG && read_text(path, entry->d_name, &text))
			length = judge_text(entry->d_name, length, expected, &counts);
	}
	if (dir)
		closedir(dir);
	print_message("  %s: %d messages; %d without an end that one can tell; %d dropped, of "
		      "which %d only as datagrams\n", folder, counts.messages, counts.unframed,
		      counts.dropped, counts.waits);
	send_good(folder, length, expected);
	return counts.wrong;
}

static void corpus_as_streams(void)
{
	const char *corpus = getenv("SIPGUARD_CORPUS") ? getenv("SIPGUARD_CORPUS") : CORPUS;
	DIR *dir = opendir(corpus);
	int wrong = 0;

	if (!dir) {
		print_message("  there is no corpus in %s: not looked at\n", corpus);
		return;
	}
	closedir(dir);
	for (size_t i = 0; i < COUNT(folders); i++)
		wrong += judge_folder(corpus, folders[i]);
	if (wrong)
		fail_msg("%d streams have another verdict than the message in them", wrong);
}

const struct sequence corpus_stream_sequences[] = {
	{"the corpus as streams of TCP", corpus_as_streams},
};

const size_t corpus_stream_sequences_count = COUNT(corpus_stream_sequences);
