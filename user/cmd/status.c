// SPDX-License-Identifier: GPL-2.0-only
/* status: everything is gathered into one JSON document; the text is that document, read out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/escape.h"
#include "base/names.h"
#include "cmd/command.h"
#include "guard/connections.h"
#include "guard/egress.h"
#include "guard/session.h"
#include "model/lists.h"
#include "model/proven.h"
#include "policy/policy.h"
#include "render/interfaces.h"
#include "render/output.h"

/* Fewer requests without a reply tell nothing: no server has to answer a scanner. */
#define UNANSWERED 100

/* Seconds since the program was loaded; 0 if the kernel does not tell. */
static __u64 program_age(int fd)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	struct timespec now;
	__u64 ns;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) ||
	    clock_gettime(CLOCK_BOOTTIME, &now))
		return 0;
	ns = now.tv_sec * SG_NSEC_PER_SEC + now.tv_nsec;
	return ns > info.load_time ? (ns - info.load_time) / SG_NSEC_PER_SEC : 0;
}

/* Since the newest attach or upgrade. */
static __u64 loaded_seconds(const struct pins *pins)
{
	int fd = pins_get(pins, "guard_clock");
	__u64 age = program_age(fd);

	if (fd >= 0)
		close(fd);
	return age;
}

static json_t *ports_json(const struct sg_config *config, __u8 role)
{
	json_t *all = json_array();

	for (int port = 0; port < SG_PORTS; port++) {
		if (config->port[port] & role)
			json_array_append_new(all, json_integer(port));
	}
	return all;
}

static json_t *reasons_json(const struct sg_config *config)
{
	const __u8 *modes = config->profile[0].mode;
	json_t *all = json_object();

	for (int reason = 1; reason < SG_REASON__MAX; reason++)
		json_object_set_new(all, reason_texts[reason].label,
				    json_pack("{s:s, s:s}", "mode",
					      mode_names[modes[reason] % SG_MODE__MAX],
					      "default", mode_names[reason_texts[reason].mode]));
	return all;
}

static json_t *totals_json(const struct sg_config *config)
{
	json_t *all = json_object();

	for (int id = 0; id < SG_TOTAL__MAX; id++)
		json_object_set_new(all, total_keys[id], output_limit(&config->total[id]));
	return all;
}

static json_t *caps_json(const struct sg_config *config)
{
	const __u32 *cap = (const __u32 *)&config->profile[0].caps;
	json_t *all = json_object();

	for (int id = 0; id < SIP_CAP__MAX; id++)
		json_object_set_new(all, cap_keys[id], json_integer(cap[id]));
	return all;
}

static json_t *limits_json(const struct sg_limit *limit)
{
	json_t *limits = json_object();

	for (int id = 0; id < SG_LIMIT__MAX; id++)
		json_object_set_new(limits, limit_keys[id], output_limit(&limit[id]));
	return limits;
}

static json_t *offences_json(const struct sg_config *config)
{
	json_t *all = json_object();

	for (int id = 0; id < SG_OFFENCE__MAX; id++) {
		const struct sg_ban_rule *rule = &config->ban[id];

		json_object_set_new(all, offence_keys[id],
				    json_pack("{s:I, s:I, s:I}", "threshold",
					      (json_int_t)rule->threshold, "window",
					      (json_int_t)rule->window, "time",
					      (json_int_t)rule->seconds));
	}
	return all;
}

/* Zone 0 has none: what its sources may together is among the totals. */
static json_t *zone_total_json(const struct sg_config *config, __u32 zone)
{
	return zone ? output_limit(&config->total[sg_zone_total(zone)]) : json_null();
}

static json_t *zones_json(const struct sg_config *config)
{
	json_t *all = json_array();

	for (__u32 zone = 0; zone <= config->zones && zone < SG_ZONES; zone++) {
		const struct sg_zone *z = &config->zone[zone];
		const struct sg_profile *p = &config->profile[z->profile % SG_PROFILES];

		json_array_append_new(all, json_pack("{s:s#, s:o, s:o, s:o, s:{s:o, s:I, s:o}}",
						     "name", z->name,
						     (int)strnlen(z->name, sizeof(z->name)),
						     "limits", limits_json(p->limit),
						     "flow_limits", limits_json(p->flow),
						     "total", zone_total_json(config, zone),
						     "connections", "new",
						     output_limit(&p->connect), "live",
						     (json_int_t)p->live, "segments",
						     output_limit(&p->segment)));
	}
	return all;
}

static json_t *lists_json(const struct maps *maps, struct error *error)
{
	struct lists lists;
	json_t *counts;

	if (!maps->state->lists) /* so the packets do not look either */
		return json_pack("{s:i, s:i}", "allow", 0, "deny", 0);
	if (lists_read(maps, &lists, error))
		return NULL;
	counts = json_pack("{s:I, s:I}", "allow", (json_int_t)lists_count(&lists, SG_LIST_ALLOW),
			   "deny", (json_int_t)lists_count(&lists, SG_LIST_DENY));
	lists_free(&lists);
	return counts;
}

static json_t *bans_json(const struct session *s, struct error *error)
{
	struct sg_flow_key key, *at = NULL;
	json_int_t sources = 0, flows = 0;
	struct sg_ban ban;
	__u64 now;

	if (maps_clock(&s->maps, &now, error))
		return NULL;
	while (bpf_map_get_next_key(s->maps.fd[MAP_BANS], at, &key) == 0) {
		at = &key;
		if (bpf_map_lookup_elem(s->maps.fd[MAP_BANS], &key, &ban) || ban.until <= now)
			continue;
		if (key.port)
			flows++;
		else
			sources++;
	}
	return json_pack("{s:I, s:I}", "sources", sources, "flows", flows);
}

/* What flows have proven, and whether strangers have to come twice at the moment. */
static json_t *flows_json(const struct session *s, struct error *error)
{
	__u64 now, until = s->maps.state->greylist_until;
	size_t count[SG_PROOF__MAX];
	struct proven_list list;

	if (maps_clock(&s->maps, &now, error) || proven_read(&s->maps, now, &list, error))
		return NULL;
	proven_count(&list, count);
	proven_free(&list);
	return json_pack("{s:I, s:I, s:I, s:I, s:b, s:I}", "proven",
			 (json_int_t)(count[SG_PROOF_REGISTER] + count[SG_PROOF_CALL]), "contact",
			 (json_int_t)count[SG_PROOF_CONTACT], "greylist",
			 (json_int_t)count[SG_PROOF_GREYLIST], "most", (json_int_t)SG_PROVEN,
			 "greylist_armed", until > now, "greylist_seconds_left",
			 (json_int_t)(until > now ? (until - now) / SG_NSEC_PER_SEC + 1 : 0));
}

static json_t *connections_json(const struct session *s, struct error *error)
{
	bool counted = connections_are_counted(&s->pins);
	struct connection_list list;
	json_int_t live = 0;
	json_t *all;

	if (connections_read(&s->pins, &s->maps, &list, error))
		return NULL;
	for (size_t i = 0; i < list.count; i++)
		live += list.source[i].live;
	all = json_pack("{s:b, s:I, s:I}", "counted", counted, "sources", (json_int_t)list.count,
			"live", live);
	connections_free(&list);
	return all;
}

/* Requests that passed and want a reply; without those of the allow list, whatever they are. */
static __u64 requests_passed(const struct sg_stats *stats)
{
	__u64 sum = 0;

	for (int method = SG_METHOD_NONE + 1; method < SG_METHOD__MAX; method++) {
		if (method != SG_METHOD_ACK)
			sum += stats->method[method].passed.packets +
			       stats->method[method].would_drop.packets;
	}
	return sum > stats->allowed.packets ? sum - stats->allowed.packets : 0;
}

/* It has a word of its own. */
static bool egress_is_missing(const json_t *interfaces)
{
	json_t *one;
	size_t i;

	json_array_foreach(interfaces, i, one) {
		const char *replies = json_string_value(json_object_get(one, "replies"));

		if (replies && strcmp(replies, egress_names[EGRESS_MISSING]) == 0)
			return true;
	}
	return false;
}

/* Sentences about what is wrong with the whole; what is with one interface stands there. */
static json_t *notices_json(const struct sg_stats *stats, const json_t *interfaces)
{
	__u64 requests = requests_passed(stats);
	json_t *all = json_array();

	if (requests < UNANSWERED || stats->event[SG_EVENT_REPLIES_SEEN] ||
	    egress_is_missing(interfaces))
		return all;
	json_array_append_new(all, json_sprintf(
		"none of the server's replies leaves by a guarded interface, though %llu requests "
		"have passed, so nobody becomes proven: `sipguard attach` the interface by which "
		"they leave, too, or see why the server does not answer", requests));
	return all;
}

static json_t *memory_json(const struct maps *maps)
{
	json_t *each = json_object();
	json_int_t sum = 0;

	for (int id = 0; id < MAP__MAX; id++) {
		json_int_t bytes = maps_memory_used(maps, id);

		json_object_set_new(each, map_names[id], json_integer(bytes));
		sum += bytes;
	}
	return json_pack("{s:I, s:o}", "bytes", sum, "maps", each);
}

static json_t *config_json(const struct sg_config *config, const char *path, json_t *status)
{
	json_t *ports = json_object();

	json_object_set_new(ports, "udp", ports_json(config, SG_PORT_UDP));
	json_object_set_new(ports, "tcp", ports_json(config, SG_PORT_TCP));
	json_object_set_new(ports, "tls", ports_json(config, SG_PORT_TLS));
	json_object_set_new(status, "config", path[0] ? output_string(path) : json_null());
	json_object_set_new(status, "ports", ports);
	json_object_set_new(status, "reasons", reasons_json(config));
	json_object_set_new(status, "totals", totals_json(config));
	json_object_set_new(status, "message", caps_json(config));
	json_object_set_new(status, "zones", zones_json(config));
	json_object_set_new(status, "proven_limits", limits_json(config->proven));
	json_object_set_new(status, "ban_rules", offences_json(config));
	json_object_set_new(status, "proven_call_seconds", json_integer(config->proven_call));
	json_object_set_new(status, "proven_unchallenged",
			    json_boolean(config->proven_unchallenged));
	json_object_set_new(status, "greylist_hold_seconds", json_integer(config->greylist_hold));
	json_object_set_new(status, "first_data_seconds", json_integer(config->first_data));
	return status;
}

/* NULL with an error. */
static json_t *gather(const struct session *s, bool attached, struct error *error)
{
	const struct maps *maps = &s->maps;
	struct sg_config config;
	json_t *status, *interfaces, *lists, *bans, *flows, *connections;
	struct sg_stats stats;
	struct note note;

	if (maps_config(maps, &config, &note, error) || maps_stats(maps, &stats, error))
		return NULL;
	interfaces = interfaces_json(s, &stats, error);
	lists = interfaces ? lists_json(maps, error) : NULL;
	bans = lists ? bans_json(s, error) : NULL;
	flows = bans ? flows_json(s, error) : NULL;
	connections = flows ? connections_json(s, error) : NULL;
	if (!connections) {
		json_decref(interfaces);
		json_decref(lists);
		json_decref(bans);
		json_decref(flows);
		return NULL;
	}
	status = json_pack("{s:b, s:s, s:i, s:s, s:o, s:o, s:o, s:o}", "attached", attached,
			   "version", SIPGUARD_VERSION, "abi", SG_ABI_VERSION, "mode",
			   mode_names[maps->state->mode % SG_MODE__MAX], "lists", lists, "bans",
			   bans, "flows", flows, "memory", memory_json(maps));
	json_object_set_new(status, "notices", notices_json(&stats, interfaces));
	json_object_set_new(status, "interfaces", interfaces);
	json_object_set_new(status, "loaded_seconds", json_integer(loaded_seconds(&s->pins)));
	json_object_set_new(status, "connections", connections);
	return config_json(&config, note.path, status);
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_ports(json_t *status)
{
	const char *transport;
	json_t *ports, *port;
	size_t i;

	printf("\nGuarded ports\n");
	json_object_foreach(json_object_get(status, "ports"), transport, ports) {
		printf("  %-16s", transport);
		json_array_foreach(ports, i, port)
			printf(" %lld", (long long)json_integer_value(port));
		printf("%s\n", json_array_size(ports) ? "" : " none");
	}
}

static void print_reasons(json_t *status)
{
	const char *label;
	bool any = false;
	json_t *one;

	json_object_foreach(json_object_get(status, "reasons"), label, one) {
		if (strcmp(string_of(one, "mode"), string_of(one, "default")) == 0)
			continue;
		if (!any)
			printf("\nReasons not in their default mode\n");
		any = true;
		printf("  %-22s %s (default %s)\n", label, string_of(one, "mode"),
		       string_of(one, "default"));
	}
}

static void print_limit(json_t *limit)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld / %lld", number_of(limit, "rate"),
		 number_of(limit, "burst"));
	printf(" %17s", text);
}

/* What is in one zone, a kind of message a line; zone 0 is that of the sources on no list. */
static void print_zone(json_t *zone, json_t *proven)
{
	json_t *source = json_object_get(zone, "limits");
	json_t *flow = json_object_get(zone, "flow_limits");
	const char *key;
	json_t *limit;

	printf("%s  %-22.22s %17s %17s", proven ? "" : "\n",
	       proven ? "(on no list)" : string_of(zone, "name"), "each source", "each flow");
	printf(proven ? " %17s\n" : "\n", "each proven flow");
	json_object_foreach(source, key, limit) {
		printf("  %-22s", key);
		print_limit(limit);
		print_limit(json_object_get(flow, key));
		if (proven)
			print_limit(json_object_get(proven, key));
		putchar('\n');
	}
	if (proven)
		return;
	printf("  %-22s", "total");
	print_limit(json_object_get(zone, "total"));
	printf("  of all its sources together\n");
}

static void print_connections(json_t *status)
{
	json_t *zones = json_object_get(status, "zones"), *zone, *all;
	size_t i;

	printf("\nConnections of a source: new per second / at once, live, unread segments per "
	       "second / at once; reported if silent for %lld s\n",
	       number_of(status, "first_data_seconds"));
	json_array_foreach(zones, i, zone) {
		all = json_object_get(zone, "connections");
		printf("  %-22s", i ? string_of(zone, "name") : "(on no list)");
		print_limit(json_object_get(all, "new"));
		printf(" %17lld ", number_of(all, "live"));
		print_limit(json_object_get(all, "segments"));
		putchar('\n');
	}
}

static void print_limits(json_t *status)
{
	json_t *zones = json_object_get(status, "zones"), *zone, *limit;
	const char *key;
	size_t i;

	printf("\nLimits, messages per second / at once\n");
	json_array_foreach(zones, i, zone)
		print_zone(zone, i ? NULL : json_object_get(status, "proven_limits"));
	printf("\nOther limits, messages or fragments per second / at once\n");
	json_object_foreach(json_object_get(status, "totals"), key, limit) {
		printf("  %-22s", key);
		print_limit(limit);
		putchar('\n');
	}
}

static void print_conduct(json_t *status)
{
	bool unchallenged = json_is_true(json_object_get(status, "proven_unchallenged"));
	const char *key;
	json_t *rule;

	printf("\nProven, greylist\n");
	printf("  %-22s %lld s for a completed call\n", "proven: call",
	       number_of(status, "proven_call_seconds"));
	printf("  %-22s %s\n", "proven: unchallenged",
	       unchallenged ? "yes: a REGISTER proves without a challenge, too"
			    : "no: a REGISTER proves only in answer to a challenge");
	printf("  %-22s %lld s after the flood\n", "greylist: hold",
	       number_of(status, "greylist_hold_seconds"));
	printf("\nBanned by itself %20s %11s %11s\n", "times", "within s", "for s");
	json_object_foreach(json_object_get(status, "ban_rules"), key, rule) {
		printf("  %-22s %11lld %11lld ", key, number_of(rule, "threshold"),
		       number_of(rule, "window"));
		if (number_of(rule, "time"))
			printf("%11lld\n", number_of(rule, "time"));
		else
			printf("%11s\n", "only limited");
	}
}

static void print_caps(json_t *status)
{
	const char *key;
	json_t *cap;

	printf("\nLimits of a message, in bytes; fields and folds in lines\n");
	json_object_foreach(json_object_get(status, "message"), key, cap)
		printf("  %-22s %17lld\n", key, (long long)json_integer_value(cap));
}

/* What matters in an attack. */
static void print_now(json_t *status)
{
	json_t *bans = json_object_get(status, "bans"), *flows = json_object_get(status, "flows");
	json_t *connections = json_object_get(status, "connections"), *notice;
	bool monitor = strcmp(string_of(status, "mode"), "monitor") == 0;
	size_t i;

	printf("  mode             %s: %s\n", string_of(status, "mode"),
	       monitor ? "nothing is dropped, only counted (`sipguard stats --watch 5`)"
		       : "`sipguard stats --watch 5` tells what is dropped");
	if (json_is_true(json_object_get(flows, "greylist_armed")))
		printf("  greylist         ARMED: strangers %s to send twice; for %lld s more if "
		       "the flood ends now\n", monitor ? "would have" : "have",
		       number_of(flows, "greylist_seconds_left"));
	else
		printf("  greylist         not armed\n");
	printf("  bans             %lld of sources, %lld of flows\n", number_of(bans, "sources"),
	       number_of(bans, "flows"));
	printf("  proven flows     %lld of %lld at most\n", number_of(flows, "proven"),
	       number_of(flows, "most"));
	json_array_foreach(json_object_get(status, "notices"), i, notice)
		printf("  NOTICE           %s\n", json_string_value(notice));
	if (json_is_true(json_object_get(connections, "counted")))
		printf("  connections      %lld, of %lld sources\n", number_of(connections, "live"),
		       number_of(connections, "sources"));
	else
		printf("  connections      NOT counted, so live ones have no limit: `sipguard "
		       "attach IFACE` tries again, and says why not\n");
}

static void print_text(json_t *status)
{
	json_t *lists = json_object_get(status, "lists");
	char age[OUTPUT_TEXT], bytes[OUTPUT_TEXT];

	printf("sipguard %s (ABI %lld)\n", string_of(status, "version"), number_of(status, "abi"));
	print_now(status);
	printf("  lists            %lld allowed, %lld denied prefixes\n", number_of(lists, "allow"),
	       number_of(lists, "deny"));
	escape_printf(stdout, "  configuration    %s\n", policy_name(string_of(status, "config")));
	printf("  program loaded   %s ago\n",
	       output_seconds(number_of(status, "loaded_seconds"), age));
	printf("  memory of maps   %s\n",
	       output_bytes(number_of(json_object_get(status, "memory"), "bytes"), bytes));
	interfaces_print(json_object_get(status, "interfaces"));
	print_ports(status);
	print_reasons(status);
	print_limits(status);
	print_connections(status);
	print_conduct(status);
	print_caps(status);
}

static enum exit_code not_attached(bool json)
{
	if (json)
		output_json(json_pack("{s:b, s:s, s:i, s:[]}", "attached", 0, "version",
				      SIPGUARD_VERSION, "abi", SG_ABI_VERSION, "interfaces"));
	else
		printf("The guard is not attached: `sipguard attach IFACE` does that.\n");
	return NOT_ATTACHED;
}

enum exit_code cmd_status(const struct options *options)
{
	struct error error = {};
	struct session session;
	bool attached = false;
	enum exit_code code;
	json_t *status;
	int err = session_begin(&session, ACCESS_READ, &error);

	if (err)
		return err == -ENOTCONN ? not_attached(options->json) : failed(&error);
	for (size_t i = 0; i < session.links.count; i++)
		attached = attached || session.links.link[i].ifindex;
	status = gather(&session, attached, &error);
	session_end(&session);
	if (!status)
		return failed(&error);
	if (options->json) {
		output_json(status);
	} else {
		print_text(status);
		json_decref(status);
	}
	code = output_end();
	return code == DONE && !attached ? NOT_ATTACHED : code;
}
