/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds the frames of the flood and of the probes: Ethernet, IPv4 or IPv6, UDP, and a SIP request
 * that is valid by RFC 3261 and by the RFC of its method: only its number makes it an attack.
 */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flood.h"

/* Longest padding header line, CRLF included: no guard should take padding for an overlong line. */
#define PAD_LINE 128
#define PAD_NAME "X-Pad: "
#define PAD_LEAST (sizeof(PAD_NAME "\r\n"))

#define BODY_ROOM 512

/* A message being written: past its end nothing is written and length goes on counting. */
struct text {
	uint8_t *start;
	size_t room;
	size_t length;
};

enum body { NO_BODY, SDP, PLAIN, DTMF };

struct method {
	const char *name;
	const char *headers;   /* mandatory ones beyond those of every request */
	enum body body;
	bool contact;
	bool in_dialog;        /* has a To tag */
	bool to_server;        /* the Request-URI names the server, not a user */
};

static const struct method methods[] = {
	{ .name = "INVITE", .headers = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n", .body = SDP,
	  .contact = true },
	{ .name = "ACK", .headers = "", .in_dialog = true },
	{ .name = "BYE", .headers = "", .in_dialog = true },
	{ .name = "CANCEL", .headers = "" },
	{ .name = "OPTIONS", .headers = "Accept: application/sdp\r\n", .contact = true,
	  .to_server = true },
	{ .name = "REGISTER", .headers = "Expires: 3600\r\n", .contact = true, .to_server = true },
	{ .name = "PRACK", .headers = "RAck: 1 1 INVITE\r\n", .in_dialog = true },
	{ .name = "SUBSCRIBE", .headers = "Event: presence\r\nExpires: 3600\r\n",
	  .contact = true },
	{ .name = "NOTIFY",
	  .headers = "Event: presence\r\nSubscription-State: active;expires=3600\r\n",
	  .contact = true, .in_dialog = true },
	{ .name = "UPDATE", .headers = "", .body = SDP, .contact = true, .in_dialog = true },
	{ .name = "MESSAGE", .headers = "", .body = PLAIN },
	{ .name = "REFER", .headers = "Refer-To: <sip:1003@example.com>\r\n", .contact = true },
	{ .name = "PUBLISH",
	  .headers = "Event: presence\r\nExpires: 3600\r\nSIP-If-Match: a1b2c3\r\n" },
	{ .name = "INFO", .headers = "", .body = DTMF, .in_dialog = true },
};

static const struct {
	const char *type;
	const char *text;
} bodies[] = {
	[NO_BODY] = { "", "" },
	[SDP] = { "application/sdp",
		  "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
		  "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\n"
		  "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n" },
	[PLAIN] = { "text/plain", "hello" },
	[DTMF] = { "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n" },
};

static const struct method *find_method(const char *name)
{
	static const struct method extension = { .contact = true, .headers = "" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!strcmp(methods[i].name, name))
			return &methods[i];
	}
	return &extension;
}

static void add(struct text *text, const char *format, ...)
{
	size_t left = text->length < text->room ? text->room - text->length : 0;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf((char *)text->start + (left ? text->length : 0), left, format, args);
	va_end(args);
	if (n > 0)
		text->length += n;
}

/* A field must lie on an even offset of the UDP payload; returns that offset. */
static uint32_t add_field(struct text *text)
{
	uint32_t offset;

	if (text->length & 1)
		add(text, "%c", FLOOD_FIELD_PAD);
	offset = text->length;
	add(text, "%.*s", FLOOD_FIELD_LEN, "aaaaaaaaaaaaaaaa");
	return offset;
}

static void add_padding(struct text *text, size_t bytes)
{
	while (bytes >= PAD_LEAST) {
		size_t line = bytes;

		if (line > PAD_LINE)
			line = bytes - PAD_LINE < PAD_LEAST ? PAD_LINE - PAD_LEAST : PAD_LINE;
		add(text, PAD_NAME "%0*d\r\n", (int)(line - sizeof(PAD_NAME "\r\n") + 1), 0);
		bytes -= line;
	}
}

static void format_host(const struct flood_ip *ip, char *host, size_t room)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(ip->family, &ip->v4, address, sizeof(address));
	snprintf(host, room, ip->family == AF_INET6 ? "[%s]" : "%s", address);
}

/* pad bytes of header lines are added, and agent bytes to the User-Agent: any total can be met. */
static void write_request(const struct flood_spec *spec, struct text *text,
			  struct flood_layout *layout, size_t pad, int agent)
{
	const struct method *method = find_method(spec->method);
	unsigned int port = spec->sport ? spec->sport : 5060;
	char server[INET6_ADDRSTRLEN + 2], via[INET6_ADDRSTRLEN + 2];

	format_host(&spec->dst, server, sizeof(server));
	format_host(&spec->via, via, sizeof(via));

	add(text, "%s sip:%s%s SIP/2.0\r\n", spec->method, method->to_server ? "" : "1002@",
	    server);
	add(text, "Via: SIP/2.0/UDP %s:%u;rport;branch=z9hG4bK", via, port);
	layout->branch = add_field(text);
	add(text, "\r\nMax-Forwards: 70\r\nFrom: <sip:1001@%s>;tag=", server);
	layout->tag = add_field(text);
	add(text, "\r\nTo: <sip:%s@%s>%s\r\n", method->to_server ? "1001" : "1002", server,
	    method->in_dialog ? ";tag=4d2f7c" : "");
	add(text, "Call-ID: ");
	layout->call_id = add_field(text);
	add(text, "@%s\r\nCSeq: %s %s\r\n", via, spec->malformed ? "one" : "1", spec->method);
	if (method->contact)
		add(text, "Contact: <sip:1001@%s:%u>\r\n", via, port);
	add(text, "%sUser-Agent: phone%0*d\r\n", method->headers, 1 + agent, 1);
	add_padding(text, pad);
	if (method->body != NO_BODY)
		add(text, "Content-Type: %s\r\n", bodies[method->body].type);
	add(text, "Content-Length: %zu\r\n\r\n%s", strlen(bodies[method->body].text),
	    bodies[method->body].text);
}

static int build_request(const struct flood_spec *spec, struct text *text,
			 struct flood_layout *layout, size_t wanted)
{
	size_t natural, gap;

	write_request(spec, text, layout, 0, 0);
	natural = text->length;
	if (natural > text->room || (wanted && wanted < natural))
		return flood_fail("a valid %s needs a frame of %zu bytes: ask for --size %zu or "
				  "more (at most %d), or leave --size out", spec->method,
				  FLOOD_FRAME_MAX - text->room + natural,
				  FLOOD_FRAME_MAX - text->room + natural, FLOOD_FRAME_MAX);
	if (!wanted || wanted == natural)
		return 0;
	gap = wanted - natural;
	text->length = 0;
	if (gap < PAD_LEAST)
		write_request(spec, text, layout, 0, gap);
	else
		write_request(spec, text, layout, gap, 0);
	return 0;
}

/*
 * Random bytes, of which up to 48 at the start are drawn anew for every frame. At least 16: up to
 * 8 bytes are a keepalive, not garbage.
 */
static int build_garbage(struct text *text, struct flood_layout *layout, size_t wanted)
{
	size_t length = wanted ? wanted : 200;
	uint32_t *fields[] = { &layout->branch, &layout->tag, &layout->call_id };

	if (length < FLOOD_FIELD_LEN)
		return flood_fail("garbage needs at least %d bytes of payload: ask for --size %zu "
				  "or more", FLOOD_FIELD_LEN,
				  FLOOD_FRAME_MAX - text->room + FLOOD_FIELD_LEN);
	for (size_t i = 0; i < length; i++)
		text->start[i] = random();
	for (size_t i = 0; i < 3 && (i + 1) * FLOOD_FIELD_LEN <= length; i++)
		*fields[i] = i * FLOOD_FIELD_LEN;
	text->length = length;
	return 0;
}

/* 16-bit words in network byte order as they lie in memory; an odd last byte is padded with 0. */
static uint32_t sum_words(const void *from, size_t bytes)
{
	const uint8_t *at = from;
	uint32_t sum = 0;
	uint16_t word;

	for (; bytes > 1; bytes -= 2, at += 2) {
		memcpy(&word, at, 2);
		sum += word;
	}
	if (bytes) {
		word = 0;
		memcpy(&word, at, 1);
		sum += word;
	}
	return sum;
}

static void write_ipv4(const struct flood_spec *spec, uint8_t *at, size_t udp_length,
		       struct flood_layout *layout)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(sizeof(ip) + udp_length),
		.frag_off = htons(IP_DF),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.daddr = spec->dst.v4.s_addr,
	};

	layout->ip_sum = sum_words(&ip, sizeof(ip));
	layout->udp_sum = sum_words(&spec->dst.v4, sizeof(spec->dst.v4)) +
			  htons(udp_length) + htons(IPPROTO_UDP);
	memcpy(at, &ip, sizeof(ip));
}

static void write_ipv6(const struct flood_spec *spec, uint8_t *at, size_t udp_length,
		       struct flood_layout *layout)
{
	struct ip6_hdr ip6 = {
		.ip6_flow = htonl(6U << 28),
		.ip6_plen = htons(udp_length),
		.ip6_nxt = IPPROTO_UDP,
		.ip6_hlim = 64,
		.ip6_dst = spec->dst.v6,
	};

	memcpy(at, &ip6, sizeof(ip6));
	layout->udp_sum = sum_words(&spec->dst.v6, sizeof(spec->dst.v6)) +
			  htons(udp_length) + htons(IPPROTO_UDP);
}

/* An absent field stays 0, a present one becomes an offset in the frame and zero bytes there. */
static void settle_field(uint32_t *field, bool present, uint8_t *payload, uint32_t payload_offset)
{
	if (!present)
		return;
	memset(payload + *field, 0, FLOOD_FIELD_LEN);
	*field += payload_offset;
}

int flood_frame_build(const struct flood_spec *spec, uint8_t *buffer, struct flood_layout *layout)
{
	bool v6 = spec->dst.family == AF_INET6;
	size_t l4 = v6 ? FLOOD_L4_OFF6 : FLOOD_L4_OFF4, head = l4 + sizeof(struct udphdr);
	struct text text = { .start = buffer + head, .room = FLOOD_FRAME_MAX - head };
	struct ether_header eth = { .ether_type = htons(v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP) };
	struct udphdr udp = { .dest = htons(spec->dport) };
	size_t wanted = 0, length;
	int err;

	memset(layout, 0, sizeof(*layout));
	if (spec->size) {
		if (spec->size <= head || spec->size > FLOOD_FRAME_MAX)
			return flood_fail("--size %u is not a frame: give %zu to %d bytes",
					  spec->size, head + FLOOD_FIELD_LEN, FLOOD_FRAME_MAX);
		wanted = spec->size - head;
	}
	err = spec->garbage ? build_garbage(&text, layout, wanted)
			    : build_request(spec, &text, layout, wanted);
	if (err)
		return err;

	length = text.length + sizeof(udp);
	settle_field(&layout->branch, true, text.start, head);
	settle_field(&layout->tag, !spec->garbage || layout->tag, text.start, head);
	settle_field(&layout->call_id, !spec->garbage || layout->call_id, text.start, head);
	layout->len = head + text.length;
	layout->raw = spec->garbage;

	memcpy(eth.ether_dhost, spec->dst_mac, 6);
	memcpy(eth.ether_shost, spec->src_mac, 6);
	eth.ether_shost[5] = spec->mark;
	memcpy(buffer, &eth, sizeof(eth));
	if (v6)
		write_ipv6(spec, buffer + FLOOD_L3_OFF, length, layout);
	else
		write_ipv4(spec, buffer + FLOOD_L3_OFF, length, layout);
	udp.len = htons(length);
	memcpy(buffer + l4, &udp, sizeof(udp));
	layout->udp_sum += sum_words(buffer + l4, length);
	return 0;
}
