// SPDX-License-Identifier: GPL-2.0-only
/* Which connection of TCP a segment is of, and who began it. */
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream/stream.h"

/* One /64 is one source, and its hosts have connections of their own. */
static void neighbours_have_their_own_streams(void)
{
	struct peer one = {.source = IPV6_A, .port = 40000, .at = 1000};
	struct peer other = {.source = IPV6_B, .port = 40000, .at = 2000};

	alice();
	connection_accept(&(struct packet_spec){.source = IPV6_A, .sport = 40000}, one.at);
	sends(&one, OPTIONS("1"));
	connection_accept(&(struct packet_spec){.source = IPV6_B, .sport = 40000}, other.at);
	sends(&other, OPTIONS("2"));
	may_not_send(&one, BAD(""));
	sends(&one, OPTIONS("3"));
	may_not_send(&other, BAD(""));
}

/* One client port, two servers whose address and port have the same sum: two connections. */
static void two_servers_are_two_connections(void)
{
	static const char first[] = "2001:db8:ffff::100:0:1", second[] = "2001:db8:ffff::1";

	alice();
	config()->port[5062] = SG_PORT_TCP;
	connection_accept(&(struct packet_spec){.source = IPV6_A, .sport = 40000,
						.destination = second, .dport = 5060}, 1000);
	SEND(PASS, NONE, REQUEST, OPTIONS, OVER_TCP, .source = IPV6_A, .sport = 40000,
	     .destination = second, .dport = 5060, .seq = 1000, .numbered = true,
	     .payload = OPTIONS("1"));
	connection_accept(&(struct packet_spec){.source = IPV6_A, .sport = 40000,
						.destination = first, .dport = 5062}, 77000);
	SEND(DROP, FIELD_MISSING, REQUEST, OPTIONS, OVER_TCP, .source = IPV6_A, .sport = 40000,
	     .destination = second, .dport = 5060, .seq = 1000 + strlen(OPTIONS("1")),
	     .numbered = true, .payload = BAD(""));
}

static void half_open_socket(int *listener, int *client, __u16 *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5062)}, own;
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP}; /* of the tests' own namespace */
	socklen_t size = sizeof(own);
	int seconds = 100;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*listener = socket(AF_INET, SOCK_STREAM, 0);
	*client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(ioctl(*client, SIOCSIFFLAGS, &lo), 0);
	/* An acknowledgement alone completes nothing for the server: it waits for data. */
	assert_int_equal(setsockopt(*listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds,
				    sizeof(seconds)), 0);
	assert_int_equal(bind(*listener, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(*listener, 1), 0);
	assert_int_equal(connect(*client, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(getsockname(*client, (struct sockaddr *)&own, &size), 0);
	*port = ntohs(own.sin_port);
}

/*
 * The server refuses a wrong number, and waits for the right one. Taken for older than the guard,
 * nothing of the connection would be known.
 */
static void a_wrong_number_is_no_older_connection(void)
{
	struct packet_spec peer = {
		OVER_TCP, .source = "127.0.0.1", .destination = "127.0.0.1", .dport = 5062,
		.numbered = true, .seq = FIRST_BYTE, .ack_seq = 0x40000000,
	};
	int listener, client;

	alice();
	config()->port[5062] = SG_PORT_TCP;
	half_open_socket(&listener, &client, &peer.sport);
	connection_accept(&peer, FIRST_BYTE);
	packet_dropped(&peer);
	peer.ack_seq = 0;
	peer.payload = BAD("");
	assert_true(packet_dropped(&peer));
	close(client);
	close(listener);
}

/* Who is called by the server from its own port cannot say so either, before he answers. */
static void nor_is_one_that_the_server_opens(void)
{
	struct packet_spec peer = {
		OVER_TCP, .source = "127.0.0.1", .destination = "127.0.0.1", .dport = 5062,
		.numbered = true, .seq = 99, .ack_seq = 99,
	};
	int listener, other, server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in to = {.sin_family = AF_INET}, own = to;
	socklen_t size = sizeof(to);

	alice();
	config()->port[5062] = SG_PORT_TCP;
	half_open_socket(&listener, &other, &peer.sport); /* for the interface */
	close(other);
	close(listener);
	to.sin_addr.s_addr = own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	own.sin_port = htons(5062);
	/* Whose queue is full answers no SYN. */
	listener = socket(AF_INET, SOCK_STREAM, 0);
	other = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &size), 0);
	assert_int_equal(connect(other, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(bind(server, (const struct sockaddr *)&own, sizeof(own)), 0);
	connect(server, (const struct sockaddr *)&to, sizeof(to));
	peer.sport = ntohs(to.sin_port);
	assert_false(reply_dropped(&(struct packet_spec){
		.source = "127.0.0.1", .destination = "127.0.0.1", .sport = 5062,
		.dport = peer.sport, .transport = IPPROTO_TCP, .syn = true, .numbered = true,
		.seq = 7,
	}));
	packet_dropped(&peer);
	peer.syn = peer.ack = true;
	peer.seq = FIRST_BYTE - 1;
	peer.ack_seq = 8;
	assert_false(packet_dropped(&peer));
	peer.syn = peer.ack = false;
	peer.seq = FIRST_BYTE;
	peer.payload = BAD("");
	assert_true(packet_dropped(&peer));
	close(server);
	close(other);
	close(listener);
}

/* Forged, it has no number that the server said, or does not come where the server goes on. */
static void no_handshake_no_judgement(void)
{
	struct peer forger = {.port = 40000, .at = 77};

	sends(&forger, BAD(""));
	alice();
	forger.at = FIRST_BYTE;
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .seq = FIRST_BYTE, .ack_seq = 0x40000000, .payload = BAD(""),
		.numbered = true,
	}));
	may_not_send(&forger, BAD(""));
}

/* What a SYN says counts when the server has answered it. */
static void a_syn_changes_nothing(void)
{
	struct peer peer = alice();

	sends(&peer, OPTIONS("1"));
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .syn = true, .numbered = true, .seq = 99, .sport = peer.port,
	}));
	may_not_send(&peer, BAD(""));
	sends(&peer, OPTIONS("2"));
	/* Another connection of the same ports. */
	peer = alice();
	may_not_send(&peer, BAD(""));
	sends(&peer, OPTIONS("1"));
}

static void answer_syn(__u32 ack)
{
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .syn = true, .ack = true, .numbered = true, .seq = FIRST_BYTE - 1,
		.ack_seq = ack, .sport = 40000,
	}));
}

/* Some servers call others from their own port: the peer's SYN-ACK tells where it begins. */
static void the_server_opens(void)
{
	struct peer peer = alice();

	peer.at += 1000;
	assert_false(reply_dropped(&(struct packet_spec){
		.source = PACKET_SERVER4, .destination = PACKET_CLIENT4, .sport = 5060,
		.dport = 40000, .transport = IPPROTO_TCP, .syn = true, .numbered = true, .seq = 7,
	}));
	answer_syn(100);
	sends(&peer, BAD(""));
	answer_syn(8);
	peer.at = FIRST_BYTE;
	may_not_send(&peer, BAD(""));
	sends(&peer, OPTIONS("1"));
	assert_int_equal(passed(SG_METHOD_OPTIONS), 1);
}

/* A SYN that brings data may have brought half a message. */
static void data_in_a_syn(void)
{
	struct peer peer = {.port = 40000, .at = FIRST_BYTE + 50};

	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .syn = true, .numbered = true, .seq = FIRST_BYTE - 1,
		.payload = OPTIONS("1"),
		.length = 50,
	}));
	connection_accept(&(struct packet_spec){.sport = peer.port}, peer.at);
	sends(&peer, "and the rest of it, which is not judged, and nothing behind it\r\n\r\n");
	assert_int_equal(counted(SG_COUNT_UNREAD_LOST), 1);
}

/*
 * What only goes through may be of a connection that is older than the guard. It is limited by its
 * source, and takes nothing from others.
 */
static void what_goes_through_is_not_stray(void)
{
	struct peer peer = {.port = 40000, .at = 1}, other = {.port = 40001, .at = 1};

	config()->profile[0].segment = limit_hourly(1);
	fix.state->total_tat[SG_TOTAL_STRAY_SEGMENTS] = tat_spent();
	mode_set(SG_REASON_STRAY_SEGMENT, SG_MODE_ENFORCE);
	mode_set(SG_REASON_LIMIT_SEGMENT, SG_MODE_ENFORCE);
	may_not_send(&peer, OPTIONS("1"));
	fixture_serve(false);
	sends(&peer, OPTIONS("1"));
	may_not_send(&peer, OPTIONS("2"));
	other.source = "192.0.2.2";
	sends(&other, OPTIONS("1"));
	fixture_serve(true);
	assert_int_equal(dropped_by(SG_REASON_STRAY_SEGMENT), 1);
	assert_int_equal(dropped_by(SG_REASON_LIMIT_SEGMENT), 1);
}

const struct sequence handshake_sequences[] = {
	{"neighbours have streams of their own", neighbours_have_their_own_streams},
	{"two servers are two connections", two_servers_are_two_connections},
	{"without a handshake nothing is judged", no_handshake_no_judgement},
	{"a wrong number is no older connection", a_wrong_number_is_no_older_connection},
	{"nor is one that the server opens", nor_is_one_that_the_server_opens},
	{"a SYN changes nothing", a_syn_changes_nothing},
	{"the server opens a connection", the_server_opens},
	{"data in a SYN", data_in_a_syn},
	{"what goes through is not stray", what_goes_through_is_not_stray},
};

const size_t handshake_sequences_count = COUNT(handshake_sequences);
