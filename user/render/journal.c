// SPDX-License-Identifier: GPL-2.0-only
/*
 * By libsystemd, which writes to a socket of journald. If journald is slow it waits there, and with
 * it whoever calls: the guard does not, and what it says meanwhile is in the ring, or counted.
 */
#include "render/journal.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include <net/if.h>
#include <systemd/sd-journal.h>

#include "base/names.h"

#define SOCKET "/run/systemd/journal/socket"
#define FIELDS 20
#define FIELD 640 /* bytes of the longest one */

/* A message of the journal while it is made. */
struct entry {
	struct iovec at[FIELDS];
	char text[FIELDS][FIELD];
	int count;
};

__attribute__((format(printf, 2, 3)))
static void add(struct entry *entry, const char *format, ...)
{
	va_list args;

	if (entry->count == FIELDS)
		return;
	va_start(args, format);
	vsnprintf(entry->text[entry->count], FIELD, format, args);
	va_end(args);
	/* A message is a line: names of others may have control characters. */
	for (char *c = entry->text[entry->count]; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	entry->at[entry->count].iov_base = entry->text[entry->count];
	entry->at[entry->count].iov_len = strlen(entry->text[entry->count]);
	entry->count++;
}

static void begin(struct entry *entry, int priority, const char *kind, const char *message)
{
	entry->count = 0;
	add(entry, "MESSAGE=%s", message);
	add(entry, "PRIORITY=%d", priority);
	add(entry, "SYSLOG_IDENTIFIER=sipguard");
	add(entry, "SIPGUARD_EVENT=%s", kind);
}

static void send_entry(const struct entry *entry)
{
	sd_journal_sendv(entry->at, entry->count);
}

bool journal_is_there(void)
{
	return access(SOCKET, W_OK) == 0;
}

static void add_packet(struct entry *entry, const struct sg_event *e)
{
	char name[IF_NAMESIZE] = "";

	add(entry, "SIPGUARD_DIRECTION=%s", e->leaves ? "out" : "in");
	add(entry, "SIPGUARD_BYTES=%u", e->frame);
	if (e->class < SG_CLASS__MAX)
		add(entry, "SIPGUARD_CLASS=%s", class_names[e->class]);
	if (e->method && e->method < SG_METHOD__MAX)
		add(entry, "SIPGUARD_METHOD=%s", method_names[e->method]);
	if (e->interface && if_indextoname(e->interface, name))
		add(entry, "SIPGUARD_INTERFACE=%s", name);
}

void journal_event(const struct follow *follow, const struct sg_event *e)
{
	char line[EVENT_LINE], source[PREFIX_TEXT], zone[SG_ZONE_NAME];
	bool ban = e->kind == SG_EVENT_BAN;
	struct timespec time = event_time(e);
	struct entry entry;

	begin(&entry, ban ? LOG_NOTICE : LOG_INFO, ban ? "ban" : "packet",
	      event_line(follow, e, line));
	event_source(e, source);
	follow_zone(follow, e, zone);
	add(&entry, "SIPGUARD_TIME_USEC=%lld", time.tv_sec * 1000000LL + time.tv_nsec / 1000);
	add(&entry, "SIPGUARD_OUTCOME=%s", event_outcome(e));
	add(&entry, "SIPGUARD_REASON=%s",
	    e->reason < SG_REASON__MAX ? reason_texts[e->reason].label : "unknown");
	add(&entry, "SIPGUARD_SOURCE=%s", source);
	add(&entry, "SIPGUARD_MORE=%u", e->more);
	if (e->transport)
		add(&entry, "SIPGUARD_TRANSPORT=%s", event_transport(e));
	if (zone[0])
		add(&entry, "SIPGUARD_ZONE=%s", zone);
	if (!ban)
		add_packet(&entry, e);
	send_entry(&entry);
}

/* What is not guarded any more is for whoever is woken at night. */
static int change_priority(const struct change *change)
{
	bool lost = strncmp(change->what, "interface", strlen("interface")) == 0 &&
		    strncmp(change->is, "guarded", strlen("guarded")) != 0;

	return lost ? LOG_ERR : LOG_NOTICE;
}

void journal_change(const struct change *change)
{
	char line[EVENT_LINE];
	struct entry entry;

	begin(&entry, change_priority(change), "change", change_line(change, line));
	add(&entry, "SIPGUARD_WHAT=%s", change->what);
	add(&entry, "SIPGUARD_WAS=%s", change->was);
	add(&entry, "SIPGUARD_IS=%s", change->is);
	send_entry(&entry);
}

void journal_left_out(__u64 limited, __u64 lost)
{
	struct entry entry;
	char line[128];

	snprintf(line, sizeof(line), "%llu more events of sources that are not named, %llu lost",
		 limited, lost);
	begin(&entry, LOG_INFO, "left_out", line);
	add(&entry, "SIPGUARD_LIMITED=%llu", limited);
	add(&entry, "SIPGUARD_LOST=%llu", lost);
	send_entry(&entry);
}

void journal_note(const char *kind, const char *message, const char *const *fields)
{
	struct entry entry;

	begin(&entry, LOG_NOTICE, kind, message);
	for (; *fields; fields++)
		add(&entry, "%s", *fields);
	send_entry(&entry);
}
