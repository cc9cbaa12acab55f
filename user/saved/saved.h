/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard knows, in a file: lists, bans, proven flows, identities, modes, and where it is
 * attached. All ends are of the wall clock, so the time while the machine was off counts.
 *
 * The file is text, a thing a line, so it does not depend on the layout of any map. The first line
 * has its version; the last one says how many lines there are and what they add up to (FNV-1a), so
 * half a file is none. A line that is not known, or says what cannot be, spoils the whole.
 *
 *   sipguard-state 1
 *   saved 1764450000
 *   config /etc/sipguard/sipguard.yaml
 *   mode enforce
 *   reason scanner monitor
 *   interface eth0 native
 *   allow 198.51.100.0/24 0
 *   named deny drop /etc/drop.txt
 *   item 203.0.113.0/24 1764453600
 *   ban 203.0.113.9 - 1764450600 limit-invite
 *   flow 203.0.113.7:5060 udp 1764453600 register
 *   identity sip:alice@example.com 0 1764536400
 *   end 10 0123456789abcdef
 *
 * Names and paths are percent-encoded; items are of the list named last. Nothing secret is in it
 * but who talks to the server: the keys of the hashed tables stay in the kernel, and are others
 * next time.
 */
#ifndef SIPGUARD_SAVED_H
#define SIPGUARD_SAVED_H

#include <limits.h>
#include <net/if.h>
#include <stdio.h>

#include "base/identity.h"
#include "base/prefix.h"
#include "guard/session.h"
#include "named/store.h"

#define SAVED_FILE "/var/lib/sipguard/state"
#define SAVED_BEGIN "sipguard-state " /* of each, of any version */
#define SAVED_INTERFACES 256
#define SAVED_DAYS 366 /* the longest that anything but a list holds */

struct saved_reason {
	__u32 reason; /* enum sg_reason */
	__u32 mode;   /* enum sg_mode */
};

struct saved_interface {
	char name[IF_NAMESIZE];
	enum xdp_mode mode; /* NATIVE, GENERIC or DISPATCHER */
};

struct saved_prefix {
	struct prefix prefix;
	enum sg_list list; /* ALLOW or DENY */
	__u64 until;       /* s of the wall clock, as all of these; 0: for good */
};

/* A named list: its items are the next `count` ones. */
struct saved_named {
	char name[NAMED_NAME];
	char origin[NAMED_ORIGIN];
	enum sg_list list;
	size_t count;
};

struct saved_item {
	struct prefix prefix;
	__u64 until;
};

struct saved_ban {
	struct sg_flow_key key;
	__u64 until;
	__u32 cause; /* enum sg_reason; NONE: the operator */
};

struct saved_flow {
	struct sg_flow_key key;
	__u64 until;
	__u32 proof; /* enum sg_proof */
};

struct saved_identity {
	struct identity_text text;
	__u32 zone; /* sg_zone.id */
	__u64 until;
};

struct saved_array {
	void *item;
	size_t count, room;
};

struct saved {
	__u64 when; /* s of the wall clock */
	enum sg_mode mode;
	enum sg_mode config_mode; /* what the configuration said of it; OFF: nothing, so MONITOR */
	char config[PATH_MAX]; /* of the file; "": built-in defaults */
	struct saved_array reasons, interfaces, prefixes, named, items, bans, flows, identities;
};

void saved_free(struct saved *saved);

/* One more of `size` bytes, copied, unless there are `most` already: 0, -E2BIG or -ENOMEM. */
int saved_append(struct saved_array *array, const void *item, size_t size, size_t most);

/* --- saved_text.c --- */

/* 0 or -errno, unsaid. */
int saved_print(const struct saved *saved, FILE *file);

/*
 * All of it or nothing: 0, or -EBADMSG if that is no file of ours, not a whole one, or one of a
 * newer version; or another -errno. With what is wrong, and the line. saved_free() in any case.
 */
int saved_parse(FILE *file, struct saved *saved, struct error *error);

/* --- saved_file.c --- */

/*
 * Puts it in place of what is there, as a whole: who reads at any time, or after a loss of power,
 * finds the one or the other. Makes the folder of the file (0700) if its parent is there. 0 or
 * -errno.
 */
int saved_write(const char *path, const struct saved *saved, struct error *error);

/*
 * As saved_parse(), but -EILSEQ for what begins as no state does: a file of somebody else. -ENOENT,
 * unsaid, if there is no such file.
 */
int saved_read(const char *path, struct saved *saved, struct error *error);

/* Renames what was refused, so that nobody meets it again: its new name in `aside`. 0 or -errno. */
int saved_keep_aside(const char *path, char aside[PATH_MAX]);

/* --- saved_gather.c --- */

/* What the guard knows now. 0 or -errno. saved_free() in any case. */
int saved_gather(const struct session *session, struct saved *saved, struct error *error);

/* --- saved_apply.c --- */

struct saved_counts {
	size_t prefixes, lists, bans, flows, identities; /* `prefixes`: of named lists, too */
	size_t over;    /* what has ended meanwhile */
	size_t refused; /* what cannot be any more, as an address of the host; or has no room */
};

/*
 * Has the guard know it, beside what it knows already (a named list that is there already stays as
 * it is, since it is the newer one): the mode last, so that who was known is
 * before anything is dropped. 0 or -errno: then some of it is there.
 */
int saved_apply(struct session *session, const struct saved *saved, struct saved_counts *counts,
		struct error *error);

#endif
