/* SPDX-License-Identifier: GPL-2.0-only */
/* The guard's maps, with their types. */
#ifndef SIPGUARD_MAPS_H
#define SIPGUARD_MAPS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "base/error.h"
#include "kernel/pins.h"
#include "policy/config.h"

/* Every pinned map. X(NAME, name) */
#define MAPS(X)                                                                                   \
	X(STATE, "sg_state")                                                                      \
	X(CONFIGS, "sg_configs")                                                                  \
	X(ZONES, "sg_zones")                                                                      \
	X(DOMAINS, "sg_domains")                                                                  \
	X(OWN_CALLEES, "sg_own_callees")                                                          \
	X(DIALLED, "sg_dialled")                                                                  \
	X(LISTS4, "sg_lists4")                                                                    \
	X(LISTS6, "sg_lists6")                                                                    \
	X(BANS, "sg_bans")                                                                        \
	X(SRC_BUCKETS, "sg_src_buckets")                                                          \
	X(ORPHANS, "sg_orphans")                                                                  \
	X(FRAGMENTS, "sg_fragments")                                                              \
	X(FLOW_BUCKETS, "sg_flow_buckets")                                                        \
	X(PROVEN, "sg_proven")                                                                    \
	X(BANS_QUEUE, "sg_bans_queue")                                                            \
	X(HINTS, "sg_hints")                                                                      \
	X(GREYLIST, "sg_greylist")                                                                \
	X(RETURNED, "sg_returned")                                                                \
	X(TRANSACTIONS, "sg_transactions")                                                        \
	X(ATTEMPTS, "sg_attempts")                                                                \
	X(FIGURES, "sg_figures")                                                                  \
	X(DIALOGS, "sg_dialogs")                                                                  \
	X(STRAYS, "sg_strays")                                                                    \
	X(CALLS, "sg_calls")                                                                      \
	X(CALLERS, "sg_callers")                                                                  \
	X(SECRETS, "sg_secrets")                                                                  \
	X(ACCOUNTS, "sg_accounts")                                                                \
	X(OFFENCES, "sg_offences")                                                                \
	X(ASKERS, "sg_askers")                                                                    \
	X(WALKS, "sg_walks")                                                                      \
	X(REGISTERED, "sg_registered")                                                            \
	X(IDENTITIES, "sg_identities")                                                            \
	X(KNOWN, "sg_known")                                                                      \
	X(DESTINATIONS, "sg_destinations")                                                        \
	X(SYN_BUCKETS, "sg_syn_buckets")                                                          \
	X(CALLEES, "sg_callees")                                                                  \
	X(DIAL_CALLS, "sg_dial_calls")                                                            \
	X(PROOFS, "sg_proofs")                                                                    \
	X(STREAMS, "sg_streams")                                                                  \
	X(SENT, "sg_sent")                                                                        \
	X(OPENINGS, "sg_openings")                                                                \
	X(HEADS, "sg_heads")                                                                      \
	X(SEGMENTS, "sg_segments")                                                                \
	X(CONNECTIONS, "sg_connections")                                                          \
	X(SOCKETS, "sg_sockets")                                                                  \
	X(NAMESPACES, "sg_namespaces")                                                            \
	X(SLOTS, "sg_slots")                                                                      \
	X(LATELY, "sg_lately")                                                                    \
	X(FOLLOWERS, "sg_followers")                                                              \
	X(RINGS, "sg_rings")                                                                      \
	X(TOLD, "sg_told")                                                                        \
	X(STATS, "sg_stats")                                                                      \
	X(NOTES, "notes")                                                                         \
	X(PLACES, "places")

enum map_id {
#define X(name, label) MAP_##name,
	MAPS(X)
#undef X
	MAP__MAX
};

extern const char *const map_names[MAP__MAX];

/* Which map of the guard has the name of one in an object of libbpf; MAP__MAX: none has. */
enum map_id map_find(const char *name);

/* What userspace notes about one of sg_configs; the kernel side has no use for it. */
struct note {
	__u32 generation;    /* of its content; odd: it is being written */
	char path[PATH_MAX]; /* of the configuration file; "" for the built-in defaults */
	/* Reasons whose mode somebody has set by `mode REASON` since it was read, as bits. */
	__u64 by_hand[SG_MODES / 64];
};

/* What userspace notes about an interface, by its slot. */
struct place_note {
	__u64 received; /* packets that it had received when it was attached */
	__u64 seen;     /* and what the guard had seen in this slot */
	__u32 program;  /* id of the program of its filter at ingress; 0: a link tells */
	__u32 reserved;
};

struct bpf_object;

/* Of a preset; and gives the maps of an object that is not loaded yet these. 0 or -errno. */
void sizes_of(enum sg_memory memory, struct sg_sizes *sizes);
int sizes_set(struct bpf_object *object, const struct sg_sizes *sizes);

/* The preset that has so many proven flows; SG_MEMORY__MAX: none has. */
enum sg_memory sizes_find(__u32 proven);

struct maps {
	int fd[MAP__MAX];
	int clock;                 /* program that reads the guard's clock */
	const struct pins *pins;   /* where they are pinned, which outlives them; NULL: not known */
	struct sg_state *state;    /* both are the memory that packets see */
	struct sg_config *configs;
};

/* All with a struct error return 0, or -errno. The fds of `maps` are owned by it from here on. */
int maps_open(const struct pins *pins, struct maps *maps, struct error *error);

/* Maps the memory of STATE and CONFIGS, whose fds are set. */
int maps_memory(struct maps *maps, struct error *error);
void maps_close(struct maps *maps);

/* Unpinned maps for the notes: fd or -errno. */
int maps_create_notes(void);
int maps_create_places(void);

/* Words that packets read are written in one store. */
void maps_store(__u32 *word, __u32 value);

/* The guard has been deaf: it listens for a time before it says what belongs to no dialog. */
void maps_listen_anew(struct maps *maps);

/* Puts one of the configurations in force. */
void maps_activate(struct maps *maps, __u32 which);

/*
 * Puts the guard on trial for as many seconds from now, 1 to 30 days, or, if it is on trial
 * already, for as long anew: then what becomes of it stays SG_TRIAL_DETACH if it was that. 0 or
 * -errno.
 */
int maps_trial_begin(struct maps *maps, enum sg_trial trial, __u64 seconds, struct error *error);
/* Confirms what is on trial: it stays as it is. */
void maps_trial_end(struct maps *maps);
/* NONE, or what becomes of the guard in *left ns; 0: the time is over. */
enum sg_trial maps_trial(const struct maps *maps, __u64 now, __u64 *left);

/*
 * Sets the mode of a reason in every zone of the configuration in force, and notes that somebody
 * did so by hand. 0 or -errno; then nothing has changed.
 */
int maps_mode_by_hand(struct maps *maps, __u32 reason, enum sg_mode mode, struct error *error);

/* How many entries a map has room for; 0 if the kernel does not tell. */
__u32 maps_entries(const struct maps *maps, enum map_id id);

/* The kernel's number of a map, by which a guard is told from the one that comes after it; or 0. */
__u32 map_number(int fd);
__u32 maps_number(const struct maps *maps, enum map_id id);

/*
 * Returns when no packet is under way any more that was when it was called: some ms. 0 or -errno,
 * unsaid.
 */
int maps_wait_for_packets(void);

/* Bytes of kernel memory, 0 if the kernel does not tell. */
__u64 maps_memory_used(const struct maps *maps, enum map_id id);

/* The sum over all CPUs. */
int maps_stats(const struct maps *maps, struct sg_stats *stats, struct error *error);

/* Packets that were seen on the interfaces of a slot. */
__u64 maps_seen(const struct sg_stats *stats, __u32 slot);

/* ns of the guard's clock, read by its own program. */
int maps_clock(const struct maps *maps, __u64 *now, struct error *error);

/*
 * Puts a configuration where none is in force, with its zones and the path it came
 * from ("" for none), and gives its number. No packet sees it before sg_state.active says so. Waits
 * until no packet looks there from the time before the last flip.
 */
int maps_fill_spare(struct maps *maps, const struct config *config, const char *path, __u32 *which,
		    struct error *error);
int maps_fill(struct maps *maps, __u32 which, const struct config *config, const char *path,
	      struct error *error);

int maps_note(const struct maps *maps, __u32 which, struct note *note, struct error *error);

/*
 * The configuration in force and where it came from, as one piece, also without the lock. Each mode
 * of a reason is by itself, since `mode REASON` changes it in place.
 */
int maps_config(const struct maps *maps, struct sg_config *config, struct note *note,
		struct error *error);

#endif
