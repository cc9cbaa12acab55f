// SPDX-License-Identifier: GPL-2.0-only
/* sipguard(8): the tables of commands, options, reasons, events and proofs, one after the other. */
#include <string.h>

#include "announce/settings.h"
#include "base/names.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "fleet/settings.h"
#include "manual.h"
#include "policy/policy.h"

#define FILL(to, text) roff_fill(to, text, strlen(text))
#define PUT(to, text) roff_put(to, text, strlen(text))

static void put_introduction(FILE *to)
{
	fputs(".SH SYNOPSIS\n.B sipguard\n.I COMMAND\n.RI [ ARGUMENT ...]\n.RI [ OPTION ...]\n"
	      ".SH DESCRIPTION\n", to);
	FILL(to, "sipguard guards a SIP server against floods, before they cost it much: programs "
		 "in the kernel judge each packet that comes in, and drop what is malformed, "
		 "forged or too much. What is guarded stays guarded when no process of sipguard is "
		 "running. A new guard is in monitor mode, and drops nothing until `sipguard mode "
		 "enforce`.");
}

static void put_option(FILE *to, const struct option_text *option)
{
	fprintf(to, ".TP\n\\fB\\-%c\\fR, \\fB\\-\\-%s\\fR", option->letter, option->name);
	if (option->argument) {
		fputs(" \\fI", to);
		PUT(to, option->argument);
		fputs("\\fR", to);
	}
	fputc('\n', to);
	FILL(to, option->help);
}

static void put_command(FILE *to, const struct command *command)
{
	const struct option_text *option;

	fprintf(to, ".SS \"sipguard %s", command->name);
	if (command->arguments[0])
		fputc(' ', to);
	PUT(to, command->arguments);
	fprintf(to, "%s\"\n", command->accepts ? " [OPTION...]" : "");
	fprintf(to, "%c", command->summary[0] & ~0x20);
	FILL(to, command->summary + 1);
	fputs(".PP\n", to);
	roff_details(to, command->details);
	for (size_t i = 0; (option = option_text(i)); i++)
		if (option->bit & command->accepts)
			put_option(to, option);
}

static void put_commands(FILE *to)
{
	const struct option_text *option;

	fputs(".SH COMMANDS\n", to);
	for (const struct command *command = commands; command->name; command++)
		put_command(to, command);
	fputs(".SH OPTIONS\nEvery command has these, too:\n", to);
	for (size_t i = 0; (option = option_text(i)); i++)
		if (!option->bit)
			put_option(to, option);
}

static void put_exit_status(FILE *to)
{
	static const char *const meaning[] = {
		[DONE] = "done", [FAILED] = "failed; standard error says why, in one sentence",
		[USAGE] = "wrong usage", [NOT_ATTACHED] = "no interface is guarded",
	};

	fputs(".SH \"EXIT STATUS\"\n", to);
	for (size_t code = 0; code < sizeof(meaning) / sizeof(*meaning); code++)
		fprintf(to, ".TP\n.B %zu\n%s\n", code, meaning[code]);
}

static void put_files(FILE *to)
{
	fputs(".SH FILES\n.TP\n.I " POLICY_FILE "\n", to);
	FILL(to, "The configuration that a new guard reads by itself, if it is there; see "
		 "sipguard.yaml(5).");
	fputs(".TP\n.I " FLEET_FILE "\n.TQ\n.I " UPSTREAM_FILE "\n", to);
	FILL(to, "What the agent of a fleet and `sipguard upstream` may do; docs/fleet.md and "
		 "docs/upstream.md have the keys.");
	fputs(".TP\n.I " FLEET_STATUS "\n", to);
	FILL(to, "What the agent writes, and `sipguard fleet status` reads.");
	fputs(".TP\n.I /sys/fs/bpf/sipguard\n", to);
	FILL(to, "What the kernel holds of the guard: programs, tables, links. It is there while "
		 "an interface is guarded.");
	fputs(".SH ENVIRONMENT\n.TP\n.B SIPGUARD_PIN_ROOT\n", to);
	FILL(to, "A directory of a BPF file system in place of /sys/fs/bpf/sipguard.");
	fputs(".TP\n.B SIPGUARD_MEMBER\n", to);
	FILL(to, "The name of this host in a fleet, before what fleet.yaml says; its dots count as "
		 "underscores.");
}

static void put_reasons(FILE *to)
{
	fputs(".SH REASONS\n", to);
	FILL(to, "Why a packet is dropped, or would be; with what the reason rests on, and its "
		 "mode where the configuration says nothing. `sipguard explain REASON` also shows "
		 "the mode in force.");
	for (int reason = 1; reason < SG_REASON__MAX; reason++) {
		const struct reason_text *text = &reason_texts[reason];

		fputs(".TP\n\\fB", to);
		PUT(to, text->label);
		fputs("\\fR (", to);
		PUT(to, text->reference);
		fprintf(to, "; %s)\n", mode_names[text->mode]);
		FILL(to, text->help);
	}
}

static void put_words(FILE *to, const char *title, const char *about, const char *const *names,
		      const char *const *helps, int first, int end)
{
	fprintf(to, ".SH %s\n", title);
	FILL(to, about);
	for (int i = first; i < end; i++) {
		fputs(".TP\n\\fB", to);
		PUT(to, names[i]);
		fputs("\\fR\n", to);
		FILL(to, helps[i]);
	}
}

int write_command_page(FILE *to)
{
	roff_head(to, "SIPGUARD", 8, "sipguard \\- guards a SIP server against floods");
	put_introduction(to);
	put_commands(to);
	put_exit_status(to);
	put_files(to);
	put_reasons(to);
	put_words(to, "EVENTS", "What `sipguard stats` counts beside packets.", count_names,
		  count_helps, 0, SG_COUNT__MAX);
	put_words(to, "PROOFS", "What `sipguard sources` shows a flow to be known by.", proof_names,
		  proof_helps, SG_PROOF_NONE + 1, SG_PROOF__MAX);
	fputs(".SH \"SEE ALSO\"\n.BR sipguard.yaml (5),\n.BR tc (8),\n.BR bpftool (8)\n"
	      ".PP\nPages named docs/NAME.md are in the source tree; the Debian package has them\n"
	      "in /usr/share/doc/sipguard.\n", to);
	return 0;
}
