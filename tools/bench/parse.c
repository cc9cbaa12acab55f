// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same message read by two SIP libraries, for scale: what a server pays before it knows whether
 * it wants a message, the socket not counted.
 */
#include <sys/types.h>

#include <osipparser2/osip_parser.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_protos.h>

#include "bench.h"

static void sofia_once(const char *text, size_t length)
{
	msg_t *message = msg_make(sip_default_mclass(), 0, text, length);
	const sip_t *sip = message ? sip_object(message) : NULL;

	if (!sip || !sip->sip_request || !sip->sip_call_id || sip->sip_error)
		bench_die("sofia-sip does not read the message of the bench.");
	msg_destroy(message);
}

double parse_sofia(const char *text, size_t length, unsigned int repeat)
{
	__u64 start = cpu_time();

	for (unsigned int i = 0; i < repeat; i++)
		sofia_once(text, length);
	return (double)(cpu_time() - start) / repeat;
}

static void osip_once(const char *text, size_t length)
{
	osip_message_t *message;

	if (osip_message_init(&message) || osip_message_parse(message, text, length) ||
	    !message->call_id)
		bench_die("libosip2 does not read the message of the bench.");
	osip_message_free(message);
}

double parse_osip(const char *text, size_t length, unsigned int repeat)
{
	__u64 start;

	parser_init();
	start = cpu_time();
	for (unsigned int i = 0; i < repeat; i++)
		osip_once(text, length);
	return (double)(cpu_time() - start) / repeat;
}
