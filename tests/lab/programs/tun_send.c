// SPDX-License-Identifier: GPL-2.0-only
/*
 * tun_send tun|tap|alien NAME FROM TO: makes the interface (alien: of a type that nobody expects),
 * says "ready", and for each line "N TEXT" on standard input has it receive N datagrams of UDP with
 * that text ("\\n" is CR LF), from FROM to TO, port 5060 to 5060, and says "sent"; with "N@ID TEXT"
 * they have the tag of that VLAN. The interface ends with the process.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "packet.h"

#define PORT 5060

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

int main(int argc, char **argv)
{
	char line[1400], text[1400], *words;
	int fd = argc == 5 ? make(argv[1], argv[2]) : -1;
	struct packet_spec spec = {.sport = PORT, .payload = text, .sums = true};
	__u8 frame[FRAME_MAX];

	if (fd < 0) {
		perror("tun_send");
		return 1;
	}
	spec.source = argv[3];
	spec.destination = argv[4];
	packet_bare = strcmp(argv[1], "tap") != 0;
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		long count = strtol(line, &words, 10);
		size_t length;

		spec.vid[0] = *words == '@' ? strtol(words + 1, &words, 10) : 0;
		spec.vlan[0] = spec.vid[0] ? ETH_P_8021Q : 0;
		length = fill_text(text, sizeof(text), words + (*words == ' '));
		text[length] = '\0';
		length = packet_build(&spec, frame);
		if (!packet_bare)
			memset(frame, 0xff, ETH_ALEN); /* to all */
		for (long i = 0; i < count; i++) {
			if (write(fd, frame, length) < 0) {
				perror("tun_send");
				return 1;
			}
		}
		puts("sent");
		fflush(stdout);
	}
	return 0;
}
