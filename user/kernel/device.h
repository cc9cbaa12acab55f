/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel tells of a network interface: what its packets begin with, which other interfaces
 * the same packets pass, how many it has received. All by ifindex and in this network namespace;
 * the name is the current one.
 */
#ifndef SIPGUARD_DEVICE_H
#define SIPGUARD_DEVICE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

struct device {
	__u32 ifindex;
	char name[IF_NAMESIZE];
	char kind[16];        /* "tun", "bridge", "vlan", ...; "" of most hardware */
	unsigned short type;  /* ARPHRD_... */
	bool lower_elsewhere; /* the one below is in another network namespace */
	__u32 master;         /* the bridge, bond or the like that takes what it receives; or 0 */
	__u32 lower;          /* the one it is made upon, or 0; of a veth its peer */
	__u64 received;       /* packets */
	__u64 bytes;          /* of these, without what the link puts around them */
	__u64 missed;         /* packets that found no room in its ring */
	__u64 dropped;        /* that it took and did not hand on; of some drivers as `missed` */
};

struct device_set {
	struct device *device;
	size_t count;
};

/* One interface, or all of this namespace. 0 or -errno, unsaid; the set is freed by the caller. */
int device_read(__u32 ifindex, struct device *device);
int devices_read(struct device_set *set);

/* Bits a second, as the driver says; 0: it does not know. */
__u64 device_speed(const char *name);

/* Whether its packets begin with an Ethernet header, or with that of IP; else nothing reads it. */
bool device_is_ethernet(const struct device *device);
bool device_is_bare(const struct device *device);

/* tun or tap: a guest or a VPN may hand in several datagrams as one packet. */
bool device_is_tun(const struct device *device);

/*
 * Whether the device gives VLAN tags to the kernel beside the frame, where a program of XDP does
 * not see them. False also if it does not tell.
 */
bool device_takes_tags_off(const char *name);

/* Whether what `lower` receives comes in by `upper` once more: a bridge, a bond, a VLAN, ... */
bool device_is_above(const struct device_set *set, __u32 upper, __u32 lower);

#endif
