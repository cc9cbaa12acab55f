/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests of the callers of the scenarios, with credentials, and what is read of the answers. */
#ifndef SIPGUARD_SCENARIO_SIP_H
#define SIPGUARD_SCENARIO_SIP_H

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>

#include "tool.h"

#define SIP_MAX   1500
#define NONCE_MAX 128

struct sip_request {
	const char *method, *server;
	const char *uri;       /* a user; NULL: the server itself is asked, as a registrar is */
	const char *user, *to; /* To is like From if it is NULL */
	const char *address;
	int port;
	bool tcp;
	const char *branch;    /* behind its cookie */
	const char *call_id;
	int cseq;
	const char *more;      /* header fields, each with its end; NULL: none */
};

/* The length of the message; it may be as long as SIP_MAX. */
static inline int sip_write(char *out, const struct sip_request *r)
{
	return snprintf(out, SIP_MAX,
		"%s sip:%s%s%s SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s:%d;rport;branch=z9hG4bK%s\r\n"
		"From: <sip:%s@%s>;tag=t%s\r\n"
		"To: <sip:%s@%s>\r\n"
		"Call-ID: %s\r\n"
		"CSeq: %d %s\r\n"
		"Contact: <sip:%s@%s:%d%s>\r\n"
		"Max-Forwards: 70\r\n"
		"%sContent-Length: 0\r\n\r\n",
		r->method, r->uri ? r->uri : "", r->uri ? "@" : "", r->server,
		r->tcp ? "TCP" : "UDP", r->address, r->port, r->branch, r->user, r->server,
		r->call_id, r->to ? r->to : r->user, r->server, r->call_id, r->cseq, r->method,
		r->user, r->address, r->port, r->tcp ? ";transport=tcp" : "",
		r->more ? r->more : "");
}

static inline char *sip_md5(char *text)
{
	char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, text, -1);

	g_free(text);
	return sum;
}

/* Who answers a challenge: `count` is how often the nonce was used. */
struct sip_login {
	const char *user, *password, *nonce;
	int count;
};

/* The value of the header field with the credentials for a request to this URI. */
static inline void sip_credentials(char *out, size_t size, const struct sip_login *login,
				   const char *method, const char *uri)
{
	char *a1 = sip_md5(g_strdup_printf("%s:lab:%s", login->user, login->password));
	char *a2 = sip_md5(g_strdup_printf("%s:%s", method, uri));
	char *response = sip_md5(g_strdup_printf("%s:%s:%08x:c:auth:%s", a1, login->nonce,
						 login->count, a2));

	snprintf(out, size, "Digest username=\"%s\", realm=\"lab\", nonce=\"%s\", uri=\"%s\", "
		 "response=\"%s\", algorithm=MD5, qop=auth, nc=%08x, cnonce=\"c\"", login->user,
		 login->nonce, uri, response, login->count);
	g_free(a1);
	g_free(a2);
	g_free(response);
}

/* Of a message; 0: it is no answer, or not the last one. */
static inline int sip_status(const char *text)
{
	int status;

	return sscanf(text, "SIP/2.0 %d", &status) == 1 && status >= 200 ? status : 0;
}

static inline bool sip_nonce(const char *text, char nonce[NONCE_MAX])
{
	const char *at = strstr(text, "nonce=\"");

	return at && sscanf(at, "nonce=\"%127[^\"]", nonce) == 1;
}

static inline struct sockaddr_in sip_address(const char *address, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	must(inet_pton(AF_INET, address, &in.sin_addr) == 1, address);
	return in;
}

/* A socket that does not wait: bound there, and going to the server. */
static inline int sip_socket(int type, const char *address, int port, const char *server)
{
	struct sockaddr_in from = sip_address(address, port), to = sip_address(server, 5060);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	must(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) &&
	     !bind(fd, (const void *)&from, sizeof(from)), "bind");
	must(!connect(fd, (const void *)&to, sizeof(to)) || (type & SOCK_NONBLOCK), "connect");
	return fd;
}

#endif
