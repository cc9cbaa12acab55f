// SPDX-License-Identifier: GPL-2.0-only
/* Calls to dialled prefixes: which numbers they are, how many are let in, and whose they are. */
#include <stdio.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"
#define OTHER "192.0.2.99"
#define CALL(uri) REQUEST_TO("INVITE", uri, "sip:b@example.com")
#define LONDON "442079460000"

/* These are watched, NULL after the last; each may have so many calls to them. */
static void watch(__u32 most, const char *const *prefixes)
{
	static const char *const exits[] = {"00", "011", "0011", "010", "810"};

	wide();
	mode_set(SG_REASON_DIALLED_PREFIX, SG_MODE_ENFORCE);
	mode_set(SG_REASON_DIAL_WALK, SG_MODE_OFF);
	dialled_forget();
	for (size_t i = 0; i < COUNT(exits); i++)
		exit_set(exits[i]);
	for (; *prefixes; prefixes++)
		dialled_set(*prefixes);
	for (int zone = 0; zone < 2; zone++)
		config()->profile[zone].dialled_calls = most;
}

static void watch_one(__u32 most, const char *prefix)
{
	watch(most, (const char *const[]){prefix, NULL});
}

static bool may_dial(const char *source, __u16 port, const char *uri)
{
	char request[1024];

	snprintf(request, sizeof(request), CALL("%s"), uri);
	return !packet_dropped(&(struct packet_spec){
		.source = source, .sport = port, .payload = request});
}

static bool dials(const char *number)
{
	char uri[256];

	snprintf(uri, sizeof(uri), "sip:%s@example.com", number);
	return may_dial(PHONE, PORT, uri);
}

/* What is watched is let in once, from a source that is new. */
static bool is_watched(const char *uri)
{
	static int sources;
	char source[32];

	sources++;
	snprintf(source, sizeof(source), "203.%d.113.%d", sources / 250, sources % 250);
	assert_true(may_dial(source, PORT, uri));
	return !may_dial(source, PORT, uri);
}

/* In URIs of each kind that has a number. */
static void assert_watched(const char *number, bool watched)
{
	static const char *const uris[] = {
		"sip:%s@example.com", "sips:%s@example.com;user=phone", "tel:%s",
		"tel:%s;phone-context=example.com", "sip:%s:secret@example.com",
		"sip:%s;phone-context=example.com@192.0.2.9:5060",
	};
	char uri[256];

	for (size_t i = 0; i < COUNT(uris); i++) {
		snprintf(uri, sizeof(uri), uris[i], number);
		if (is_watched(uri) != watched)
			fail_msg("%s is %swatched", uri, watched ? "not " : "");
	}
}

static void one_number_however_it_is_dialled(void)
{
	static const char *const ways[] = {
		"+" LONDON, "00" LONDON, "011" LONDON, "0011" LONDON, "010" LONDON, "810" LONDON,
		"900" LONDON, "9011" LONDON, "90011" LONDON, "9010" LONDON, "9810" LONDON,
		"000" LONDON, "0011" LONDON, "00011" LONDON, "800" LONDON, "8011" LONDON,
		"9+" LONDON, "+44-(20)-79.46.00.00", "00-" LONDON, "(0)0" LONDON, "*00" LONDON,
		"%2B" LONDON, "%2b" LONDON, "%30%30" LONDON, "0%30%34%34%32079460000",
		"%2B%34%34%32%30%37%39%34%36%30%30%30%30",
		"+00" LONDON, "+011" LONDON, "9+00" LONDON,
		/* As few digits as an international number has. */
		"0044207946", "+44207",
		/* What comes behind a number makes it no name. */
		"00" LONDON "a", "0044207946%2C1", "0044207946%2001",
	};
	static const char *const others[] = {
		LONDON, "02079460000", "1" LONDON, "0" LONDON, "9" LONDON, "+432079460000",
		"00432079460000", "0000" LONDON, "99900" LONDON, "0044" "20794", "+442",
		"0044", "00", "+", "alice", "%61" "00" LONDON, "004420b" LONDON, "00%61" LONDON,
		"001" LONDON, "%3000%",
	};

	watch_one(1, "+44");
	for (size_t i = 0; i < COUNT(ways); i++)
		assert_watched(ways[i], true);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_watched(others[i], false);
}

static void what_each_prefix_is(void)
{
	static const struct {
		const char *prefix, *number;
		bool watched;
	} cases[] = {
		{"+", "+14155550100", true}, {"+", "0033123456789", true},
		{"+", "033123456789", false}, {"+", "0800123456", false},
		{"+", "0000" LONDON, false}, {"+", "000" LONDON, true},
		/* National ones that begin as an outside line and an exit code. */
		{"+", "8005550100", false}, {"+", "900123456", false}, {"+", "0900123456", false},
		{"+4490", "0044901234567", true}, {"+4490", "0044911234567", false},
		{"+4479000001", "9001144790000119", false},
		{"+4479000001", "90011447900000190", true},
		{"+4479000001", "90011447900000290", false},
		{"0900", "0900123456", true}, {"0900", "09001", true}, {"0900", "090-01", true},
		{"0900", "0900", false}, {"0900", "0901123456", false},
		{"0900", "900123456", false}, {"0900", "+900123456", false},
		{"0900", "+0900123456", false}, {"0900", "00900123456", false},
		{"1900", "19005550100", true}, {"1900", "+19005550100", false},
		{"44", LONDON, true}, {"44", "00" LONDON, false}, {"00", "00" LONDON, true},
		/* Calls for help, with an outside line before them. */
		{"9", "911", false}, {"9", "9911", false}, {"9", "99112", true},
		{"1", "112", false}, {"0", "0112", false},
		{"0123456789", "01234567890", true}, {"0123456789", "01234567800", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		watch_one(1, cases[i].prefix);
		assert_watched(cases[i].number, cases[i].watched);
	}
}

static void exit_codes_are_those_of_the_list(void)
{
	watch_one(1, "+44");
	dialled_forget();
	dialled_set("+44");
	assert_watched("00" LONDON, false);
	assert_watched("+" LONDON, true);
	exit_set("009");
	assert_watched("009" LONDON, true);
	assert_watched("8009" LONDON, true);
	assert_watched("00" LONDON, false);
	/* The other configuration has its own. */
	fix.configs[!fix.state->active] = *config();
	fix.state->active ^= 1;
	assert_watched("+" LONDON, false);
}

/* A walk spends one limit, and nothing else of its source, nor anybody else. */
static void a_walk_is_one(void)
{
	static const char *const walk[] = {"00", "011", "900", "9011", "+", "0011", "000"};
	char number[64];
	int dialled = 0;

	watch(4, (const char *const[]){"+44", "0900", NULL});
	for (size_t i = 0; i < COUNT(walk); i++) {
		snprintf(number, sizeof(number), "%s" LONDON, walk[i]);
		dialled += dials(number);
	}
	assert_int_equal(dialled, 4);
	assert_int_equal(dropped_by(SG_REASON_DIALLED_PREFIX), 3);
	assert_false(dials("0900123456"));
	assert_true(dials("02079460000") && dials("100") && dials("+4320794600"));
	assert_true(may_dial(OTHER, PORT, "sip:+" LONDON "@example.com"));
	/* A quarter of the window is one call. */
	clock_move(900 * SECOND);
	assert_true(dials("+" LONDON));
	assert_false(dials("+" LONDON));
	clock_move(3600 * SECOND);
	for (int i = 0; i < 4; i++)
		assert_true(dials("+" LONDON));
	assert_false(dials("+" LONDON));
}

static void whom_calls_are_held_against(void)
{
	watch_one(1, "+");
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	assert_true(dials("+" LONDON));
	assert_false(dials("+" LONDON));
	/* Another phone behind that address, and strangers there. */
	proven_set(PHONE, IPPROTO_UDP, PORT + 2, SG_PROOF_REGISTER, 60);
	assert_true(may_dial(PHONE, PORT + 2, "tel:+" LONDON));
	assert_true(may_dial(PHONE, PORT + 1, "tel:+" LONDON));
	assert_false(may_dial(PHONE, PORT + 3, "tel:+" LONDON));
}

/* Who forges many names locks nobody out, and makes nobody forgotten who has called more. */
static void many_names_lock_nobody_out(void)
{
	char source[32];

	watch_one(2, "+");
	assert_true(dials("+" LONDON) && dials("+" LONDON));
	for (int i = 0; i < 6000; i++) {
		snprintf(source, sizeof(source), "203.%d.113.%d", i / 250, i % 250);
		assert_true(may_dial(source, PORT, "tel:+" LONDON));
	}
	assert_true(may_dial(OTHER, PORT, "tel:+" LONDON));
	assert_false(dials("+" LONDON));
	assert_true(counted(SG_COUNT_DIALLED_FULL) > 0);
}

/* How many were over the limit, whatever came of it. */
static __u64 over_the_limit(void)
{
	struct sg_tally tally;
	struct sg_stats stats;

	stats_read(&stats);
	tally = stats.reason[SG_REASON_DIALLED_PREFIX];
	return tally.dropped.packets + tally.watched.packets;
}

/* A trunk has as many callers as a carrier, unless its profile says otherwise. */
static void zones_are_asked_for(void)
{
	struct peer peer = {.source = MEMBER, .port = PORT, .at = FIRST_BYTE};

	watch_one(2, "+");
	zone_set(0, "198.18.0.0/16", 1);
	for (int i = 0; i < 20; i++)
		assert_true(may_dial(MEMBER, PORT, "tel:+" LONDON));
	config()->profile[1].dialled_zones = 1;
	assert_true(may_dial(MEMBER, PORT, "tel:+" LONDON));
	assert_true(may_dial(MEMBER, PORT, "tel:+" LONDON));
	assert_false(may_dial(MEMBER, PORT, "tel:+" LONDON));
	assert_true(may_dial("198.18.0.8", PORT, "tel:+" LONDON));
	/* Over TCP its connection has other calls in it. */
	assert_int_equal(over_the_limit(), 1);
	connection_accept(&(struct packet_spec){.source = MEMBER, .sport = peer.port}, peer.at);
	sends(&peer, CALL("tel:+" LONDON));
	assert_int_equal(over_the_limit(), 2);
}

#define WITH_ID(id, uri, more) WITH(id, uri, "", more)
#define WITH(id, uri, tag, more)                                                                  \
	"INVITE " uri " SIP/2.0\r\n"                                                              \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"                             \
	"Max-Forwards: 70\r\nTo: <sip:b@example.com>" tag "\r\n"                                  \
	"From: <sip:bob@example.com>;tag=1928301774\r\nCall-ID: " id "\r\n"                       \
	"CSeq: 1 INVITE\r\n" more "Content-Length: 0\r\n\r\n"

static bool passes(const char *request)
{
	return !packet_dropped(&(struct packet_spec){.source = PHONE, .payload = request});
}

/* The challenge of a call is answered by another INVITE, which is not one call more. */
static void credentials_cost_no_call(void)
{
	watch_one(2, "+");
	assert_true(passes(WITH_ID("a", "tel:+" LONDON, "")));
	assert_true(passes(WITH_ID("a", "tel:+" LONDON, RIGHT_NONCE)));
	assert_true(passes(WITH_ID("b", "tel:+" LONDON, "")));
	/* Spent: but for the answer, once, of that call. */
	assert_false(passes(WITH_ID("c", "tel:+" LONDON, "")));
	assert_false(passes(WITH_ID("c", "tel:+" LONDON, RIGHT_NONCE)));
	assert_false(passes(WITH_ID("b", "tel:+" LONDON, "")));
	assert_false(passes(WITH_ID("b", "tel:+432079460000", RIGHT_NONCE)));
	assert_true(passes(WITH_ID("b", "tel:+" LONDON, RIGHT_NONCE)));
	assert_false(passes(WITH_ID("b", "tel:+" LONDON, RIGHT_NONCE)));
}

/* The same INVITE again, one of a dialog, other methods, calls for help. */
static void what_does_not_count(void)
{
	watch(1, (const char *const[]){"+", "1", "9", NULL});
	for (int i = 0; i < 5; i++) {
		assert_true(passes(CALL("urn:service:sos")));
		assert_true(dials("112") && dials("911"));
		assert_true(passes(REQUEST_TO("MESSAGE", "tel:+" LONDON, "sip:b@example.com")));
		assert_true(passes(WITH("a", "tel:+" LONDON, ";tag=1", "")));
	}
	assert_true(dials("+" LONDON));
	for (int i = 0; i < 5; i++)
		assert_false(packet_dropped(&(struct packet_spec){.source = PHONE, .again = true,
			.payload = CALL("sip:+" LONDON "@example.com")}));
	assert_false(dials("+" LONDON));
}

static void by_default_it_monitors(void)
{
	static const reason_set over = REASON_BIT(SG_REASON_DIALLED_PREFIX);

	/* And not even that without a list. */
	dialled_forget();
	for (int i = 0; i < 20; i++)
		SEND(PASS, NONE, REQUEST, INVITE, .source = PHONE, .payload = CALL("tel:+" LONDON));
	dialled_set("+");
	for (int i = 0; i < 10; i++)
		SEND(PASS, NONE, REQUEST, INVITE, .source = PHONE, .payload = CALL("tel:+" LONDON));
	SEND_WATCHED(PASS, NONE, over, REQUEST, INVITE, .source = PHONE,
		     .payload = CALL("tel:+" LONDON));
}

/* --- bans --- */

/* A connection of TCP, over which a call is made that is one too many. */
static struct peer calls_too_much(void)
{
	struct peer peer = alice();

	peer.source = PHONE;
	sends(&peer, CALL("tel:+" LONDON));
	segment_dropped(&peer, CALL("tel:+" LONDON), strlen(CALL("tel:+" LONDON)));
	assert_int_equal(over_the_limit(), 1);
	return peer;
}

static bool is_banned(__u8 transport, __u16 port)
{
	struct sg_ban ban;

	return ban_find(PHONE, transport, port, &ban) && ban.cause == SG_REASON_DIALLED_PREFIX;
}

static void a_ban_is_asked_for(void)
{
	struct peer peer;

	watch_one(1, "+");
	peer = calls_too_much();
	assert_false(is_banned(IPPROTO_TCP, peer.port));
	assert_int_equal(counted(SG_COUNT_BANS), 0);
}

static void a_stranger_over_tcp_is_banned(void)
{
	struct peer peer;

	watch_one(1, "+");
	config()->profile[0].dialled_ban = 60;
	peer = calls_too_much();
	assert_true(is_banned(IPPROTO_TCP, peer.port));
	assert_int_equal(counted(SG_COUNT_BANS), 1);
	assert_false(is_banned(IPPROTO_UDP, peer.port));
	clock_move(59 * SECOND);
	assert_true(is_banned(IPPROTO_TCP, peer.port));
	clock_move(2 * SECOND);
	assert_false(is_banned(IPPROTO_TCP, peer.port));
}

/* Over UDP anybody can have sent it, even if the flow is proven. */
static void nobody_is_banned_over_udp(void)
{
	watch_one(1, "+");
	config()->profile[0].dialled_ban = 60;
	assert_true(dials("+" LONDON));
	assert_false(dials("+" LONDON) || is_banned(IPPROTO_UDP, PORT));
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	assert_true(dials("+" LONDON));
	assert_false(dials("+" LONDON) || is_banned(IPPROTO_UDP, PORT));
	assert_int_equal(counted(SG_COUNT_BANS), 0);
}

static void a_stolen_account_is_banned(void)
{
	struct peer peer;

	watch_one(1, "+");
	config()->profile[0].dialled_ban = 60;
	proven_set(PHONE, IPPROTO_TCP, 40000, SG_PROOF_REGISTER, 60);
	proven_user(PHONE, IPPROTO_TCP, 40000, 1);
	peer = calls_too_much();
	assert_true(is_banned(IPPROTO_TCP, peer.port));
}

/* Nor several users for one of them, those of a zone, or anybody for what is only watched. */
static void who_is_not_banned(void)
{
	watch_one(1, "+");
	config()->profile[0].dialled_ban = config()->profile[1].dialled_ban = 60;
	config()->profile[1].dialled_zones = 1;
	proven_set(PHONE, IPPROTO_TCP, 40000, SG_PROOF_REGISTER, 60);
	proven_user(PHONE, IPPROTO_TCP, 40000, SG_PROVEN_USERS);
	assert_false(is_banned(IPPROTO_TCP, calls_too_much().port));
	stats_clear();
	streams_forget();
	zone_set(0, PHONE "/32", 1);
	proven_set(PHONE, IPPROTO_TCP, 40000, SG_PROOF_REGISTER, -1);
	calls_too_much();
	assert_int_equal(counted(SG_COUNT_BANS), 0);
}

static void what_is_watched_bans_nobody(void)
{
	watch_one(1, "+");
	config()->profile[0].dialled_ban = 60;
	mode_set(SG_REASON_DIALLED_PREFIX, SG_MODE_MONITOR);
	calls_too_much();
	assert_int_equal(counted(SG_COUNT_BANS), 0);
}

const struct sequence dialled_sequences[] = {
	{"one number however it is dialled", one_number_however_it_is_dialled},
	{"what each dialled prefix is", what_each_prefix_is},
	{"exit codes are those of the list", exit_codes_are_those_of_the_list},
	{"a walk to a dialled prefix is one", a_walk_is_one},
	{"whom calls to a dialled prefix are held against", whom_calls_are_held_against},
	{"many names lock nobody out of dialled prefixes", many_names_lock_nobody_out},
	{"calls of zones to a dialled prefix", zones_are_asked_for},
	{"credentials cost no call to a dialled prefix", credentials_cost_no_call},
	{"what is no call to a dialled prefix", what_does_not_count},
	{"calls to a dialled prefix are only counted by default", by_default_it_monitors},
	{"a ban for dialled prefixes is asked for", a_ban_is_asked_for},
	{"a stranger over TCP is banned for dialled prefixes", a_stranger_over_tcp_is_banned},
	{"nobody is banned for dialled prefixes over UDP", nobody_is_banned_over_udp},
	{"a stolen account is banned for dialled prefixes", a_stolen_account_is_banned},
	{"who is not banned for dialled prefixes", who_is_not_banned},
	{"dialled prefixes that are watched ban nobody", what_is_watched_bans_nobody},
};

const size_t dialled_sequences_count = COUNT(dialled_sequences);
