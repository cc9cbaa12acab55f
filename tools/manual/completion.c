// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words that bash completes, from the tables; completion.sh chooses among them. What stands in
 * the usage line of a command, and in that of an option, says what may come there: words in
 * capitals are kinds of things, others themselves.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "manual.h"

#define PLACES 4
#define PLACE_TEXT 4096

/* What may stand at each place behind the command; the last one goes for all that follow. */
struct places {
	char words[PLACES][PLACE_TEXT];
	char actions[PLACES][64];  /* of bash's compgen */
	size_t count;
};

static void add(char *to, size_t size, const char *word)
{
	size_t used = strlen(to);

	if (*word && used + strlen(word) + 2 < size)
		sprintf(to + used, "%s%s", used ? " " : "", word);
}

static void add_all(char *to, const char *const *words, int first, int end)
{
	for (int i = first; i < end; i++)
		add(to, PLACE_TEXT, words[i]);
}

static void add_reasons(char *to)
{
	for (int reason = 1; reason < SG_REASON__MAX; reason++)
		add(to, PLACE_TEXT, reason_texts[reason].label);
}

static void add_commands(char *to)
{
	for (const struct command *command = commands; command->name; command++)
		add(to, PLACE_TEXT, command->name);
}

/* One word of a usage line. A kind that nobody can know before (ADDRESS) adds nothing. */
static void add_kind(char *words, char *action, const char *kind)
{
	static const char *const files[] = {"FILE", "CAPTURE"};

	if (islower((unsigned char)kind[0]))
		add(words, PLACE_TEXT, kind);
	else if (!strcmp(kind, "REASON"))
		add_reasons(words);
	else if (!strcmp(kind, "EVENT"))
		add_all(words, count_names, 0, SG_COUNT__MAX);
	else if (!strcmp(kind, "PROOF"))
		add_all(words, proof_names, SG_PROOF_NONE + 1, SG_PROOF__MAX);
	else if (!strcmp(kind, "MODE"))
		add_all(words, mode_names, 0, SG_MODE__MAX);
	else if (!strcmp(kind, "COMMAND"))
		add_commands(words);
	else if (!strcmp(kind, "IFACE") || !strcmp(kind, "INTERFACE"))
		add(words, PLACE_TEXT, "@interfaces");
	else if (!strcmp(kind, "FOLDER"))
		strcpy(action, "-d");
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (!strcmp(kind, files[i]))
			strcpy(action, "-f");
}

/* All words of "A | b|C", up to the blank that ends them. Returns what follows. */
static const char *read_group(const char *text, char *words, char *action)
{
	char kind[64];

	for (;;) {
		size_t length;

		text += strspn(text, " [|");
		length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");
		if (length >= sizeof(kind))
			length = sizeof(kind) - 1;
		snprintf(kind, sizeof(kind), "%.*s", (int)length, text);
		if (length)
			add_kind(words, action, kind);
		text += strcspn(text, " |");
		if (text[strspn(text, " ")] != '|')
			return text + strspn(text, " ");
	}
}

/*
 * A group in brackets may be left out: then what comes next stands in its place. `import` is of a
 * file.
 */
static void read_places(const struct command *command, struct places *places)
{
	size_t most = command->max < 0 || command->max > PLACES ? PLACES : command->max;
	const char *text = command->arguments;
	bool optional = false;

	*places = (struct places){.count = 0};
	while (*text && places->count < most) {
		size_t at = places->count++;
		bool was_optional = optional;
		char words[PLACE_TEXT] = "", action[64] = "";

		optional = text[0] == '[';
		text = read_group(text, words, action);
		add(places->words[at], PLACE_TEXT, words);
		strcpy(places->actions[at], action);
		if (was_optional && at)
			add(places->words[at - 1], PLACE_TEXT, words);
	}
}

static void write_case(FILE *to, const char *name, const char *what, const char *words,
		       const char *action)
{
	fprintf(to, "\t%s) %s='%s' action='%s' ;;\n", name, what, words, action);
}

static void write_places(FILE *to, const struct command *command)
{
	struct places places;
	char name[64];

	read_places(command, &places);
	for (size_t i = 0; i < places.count; i++) {
		bool rest = i + 1 == places.count && (command->max < 0 || i + 1 == PLACES);

		snprintf(name, sizeof(name), "%s:%zu%s", command->name, i + 1,
			 rest ? " | " : "");
		if (rest)
			sprintf(name + strlen(name), "%s:*", command->name);
		write_case(to, name, "words", places.words[i], places.actions[i]);
	}
}

static void write_options(FILE *to, const struct command *command)
{
	const struct option_text *option;
	char words[PLACE_TEXT] = "", name[64];

	for (size_t i = 0; (option = option_text(i)); i++) {
		snprintf(name, sizeof(name), "--%s", option->name);
		if (!option->bit || option->bit & command->accepts)
			add(words, PLACE_TEXT, name);
	}
	write_case(to, command->name, "options", words, "");
}

static void write_values(FILE *to)
{
	const struct option_text *option;

	for (size_t i = 0; (option = option_text(i)); i++) {
		char words[PLACE_TEXT] = "", action[64] = "", name[64];

		if (!option->argument)
			continue;
		read_group(option->argument, words, action);
		snprintf(name, sizeof(name), "--%s | -%c", option->name, option->letter);
		write_case(to, name, "words", words, action);
	}
}

static const char head[] =
	"# SPDX-License-Identifier: GPL-2.0-only\n"
	"# shellcheck shell=bash\n"
	"# Made by tools/manual of the tables of the command.\n\n";

static void write_function(FILE *to, const char *name)
{
	fprintf(to, "_sipguard_%s() {\n\tcase $1 in\n", name);
}

int write_completion(FILE *to)
{
	fputs(head, to);
	fputs("# COMMAND: the options that it accepts.\n", to);
	write_function(to, "options");
	for (const struct command *command = commands; command->name; command++)
		write_options(to, command);
	fputs("\t*) options='--help --version' ;;\n\tesac\n}\n\n"
	      "# OPTION: what its value may be; false if it takes none.\n", to);
	write_function(to, "value");
	write_values(to);
	fputs("\t*) return 1 ;;\n\tesac\n}\n\n"
	      "# COMMAND:PLACE: what may stand there.\n", to);
	write_function(to, "words");
	for (const struct command *command = commands; command->name; command++)
		write_places(to, command);
	fputs("\tesac\n}\n\n", to);
	return 0;
}
