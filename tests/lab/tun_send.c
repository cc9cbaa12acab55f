// SPDX-License-Identifier: GPL-2.0-only
/*
 * tun_send tun|tap|alien NAME FROM TO: makes the interface (alien: of a type that nobody expects),
 * says "ready", and for each line "N TEXT" on standard input has it receive N datagrams of UDP with
 * that text ("\\n" is CR LF), from FROM to TO, port 5060 to 5060, and says "sent". The interface
 * ends with the process.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PORT 5060

struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	char text[1400];
} __attribute__((packed));

static int make(const char *kind, const char *name)
{
	struct ifreq request = {
		.ifr_flags = (strcmp(kind, "tap") ? IFF_TUN : IFF_TAP) | IFF_NO_PI,
	};
	int fd = open("/dev/net/tun", O_RDWR);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		return -1;
	return strcmp(kind, "alien") || ioctl(fd, TUNSETLINK, ARPHRD_IEEE80211) == 0 ? fd : -1;
}

static unsigned short checksum(const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;
	unsigned int sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += byte[i] << 8 | byte[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static size_t fill_text(char *text, size_t size, const char *words)
{
	size_t length = 0;

	for (; *words && *words != '\n' && length + 2 < size; words++) {
		if (words[0] == '\\' && words[1] == 'n') {
			text[length++] = '\r';
			text[length++] = '\n';
			words++;
		} else {
			text[length++] = *words;
		}
	}
	return length;
}

/* Its length. UDP over IPv4 may be without a checksum. */
static size_t fill(struct datagram *d, const char *from, const char *to, const char *words)
{
	size_t length = fill_text(d->text, sizeof(d->text), words);

	d->udp.source = d->udp.dest = htons(PORT);
	d->udp.len = htons(sizeof(d->udp) + length);
	d->ip.version = 4;
	d->ip.ihl = 5;
	d->ip.ttl = 64;
	d->ip.protocol = IPPROTO_UDP;
	d->ip.tot_len = htons(sizeof(d->ip) + sizeof(d->udp) + length);
	inet_pton(AF_INET, from, &d->ip.saddr);
	inet_pton(AF_INET, to, &d->ip.daddr);
	d->ip.check = checksum(&d->ip, sizeof(d->ip));
	return sizeof(d->ip) + sizeof(d->udp) + length;
}

int main(int argc, char **argv)
{
	static struct {
		unsigned char ethernet[14];
		struct datagram datagram;
	} __attribute__((packed)) frame;
	char line[1400], *words;
	int fd = argc == 5 ? make(argv[1], argv[2]) : -1;
	bool tap = argc == 5 && strcmp(argv[1], "tap") == 0;

	if (fd < 0) {
		perror("tun_send");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	memset(frame.ethernet, 0xff, 6); /* to all; the sender's address is of no account */
	frame.ethernet[6] = 2;
	frame.ethernet[12] = 8;
	while (fgets(line, sizeof(line), stdin)) {
		long count = strtol(line, &words, 10);
		size_t length;

		memset(&frame.datagram, 0, sizeof(frame.datagram));
		length = fill(&frame.datagram, argv[3], argv[4], words + (*words == ' '));
		for (long i = 0; i < count; i++) {
			if (tap ? write(fd, &frame, sizeof(frame.ethernet) + length) < 0
				: write(fd, &frame.datagram, length) < 0) {
				perror("tun_send");
				return 1;
			}
		}
		puts("sent");
		fflush(stdout);
	}
	return 0;
}
