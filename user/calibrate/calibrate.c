// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.h"
#include "calibrate/calibrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/notice.h"

#define CHARGES_FOLDER "/var/tmp" /* which is no memory, as /tmp may be */
#define CHARGES_MOST (32 << 20)   /* 1.3 GB */

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
	if (c->charge_count++ >= CHARGES_MOST)
		c->charges_left++;
	else if (fwrite(&charge, sizeof(charge), 1, c->charges) != 1)
		c->charges_lost = true;
}

static void note_drop(const struct calibration *c, const struct sight *sight, bool after)
{
	struct sender *sender = senders_find(&c->senders, &sight->ends->from);

	if (!sender || !sight->judgement->drop || !is_limit(sight->judgement->reason))
		return;
	sender_drop(after ? &sender->proposed : &sender->today, sight->judgement->reason);
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
	if (c->live)
		return error_set(error, -ENODATA, "no packet came to a guarded port at the "
				 "interfaces that are guarded: `sipguard stats` says what "
				 "does come, and where.");
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
	if (!c->recording.out && c->live)
		return error_set(error, -ENODATA, "no reply of the server was seen, so nobody has "
				 "proven anything: attach the interface by which they leave, or "
				 "name whom to provide for by --trust.");
	if (!c->recording.out)
		return error_set(error, -ENODATA, "there is no reply of the server in the "
				 "recording, so nobody has proven anything: capture both "
				 "directions (tcpdump without -Q), or name whom to provide for by "
				 "--trust.");
	return error_set(error, -ENODATA, "none of %zu senders has proven anything, by a "
			 "registration or a call: record for longer, or name whom to provide for "
			 "by --trust.", c->senders.table.count);
}

static const char *packets_were(__u64 count)
{
	return word_for(count, "packet was", "packets were");
}

/* What is in the recording and was left out. */
static void give_notice(const struct calibration *c)
{
	const struct recording *r = &c->recording;
	char one[PREFIX_TEXT], other[PREFIX_TEXT];

	flow_format(&r->puzzle.from, one, sizeof(one));
	flow_format(&r->puzzle.to, other, sizeof(other));
	if (r->unknown)
		notice("%llu %s left out, as nobody can tell which of %s and %s is the server: "
		       "name it by --server.", r->unknown, packets_were(r->unknown), one, other);
	if (r->cut)
		notice("%llu %s left out, cut short when captured: capture whole ones (tcpdump "
		       "-s 0).", r->cut, packets_were(r->cut));
	if (r->foreign)
		notice("%llu %s left out, of a link type that is not read: capture on an "
		       "Ethernet interface, or on \"any\".", r->foreign,
		       packets_were(r->foreign));
	if (r->lost)
		notice("%llu %s left out, since packets came faster than they could be looked "
		       "at.", r->lost, packets_were(r->lost));
	if (c->charges_left)
		notice("%llu %s left out of what is proposed: there are more than %d.",
		       c->charges_left, packets_were(c->charges_left), CHARGES_MOST);
	if (r->stood)
		notice("time goes backwards in the recording: for %llu %s the clock of the "
		       "limits stood still.", r->stood, word_for(r->stood, "packet", "packets"));
}

static void add_drops(struct sender_drops *all, const struct sender_drops *drops)
{
	if (drops->packets && !all->packets)
		all->first = drops->first;
	all->packets += drops->packets;
}

/* Those who count, what they sent, and what was dropped of it. */
static void count_senders(struct calibration *c)
{
	size_t next = 0;

	c->counting = c->packets = 0;
	c->today = c->after = (struct sender_drops){};
	for (const struct sender *s; (s = table_next(&c->senders.table, &next));) {
		if (sender_exclusion(s) || !s->packets)
			continue;
		c->counting++;
		c->packets += s->packets;
		add_drops(&c->today, &s->today);
		add_drops(&c->after, &s->proposed);
	}
}

/* --- the passes --- */

/* A file without a name, which goes with this process. */
static FILE *charges_open(void)
{
	int fd = open(CHARGES_FOLDER, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;

	if (fd >= 0 && !file)
		close(fd);
	return file ? file : tmpfile();
}

/* What is live does not come again, so today's limits are tried at once. */
static int show_senders(struct calibration *c, struct error *error)
{
	struct config *opened = config_opened(c->policy->config);
	const struct pass passes[] = {
		{.what = "who sends what", .config = opened, .came = note, .proved = proved,
		 .context = c},
		{.config = c->policy->config, .came = drop_today, .context = c},
	};
	int err = opened ? recording_pass(&c->recording, passes, c->live ? 2 : 1, error)
			 : error_set(error, -ENOMEM, "out of memory.");

	free(opened);
	return err;
}

static int find_senders(struct calibration *c, struct error *error)
{
	int err;

	c->charges = charges_open();
	if (!c->charges)
		return error_set(error, -errno, "cannot make a temporary file in " CHARGES_FOLDER
				 ": %s.", strerror(errno));
	err = show_senders(c, error);
	if (err)
		return err;
	if (c->charges_lost || fflush(c->charges))
		return error_set(error, -ENOSPC, "cannot keep what each packet costs in a "
				 "temporary file: make room in " CHARGES_FOLDER ", 40 bytes for "
				 "each packet.");
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
		return error_set(error, -EIO, "cannot read what was written to "
				 CHARGES_FOLDER ".");
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
	int err = c->live ? 0 : recording_pass(&c->recording, &pass, 1, error);

	if (err || c->live || !(c->proposal.changed || c->proposal.zones))
		return err;
	pass.what = "trying what is proposed";
	pass.config = c->proposal.config;
	pass.came = drop_after;
	c->tried = true;
	return recording_pass(&c->recording, &pass, 1, error);
}

int calibration_run(struct calibration *calibration, struct error *error)
{
	struct calibration *c = calibration;
	int err;

	c->recording = (struct recording){
		.files = c->files, .count = c->file_count, .config = c->policy->config,
		.path = c->policy->path, .live = c->live, .seconds = c->seconds, .stop = c->stop,
	};
	err = recording_open(&c->recording, c->servers, c->server_count, error);
	if (!err && !c->live && !c->recording.servers.guarded)
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
