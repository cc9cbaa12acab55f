// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a day of a SIP server, in seconds, for test_calibrate.sh: write_day FOLDER [TIMES]. TIMES
 * (1) is how long the trunk and the dialler go on. As others see it: an office of 200 phones behind
 * one address that comes back after a power cut, a trunk of 80 calls a second from port 5060, a
 * dialler, single phones.
 *
 *   day.pcap       both directions
 *   in.pcap        what comes in of it
 *   attacked.pcap  the day and the floods of three attackers in it, answered as a server does
 *   floods.pcap    the floods alone, a minute from one to the next: 20000 REGISTER, INVITE, random
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "packet.h"

#define SERVER PACKET_SERVER4
#define OFFICE "203.0.113.10"
#define TRUNK "203.0.113.20"
#define DIALLER "203.0.113.30"
#define GUESSER "192.0.2.66"
#define CALLER "192.0.2.77"
#define PHONES 200
#define SINGLES 40
#define MS 1000ULL
#define SECOND 1000000ULL
#define START (1700000000 * SECOND)
#define POWER_CUT (60 * SECOND)
#define TRUNK_FROM (100 * SECOND)
#define FLOOD 20000 /* messages of each */

struct party {
	const char *address;
	__u16 port;
};

struct frame {
	__u64 us; /* since START */
	size_t number; /* among those of one time the order in which they were made */
	__u32 length;
	bool in;
	__u8 *bytes;
};

static struct frame *frames;
static size_t count, room;
static unsigned int serial; /* what must not be there twice is made of it */

static const struct party server = {SERVER, 5060}, server6 = {PACKET_SERVER6, 5060};

static const struct party *server_of(const struct party *who)
{
	return strchr(who->address, ':') ? &server6 : &server;
}

/* As it stands in a message. */
static const char *host(const struct party *who)
{
	static char text[64];

	snprintf(text, sizeof(text), strchr(who->address, ':') ? "[%s]" : "%s", who->address);
	return text;
}

static void add(__u64 us, const struct party *from, const struct party *to, const char *text)
{
	static __u8 frame[FRAME_MAX];
	struct packet_spec spec = {
		.source = from->address, .destination = to->address, .sport = from->port,
		.dport = to->port, .payload = text, .length = strlen(text),
	};
	struct frame *f;

	if (count == room) {
		room = room ? room * 2 : 4096;
		frames = realloc(frames, room * sizeof(*frames));
		if (!frames)
			exit(1);
	}
	f = &frames[count];
	*f = (struct frame){
		.us = us, .number = count++, .in = to == server_of(to),
		.length = packet_build(&spec, frame),
	};
	f->bytes = malloc(f->length);
	if (!f->bytes)
		exit(1);
	memcpy(f->bytes, frame, f->length);
}

/* What all messages of one transaction have. */
struct transaction {
	const struct party *who; /* sends the request */
	const struct party *to;
	const char *method, *user;
	char headers[1024];
	char tag[32];
};

static void headers(struct transaction *t, unsigned int call, unsigned int cseq, const char *tag)
{
	snprintf(t->tag, sizeof(t->tag), "%s", tag);
	snprintf(t->headers, sizeof(t->headers),
		 "Via: SIP/2.0/UDP %s:%u;branch=z9hG4bK-%u\r\n"
		 "From: <sip:%s@example.com>;tag=f%u\r\n"
		 "Call-ID: c%u@%s\r\nCSeq: %u %s\r\n",
		 host(t->who), t->who->port, ++serial, t->user, call, call, host(t->who), cseq,
		 t->method);
}

static void ask(__u64 us, const struct transaction *t, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text), "%s sip:%s@example.com SIP/2.0\r\n%s"
		 "To: <sip:%s@example.com>%s\r\n"
		 "Max-Forwards: 70\r\nContact: <sip:%s@%s:%u>\r\nUser-Agent: desk phone\r\n%s"
		 "Content-Length: 0\r\n\r\n", t->method, t->user, t->headers, t->user, t->tag,
		 t->user, host(t->who), t->who->port, more);
	add(us, t->who, t->to, text);
}

static void answer(__u64 us, const struct transaction *t, const char *status, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text), "SIP/2.0 %s\r\n%sTo: <sip:%s@example.com>%s\r\n%s"
		 "Content-Length: 0\r\n\r\n", status, t->headers, t->user,
		 *t->tag ? t->tag : ";tag=s", more);
	add(us, t->to, t->who, text);
}

static void simple(__u64 us, const struct party *who, const char *user, const char *method,
		   const char *more)
{
	struct transaction t = {.who = who, .to = server_of(who), .method = method, .user = user};

	headers(&t, ++serial, 1, "");
	ask(us, &t, more);
	answer(us + 5 * MS, &t, "200 OK", "");
}

/* Challenged, and accepted. */
static void register_(__u64 us, const struct party *who, const char *user)
{
	struct transaction t = {
		.who = who, .to = server_of(who), .method = "REGISTER", .user = user,
	};
	unsigned int call = ++serial, nonce = ++serial;
	char more[512];

	headers(&t, call, 1, "");
	ask(us, &t, "Expires: 3600\r\n");
	snprintf(more, sizeof(more), "WWW-Authenticate: Digest realm=\"example.com\", "
		 "nonce=\"n%08u%08x\", algorithm=MD5\r\n", nonce, nonce * 2654435761U);
	answer(us + 5 * MS, &t, "401 Unauthorized", more);
	headers(&t, call, 2, "");
	snprintf(more, sizeof(more), "Expires: 3600\r\nAuthorization: Digest username=\"%s\", "
		 "realm=\"example.com\", nonce=\"n%08u%08x\", uri=\"sip:example.com\", "
		 "response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5\r\n", user, nonce,
		 nonce * 2654435761U);
	ask(us + 30 * MS, &t, more);
	snprintf(more, sizeof(more), "Contact: <sip:%s@%s:%u>;expires=3600\r\n", user, host(who),
		 who->port);
	answer(us + 35 * MS, &t, "200 OK", more);
}

/* Answered, and ended by who began it after `talk`. */
static void call(__u64 us, const struct party *from, const struct party *to, const char *user,
		 __u64 talk)
{
	struct transaction t = {.who = from, .to = to, .method = "INVITE", .user = user};
	unsigned int call = ++serial;
	char tag[32];

	headers(&t, call, 1, "");
	ask(us, &t, "");
	answer(us + 5 * MS, &t, "100 Trying", "");
	snprintf(tag, sizeof(tag), ";tag=t%u", call);
	snprintf(t.tag, sizeof(t.tag), "%s", tag);
	answer(us + 200 * MS, &t, "180 Ringing", "Contact: <sip:callee@198.51.100.1:5060>\r\n");
	answer(us + 900 * MS, &t, "200 OK", "Contact: <sip:callee@198.51.100.1:5060>\r\n");
	t.method = "ACK";
	headers(&t, call, 1, tag);
	ask(us + 930 * MS, &t, "");
	t.method = "BYE";
	headers(&t, call, 2, tag);
	ask(us + talk, &t, "");
	answer(us + talk + 5 * MS, &t, "200 OK", "");
}

/* --- who is there --- */

static struct party phones[PHONES];
static struct party singles[SINGLES];
static char addresses[SINGLES][48];

/* What a phone does when it has power: about 10 messages. */
static void boot(__u64 us, const struct party *phone, const char *user)
{
	register_(us, phone, user);
	simple(us + 100 * MS, phone, user, "OPTIONS", "");
	simple(us + 150 * MS, phone, user, "PUBLISH", "Event: presence\r\nExpires: 3600\r\n");
	for (int i = 0; i < 6; i++)
		simple(us + (200 + 40 * i) * MS, phone, user, "SUBSCRIBE",
		       "Event: dialog\r\nExpires: 3600\r\n");
}

static void office(void)
{
	char user[24];

	for (int i = 0; i < PHONES; i++) {
		phones[i] = (struct party){OFFICE, 20000 + i};
		snprintf(user, sizeof(user), "%d", 100 + i);
		register_(i * 200 * MS, &phones[i], user);
		if (i % 4 == 0)
			call(42 * SECOND + i * 50 * MS, &phones[i], &server, user, 5 * SECOND);
		/* All within 30 s, each from another port: the router was off, too. */
		phones[i].port += 1000;
		boot(POWER_CUT + i * 150 * MS, &phones[i], user);
		add(POWER_CUT + 40 * SECOND + i * 10 * MS, &phones[i], &server, "\r\n\r\n");
	}
}

static void others(void)
{
	char user[24];

	for (int i = 0; i < SINGLES; i++) {
		snprintf(addresses[i], sizeof(addresses[i]),
			 i % 4 ? "192.0.2.%d" : "2001:db8:%d::5", 100 + i);
		singles[i] = (struct party){addresses[i], 5070};
		snprintf(user, sizeof(user), "single%d", i);
		register_(i * 900 * MS, &singles[i], user);
		call(40 * SECOND + i * 1700 * MS, &singles[i], server_of(&singles[i]), user,
		     8 * SECOND);
	}
}

static void trunk(unsigned int times)
{
	static const struct party carrier = {TRUNK, 5060};

	for (unsigned int i = 0; i < 80 * 12 * times; i++)
		call(TRUNK_FROM + i * 12500, &carrier, &server, "trunk", 3 * SECOND);
	for (unsigned int i = 0; i < 100; i++)
		call(TRUNK_FROM + i * 50 * MS, &server, &carrier, "outside", 3 * SECOND);
}

/* Forty at once, twice a second. */
static void dialler(unsigned int times)
{
	static const struct party machine = {DIALLER, 5080};

	for (unsigned int i = 0; i < 40 * 20 * times; i++)
		call(TRUNK_FROM + i / 40 * 500 * MS + i % 40 * 200, &machine, &server, "dialler",
		     2 * SECOND);
}

/* --- attackers --- */

/* Ten thousand a second each; answered if the server does, to whom it may concern. */
static void flood(const char *method, const struct party *from, __u64 since, bool answered)
{
	struct transaction t = {.who = from, .to = &server, .method = method, .user = "100"};

	for (int i = 0; i < FLOOD; i++) {
		headers(&t, ++serial, 1, "");
		ask(since + i * 100, &t, "");
		if (answered)
			answer(since + i * 100 + 50, &t, "401 Unauthorized",
			       "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\"\r\n");
	}
}

static void random_flood(__u64 since)
{
	struct transaction t = {.to = &server, .method = "REGISTER", .user = "100"};

	for (int i = 0; i < FLOOD; i++) {
		unsigned int number = i * 2654435761U;
		char address[32];
		struct party from = {address, 1024 + (number & 0x7fff)};

		snprintf(address, sizeof(address), "100.%u.%u.%u", number >> 26, number >> 16 & 255,
			 number >> 8 & 255);
		t.who = &from;
		headers(&t, ++serial, 1, "");
		ask(since + i * 100, &t, "");
	}
}

/* --- files --- */

static int compare(const void *a, const void *b)
{
	const struct frame *left = a, *right = b;

	if (left->us != right->us)
		return left->us < right->us ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

static void write_file(const char *folder, const char *name, bool all)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dumper;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	dumper = pcap ? pcap_dump_open(pcap, path) : NULL;
	if (!dumper) {
		fprintf(stderr, "write_day: cannot write %s\n", path);
		exit(1);
	}
	qsort(frames, count, sizeof(*frames), compare);
	for (size_t i = 0; i < count; i++) {
		__u64 us = START + frames[i].us;
		struct pcap_pkthdr header = {
			.ts = {.tv_sec = us / SECOND, .tv_usec = us % SECOND},
			.caplen = frames[i].length, .len = frames[i].length,
		};

		if (all || frames[i].in)
			pcap_dump((u_char *)dumper, &header, frames[i].bytes);
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
}

static void forget(void)
{
	for (size_t i = 0; i < count; i++)
		free(frames[i].bytes);
	count = 0;
}

int main(int argc, char **argv)
{
	static const struct party guesser = {GUESSER, 5066}, caller = {CALLER, 5077};
	unsigned int times = argc > 2 ? atoi(argv[2]) : 1;

	if (argc < 2)
		return 2;
	office();
	others();
	trunk(times);
	dialler(times);
	write_file(argv[1], "day.pcap", true);
	write_file(argv[1], "in.pcap", false);
	flood("REGISTER", &guesser, 20 * SECOND, true);
	flood("INVITE", &caller, 30 * SECOND, true);
	random_flood(110 * SECOND);
	write_file(argv[1], "attacked.pcap", true);
	forget();
	flood("REGISTER", &guesser, 0, false);
	flood("INVITE", &caller, 60 * SECOND, false);
	random_flood(120 * SECOND);
	write_file(argv[1], "floods.pcap", true);
	forget();
	free(frames);
	return 0;
}
