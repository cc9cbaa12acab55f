/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one list of reasons. A reason says why a packet is (or would be) dropped.
 *
 * X(number, NAME, label, reference, default mode, mode under the preset "strict", state, help)
 *
 * The enum, the counters, the switch in the configuration, `sipguard explain`, the JSON keys and
 * the test that insists on a case for each reason all follow from a row here. Numbers are dense,
 * stable, and never used again: a retired reason keeps its row with the label "retired-N".
 *
 * Default modes: off, monitor or enforce, as they act once the operator says `mode enforce`.
 *
 * State: STATELESS is what a packet and the configuration tell by themselves. STATEFUL needs what
 * the guard remembers: counts, bans, what a flow has shown or what the host has. `replay` leaves
 * that out, unless it is given --limits.
 */
#ifndef SIPGUARD_REASONS_H
#define SIPGUARD_REASONS_H

#include "sip/rules.h"

/* What lifts a limit for one peer. */
#define SG_WIDER " A zone gives a peer wider limits of its own."

#define SG_PACKET_REASONS(X)                                                                      \
	X(1, DENY_LIST, "deny-list", "operator's list", ENFORCE, ENFORCE, STATELESS,              \
	  "The source address is in a prefix on the deny list, and no longer prefix allows it. "  \
	  "Lift it with `sipguard deny del PREFIX`, or allow a more specific prefix.")            \
	X(2, BAN_SOURCE, "ban-source", "timed ban", ENFORCE, ENFORCE, STATEFUL,                   \
	  "The source (an IPv4 address, or an IPv6 /64) is banned for a time. "                   \
	  "`sipguard bans` shows until when; `sipguard unban ADDRESS` lifts it.")                 \
	X(3, BAN_FLOW, "ban-flow", "timed ban", ENFORCE, ENFORCE, STATEFUL,                       \
	  "This flow (source address, port and transport) is banned for a time; other flows of "  \
	  "the same address are not touched. `sipguard unban ADDRESS:PORT` lifts it.")            \
	X(4, UDP_LENGTH, "udp-length", "RFC 768", ENFORCE, ENFORCE, STATELESS,                    \
	  "The UDP header gives a length that is shorter than itself or longer than the IP "      \
	  "packet. The host's own UDP would throw it away a little later, at a higher price.")    \
	X(5, TINY_FRAGMENT, "tiny-fragment", "RFC 1858 section 3", ENFORCE, ENFORCE, STATELESS,   \
	  "The first fragment of a datagram to a guarded port is too short to show what it "      \
	  "carries (under 24 bytes of UDP, or less than the TCP header). No IP link is that "     \
	  "narrow (RFC 791 asks for 68 bytes); it is a way to slip past filters.")                \
	X(6, ORPHAN_FRAGMENT, "orphan-fragment", "RFC 791 section 3.2",                           \
	  ENFORCE, ENFORCE, STATEFUL,                                                             \
	  "A later fragment of a UDP or TCP datagram whose first fragment was not seen, above "   \
	  "the limits for such fragments (totals: orphan-fragments, orphan-fragments-total).")    \
	X(7, GARBAGE, "garbage", "RFC 3261 section 7.1", ENFORCE, ENFORCE, STATELESS,             \
	  "A datagram to a guarded UDP port that is neither SIP (a method token or SIP/2.0 at "   \
	  "its start), nor a keepalive, STUN, TLS, HTTP or SigComp.")                             \
	X(8, UNLISTED_BUDGET, "unlisted-budget", "totals: unlisted-total, unlisted-tcp, syns",    \
	  ENFORCE, ENFORCE, STATEFUL,                                                             \
	  "All sources that are on no list, in no zone and not proven together exceed their "     \
	  "budget (unlisted-total: over UDP; unlisted-tcp: over TCP; syns: new connections); "    \
	  "its upper half is for those that have sent little. Put known peers on the allow list " \
	  "or into a zone: they never pay from these budgets.")                                   \
	X(9, LIMIT_SOURCE, "limit-source", "limits: source", ENFORCE, ENFORCE, STATEFUL,          \
	  "The source sends more messages and new TCP connections than its limit over all kinds " \
	  "together." SG_WIDER)                                                                   \
	X(10, LIMIT_INVITE, "limit-invite", "limits: invite", ENFORCE, ENFORCE, STATEFUL,         \
	  "The source sends more INVITE requests than its limit." SG_WIDER)                       \
	X(11, LIMIT_REGISTER, "limit-register", "limits: register", ENFORCE, ENFORCE, STATEFUL,   \
	  "The source sends more REGISTER requests than its limit." SG_WIDER)                     \
	X(12, LIMIT_OPTIONS, "limit-options", "limits: options", ENFORCE, ENFORCE, STATEFUL,      \
	  "The source sends more OPTIONS requests than its limit." SG_WIDER)                      \
	X(13, LIMIT_EVENT, "limit-event", "limits: event", ENFORCE, ENFORCE, STATEFUL,            \
	  "The source sends more SUBSCRIBE, NOTIFY, MESSAGE and PUBLISH requests than its "       \
	  "limit." SG_WIDER)                                                                      \
	X(14, LIMIT_OTHER, "limit-other", "limits: other", ENFORCE, ENFORCE, STATEFUL,            \
	  "The source sends more of all other requests (ACK, BYE, CANCEL, INFO, PRACK, UPDATE, "  \
	  "REFER, unknown methods; HTTP, TLS or SigComp over UDP) than its limit." SG_WIDER)      \
	X(15, LIMIT_RESPONSE, "limit-response", "limits: response", ENFORCE, ENFORCE, STATEFUL,   \
	  "The source sends more responses than its limit." SG_WIDER)                             \
	X(16, LIMIT_KEEPALIVE, "limit-keepalive", "limits: keepalive",                            \
	  ENFORCE, ENFORCE, STATEFUL,                                                             \
	  "The source sends more keepalives (CRLF, NUL, empty, tiny datagrams, STUN) than its "   \
	  "limit." SG_WIDER)                                                                      \
	X(17, IPV6_CHAIN, "ipv6-chain", "RFC 8200 section 4.1", ENFORCE, ENFORCE, STATELESS,      \
	  "More than 8 IPv6 extension headers, or more than about 1000 bytes of headers, stand "  \
	  "before the transport header, so the port was not reached. Hosts accept such packets; " \
	  "RFC 8200 has no use for them, and a guard that let them pass would be easy to get "    \
	  "around. This is the one reason, with vlan-tags, that may meet packets to other ports; " \
	  "the allow list exempts a peer.")                                                       \
	X(66, SOURCE_PORT, "source-port", "RFC 768", ENFORCE, ENFORCE, STATELESS,                 \
	  "The source port of a packet to a guarded port is 0, whatever it carries: nobody can "  \
	  "answer, and no system sends from there. A forger can have nothing refused but what he " \
	  "sends himself.")                                                                       \
	X(67, SOURCE_ADDRESS, "source-address", "RFC 1122 section 3.2.1.3",                       \
	  ENFORCE, ENFORCE, STATELESS,                                                            \
	  "The source address of a packet to a guarded port is multicast, 255.255.255.255, of "   \
	  "0.0.0.0/8 or ::, whatever it carries: no host has it. The kernel would drop the "      \
	  "packet, too, a little later and at a higher price. A forger can have nothing refused " \
	  "but what he sends himself.")                                                           \
	X(68, GREYLIST, "greylist", "RFC 3261 section 17.1", ENFORCE, ENFORCE, STATEFUL,          \
	  "While sources that are not proven exceed their budget, a request from one of them is " \
	  "admitted only when it comes again, 0.4 to 32 s after the first time, as every client " \
	  "sends it (RFC 3261 timers A and E); random forged sources never do. Over TCP it is "   \
	  "not asked for. `sipguard status` shows whether the greylist is armed.")                \
	X(69, LIMIT_FLOW, "limit-flow", "limits: flow-limits, proven-limits",                     \
	  ENFORCE, ENFORCE, STATEFUL,                                                             \
	  "The flow (source address, port and transport) sends more messages, of one kind or "    \
	  "all together, than its limit: proven-limits if `sipguard sources` shows it as "        \
	  "register or call, else flow-limits." SG_WIDER)                                         \
	X(70, SCANNER, "scanner", "fingerprint", ENFORCE, ENFORCE, STATELESS,                     \
	  "The message bears the fingerprint of a scanner or attack tool: its User-Agent, the "   \
	  "name in From, or the shape of its branch. A connection of TCP that goes on (bans: "    \
	  "scanner) is banned; over UDP, where anybody can forge them, only the messages are "    \
	  "dropped.")                                                                             \
	X(71, LOOKALIKE, "scanner-lookalike", "fingerprint", MONITOR, MONITOR, STATELESS,         \
	  "The message has the User-Agent of a real product that scanners like to copy. Do not "  \
	  "enforce this where such products are in use.")                                         \
	X(72, REPLIES, "replies", "totals: replies", ENFORCE, ENFORCE, STATEFUL,                  \
	  "A reply of this host's server to a destination that is not proven, above the limit of " \
	  "such replies for each destination, so that nobody can forge a victim's address and "   \
	  "have the server flood it. Counted as it leaves.")                                      \
	X(73, FLOOD, "flood", "bans: flood", ENFORCE, ENFORCE, STATEFUL,                          \
	  "A connection of TCP that is not proven goes far beyond its limits and was banned. "    \
	  "Proven flows, and those of UDP, where anybody can forge it, are limited and never "    \
	  "banned for it.")                                                                       \
	X(74, MALFORMED, "malformed", "bans: malformed", ENFORCE, ENFORCE, STATEFUL,              \
	  "A connection of TCP that is not proven sends malformed messages again and again, "     \
	  "and was banned. Proven flows, and those of UDP, where anybody can forge them, lose "   \
	  "the malformed messages and nothing else.")                                             \
	X(75, AUTH_FAILURE, "auth-failure",                                                       \
	  "bans: auth-failure, guesses, guesses-source, guesses-forged",                          \
	  ENFORCE, ENFORCE, STATEFUL,                                                             \
	  "Wrong passwords, by what the server says to them. Dropped is a request with "          \
	  "credentials of a user whose password was never right from that source, when its "      \
	  "flow has given 6 wrong ones, or its source 24, or 6 that somebody else may have "      \
	  "forged (by the defaults); after 10 minutes there is room for one more (of the 24 "     \
	  "after 150 s). Of a user who is known from there only his own count, and only those "   \
	  "that answer a challenge sent to that source alone. A flow that is not proven is "      \
	  "banned when other users have given 6 for challenges that were sent to it alone. A "    \
	  "forger can keep users away from an address that they are not known from, and nobody "  \
	  "else. Sources of a zone are not looked at.")                                           \
	X(76, ENUMERATION, "enumeration", "bans: enumeration", ENFORCE, ENFORCE, STATEFUL,        \
	  "A source has asked for 24 users in ten minutes that the server does not know (404, "   \
	  "484, 604), or whose challenges it did not answer. Dropped are requests of its flows "  \
	  "that are not proven for still other users; those it has asked for, users who are "     \
	  "known from there, proven flows and zones are not touched. A forger can do that to the " \
	  "strangers of an address.")                                                             \
	X(77, LIMIT_CONNECT, "limit-connect", "connections: new", ENFORCE, ENFORCE, STATEFUL,     \
	  "The source opens more TCP connections in a short time than its limit. A client tries " \
	  "again by itself after a second, so nothing is banned for it. Who forges SYNs can use " \
	  "up the limit of an address while that lasts, and end no connection it has. Phones "    \
	  "that come back together behind one address need a zone with a limit of its own.")      \
	X(78, CONNECTIONS, "connections", "connections: live", ENFORCE, ENFORCE, STATEFUL,        \
	  "The source has as many TCP connections as it may have at a time, those included that " \
	  "it began to open in the last seconds. `sipguard connections ADDRESS` shows them; each "\
	  "that ends makes room. Only who receives our answers can have a connection; forged "    \
	  "SYNs, which limit-connect holds down, are forgotten after 9 seconds at most.")         \
	X(83, LIMIT_SEGMENT, "limit-segment", "connections: segments",                            \
	  ENFORCE, ENFORCE, STATEFUL,                                                             \
	  "The source (or the proven flow) sends more segments of TCP that are not read than its "\
	  "limit: TLS, connections older than the guard, what continues a message, what comes "   \
	  "behind a gap. TCP sends them again, later: the connection becomes slower, and stays.") \
	X(84, STRAY_SEGMENT, "stray-segment", "totals: stray-segments",                           \
	  ENFORCE, ENFORCE, STATEFUL,                                                             \
	  "A segment of TCP of no connection that exists: neither was its handshake seen, nor "   \
	  "has this host, which serves the port, a socket for it. It would answer with a reset. " \
	  "They have a limit for all of them together, since anybody can forge them.")            \
	X(85, VLAN_TAGS, "vlan-tags", "IEEE 802.1Q", ENFORCE, ENFORCE, STATELESS,                 \
	  "More than 8 VLAN tags stand before the IP header, so it was not reached. Many "        \
	  "kernels take off any number of tags that have only a priority (VID 0); no network "    \
	  "needs them, and a guard that let them pass would be easy to get around. It may meet "  \
	  "packets to other ports.")                                                              \
	X(86, FRAGMENT_HEAD, "fragment-head", "RFC 3261 section 18.1",                            \
	  ENFORCE, ENFORCE, STATEFUL,                                                             \
	  "The first fragment of a datagram does not hold the whole header of its message, so "   \
	  "what is in the rest could not be read, and its source is on no list, in no zone and "  \
	  "not proven. It is admitted when it comes again, 0.4 to 32 s later, as every client "   \
	  "sends it (RFC 3261 timers A and E); the other fragments follow the first. One under "  \
	  "512 bytes, which no link makes, is never admitted.")                                   \
	X(87, ZONE_TOTAL, "zone-total", "zones: total", ENFORCE, ENFORCE, STATEFUL,               \
	  "The sources of a zone that are not proven send more messages together than its "       \
	  "`total`, which is ten times its limit of a source if the file does not say. Who "      \
	  "forges addresses of the zone over UDP can spend it for them; what he gets through "    \
	  "ends there, and strangers, other zones and proven flows do not notice. If its peers "  \
	  "need more, raise the `total`.")                                                        \
	X(88, TRANSPORT_NOT_ALLOWED, "transport-not-allowed", "transports", ENFORCE, ENFORCE,     \
	  STATELESS,                                                                              \
	  "The zone of the source (or who is in none) may not use that transport, by "            \
	  "`transports` in the configuration; proven flows neither. Nothing is banned for it, "   \
	  "and a forger can have nothing refused but what he sends himself.")                     \
	X(89, METHOD_NOT_ALLOWED, "method-not-allowed", "methods", ENFORCE, ENFORCE, STATELESS,   \
	  "The zone of the source (or who is in none) may not use that method, by `methods` in "  \
	  "the configuration; proven flows neither. An emergency call (urn:service:sos, RFC "     \
	  "5031) and what belongs to it by its To always may. Of a zone or a proven flow over "   \
	  "TCP it is only counted, since its connection would end there, with what others have "  \
	  "in it. Nothing is banned for it.")                                                     \
	X(91, NOT_IN_ZONE, "not-in-zone", "closed", ENFORCE, ENFORCE, STATELESS,                  \
	  "Where the packet came in (interface and VLAN) only sources of zones may send, by "     \
	  "`closed` in the configuration, and this one is in none of those that are there. "      \
	  "Proven flows neither, since whoever has a password is still not one of your nodes; "   \
	  "sources on the allow list may. A forger who is on the same link gets in with the "     \
	  "address of a zone: let the link or the switch say who may use it. Nothing is banned "  \
	  "for it.")                                                                              \
	X(92, DIAL_WALK, "dial-walk", "dial-walk", MONITOR, MONITOR, STATEFUL,                    \
	  "One number (its last 8 digits) was called in more forms than `dial-walk` allows: with " \
	  "00, 011, 900, 9011, + and still other digits before it, which is how toll fraud looks " \
	  "for a way out. Dropped, once you say so, are calls of that source (of a proven flow: " \
	  "of that flow) to that number in still other forms; those it had before and other "     \
	  "numbers are not touched. Zones are not looked at. Over UDP a forger can do that to "   \
	  "the strangers of an address.")                                                         \
	X(97, DIALLED_PREFIX, "dialled-prefix", "dialled-prefixes", MONITOR, MONITOR, STATEFUL,   \
	  "More new calls to `dialled-prefixes` (international, premium) than `dialled` allows "  \
	  "one source, or one proven flow: what toll fraud dials, by a stolen account or an open "\
	  "exchange. 00, 011, an outside line before them and + are one, by `exit-codes`. "       \
	  "Dropped, once you say so, are further calls to those prefixes, and nothing else, "     \
	  "until the window has room again; over TCP those of zones and of proven flows are only "\
	  "counted. Calls to urn:service:sos and to numbers under 5 digits never count; those "   \
	  "of zones do by `zones: yes`. With `ban` a flow of TCP is banned for one call more, "   \
	  "unless several users are registered over it or a zone has it. Over UDP nobody is "     \
	  "banned: a forger can spend the calls of strangers of an address, of a zone's with "    \
	  "`zones: yes`, or of the proven flow whose very port he forges, and no more. A letter " \
	  "or blank before its eighth digit makes it no number: have your exchange refuse such.") \
	X(90, LIMIT_CALLEE, "limit-callee", "callee", MONITOR, MONITOR, STATEFUL,                 \
	  "One user (of the Request-URI, without password and parameters) is called more often "  \
	  "than `callee` allows: telephony denial of service, or a vote on the radio, which is "  \
	  "why it only monitors until you say otherwise. INVITEs that begin a call count, those " \
	  "with credentials once more; calls to urn:service:sos never do. Strangers, each zone, " \
	  "and the proven flows of each have a limit of the callee of their own, so a forger "    \
	  "takes calls of strangers away, and those of a zone or of proven flows only if he "     \
	  "forges the address of one over UDP. Over TCP those of a zone and of proven flows "     \
	  "are only counted. Users under `callees` have the reason limit-own-callee instead. A "  \
	  "zone with `callee: {priority: yes}` may always send calls with a Resource-Priority "   \
	  "(RFC 4412), and who forges its addresses over UDP, too.")                              \
	X(93, DOMAIN_NOT_SERVED, "domain-not-served", "RFC 3261 section 16.5",                    \
	  ENFORCE, ENFORCE, STATELESS,                                                            \
	  "The configuration names the `domains` that the server serves, and the host in the "    \
	  "Request-URI is none of them, nor the IPv4 address that the packet came to. Proven "    \
	  "flows may ask for any; requests in a dialog, ACK, CANCEL, emergency calls and URIs "   \
	  "other than sip and sips are not looked at, so who writes a tag into To gets past "     \
	  "this check, and past no limit. A forger can have nothing refused but what he sends "   \
	  "himself. Of a zone over TCP it is only counted. Give a zone `domains: []` if its "     \
	  "peers route by other names.")                                                          \
	X(94, VIA_OWN_ADDRESS, "via-own-address", "RFC 3261 section 16.3",                        \
	  MONITOR, MONITOR, STATELESS,                                                            \
	  "The top Via of a stranger's request says that it was sent by the very IPv4 address "   \
	  "that it came to, one that no other host has (private ones are not looked at): it goes "\
	  "round in a loop, or is forged. A forger can have nothing refused but what he sends "   \
	  "himself. It only monitors, since a server in a container of this host may write the "  \
	  "host's address there; give that a zone before you enforce it.")                        \
	X(95, ROUTE_NOT_SERVED, "route-not-served", "RFC 3261 section 16.12",                     \
	  MONITOR, MONITOR, STATELESS,                                                            \
	  "The configuration names the `domains` that the server serves, and a request that "     \
	  "begins something brings a Route whose host is none of them, nor the IPv4 address that "\
	  "the packet came to: a server that goes by it relays for a stranger. So is a Route with "\
	  "maddr, and more than eight of them. Whose requests are looked at, whatever their "     \
	  "URI, and what a forger can do, is as for domain-not-served; a header that is cut by "  \
	  "fragments is not. It "                                                                 \
	  "only monitors, since phones name their outbound proxy there: add its names and its "   \
	  "public address to the `domains` before you enforce it.")                               \
	X(96, LIMIT_OWN_CALLEE, "limit-own-callee", "callees", MONITOR, ENFORCE, STATEFUL,        \
	  "A user who has a limit of his own under `callees` is called more often than that "     \
	  "allows. It stands in place of `callee`, whatever the mode of limit-callee is, and "    \
	  "counts the same calls for the same groups of callers, and a forger can take the same " \
	  "away (see limit-callee). Calls of a zone with a "                                      \
	  "Resource-Priority pass where `callee: {priority: yes}` is said. It only monitors until "\
	  "you say otherwise. Raise the limit, or say `unlimited: yes` of the user, to lift it.") \
	X(98, OVERLOAD, "overload", "RFC 7339 section 5.10.1", ENFORCE, ENFORCE, STATEFUL,        \
	  "Only with `overload: {shed: yes}`: the server refuses (503) or is silent, and what "   \
	  "begins something new is shed, a level more every two seconds: OPTIONS; then "          \
	  "SUBSCRIBE, MESSAGE and other methods; then REGISTER, but of who is registered; then "  \
	  "INVITE. Strangers lose each a level before zones and proven flows do. Never shed are " \
	  "requests in a dialog, ACK, BYE, CANCEL and PRACK, what was let in before, "            \
	  "emergency calls (urn:service:sos), which anybody may say of his request, and calls "   \
	  "with a Resource-Priority of zones with `callee: {priority: yes}`. What is "            \
	  "shed comes again by itself, and gets in once the level has fallen; of zones and "      \
	  "proven flows over TCP it is only counted. A peer that asks by OPTIONS whether we are " \
	  "there may look elsewhere. Strangers cannot arm it, nor who forges an address: only "   \
	  "answers to known senders count, over TCP or to credentials that the server looks at. " \
	  "Silence counts over TCP, or where those repeat a nonce that one source alone was "     \
	  "told; where the server has one nonce for all, only 503 does over UDP. "                \
	  "Who has an account can, if he has the server refuse more of his own requests than it " \
	  "answers of all others; so can, with `unchallenged: yes`, who forges the address of a " \
	  "zone. `sipguard status` shows the level.")                                              \
	X(99, IDENTITY_ELSEWHERE, "identity-elsewhere", "RFC 3325", MONITOR, MONITOR, STATEFUL,   \
	  "From or P-Asserted-Identity names somebody who is registered at your server through "  \
	  "another zone, as its own replies show (or `identity add` says), and not through the "  \
	  "one that this request came from, whose profile says `identity: yes`: vishing, and "    \
	  "fraud in the name of a customer. A call of his that somebody elsewhere forwards back " \
	  "to you looks the same (Diversion, RFC 5806; History-Info, RFC 7044), and so does "     \
	  "roaming that you do not serve, so it only monitors until you say otherwise. Requests " \
	  "in a dialog, REGISTER, CANCEL, ACK and emergency calls are not looked at. A forger "   \
	  "can have nothing refused but what he sends himself. Nothing is banned for it, and of " \
	  "a zone over TCP it is only counted.")                                                  \
	X(100, DIALOG_UNKNOWN, "dialog-unknown", "RFC 3261 section 12.2.2",                       \
	  MONITOR, MONITOR, STATEFUL,                                                             \
	  "A request says that it is in a dialog (a tag in To), and the guard has seen your "     \
	  "server in none with that Call-ID: BYE, re-INVITE, ACK, UPDATE, INFO, NOTIFY, PRACK, "  \
	  "REFER, SUBSCRIBE, MESSAGE. It is a guess or a tool that makes one up, or a call that " \
	  "began on another path, before the guard did, or on the server that failed: so "        \
	  "nothing is judged before the guard has heard replies for `dialogs: grace`, and it "    \
	  "only monitors until you say otherwise. Zones are not looked at unless `dialogs: "      \
	  "zones` says so, emergency calls and what comes over TCP never. A forger can have "     \
	  "nothing refused but what he sends himself. Nothing is banned for it.")                 \
	X(101, TRANSACTION_UNKNOWN, "transaction-unknown", "RFC 3261 section 17.1.3",             \
	  MONITOR, MONITOR, STATEFUL,                                                             \
	  "A CANCEL whose INVITE the guard has not let in, or a response with a branch that "     \
	  "your server has not sent: forged, or reflected by somebody in whose name it was "      \
	  "asked; or the request took another path. When it is judged and of whom, and what a "   \
	  "forger can do, is as for dialog-unknown.")                                             \
	X(102, LIMIT_DIALOG, "limit-dialog", "dialogs", MONITOR, ENFORCE, STATEFUL,               \
	  "One source, or one proven flow, sends more that belongs to no dialog or transaction "  \
	  "(dialog-unknown, transaction-unknown) than `dialogs` allows. Refused, once you say "   \
	  "so, is more of that and nothing else: what belongs to a call that the guard knows is " \
	  "never counted here. It only monitors by default, since after a failover all calls of " \
	  "a gateway are unknown; the preset `strict` enforces it. Over UDP a forger can spend "  \
	  "it for the strangers of an address, whose calls of another path are then refused, "    \
	  "and for a proven flow only if he forges its very port. Give the gateways a zone, or "  \
	  "raise the limit, to lift it.")                                                         \
	X(103, LIMIT_CALLS, "limit-calls", "calls", ENFORCE, ENFORCE, STATEFUL,                   \
	  "A registered flow, or a source of others, has as many calls at the same time as "      \
	  "`calls: at-once` allows (0, the default, is no limit), and asks for one more: toll "   \
	  "fraud by a stolen account, or a phone that does not hang up. A call counts from the "  \
	  "server's 2xx to its INVITE on, over UDP once its ACK has come; so those that ring do " \
	  "not. It ends by the server's 2xx to BYE, its 481 to one of the caller, its own BYE, "  \
	  "or two hours after it was last heard of. Refused are new calls, not emergency ones "   \
	  "(urn:service:sos), nor those of a zone with a Resource-Priority where `callee: "       \
	  "priority` says so; of zones and proven flows over TCP they are only counted. Zones "   \
	  "are not looked at unless `calls: zones` says so. A forger can neither use up calls of "\
	  "somebody else nor end them, since he gets none of the answers; a customer whose own "  \
	  "phone answers can make some of an address, or of a flow whose port he knows, if your " \
	  "server lets calls in without a password. Raise the limit to lift it.")

/* All of them: those of packets here, those of messages in sip/rules.h. */
#define SG_REASONS(X) SG_PACKET_REASONS(X) SIP_RULES(X)

#endif
