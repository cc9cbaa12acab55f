// SPDX-License-Identifier: GPL-2.0-only
/*
 * The header fields that the operator has masked beside those that always are: names that tell
 * something about his network, of which no peer needs the value.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/quote.h"
#include "policy/config.h"
#include "policy/config_reader.h"

/* What peers need, or people read: by name, or a name that ends in * for all that begin so. */
static const char *const needed[] = {
	/* RFC 3261 */
	"accept*", "alert-info", "allow*", "authentication-info", "authorization", "call-id",
	"call-info", "contact", "content-*", "cseq", "date", "expires", "from", "in-reply-to",
	"max-forwards", "mime-version", "min-expires", "priority", "proxy-*", "record-route",
	"reply-to", "require", "retry-after", "route", "subject", "supported", "timestamp", "to",
	"unsupported", "via", "www-authenticate",
	/* later ones, and what cannot be masked without an end of what it secures or names */
	"answer-mode", "caller-info", "diversion", "encryption", "event", "feature-caps",
	"flow-timer", "geolocation*", "history-info", "identity*", "info-package", "join",
	"min-se", "p-access-network-info", "p-answer-state", "p-asserted-*", "p-associated-uri",
	"p-called-party-id", "p-early-media", "p-media-authorization", "p-preferred-*",
	"p-served-user", "p-visited-network-id", "path", "permission-missing", "policy-*",
	"priv-answer-mode", "privacy", "rack", "reason", "recv-info", "refer*",
	"reject-contact", "remote-party-id", "replaces", "request-disposition",
	"resource-priority", "rseq", "security-*", "service-route", "session-*", "sip-etag",
	"sip-if-match", "subscription-state", "suppress-if-match", "target-dialog",
	"trigger-consent", "user-to-user",
};

static const char *const built_in[] = {
#define X(kind, name) name,
	SG_TOPOLOGY_BUILT_IN(X)
#undef X
};

static bool is_needed(const char *name)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		size_t length = strcspn(needed[i], "*");

		if (!strncasecmp(name, needed[i], length) && (needed[i][length] || !name[length]))
			return true;
	}
	return false;
}

static bool is_built_in(const char *name)
{
	for (size_t i = 0; i < sizeof(built_in) / sizeof(*built_in); i++)
		if (!strcasecmp(name, built_in[i]))
			return true;
	return false;
}

/* What is wrong with a name; NULL: nothing. A compact form (RFC 3261 section 7.3.3) is needed. */
static const char *name_fault(const char *name)
{
	if (!*name)
		return "there is no letter; write a name, like X-Node";
	if (strlen(name) > SG_TOPOLOGY_NAME)
		return "it has more than 32 characters; take it out";
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return "write the name alone, without a colon, like X-Node";
	if (is_needed(name) || !name[1])
		return "peers need its value; take it out";
	return NULL;
}

static int name_read(const struct reader *r, const yaml_node_t *node,
		     struct sg_topology_names *names)
{
	const char *text = document_text(node), *fault = name_fault(text);

	if (fault)
		return document_fail(&r->document, node, "'%s' cannot be masked: %s",
				     quote(text).text, fault);
	if (is_built_in(text))
		return document_fail(&r->document, node, "'%s' is looked after without being "
				     "listed; take it out", quote(text).text);
	for (__u32 i = 0; i < names->count; i++)
		if (!strcasecmp(names->listed[i], text))
			return document_fail(&r->document, node, "'%s' is in this list already; "
					     "take it out once", text);
	snprintf(names->listed[names->count++], SG_TOPOLOGY_TEXT, "%s", text);
	return 0;
}

int topology_read(struct reader *r)
{
	const yaml_node_t *list = document_find(&r->document, "topology-fields");
	struct sg_topology_names *names = &r->config->kernel.names;
	size_t entries = document_entries(list);
	int err = 0;

	if (entries > SG_TOPOLOGY_FIELDS)
		return document_fail(&r->document, list, "there are %zu header fields, and %d is "
				     "the most; leave out those that tell least", entries,
				     SG_TOPOLOGY_FIELDS);
	for (size_t i = 0; i < entries && !err; i++)
		err = name_read(r, document_entry(&r->document, list, i), names);
	if (!err && !sg_topology_build(names))
		err = document_fail(&r->document, list, "two of these header fields cannot be "
				    "told apart; leave one of them out");
	return err;
}
