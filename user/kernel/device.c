// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/device.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEPTH 8       /* of interfaces upon interfaces; the kernel takes as many */
#define ANSWER 65536  /* bytes of one read; the kernel splits a dump into 32 kB at most */

static void copy_text(char *to, size_t size, const struct rtattr *attribute)
{
	size_t length = RTA_PAYLOAD(attribute);

	length = length < size ? length : size - 1;
	memcpy(to, RTA_DATA(attribute), length);
	to[length] = '\0';
}

static __u32 number(const struct rtattr *attribute)
{
	__u32 value = 0;

	if (RTA_PAYLOAD(attribute) >= sizeof(value))
		memcpy(&value, RTA_DATA(attribute), sizeof(value));
	return value;
}

static void read_kind(struct device *device, const struct rtattr *info)
{
	const struct rtattr *attribute = RTA_DATA(info);
	int length = RTA_PAYLOAD(info);

	for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
		if (attribute->rta_type == IFLA_INFO_KIND)
			copy_text(device->kind, sizeof(device->kind), attribute);
	}
}

static void read_attribute(struct device *device, const struct rtattr *attribute)
{
	struct rtnl_link_stats64 stats = {};
	size_t length = RTA_PAYLOAD(attribute);

	switch (attribute->rta_type & NLA_TYPE_MASK) {
	case IFLA_IFNAME:
		copy_text(device->name, sizeof(device->name), attribute);
		break;
	case IFLA_MASTER:
		device->master = number(attribute);
		break;
	case IFLA_LINK:
		device->lower = number(attribute);
		break;
	case IFLA_LINK_NETNSID:
		device->lower_elsewhere = true;
		break;
	case IFLA_LINKINFO:
		read_kind(device, attribute);
		break;
	case IFLA_STATS64:
		length = length < sizeof(stats) ? length : sizeof(stats);
		memcpy(&stats, RTA_DATA(attribute), length);
		device->received = stats.rx_packets;
		device->bytes = stats.rx_bytes;
		device->missed = stats.rx_missed_errors + stats.rx_fifo_errors;
		device->dropped = stats.rx_dropped;
		break;
	}
}

static struct device parse(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	const struct rtattr *attribute = IFLA_RTA(link);
	int length = IFLA_PAYLOAD(message);
	struct device device = {.ifindex = link->ifi_index, .type = link->ifi_type};

	for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length))
		read_attribute(&device, attribute);
	return device;
}

static int append(struct device_set *set, const struct nlmsghdr *message)
{
	struct device *grown = reallocarray(set->device, set->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	set->device = grown;
	set->device[set->count++] = parse(message);
	return 0;
}

/* The messages of one read. 1: there are more to come; 0: that was all; or -errno. */
static int take(struct device_set *set, const char *answer, ssize_t length)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)answer;
	int err = 1;

	for (; err > 0 && NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
		if (message->nlmsg_type == RTM_NEWLINK && append(set, message))
			err = -ENOMEM;
	}
	return err;
}

/* Of one interface, or with ifindex 0 of all. An answer for one ends with its acknowledgement. */
static int ask(__u32 ifindex, struct device_set *set)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_REQUEST | (ifindex ? NLM_F_ACK : NLM_F_DUMP)},
		.link = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char *answer = malloc(ANSWER);
	int err = fd < 0 || !answer ? -ENOMEM : 1;
	ssize_t length;

	*set = (struct device_set){};
	if (err > 0 && send(fd, &request, sizeof(request), 0) != sizeof(request))
		err = -errno;
	while (err > 0) {
		length = recv(fd, answer, ANSWER, 0);
		err = length > 0 ? take(set, answer, length) : -errno;
	}
	free(answer);
	if (fd >= 0)
		close(fd);
	return err;
}

int device_read(__u32 ifindex, struct device *device)
{
	struct device_set set;
	int err = ifindex ? ask(ifindex, &set) : -ENODEV;

	if (!ifindex)
		return err;
	if (!err && !set.count)
		err = -ENODEV;
	if (!err)
		*device = set.device[0];
	free(set.device);
	return err;
}

int devices_read(struct device_set *set)
{
	int err = ask(0, set);

	if (err) {
		free(set->device);
		*set = (struct device_set){};
	}
	return err;
}

bool device_is_ethernet(const struct device *device)
{
	return device->type == ARPHRD_ETHER || device->type == ARPHRD_LOOPBACK;
}

bool device_is_bare(const struct device *device)
{
	static const unsigned short bare[] = {
		ARPHRD_NONE, ARPHRD_PPP, ARPHRD_RAWIP, ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT,
	};

	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++) {
		if (device->type == bare[i])
			return true;
	}
	return false;
}

bool device_is_tun(const struct device *device)
{
	return strcmp(device->kind, "tun") == 0;
}

static bool is_one_of(const char *kind, const char *const *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	}
	return false;
}

static const struct device *find(const struct device_set *set, __u32 ifindex)
{
	for (size_t i = 0; ifindex && i < set->count; i++) {
		if (set->device[i].ifindex == ifindex)
			return &set->device[i];
	}
	return NULL;
}

/* A VRF and Open vSwitch are masters, too, but nothing comes in by them a second time. */
static bool takes_from_members(const struct device *device)
{
	static const char *const kinds[] = {"bridge", "bond", "team"};

	return is_one_of(device->kind, kinds, sizeof(kinds) / sizeof(*kinds));
}

/* Tunnels have a lower one as well, whose packets are others; and a veth has its peer there. */
static bool takes_from_lower(const struct device *device)
{
	static const char *const kinds[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};

	return is_one_of(device->kind, kinds, sizeof(kinds) / sizeof(*kinds)) &&
	       !device->lower_elsewhere;
}

static bool is_directly_above(const struct device *upper, const struct device *lower)
{
	return (lower->master == upper->ifindex && takes_from_members(upper)) ||
	       (upper->lower == lower->ifindex && takes_from_lower(upper));
}

static bool is_above(const struct device_set *set, __u32 upper, const struct device *lower,
		     int depth)
{
	for (size_t i = 0; lower && depth < DEPTH && i < set->count; i++) {
		const struct device *next = &set->device[i];

		if (next == lower || !is_directly_above(next, lower))
			continue;
		if (next->ifindex == upper || is_above(set, upper, next, depth + 1))
			return true;
	}
	return false;
}

bool device_is_above(const struct device_set *set, __u32 upper, __u32 lower)
{
	return is_above(set, upper, find(set, lower), 0);
}

bool device_takes_tags_off(const char *name)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq request = {.ifr_data = (void *)&flags};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool off;

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	off = fd >= 0 && !ioctl(fd, SIOCETHTOOL, &request) && flags.data & ETH_FLAG_RXVLAN;
	if (fd >= 0)
		close(fd);
	return off;
}

/*
 * The older one of the two questions: which modes there are, in what the newer one would add,
 * matters to nobody here. One command is answered by every driver.
 */
__u64 device_speed(const char *name)
{
	struct ethtool_cmd link = {.cmd = ETHTOOL_GSET};
	struct ifreq request = {.ifr_data = (void *)&link};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	__u32 megabits = SPEED_UNKNOWN;

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (fd >= 0 && !ioctl(fd, SIOCETHTOOL, &request))
		megabits = ethtool_cmd_speed(&link);
	if (fd >= 0)
		close(fd);
	return megabits == (__u32)SPEED_UNKNOWN ? 0 : megabits * 1000000ULL;
}
