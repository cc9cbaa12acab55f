// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe OBJECT [FOLDER]: the message reader in the kernel, by BPF_PROG_RUN.
 *
 * Prints the nanoseconds that it takes over a program that only drops, by the size of the message,
 * and then reads each message of the project and of a corpus, and seeded mutations of them, in the
 * kernel and natively: all numbers of the two results must be the same.
 *
 * Exit status 0 if they are; SG_MUTATIONS: how many mutations (20000); SG_TIMES=0: no times.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus.h"
#include "twin.h"

#define ROUNDS 7
#define BURSTS 5
#define PACKETS 20000
#define MUTATED_MAX 8192 /* longer messages are not mutated: what counts is at the start */
#define DIFFERENCES_MAX 5

static struct twin *twin;

/* --- times --- */

/*
 * A request of our own of `size` bytes: a head that grows by the fields that large messages have,
 * since it is the head that is read, and no body.
 */
static size_t message_build(char *text, size_t size)
{
	static const char start[] =
		"INVITE sip:bob@biloxi.example SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKq1w2e3\r\n"
		"From: <sip:a@b.example>;tag=77\r\nTo: <sip:b@b.example>\r\n"
		"Call-ID: 8471@a\r\nCSeq: 1 INVITE\r\n";
	static const char field[] =
		"Record-Route: <sip:p27.biloxi.example:5060;transport=udp;lr;ftag=7731>\r\n";
	size_t length = strlen(strcpy(text, start));

	while (length + 2 * (sizeof(field) - 1) + 2 <= size)
		length += strlen(strcpy(text + length, field));
	if (size > length + 14)
		length += sprintf(text + length, "Subject: %0*d\r\n", (int)(size - length - 13), 7);
	return length + strlen(strcpy(text + length, "\r\n"));
}

/* The 619 bytes that every figure of the project is about: a phone's INVITE with its SDP. */
static const char invite[] =
	"INVITE sip:+15551234567@sip.example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK-524287-1---d8b4a7c2;rport\r\n"
	"Max-Forwards: 70\r\n"
	"From: \"Alice\" <sip:alice@sip.example.com>;tag=3f7a9c21\r\n"
	"To: <sip:+15551234567@sip.example.com>\r\n"
	"Call-ID: 4f1e8a7b92c3d056@203.0.113.7\r\n"
	"CSeq: 1 INVITE\r\n"
	"Contact: <sip:alice@203.0.113.7:5060>\r\n"
	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
	"User-Agent: Probe 1.0.172\r\n"
	"Content-Type: application/sdp\r\n"
	"Content-Length: 163\r\n\r\n"
	"v=0\r\no=alice 2890844526 2890844526 IN IP4 203.0.113.7\r\ns=-\r\n"
	"c=IN IP4 203.0.113.7\r\nt=0 0\r\nm=audio 49172 RTP/AVP 0 8 101\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp\r\n";

static const char options_request[] =
	"OPTIONS sip:100@sip.example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK-524287-1---d8b4a7c2;rport\r\n"
	"Max-Forwards: 70\r\n"
	"From: \"Alice\" <sip:alice@sip.example.com>;tag=3f7a9c21\r\n"
	"To: <sip:100@sip.example.com>\r\n"
	"Call-ID: 4f1e8a7b92c3d056@203.0.113.7\r\n"
	"CSeq: 1 OPTIONS\r\n"
	"Contact: <sip:alice@203.0.113.7:5060>\r\n"
	"Accept: application/sdp\r\n"
	"User-Agent: Probe 1.0\r\n"
	"Content-Length: 0\r\n\r\n";

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median over rounds in which the three programs take turns, each by its fastest burst. */
static void time_message(const char *name, const char *text, size_t length)
{
	double ns[TWIN_PROGRAMS][ROUNDS], burst;
	__u32 action;

	for (int round = 0; round < ROUNDS; round++)
		for (int program = 0; program < TWIN_PROGRAMS; program++) {
			ns[program][round] = 1e9;
			for (int i = 0; i < BURSTS; i++) {
				burst = twin_run(twin, program, text, length, PACKETS, &action);
				if (burst < ns[program][round])
					ns[program][round] = burst;
			}
		}
	for (int program = 0; program < TWIN_PROGRAMS; program++)
		qsort(ns[program], ROUNDS, sizeof(double), compare);
	printf("%-10s %5zu bytes: drop %3.0f, copy +%3.0f, read +%3.0f ns%s\n", name, length,
	       ns[TWIN_DROP][ROUNDS / 2], ns[TWIN_COPY][ROUNDS / 2] - ns[TWIN_DROP][ROUNDS / 2],
	       ns[TWIN_READ][ROUNDS / 2] - ns[TWIN_DROP][ROUNDS / 2],
	       action == XDP_PASS ? "" : " (not passed)");
}

static void times(void)
{
	static const size_t sizes[] = {200, 400, 800, 1400, 2400, 3400, 4000};
	static const struct twin_setting setting = {.wanted = SIP_WANTED_DEFAULT};
	static char text[8192];

	twin_set(twin, &setting);
	time_message("options", options_request, sizeof(options_request) - 1);
	time_message("invite", invite, sizeof(invite) - 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		time_message("of size", text, message_build(text, sizes[i]));
}

/* --- the kernel's results against the native ones --- */

static unsigned long compared, differing;

static void compare_results(const char *name, const struct twin_setting *setting,
			    const unsigned char *bytes, size_t length)
{
	compared++;
	if (twin_agrees(twin, name, setting, bytes, length) || ++differing < DIFFERENCES_MAX)
		return;
	printf("%lu of %lu messages differ; no more are compared\n", differing, compared);
	exit(1);
}

static void compare_as_it_is(const struct corpus_message *message)
{
	for (size_t i = 0; message->length <= TWIN_BYTES && i < TWIN_SETTINGS; i++)
		compare_results(message->name, &twin_settings[i], message->bytes, message->length);
}

/* xorshift64* (Marsaglia): a failure is repeated by its seed. */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

/* Mostly what the guard asks for; one in eight with a limit that is easily met. */
static struct twin_setting random_setting(uint64_t *state)
{
	uint64_t random = random_next(state);
	struct twin_setting setting = {.wanted = random & 1 ? SIP_WANTED_DEFAULT : ~0ULL};

	if (!(random >> 1 & 3))
		setting.flags = random >> 8 & 15;
	if (!(random >> 3 & 7)) {
		setting.limited = random >> 16;
		setting.limit = (random >> 32) % 300;
	}
	return setting;
}

/* A message with a few bytes changed, cut out or doubled, in an allocation of its exact size. */
static void mutate(const struct corpus_message *message, uint64_t *state)
{
	static const char likely[] = "\r\n\t :;,<>@=\"\\?[]/0aA\x80\xff";
	size_t length = message->length, at, count;
	unsigned char *bytes = malloc(length + 1), *exact;
	struct twin_setting setting;

	if (!bytes)
		corpus_die("Out of memory.");
	memcpy(bytes, message->bytes, length);
	for (count = 1 + random_next(state) % 6; count && length; count--) {
		at = random_next(state) % (length < 1024 ? length : 1024);
		switch (random_next(state) % 4) {
		case 0:
			bytes[at] = random_next(state);
			break;
		case 1: /* with the NUL that ends it */
			bytes[at] = likely[random_next(state) % sizeof(likely)];
			break;
		case 2:
			memmove(bytes + at, bytes + at + 1, length - at - 1);
			length--;
			break;
		case 3:
			length = random_next(state) % 16 ? length : at;
			break;
		}
	}
	exact = realloc(bytes, length ? length : 1);
	if (!exact)
		corpus_die("Out of memory.");
	setting = random_setting(state);
	compare_results(message->name, &setting, exact, length);
	free(exact);
}

static void differences(const struct corpus *corpus)
{
	const char *setting = getenv("SG_MUTATIONS");
	unsigned long mutations = setting ? strtoul(setting, NULL, 10) : 20000;
	uint64_t state = 0x5e11ed;

	for (size_t i = 0; i < corpus->count; i++)
		compare_as_it_is(&corpus->message[i]);
	while (mutations) {
		const struct corpus_message *message =
			&corpus->message[random_next(&state) % corpus->count];

		if (message->length > MUTATED_MAX)
			continue;
		mutate(message, &state);
		mutations--;
	}
	printf("%lu messages compared, %lu differ\n", compared, differing);
}

int main(int argc, char **argv)
{
	const char *setting = getenv("SG_TIMES");
	struct corpus corpus = {};

	if (argc < 2 || argc > 3)
		corpus_die("usage: probe OBJECT [FOLDER]");
	twin = twin_open(argv[1]);
	if (!setting || strcmp(setting, "0"))
		times();
	if (argc == 3 && !corpus_load(&corpus, argv[2]))
		return 2;
	corpus_own(&corpus);
	differences(&corpus);
	corpus_free(&corpus);
	twin_close(twin);
	return differing != 0;
}
