// SPDX-License-Identifier: GPL-2.0-only
/*
 * The domains that the server serves: names, those that begin with a dot for the names below them,
 * and addresses, which are compared as text. There is a list at the top of the file, in a profile
 * and in a zone; each stands in place of the one before it, and an empty one for every domain.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "policy/config.h"
#include "policy/config_reader.h"

#define LABEL_MOST 63 /* RFC 1035 section 2.3.4 */

/* Numbers of the lists, from 1: the top, then profiles, then zones. */
#define LIST_TOP 1
#define LIST_PROFILES 2
#define LIST_ZONES (LIST_PROFILES + CONFIG_PROFILES)
#define LISTS (LIST_ZONES + SG_ZONES)

static const yaml_node_t *list_node(const struct reader *r, __u32 list)
{
	if (list == LIST_TOP)
		return document_find(&r->document, "domains");
	if (list < LIST_ZONES)
		return document_find(&r->document, "profiles/%u/domains", list - LIST_PROFILES);
	return document_find(&r->document, "zones/%u/domains", list - LIST_ZONES);
}

static int fail_domain(const struct reader *r, const yaml_node_t *node, const char *why)
{
	return document_fail(&r->document, node, "'%s' is no domain: %s",
			     quote(document_text(node)).text, why);
}

/* An IPv6 address has brackets in a URI; in the file they may be left out. */
static bool is_address6(const char *text, char *domain)
{
	size_t length = strlen(text), brackets = *text == '[';
	char address[INET6_ADDRSTRLEN];
	__u8 bytes[16];

	if (!strchr(text, ':') || length - 2 * brackets >= sizeof(address) ||
	    (brackets && text[length - 1] != ']'))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(length - 2 * brackets), text + brackets);
	if (inet_pton(AF_INET6, address, bytes) != 1)
		return false;
	snprintf(domain, SG_DOMAIN_TEXT, "[%s]", address);
	return true;
}

/* What is wrong with a name; NULL: nothing. */
static const char *name_fault(const char *name)
{
	const char *label = name;
	__u8 bytes[4];

	if (!*name)
		return "there is no name";
	if (strlen(name) > SG_DOMAIN_MOST)
		return "it has more than 253 characters";
	for (;; label++) {
		size_t length = strcspn(label, ".");

		if (!length)
			return "a dot stands at its end, or two in a row";
		if (length > LABEL_MOST)
			return "more than 63 characters stand between two dots";
		for (size_t i = 0; i < length; i++)
			if (!isalnum((unsigned char)label[i]) && !strchr("-_", label[i]))
				return "write the name alone, like example.com, or .example.com "
				       "for all names below it (of others the xn-- form)";
		if (!label[length])
			break;
		label += length;
	}
	/* No top-level domain is a number (RFC 3696 section 2). */
	if (!label[strspn(label, "0123456789")] && inet_pton(AF_INET, name, bytes) != 1)
		return "it ends as an IPv4 address, and is none";
	return NULL;
}

static __u32 dots_of(const char *text)
{
	__u32 dots = 0;

	for (; *text; text++)
		dots += *text == '.';
	return dots;
}

static int domain_parse(const struct reader *r, const yaml_node_t *node,
			struct served_domain *domain)
{
	const char *text = document_text(node), *fault;
	bool below = *text == '.';
	__u8 bytes[4];

	if (!is_address6(text, domain->text)) {
		fault = name_fault(text + below);
		if (fault)
			return fail_domain(r, node, fault);
		if (below && inet_pton(AF_INET, text + 1, bytes) == 1)
			return fail_domain(r, node, "no name stands below an address");
		if (below && dots_of(text) > SG_DOMAIN_DOTS)
			return fail_domain(r, node, "one that begins with a dot may have 8 of "
					   "them; name what is below it");
		snprintf(domain->text, sizeof(domain->text), "%s", text);
	}
	for (char *c = domain->text; *c; c++)
		*c = tolower((unsigned char)*c);
	domain->dots = below ? dots_of(domain->text) : 0;
	return 0;
}

static int domain_read(struct reader *r, const yaml_node_t *node, __u32 list)
{
	struct config *config = r->config;
	struct served_domain *domain = &config->domains[config->domain_count];
	int err = domain_parse(r, node, domain);

	if (err)
		return err;
	domain->list = list;
	for (size_t i = config->domain_count; i && config->domains[i - 1].list == list; i--)
		if (!strcmp(config->domains[i - 1].text, domain->text))
			return document_fail(&r->document, node, "'%s' is in this list already; "
					     "take it out once", domain->text);
	config->domain_count++;
	return 0;
}

int domains_read(struct reader *r)
{
	size_t count = 0;
	int err = 0;

	for (__u32 list = LIST_TOP; list < LISTS; list++) {
		const yaml_node_t *node = list_node(r, list);

		count += document_entries(node);
		if (count > SG_DOMAINS)
			return document_fail(&r->document, node, "the lists have more than %d "
					     "domains together; take '.example.com' for all names "
					     "below example.com", SG_DOMAINS);
	}
	r->config->domains = calloc(count + 1, sizeof(*r->config->domains));
	if (!r->config->domains)
		return -ENOMEM;
	for (__u32 list = LIST_TOP; list < LISTS; list++) {
		const yaml_node_t *node = list_node(r, list);

		for (size_t i = 0; i < document_entries(node) && !err; i++)
			err = domain_read(r, document_entry(&r->document, node, i), list);
	}
	return err;
}

/* The list of a layer; shipped profiles have none. */
static __u32 list_of(const struct layer *layer)
{
	const char *number = strchr(layer->path, '/');

	if (!number)
		return LIST_TOP;
	return strtoul(number + 1, NULL, 10) +
	       (layer->place == PLACE_ZONE ? LIST_ZONES : LIST_PROFILES);
}

void domains_apply(const struct reader *r, const struct layer *layer, struct sg_profile *profile)
{
	__u32 list = list_of(layer);

	if (layer->document != &r->document || !list_node(r, list))
		return;
	profile->domains = list;
	profile->served = 0;
	for (size_t i = 0; i < r->config->domain_count; i++)
		if (r->config->domains[i].list == list)
			profile->served |= 1U << r->config->domains[i].dots;
	if (!profile->served)
		profile->domains = 0;
}
