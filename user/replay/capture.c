// SPDX-License-Identifier: GPL-2.0-only
/*
 * By Wireshark's wiretap (4.0 to 4.4; 4.6 changes its interface): libpcap 1.10 refuses a pcapng
 * whose interfaces differ in link type or snapshot length, as dumpcap on two interfaces and
 * mergecap write them. It costs 57 MB more where sipguard is built and 6 MB where it runs
 * (Debian 12), and a reader of our own would be one more parser of hostile files. Its other formats
 * are refused.
 */
#include "replay/capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <wiretap/wtap.h>

#include "events/wiretap.h"

#define NO_PROTOCOL 0xffff    /* reserved (RFC 7042 appendix B.1): the guard passes it as foreign */
#define SECONDS_MAX (1ULL << 33) /* of a time stamp: in ns this leaves the guard's clock room */
#define PCAP_HEADER 24 /* of the file, and of a packet */
#define PCAP_PACKET_HEADER 16
#define NSEC_PER_SEC 1000000000ULL
#define PPP_IP 0x0021 /* RFC 1332 section 2, RFC 5072 section 3 */
#define PPP_IPV6 0x0057

/* A kind of link header: its size, and the Ethernet type that stands for what is behind it. */
struct link {
	int type; /* WTAP_ENCAP_ of wiretap */
	__u32 size;
	__u16 (*protocol)(const __u8 *header, const __u8 *packet, __u32 length);
};

struct capture {
	wtap *wtap;
	wtap_rec record;
	Buffer packet;
	gint64 end;  /* of the last packet, in a pcap */
	__u64 time;  /* of the last packet that had one */
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

static __u16 protocol_of_ppp(const __u8 *header, const __u8 *packet, __u32 length)
{
	__u16 protocol = header[0] << 8 | header[1];

	(void)packet;
	(void)length;
	if (protocol == PPP_IP)
		return ETH_P_IP;
	return protocol == PPP_IPV6 ? ETH_P_IPV6 : NO_PROTOCOL;
}

static const struct link links[] = {
	{WTAP_ENCAP_ETHERNET, ETH_HLEN, NULL},
	{WTAP_ENCAP_RAW_IP, 0, protocol_of_version},
	{WTAP_ENCAP_RAW_IP4, 0, protocol_of_version},
	{WTAP_ENCAP_RAW_IP6, 0, protocol_of_version},
	{WTAP_ENCAP_NULL, 4, protocol_of_family},
	{WTAP_ENCAP_LOOP, 4, protocol_of_family},
	{WTAP_ENCAP_SLL, 16, protocol_of_cooked},
	{WTAP_ENCAP_SLL2, 20, protocol_of_cooked2},
	{WTAP_ENCAP_PPP, 2, protocol_of_ppp},
};

/* NULL if it is one that cannot be read. */
static const struct link *find_link(int type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		if (links[i].type == type)
			return &links[i];
	}
	return NULL;
}

/* wiretap's error in words, for inside of a sentence. */
static void say_error(int err, gchar *info, struct error *error)
{
	if (err == WTAP_ERR_SHORT_READ || !err)
		error_set(error, -EIO, "truncated: it ends within a packet or a block");
	else if (err == WTAP_ERR_FILE_UNKNOWN_FORMAT)
		error_set(error, -EIO, "its first bytes are those of no such file");
	else
		error_set(error, -EIO, "%s", info ? info : wtap_strerror(err));
	g_free(info);
}

static bool is_pcap(wtap *wtap)
{
	int type = wtap_file_type_subtype(wtap);

	return type == wtap_pcap_file_type_subtype() || type == wtap_pcap_nsec_file_type_subtype();
}

/*
 * What else wiretap reads is not for us. It is also what it takes a pcap for one of whose first
 * three packets is damaged: formats that others made of pcap before 2001.
 */
static bool is_capture(wtap *wtap)
{
	return is_pcap(wtap) || wtap_file_type_subtype(wtap) == wtap_pcapng_file_type_subtype();
}

static void say_type(wtap *wtap, struct error *error)
{
	const char *type = wtap_file_type_subtype_description(wtap_file_type_subtype(wtap));

	error_set(error, -EINVAL, "its start is damaged, or it is %s", type);
}

/* wiretap would read a folder to say no, and takes an empty file for a format of the past. */
static int refuse_file(const char *path, struct error *error)
{
	struct stat status;

	if (!strcmp(path, "-") || stat(path, &status))
		return 0;
	if (S_ISDIR(status.st_mode))
		return error_set(error, -EISDIR, "%s is a folder: `sipguard replay --raw %s` takes "
				 "each of its files for a message.", path, path);
	if (S_ISREG(status.st_mode) && !status.st_size)
		return error_set(error, -EINVAL, "%s is empty, without even the header of a "
				 "capture: take it anew.", path);
	return 0;
}

/*
 * Refuses a capture of which nothing could be read. If its interfaces differ, or the first one
 * comes later, each packet tells for itself.
 */
static int check_link(struct capture *capture, const char *path, struct error *error)
{
	int type = wtap_file_encap(capture->wtap);

	if (type == WTAP_ENCAP_PER_PACKET || type == WTAP_ENCAP_UNKNOWN || find_link(type))
		return 0;
	return error_set(error, -EPROTONOSUPPORT, "%s has packets of a link type (%s) that replay "
			 "cannot read: capture on an Ethernet interface, or on \"any\".", path,
			 wtap_encap_description(type));
}

static int open_wiretap(struct capture *capture, const char *path, struct error *error)
{
	const char *name = strcmp(path, "-") ? path : "standard input";
	gchar *info = NULL;
	struct error reason = {};
	int err = 0;

	wiretap_begin();
	wtap_rec_init(&capture->record);
	ws_buffer_init(&capture->packet, 1536);
	capture->wtap = wtap_open_offline(path, WTAP_TYPE_AUTO, &err, &info, FALSE);
	if (!capture->wtap && err > 0) {
		g_free(info);
		return error_set(error, -err, "cannot open %s: %s.", name, strerror(err));
	}
	capture->end = PCAP_HEADER;
	if (capture->wtap && is_capture(capture->wtap))
		return check_link(capture, name, error);
	if (capture->wtap)
		say_type(capture->wtap, &reason);
	else
		say_error(err, info, &reason);
	return error_set(error, -EINVAL, "%s is not a capture in pcap or pcapng format (%s): for a "
			 "folder of messages there is --raw.", name, reason.text);
}

int capture_open(const char *path, struct capture **capture, struct error *error)
{
	struct capture *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return error_set(error, -ENOMEM, "out of memory.");
	err = refuse_file(path, error);
	if (err) {
		free(c);
		return err;
	}
	err = open_wiretap(c, path, error);
	if (err)
		capture_close(c);
	else
		*capture = c;
	return err;
}

/* A simple packet block has no time: it is taken for that of the packet before. */
static __u64 time_of(struct capture *capture)
{
	const wtap_rec *record = &capture->record;
	__u64 seconds = record->ts.secs < 0 ? 0 : record->ts.secs;
	__u64 ns = record->ts.nsecs < 0 ? 0 : record->ts.nsecs;

	if (!(record->presence_flags & WTAP_HAS_TS))
		return capture->time;
	if (seconds > SECONDS_MAX)
		seconds = SECONDS_MAX;
	capture->time = seconds * NSEC_PER_SEC + ns % NSEC_PER_SEC;
	return capture->time;
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
static int replace_link(struct capture *capture, const struct link *link, struct frame *frame)
{
	const __u8 *packet = frame->bytes + link->size;
	__u32 length = frame->length - link->size;
	int err = make_room(capture, (size_t)length + ETH_HLEN);

	if (err)
		return err;
	frame_ethernet(capture->frame, link->protocol(frame->bytes, packet, length));
	memcpy(capture->frame + ETH_HLEN, packet, length);
	frame->bytes = capture->frame;
	frame->length = length + ETH_HLEN;
	return 0;
}

/* PPP stands there with the framing of RFC 1662 section 3.1 or without. */
static void skip_framing(struct frame *frame)
{
	if (frame->length >= 2 && frame->bytes[0] == 0xff && frame->bytes[1] == 0x03) {
		frame->bytes += 2;
		frame->length -= 2;
	}
}

/* The packet in the buffer. 0 or -ENOMEM. */
static int make_frame(struct capture *capture, struct frame *frame)
{
	const wtap_packet_header *header = &capture->record.rec_header.packet_header;
	const struct link *link = find_link(header->pkt_encap);

	*frame = (struct frame){
		.bytes = ws_buffer_start_ptr(&capture->packet),
		.length = header->caplen,
		.missing = header->len > header->caplen ? header->len - header->caplen : 0,
		.time = time_of(capture),
		.foreign = !link,
	};
	if (link && link->type == WTAP_ENCAP_PPP)
		skip_framing(frame);
	if (!link || frame->length < link->size) {
		frame->missing = frame->missing || !link ? header->len : 0;
		frame->length = 0;
		return 0;
	}
	return link->protocol ? replace_link(capture, link, frame) : 0;
}

/*
 * Whether a pcap that wiretap sees the end of goes on: 4.0 takes one that is cut behind the first
 * or second word of a packet's header for a whole one. `offset` is where the next packet would be.
 */
static bool is_cut(const struct capture *capture, gint64 offset)
{
	if (!is_pcap(capture->wtap))
		return false;
	if (wtap_get_compression_type(capture->wtap) == WTAP_UNCOMPRESSED)
		offset = wtap_read_so_far(capture->wtap);
	return offset > capture->end;
}

int capture_next(struct capture *capture, struct frame *frame, struct error *error)
{
	gchar *info = NULL;
	gint64 offset = 0;
	int err = 0;

	do {
		wtap_rec_reset(&capture->record);
		if (!wtap_read(capture->wtap, &capture->record, &capture->packet, &err, &info,
			       &offset)) {
			if (!err && !is_cut(capture, offset))
				return 0;
			say_error(err, info, error);
			return -EIO;
		}
	} while (capture->record.rec_type != REC_TYPE_PACKET);
	capture->end = offset + PCAP_PACKET_HEADER +
		       capture->record.rec_header.packet_header.caplen;
	err = make_frame(capture, frame);
	if (err)
		error_set(error, err, "out of memory");
	return err ? err : 1;
}

unsigned int capture_percent(const struct capture *capture)
{
	gint64 read = wtap_read_so_far(capture->wtap), size;
	int err = 0;

	size = wtap_file_size(capture->wtap, &err);
	if (err || size <= 0 || read < 0)
		return 0;
	return read < size ? 1 + 99 * read / size : 100;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->wtap)
		wtap_close(capture->wtap);
	wtap_rec_cleanup(&capture->record);
	ws_buffer_free(&capture->packet);
	free(capture->frame);
	free(capture);
}
