// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>
#include <pcap/sll.h>

#include "base/text.h"

#define SNAP_MOST 65535
#define BUFFER (16 << 20) /* bytes that the kernel keeps while we are busy */
#define WAIT_MS 100
#define PORTS_MOST 64     /* a filter of more is too long for the kernel */
#define OTHERS_MOST 1000  /* packets of other interfaces in a row */
#define NSEC_PER_SEC 1000000000ULL

struct live {
	pcap_t *pcap;
	__u32 *ifindexes;
	size_t count;
	__u8 *frame; /* room for the longest */
};

/* "udp port 5060 or tcp port 5061". Tags of VLANs the kernel has taken off before. */
static int add_ports(const struct sg_config *config, struct text *text)
{
	int count = 0;

	for (int port = 1; port < SG_PORTS; port++) {
		__u8 roles = config->port[port];

		if (roles & SG_PORT_UDP)
			text_add(text, "%sudp port %d", count++ ? " or " : "", port);
		if (roles & (SG_PORT_TCP | SG_PORT_TLS))
			text_add(text, "%stcp port %d", count++ ? " or " : "", port);
	}
	return count;
}

static int set_filter(struct live *live, const struct sg_config *config, struct error *error)
{
	struct bpf_program program;
	struct text ports = {};
	int count = add_ports(config, &ports), err = 0;
	bool many = !count || count > PORTS_MOST;

	if (ports.lost)
		err = error_set(error, -ENOMEM, "out of memory.");
	else if (pcap_compile(live->pcap, &program, many ? "udp or tcp" : ports.data, 1,
			      PCAP_NETMASK_UNKNOWN))
		err = error_set(error, -EINVAL, "cannot make a filter of the guarded ports: %s.",
				pcap_geterr(live->pcap));
	text_free(&ports);
	if (err)
		return err;
	if (pcap_setfilter(live->pcap, &program))
		err = error_set(error, -EINVAL, "cannot set a filter of the guarded ports: %s.",
				pcap_geterr(live->pcap));
	pcap_freecode(&program);
	return err;
}

/* On all interfaces, as only so it is told which way a packet goes. */
static int begin(struct live *live, struct error *error)
{
	char why[PCAP_ERRBUF_SIZE] = "";

	live->pcap = pcap_create("any", why);
	if (!live->pcap)
		return error_set(error, -EIO, "cannot listen: %s.", why);
	pcap_set_snaplen(live->pcap, SNAP_MOST);
	pcap_set_buffer_size(live->pcap, BUFFER);
	pcap_set_timeout(live->pcap, WAIT_MS);
	pcap_set_tstamp_precision(live->pcap, PCAP_TSTAMP_PRECISION_NANO);
	if (pcap_activate(live->pcap) < 0)
		return error_set(error, -EIO, "cannot listen: %s.", pcap_geterr(live->pcap));
	/* Or libpcap waits until there is a packet, for ever, and signals do not end that. */
	if (pcap_setnonblock(live->pcap, 1, why))
		return error_set(error, -EIO, "cannot listen: %s.", why);
	if (pcap_set_datalink(live->pcap, DLT_LINUX_SLL2))
		return error_set(error, -EIO, "cannot listen: %s; libpcap 1.10 is needed.",
				 pcap_geterr(live->pcap));
	return 0;
}

int live_open(const struct sg_config *ports, const __u32 *ifindexes, size_t count,
	      struct live **live, struct error *error)
{
	struct live *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return error_set(error, -ENOMEM, "out of memory.");
	l->count = count;
	l->ifindexes = calloc(count + 1, sizeof(*ifindexes));
	l->frame = malloc(SNAP_MOST + ETH_HLEN);
	if (!l->ifindexes || !l->frame) {
		live_close(l);
		return error_set(error, -ENOMEM, "out of memory.");
	}
	memcpy(l->ifindexes, ifindexes, count * sizeof(*ifindexes));
	err = begin(l, error);
	if (!err)
		err = set_filter(l, ports, error);
	if (err)
		live_close(l);
	else
		*live = l;
	return err;
}

static bool is_ours(const struct live *live, __u32 ifindex)
{
	for (size_t i = 0; i < live->count; i++) {
		if (live->ifindexes[i] == ifindex)
			return true;
	}
	return false;
}

/* Whose link header a made-up one replaces. False: of another interface, or host. */
static bool take(struct live *live, const struct pcap_pkthdr *header, const __u8 *bytes,
		 struct frame *frame, enum direction *direction)
{
	const struct sll2_header *link = (const struct sll2_header *)bytes;
	__u32 length = header->caplen - SLL2_HDR_LEN;

	if (header->caplen < SLL2_HDR_LEN || !is_ours(live, ntohl(link->sll2_if_index)) ||
	    link->sll2_pkttype == LINUX_SLL_OTHERHOST)
		return false;
	*direction = link->sll2_pkttype == LINUX_SLL_OUTGOING ? DIRECTION_OUT : DIRECTION_IN;
	frame_ethernet(live->frame, ntohs(link->sll2_protocol));
	memcpy(live->frame + ETH_HLEN, bytes + SLL2_HDR_LEN, length);
	*frame = (struct frame){
		.bytes = live->frame,
		.length = ETH_HLEN + length,
		.missing = header->len > header->caplen ? header->len - header->caplen : 0,
		.time = header->ts.tv_sec * NSEC_PER_SEC + header->ts.tv_usec, /* which is ns */
	};
	return true;
}

int live_next(struct live *live, struct frame *frame, enum direction *direction,
	      struct error *error)
{
	struct pollfd wait = {.events = POLLIN};
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result = 1;

	/* Not for ever: there may be nothing but what is not ours. */
	for (int i = 0; i < OTHERS_MOST && result == 1; i++) {
		result = pcap_next_ex(live->pcap, &header, &bytes);
		if (result == 1 && take(live, header, bytes, frame, direction))
			return 1;
	}
	if (result == PCAP_ERROR)
		return error_set(error, -EIO, "cannot listen any longer: %s.",
				 pcap_geterr(live->pcap));
	wait.fd = pcap_get_selectable_fd(live->pcap);
	if (!result)
		poll(&wait, 1, WAIT_MS);
	return 0;
}

__u64 live_lost(const struct live *live)
{
	struct pcap_stat counted = {};

	return pcap_stats(live->pcap, &counted) ? 0 : counted.ps_drop;
}

void live_close(struct live *live)
{
	if (!live)
		return;
	if (live->pcap)
		pcap_close(live->pcap);
	free(live->ifindexes);
	free(live->frame);
	free(live);
}
