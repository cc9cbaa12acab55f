// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of real devices and of the RFCs' own torture tests, if there is a folder of them: none
 * of the legitimate ones may be garbage. The folder is $SIPGUARD_CORPUS, one file a UDP payload.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

#define CORPUS "../shared/corpus"
#define MESSAGE_MAX (FRAME_MAX - 64)

static const struct {
	const char *folder;
	bool strict; /* not one may be garbage */
} folders[] = {
	{"keepalive", true},   {"legit/pcap", true},   {"legit/sipp", true}, {"legit/src", true},
	{"legit/trailing", true}, {"quirk", true},     {"rfc4475", true},    {"rfc5118", true},
	{"malformed/misc", false}, {"malformed/pcap", false}, {"attack/honeypot", false},
	{"attack/tool", false}, {"attack/pcap", false},
};

struct counts {
	int files, garbage, dropped, skipped;
};

static const char *corpus_folder(void)
{
	const char *folder = getenv("SIPGUARD_CORPUS");

	return folder ? folder : CORPUS;
}

static size_t read_message(const char *folder, const char *name, char *message)
{
	char path[1300];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file)
		return SIZE_MAX;
	length = fread(message, 1, MESSAGE_MAX, file);
	if (!feof(file))
		length = SIZE_MAX;
	fclose(file);
	return length;
}

static void judge_message(const char *folder, const char *name, struct counts *counts)
{
	static char message[MESSAGE_MAX];
	size_t length = read_message(folder, name, message);
	struct packet_spec packet = {.payload = message, .length = length};
	struct sg_stats stats;

	if (length == SIZE_MAX) {
		counts->skipped++;
		return;
	}
	stats_clear();
	counts->files++;
	if (!length)
		packet.payload = "";
	counts->dropped += packet_dropped(&packet);
	stats_read(&stats);
	if (stats.class[SG_CLASS_GARBAGE].dropped.packets) {
		print_message("  garbage: %s/%s\n", folder, name);
		counts->garbage++;
	}
}

static struct counts judge_folder(const char *folder)
{
	struct counts counts = {};
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type == DT_REG)
			judge_message(folder, entry->d_name, &counts);
	}
	if (dir)
		closedir(dir);
	return counts;
}

static void limits_off(void)
{
#define X(name, key, rate, burst, reason, ...) mode_set(SG_REASON_##reason, SG_MODE_OFF);
	SG_LIMITS(X)
#undef X
	mode_set(SG_REASON_UNLISTED_BUDGET, SG_MODE_OFF);
	mode_set(SG_REASON_LIMIT_FLOW, SG_MODE_OFF);
	mode_set(SG_REASON_FLOOD, SG_MODE_OFF);
}

static void corpus_is_not_garbage(void)
{
	DIR *dir = opendir(corpus_folder());
	int wrong = 0;

	if (!dir) {
		print_message("  there is no corpus in %s: not looked at\n", corpus_folder());
		return;
	}
	closedir(dir);
	fixture_reset(PROGRAM_FRAGS);
	limits_off();
	for (size_t i = 0; i < COUNT(folders); i++) {
		char path[1000];
		struct counts counts;

		snprintf(path, sizeof(path), "%s/%s", corpus_folder(), folders[i].folder);
		counts = judge_folder(path);
		print_message("  corpus %s: %d messages, %d dropped, %d garbage, %d too large\n",
			      folders[i].folder, counts.files, counts.dropped, counts.garbage,
			      counts.skipped);
		wrong += folders[i].strict ? counts.garbage : 0;
	}
	if (wrong)
		fail_msg("%d legitimate messages of the corpus are garbage to the guard", wrong);
}

const struct sequence corpus_sequences[] = {
	{"the corpus is not garbage", corpus_is_not_garbage},
};

const size_t corpus_sequences_count = COUNT(corpus_sequences);
