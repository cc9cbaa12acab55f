// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/calibrate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/notice.h"

/* --- a guard whose limits nobody meets --- */

static void open_profile(struct sg_profile *profile, const struct sg_limit *any)
{
	for (int i = 0; i < SG_LIMIT__MAX; i++)
		profile->limit[i] = profile->flow[i] = *any;
	profile->new_connections = profile->segment = profile->callee = profile->dialog = *any;
}

/* The same configuration, but for its limits: to be freed, but for its prefixes. */
static struct config *config_opened(const struct config *config)
{
	const struct sg_limit any = sg_limit_of(SG_RATE_MAX, SG_BURST_MAX);
	struct config *opened = malloc(sizeof(*opened));

	if (!opened)
		return NULL;
	*opened = *config;
	for (int i = 0; i < SG_PROFILES; i++)
		open_profile(&opened->kernel.profile[i], &any);
	for (int i = 0; i < SG_LIMIT__MAX; i++)
		opened->kernel.proven[i] = any;
	for (int i = 0; i < SG_TOTAL_PLACES; i++)
		opened->kernel.total[i] = any;
	return opened;
}

/* Whether it is a limit by which a packet was dropped, and not what it is. */
static bool is_limit(enum sg_reason reason)
{
	switch (reason) {
#define X(name, key, rate, burst, reason, ...) case SG_REASON_##reason:
	SG_LIMITS(X)
#undef X
	case SG_REASON_LIMIT_FLOW:
	case SG_REASON_LIMIT_CONNECT:
	case SG_REASON_LIMIT_SEGMENT:
	case SG_REASON_LIMIT_CALLEE:
	case SG_REASON_LIMIT_OWN_CALLEE:
	case SG_REASON_LIMIT_DIALOG:
	case SG_REASON_UNLISTED_BUDGET:
	case SG_REASON_ZONE_TOTAL:
	case SG_REASON_GREYLIST:
		return true;
	default:
		return false;
	}
}

/* --- what the passes hear --- */

/* A flow of his has proven something. */
static void proved(void *context, const struct sight *sight)
{
	struct calibration *c = context;
	struct sender *sender = senders_of(&c->senders, &sight->ends->to);

	if (sender && sight->proof > sender->proof)
		sender->proof = sight->proof;
}

/* What it costs is kept until it is known who counts. */
static void note(void *context, const struct sight *sight)
{
	struct calibration *c = context;
	struct sender *sender = sight->judgement->guarded
				? senders_of(&c->senders, &sight->ends->from) : NULL;
	struct charge charge;

	if (!sender)
		return;
	sender_note(sender, sight->judgement, sight->now);
	if (sight->proof > sender->proof)
		sender->proof = sight->proof;
	if (sight->judgement->drop ||
	    !charge_of(sight->ends, sight->proof, sight->counted, sight->now, &charge))
		return;
	if (fwrite(&charge, sizeof(charge), 1, c->charges) != 1)
		c->charges_lost = true;
}

static void note_drop(struct calibration *c, const struct sight *sight, bool after)
{
	struct sender *sender = senders_find(&c->senders, &sight->ends->from);

	if (!sender || !sight->judgement->drop || !is_limit(sight->judgement->reason))
		return;
	sender_drop(after ? &sender->proposed : &sender->today, sight->judgement->reason);
	if (!sender_exclusion(sender))
		sender_drop(after ? &c->after : &c->today, sight->judgement->reason);
}

static void drop_today(void *context, const struct sight *sight)
{
	note_drop(context, sight, false);
}

static void drop_after(void *context, const struct sight *sight)
{
	note_drop(context, sight, true);
}

/* --- what cannot be calibrated from --- */

static int explain_nothing(const struct calibration *c, struct error *error)
{
	const struct recording *r = &c->recording;
	char one[PREFIX_TEXT], other[PREFIX_TEXT];

	flow_format(&r->puzzle.from, one, sizeof(one));
	flow_format(&r->puzzle.to, other, sizeof(other));
	if (!r->packets)
		return error_set(error, -ENODATA, "there is no packet in the recording.");
	if (r->unknown)
		return error_set(error, -ENODATA, "nobody can tell which of %s and %s is the "
				 "server: name it by --server.", one, other);
	if (r->foreign)
		return error_set(error, -ENODATA, "not one of %llu packets can be read, %llu of "
				 "them since they are of another link type: capture on an "
				 "Ethernet interface, or on \"any\".", r->packets, r->foreign);
	if (r->cut)
		return error_set(error, -ENODATA, "all packets of SIP were cut short when they "
				 "were captured: capture whole ones (tcpdump -s 0).");
	return error_set(error, -ENODATA, "not one of %llu packets came to a guarded port: name "
			 "those of your server in the configuration, under ports.", r->packets);
}

static int explain_nobody(const struct calibration *c, struct error *error)
{
	if (!c->recording.out)
		return error_set(error, -ENODATA, "there is no reply of the server in the "
				 "recording, so nobody has proven anything: capture both directions (tcpdump "
				 "without -Q), or name whom to provide for by --trust.");
	return error_set(error, -ENODATA, "none of %zu senders has proven anything, by a "
			 "registration or a call: record for longer, or name whom to provide for "
			 "by --trust.", c->senders.table.count);
}

/* What is in the recording and was left out. */
static void give_notice(const struct calibration *c)
{
	const struct recording *r = &c->recording;
	char one[PREFIX_TEXT], other[PREFIX_TEXT];

	flow_format(&r->puzzle.from, one, sizeof(one));
	flow_format(&r->puzzle.to, other, sizeof(other));
	if (r->unknown)
		notice("%llu packets were left out, as nobody can tell which of %s and %s is the "
		       "server: name it by --server.", r->unknown, one, other);
	if (r->cut)
		notice("%llu packets were left out, as they were cut short when they were "
		       "captured: capture whole ones (tcpdump -s 0).", r->cut);
	if (r->foreign)
		notice("%llu packets were left out, as they are of a link type that is not read.",
		       r->foreign);
	if (r->stood)
		notice("time goes backwards in the recording: for %llu packets the clock of the "
		       "limits stood still.", r->stood);
}

/* Those who count, and what they sent. */
static void count_senders(struct calibration *c)
{
	size_t next = 0;

	c->counting = c->packets = 0;
	for (const struct sender *s; (s = table_next(&c->senders.table, &next));) {
		if (sender_exclusion(s) || !s->packets)
			continue;
		c->counting++;
		c->packets += s->packets;
	}
}

/* --- the passes --- */

static int find_senders(struct calibration *c, struct error *error)
{
	struct config *opened = config_opened(c->policy->config);
	const struct pass pass = {
		.what = "who sends what", .config = opened, .came = note, .proved = proved,
		.context = c,
	};
	int err;

	c->charges = tmpfile();
	if (!c->charges)
		err = error_set(error, -errno, "cannot make a temporary file: %s.",
				strerror(errno));
	else
		err = opened ? recording_pass(&c->recording, &pass, error)
			     : error_set(error, -ENOMEM, "out of memory.");
	free(opened);
	if (err)
		return err;
	if (c->charges_lost || fflush(c->charges))
		return error_set(error, -ENOSPC, "cannot keep what each packet costs in a "
				 "temporary file: make room in " P_tmpdir ", 40 bytes for each packet.");
	if (!c->recording.in)
		return explain_nothing(c, error);
	count_senders(c);
	return c->counting ? 0 : explain_nobody(c, error);
}

static int find_needs_once(struct calibration *c, struct error *error)
{
	struct charge charge;
	int err;

	needs_free(&c->needs);
	err = needs_init(&c->needs, error);
	if (err)
		return err;
	rewind(c->charges);
	while (fread(&charge, sizeof(charge), 1, c->charges) == 1) {
		const struct sender *sender = senders_find(&c->senders, &charge.from);

		if (sender && !sender_exclusion(sender))
			needs_add(&c->needs, sender, &charge);
	}
	if (ferror(c->charges))
		return error_set(error, -EIO, "cannot read what was written to " P_tmpdir ".");
	needs_end(&c->needs, &c->senders);
	return 0;
}

/* Again if some are to have zones of their own: then the others share less. */
static int find_needs(struct calibration *c, struct error *error)
{
	int err = find_needs_once(c, error);

	if (!err && proposal_sort_out(&c->needs, &c->senders)) {
		err = find_needs_once(c, error);
		if (!err)
			proposal_sort_out(&c->needs, &c->senders);
	}
	return err;
}

static int try_limits(struct calibration *c, struct error *error)
{
	struct pass pass = {
		.what = "trying today's limits", .config = c->policy->config,
		.came = drop_today, .context = c,
	};
	int err = recording_pass(&c->recording, &pass, error);

	if (err || !(c->proposal.changed || c->proposal.zones)) {
		c->after = c->today;
		return err;
	}
	pass.what = "trying what is proposed";
	pass.config = c->proposal.config;
	pass.came = drop_after;
	return recording_pass(&c->recording, &pass, error);
}

int calibration_run(struct calibration *calibration, struct error *error)
{
	struct calibration *c = calibration;
	int err;

	c->recording = (struct recording){
		.files = c->files, .count = c->file_count, .config = c->policy->config,
		.path = c->policy->path,
	};
	err = recording_open(&c->recording, c->servers, c->server_count, error);
	if (!err && !c->recording.servers.guarded)
		err = explain_nothing(c, error);
	if (!err)
		err = senders_init(&c->senders, c->policy->config, c->trusted, c->trusted_count,
				   error);
	if (!err)
		err = find_senders(c, error);
	if (!err)
		err = find_needs(c, error);
	if (!err)
		err = proposal_make(&c->needs, &c->senders, c->policy->path, &c->proposal, error);
	if (!err)
		err = try_limits(c, error);
	if (!err) {
		count_senders(c);
		give_notice(c);
	}
	return err;
}

void calibration_free(struct calibration *calibration)
{
	if (calibration->charges)
		fclose(calibration->charges);
	recording_close(&calibration->recording);
	senders_free(&calibration->senders);
	needs_free(&calibration->needs);
	proposal_free(&calibration->proposal);
}
