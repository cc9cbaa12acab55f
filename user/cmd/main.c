// SPDX-License-Identifier: GPL-2.0-only
/* The table of commands. Each has a file of its own or shares one with its kin. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "render/output.h"
#include "saved/saved.h"
#include "announce/settings.h"

/* For who has half a word of it in mind: those that begin alike, or have the word in them. */
enum exit_code no_command(const char *word)
{
	char names[128] = "";

	for (const struct command *command = commands; command->name; command++) {
		if (strncmp(command->name, word, 4) == 0 ||
		    (strlen(word) > 2 && strstr(command->name, word)))
			text_or(names, sizeof(names), command->name);
	}
	if (*names)
		return usage("there is no command '%s': do you mean %s?", word, names);
	return usage("there is no command '%s'.", word);
}

static enum exit_code cmd_help(const struct options *options);
static enum exit_code cmd_version(const struct options *options);

#define LIST_DETAILS(what)                                                                        \
	"  add PREFIX...   put prefixes on the list, by hand\n"                                   \
	"  del PREFIX...   take them off; del --name NAME: a whole list that was imported\n"      \
	"  show, list      print what is listed; with --name what that list has\n"                \
	"  lists           the lists that were imported by name: how long, how old, from where\n" \
	"  import FILE     add every prefix of a file (- is standard input), all of them or, if\n" \
	"                  one line is wrong, none: one a line, # starts a comment; or of ipset\n" \
	"                  save, APIBAN, a table, a MaxMind DB. With --name as a list that can\n" \
	"                  end (--for), be taken off, and be replaced (--replace): each packet\n" \
	"                  meets the old list or the new one\n"                                   \
	"  export FILE     write what is listed, or with --name that list, as import reads it\n"  \
	"  flush           take everything off, also the lists that were imported by name\n\n"     \
	what

#define LIST_OPTIONS (OPTION_NAME | OPTION_FOR | OPTION_REPLACE | OPTION_FORMAT | OPTION_PICK)

const struct command commands[] = {
	{"attach", "IFACE...", "guard interfaces, or upgrade the guard that runs",
	 "Guards the interfaces. A new guard begins in the mode that the configuration says, with\n"
	 "--enforce in that: `mode: monitor`, the default, drops nothing until `mode enforce`.\n"
	 "One more interface of a guard that runs has the mode of that guard at once.\n"
	 "One program judges what comes in, another sees what the host sends (tc egress: tcx, or\n"
	 "clsact before Linux 6.6). Neither is in the way of tc programs of others.\n"
	 "  --xdp native    in the driver (XDP): the fastest; refused if the driver cannot\n"
	 "  --xdp generic   at tc ingress, which is there on every interface\n"
	 "  --xdp auto      native where the driver can, generic elsewhere and on tun and tap\n"
	 "  --dispatcher    native, beside XDP programs of others: libxdp's dispatcher calls them\n"
	 "Interfaces are known by what they are, not by name: rename or move them as you like;\n"
	 "where zones name one, write its new name there and reload.\n"
	 "One above or below a guarded one (bridge, bond, VLAN, macvlan) is refused: what comes\n"
	 "in would be charged twice.\n"
	 "An interface that is guarded already gets this version's programs, with no packet lost,\n"
	 "and lists, bans, limits and mode kept; a program at egress that somebody detached comes\n"
	 "back; also the configuration, without --config.\n"
	 "For a new guard it is /etc/sipguard/sipguard.yaml if that exists, else the defaults.\n"
	 "With --for it is on trial until `sipguard confirm`. If that does not come in time, a\n"
	 "new guard lets everything pass and is detached by the next command; one that was there\n"
	 "before goes to monitor mode, and keeps what it knows. The kernel does that by itself.\n"
	 "With --restore, as the units do at boot, what was saved comes back, and its mode last;\n"
	 "if it cannot be read, a new guard stays in monitor mode, whatever the file says.",
	 OPTION_CONFIG | OPTION_XDP | OPTION_DISPATCHER | OPTION_ENFORCE | OPTION_RESTORE |
	 OPTION_FOR, 1, -1, cmd_attach},
	{"confirm", "", "keep what `attach --for` or `mode enforce --for` has begun",
	 "Ends the trial: the guard stays as it is. Exit status 1 if nothing is on trial, 3 if\n"
	 "the time of `attach --for` was over before.", 0, 0, 0, cmd_confirm},
	{"detach", "IFACE...", "stop guarding interfaces",
	 "Stops guarding the interfaces, and looking at what they send. With the last one go\n"
	 "lists, bans and counters. (Before Linux 6.6 an empty clsact qdisc stays, which costs\n"
	 "nothing: others may use it.)",
	 OPTION_ALL, 0, -1, cmd_detach},
	{"status", "", "what is guarded, in which mode, with which limits",
	 "Shows first what matters in an attack: mode, greylist (how often strangers have to\n"
	 "send now, and why), bans, proven flows. Then sizes of lists and memory, interfaces\n"
	 "(where the guard runs, how many packets they received and it saw, and if it sees none\n"
	 "of them why), every limit in force, and what decides and cannot be configured.\n"
	 "Exit status 3 if nothing is guarded.\n\n"
	 "With --check one line with performance data, for Nagios, Icinga and the like, and their\n"
	 "exit status: 0 OK; 1 WARNING, for what the NOTICE lines and the interfaces tell;\n"
	 "2 CRITICAL, if an interface that was attached is not guarded, or none is; 3 UNKNOWN.",
	 OPTION_CHECK, 0, 0, cmd_status},
	{"stats", "[mark | N]", "packets and bytes by reason, class and method; who is refused",
	 "Counts since the guard was attached: passed; would drop, which is what enforce mode\n"
	 "drops; dropped; and of a reason watched: the packet goes on in enforce mode as well,\n"
	 "mostly since the reason's own mode is monitor. Then how many packets were seen on each\n"
	 "interface.\n"
	 "As text only rows that are not zero, as JSON all. A packet may be watched for several\n"
	 "reasons, and still be dropped for one that comes later.\n"
	 "  --top [N]       listens for 5 s (--for), or until interrupted, and says who was\n"
	 "                  refused: source or flow, zone, reason, how often at least, when\n"
	 "                  last. The packets are all counted; whose they are is known from\n"
	 "                  events, so of many senders some are not named, and it says so\n"
	 "  mark            keeps what was counted so far, until the guard is gone\n"
	 "  --since-mark    what was counted since then. There is no way to set the counters\n"
	 "                  themselves back: Prometheus and others rely on that they only grow",
	 OPTION_WATCH | OPTION_TOP | OPTION_FOR | OPTION_SINCE_MARK, 0, 1, cmd_stats},
	{"mode", "[REASON] [MODE]", "monitor or enforce; off, monitor or enforce for one reason",
	 "  mode                              prints the mode of the whole guard\n"
	 "  mode monitor|enforce              of the whole guard\n"
	 "  mode REASON off|monitor|enforce   of one reason, below that of the guard, until the\n"
	 "                                    next reload; the configuration file keeps it longer"
	 "\n\n`mode enforce --for 5m` goes back to monitor by itself unless `confirm` comes.\n"
	 "What is said of the whole guard holds until `mode` of the configuration is changed; a\n"
	 "new guard begins as that says.",
	 OPTION_FOR, 0, 2, cmd_mode},
	{"reload", "", "put a configuration in force",
	 "Reads the file given with --config; without, the one that is in force now, or\n"
	 "/etc/sipguard/sipguard.yaml if that is the built-in one and the file exists. If it has\n"
	 "a mistake, nothing changes. Modes set by `mode REASON` are forgotten. The guard's own\n"
	 "mode changes only if `mode` is another one than in the file before.",
	 OPTION_CONFIG, 0, 0, cmd_reload},
	{"explain", "[REASON | EVENT | PROOF]",
	 "why a packet is dropped under a reason, and what to do",
	 "Explains a reason, and what lifts it, an event of `stats`, or a proof of `sources`;\n"
	 "without one, lists the reasons with their modes.",
	 0, 0, 1, cmd_explain},
	{"check-config", "FILE", "look for mistakes in a configuration",
	 "Reads the file as `reload` would, and changes nothing.", 0, 1, 1, cmd_check_config},
	{"allow", "add|del|show|lists|import|export|flush ...",
	 "the list of prefixes that always pass",
	 LIST_DETAILS("The longest prefix decides, whichever list it is on."),
	 LIST_OPTIONS, 1, -1, cmd_allow},
	{"deny", "add|del|show|lists|import|export|flush ...",
	 "the list of prefixes that never pass",
	 LIST_DETAILS("The longest prefix decides, whichever list it is on. Addresses of this\n"
		      "host are never denied; the address you are logged in from (SSH), that\n"
		      "of a default gateway, a prefix shorter than /8 (IPv6: /16), and any\n"
		      "prefix from another network namespace than the guard's, only with\n"
		      "--force."),
	 LIST_OPTIONS | OPTION_FORCE, 1, -1, cmd_deny},
	{"events", "", "what happens, as it happens",
	 "Prints a line for each packet that was dropped, would be dropped in enforce mode, or is\n"
	 "watched (its reason's own mode is monitor), for each ban that the guard makes, and for\n"
	 "each change of mode, configuration, greylist, shedding, shadow and of what is guarded,\n"
	 "until interrupted.\n"
	 "Of one source and reason it tells once a second, of one reason 50 times at most; the\n"
	 "next line says how many it left out. Eight commands may follow the guard at once.",
	 OPTION_REASON | OPTION_SOURCE, 0, 0, cmd_events},
	{"capture", "-w FILE", "the packets that are dropped, as pcapng",
	 "Writes the packets that were dropped, would be dropped in enforce mode, or are watched,\n"
	 "as the guard got them, each with verdict and reason as a comment, until interrupted.\n"
	 "Wireshark, tshark and sngrep open the file; `-w - | tshark -r -` reads along.\n"
	 "What comes faster than it can be written is lost, and counted; packets are cut at 16384\n"
	 "bytes.",
	 OPTION_WRITE | OPTION_REASON | OPTION_SOURCE | OPTION_SAMPLE | OPTION_LIMIT, 0, 0,
	 cmd_capture},
	{"why", "ADDRESS[:PORT]", "what the guard knows of a source, and why it drops it",
	 "Shows the zone, list, bans and proofs of a source (an IPv6 address stands for its /64),\n"
	 "or of one flow of it; what it has spent of each limit; for which reasons packets of it\n"
	 "were dropped lately, would be, or were watched, and which one thing lifts each.\n"
	 "The last four reasons are remembered; in a flood the numbers are estimates, and\n"
	 "strangers push out other strangers. Over UDP anybody can send in its name.\n"
	 "Where zones name interfaces, --dev says at which one.",
	 OPTION_TRANSPORT | OPTION_DEV, 1, 1, cmd_why},
	{"top", "", "rates, who is refused, limits and bans, on a full screen",
	 "Shows mode and state of the guard, packets a second by class and by reason, who was\n"
	 "refused or watched lately, with how full his limits are, proven flows by how full\n"
	 "theirs are, and bans with the time left, until q. The keys, of which h tells, sort,\n"
	 "filter, pause, ban, lift a ban, and show what `why` knows of who is chosen.\n"
	 "Who is refused is known from events, so the numbers there are at least so many, and\n"
	 "of a flood from many addresses some are not named. It is one of the eight commands that\n"
	 "may follow the guard at once. If the guard is detached it says so, and goes on with\n"
	 "the next one. With --once, or with --json, it reads twice, the interval apart, prints\n"
	 "what it would show, and ends.",
	 OPTION_INTERVAL | OPTION_ONCE, 0, 0, cmd_top},
	{"ban", "ADDRESS[:PORT]", "block a source or a flow for a time",
	 "Bans a source (an IPv6 address stands for its /64), or with a port one flow of one\n"
	 "address: of IPv6 [ADDRESS]:PORT, since without brackets the port would be read as its\n"
	 "last part.\n"
	 "Sources on the allow list and addresses of this host cannot be banned; that from which\n"
	 "you are logged in (SSH) and that of a default gateway only with --force.",
	 OPTION_TRANSPORT | OPTION_FOR | OPTION_FORCE, 1, 1, cmd_ban},
	{"unban", "ADDRESS[:PORT] | --all", "lift a ban, or all",
	 "Lifts a ban before its time, and forgets what led to it: wrong passwords and other\n"
	 "offences that are held against this source or, with a port, against this flow, also if\n"
	 "they have not led to a ban. With --all whatever is banned, and all offences.",
	 OPTION_TRANSPORT | OPTION_ALL, 0, 1, cmd_unban},
	{"bans", "", "what is banned, and until when",
	 "Lists the bans that have not expired, and why each was made; and if the guard only\n"
	 "monitors, that they are not enforced.\n"
	 "With --ended those that have expired and that the guard still remembers, the last one\n"
	 "first. It forgets up to two with each new ban it makes, so after a wave of bans few are\n"
	 "left; `watch --journal` keeps them all.",
	 OPTION_ENDED, 0, 0, cmd_bans},
	{"sources", "[forget ADDRESS:PORT]", "flows that have proven something, and how",
	 "Lists the flows (address, port and transport) that have proven something:\n"
	 "  register   the server has registered it, in answer to its challenge\n"
	 "  call       it has completed a call\n"
	 "  contact    the server has sent it a request: its responses are wanted\n"
	 "  greylist   it came again when the greylist asked for that\n"
	 "The first two are proven: they have limits of their own, and pay nothing to the budget.\n"
	 "`forget` has a flow prove itself anew.",
	 OPTION_TRANSPORT, 0, 2, cmd_sources},
	{"identity", "add|del|show|import ...", "who is registered where, for identity-elsewhere",
	 "  show            print what was added, and how many the server's replies have shown\n"
	 "  add IDENTITY... say who is registered, through --zone NAME (default: through none,\n"
	 "                  like phones that have no zone) and --for TIME (default: a day)\n"
	 "  del IDENTITY... take them off\n"
	 "  import FILE     add every one of a file, one a line, # starts a comment; all of them\n"
	 "                  or, if one line is wrong, none\n\n"
	 "For networks whose registrar is elsewhere. Of your own server the guard learns it by\n"
	 "itself, while a zone or a profile says `identity: yes`. An identity is a user with his\n"
	 "host, like alice@example.com, or a number of 7 digits or more, like +442079460000,\n"
	 "which is the same at every host, and with or without the +. There is room for 4096.",
	 OPTION_FOR | OPTION_ZONE, 1, -1, cmd_identity},
	{"connections", "[ADDRESS|PREFIX]", "who has how many TCP connections",
	 "Lists the sources (of IPv6 the /64) that have connections to guarded ports, the most\n"
	 "first; with an address or a prefix only those. `live` counts the kernel's own sockets,\n"
	 "and is exact. `opening` are SYNs that were let in a few seconds ago and have led to\n"
	 "none yet. `silent` are those of the live ones that have sent nothing in the time that\n"
	 "the configuration gives them (connections: first-data); of them only those in the\n"
	 "network namespace where this command runs are seen.",
	 0, 0, 1, cmd_connections},
	{"replay", "CAPTURE | --raw FOLDER", "what the guard would do with a capture",
	 "Shows every packet of a capture (pcap or pcapng, gzip or not; - is standard input), or\n"
	 "every file of a folder as a UDP message from 192.0.2.1, to the program that `attach`\n"
	 "would attach, as if in enforce mode, and prints the verdict, the reason, class and\n"
	 "method. Attaches nothing, and neither needs nor touches a running guard.\n\n"
	 "Each packet is judged alone, by what it is: headers, grammar, fingerprints. Nothing\n"
	 "that came before changes its verdict, but that fragments get what their first one got,\n"
	 "and that segments continue a connection. With --limits there are limits, budgets and\n"
	 "the greylist, and the bans that follow. Never judged is what the server's replies tell\n"
	 "(who is proven, wrong passwords), and there are no lists. Every packet counts as if it\n"
	 "came in, and at no interface that a zone names unless --dev says so: capture with\n"
	 "`tcpdump -Q in`.\n\n"
	 "The text leaves out packets to other ports, unless --verbose is given. JSON has a line\n"
	 "for every packet; verdict is null if it could not be judged, and not_judged says why.\n"
	 "The summary in JSON goes to standard error, or with --quiet to standard output. Exit\n"
	 "status 0 if the capture was read to its end.",
	 OPTION_CONFIG | OPTION_RAW | OPTION_LIMITS | OPTION_DEV | OPTION_QUIET, 1, 1, cmd_replay},
	{"calibrate", "FILE... | --for TIME", "limits that a recorded day would have needed",
	 "Reads captures (pcap, pcapng) of both directions, in the order of time, as of `tcpdump\n"
	 "-i eth0 -w day.pcap port 5060`, and attaches nothing; or with --for listens at the\n"
	 "interfaces that are guarded, best in monitor mode, for so long or until interrupted.\n"
	 "The guard's own programs say what each packet is, and by the server's replies who is\n"
	 "proven. Says how much was sent, and by whom; what today's limits would have dropped;\n"
	 "and proposes limits with half as much again to spare, never below today's. Who needs\n"
	 "far more than the others gets a zone.\n"
	 "What attackers have sent counts for nothing: only senders do that have registered with\n"
	 "a password or completed a call, that have a zone, or that --trust names.\n"
	 "  --write FILE    the whole configuration with the proposal\n"
	 "  --apply         the same in place of the file, which stays as FILE.bak, and `reload`\n"
	 "                  if a guard is attached; comments stay\n\n"
	 "It knows of no lists. docs/calibrate.md says more.",
	 OPTION_CONFIG | OPTION_FOR | OPTION_TRUST | OPTION_SERVER | OPTION_WRITE | OPTION_APPLY,
	 0, -1, cmd_calibrate},
	{"shadow", "[FILE | accept | off]", "what another configuration would change, live",
	 "  shadow FILE     put a configuration beside the one in force: it judges the same\n"
	 "                  packets, and nothing is done about what it says; replaces the last\n"
	 "  shadow          where it differs: what it would drop that passes now, and what it\n"
	 "                  would pass that is dropped now, by reason and source, with examples\n"
	 "  shadow accept   put it in force, and end the shadow\n"
	 "  shadow off      end it\n\n"
	 "Compared is what enforce mode would do with packets that come in, whatever the guard's\n"
	 "mode is; not what leaves (`topology`), nor what would be banned. Limits, the\n"
	 "greylist and fragments begin anew for it; lists, bans, proven flows and connections are\n"
	 "those of the guard. It ends with the guard, and when the guard is upgraded. An\n"
	 "interface that is attached later is not judged by it. It takes about as much time for\n"
	 "each packet as the guard itself. The kernel has to allow programs of type EXT.",
	 0, 0, 1, cmd_shadow},
	{"save", "[FILE]", "keep what the guard knows in a file, for `restore`",
	 "Writes lists, bans, proven flows, identities, modes, and which interfaces are guarded\n"
	 "by which configuration, by default to " SAVED_FILE ". What was there is replaced as\n"
	 "a whole. A guard on trial is not saved.",
	 0, 0, 1, cmd_save},
	{"restore", "[FILE]", "bring back what was saved",
	 "Where nothing is guarded, attaches the interfaces that were; then brings back what was\n"
	 "saved, the mode last, unless `mode` of the configuration was changed since: then that\n"
	 "counts. The time that has gone by counts. A guard that is running gets it\n"
	 "beside what it knows. A file that is damaged is refused as a whole and renamed, and the\n"
	 "guard goes on as it is; a FILE that `save` has not written is left where it is. Exit\n"
	 "status 0 if there is no " SAVED_FILE ", 1 if an interface that was\n"
	 "guarded is not there; all else is restored then.",
	 0, 0, 1, cmd_restore},
	{"watch", "--metrics [ADDRESS:]PORT | --journal | --hep ADDRESS",
	 "a status page, metrics; log events, send packets",
	 "With --journal writes to the journal of systemd what `events` prints, with fields of\n"
	 "its own: `journalctl -t sipguard SIPGUARD_REASON=garbage`.\n"
	 "With --metrics serves by HTTP, until it is interrupted:\n"
	 "  /               a page that shows what the guard does now\n"
	 "  /metrics        all counters, for Prometheus\n"
	 "  /status.json    what `status`, `stats`, `bans` and `connections` print as JSON,\n"
	 "                  in one\n\n"
	 "ADDRESS is an IP address, of IPv6 in brackets; a port alone is of 127.0.0.1. There is\n"
	 "no password and no encryption: leave it there, behind a proxy that has both. Nothing\n"
	 "can be changed by it. The guard is read when somebody asks, at most once a second. It\n"
	 "may come, go and be upgraded meanwhile; sipguard_up says whether it is there. Requests\n"
	 "to a name are refused, but for localhost and the names of --host: else a page of\n"
	 "somebody else could have your browser read it.\n\n"
	 "With --hep sends each packet that `events` tells of to a collector of HEP3 (Homer,\n"
	 "Kamailio, sngrep): the SIP message, and why it was dropped as a log of the same call.",
	 OPTION_METRICS | OPTION_HOST | OPTION_JOURNAL | OPTION_HEP, 0, 0, cmd_watch},
	{"fleet", "run|check|setup|status|bans|test|unban|publish|withdraw ...",
	 "share bans, proofs, lists and zones with other hosts",
	 "  run             the agent: tells the others what this guard learns, and has it know\n"
	 "                  what they have told, until interrupted (sipguard-fleet.service)\n"
	 "  check           look for mistakes in its file\n"
	 "  status          who is there, how far behind this host is, what was taken, what was\n"
	 "                  refused, and why; exit status 1: not connected, 3: no agent\n"
	 "  bans            what the fleet has told, by whom, and whether it is in force here\n"
	 "  test            has every member answer, and says how long that took\n"
	 "  unban ADDRESS[:PORT]\n"
	 "                  has all hosts let somebody go\n"
	 "  publish allow|deny|zone NAME FILE\n"
	 "                  put a list in force everywhere, for --for TIME or for good; or have a\n"
	 "                  zone's prefixes everywhere, for those that name its prefixes-file\n"
	 "  withdraw allow|deny|zone NAME\n"
	 "                  take it off\n"
	 "  setup           make the streams on the servers, by a user who may\n\n"
	 "The engine is NATS with JetStream; docs/fleet.md has what its servers need, the file\n"
	 "(/etc/sipguard/fleet.yaml) and who can do what. What is taken is said there: by default\n"
	 "a host tells and takes nothing, but counts what it would.",
	 OPTION_CONFIG | OPTION_TRANSPORT | OPTION_FOR, 1, 4, cmd_fleet},
	{"upstream", "[check]", "have routers drop a flood that fills the link (BGP)",
	 "Runs until it is interrupted. While the link is full of what the guard refuses, tells\n"
	 "ExaBGP or GoBGP of a rule of flowspec (RFC 8955): to our address, UDP or TCP, the port,\n"
	 "and the sender's prefix if nearly all comes from one in which nobody is known. It is\n"
	 "withdrawn by itself, and at the end. Each of both is a line, with its cause.\n"
	 "  upstream check   reads the file, says what it means and what is missing\n\n"
	 "What it may do is in " UPSTREAM_FILE ", or the file of --config. As\n"
	 "long as that does not say `dry-run: no` nothing is announced, only said. An address\n"
	 "goes dark (RTBH) only if the file says so in words. docs/upstream.md has the keys, what\n"
	 "can be forged, and what the router has to do. It opens no port, and no packet waits.",
	 OPTION_CONFIG | OPTION_JOURNAL, 0, 1, cmd_upstream},
	{"help", "[COMMAND]", "this list, or one command in full", "Explains commands.", 0, 0, 1,
	 cmd_help},
	{"version", "", "version of the command and of its ABI", "Prints the version.", 0, 0, 0,
	 cmd_version},
	{},
};

static enum exit_code cmd_help(const struct options *options)
{
	if (options->count) {
		for (const struct command *command = commands; command->name; command++) {
			if (strcmp(command->name, options->arguments[0]) == 0) {
				options_help(command, stdout);
				return output_end();
			}
		}
		return no_command(options->arguments[0]);
	}
	printf("sipguard guards a SIP server against floods, before they cost it much.\n\n"
	       "Usage: sipguard COMMAND [ARGUMENT...] [OPTION...]\n\n");
	for (const struct command *command = commands; command->name; command++)
		printf("  %-13s %s\n", command->name, command->summary);
	printf("\nIn an emergency: `mode monitor` drops nothing more, `unban --all` lifts every\n"
	       "ban, `deny flush` empties the deny list, `detach --all` takes the guard away.\n"
	       "Every command has --help and --json. Exit status: 0 done, 1 failed, 2 wrong\n"
	       "usage, 3 not attached.\n");
	return output_end();
}

static enum exit_code cmd_version(const struct options *options)
{
	if (options->json)
		output_json(json_pack("{s:s, s:i}", "version", SIPGUARD_VERSION, "abi",
				      SG_ABI_VERSION));
	else
		printf("sipguard %s (ABI %d)\n", SIPGUARD_VERSION, SG_ABI_VERSION);
	return output_end();
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct options options;
	enum exit_code code;

	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, not a death in the middle */
	code = options_read(argc, argv, commands, &options, &command);
	if (code != DONE)
		return code;
	if (!command) {
		code = cmd_help(&(struct options){});
		return options.help ? code : USAGE;
	}
	say_setup(options.verbose);
	if (!options.help)
		return command->run(&options);
	options_help(command, stdout);
	return output_end();
}
