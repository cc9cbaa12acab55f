// SPDX-License-Identifier: GPL-2.0-only
#include "announce/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "policy/document.h"

enum type {
	TYPE_NUMBER, /* with k, M or G behind it, 1000 each */
	TYPE_RATE,   /* the same, 64 bits wide */
	TYPE_TIME,   /* seconds, or with s, m, h, d behind it */
	TYPE_WORD,   /* one of `words`; its number */
	TYPE_TEXT,
	TYPE_ADDRESS,
	TYPE_ADDRESSES,
};

static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const speakers[] = {"exabgp", "gobgp", NULL};
static const char *const actions[] = {"", "rate-limit", "discard", NULL};
static const char *const for_all[] = {"no", "rate-limit", "discard", NULL};
/* A word that nobody writes by mistake. */
static const char *const darkness[] = {"no", "the-address-goes-dark", NULL};

struct key {
	const char *name;
	enum type type;
	size_t at;
	__u64 least, most, standard;
	const char *const *words;
	const char *text; /* default of a text; its room is `most` */
};

#define AT(field) offsetof(struct upstream, field)
#define TEXT(field, standard) 0, sizeof(((struct upstream *)0)->field), 0, NULL, standard

static const struct key keys[] = {
	{"interface", TYPE_TEXT, AT(interface), TEXT(interface, "")},
	{"speed", TYPE_RATE, AT(speed), 64000, 1000000000000ULL, 0, NULL, NULL},
	{"threshold", TYPE_NUMBER, AT(threshold), 10, 100, 90, NULL, NULL},
	{"packets", TYPE_NUMBER, AT(packets), 100, 1000000000, 0, NULL, NULL},
	{"full-for", TYPE_TIME, AT(full_for), 1, 60, 1, NULL, NULL},
	{"count-dropped", TYPE_WORD, AT(count_dropped), 0, 0, 0, no_yes, NULL},
	{"refused", TYPE_NUMBER, AT(refused), 1, 100, 20, NULL, NULL},
	{"addresses", TYPE_ADDRESSES, 0, 0, 0, 0, NULL, NULL},
	{"speaker", TYPE_WORD, AT(speaker), 0, 0, SPEAKER_EXABGP, speakers, NULL},
	{"pipe", TYPE_TEXT, AT(pipe), TEXT(pipe, "/run/exabgp/exabgp.in")},
	{"answers", TYPE_TEXT, AT(answers), TEXT(answers, "/run/exabgp/exabgp.out")},
	{"api", TYPE_TEXT, AT(api), TEXT(api, "127.0.0.1:50051")},
	{"action", TYPE_WORD, AT(action), 0, 0, CHOICE_LIMIT, actions, NULL},
	{"all-senders", TYPE_WORD, AT(all_senders), 0, 0, CHOICE_LIMIT, for_all, NULL},
	{"rate", TYPE_NUMBER, AT(rate), 1000, 4000000000ULL, 0, NULL, NULL},
	{"exceptions", TYPE_NUMBER, AT(exceptions), 0, UPSTREAM_EXCEPTIONS, 32, NULL, NULL},
	{"hold", TYPE_TIME, AT(hold), 5, 3600, 60, NULL, NULL},
	{"longest", TYPE_TIME, AT(longest), 5, 86400, 3600, NULL, NULL},
	{"most", TYPE_NUMBER, AT(most), 1, UPSTREAM_RULES, 4, NULL, NULL},
	{"rtbh", TYPE_WORD, AT(rtbh), 0, 0, 0, darkness, NULL},
	{"next-hop", TYPE_ADDRESS, AT(next_hop), 0, 0, 0, NULL, NULL},
	{"community", TYPE_TEXT, AT(community), TEXT(community, "65535:666")},
	{"dry-run", TYPE_WORD, AT(dry_run), 0, 0, 1, no_yes, NULL},
	{"state", TYPE_TEXT, AT(state), TEXT(state, "/run/sipguard/upstream")},
};

#define KEYS (sizeof(keys) / sizeof(*keys))

/* --- one value --- */

/* Digits with a unit behind them; false if it is none. */
static bool read_units(const char *text, const char *units, const __u32 *factors, __u64 *value)
{
	const char *unit;
	char *end;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 15)
		return false;
	if (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
		return false; /* eight, for a YAML that takes 010 as octal */
	*value = strtoull(text, &end, 10);
	if (!*end)
		return true;
	unit = strchr(units, *end);
	if (!unit || end[1])
		return false;
	return !__builtin_mul_overflow(*value, (__u64)factors[unit - units], value);
}

static int read_number(const struct document *d, const struct key *key, const yaml_node_t *node,
		       void *at)
{
	static const __u32 sizes[] = {1000, 1000000, 1000000000}, times[] = {1, 60, 3600, 86400};
	bool time = key->type == TYPE_TIME;
	__u64 value = 0;

	if (!read_units(document_text(node), time ? "smhd" : "kMG", time ? times : sizes, &value) ||
	    value < key->least || value > key->most)
		return document_fail(d, node, "'%s' takes %s, %llu to %llu%s; '%s' is none",
				     key->name, time ? "a time" : "a number", key->least, key->most,
				     time ? " seconds, like 90s, 10m or 1h"
				     : key->type == TYPE_RATE ? ", like 100M or 1G" : "",
				     quote(document_text(node)).text);
	if (key->at == AT(hold) || key->at == AT(longest) || key->type == TYPE_RATE)
		*(__u64 *)at = value;
	else
		*(__u32 *)at = value;
	return 0;
}

static int read_word(const struct document *d, const struct key *key, const yaml_node_t *node,
		     __u32 *at)
{
	char list[128] = "";

	for (__u32 i = 0; key->words[i]; i++) {
		if (key->words[i][0] && !strcmp(document_text(node), key->words[i])) {
			*at = i;
			return 0;
		}
		if (key->words[i][0])
			text_or(list, sizeof(list), key->words[i]);
	}
	return document_fail(d, node, "'%s' takes %s; '%s' is neither", key->name, list,
			     quote(document_text(node)).text);
}

/* All of it ends up in a line for others: no white space, nothing that they would take apart. */
static int read_text(const struct document *d, const struct key *key, const yaml_node_t *node,
		     char *at)
{
	const char *text = document_text(node);

	if (strlen(text) >= key->most || (!*text && key->at != AT(answers)))
		return document_fail(d, node, "'%s' is %s; write less than %llu characters",
				     key->name, *text ? "too long" : "empty", key->most);
	for (const char *c = text; *c; c++) {
		if (*c <= ' ' || *c > '~' || strchr(";{}\"'", *c))
			return document_fail(d, node, "'%s' has a character that cannot be in it: "
					     "'%s'", key->name, quote(text).text);
	}
	strcpy(at, text);
	return 0;
}

/* None that every host has, and no multicast: routers can be told of neither. */
static bool is_of_a_host(const struct prefix *address)
{
	static const __u8 everywhere[15];
	__u8 first = address->address[0];

	if (address->family == AF_INET)
		return first && first != 127 && first < 224;
	return first != 0xff && (memcmp(address->address, everywhere, sizeof(everywhere)) ||
				 address->address[15] > 1);
}

static int read_address(const struct document *d, const yaml_node_t *node, struct prefix *at)
{
	struct error why = {};

	if (node->type != YAML_SCALAR_NODE)
		return document_fail(d, node, "an address stands here, like 192.0.2.10");
	if (prefix_parse(document_text(node), at, &why))
		return document_fail(d, node, "%s", why.text);
	if (at->length != (at->family == AF_INET ? 32 : 128))
		return document_fail(d, node, "'%s' is more than one address; write each of them",
				     document_text(node));
	if (!is_of_a_host(at))
		return document_fail(d, node, "'%s' is no address that a router sends to; write "
				     "one like 192.0.2.10", document_text(node));
	return 0;
}

static int read_addresses(const struct document *d, const yaml_node_t *node, struct upstream *u)
{
	size_t count = document_entries(node);
	int err = 0;

	if (!count || count > UPSTREAM_ADDRESSES)
		return document_fail(d, node, "'addresses' takes 1 to %d addresses of this host, "
				     "like [192.0.2.10]; without it they are those of the "
				     "interface", UPSTREAM_ADDRESSES);
	for (size_t i = 0; !err && i < count; i++)
		err = read_address(d, document_entry(d, node, i), &u->addresses[i]);
	u->address_count = count;
	return err;
}

static int read_value(const struct document *d, const struct key *key, const yaml_node_t *node,
		      struct upstream *u)
{
	void *at = (char *)u + key->at;

	if (node->type != (key->type == TYPE_ADDRESSES ? YAML_SEQUENCE_NODE : YAML_SCALAR_NODE))
		return document_fail(d, node, "'%s' takes %s", key->name,
				     key->type == TYPE_ADDRESSES ? "a list, like [192.0.2.10]"
								 : "one value, no list");
	switch (key->type) {
	case TYPE_WORD:
		return read_word(d, key, node, at);
	case TYPE_TEXT:
		return read_text(d, key, node, at);
	case TYPE_ADDRESS:
		return read_address(d, node, at);
	case TYPE_ADDRESSES:
		return read_addresses(d, node, u);
	default:
		return read_number(d, key, node, at);
	}
}

/* --- the file --- */

static void set_defaults(struct upstream *u)
{
	*u = (struct upstream){};
	for (size_t i = 0; i < KEYS; i++) {
		void *at = (char *)u + keys[i].at;

		if (keys[i].type == TYPE_TEXT)
			strcpy(at, keys[i].text);
		else if (keys[i].type == TYPE_RATE || keys[i].at == AT(hold) ||
			 keys[i].at == AT(longest))
			*(__u64 *)at = keys[i].standard;
		else if (keys[i].type == TYPE_NUMBER || keys[i].type == TYPE_TIME ||
			 keys[i].type == TYPE_WORD)
			*(__u32 *)at = keys[i].standard;
	}
}

static int fail_key(const struct document *d, const yaml_node_t *node)
{
	char list[512] = "";

	for (size_t i = 0; i < KEYS; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "",
			 keys[i].name);
	return document_fail(d, node, "'%s' is no key of this file; there are %s",
			     quote(document_text(node)).text, list);
}

static int read_pair(const struct document *d, const yaml_node_pair_t *pair, bool *seen,
		     struct upstream *u)
{
	const yaml_node_t *name = document_node(d, pair->key);

	if (name->type != YAML_SCALAR_NODE)
		return document_fail(d, name, "a key stands here, like 'interface'");
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(document_text(name), keys[i].name))
			continue;
		if (seen[i])
			return document_fail(d, name, "'%s' is there twice; take one out",
					     keys[i].name);
		seen[i] = true;
		return read_value(d, &keys[i], document_node(d, pair->value), u);
	}
	return fail_key(d, name);
}

/* What goes together. */
static int check(const struct document *d, const struct upstream *u)
{
	const yaml_node_t *root = document_root(d), *at;
	unsigned int high, low;
	char rest;

	if (!u->interface[0])
		return document_fail(d, root, "there is no 'interface'; name the one whose link is "
				     "to be looked at, like 'interface: eth0'");
	at = document_find(d, "longest");
	if (u->longest < u->hold)
		return document_fail(d, at ? at : document_find(d, "hold"), "'longest' is shorter "
				     "than 'hold'; make it %llus or more", u->hold);
	at = document_find(d, "community");
	if (sscanf(u->community, "%5u:%5u%c", &high, &low, &rest) != 2 || high > 65535 ||
	    low > 65535)
		return document_fail(d, at, "'%s' is no community; write two numbers up to 65535, "
				     "like 65535:666", u->community);
	at = document_find(d, "rtbh");
	if (u->rtbh && !u->next_hop.family)
		return document_fail(d, at, "with 'rtbh' there has to be a 'next-hop', as your "
				     "provider tells it");
	return 0;
}

int upstream_read(const char *path, struct upstream *u, struct error *error)
{
	bool seen[KEYS] = {};
	struct document d;
	const yaml_node_t *root;
	int err = document_load(&d, path, error);

	set_defaults(u);
	if (!err) {
		root = document_root(&d);
		if (root->type != YAML_MAPPING_NODE)
			err = document_fail(&d, root, "keys and values stand here, like "
					    "'interface: eth0'");
		for (const yaml_node_pair_t *pair = err ? NULL : root->data.mapping.pairs.start;
		     !err && pair < root->data.mapping.pairs.top; pair++)
			err = read_pair(&d, pair, seen, u);
		if (!err)
			err = check(&d, u);
	}
	document_free(&d);
	if (err) {
		error->code = err;
		error->file = path;
	}
	return err;
}
