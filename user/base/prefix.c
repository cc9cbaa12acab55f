// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/prefix.h"
#include "base/quote.h"

/* Decimal digits without leading zeros, at most `max`; -1 for anything else. */
static long number_parse(const char *text, long max)
{
	long number = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		number = number * 10 + (*text - '0');
		if (number > max)
			return -1;
	}
	return number;
}

static __u32 address_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

/* Zeroes the bits behind `length`; true if one was set. */
static bool host_bits_clear(__u8 *address, __u32 length, __u32 bits)
{
	bool found = false;

	for (__u32 i = length / 8; i < bits / 8; i++) {
		__u8 keep = i == length / 8 ? (__u8)(0xff00 >> length % 8) : 0;

		found |= (address[i] & ~keep) != 0;
		address[i] &= keep;
	}
	return found;
}

static int address_parse(const char *text, struct prefix *prefix)
{
	memset(prefix, 0, sizeof(*prefix));
	prefix->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	prefix->length = address_bits(prefix->family);
	return inet_pton(prefix->family, text, prefix->address) == 1 ? 0 : -EINVAL;
}

/* IPv4 in IPv6 clothes (RFC 4291 section 2.5.5.2) is on no wire, so it would never match. */
static bool is_mapped(const struct prefix *prefix)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	return prefix->family == AF_INET6 && prefix->length >= 96 &&
	       !memcmp(prefix->address, mapped, sizeof(mapped));
}

int prefix_parse(const char *text, struct prefix *prefix, struct error *error)
{
	char address[INET6_ADDRSTRLEN], better[PREFIX_TEXT];
	const char *slash = strchrnul(text, '/');
	struct prefix p;
	long length;

	if ((size_t)(slash - text) >= sizeof(address))
		return error_set(error, -EINVAL, "'%s' is not an address or prefix",
				 quote(text).text);
	memcpy(address, text, slash - text);
	address[slash - text] = '\0';
	if (address_parse(address, &p))
		return error_set(error, -EINVAL, "'%s' is not an address or prefix; write one like "
				 "192.0.2.0/24 or 2001:db8::/32", quote(text).text);
	if (*slash) {
		length = number_parse(slash + 1, address_bits(p.family));
		if (length < 0)
			return error_set(error, -EINVAL, "'%s' has a bad prefix length; %s takes 0 "
					 "to %u", quote(text).text,
					 p.family == AF_INET ? "IPv4" : "IPv6",
					 address_bits(p.family));
		p.length = length;
	}
	if (host_bits_clear(p.address, p.length, address_bits(p.family))) {
		prefix_format(&p, better, sizeof(better));
		return error_set(error, -EINVAL, "'%s' has host bits set; write %s for the prefix, "
				 "or %s for the address alone", text, better, address);
	}
	if (is_mapped(&p))
		return error_set(error, -EINVAL, "'%s' is an IPv4 address written as IPv6; write "
				 "it as IPv4", text);
	*prefix = p;
	return 0;
}

void prefix_format(const struct prefix *prefix, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(prefix->family, prefix->address, address, sizeof(address));
	if (prefix->length == address_bits(prefix->family))
		snprintf(text, size, "%s", address);
	else
		snprintf(text, size, "%s/%u", address, prefix->length);
}

struct prefix prefix_cut(const struct prefix *prefix, __u32 length)
{
	struct prefix cut = *prefix;

	cut.length = length;
	host_bits_clear(cut.address, length, address_bits(prefix->family));
	return cut;
}

bool prefix_contains(const struct prefix *prefix, const struct prefix *inner)
{
	struct prefix cut;

	if (prefix->family != inner->family || prefix->length > inner->length)
		return false;
	cut = prefix_cut(inner, prefix->length);
	return !memcmp(cut.address, prefix->address, sizeof(cut.address));
}

/* An address as the data path has it. */
static struct sg_flow_key flow_of_address(const struct prefix *prefix)
{
	struct sg_flow_key key = {.family = prefix->family == AF_INET ? 4 : 6};

	if (key.family == 4) {
		key.address[2] = htonl(0xffff);
		memcpy(&key.address[3], prefix->address, sizeof(key.address[3]));
	} else {
		memcpy(key.address, prefix->address, sizeof(key.address));
	}
	return key;
}

/* Splits "192.0.2.1:5060" or "[2001:db8::1]:5060". False if there is no port in it. */
static bool flow_split(const char *text, char *address, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':'), *start = text, *end = colon;

	if (!colon || (*text != '[' && strchr(text, ':') != colon))
		return false;
	if (*text == '[') {
		if (end[-1] != ']')
			return false;
		start++;
		end--;
	}
	if (end < start || (size_t)(end - start) >= size)
		return false;
	memcpy(address, start, end - start);
	address[end - start] = '\0';
	*port = colon + 1;
	return true;
}

static int flow_parse_source(const char *text, struct sg_flow_key *key, struct error *error)
{
	struct sg_flow_key flow;
	struct prefix prefix;
	int err = prefix_parse(text, &prefix, error);

	if (err)
		return err;
	if (prefix.length != address_bits(prefix.family) &&
	    (prefix.family == AF_INET || prefix.length != 64))
		return error_set(error, -EINVAL, "'%s' is too wide or too narrow: name one IPv4 "
				 "address, or one IPv6 /64 (other prefixes can be denied, by "
				 "`sipguard deny add`)", text);
	flow = flow_of_address(&prefix);
	*key = sg_source_key(flow.family, flow.address);
	return 0;
}

static int flow_parse_address(const char *text, struct sg_flow_key *key, struct error *error)
{
	struct prefix prefix;
	int err = prefix_parse(text, &prefix, error);

	if (err)
		return err;
	if (prefix.length != address_bits(prefix.family))
		return error_set(error, -EINVAL, "'%s' is more than one address, and a flow is of "
				 "one; leave the port out for a source, or use `sipguard deny add` "
				 "for prefixes", text);
	*key = flow_of_address(&prefix);
	return 0;
}

int flow_parse(const char *text, const char *transport, struct sg_flow_key *key,
	       struct error *error)
{
	bool tcp = transport && !strcmp(transport, "tcp");
	char address[PREFIX_TEXT];
	struct sg_flow_key parsed;
	const char *port_text;
	long port;
	int err;

	if (transport && !tcp && strcmp(transport, "udp"))
		return error_set(error, -EINVAL, "'%s' is no transport of a flow; it is udp or tcp",
				 quote(transport).text);
	if (!flow_split(text, address, sizeof(address), &port_text)) {
		if (transport)
			return error_set(error, -EINVAL, "a ban of one transport needs a port; "
					 "write 192.0.2.1:5060 or [2001:db8::1]:5060");
		return flow_parse_source(text, key, error);
	}
	err = flow_parse_address(address, &parsed, error);
	if (err)
		return err;
	port = number_parse(port_text, 65535);
	if (port < 1)
		return error_set(error, -EINVAL, "'%s' is not a port; ports are 1 to 65535",
				 quote(port_text).text);
	parsed.port = htons(port);
	parsed.transport = tcp ? IPPROTO_TCP : IPPROTO_UDP;
	*key = parsed;
	return 0;
}

const char *flow_transport(const struct sg_flow_key *key)
{
	return key->transport == IPPROTO_TCP ? "tcp" : "udp";
}

struct prefix flow_prefix(const struct sg_flow_key *key)
{
	struct prefix prefix = {.family = key->family == 4 ? AF_INET : AF_INET6};

	if (key->family == 4)
		memcpy(prefix.address, &key->address[3], sizeof(key->address[3]));
	else
		memcpy(prefix.address, key->address, sizeof(key->address));
	prefix.length = key->port || key->family == 4 ? address_bits(prefix.family) : 64;
	return prefix;
}

void flow_format(const struct sg_flow_key *key, char *text, size_t size)
{
	struct prefix prefix = flow_prefix(key);
	char address[PREFIX_TEXT];

	prefix_format(&prefix, address, sizeof(address));
	if (!key->port)
		snprintf(text, size, "%s", address);
	else if (key->family == 4)
		snprintf(text, size, "%s:%u", address, ntohs(key->port));
	else
		snprintf(text, size, "[%s]:%u", address, ntohs(key->port));
}
