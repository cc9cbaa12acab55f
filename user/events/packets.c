// SPDX-License-Identifier: GPL-2.0-only
/* By wiretap 4.0 to 4.4, as user/replay/capture.c, which says why. */
#include "events/packets.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wiretap/wtap.h>

#include "events/wiretap.h"

#define INTERFACES_MOST 4096 /* that came and went while it was written */
#define TAG 4                /* bytes of an 802.1Q tag, behind the two addresses of Ethernet */
#define ADDRESSES 12

struct packets {
	wtap_dumper *dumper;
	const char *path;
	__u32 interface[INTERFACES_MOST]; /* its ifindex; its place is its number in the file */
	int encapsulation[INTERFACES_MOST];
	__u32 count;
	__u8 frame[SG_EVENT_LARGE + TAG];
};

static int failed_to(struct packets *packets, const char *what, int code, gchar *info,
		     struct error *error)
{
	const char *why = info ? info : code > 0 ? strerror(code) : wtap_strerror(code);
	int err = code > 0 ? -code : -EIO;

	error_set(error, err, "cannot %s %s: %s.", what,
		  strcmp(packets->path, "-") ? packets->path : "standard output", why);
	g_free(info);
	return err;
}

/* Whether packets of an interface have no Ethernet header, as those of tun. */
static bool is_bare(const char *name)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool bare;

	memcpy(request.ifr_name, name, IF_NAMESIZE);
	bare = fd >= 0 && !ioctl(fd, SIOCGIFHWADDR, &request) &&
	       request.ifr_hwaddr.sa_family != ARPHRD_ETHER;
	if (fd >= 0)
		close(fd);
	return bare;
}

/* Notes an interface as the next one in the file, and describes it. */
static wtap_block_t describe(struct packets *packets, __u32 interface)
{
	wtap_block_t block = wtap_block_create(WTAP_BLOCK_IF_ID_AND_INFO);
	wtapng_if_descr_mandatory_t *m = wtap_block_get_mandatory_data(block);
	char name[IF_NAMESIZE] = "unknown";

	if (interface)
		if_indextoname(interface, name);
	packets->interface[packets->count] = interface;
	packets->encapsulation[packets->count] = is_bare(name) ? WTAP_ENCAP_RAW_IP
							       : WTAP_ENCAP_ETHERNET;
	m->wtap_encap = packets->encapsulation[packets->count++];
	m->time_units_per_second = 1000000000;
	m->tsprecision = WTAP_TSPREC_NSEC;
	m->snap_len = SG_EVENT_LARGE + TAG;
	wtap_block_add_uint8_option(block, OPT_IDB_TSRESOL, 9);
	wtap_block_add_string_option(block, OPT_IDB_NAME, name, strlen(name));
	return block;
}

static wtap_dumper *begin_file(struct packets *packets, const __u32 *interfaces, size_t count,
			       struct error *error)
{
	wtapng_iface_descriptions_t described = {
		.interface_data = g_array_new(FALSE, FALSE, sizeof(wtap_block_t)),
	};
	wtap_dump_params params = WTAP_DUMP_PARAMS_INIT;
	int code = 0, type = wtap_pcapng_file_type_subtype();
	gchar *info = NULL;
	wtap_dumper *dumper;

	/* One at least, or wiretap makes one up. */
	for (size_t i = 0; i < count && i < INTERFACES_MOST; i++) {
		wtap_block_t block = describe(packets, interfaces[i]);

		g_array_append_val(described.interface_data, block);
	}
	params.encap = WTAP_ENCAP_ETHERNET;
	params.tsprec = WTAP_TSPREC_NSEC;
	params.idb_inf = &described;
	dumper = strcmp(packets->path, "-")
		? wtap_dump_open(packets->path, type, WTAP_UNCOMPRESSED, &params, &code, &info)
		: wtap_dump_open_stdout(type, WTAP_UNCOMPRESSED, &params, &code, &info);
	if (!dumper)
		failed_to(packets, "open", code, info, error);
	wtap_block_array_free(described.interface_data); /* it was copied */
	return dumper;
}

struct packets *packets_begin(const char *path, const __u32 *interfaces, size_t count,
			      struct error *error)
{
	struct packets *packets = calloc(1, sizeof(*packets));

	if (!packets) {
		error_set(error, -ENOMEM, "out of memory.");
		return NULL;
	}
	wiretap_begin();
	packets->path = path;
	packets->dumper = begin_file(packets, interfaces, count, error);
	if (packets->dumper)
		return packets;
	free(packets);
	return NULL;
}

/* The number of an interface in the file, or -errno. */
static int number_of(struct packets *packets, __u32 interface, struct error *error)
{
	gchar *info = NULL;
	int code = 0;

	for (__u32 i = 0; i < packets->count; i++) {
		if (packets->interface[i] == interface)
			return i;
	}
	if (packets->count == INTERFACES_MOST)
		return error_set(error, -E2BIG, "packets of more than %d interfaces have come: "
				 "begin another file.", INTERFACES_MOST);
	if (!wtap_dump_add_idb(packets->dumper, describe(packets, interface), &code, &info))
		return failed_to(packets, "write", code, info, error);
	return packets->count - 1;
}

/* A tag that the device took off goes back to its place. How many bytes there are now. */
static __u32 put_tag_back(struct packets *packets, const struct sg_event *event)
{
	const __u8 *bytes = (const void *)(event + 1);
	__u8 *to = packets->frame;
	__u32 kept = event->kept > SG_EVENT_LARGE ? SG_EVENT_LARGE : event->kept;

	if (!event->vlan || kept < ADDRESSES) {
		memcpy(to, bytes, kept);
		return kept;
	}
	memcpy(to, bytes, ADDRESSES);
	to[ADDRESSES] = 0x81;
	to[ADDRESSES + 1] = 0;
	to[ADDRESSES + 2] = event->vlan >> 8;
	to[ADDRESSES + 3] = event->vlan & 0xff;
	memcpy(to + ADDRESSES + TAG, bytes + ADDRESSES, kept - ADDRESSES);
	return kept + TAG;
}

int packets_add(struct packets *packets, const struct sg_event *event,
		const struct timespec *time, const char *comment, struct error *error)
{
	int code = 0, number = number_of(packets, event->interface, error);
	__u32 kept = put_tag_back(packets, event);
	wtap_packet_header *header;
	gchar *info = NULL;
	wtap_rec record;
	gboolean good;

	if (number < 0)
		return number;
	wtap_rec_init(&record);
	record.rec_type = REC_TYPE_PACKET;
	record.presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN | WTAP_HAS_INTERFACE_ID;
	record.tsprec = WTAP_TSPREC_NSEC;
	record.ts.secs = time->tv_sec;
	record.ts.nsecs = time->tv_nsec;
	header = &record.rec_header.packet_header;
	header->caplen = kept;
	header->len = event->frame + (kept > event->kept ? TAG : 0);
	header->pkt_encap = packets->encapsulation[number];
	header->interface_id = number;
	record.block = wtap_block_create(WTAP_BLOCK_PACKET);
	wtap_block_add_string_option(record.block, OPT_COMMENT, comment, strlen(comment));
	record.block_was_modified = TRUE;
	good = wtap_dump(packets->dumper, &record, packets->frame, &code, &info);
	wtap_rec_cleanup(&record);
	return good ? 0 : failed_to(packets, "write", code, info, error);
}

int packets_flush(struct packets *packets, struct error *error)
{
	int code = 0;

	return wtap_dump_flush(packets->dumper, &code) ? 0 : failed_to(packets, "write", code, NULL,
								       error);
}

__u64 packets_bytes(const struct packets *packets)
{
	return wtap_get_bytes_dumped(packets->dumper);
}

int packets_end(struct packets *packets, struct error *error)
{
	gchar *info = NULL;
	int code = 0, err = 0;

	if (!packets)
		return 0;
	if (!wtap_dump_close(packets->dumper, NULL, &code, &info))
		err = failed_to(packets, "write", code, info, error);
	free(packets);
	return err;
}
