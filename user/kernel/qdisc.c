// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/qdisc.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Asks for the qdisc in that place: the length of the answer, 0 or less if there is none. The
 * kernel sends what was found to others only, unless told to echo it.
 */
static ssize_t ask(__u32 ifindex, void *answer, size_t size)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETQDISC,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ECHO | NLM_F_ACK},
		.tc = {.tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = TC_H_CLSACT},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t length = 0;

	if (fd < 0)
		return 0;
	if (send(fd, &request, sizeof(request), 0) == sizeof(request))
		length = recv(fd, answer, size, 0);
	close(fd);
	return length;
}

bool qdisc_is_clsact(__u32 ifindex)
{
	union {
		struct nlmsghdr header;
		char bytes[8192];
	} answer;
	ssize_t length = ask(ifindex, &answer, sizeof(answer));
	const struct tcmsg *tc = NLMSG_DATA(&answer.header);
	const struct rtattr *attribute;

	if (length <= 0 || !NLMSG_OK(&answer.header, (size_t)length) ||
	    answer.header.nlmsg_type != RTM_NEWQDISC)
		return false;
	length = answer.header.nlmsg_len - NLMSG_SPACE(sizeof(*tc));
	for (attribute = TCA_RTA(tc); RTA_OK(attribute, length);
	     attribute = RTA_NEXT(attribute, length)) {
		if (attribute->rta_type == TCA_KIND)
			return strncmp(RTA_DATA(attribute), "clsact", RTA_PAYLOAD(attribute)) == 0;
	}
	return false;
}
