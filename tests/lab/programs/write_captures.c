// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes the captures that test_replay.sh replays, into a folder: write_captures FOLDER. What the
 * packets of mixed.pcap are stands in the test, with the verdicts.
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "packet.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define INVITE SIP_REQUEST("INVITE")
#define MALFORMED "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\n"
#define SCANNER                                                                                   \
	"OPTIONS sip:bob@example.com SIP/2.0\r\nUser-Agent: friendly-scanner\r\n"                \
	SIP_HEADERS("OPTIONS")
#define INVITES 41 /* one more than the burst of the limit */
#define SYNS 60
#define MANY 100000 /* in one flow, within 10 s: far beyond every limit */
#define ROUNDS 2000  /* each kind of packet as often: more than any offence may happen */

struct packet {
	struct packet_spec spec;
	__u32 cut; /* bytes that the capture holds of it; 0: all */
};

static const struct packet mixed[] = {
	{{.payload = INVITE}, 0},
	{{.payload = NOT_SIP, .length = sizeof(NOT_SIP) - 1}, 0},
	{{.payload = "\0\1\1\0\0\1\0\0\0\0\0\0", .length = 12, .dport = 53}, 0},
	{{.vlan = {ETH_P_8021Q}}, 0},
	{{.payload = INVITE, .fill = 2000, .id = 7, .size = 1480}, 0},
	{{.payload = INVITE, .fill = 2000, .id = 7, .offset = 1480}, 0},
	{{.payload = NOT_SIP, .fill = 2000, .id = 8, .size = 1480}, 0},
	{{.payload = NOT_SIP, .fill = 2000, .id = 8, .offset = 1480}, 0},
	{{.payload = INVITE, .fill = 2000, .id = 9, .offset = 1480}, 0},
	{{.transport = IPPROTO_GRE}, 0},
	{{.pppoe = true, .ppp = 0x3d}, 0}, /* multilink */
	{{.payload = INVITE}, 100},
	{{.dport = 53}, 100},
	{{.udp_length_error = 1}, 0},
	{{.source = "2001:db8::5", .payload = SIP_RESPONSE}, 0},
	{{.payload = "\r\n\r\n"}, 0},
	{{.transport = IPPROTO_TCP, .syn = true}, 0},
	{{.payload = INVITE, .fill = 9000}, 0},
	{{.payload = INVITE}, 30},
	{{.payload = INVITE}, 10},
	{{.dport = 4789}, 0},
};

static pcap_dumper_t *begin(const char *folder, const char *name, int link)
{
	pcap_t *pcap = pcap_open_dead(link, 65535);
	pcap_dumper_t *dumper;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	dumper = pcap ? pcap_dump_open(pcap, path) : NULL;
	if (!dumper) {
		fprintf(stderr, "write_captures: cannot write %s\n", path);
		exit(1);
	}
	pcap_close(pcap);
	return dumper;
}

/* At `us` since 1970, without the first `skip` bytes. */
static void write_packet(pcap_dumper_t *dumper, const struct packet *packet, __u64 us, __u32 skip)
{
	static __u8 frame[FRAME_MAX];
	__u32 length = packet_build(&packet->spec, frame) - skip;
	struct pcap_pkthdr header = {
		.ts = {.tv_sec = us / 1000000, .tv_usec = us % 1000000},
		.caplen = packet->cut ? packet->cut : length,
		.len = length,
	};

	pcap_dump((u_char *)dumper, &header, frame + skip);
}

static void write_mixed(const char *folder)
{
	pcap_dumper_t *dumper = begin(folder, "mixed.pcap", DLT_EN10MB);

	for (size_t i = 0; i < COUNT(mixed); i++)
		write_packet(dumper, &mixed[i], 1700000000000000 + i, 0);
	pcap_dump_close(dumper);
}

/* INVITEs of one source, `step` us apart. */
static void write_invites(const char *folder, const char *name, __s64 start, __s64 step)
{
	const struct packet invite = {.spec.payload = INVITE};
	pcap_dumper_t *dumper = begin(folder, name, DLT_RAW);

	for (int i = 0; i < INVITES; i++)
		write_packet(dumper, &invite, start + i * step, ETH_HLEN);
	pcap_dump_close(dumper);
}

/* The same IP id an hour later is another datagram: the orphan must not inherit the drop. */
static void write_reused_id(const char *folder)
{
	pcap_dumper_t *dumper = begin(folder, "reused-id.pcap", DLT_EN10MB);

	write_packet(dumper, &mixed[6], 0, 0);
	write_packet(dumper, &mixed[7], 3600000000, 0);
	pcap_dump_close(dumper);
}

/* SYNs of one source, 1 ms apart: so many are within the rate and burst of messages. */
static void write_syns(const char *folder)
{
	const struct packet syn = {.spec = {.transport = IPPROTO_TCP, .syn = true}};
	pcap_dumper_t *dumper = begin(folder, "syns.pcap", DLT_EN10MB);

	for (int i = 0; i < SYNS; i++)
		write_packet(dumper, &syn, i * 1000, 0);
	pcap_dump_close(dumper);
}

/* `count` valid requests of one flow, each of another transaction, 0.1 ms apart. */
static void write_many(pcap_dumper_t *dumper, int count, __u64 *us)
{
	const struct packet valid = {};

	for (int i = 0; i < count; i++)
		write_packet(dumper, &valid, *us += 100, 0);
}

static void write_one_flow(const char *folder)
{
	pcap_dumper_t *dumper = begin(folder, "one-flow.pcap", DLT_EN10MB);
	__u64 us = 0;

	write_many(dumper, MANY, &us);
	pcap_dump_close(dumper);
}

/* 100 malformed requests, 100 of a scanner, and a valid one after them, all of one flow. */
static void write_bad_flow(const char *folder)
{
	const struct packet malformed = {.spec.payload = MALFORMED};
	const struct packet scanner = {.spec.payload = SCANNER};
	pcap_dumper_t *dumper = begin(folder, "bad-flow.pcap", DLT_EN10MB);
	__u64 us = 0;

	for (int i = 0; i < 100; i++) {
		write_packet(dumper, &malformed, us += 100, 0);
		write_packet(dumper, &scanner, us += 100, 0);
	}
	write_many(dumper, 1, &us);
	pcap_dump_close(dumper);
}

/* What a flow sends, and an office: each kind must be judged every time as the first time. */
static const struct packet kinds[] = {
	{{.payload = NULL}, 0},
	{{.payload = INVITE}, 0},
	{{.payload = SIP_REQUEST("REGISTER")}, 0},
	{{.payload = SIP_REQUEST("NOTIFY")}, 0},
	{{.payload = SIP_REQUEST("ACK")}, 0},
	{{.payload = SIP_RESPONSE}, 0},
	{{.payload = "\r\n\r\n"}, 0},
	{{.payload = MALFORMED}, 0},
	{{.payload = SCANNER}, 0},
	{{.payload = NOT_SIP, .length = sizeof(NOT_SIP) - 1}, 0},
	{{.udp_length_error = 1}, 0},
	{{.transport = IPPROTO_TCP, .syn = true}, 0},
	{{.payload = INVITE, .fill = 2000, .id = 9, .offset = 1480}, 0},
	{{.payload = INVITE, .fill = 2000, .id = 7, .size = 1480}, 0},
	{{.payload = INVITE, .fill = 2000, .id = 7, .offset = 1480}, 0},
	{{.payload = NOT_SIP, .fill = 2000, .id = 8, .size = 1480}, 0},
	{{.payload = NOT_SIP, .fill = 2000, .id = 8, .offset = 1480}, 0},
	{{.vlan = {[0 ... 8] = ETH_P_8021Q}}, 0}, /* one more than are looked into, */
	{{.source = "2001:db8::5", .chain = "ddddddddd"}, 0}, /* likewise */
	{{.payload = INVITE, .id = 10, .size = 16}, 0},
};

static void write_kinds(const char *folder)
{
	pcap_dumper_t *dumper = begin(folder, "kinds.pcap", DLT_EN10MB);
	__u64 us = 0;

	for (int i = 0; i < ROUNDS; i++) {
		for (size_t kind = 0; kind < COUNT(kinds); kind++)
			write_packet(dumper, &kinds[kind], us += 10, 0);
	}
	pcap_dump_close(dumper);
}

/* --- pcapng, which libpcap does not write --- */

/* A block of a head of its own and of a frame. */
static void write_block(FILE *file, __u32 type, const __u32 *head, size_t words, const __u8 *frame,
			__u32 size)
{
	static const __u8 padding[4];
	__u32 length = 12 + 4 * words + (size + 3) / 4 * 4;

	fwrite(&type, 4, 1, file);
	fwrite(&length, 4, 1, file);
	fwrite(head, 4, words, file);
	fwrite(frame, 1, size, file);
	fwrite(padding, 1, -size % 4, file);
	fwrite(&length, 4, 1, file);
}

static void write_section(FILE *file)
{
	const __u32 head[] = {0x1a2b3c4d, 1, -1U, -1U};

	write_block(file, 0x0a0d0d0a, head, COUNT(head), (const __u8 *)"", 0);
}

static void write_interface(FILE *file, __u16 link, __u32 snaplen)
{
	const __u32 head[] = {link, snaplen};

	write_block(file, 1, head, COUNT(head), (const __u8 *)"", 0);
}

/* As write_packet(), of the interface of that number. */
static void write_captured(FILE *file, __u32 interface, const struct packet *packet, __u32 skip)
{
	static __u8 frame[FRAME_MAX];
	__u32 length = packet_build(&packet->spec, frame) - skip;
	__u32 held = packet->cut ? packet->cut : length;
	const __u32 head[] = {interface, 0, 1000000, held, length};

	write_block(file, 6, head, COUNT(head), frame + skip, held);
}

static void write_interfaces(const char *folder)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/interfaces.pcapng", folder);
	file = fopen(path, "w");
	if (!file) {
		fprintf(stderr, "write_captures: cannot write %s\n", path);
		exit(1);
	}
	write_section(file);
	write_interface(file, 1, 262144); /* Ethernet */
	write_interface(file, 101, 65535); /* raw IP */
	write_captured(file, 0, &mixed[0], 0);
	write_captured(file, 1, &mixed[1], ETH_HLEN);
	write_captured(file, 1, &mixed[0], ETH_HLEN);
	write_interface(file, 201, 0); /* Bluetooth */
	write_captured(file, 2, &mixed[0], 0);
	write_section(file); /* as of a second file behind the first */
	write_interface(file, 101, 100);
	write_captured(file, 0, &mixed[1], ETH_HLEN);
	write_captured(file, 0, &mixed[11], ETH_HLEN);
	fclose(file);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: write_captures FOLDER\n");
		return 2;
	}
	write_mixed(argv[1]);
	write_invites(argv[1], "instant.pcap", 0, 1);
	write_invites(argv[1], "burst.pcap", 0, 20000);
	write_invites(argv[1], "minute.pcap", 0, 1500000);
	write_invites(argv[1], "backwards.pcap", 3600000000, -1000000);
	write_reused_id(argv[1]);
	write_syns(argv[1]);
	write_one_flow(argv[1]);
	write_bad_flow(argv[1]);
	write_kinds(argv[1]);
	write_interfaces(argv[1]);
	pcap_dump_close(begin(argv[1], "empty.pcap", DLT_EN10MB));
	pcap_dump_close(begin(argv[1], "bluetooth.pcap", DLT_BLUETOOTH_HCI_H4_WITH_PHDR));
	return 0;
}
