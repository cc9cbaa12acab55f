// SPDX-License-Identifier: GPL-2.0-only
/*
 * peers FOLDER [CLASS]: each message of a corpus as the guard's reader sees it, and as sofia-sip
 * and libosip2 do. What differs must be in a class of peer_table.h, which says who is right; and
 * each class must occur. Prints what is in no class, and what is in the class that is named.
 *
 * Exit status: 0 if so; 1 if not; 2 without a corpus.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "peer_classes.h"

#define UNKNOWN_SHOWN 40

const char *const peer_field_labels[PEER_FIELDS] = {
#define X(name, label, ...) [PEER_##name] = label,
	PEER_VALUES(X) PEER_HEADERS(X)
#undef X
	[PEER_VERDICT] = "verdict",
};

static const char *const rule_labels[] = {
#define X(number, name, label, ...) label,
	SIP_RULES(X)
#undef X
};

static unsigned long messages, compared, differing, unknown, missing;
static unsigned long occurred[2][128]; /* by library and class */
static const char *shown;	       /* the class whose differences are printed */

/* Whether letters that differ in case only are the same in a value (RFC 3261 section 7.3.1). */
static bool is_folded(enum peer_field field)
{
	return field == PEER_URI_SCHEME || field == PEER_URI_HOST || field == PEER_TRANSPORT ||
	       field == PEER_VIA_HOST || field == PEER_FROM_HOST || field == PEER_TO_HOST;
}

static bool same(const struct difference *d)
{
	if (!d->a.known || !d->b.known)
		return true;
	if (d->a.length != d->b.length)
		return false;
	return is_folded(d->field) ? !strncasecmp(d->a.at, d->b.at, d->a.length)
				   : !memcmp(d->a.at, d->b.at, d->a.length);
}

static void print_value(const char *who, const struct peer_value *value)
{
	printf(" %s '", who);
	for (size_t i = 0; i < value->length && i < 40; i++)
		if (isprint((unsigned char)value->at[i]))
			putchar(value->at[i]);
		else
			printf("\\%02x", (unsigned char)value->at[i]);
	printf("%s'", value->length > 40 ? "..." : "");
}

static void print_culprit(const struct culprit *culprit)
{
	static const char *const kinds[] = {"several", "layout", "start line", "body", "field",
					    "addresses"};

	printf(" [%s", kinds[culprit->kind]);
	if (culprit->field) {
		print_value("", &(struct peer_value){culprit->field->name,
						     culprit->field->name_length, true});
		print_value("", &(struct peer_value){culprit->field->value,
						     culprit->field->length, true});
	}
	printf("]");
}

static void print_difference(const struct difference *d)
{
	printf("%s %s %s:", d->peer == SOFIA ? "sofia" : "osip",
	       peer_field_labels[d->field], d->message->name);
	if (d->field == PEER_VERDICT) {
		printf(" guard %s", d->ours->accepted ? "accepts" : "refuses");
		if (d->theirs->error)
			printf(", library says %s", d->theirs->error);
		print_culprit(&d->culprit);
	} else {
		print_value("guard", &d->a);
		print_value("library", &d->b);
	}
	for (int rule = 0; rule < SIP_RULE__MAX; rule++)
		if (d->native->faults >> rule & 1)
			printf(" %s", rule_labels[rule]);
	putchar('\n');
}

static void classify(const struct difference *d)
{
	differing++;
	for (size_t i = 0; peer_classes[i].name; i++) {
		if (!(peer_classes[i].peers & d->peer) || !peer_classes[i].holds(d))
			continue;
		occurred[d->peer == OSIP][i]++;
		if (shown && !strcmp(shown, peer_classes[i].name))
			print_difference(d);
		return;
	}
	if (unknown++ < UNKNOWN_SHOWN)
		print_difference(d);
}

static void compare(struct difference *d, view_maker view)
{
	d->field = PEER_VERDICT;
	d->culprit = (struct culprit){};
	if (d->ours->accepted && !d->theirs->accepted)
		d->culprit = culprit_find(d->plain, view, d->native->kind == SIP_RESPONSE);
	if (d->ours->accepted != d->theirs->accepted)
		classify(d);
	/* Who refuses a message has said nothing about its parts. */
	if (!d->theirs->accepted)
		return;
	for (int field = 0; field < PEER_VERDICT; field++) {
		d->field = field;
		d->a = d->ours->value[field];
		d->b = d->theirs->value[field];
		compared += d->a.known && d->b.known;
		if (!same(d))
			classify(d);
	}
}

static void message_compare(const struct corpus_message *message)
{
	static struct peer_view ours, theirs;
	static struct plain plain;
	struct sip_message native;
	struct difference d = {
		.message = message,
		.native = &native,
		.plain = &plain,
		.ours = &ours,
		.theirs = &theirs,
	};

	messages++;
	native_view(&ours, &native, message);
	plain_read(&plain, message->bytes, message->length);
	d.peer = SOFIA;
	sofia_view(&theirs, message->bytes, message->length);
	compare(&d, sofia_view);
	d.peer = OSIP;
	osip_view(&theirs, message->bytes, message->length);
	compare(&d, osip_view);
	plain_free(&plain);
}

static bool has_set(const struct corpus *corpus, const char *set)
{
	for (size_t i = 0; i < corpus->count; i++)
		if (!strcmp(corpus->message[i].set, set))
			return true;
	return false;
}

/* A class that does not occur says something about a library, or the reader, that is not so. */
static void print_classes(void)
{
	static const char *const rights[] = {"guard", "library", "unsettled"};

	for (size_t i = 0; peer_classes[i].name; i++) {
		const struct peer_class *class = &peer_classes[i];

		printf("%-22s sofia %4lu, osip %4lu, right: %s\n", class->name, occurred[0][i],
		       occurred[1][i], rights[class->right]);
		for (int peer = SOFIA; peer <= OSIP; peer <<= 1)
			if (class->peers & peer && !occurred[peer == OSIP][i]) {
				printf("  does not occur with %s\n",
				       peer == SOFIA ? "sofia" : "osip");
				missing++;
			}
	}
}

int main(int argc, char **argv)
{
	struct corpus corpus;

	if (argc < 2 || argc > 3)
		corpus_die("usage: peers FOLDER [CLASS]");
	shown = argv[2];
	if (!corpus_load(&corpus, argv[1]))
		return 2;
	for (size_t i = 0; i < corpus.count; i++)
		/* The guard takes these for keepalives, and reads no message. */
		if (strcmp(corpus.message[i].set, "keepalive"))
			message_compare(&corpus.message[i]);
	print_classes();
	/* The archives of fuzzers hold what most classes are about. */
	if (!has_set(&corpus, "protos-c07") || !has_set(&corpus, "protos-style-register")) {
		printf("not all sets are there: that a class does not occur is no failure\n");
		missing = 0;
	}
	corpus_free(&corpus);
	printf("%lu messages, %lu values compared, %lu differ, %lu in no class, %lu classes "
	       "without a difference\n", messages, compared, differing, unknown, missing);
	return unknown || missing;
}
