// SPDX-License-Identifier: GPL-2.0-only
/*
 * check FOLDER: what the grammar rules say of each message of a corpus. Per set: how many are
 * dropped with the default modes and with the strict ones, and by which rule first; each message
 * that is not judged as it should be. Without the folder it says so.
 *
 * Exit status: 0 if no message that must pass is dropped by default, each of RFC 4475 and RFC 5118
 * meets the reasons of its row in expected.h, and strict drops 95 of 100 rows marked DROP, the
 * others having a row that says why not; 1 if not; 2 without a corpus.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "corpus.h"
#include "expected.h"
#include "sip/reader.h"

#define SETS_MAX 32
#define FIRST_FRAGMENT 1472 /* 1500 less the headers of IPv4 and UDP */
#define SHARE 0.95 /* of the rows marked DROP */

static const char *const labels[] = {
#define X(number, name, label, ...) label,
	SIP_RULES(X)
#undef X
};

enum preset { DEFAULT, STRICT, PRESETS };

static const struct {
	const char *name;
	uint64_t faults;
} presets[PRESETS] = {
	[DEFAULT] = {"default", SIP_DEFAULT_FAULTS},
	[STRICT] = {"strict", SIP_STRICT_FAULTS},
};

struct set {
	const char *name;
	unsigned int messages, marked; /* marked DROP */
	unsigned int dropped[PRESETS], marked_dropped[PRESETS];
	unsigned int by_rule[PRESETS][SIP_RULE__MAX];
	/* Beyond one frame: dropped whole by default, as fragments, and for want of the head. */
	unsigned int large, large_whole, large_first, large_head;
};

static struct set sets[SETS_MAX];
static size_t set_count;
static bool failed;

#define ROWS (sizeof(expected) / sizeof(expected[0]))
#define PASSES (sizeof(passes_strict) / sizeof(passes_strict[0]))
static size_t found_rows, found_passes; /* rows that are met, of expected[] and passes_strict[] */

static struct set *set_of(const char *name)
{
	for (size_t i = 0; i < set_count; i++)
		if (!strcmp(sets[i].name, name))
			return &sets[i];
	if (set_count == SETS_MAX)
		corpus_die("More than %d sets.", SETS_MAX);
	sets[set_count].name = name;
	return &sets[set_count++];
}

static const char *reason_of(uint64_t faults)
{
	return faults ? labels[__builtin_ctzll(faults)] : NULL;
}

/* Holds a message of RFC 4475 or RFC 5118 against its row. */
static void judge_expected(const struct corpus_message *message, uint64_t faults)
{
	const char *found, *wanted;
	size_t row;

	for (row = 0; row < ROWS && strcmp(expected[row].name, message->name); row++)
		;
	if (row == ROWS)
		return;
	found_rows++;
	for (int preset = 0; preset < PRESETS; preset++) {
		found = reason_of(faults & presets[preset].faults);
		wanted = expected[row].reason[preset];
		if (found == wanted || (found && wanted && !strcmp(found, wanted)))
			continue;
		printf("  %s, %s: %s, wanted %s (%s)\n", message->name, presets[preset].name,
		       found ? found : "passes", wanted ? wanted : "passes", expected[row].why);
		failed = true;
	}
}

/* A message marked DROP that strict lets pass, without a row that says why it may. */
static void judge_passed(const struct corpus_message *message)
{
	for (size_t i = 0; i < PASSES; i++)
		if (!strcmp(passes_strict[i].name, message->name)) {
			found_passes++;
			return;
		}
	printf("  %s passes strict; %s; manifest: %s\n", message->name, message->verdict,
	       message->faults);
	failed = true;
}

static void print_faults(uint64_t faults)
{
	for (int rule = 0; rule < SIP_RULE__MAX; rule++)
		if (faults >> rule & 1)
			printf(" %s", labels[rule]);
	putchar('\n');
}

static void count(struct set *set, enum preset preset, uint64_t faults, bool marked)
{
	faults &= presets[preset].faults;
	if (!faults)
		return;
	set->dropped[preset]++;
	set->marked_dropped[preset] += marked;
	set->by_rule[preset][__builtin_ctzll(faults)]++;
}

/*
 * What the guard sees of a message in the first fragment on a link of 1500 bytes. One whose header
 * does not end there has to come again (fragment-head), if nothing else is wrong with it.
 */
static void count_fragment(struct set *set, const struct corpus_message *message, bool whole)
{
	static const struct sip_caps caps = SIP_CAPS_DEFAULT;
	struct sip_input input = {
		.wanted = ~0ULL, .length = FIRST_FRAGMENT, .flags = SIP_MORE,
		.whole = message->length,
	};
	struct sip_message result;
	uint64_t faults;

	if (message->length <= FIRST_FRAGMENT)
		return;
	faults = sip_read_native(message->bytes, &input, &caps, &result) & SIP_DEFAULT_FAULTS;
	set->large++;
	set->large_whole += whole;
	set->large_first += faults != 0;
	set->large_head += !faults && !(result.flags & SIP_HEAD);
}

static void judge(const struct corpus_message *message)
{
	static const struct sip_caps caps = SIP_CAPS_DEFAULT;
	struct sip_input input = {.wanted = ~0ULL, .length = message->length};
	bool marked = !strncmp(message->verdict, "DROP", 4);
	bool pass = !strncmp(message->verdict, "PASS", 4);
	struct set *set = set_of(message->set);
	struct sip_message result;
	uint64_t faults;

	/* The guard takes these for keepalives, and reads no message. */
	if (!strcmp(message->set, "keepalive"))
		return;
	faults = sip_read_native(message->bytes, &input, &caps, &result);
	set->messages++;
	set->marked += marked;
	for (int preset = 0; preset < PRESETS; preset++)
		count(set, preset, faults, marked);
	count_fragment(set, message, faults & SIP_DEFAULT_FAULTS);
	judge_expected(message, faults);
	if (pass && faults & SIP_DEFAULT_FAULTS) {
		printf("  %s must pass:", message->name);
		print_faults(faults & SIP_DEFAULT_FAULTS);
		failed = true;
	}
	if (marked && !(faults & SIP_STRICT_FAULTS) && strncmp(message->set, "rfc", 3))
		judge_passed(message);
}

static void print_set(const struct set *set)
{
	printf("%s: %u messages, %u marked DROP\n", set->name, set->messages, set->marked);
	for (int preset = 0; preset < PRESETS; preset++) {
		printf("  %s drops %u, of the marked %u:", presets[preset].name,
		       set->dropped[preset], set->marked_dropped[preset]);
		for (int rule = 0; rule < SIP_RULE__MAX; rule++)
			if (set->by_rule[preset][rule])
				printf(" %s %u", labels[rule], set->by_rule[preset][rule]);
		putchar('\n');
	}
	if (set->large)
		printf("  of %u beyond %d bytes default drops %u whole; as fragments %u, and "
		       "%u until they come again\n", set->large, FIRST_FRAGMENT, set->large_whole,
		       set->large_first, set->large_head);
}

static void print_shares(void)
{
	unsigned int marked = 0, dropped[PRESETS] = {};
	double share;

	for (size_t i = 0; i < set_count; i++) {
		print_set(&sets[i]);
		marked += sets[i].marked;
		for (int preset = 0; preset < PRESETS; preset++)
			dropped[preset] += sets[i].marked_dropped[preset];
	}
	for (int preset = 0; preset < PRESETS; preset++) {
		share = marked ? (double)dropped[preset] / marked : 0;
		printf("%s drops %u of %u rows marked DROP: %.4f\n", presets[preset].name,
		       dropped[preset], marked, share);
		if (preset == STRICT && share < SHARE)
			failed = true;
	}
}

int main(int argc, char **argv)
{
	struct corpus corpus;

	if (argc != 2)
		corpus_die("usage: check FOLDER");
	if (!corpus_load(&corpus, argv[1]))
		return 2;
	for (size_t i = 0; i < corpus.count; i++)
		judge(&corpus.message[i]);
	if (found_rows != ROWS || found_passes != PASSES) {
		printf("%zu of %zu rows of expected.h are met\n", found_rows + found_passes,
		       ROWS + PASSES);
		failed = true;
	}
	print_shares();
	corpus_free(&corpus);
	return failed;
}
