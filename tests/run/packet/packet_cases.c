// SPDX-License-Identifier: GPL-2.0-only
/* From Ethernet to the ports: every shape a SIP packet comes in, and what is not for the guard. */
#include <linux/if_ether.h>

#include "cases.h"

#define VLAN ETH_P_8021Q
#define QINQ ETH_P_8021AD
#define LENGTH(text) ((int)sizeof(text) - 1)
#define IS_OPTIONS PASSES(REQUEST, OPTIONS)
#define IS_CHAIN EXPECT(DROP, IPV6_CHAIN, OTHER, NONE)
#define IS_TAGS EXPECT(DROP, VLAN_TAGS, OTHER, NONE)
#define FROM_NOBODY(method) EXPECT(DROP, SOURCE_ADDRESS, REQUEST, method)
#define WRONG_LENGTH EXPECT(DROP, UDP_LENGTH, REQUEST, OPTIONS)

static void two_more_ports(void)
{
	config()->port[5060] = SG_PORT_UDP;
	config()->port[5080] = SG_PORT_UDP | SG_PORT_TCP;
	config()->port[65535] = SG_PORT_UDP;
	config()->port[443] = SG_PORT_TLS;
}

static void no_ports(void)
{
	for (int port = 0; port < SG_PORTS; port++)
		config()->port[port] = 0;
}

static void every_port(void)
{
	for (int port = 0; port < SG_PORTS; port++)
		config()->port[port] = SG_PORT_UDP | SG_PORT_TCP;
}

const struct test_case packet_cases[] = {
	/* Ethernet. */
	{"plain", IS_OPTIONS},
	{"plain, IPv6", .packet = {.source = IPV6_A}, IS_OPTIONS},
	{"one tag", .packet = {.vlan = {VLAN}}, IS_OPTIONS},
	{"one tag, IPv6", .packet = {.vlan = {VLAN}, .source = IPV6_A}, IS_OPTIONS},
	{"one tag 802.1ad", .packet = {.vlan = {QINQ}}, IS_OPTIONS},
	{"two tags", .packet = {.vlan = {QINQ, VLAN}}, IS_OPTIONS},
	{"two tags of one kind", .packet = {.vlan = {VLAN, VLAN}, .source = IPV6_A}, IS_OPTIONS},
	{"two tags, garbage", .packet = {.vlan = {QINQ, VLAN}, BYTES(NOT_SIP)}, IS_GARBAGE},
	{"three tags, one of an old type", .packet = {.vlan = {QINQ, ETH_P_QINQ1, VLAN}},
	 IS_OPTIONS},
	{"one tag of an old type, garbage", .packet = {.vlan = {0x9200}, BYTES(NOT_SIP)},
	 IS_GARBAGE},
	{"eight tags", .packet = {EIGHT_TAGS}, IS_OPTIONS},
	{"eight tags, IPv6, garbage", .packet = {EIGHT_TAGS, .source = IPV6_A, BYTES(NOT_SIP)},
	 IS_GARBAGE},
	{"nine tags", .packet = {EIGHT_TAGS, .vlan[8] = VLAN}, IS_TAGS},
	{"nine tags to another port", .packet = {EIGHT_TAGS, .vlan[8] = QINQ, .dport = 53},
	 IS_TAGS},
	{"a type that is no tag", .packet = {.vlan = {0x9101}}, NOT_LOOKED_AT},
	{"padding is not payload",
	 .packet = {.payload = SIP_REQUEST("INVITE"), .pad = 40, .pad_byte = 'x'},
	 PASSES(REQUEST, INVITE)},
	{"ARP", .packet = {.ethertype = ETH_P_ARP}, NOT_LOOKED_AT},
	{"PPPoE", .packet = {.pppoe = true}, IS_OPTIONS},
	{"PPPoE, IPv6", .packet = {.pppoe = true, .source = IPV6_A}, IS_OPTIONS},
	{"PPPoE, protocol in one byte, garbage",
	 .packet = {.pppoe = true, .ppp_short = true, BYTES(NOT_SIP)}, IS_GARBAGE},
	{"PPPoE, IPv6, protocol in one byte, two tags",
	 .packet = {.pppoe = true, .ppp_short = true, .vlan = {QINQ, VLAN}, .source = IPV6_A},
	 IS_OPTIONS},
	{"PPPoE, tcp with options",
	 .packet = {.pppoe = true, .options = 8, OVER_TCP, .tcp_options = 12}, IS_OPTIONS},
	{"PPPoE, LCP", .packet = {.pppoe = true, .ppp = 0xc021}, NOT_LOOKED_AT},
	{"PPPoE, multilink", .packet = {.pppoe = true, .ppp = 0x3d}, NOT_LOOKED_AT},
	{"PPPoE, another protocol that ends as that of IP", .packet = {.pppoe = true, .ppp = 0x221},
	 NOT_LOOKED_AT},
	{"PPPoE without a session header", .packet = {.ethertype = ETH_P_PPP_SES}, NOT_LOOKED_AT},
	{"PPPoE discovery", .packet = {.ethertype = ETH_P_PPP_DISC}, NOT_LOOKED_AT},

	/* IPv4. */
	{"options of 4 bytes", .packet = {.options = 4}, IS_OPTIONS},
	{"options of 40 bytes", .packet = {.options = 40}, IS_OPTIONS},
	{"options of 40 bytes, garbage, two tags",
	 .packet = {.options = 40, .vlan = {QINQ, VLAN}, BYTES(NOT_SIP)}, IS_GARBAGE},
	{"options of 40 bytes, tcp with options of 40 bytes",
	 .packet = {.options = 40, OVER_TCP, .tcp_options = 40}, IS_OPTIONS},
	{"header shorter than a header", .packet = {.ihl = 4}, NOT_LOOKED_AT},
	{"header longer than the packet", .packet = {.ihl = 15, .payload = ""}, NOT_LOOKED_AT},
	{"not version 4", .packet = {.version = 5}, NOT_LOOKED_AT},
	{"version 6 in a frame of IPv4", .packet = {.version = 6}, NOT_LOOKED_AT},
	{"total length longer than the frame", .packet = {.length_error = 1}, IS_OPTIONS},
	{"total length 0", .packet = {.length_zero = true}, NOT_LOOKED_AT},
	{"total length 0, tcp, as coalesced segments have it",
	 .packet = {.length_zero = true, OVER_TCP, .tcp_options = 12}, IS_OPTIONS},
	{"authentication, IPv4", .packet = {.chain = "a"}, IS_OPTIONS},
	{"authentication, IPv4, garbage", .packet = {.chain = "a", .options = 8, BYTES(NOT_SIP)},
	 IS_GARBAGE},
	{"authentication, IPv4, tcp", .packet = {.chain = "aa", OVER_TCP, .tcp_options = 4},
	 IS_OPTIONS},
	{"authentication nine times, IPv4", .packet = {.chain = "aaaaaaaaa"}, IS_CHAIN},
	{"hop-by-hop is none of IPv4", .packet = {.chain = "h"}, NOT_LOOKED_AT},
	{"ICMP", .packet = {.transport = IPPROTO_ICMP}, NOT_LOOKED_AT},
	{"SCTP", .packet = {.transport = IPPROTO_SCTP}, NOT_LOOKED_AT},
	{"UDP-Lite", .packet = {.transport = IPPROTO_UDPLITE}, NOT_LOOKED_AT},

	/* IPv6 and its extension headers. */
	{"hop-by-hop", .packet = {.source = IPV6_A, .chain = "h"}, IS_OPTIONS},
	{"routing", .packet = {.source = IPV6_A, .chain = "r"}, IS_OPTIONS},
	{"destination options", .packet = {.source = IPV6_A, .chain = "d"}, IS_OPTIONS},
	{"authentication", .packet = {.source = IPV6_A, .chain = "a"}, IS_OPTIONS},
	{"all in order", .packet = {.source = IPV6_A, .chain = "hdrad"}, IS_OPTIONS},
	{"all in order, garbage", .packet = {.source = IPV6_A, .chain = "hdrad", BYTES(NOT_SIP)},
	 IS_GARBAGE},
	{"all in order, tcp",
	 .packet = {.source = IPV6_A, .chain = "hdra", OVER_TCP, .tcp_options = 12},
	 IS_OPTIONS},
	{"atomic fragment (RFC 6946)", .packet = {.source = IPV6_A, .chain = "f"}, IS_OPTIONS},
	{"atomic fragment in a chain", .packet = {.source = IPV6_A, .chain = "hfd"}, IS_OPTIONS},
	{"atomic fragment, garbage", .packet = {.source = IPV6_A, .chain = "f", BYTES(NOT_SIP)},
	 IS_GARBAGE},
	{"eight headers", .packet = {.source = IPV6_A, .chain = "hdddddda"}, IS_OPTIONS},
	{"eight headers, garbage",
	 .packet = {.source = IPV6_A, .chain = "hddddddd", BYTES(NOT_SIP)}, IS_GARBAGE},
	{"nine headers", .packet = {.source = IPV6_A, .chain = "hdddddddd"}, IS_CHAIN},
	{"a header longer than is followed", .packet = {.source = IPV6_A, .chain = "D"}, IS_CHAIN},
	{"a chain longer than is followed", .packet = {.source = IPV6_A, .chain = "hDd"}, IS_CHAIN},
	{"no next header", .packet = {.source = IPV6_A, .chain = "d", .transport = IPPROTO_NONE},
	 NOT_LOOKED_AT},
	{"ESP", .packet = {.source = IPV6_A, .transport = IPPROTO_ESP}, NOT_LOOKED_AT},
	{"ICMPv6", .packet = {.source = IPV6_A, .transport = IPPROTO_ICMPV6}, NOT_LOOKED_AT},
	{"not version 6", .packet = {.source = IPV6_A, .version = 4}, NOT_LOOKED_AT},
	{"payload length 0", .packet = {.source = IPV6_A, .payload = "", .length_error = -8},
	 NOT_LOOKED_AT},

	/* Linux takes the rest of the frame: RFC 2675, and where hop-by-hop options stand first. */
	{"payload length 0 behind hop-by-hop",
	 .packet = {.source = IPV6_A, .chain = "h", .length_zero = true}, IS_OPTIONS},
	{"payload length 0 behind hop-by-hop, garbage, padding",
	 .packet = {.source = IPV6_A, .chain = "hd", .length_zero = true, BYTES(NOT_SIP),
		    .pad = 20, .pad_byte = 'x'}, IS_GARBAGE},
	{"payload length 0 behind hop-by-hop, tcp",
	 .packet = {.source = IPV6_A, .chain = "h", .length_zero = true, OVER_TCP}, IS_OPTIONS},
	{"payload length 0 with a jumbo payload",
	 .packet = {.source = IPV6_A, .chain = "j", .length_zero = true}, IS_OPTIONS},
	{"a jumbogram's udp length",
	 .packet = {.source = IPV6_A, .chain = "j", .length_zero = true, .payload = "",
		    .udp_length_error = -8}, EXPECT(DROP, UDP_LENGTH, KEEPALIVE, NONE)},
	{"payload length 0 behind destination options",
	 .packet = {.source = IPV6_A, .chain = "d", .length_zero = true}, NOT_LOOKED_AT},
	{"payload length 0, tcp, as coalesced segments have it",
	 .packet = {.source = IPV6_A, .length_zero = true, OVER_TCP}, IS_OPTIONS},

	/* UDP lengths: RFC 768. */
	{"udp length one too long", .packet = {.udp_length_error = 1}, WRONG_LENGTH},
	{"udp length far too long", .packet = {.udp_length_error = 60000}, WRONG_LENGTH},
	{"udp length too long, IPv6", .packet = {.source = IPV6_A, .udp_length_error = 1},
	 WRONG_LENGTH},
	{"udp length into the padding",
	 .packet = {.payload = "\r\n", .pad = 16, .pad_byte = '\n', .udp_length_error = 2},
	 EXPECT(DROP, UDP_LENGTH, KEEPALIVE, NONE)},
	{"udp length 7", .packet = {.payload = "", .udp_length_error = -1},
	 EXPECT(DROP, UDP_LENGTH, KEEPALIVE, NONE)},
	{"udp length 0", .packet = {.payload = "", .udp_length_error = -8},
	 EXPECT(DROP, UDP_LENGTH, KEEPALIVE, NONE)},
	{"udp length shorter than the IP packet", .packet = {.udp_length_error = -10}, IS_OPTIONS},
	{"what lies beyond the udp length is not read",
	 .packet = {.payload = "hello" SIP_REQUEST("INVITE"),
		    .udp_length_error = -LENGTH(SIP_REQUEST("INVITE"))},
	 PASSES(KEEPALIVE, NONE)},
	{"SIP beyond the udp length does not help garbage",
	 .packet = {.payload = "\x80garbage!" SIP_REQUEST("INVITE"),
		    .udp_length_error = -LENGTH(SIP_REQUEST("INVITE"))},
	 IS_GARBAGE},
	{"udp header cut by the IP length", .packet = {.payload = "", .length_error = -1},
	 NOT_LOOKED_AT},

	/* TCP. */
	{"tcp data offset too small", .packet = {OVER_TCP, .tcp_offset = 4},
	 NOT_LOOKED_AT},
	{"tcp data offset beyond the packet",
	 .packet = {OVER_TCP, .tcp_offset = 15, .payload = "x"}, NOT_LOOKED_AT},
	{"tcp answer to a connection of ours",
	 .packet = {OVER_TCP, .syn = true, .ack = true}, PASSES(OTHER, NONE)},

	/* Senders that there cannot be, and those next to them. */
	{"from 0.0.0.0", .packet = {.source = "0.0.0.0"}, FROM_NOBODY(OPTIONS)},
	{"from the end of 0.0.0.0/8", .packet = {.source = "0.255.255.255"}, FROM_NOBODY(OPTIONS)},
	{"from behind 0.0.0.0/8", .packet = {.source = "1.0.0.0"}, IS_OPTIONS},
	{"from the end of multicast", .packet = {.source = "239.255.255.255", .options = 4},
	 FROM_NOBODY(OPTIONS)},
	{"from behind multicast", .packet = {.source = "240.0.0.0"}, IS_OPTIONS},
	{"from before the broadcast", .packet = {.source = "255.255.255.254"}, IS_OPTIONS},
	{"from the broadcast", .packet = {.source = "255.255.255.255"}, FROM_NOBODY(OPTIONS)},
	{"from loopback", .packet = {.source = "127.0.0.1"}, IS_OPTIONS},
	{"from ::", .packet = {.source = "::"}, FROM_NOBODY(OPTIONS)},
	{"from ::1", .packet = {.source = "::1"}, IS_OPTIONS},
	{"from an IPv6 address that ends in zeros", .packet = {.source = "2001:db8::"}, IS_OPTIONS},
	{"from IPv6 multicast", .packet = {.source = "ff02::1", .chain = "h"},
	 FROM_NOBODY(OPTIONS)},
	{"from before IPv6 multicast", .packet = {.source = "feff::1"}, IS_OPTIONS},
	{"from an IPv6 address with the bytes of IPv4 multicast",
	 .packet = {.source = "2001:db8::e000:1"}, IS_OPTIONS},
	{"a response from nobody", .packet = {.source = "224.0.0.1", .payload = SIP_RESPONSE},
	 EXPECT(DROP, SOURCE_ADDRESS, RESPONSE, NONE)},
	{"a keepalive from port 0", .packet = {.sport_zero = true, .payload = "\r\n\r\n"},
	 EXPECT(DROP, SOURCE_PORT, KEEPALIVE, NONE)},
	{"from nobody and from port 0", .packet = {.source = "ff02::1", .sport_zero = true},
	 EXPECT(DROP, SOURCE_PORT, REQUEST, OPTIONS)},
	{"a SYN from port 0", .packet = {OVER_TCP, .sport_zero = true, .syn = true},
	 EXPECT(DROP, SOURCE_PORT, OTHER, NONE)},
	{"a SYN from nobody", .packet = {OVER_TCP, .source = "224.0.0.1", .syn = true},
	 EXPECT(DROP, SOURCE_ADDRESS, OTHER, NONE)},
	{"from port 0 to a port that is not guarded", .packet = {.sport_zero = true, .dport = 53},
	 NOT_LOOKED_AT},

	/* Ports. */
	{"another udp port", .packet = {.dport = 5059}, NOT_LOOKED_AT},
	{"only the source port is guarded", .packet = {.sport = 5060, .dport = 40000},
	 NOT_LOOKED_AT},
	{"the tls port over udp", .packet = {.dport = 5061}, NOT_LOOKED_AT},
	{"another tcp port", .packet = {OVER_TCP, .dport = 5062}, NOT_LOOKED_AT},
	{"a second udp port", two_more_ports, {.dport = 5080}, IS_OPTIONS},
	{"a second tcp port", two_more_ports, {OVER_TCP, .dport = 5080}, IS_OPTIONS},
	{"the last port", two_more_ports, {.dport = 65535, BYTES(NOT_SIP)}, IS_GARBAGE},
	{"a port guarded for udp only", two_more_ports, {OVER_TCP}, NOT_LOOKED_AT},
	{"a port guarded for tls only", two_more_ports, {.dport = 443}, NOT_LOOKED_AT},
	{"a second tls port", two_more_ports, {OVER_TCP, .dport = 443},
	 PASSES(OTHER, NONE)},
	{"no port guarded", no_ports, {.payload = SIP_RESPONSE}, NOT_LOOKED_AT},
	{"every port guarded", every_port, {.dport = 1}, IS_OPTIONS},
};

const size_t packet_cases_count = COUNT(packet_cases);
