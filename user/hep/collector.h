/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who collects packets of HEP3, over UDP or TCP. Nothing here waits: what the collector does not
 * take is lost, and counted. Over TCP packets wait in a queue of COLLECTOR_QUEUE bytes until their
 * acknowledgment has come, and are sent again on the next connection if it has not; so one may come
 * twice, when a connection breaks. Over UDP nobody says what has arrived.
 */
#ifndef SIPGUARD_HEP_COLLECTOR_H
#define SIPGUARD_HEP_COLLECTOR_H

#include <stdbool.h>

#include "base/error.h"
#include "watch/address.h"

#define COLLECTOR_PORT 9060 /* what heplify-server, Kamailio and sngrep take if not told */
#define COLLECTOR_QUEUE (1 << 20)

struct collector;

struct collector_counts {
	unsigned long long sent;    /* packets; over TCP those that are acknowledged */
	unsigned long long refused; /* of these, by UDP: the host said that nobody listens */
	unsigned long long lost;    /* that were not sent */
};

/*
 * Reads [udp:|tcp:]ADDRESS[:PORT], of IPv6 with a port [ADDRESS]:PORT. No names: finding out whose
 * they are would have to be waited for. 0 or -EINVAL.
 */
int collector_parse(const char *text, struct address *address, bool *tcp, struct error *error);

/* `address` has to live as long. NULL: no memory. Connects at collector_turn(). */
struct collector *collector_begin(const struct address *address, bool tcp);

/* One packet of HEP3, which is copied. */
void collector_send(struct collector *collector, const void *packet, size_t length);

/* To be called twice a second: connects, sends what waits, looks whether the other end is there. */
void collector_turn(struct collector *collector);

/* As of now; over TCP what waits is in none of them. */
struct collector_counts collector_counts(const struct collector *collector);

/* Sends what can be without waiting; the rest is lost. Returns how it ended. */
struct collector_counts collector_end(struct collector *collector);

#endif
