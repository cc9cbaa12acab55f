// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receiving way of Linux once through: net/core/dev.c (VLAN, other hosts, 802.2), IPv4 and IPv6
 * with their options and extension headers, reassembly, UDP, TCP. What is delivered was seen on
 * Linux 6.1, 6.12, 6.18 and 7.2, where it is the same.
 */
#include <linux/if_ether.h>
#include <string.h>

#include "rows.h"

#define VLAN ETH_P_8021Q
#define QINQ ETH_P_8021AD
#define DENIED .reason = SG_REASON_DENY_LIST
#define REASON(name) .reason = SG_REASON_##name
#define UNREAD .reason = SG_REASON_NONE
#define DELIVERED .delivered = true
#define IPV6 .source = IPV6_A
#define OPTIONS .payload = SIP_REQUEST("OPTIONS")
#define FIRST(...) .packet = {.id = 77, .size = 512, .fill = 600, OPTIONS, __VA_ARGS__}
#define LAST(...) .second = {.id = 77, .offset = 512, .fill = 600, OPTIONS, __VA_ARGS__}

static void to_another_host(__u8 *frame, size_t *length)
{
	(void)length;
	frame[5] ^= 0xff;
}

static void to_all(__u8 *frame, size_t *length)
{
	(void)length;
	memset(frame, 0xff, ETH_ALEN);
}

/* From the type on: a length, and IP by its type in SNAP. */
static void in_snap(__u8 *frame, size_t *length)
{
	static const __u8 snap[] = {0xaa, 0xaa, 3, 0, 0, 0};
	size_t rest = *length - ETH_HLEN + 2 + sizeof(snap);

	memmove(frame + ETH_HLEN + sizeof(snap), frame + ETH_HLEN - 2, *length - ETH_HLEN + 2);
	memcpy(frame + ETH_HLEN, snap, sizeof(snap));
	frame[ETH_HLEN - 2] = rest >> 8;
	frame[ETH_HLEN - 1] = rest;
	*length += 2 + sizeof(snap);
}

/* A source route that has come to its end. */
static void source_route(__u8 *frame, size_t *length)
{
	static const __u8 route[] = {131, 7, 8, 192, 0, 2, 9, 0};

	(void)length;
	memcpy(frame + ETH_HLEN + 20, route, sizeof(route));
	packet_sum_ipv4(frame + ETH_HLEN);
}

static void router_alert(__u8 *frame, size_t *length)
{
	static const __u8 alert[] = {148, 4, 0, 0};

	(void)length;
	memcpy(frame + ETH_HLEN + 20, alert, sizeof(alert));
	packet_sum_ipv4(frame + ETH_HLEN);
}

/* The sum of the header becomes a wrong one. */
static void wrong_sum(__u8 *frame, size_t *length)
{
	(void)length;
	frame[ETH_HLEN + 10] ^= 1;
}

static void wrong_udp_sum(__u8 *frame, size_t *length)
{
	(void)length;
	frame[ETH_HLEN + 20 + 6] ^= 1;
}

/* Of the first extension header, which is one of routing: segments that are left. */
static void segments_left(__u8 *frame, size_t *length)
{
	(void)length;
	frame[ETH_HLEN + 40 + 3] = 1;
}

static void segment_routing(__u8 *frame, size_t *length)
{
	(void)length;
	frame[ETH_HLEN + 40 + 2] = 4; /* RFC 8754, with no segment left */
}

const struct row rows[] = {
	/* Ethernet */
	{"plain", DELIVERED, DENIED},
	{"plain, IPv6", {IPV6}, DELIVERED, DENIED},
	{"tcp", {OVER_TCP, .syn = true}, DELIVERED, DENIED},
	{"tcp, IPv6", {IPV6, OVER_TCP, .syn = true}, DELIVERED, DENIED},
	{"padding", {.pad = 20}, DELIVERED, DENIED},
	{"to the address of another host", .change = to_another_host, DENIED},
	{"to the broadcast address of the link", .change = to_all, DELIVERED, DENIED},
	{"802.2 and SNAP", .change = in_snap, UNREAD},
	{"a type nobody knows", {.ethertype = 0x88b5}, UNREAD},
	{"IPv4 as IPv6", {.ethertype = ETH_P_IPV6}, UNREAD},
	{"IPv6 as IPv4", {IPV6, .ethertype = ETH_P_IP}, UNREAD},

	/* VLAN: tags that say nothing but a priority are taken off, by some kernels any number. */
	{"a priority tag", {.vlan = {VLAN}, .priority = true}, DELIVERED, DENIED},
	{"a priority tag 802.1ad", {.vlan = {QINQ}, .priority = true}, DELIVERED, DENIED},
	{"a priority tag, IPv6", {.vlan = {VLAN}, .priority = true, IPV6}, DELIVERED, DENIED},
	{"a priority tag, tcp", {.vlan = {VLAN}, .priority = true, OVER_TCP, .syn = true},
	 DELIVERED, DENIED},
	{"two priority tags", {.vlan = {QINQ, VLAN}, .priority = true}, DELIVERED, DENIED},
	{"three priority tags", {.vlan = {QINQ, VLAN, VLAN}, .priority = true}, DELIVERED, DENIED},
	{"eight priority tags", {.vlan = {QINQ, VLAN, VLAN, VLAN, VLAN, VLAN, VLAN, QINQ},
	 .priority = true}, DELIVERED, DENIED},
	{"nine priority tags", {.vlan = {QINQ, VLAN, VLAN, VLAN, VLAN, VLAN, VLAN, QINQ, VLAN},
	 .priority = true, IPV6}, .needs = NEEDS_ANY_TAGS, DELIVERED, REASON(VLAN_TAGS)},
	{"a priority tag of type 0x9100", {.vlan = {ETH_P_QINQ1}, .priority = true}, DENIED},
	{"a priority tag of type 0x9200", {.vlan = {0x9200}, .priority = true}, DENIED},
	{"a tag", {.vlan = {VLAN}}, .needs = NEEDS_VLAN, DELIVERED, DENIED},
	{"a tag, IPv6", {.vlan = {VLAN}, IPV6}, .needs = NEEDS_VLAN, DELIVERED, DENIED},
	{"a tag 802.1ad", {.vlan = {QINQ}}, .needs = NEEDS_VLAN, DELIVERED, DENIED},
	{"two tags", {.vlan = {QINQ, VLAN}}, .needs = NEEDS_VLAN, DELIVERED, DENIED},
	{"three tags", {.vlan = {QINQ, VLAN, VLAN}}, .needs = NEEDS_VLAN, DELIVERED, DENIED},
	{"three tags, tcp", {.vlan = {QINQ, VLAN, VLAN}, OVER_TCP, .syn = true},
	 .needs = NEEDS_VLAN, DELIVERED, DENIED},
	{"three tags, IPv6", {.vlan = {VLAN, VLAN, VLAN}, IPV6}, .needs = NEEDS_VLAN, DELIVERED,
	 DENIED},
	{"two tags of type 0x9100", {.vlan = {ETH_P_QINQ1, VLAN}}, .needs = NEEDS_VLAN, DENIED},

	/* A session of PPPoE needs a ppp device. */
	{"PPPoE", {.pppoe = true}, .needs = NEEDS_NO_ONE, DENIED},
	{"PPPoE, IPv6", {.pppoe = true, IPV6}, .needs = NEEDS_NO_ONE, DENIED},
	{"PPPoE, protocol in one byte", {.pppoe = true, .ppp_short = true},
	 .needs = NEEDS_NO_ONE, DENIED},
	{"PPPoE below a tag", {.pppoe = true, .vlan = {VLAN}}, .needs = NEEDS_NO_ONE, DENIED},

	/* IPv4 */
	{"options", {.options = 40}, DELIVERED, DENIED},
	{"router alert", {.options = 4}, .change = router_alert, DELIVERED, DENIED},
	{"a source route", {.options = 8}, .change = source_route, DENIED},
	{"a wrong sum", .change = wrong_sum, DENIED},
	{"header shorter than a header", {.ihl = 4}, UNREAD},
	{"version 5", {.version = 5}, UNREAD},
	{"total length beyond the frame", {.length_error = 1}, DENIED},
	{"total length short of the datagram", {.length_error = -1}, DENIED},
	{"total length 0", {.length_zero = true}, UNREAD},
	{"total length 0, tcp", {.length_zero = true, OVER_TCP, .syn = true}, DENIED},
	{"source is 127.0.0.1", {.source = "127.0.0.1"}, DENIED},
	{"source is multicast", {.source = "224.0.0.1"}, DENIED},
	{"destination is multicast", {.destination = "224.0.0.1"}, DELIVERED, DENIED},
	{"destination is broadcast", {.destination = "255.255.255.255"}, DELIVERED, DENIED},
	{"authentication without a key, IPv4", {.chain = "a"}, DENIED},
	{"IP in IP", {.transport = IPPROTO_IPIP}, UNREAD},
	{"UDP-Lite", {.transport = IPPROTO_UDPLITE}, UNREAD},

	/* IPv6 */
	{"hop-by-hop", {IPV6, .chain = "h"}, DELIVERED, DENIED},
	{"hop-by-hop, not first", {IPV6, .chain = "dh"}, DENIED},
	{"destination options", {IPV6, .chain = "d"}, DELIVERED, DENIED},
	{"destination options of 768 bytes", {IPV6, .chain = "LLL"}, DELIVERED, DENIED},
	{"destination options of 1024 bytes", {IPV6, .chain = "D"}, DELIVERED, REASON(IPV6_CHAIN)},
	{"routing, no segment left", {IPV6, .chain = "r"}, DELIVERED, DENIED},
	{"routing, a segment left", {IPV6, .chain = "r"}, .change = segments_left, DENIED},
	{"segment routing", {IPV6, .chain = "r"}, .change = segment_routing, DENIED},
	{"an atomic fragment", {IPV6, .chain = "f"}, DELIVERED, DENIED},
	{"many headers", {IPV6, .chain = "hdrdf"}, DELIVERED, DENIED},
	{"eight headers", {IPV6, .chain = "hddddddd"}, DELIVERED, DENIED},
	{"nine headers", {IPV6, .chain = "hdddddddd"}, DELIVERED, REASON(IPV6_CHAIN)},
	{"authentication without a key", {IPV6, .chain = "a"}, DENIED},
	{"payload length 0", {IPV6, .length_zero = true}, UNREAD},
	{"payload length 0 behind hop-by-hop", {IPV6, .chain = "h", .length_zero = true},
	 DELIVERED, DENIED},
	{"payload length 0 behind hop-by-hop, tcp",
	 {IPV6, .chain = "h", .length_zero = true, OVER_TCP, .syn = true}, DELIVERED, DENIED},
	{"payload length 0 behind destination options", {IPV6, .chain = "d", .length_zero = true},
	 UNREAD},
	{"a jumbo payload that is none", {IPV6, .chain = "j", .length_zero = true}, DENIED},
	{"a jumbo payload beside a length", {IPV6, .chain = "j"}, DENIED},
	{"payload length beyond the frame", {IPV6, .length_error = 1}, DENIED},
	{"source is multicast, IPv6", {.source = "ff02::1"}, DENIED},

	/* UDP */
	{"a wrong sum of UDP", .change = wrong_udp_sum, DENIED},
	{"udp length 0", {.payload = "", .fill = 20, .udp_length_error = -28}, DENIED},
	{"udp length 0, IPv6", {IPV6, .payload = "", .fill = 20, .udp_length_error = -28},
	 DELIVERED, DENIED},
	{"udp length 0 in a jumbogram's form", {IPV6, .chain = "h", .length_zero = true,
	 .payload = "", .fill = 20, .udp_length_error = -28}, DELIVERED, DENIED},
	{"udp length short of the packet", {.udp_length_error = -10}, DELIVERED, DENIED},
	{"udp length beyond the packet", {.udp_length_error = 1}, DENIED},

	/* Fragments; what is not delivered is dropped with its first one. */
	{"two fragments", FIRST(.dport = 5060), LAST(.dport = 5060), DELIVERED, DENIED},
	{"two fragments, IPv6", FIRST(IPV6), LAST(IPV6), DELIVERED, DENIED},
	{"two fragments below a priority tag", FIRST(.vlan = {VLAN, VLAN, QINQ}, .priority = true),
	 LAST(.vlan = {VLAN, VLAN, QINQ}, .priority = true), DELIVERED, DENIED},
	{"two fragments behind payload length 0", FIRST(IPV6, .chain = "hf", .length_zero = true),
	 LAST(IPV6, .chain = "hf", .length_zero = true), DENIED},
	{"two fragments, udp length short of them", FIRST(.udp_length_error = -100),
	 LAST(.udp_length_error = -100), DELIVERED, DENIED},
	{"two fragments, udp length beyond them", FIRST(.udp_length_error = 4000),
	 LAST(.udp_length_error = 4000), DENIED},
	{"a first fragment without ports, IPv6",
	 .packet = {IPV6, .id = 78, .chain = "fdd", .size = 8},
	 .second = {IPV6, .id = 78, .chain = "fdd", .offset = 8, OPTIONS}, DELIVERED,
	 REASON(IPV6_CHAIN)},
	{"two fragments of protocol 59", FIRST(.transport = IPPROTO_NONE),
	 LAST(.transport = IPPROTO_NONE), UNREAD},
	{"two fragments of no next header, IPv6", FIRST(IPV6, .transport = IPPROTO_NONE),
	 LAST(IPV6, .transport = IPPROTO_NONE), UNREAD},
};

const size_t rows_count = COUNT(rows);

#define LARGE OPTIONS, .fill = 5000

const struct row large_rows[] = {
	{"large", {LARGE}, DELIVERED},
	{"large, many options", {.options = 40, LARGE}, DELIVERED},
	{"large, IPv6", {IPV6, LARGE}, DELIVERED},
	{"large, IPv6, many headers", {IPV6, .chain = "hddddd", LARGE}, DELIVERED},
	{"large, IPv6, long headers", {IPV6, .chain = "LLL", LARGE}, DELIVERED},
	{"large, many tags", {.vlan = {QINQ, VLAN, VLAN, VLAN, VLAN, VLAN}, .priority = true,
	 LARGE}, DELIVERED},
	{"large, IPv6, headers beyond reach", {IPV6, .chain = "D", LARGE}, DELIVERED},
};

const size_t large_rows_count = COUNT(large_rows);
