// SPDX-License-Identifier: GPL-2.0-only
/*
 * masked [FOLDER]: what the reply program makes of messages with `topology: mask`, as sofia-sip and
 * libosip2 see it: of the project's own messages, of header fields that are masked, and of those of
 * a folder. What a library takes before it takes after, with the same values; what it does not take
 * it takes neither way. The length is the same, and so is what is not masked.
 *
 * SIPGUARD_OBJ: the guard, beside which the reply program lies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "corpus.h"
#include "fixture.h"
#include "peers.h"

#define HEADERS_SIZE 42 /* Ethernet, IPv4, UDP */
#define LONGEST 3400    /* BPF_PROG_RUN takes a page, with what stands before and behind */

static const char *folder;

/* Fields as software writes them, and as the grammar allows it. */
static const char *const fields[] = {
	"Server: kamailio (5.6.3 (x86_64/linux))",
	"User-Agent: Asterisk PBX 18.2.0~dfsg+~cs6.10",
	"User-Agent: FreeSWITCH-mod_sofia/1.10.9-release~64bit",
	"Server: OpenSIPS (3.2.9 (x86_64/linux))",
	"Server: a/1 (b \\) c) d/2",
	"User-Agent: \"quoted\" (a \"b\")",
	"Server: HomeServer v2\r\n (folded\r\n\there)",
	"Warning: 392 192.0.2.1:5060 \"Noisy feedback tells: pid=1 req_src_ip=10.0.0.1\"",
	"Warning: 301 isi.edu \"a \\\"b\\\\c\\\", d\", 399 [2001:db8::1]:5060 \"\"",
	"Warning: 399\r\n a.example\r\n \"b\r\n c\"",
	"Reason: Q.850;cause=16;text=\"10.0.0.1 says so\"",
	"Error-Info: <sip:announcement@10.0.0.1>;a=b, <sip:[fd00::1]>",
	"P-Charging-Vector: icid-value=\"1\";icid-generated-at=192.168.1.1;orig-ioi=a.example",
	"X-Node: sbc1.internal;via=\"a\\\"b\" <sip:%4a@[fd00::1]:5060>",
	"Organization: Example (\xc3\xa9) \"Ltd\"",
};

static void add_fields(struct corpus *corpus)
{
	char message[1024], name[32];
	int length;

	for (size_t i = 0; i < COUNT(fields); i++) {
		for (int response = 0; response < 2; response++) {
			length = snprintf(message, sizeof(message), "%s\r\n"
				"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776\r\n%s\r\n"
				"From: <sip:a@example.com>;tag=1\r\n"
				"To: <sip:b@example.com>;tag=2\r\n"
				"Call-ID: 1@example.com\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
				"Content-Length: 0\r\n\r\n",
				response ? "SIP/2.0 200 OK" : "OPTIONS sip:b@192.0.2.1 SIP/2.0",
				fields[i]);
			snprintf(name, sizeof(name), "field %zu", i);
			corpus_add(corpus, "fields", name, message, length);
		}
	}
}

/* The message as it leaves, in its place. Whether it is another one now. */
static bool leaves(struct corpus_message *m, enum sg_topology topology)
{
	static __u8 sent[FRAME_MAX];
	const __u8 *message = sent + HEADERS_SIZE;
	bool dropped, changed;

	config()->profile[0].topology = topology;
	assert_int_equal(reply_sends(&(struct packet_spec){
		.payload = (char *)m->bytes, .length = m->length, .dport = 40000, .again = true,
	}, sent, &dropped), HEADERS_SIZE + m->length);
	assert_false(dropped);
	changed = memcmp(m->bytes, message, m->length);
	memcpy(m->bytes, message, m->length);
	return changed;
}

static void same(const char *who, const struct corpus_message *m, const struct peer_view *before,
		 const struct peer_view *after)
{
	if (before->accepted != after->accepted || before->unparsed != after->unparsed)
		fail_msg("%s, %s %s: it is%s accepted now:\n%.*s", who, m->set, m->name,
			 after->accepted ? "" : " not", (int)m->length, m->bytes);
	for (int field = 0; field < PEER_VERDICT; field++) {
		const struct peer_value *a = &before->value[field], *b = &after->value[field];

		if (a->known != b->known || a->length != b->length ||
		    memcmp(a->at ? a->at : "", b->at ? b->at : "", a->length))
			fail_msg("%s, %s %s: value %d is another one:\n%.*s", who, m->set,
				 m->name, field, (int)m->length, m->bytes);
	}
}

/* Whether it was masked. */
static bool compare(struct corpus_message *m)
{
	static struct peer_view sofia[2], osip[2];
	unsigned int bad;

	/* The builder of frames gives it a branch. */
	leaves(m, SG_TOPOLOGY_OFF);
	bad = sofia_errors(m->bytes, m->length);
	assert_true(strcmp(m->set, "fields") || !bad);
	sofia_view(&sofia[0], m->bytes, m->length);
	osip_view(&osip[0], m->bytes, m->length);
	if (!leaves(m, SG_TOPOLOGY_MASK))
		return false;
	sofia_view(&sofia[1], m->bytes, m->length);
	osip_view(&osip[1], m->bytes, m->length);
	same("sofia-sip", m, &sofia[0], &sofia[1]);
	same("libosip2", m, &osip[0], &osip[1]);
	if (sofia_errors(m->bytes, m->length) != bad)
		fail_msg("%s %s: sofia-sip parses more, or less:\n%.*s", m->set, m->name,
			 (int)m->length, m->bytes);
	return true;
}

static void masked_messages_parse(void **state)
{
	static const char *const listed[] = {"X-Node", "Organization"};
	struct sg_topology_names *names;
	struct corpus corpus = {};
	size_t masked = 0, shown = 0;

	(void)state;
	if (folder)
		assert_true(corpus_load(&corpus, folder));
	corpus_own(&corpus);
	add_fields(&corpus);
	fixture_begin(PROGRAM_GUARD);
	config()->topology = 1;
	/* A limit of replies would drop them. */
	config()->total[SG_TOTAL_REPLIES] = sg_limit_of(SG_RATE_MAX, SG_BURST_MAX);
	names = &config()->names;
	for (size_t i = 0; i < COUNT(listed); i++)
		strcpy(names->listed[names->count++], listed[i]);
	sg_topology_build(names);
	for (size_t i = 0; i < corpus.count; i++) {
		struct corpus_message *m = &corpus.message[i];
		bool is_field = !strcmp(m->set, "fields"), changed;

		if (!m->length || m->length > LONGEST)
			continue;
		shown++;
		changed = compare(m);
		masked += changed;
		if (is_field && !changed)
			fail_msg("%s is not masked:\n%.*s", m->name, (int)m->length, m->bytes);
	}
	assert_true(masked >= 2 * COUNT(fields));
	corpus_free(&corpus);
	print_message("%zu of %zu messages are masked, and are to both libraries what they were\n",
		      masked, shown);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masked_messages_parse),
	};

	if (argc > 2)
		corpus_die("usage: masked [FOLDER]");
	folder = argv[1];
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
