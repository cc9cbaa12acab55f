// SPDX-License-Identifier: GPL-2.0-only
/* explain: what a reason, an event or a proof is, and what is in force of it now. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/names.h"
#include "base/text.h"
#include "cmd/command.h"
#include "guard/preflight.h"
#include "guard/session.h"
#include "render/output.h"
#include "show/references.h"

/* What is in force, if a guard is attached and may be read. */
struct in_force {
	__u8 guard; /* enum sg_mode */
	__u32 zones;
	char zone[SG_ZONES][SG_ZONE_NAME];
	__u8 mode[SG_ZONES][SG_REASON__MAX];
};

/* Of a reason, for who is in no zone; -1 without a guard. */
static int mode_in_force(const struct in_force *in_force, int reason)
{
	return in_force ? in_force->mode[0][reason] : -1;
}

static json_t *zones_json(const struct in_force *in_force, int reason)
{
	json_t *zones = json_object();

	for (__u32 zone = 1; zone <= in_force->zones; zone++)
		json_object_set_new(zones, in_force->zone[zone],
				    json_string(mode_names[in_force->mode[zone][reason]]));
	return zones;
}

/* Those in which the mode is another one. */
static void explain_zones(const struct in_force *in_force, int reason)
{
	for (__u32 zone = 1; zone <= in_force->zones; zone++)
		if (in_force->mode[zone][reason] != in_force->mode[0][reason])
			escape_printf(stdout, "; %s in zone %s",
				      mode_names[in_force->mode[zone][reason]],
				      in_force->zone[zone]);
}

/* The help of the proof that has the name of a reason, NULL if there is none. */
static const char *proof_of_name(const char *label)
{
	int proof = proof_find(label);

	return proof > SG_PROOF_NONE ? proof_helps[proof] : NULL;
}

static json_t *explain_json(int reason, const struct in_force *in_force)
{
	const struct reason_text *text = &reason_texts[reason];
	int mode = mode_in_force(in_force, reason);

	return json_pack("{s:s, s:i, s:s, s:s?, s:s, s:s?, s:o?, s:s, s:s?}", "reason", text->label,
			 "number", reason, "reference", text->reference,
			 "about", reference_about(text->reference),
			 "default_mode", mode_names[text->mode],
			 "mode", mode < 0 ? NULL : mode_names[mode],
			 "zones", in_force ? zones_json(in_force, reason) : NULL,
			 "help", text->help,
			 "proof", proof_of_name(text->label));
}

static void print_wrapped(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > 96) {
			putchar('\n');
			column = 0;
		}
		column += printf("%s%.*s", column ? " " : "", (int)word, text);
		text += word + (text[word] == ' ');
	}
	putchar('\n');
}

/* What lifts a reason in force: for one peer, if its address is looked at, and for everybody. */
static void explain_lifts(int reason, int mode)
{
	const char *peer = "To let one peer pass, if nobody else can send from its address: "
			   "`sipguard allow add PREFIX`. ";
	char everybody[100] = "", lifts[256];

	if (reason == SG_REASON_DENY_LIST)
		peer = "To let one peer pass: `sipguard deny del PREFIX`, or `sipguard allow add` "
		       "with a longer one. ";
	else if (reason == SG_REASON_VLAN_TAGS || reason == SG_REASON_SOURCE_ADDRESS)
		peer = ""; /* no peer has such an address */
	if (mode < 0 || mode == SG_MODE_ENFORCE)
		snprintf(everybody, sizeof(everybody), "To let everybody pass, and only count: "
			 "`sipguard mode %s monitor`.", reason_texts[reason].label);
	snprintf(lifts, sizeof(lifts), "%s%s", peer, everybody);
	if (!lifts[0])
		return;
	putchar('\n');
	print_wrapped(lifts);
}

/* "RFC 3261 section 20.42: Via": a number says nothing to who does not know it. */
static void print_reference(const char *reference)
{
	const char *about = reference_about(reference);

	printf("%s%s%s", reference, about ? ": " : "", about ? about : "");
}

/* What is counted passes, and is seen. Replies are dropped at tc egress, behind no driver. */
static void explain_sight(int reason, const struct in_force *in_force)
{
	int mode = in_force ? in_force->mode[0][reason] : reason_texts[reason].mode;

	if (mode != SG_MODE_ENFORCE || reason == SG_REASON_REPLIES ||
	    (in_force && in_force->guard == SG_MODE_MONITOR))
		return;
	putchar('\n');
	print_wrapped("tcpdump and sngrep do not see what XDP drops: `sipguard capture` shows "
		      "it, or monitor mode lets it pass.");
}

static void explain_text(int reason, const struct in_force *in_force)
{
	const struct reason_text *text = &reason_texts[reason];
	const char *proof = proof_of_name(text->label);
	int mode = mode_in_force(in_force, reason);

	printf("%s (", text->label);
	print_reference(text->reference);
	printf(")\nMode: %s by default", mode_names[text->mode]);
	if (mode >= 0)
		printf(", %s now", mode_names[mode]);
	if (mode >= 0)
		explain_zones(in_force, reason);
	if (mode == SG_MODE_ENFORCE && in_force->guard == SG_MODE_MONITOR)
		printf("; but the guard itself is in monitor mode, and drops nothing");
	printf("\n\n");
	print_wrapped(text->help);
	explain_lifts(reason, mode);
	if (proof) {
		printf("\nIn `sipguard sources` it is what a flow is known by:\n");
		print_wrapped(proof);
	}
	explain_sight(reason, in_force);
}

static void explain_all(const struct in_force *in_force, bool json)
{
	json_t *all = json ? json_array() : NULL;

	for (int reason = 1; reason < SG_REASON__MAX; reason++) {
		if (json) {
			json_array_append_new(all, explain_json(reason, in_force));
			continue;
		}
		printf("%-22s %-8s ", reason_texts[reason].label,
		       mode_names[in_force ? in_force->mode[0][reason]
					   : reason_texts[reason].mode]);
		print_reference(reason_texts[reason].reference);
		putchar('\n');
	}
	if (json)
		output_json(all);
	else
		printf("\n`sipguard explain REASON` tells more.\n");
}

/* NULL without a guard, else *in_force: more is said with one, but none is needed. */
static const struct in_force *look_in_force(struct in_force *in_force)
{
	const struct sg_config *config;
	struct session session;

	if (!preflight_capable() || session_begin(&session, ACCESS_READ, NULL))
		return NULL;
	config = &session.maps.configs[session.maps.state->active & 1];
	in_force->guard = session.maps.state->mode;
	in_force->zones = config->zones < SG_ZONES ? config->zones : SG_ZONES - 1;
	for (__u32 zone = 0; zone <= in_force->zones; zone++) {
		memcpy(in_force->zone[zone], config->zone[zone].name, SG_ZONE_NAME);
		memcpy(in_force->mode[zone], sg_profile_of(config, zone)->mode, SG_REASON__MAX);
	}
	session_end(&session);
	return in_force;
}

/* What is no reason: its `kind` is its key in JSON. */
static enum exit_code explain_word(const char *kind, const char *name, const char *about,
				   const char *help, bool json)
{
	if (json) {
		output_json(json_pack("{s:s, s:s}", kind, name, "help", help));
	} else {
		printf("%s (%s)\n\n", name, about);
		print_wrapped(help);
	}
	return output_end();
}

static enum exit_code explain_event(int event, bool json)
{
	return explain_word("event", count_names[event], "an event, which drops nothing",
			    count_helps[event], json);
}

static enum exit_code explain_proof(int proof, bool json)
{
	return explain_word("proof", proof_names[proof], "what a flow is known by",
			    proof_helps[proof], json);
}

/* Reasons that have the word in their names, for who does not know the whole name. */
static enum exit_code unknown(const char *word)
{
	char names[196] = "";

	for (int reason = 1; *word && reason < SG_REASON__MAX; reason++) {
		const char *label = reason_texts[reason].label;

		if (strstr(label, word))
			text_or(names, sizeof(names), label);
	}
	if (*names)
		return usage("there is no reason, event or proof '%s': do you mean %s?", word,
			     names);
	return usage("there is no reason, event or proof '%s' (`sipguard explain` lists the "
		     "reasons, `sipguard stats` has the events, `sipguard sources` the proofs).",
		     word);
}

enum exit_code cmd_explain(const struct options *options)
{
	const char *label = options->count ? options->arguments[0] : NULL;
	int reason = label ? reason_find(label) : SG_REASON_NONE;
	int event = label ? count_find(label) : -EINVAL;
	int proof = label ? proof_find(label) : -EINVAL;
	const struct in_force *in_force;
	struct in_force copy;

	if (event >= 0)
		return explain_event(event, options->json);
	if (label && reason <= SG_REASON_NONE && proof > SG_PROOF_NONE)
		return explain_proof(proof, options->json);
	if (label && reason <= SG_REASON_NONE)
		return unknown(label);
	in_force = look_in_force(&copy);
	if (!label)
		explain_all(in_force, options->json);
	else if (options->json)
		output_json(explain_json(reason, in_force));
	else
		explain_text(reason, in_force);
	return output_end();
}
