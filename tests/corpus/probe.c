// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe OBJECT [FOLDER]: the message reader in the kernel, by BPF_PROG_RUN.
 *
 * Prints the nanoseconds that it takes over a program that only drops, by the size of the message,
 * and then reads each message of a corpus, and seeded mutations of them, in the kernel and
 * natively: all numbers of the two results must be the same.
 *
 * Exit status 0 if they are; SG_MUTATIONS: how many mutations (20000); SG_TIMES=0: no times.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "corpus.h"
#include "sip_reader.h"

#define OFFSET 42 /* of the message in the frame, as in probe.bpf.c */
#define FRAME_MAX (OFFSET + CORPUS_BYTES)
#define ROUNDS 7
#define BURSTS 5
#define PACKETS 20000

static struct bpf_object *object;
static int programs[3]; /* as in names[] */
static const char *const names[] = {"probe_drop", "probe_copy_only", "probe"};
enum program { DROP, COPY, READ };

static const struct sip_caps caps = SIP_CAPS_DEFAULT;
static size_t reader_message; /* offset of the result in the kernel's reader */
static size_t reader_size;
static int cpu;

/* --- the kernel's side --- */

static void probe_load(const char *path)
{
	struct bpf_map *map;

	object = bpf_object__open_file(path, NULL);
	if (!object || bpf_object__load(object))
		corpus_die("%s: the kernel does not load it.", path);
	for (int i = 0; i < 3; i++)
		programs[i] = bpf_program__fd(bpf_object__find_program_by_name(object, names[i]));
	map = bpf_object__find_map_by_name(object, "probe_reader");
	reader_size = (bpf_map__value_size(map) + 7) & ~7UL;
	/* The result is the last member of the reader, in either build. */
	reader_message = bpf_map__value_size(map) - sizeof(struct sip_message);
}

/* What the next messages are read with; the length comes from the frame. */
static void probe_input(const struct sip_input *input)
{
	int map = bpf_object__find_map_fd_by_name(object, ".bss");
	__u32 zero = 0;

	if (map < 0 || bpf_map_update_elem(map, &zero, input, BPF_ANY))
		corpus_die("The object has no variable probe_input.");
}

/* Runs a program on a frame; returns ns a run, and *verdict. */
static double probe_run(enum program program, unsigned char *frame, size_t length, int repeat,
			__u32 *verdict)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = OFFSET + length,
		    .repeat = repeat);

	if (bpf_prog_test_run_opts(programs[program], &options))
		corpus_die("BPF_PROG_RUN failed on %zu bytes (%s).", length, strerror(errno));
	*verdict = options.retval;
	return options.duration;
}

/* Stays on the CPU it is on, so that the programs run there. */
static void pin(void)
{
	cpu_set_t set;

	cpu = sched_getcpu();
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu < 0 || sched_setaffinity(0, sizeof(set), &set))
		corpus_die("The process cannot stay on one CPU (%s).", strerror(errno));
}

/* The result of the last run. */
static void probe_result(struct sip_message *message)
{
	static unsigned char *values;
	int map = bpf_object__find_map_fd_by_name(object, "probe_reader");
	__u32 zero = 0;

	if (!values)
		values = calloc(libbpf_num_possible_cpus(), reader_size);
	if (!values || bpf_map_lookup_elem(map, &zero, values))
		corpus_die("The reader's map cannot be read.");
	memcpy(message, values + cpu * reader_size + reader_message, sizeof(*message));
}

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
	static unsigned char frame[FRAME_MAX];
	double ns[3][ROUNDS], burst;
	__u32 verdict;

	memcpy(frame + OFFSET, text, length);
	for (int round = 0; round < ROUNDS; round++)
		for (int program = 0; program < 3; program++) {
			ns[program][round] = 1e9;
			for (int i = 0; i < BURSTS; i++) {
				burst = probe_run(program, frame, length, PACKETS, &verdict);
				if (burst < ns[program][round])
					ns[program][round] = burst;
			}
		}
	for (int program = 0; program < 3; program++)
		qsort(ns[program], ROUNDS, sizeof(double), compare);
	printf("%-10s %5zu bytes: drop %3.0f, copy +%3.0f, read +%3.0f ns%s\n", name, length,
	       ns[DROP][ROUNDS / 2], ns[COPY][ROUNDS / 2] - ns[DROP][ROUNDS / 2],
	       ns[READ][ROUNDS / 2] - ns[DROP][ROUNDS / 2], verdict == 2 ? "" : " (not passed)");
}

static void times(void)
{
	static const size_t sizes[] = {200, 400, 800, 1400, 2400, 3400, 4000};
	static const struct sip_input input = {.wanted = SIP_WANTED_DEFAULT};
	static char text[FRAME_MAX];

	probe_input(&input);
	time_message("options", options_request, sizeof(options_request) - 1);
	time_message("invite", invite, sizeof(invite) - 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		time_message("of size", text, message_build(text, sizes[i]));
}

/* --- differential --- */

static unsigned long compared, differing;

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

/* Spans of fields that do not occur are not part of the result. */
static void message_normalize(struct sip_message *message)
{
	for (int id = 0; id < SIP_FIELD__MAX; id++)
		if (!(message->seen >> id & 1))
			message->field[id] = (struct sip_span){};
}

static void print_difference(const char *name, const struct sip_message *kernel,
			     const struct sip_message *native)
{
	const unsigned char *a = (const void *)kernel, *b = (const void *)native;

	for (size_t i = 0; i < sizeof(*kernel); i++)
		if (a[i] != b[i]) {
			printf("%s: byte %zu of the result is %u in the kernel and %u natively; "
			       "faults %llx and %llx\n", name, i, a[i], b[i],
			       (unsigned long long)kernel->faults,
			       (unsigned long long)native->faults);
			return;
		}
}

/* Every other message is read for the default rules, which may take shorter ways. */
static void differential(const char *name, const unsigned char *bytes, size_t length)
{
	static unsigned char frame[FRAME_MAX];
	struct sip_input input = {.wanted = compared & 1 ? SIP_WANTED_DEFAULT : ~0ULL};
	struct sip_message kernel = {}, native = {};
	__u32 verdict, expected;

	memcpy(frame + OFFSET, bytes, length);
	probe_input(&input);
	input.length = length;
	probe_run(READ, frame, length, 1, &verdict);
	probe_result(&kernel);
	expected = sip_read_native(bytes, &input, &caps, &native) & SIP_DEFAULT_FAULTS ? 1 : 2;
	message_normalize(&kernel);
	message_normalize(&native);
	compared++;
	if (verdict == expected && !memcmp(&kernel, &native, sizeof(kernel)))
		return;
	print_difference(name, &kernel, &native);
	if (verdict != expected)
		printf("%s: verdict %u in the kernel, %u natively\n", name, verdict, expected);
	if (++differing > 20)
		corpus_die("More than 20 messages differ.");
}

/* A message with a few bytes changed, cut out or doubled, in an allocation of its exact size. */
static void mutate(const struct corpus_message *message, uint64_t *state)
{
	static const char likely[] = "\r\n\t :;,<>@=\"\\?[]/0aA\x80\xff";
	size_t length = message->length, at, count;
	unsigned char *bytes = malloc(length + 1);

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
	bytes = realloc(bytes, length ? length : 1);
	differential(message->name, bytes, length);
	free(bytes);
}

static void differences(const struct corpus *corpus)
{
	const char *setting = getenv("SG_MUTATIONS");
	unsigned long mutations = setting ? strtoul(setting, NULL, 10) : 20000;
	uint64_t state = 0x5e11ed;

	for (size_t i = 0; i < corpus->count; i++)
		if (corpus->message[i].length <= 65000) /* pages of a frame of BPF_PROG_RUN */
			differential(corpus->message[i].name, corpus->message[i].bytes,
				     corpus->message[i].length);
	for (unsigned long i = 0; corpus->count && i < mutations; i++) {
		const struct corpus_message *message =
			&corpus->message[random_next(&state) % corpus->count];

		if (message->length < 8192)
			mutate(message, &state);
	}
	printf("%lu messages compared, %lu differ\n", compared, differing);
}

int main(int argc, char **argv)
{
	const char *setting = getenv("SG_TIMES");
	struct corpus corpus = {};

	if (argc < 2 || argc > 3)
		corpus_die("usage: probe OBJECT [FOLDER]");
	pin();
	probe_load(argv[1]);
	if (!setting || strcmp(setting, "0"))
		times();
	if (argc == 3 && !corpus_load(&corpus, argv[2]))
		return 2;
	differences(&corpus);
	corpus_free(&corpus);
	bpf_object__close(object);
	return differing != 0;
}
