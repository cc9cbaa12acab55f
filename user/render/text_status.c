// SPDX-License-Identifier: GPL-2.0-only
#include "render/text.h"

#include <stdio.h>

#include "base/escape.h"
#include "base/names.h"
#include "model/bans.h"
#include "policy/policy.h"
#include "render/output.h"

/* --- what matters in an attack --- */

static void print_mode(const struct snapshot *s)
{
	printf("  mode             %s: %s\n", mode_names[s->mode],
	       s->mode == SG_MODE_MONITOR
		       ? "nothing is dropped, only counted (`sipguard stats --watch 5`)"
		       : "`sipguard stats --watch 5` tells what is dropped");
	if (s->mode != s->config.config_mode)
		printf("  %-16s by `sipguard mode`, attach or what was saved; the configuration "
		       "says %s\n", "", mode_names[s->config.config_mode % SG_MODE__MAX]);
}

/* How often strangers have to send, and why; the greylist is armed. */
static const char *greylist_tries(const struct snapshot *s, char text[80])
{
	if (s->number[NUMBER_GREYLIST_TRIES] <= 2)
		return "twice, since they exceeded their budget";
	snprintf(text, 80, "three times, since a CPU has more than %d of theirs a second",
		 SG_FIXED_GREYLIST_RUSH);
	return text;
}

static void print_greylist(const struct snapshot *s)
{
	char text[80];

	if (s->number[NUMBER_GREYLIST_ARMED])
		printf("  greylist         ARMED: strangers %s to send %s; for %llu s more if the "
		       "flood ends now\n", s->mode == SG_MODE_MONITOR ? "would have" : "have",
		       greylist_tries(s, text), s->number[NUMBER_GREYLIST_SECONDS]);
	else
		printf("  greylist         not armed\n");
}

static const char *overload_cause(const struct snapshot *s)
{
	if (!s->number[NUMBER_OVERLOAD_SILENT])
		return "answers 503";
	return s->number[NUMBER_OVERLOAD_REFUSES] ? "answers 503 or not at all"
						  : "does not answer";
}

/* Of who is known; strangers are shed one level before them. */
static void print_overload(const struct snapshot *s)
{
	static const char *const shed[SG_OVERLOAD_MOST + 1] = {
		"", "OPTIONS", "all but REGISTER and INVITE", "all but INVITE", "all",
	};
	__u64 level = s->number[NUMBER_OVERLOAD_LEVEL];
	char since[OUTPUT_TEXT];

	if (!s->config.overload_shed || !level || level > SG_OVERLOAD_MOST) {
		printf("  overload         %s\n",
		       s->config.overload_shed ? "not armed" : "not looked for");
		return;
	}
	printf("  overload         LEVEL %llu of %d, for %s: the server %s; of new requests %s "
	       "%s shed, of strangers a level more; for %llu s more\n", level, SG_OVERLOAD_MOST,
	       output_seconds(s->number[NUMBER_OVERLOAD_SINCE], since), overload_cause(s),
	       shed[level], s->mode == SG_MODE_MONITOR ? "would be" : "are",
	       s->number[NUMBER_OVERLOAD_LEFT]);
}

static void print_dialogs(const struct snapshot *s)
{
	__u64 heard = s->number[NUMBER_DIALOGS_HEARD];
	char text[OUTPUT_TEXT];

	if (!s->number[NUMBER_DIALOGS_LEARNED])
		printf("  dialogs          not looked for\n");
	else if (!heard)
		printf("  dialogs          not judged: nothing that the server sends was heard in "
		       "the last 10 min\n");
	else
		printf("  dialogs          heard without a gap for %s; judged from `dialogs: "
		       "grace` on\n", output_seconds(heard, text));
}

static void print_connections(const struct snapshot *s)
{
	if (s->number[NUMBER_CONNECTIONS_COUNTED])
		printf("  connections      %llu, of %llu sources\n",
		       s->number[NUMBER_CONNECTIONS_LIVE], s->number[NUMBER_CONNECTIONS_SOURCES]);
	else
		printf("  connections      NOT counted, so live ones have no limit: `sipguard "
		       "attach IFACE` tries again, and says why not\n");
}

static void print_bans(const struct snapshot *s)
{
	const struct sg_profile *profile = sg_profile_of(&s->config, 0);
	const char *sources = ban_remark(ban_mode(s->mode, profile, false));
	const char *flows = ban_remark(ban_mode(s->mode, profile, true));

	printf("  bans             %llu of sources%s, %llu of flows%s\n",
	       s->number[NUMBER_BANS_SOURCES], sources, s->number[NUMBER_BANS_FLOWS], flows);
}

static void print_now(const struct snapshot *s)
{
	print_mode(s);
	print_greylist(s);
	print_overload(s);
	print_bans(s);
	printf("  proven flows     %llu of %llu at most\n", s->number[NUMBER_FLOWS_PROVEN],
	       s->number[NUMBER_FLOWS_MOST]);
	for (size_t i = 0; i < s->notices; i++)
		printf("  NOTICE           %s\n", s->notice[i]);
	print_connections(s);
	print_dialogs(s);
}

/* --- interfaces --- */

static void print_guarded(const struct interface *i)
{
	if (i->mode != XDP_MODE_GENERIC)
		escape_printf(stdout, "  %-16s native XDP%s", i->name,
			      i->mode == XDP_MODE_NATIVE ? "" : ", called by libxdp's dispatcher");
	else
		escape_printf(stdout, "  %-16s at tc ingress%s%s", i->name,
			      i->obstacle ? ", since " : "", i->obstacle ? i->obstacle : "");
	printf(", program %s, id %u\n", judge_names[i->judge], i->program_id);
}

static void print_state(const struct interface *i)
{
	switch (i->state) {
	case LINK_HERE:
		print_guarded(i);
		break;
	case LINK_ELSEWHERE:
		escape_printf(stdout,
			      "  %-16s guarded, %s (the name is the one it had when it was "
			      "attached)\n", i->name, link_state_names[i->state]);
		break;
	case LINK_GONE:
		escape_printf(stdout, "  %-16s gone: attach it again, or detach it\n", i->name);
		break;
	case LINK_REMOVED:
		escape_printf(stdout,
			      "  %-16s NOT guarded, somebody detached that program: `sipguard "
			      "attach %s` brings it back\n", i->name, i->name);
		break;
	}
}

static void print_blind(const struct interface *i)
{
	printf("  %-16s the guard sees NOTHING of what this interface receives: another program ",
	       "");
	if (i->mode != XDP_MODE_GENERIC)
		escape_printf(stdout,
			      "hands it over past the driver, as bpf_redirect_peer() does for "
			      "pods: detach %s, and attach it with --xdp generic\n", i->name);
	else
		escape_printf(stdout,
			      "takes it first: `tc filter show dev %s ingress` and `bpftool net "
			      "show dev %s` tell which\n", i->name, i->name);
}

static void print_traffic(const struct interface *i)
{
	if (i->twice[0])
		escape_printf(stdout,
			      "  %-16s what it receives is charged TWICE, since %s is guarded, "
			      "too: detach one of them\n", "", i->twice);
	if (!i->comparable)
		return;
	printf("  %-16s has received %llu packets, the guard has seen %llu\n", "", i->received,
	       i->seen);
	if (i->blind)
		print_blind(i);
}

static void print_replies(const struct interface *i)
{
	bool here = i->state == LINK_HERE;

	if (i->replies == EGRESS_MISSING)
		escape_printf(stdout,
			      "  %-16s what it sends is NOT seen, somebody detached that program: "
			      "`sipguard attach %s` brings it back\n", "", i->name);
	else if (i->replies == EGRESS_OLDER)
		escape_printf(stdout,
			      "  %-16s what it sends %s seen by an OLDER program: `sipguard attach "
			      "%s` %s\n", "", here ? "is" : "may be", i->name,
			      here ? "replaces it" : "there replaces it");
	else if (egress_names[i->replies])
		printf("  %-16s what it sends is seen by %s\n", "", egress_names[i->replies]);
}

static void print_interfaces(const struct interfaces *interfaces)
{
	printf("\nInterfaces\n");
	for (size_t n = 0; n < interfaces->count; n++) {
		const struct interface *i = &interfaces->interface[n];

		print_state(i);
		if (i->state == LINK_HERE)
			print_traffic(i);
		print_replies(i);
	}
}

/* --- the numbers that have a line --- */

static void print_number(const struct number_text *text, __u64 number)
{
	char value[OUTPUT_TEXT];

	printf("  %-16s ", text->title);
	switch (text->kind) {
	case NUMBER_COUNT:
		printf("%llu\n", number);
		break;
	case NUMBER_FLAG:
		printf("%s\n", number ? "yes" : "no");
		break;
	case NUMBER_AGO:
		printf("%s ago\n", output_seconds(number, value));
		break;
	case NUMBER_BYTES:
		printf("%s\n", output_bytes(number, value));
		break;
	}
}

void status_text(const struct snapshot *s)
{
	printf("sipguard %s (ABI %d)\n", SIPGUARD_VERSION, SG_ABI_VERSION);
	print_now(s);
	printf("  lists            %llu allowed, %llu denied prefixes\n",
	       s->number[NUMBER_LISTS_ALLOW], s->number[NUMBER_LISTS_DENY]);
	escape_printf(stdout, "  configuration    %s\n", policy_name(s->config_path));
	if (s->shadowed)
		escape_printf(stdout, "  shadow           %s (`sipguard shadow`)\n",
			      policy_name(s->shadow_path));
	for (int id = 0; id < NUMBER__MAX; id++) {
		if (number_texts[id].title)
			print_number(&number_texts[id], s->number[id]);
	}
	print_interfaces(&s->interfaces);
	settings_text(&s->config, &s->served);
}
