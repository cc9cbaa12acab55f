// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prefixes of numbers that are watched, and the exit codes by which they are told: with a + those
 * of international numbers, however they are dialled, without one what is dialled.
 */
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "policy/config.h"
#include "policy/config_reader.h"

/*
 * What stands for the + of ITU-T E.164 in most countries (00), North America, Australia, Japan,
 * and the former Soviet Union (8, and 10 behind the tone). Not 001, 009, 119 and other rare ones:
 * where 00 is the exit code they begin numbers.
 */
static const char *const usual_exits[] = {"00", "011", "0011", "010", "810"};

/* Digits, and nothing else. */
static struct sg_dialled dialled_of(const char *digits, enum sg_dialled_kind kind)
{
	struct sg_dialled dialled = {.kind = kind};

	for (; *digits; digits++)
		dialled.digits |= sg_dialled_digit(*digits - '0', dialled.count++);
	return dialled;
}

void dialled_default(struct sg_config *kernel)
{
	for (size_t i = 0; i < sizeof(usual_exits) / sizeof(*usual_exits); i++)
		kernel->exit[kernel->exit_count++] = dialled_of(usual_exits[i], SG_DIALLED_EXIT);
}

char *dialled_text(const struct sg_dialled *dialled, char *text)
{
	char *at = text;

	if (dialled->kind == SG_DIALLED_INTERNATIONAL)
		*at++ = '+';
	for (__u32 i = 0; i < dialled->count && i < SG_DIALLED_MOST; i++)
		*at++ = '0' + (dialled->digits >> (4 * (SG_DIALLED_HEAD - 1 - i)) & 0xf);
	*at = '\0';
	return text;
}

/* What is wrong with a prefix; NULL: nothing. */
static const char *prefix_fault(const char *text)
{
	const char *digits = text + (*text == '+');
	size_t length = strlen(digits);

	if (digits[strspn(digits, "0123456789")])
		return "write digits alone, like 0900, or a + and digits, like +4490";
	if (!*text)
		return "there is no digit; write + for every international number";
	if (length > SG_DIALLED_MOST)
		return "it has more than 10 digits; write how such numbers begin";
	if (digits > text && *digits == '0')
		return "no country code begins with 0; leave the exit code out";
	return NULL;
}

/* Likewise with an exit code. */
static const char *exit_fault(const char *text)
{
	size_t length = strlen(text);

	if (text[strspn(text, "0123456789")])
		return "write digits alone, like 00; a + needs no entry";
	if (length < SG_EXIT_LEAST || length > SG_EXIT_MOST)
		return "it has to have 2 to 5 digits";
	return NULL;
}

/* The next one of a list that has `count` so far. */
static int entry_read(const struct reader *r, const yaml_node_t *node, bool exit,
		      struct sg_dialled *list, __u32 *count)
{
	const char *text = document_text(node);
	const char *fault = exit ? exit_fault(text) : prefix_fault(text);
	bool plus = *text == '+';
	struct sg_dialled entry;

	if (fault)
		return document_fail(&r->document, node, "'%s' is no %s: %s", quote(text).text,
				     exit ? "exit code" : "dialled prefix", fault);
	entry = dialled_of(text + plus, exit ? SG_DIALLED_EXIT :
			   plus ? SG_DIALLED_INTERNATIONAL : SG_DIALLED_AS_IS);
	for (__u32 i = 0; i < *count; i++)
		if (!memcmp(&list[i], &entry, sizeof(entry)))
			return document_fail(&r->document, node, "'%s' is in this list already; "
					     "take it out once", text);
	list[(*count)++] = entry;
	return 0;
}

/* In place of what the list has. */
static int list_read(const struct reader *r, const yaml_node_t *node, bool exit,
		     struct sg_dialled *list, __u32 *count)
{
	size_t entries = document_entries(node), most = exit ? SG_EXITS : SG_DIALLED;
	int err = 0;

	if (entries > most)
		return document_fail(&r->document, node, "there are %zu %s, and %zu is the most%s",
				     entries, exit ? "exit codes" : "prefixes", most,
				     exit ? "; take those of your country" :
					    "; take shorter ones");
	memset(list, 0, most * sizeof(*list));
	*count = 0;
	for (size_t i = 0; i < entries && !err; i++)
		err = entry_read(r, document_entry(&r->document, node, i), exit, list, count);
	return err;
}

int dialled_read(struct reader *r)
{
	const yaml_node_t *prefixes = document_find(&r->document, "dialled-prefixes");
	const yaml_node_t *exits = document_find(&r->document, "exit-codes");
	struct sg_config *kernel = &r->config->kernel;
	int err = 0;

	if (prefixes)
		err = list_read(r, prefixes, false, kernel->dialled, &kernel->dialled_count);
	if (!err && exits)
		err = list_read(r, exits, true, kernel->exit, &kernel->exit_count);
	return err;
}
