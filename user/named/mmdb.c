// SPDX-License-Identifier: GPL-2.0-only
/*
 * The networks of a country or of a network operator, from a MaxMind DB: a binary tree over the
 * bits of addresses (maxmind.github.io/MaxMind-DB). A database of both families has IPv4 below
 * ::/96, and leads other prefixes there, too (::ffff:0:0/96, 2002::/16, 2001::/32): those are left
 * out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <maxminddb.h>

#include "base/quote.h"
#include "named/source.h"

#define CODES 64
#define VISITS 4 /* of each node, if several prefixes lead there */

/* What is looked for. */
struct codes {
	char country[CODES][3];
	__u32 network[CODES];
	int countries, networks;
};

struct tree {
	MMDB_s db;
	const struct codes *codes;
	struct source *source;
	struct error *error;
	__u8 address[16];
	__u32 bits;          /* of its addresses: 32 or 128 */
	__u64 left;          /* nodes that may be visited: a graph that is no tree has no end */
};

static int codes_country(struct codes *codes, const char *text, size_t length, struct error *error)
{
	if (length != 2 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") < 2)
		return error_set(error, -EINVAL, "'%s' is no list of countries; each has two "
				 "letters (ISO 3166-1), like DE,FR", quote(text).text);
	if (codes->countries == CODES)
		return error_set(error, -EINVAL, "more than %d countries at once", CODES);
	memcpy(codes->country[codes->countries++], text, 2);
	return 0;
}

static int codes_network(struct codes *codes, const char *text, size_t length, struct error *error)
{
	const char *digits = strncasecmp(text, "AS", 2) ? text : text + 2;
	char *end;
	unsigned long number = strtoul(digits, &end, 10);

	if (*digits < '0' || *digits > '9' || end != text + length || number > 0xffffffff)
		return error_set(error, -EINVAL, "'%s' is no list of networks; each is a number of "
				 "an autonomous system, like 64496", quote(text).text);
	if (codes->networks == CODES)
		return error_set(error, -EINVAL, "more than %d networks at once", CODES);
	codes->network[codes->networks++] = number;
	return 0;
}

static int codes_read(struct codes *codes, const char *text,
		      int (*add)(struct codes *codes, const char *text, size_t length,
				 struct error *error), struct error *error)
{
	int err = 0;

	for (; text && !err; text = strchr(text, ',') ? strchr(text, ',') + 1 : NULL)
		err = add(codes, text, strcspn(text, ","), error);
	return err;
}

/* A value of an entry as text, which does not end with a NUL; false if there is none. */
static bool text_at(MMDB_entry_s *entry, const char *const *path, const char **text, size_t *length)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return false;
	*text = data.utf8_string;
	*length = data.data_size;
	return true;
}

/* MaxMind and DB-IP have country.iso_code, others the code alone. */
static bool country_fits(const struct codes *codes, MMDB_entry_s *entry)
{
	static const char *const paths[][3] = {{"country", "iso_code"}, {"country"},
					       {"country_code"}};
	const char *text;
	size_t length;

	for (int i = 0; i < 3; i++) {
		if (!text_at(entry, paths[i], &text, &length))
			continue;
		for (int c = 0; length == 2 && c < codes->countries; c++) {
			if (strncasecmp(codes->country[c], text, 2) == 0)
				return true;
		}
		return false;
	}
	return false;
}

/* MaxMind and DB-IP have a number, others "AS64496". */
static bool network_of(MMDB_entry_s *entry, __u32 *number)
{
	static const char *const asked[] = {"autonomous_system_number", NULL};
	static const char *const other[] = {"asn", NULL};
	MMDB_entry_data_s data;
	const char *text;
	char digits[16];
	size_t length;

	if (MMDB_aget_value(entry, &data, asked) == MMDB_SUCCESS && data.has_data &&
	    data.type == MMDB_DATA_TYPE_UINT32) {
		*number = data.uint32;
		return true;
	}
	if (!text_at(entry, other, &text, &length) || length < 3 || length >= sizeof(digits))
		return false;
	memcpy(digits, text + 2, length - 2);
	digits[length - 2] = '\0';
	*number = strtoul(digits, NULL, 10);
	return strncasecmp(text, "AS", 2) == 0;
}

static bool fits(const struct codes *codes, MMDB_entry_s *entry)
{
	__u32 number;

	if (codes->countries && !country_fits(codes, entry))
		return false;
	if (!codes->networks)
		return true;
	if (!network_of(entry, &number))
		return false;
	for (int i = 0; i < codes->networks; i++) {
		if (codes->network[i] == number)
			return true;
	}
	return false;
}

static bool is_zero(const __u8 *bytes, size_t count)
{
	while (count && !*bytes) {
		bytes++;
		count--;
	}
	return !count;
}

static int emit(struct tree *tree, __u32 depth)
{
	struct prefix prefix = {.family = tree->bits == 32 ? AF_INET : AF_INET6, .length = depth};

	if (tree->bits == 128 && depth >= 96 && is_zero(tree->address, 12)) {
		prefix.family = AF_INET;
		prefix.length = depth - 96;
		memcpy(prefix.address, tree->address + 12, 4);
	} else {
		memcpy(prefix.address, tree->address, tree->bits / 8);
	}
	return source_append(tree->source, &prefix, 0, tree->error);
}

/* IPv4 reached by another way than ::/96. */
static bool is_alias(const struct tree *tree, uint64_t record, __u32 depth)
{
	return tree->bits == 128 && record == tree->db.ipv4_start_node.node_value &&
	       record < tree->db.metadata.node_count &&
	       !(depth == tree->db.ipv4_start_node.netmask && is_zero(tree->address, 12));
}

static int walk(struct tree *tree, uint64_t node, __u32 depth);

/* 1: all of what is below fits, 0: it does not, and what fits of it is put out; or -errno. */
static int walk_record(struct tree *tree, uint8_t type, uint64_t record, MMDB_entry_s *entry,
		       __u32 depth)
{
	switch (type) {
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		if (depth >= tree->bits)
			return error_set(tree->error, -EINVAL, "it is damaged: its tree is deeper "
					 "than addresses are long");
		return is_alias(tree, record, depth) ? 0 : walk(tree, record, depth);
	case MMDB_RECORD_TYPE_DATA:
		return fits(tree->codes, entry);
	case MMDB_RECORD_TYPE_EMPTY:
		return 0;
	default:
		return error_set(tree->error, -EINVAL, "it is damaged: a node leads nowhere");
	}
}

/* Neighbours that fit both are put out as the prefix of both. */
static int walk(struct tree *tree, uint64_t node, __u32 depth)
{
	__u8 bit = 0x80 >> depth % 8;
	MMDB_search_node_s read;
	int left, right, err = 0;

	if (!tree->left--)
		return error_set(tree->error, -EINVAL, "it is damaged: its nodes are no tree");
	if (MMDB_read_node(&tree->db, node, &read) != MMDB_SUCCESS)
		return error_set(tree->error, -EINVAL, "it is damaged: a node cannot be read");
	left = walk_record(tree, read.left_record_type, read.left_record, &read.left_record_entry,
			   depth + 1);
	if (left < 0)
		return left;
	tree->address[depth / 8] |= bit;
	right = walk_record(tree, read.right_record_type, read.right_record,
			    &read.right_record_entry, depth + 1);
	if (right > 0 && !left)
		err = emit(tree, depth + 1);
	tree->address[depth / 8] &= ~bit;
	if (left && !right)
		err = emit(tree, depth + 1);
	if (right < 0)
		err = right;
	/* IPv4 stays what it is, and is not joined to what is beside ::/96. */
	if (!err && left && right && depth == 95 && tree->bits == 128 &&
	    is_zero(tree->address, 12)) {
		err = emit(tree, 96);
		tree->address[11] |= 1;
		err = err ? err : emit(tree, 96);
		tree->address[11] &= ~1;
		left = 0;
	}
	return err ? err : left && right;
}

static int walk_all(struct tree *tree)
{
	int err;

	tree->bits = tree->db.metadata.ip_version == 6 ? 128 : 32;
	tree->left = (__u64)VISITS * tree->db.metadata.node_count;
	err = walk(tree, 0, 0);
	if (err > 0)
		err = emit(tree, 0);
	if (!err && !tree->source->count)
		return error_set(tree->error, -ENODATA, "it has no network of these");
	return err;
}

int source_mmdb(struct source *source, const char *path, const struct source_wish *wish,
		struct error *error)
{
	struct tree tree = {.source = source, .error = error};
	struct codes codes = {};
	int err = codes_read(&codes, wish->countries, codes_country, error);

	if (!err)
		err = codes_read(&codes, wish->networks, codes_network, error);
	if (!err && !codes.countries && !codes.networks)
		err = error_set(error, -EINVAL, "say which of its networks are meant, by --country "
				"or --asn");
	if (err)
		return err;
	tree.codes = &codes;
	err = MMDB_open(path, MMDB_MODE_MMAP, &tree.db);
	if (err != MMDB_SUCCESS)
		return error_set(error, -EINVAL, "cannot read it as a MaxMind DB: %s; "
				 "name a file in that format",
				 err == MMDB_IO_ERROR || err == MMDB_FILE_OPEN_ERROR
					 ? strerror(errno) : MMDB_strerror(err));
	err = walk_all(&tree);
	MMDB_close(&tree.db);
	return err;
}
