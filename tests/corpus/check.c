// SPDX-License-Identifier: GPL-2.0-only
/*
 * check FOLDER: what the grammar rules say of each message of a corpus. Per set: how many are
 * dropped with the default modes and with the strict ones, and by which rule; each message dropped
 * that must pass; each that should be dropped and passes the strict modes. Without the folder it
 * says so.
 *
 * Exit status: 0 if no message that must pass is dropped by default, the messages of RFC 4475 that
 * are to be dropped are (see must_drop()), and strict drops 95 of 100 rows marked DROP; 1 if not;
 * 2 without a corpus.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "corpus.h"
#include "sip_reader.h"

#define SETS_MAX 32
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
};

static struct set sets[SETS_MAX];
static size_t set_count;
static bool failed;

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

/*
 * What RFC 4475 wants dropped and the default modes let pass, since only the strict reading of the
 * RFC speaks against it.
 */
static const struct {
	const char *name, *why;
} lenient[] = {
	{"rfc4475/escruri.dat", "phones copy the headers of a Refer-To into the Request-URI; a "
				"server ignores them"},
};

/* Whether this preset must drop it: only the verdicts of RFC 4475 come from an RFC's text. */
static bool must_drop(const struct corpus_message *message, enum preset preset)
{
	if (strcmp(message->set, "rfc4475") || strncmp(message->verdict, "DROP", 4))
		return false;
	for (size_t i = 0; preset == DEFAULT && i < sizeof(lenient) / sizeof(lenient[0]); i++)
		if (!strcmp(message->name, lenient[i].name)) {
			printf("  %s passes by default: %s\n", message->name, lenient[i].why);
			return false;
		}
	return true;
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
	for (int rule = 0; rule < SIP_RULE__MAX; rule++)
		set->by_rule[preset][rule] += faults >> rule & 1;
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
	for (int preset = 0; preset < PRESETS; preset++) {
		count(set, preset, faults, marked);
		if (must_drop(message, preset) && !(faults & presets[preset].faults)) {
			printf("  %s must be dropped (%s):", message->name, presets[preset].name);
			print_faults(faults);
			failed = true;
		}
	}
	if (pass && faults & SIP_DEFAULT_FAULTS) {
		printf("  %s must pass:", message->name);
		print_faults(faults & SIP_DEFAULT_FAULTS);
		failed = true;
	}
	if (marked && !(faults & SIP_STRICT_FAULTS)) {
		printf("  %s passes strict; %s; manifest: %s; seen:", message->name,
		       message->verdict, message->faults);
		print_faults(faults);
	}
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
	print_shares();
	corpus_free(&corpus);
	return failed;
}
