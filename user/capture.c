// SPDX-License-Identifier: GPL-2.0-only
#include "capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <pcap/pcap.h>

#define NO_PROTOCOL 0xffff    /* reserved (RFC 7042 appendix B.1): the guard passes it as foreign */
#define SECONDS_MAX (1ULL << 33) /* of a time stamp: in ns this leaves the guard's clock room */
#define PACKET_MAX (1U << 24) /* bytes: a larger one is nonsense in the file */
#define NSEC_PER_SEC 1000000000ULL

/* A kind of link header: its size, and the Ethernet type that stands for what is behind it. */
struct link {
	int type; /* DLT_ of libpcap */
	__u32 size;
	__u16 (*protocol)(const __u8 *header, const __u8 *packet, __u32 length);
};

struct capture {
	pcap_t *pcap;
	const struct link *link;
	__u8 *frame; /* where link headers are replaced */
	size_t room;
};

static __u16 protocol_of_version(const __u8 *header, const __u8 *packet, __u32 length)
{
	(void)header;
	if (length && packet[0] >> 4 == 4)
		return ETH_P_IP;
	return length && packet[0] >> 4 == 6 ? ETH_P_IPV6 : NO_PROTOCOL;
}

/*
 * The address family is in the byte order of the machine that captured, and AF_INET6 is 10, 24, 28
 * or 30, as the system was: one byte of the four is set, and the version of IP says the rest.
 */
static __u16 protocol_of_family(const __u8 *header, const __u8 *packet, __u32 length)
{
	__u8 family = header[0] | header[3];
	bool ip4 = family == 2, ip6 = family == 10 || family == 24 || family == 28 || family == 30;
	__u16 protocol = protocol_of_version(header, packet, length);

	if (header[1] || header[2] || (header[0] && header[3]))
		return NO_PROTOCOL;
	return (ip4 && protocol == ETH_P_IP) || (ip6 && protocol == ETH_P_IPV6) ? protocol
										: NO_PROTOCOL;
}

static __u16 protocol_of_cooked(const __u8 *header, const __u8 *packet, __u32 length)
{
	(void)packet;
	(void)length;
	return header[14] << 8 | header[15];
}

static __u16 protocol_of_cooked2(const __u8 *header, const __u8 *packet, __u32 length)
{
	(void)packet;
	(void)length;
	return header[0] << 8 | header[1];
}

static const struct link links[] = {
	{DLT_EN10MB, ETH_HLEN, NULL},
	{DLT_RAW, 0, protocol_of_version},
	{DLT_IPV4, 0, protocol_of_version},
	{DLT_IPV6, 0, protocol_of_version},
	{DLT_NULL, 4, protocol_of_family},
	{DLT_LOOP, 4, protocol_of_family},
	{DLT_LINUX_SLL, 16, protocol_of_cooked},
	{DLT_LINUX_SLL2, 20, protocol_of_cooked2},
};

static int capture_link(struct capture *capture, const char *path, char *why, size_t size)
{
	int type = pcap_datalink(capture->pcap);
	const char *name = pcap_datalink_val_to_name(type);
	char number[16];

	if (!strcmp(path, "-"))
		path = "standard input";
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		if (links[i].type == type)
			capture->link = &links[i];
	}
	if (capture->link)
		return 0;
	snprintf(number, sizeof(number), "%d", type);
	snprintf(why, size, "%s has packets of link type %s, which replay cannot read: capture on "
		 "an Ethernet interface, or on \"any\".", path, name ? name : number);
	return -EPROTONOSUPPORT;
}

static FILE *capture_file(const char *path, char *why, size_t size)
{
	bool input = strcmp(path, "-") == 0;
	FILE *file = input ? stdin : fopen(path, "rbe");
	struct stat status;

	if (!file) {
		snprintf(why, size, "cannot open %s: %s.", path, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
		fclose(file);
		errno = EISDIR;
		snprintf(why, size, "%s is a folder: `sipguard replay --raw %s` takes each of its "
			 "files for a message.", path, path);
		return NULL;
	}
	return file;
}

int capture_open(const char *path, struct capture **capture, char *why, size_t size)
{
	struct capture *c = calloc(1, sizeof(*c));
	char error[PCAP_ERRBUF_SIZE] = "";
	FILE *file;
	int err = 0;

	if (!c) {
		snprintf(why, size, "out of memory.");
		return -ENOMEM;
	}
	file = capture_file(path, why, size);
	if (!file)
		err = -errno;
	else
		c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO,
								   error);
	if (file && !c->pcap) {
		snprintf(why, size, "%s is not a capture in pcap or pcapng format (%s): for a "
			 "folder of messages there is --raw.", path, error);
		err = -EINVAL;
		if (file != stdin)
			fclose(file);
	}
	if (!err)
		err = capture_link(c, path, why, size);
	if (err)
		capture_close(c);
	else
		*capture = c;
	return err;
}

static __u64 time_of(const struct pcap_pkthdr *header)
{
	__u64 seconds = header->ts.tv_sec < 0 ? 0 : header->ts.tv_sec;
	__u64 ns = header->ts.tv_usec < 0 ? 0 : header->ts.tv_usec; /* as asked for on opening */

	if (seconds > SECONDS_MAX)
		seconds = SECONDS_MAX;
	return seconds * NSEC_PER_SEC + ns % NSEC_PER_SEC;
}

static int make_room(struct capture *capture, size_t length)
{
	__u8 *frame;

	if (length <= capture->room)
		return 0;
	frame = realloc(capture->frame, length);
	if (!frame)
		return -ENOMEM;
	capture->frame = frame;
	capture->room = length;
	return 0;
}

/* The link header off, an Ethernet header on. */
static int replace_link(struct capture *capture, const __u8 *bytes, struct frame *frame)
{
	const struct link *link = capture->link;
	__u32 length = frame->length - link->size;
	int err = make_room(capture, (size_t)length + ETH_HLEN);

	if (err)
		return err;
	frame_ethernet(capture->frame, link->protocol(bytes, bytes + link->size, length));
	memcpy(capture->frame + ETH_HLEN, bytes + link->size, length);
	frame->bytes = capture->frame;
	frame->length = length + ETH_HLEN;
	return 0;
}

int capture_next(struct capture *capture, struct frame *frame, char *why, size_t size)
{
	struct pcap_pkthdr *header;
	const __u8 *bytes;
	int err = 0, result = pcap_next_ex(capture->pcap, &header, &bytes);

	if (result == PCAP_ERROR_BREAK)
		return 0;
	if (result != 1) {
		snprintf(why, size, "%s", pcap_geterr(capture->pcap));
		return -EIO;
	}
	if (header->caplen > PACKET_MAX) {
		snprintf(why, size, "a packet of %u bytes", header->caplen);
		return -EIO;
	}
	*frame = (struct frame){
		.bytes = bytes,
		.length = header->caplen,
		.missing = header->len > header->caplen ? header->len - header->caplen : 0,
		.time = time_of(header),
	};
	if (frame->length < capture->link->size) {
		frame->missing = frame->missing ? header->len : 0;
		frame->length = 0;
	} else if (capture->link->protocol) {
		err = replace_link(capture, bytes, frame);
	}
	if (err)
		snprintf(why, size, "out of memory");
	return err ? err : 1;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture->frame);
	free(capture);
}
