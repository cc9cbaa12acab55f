/* SPDX-License-Identifier: GPL-2.0-only */
/* The interface the flood leaves by: may it be used, what did it take, who is behind it. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "flood.h"

static int ask_interface(const char *name, unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	err = ioctl(fd, request, ifr) ? -errno : 0;
	close(fd);
	return err;
}

static int ask_ethtool(const char *name, void *command)
{
	struct ifreq ifr = { .ifr_data = command };

	return ask_interface(name, SIOCETHTOOL, &ifr);
}

/*
 * Two witnesses, for neither is enough. A sandbox may hide PID 1's namespace: but of net/core only
 * the initial namespace shows netdev_max_backlog, and every one shows somaxconn. In a container PID
 * 1's namespace is the container's own: not the initial one, and not ours to flood either. In doubt
 * nothing is flooded.
 */
static bool in_private_netns(void)
{
	struct stat own, first;

	if (access("/proc/sys/net/core/somaxconn", F_OK) ||
	    !access("/proc/sys/net/core/netdev_max_backlog", F_OK))
		return false;
	if (stat("/proc/self/ns/net", &own))
		return false;
	if (stat("/proc/1/ns/net", &first))
		return errno == EACCES;
	return own.st_ino != first.st_ino || own.st_dev != first.st_dev;
}

static bool is_veth(const char *name)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	return !ask_ethtool(name, &info) && !strcmp(info.driver, "veth");
}

int flood_netif_open(struct flood_netif *netif, const char *name)
{
	struct ifreq ifr = {};

	if (!in_private_netns())
		return flood_fail("refusing to flood from the initial network namespace: make a "
				  "namespace with a veth pair and run this in it with "
				  "'ip netns exec'");
	netif->name = name;
	netif->index = strlen(name) < IFNAMSIZ ? if_nametoindex(name) : 0;
	if (!netif->index)
		return flood_fail("there is no interface %s in this network namespace: give one "
				  "that 'ip link' lists", name);
	if (!is_veth(name))
		return flood_fail("refusing to flood %s, which is not a veth: give one end of a "
				  "veth pair that you made for this", name);
	if (ask_interface(name, SIOCGIFMTU, &ifr))
		return flood_fail("cannot read the MTU of %s: %s", name, strerror(errno));
	netif->mtu = ifr.ifr_mtu;
	if (ask_interface(name, SIOCGIFHWADDR, &ifr))
		return flood_fail("cannot read the address of %s: %s", name, strerror(errno));
	memcpy(netif->mac, ifr.ifr_hwaddr.sa_data, 6);
	memset(&ifr, 0, sizeof(ifr));
	if (ask_interface(name, SIOCGIFFLAGS, &ifr) || !(ifr.ifr_flags & IFF_RUNNING))
		return flood_fail("%s is down: bring both ends up with 'ip link set ... up'", name);
	return 0;
}

static uint32_t count_stats(const char *name)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} query = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS } };

	if (ask_ethtool(name, &query) || !query.info.sset_mask)
		return 0;
	return query.count;
}

/*
 * tx_queue_N_xdp_xmit: veth counts there, on the sender's side, the frames that its ndo_xdp_xmit
 * put into the peer's ring (tx_queue_N_xdp_xmit_errors: those for which the ring was full). A peer
 * that takes no XDP frames at all leaves both untouched.
 */
static bool is_accepted_counter(const char *name)
{
	unsigned int queue;
	int end = 0;

	return sscanf(name, "tx_queue_%u_xdp_xmit%n", &queue, &end) == 1 && end && !name[end];
}

int flood_netif_accepted(const struct flood_netif *netif, uint64_t *frames)
{
	uint32_t n = count_stats(netif->name), found = 0;
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	struct ethtool_stats *stats = calloc(1, sizeof(*stats) + n * sizeof(uint64_t));

	*frames = 0;
	if (n && names && stats) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_STATS;
		names->len = n;
		stats->cmd = ETHTOOL_GSTATS;
		stats->n_stats = n;
		if (!ask_ethtool(netif->name, names) && !ask_ethtool(netif->name, stats)) {
			for (uint32_t i = 0; i < n; i++) {
				if (!is_accepted_counter((char *)names->data + i * ETH_GSTRING_LEN))
					continue;
				*frames += stats->data[i];
				found++;
			}
		}
	}
	free(names);
	free(stats);
	if (!found)
		return flood_fail("%s has no tx_queue_N_xdp_xmit counter ('ethtool -S %s'): this "
				  "needs a kernel of 5.8 or newer", netif->name, netif->name);
	return 0;
}

struct neigh_request {
	struct nlmsghdr header;
	struct ndmsg neigh;
	char attributes[64];
};

static void fill_neigh(struct neigh_request *request, const struct flood_netif *netif,
		       const struct flood_ip *ip)
{
	size_t length = ip->family == AF_INET6 ? 16 : 4;
	struct rtattr *dst = (struct rtattr *)request->attributes;

	request->neigh.ndm_family = ip->family;
	request->neigh.ndm_ifindex = netif->index;
	dst->rta_type = NDA_DST;
	dst->rta_len = RTA_LENGTH(length);
	memcpy(RTA_DATA(dst), &ip->v4, length);
	request->header.nlmsg_len = NLMSG_LENGTH(sizeof(request->neigh)) + RTA_SPACE(length);
}

/* Length of the reply, or -errno. */
static int talk(int fd, struct neigh_request *request, void *reply, size_t room)
{
	ssize_t n;

	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, reply, room, 0);
	return n < 0 ? -errno : (int)n;
}

static bool read_neigh(struct nlmsghdr *header, int length, uint8_t *mac)
{
	struct ndmsg *neigh = NLMSG_DATA(header);
	struct rtattr *attribute = (struct rtattr *)((char *)neigh + NLMSG_ALIGN(sizeof(*neigh)));
	const int usable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

	if (!NLMSG_OK(header, length) || header->nlmsg_type != RTM_NEWNEIGH ||
	    !(neigh->ndm_state & usable))
		return false;
	length = header->nlmsg_len - NLMSG_LENGTH(sizeof(*neigh));
	for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
		if (attribute->rta_type != NDA_LLADDR || RTA_PAYLOAD(attribute) != 6)
			continue;
		memcpy(mac, RTA_DATA(attribute), 6);
		return true;
	}
	return false;
}

int flood_netif_resolve(const struct flood_netif *netif, const struct flood_ip *ip, uint8_t *mac)
{
	struct neigh_request use = {
		.header = { .nlmsg_type = RTM_NEWNEIGH,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.neigh = { .ndm_flags = NTF_USE },
	};
	struct neigh_request get = {
		.header = { .nlmsg_type = RTM_GETNEIGH, .nlmsg_flags = NLM_F_REQUEST },
	};
	char reply[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), n;
	bool found = false;

	if (fd < 0)
		return flood_fail("cannot open a netlink socket: %s", strerror(errno));
	fill_neigh(&use, netif, ip);
	fill_neigh(&get, netif, ip);
	for (int tries = 0; tries < 60 && !found; tries++) {
		/* Again and again: a fresh IPv6 address is tentative for its first second. */
		if (tries % 10 == 0)
			talk(fd, &use, reply, sizeof(reply));
		n = talk(fd, &get, reply, sizeof(reply));
		found = n > 0 && read_neigh((struct nlmsghdr *)reply, n, mac);
		if (!found)
			usleep(50000);
	}
	close(fd);
	if (!found)
		return flood_fail("nobody on %s answers for the destination address: check both "
				  "ends' addresses, or give --dst-mac", netif->name);
	return 0;
}
