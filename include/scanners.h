/* SPDX-License-Identifier: GPL-2.0-only */
/* The lists of scanners and of what looks like them; signatures.h looks for them. */
#ifndef SIPGUARD_SCANNERS_H
#define SIPGUARD_SCANNERS_H

#include <linux/types.h>

/*
 * X(text): how User-Agent begins, in any letter case, followed by no letter or digit if the text
 * ends with one. 24 characters at most. No working product of today sends them.
 */
#define SG_SCANNERS(X)                                                                            \
	X("friendly-")                                                                            \
	X("sipcli")                                                                               \
	X("sundayddr")                                                                            \
	X("VaxSIPUserAgent")                                                                      \
	X("VaxIPUserAgent")                                                                       \
	X("sip-scan")                                                                             \
	X("sipscan")                                                                              \
	X("iWar")                                                                                 \
	X("sipvicious")                                                                           \
	X("sipv")                                                                                 \
	X("SIVuS")                                                                                \
	X("smap")                                                                                 \
	X("Gulp")                                                                                 \
	X("siparmyknife")                                                                         \
	X("UsaAirport")                                                                           \
	X("pplsip")                                                                               \
	X("Nmap NSE")                                                                             \
	X("VoIPSec")                                                                              \
	X("zxcvfdf11")                                                                            \
	X("fdgddfg546df4g8d5f")                                                                   \
	X("fgfdhgfxjfhyjhkj")                                                                     \
	X("SimpleSIP")                                                                            \
	X("SIP Call")                                                                             \
	X("siptest")                                                                              \
	X("Test Agent")                                                                           \
	X("Custom SIP Phone")                                                                     \
	X("A_B_C")                                                                                \
	X("FourCats")                                                                             \
	X("dr.pes")

/* The same of real products that scanners copy, and of tools that administrators use, too. */
#define SG_LOOKALIKES(X)                                                                          \
	X("sipsak")                                                                               \
	X("eyeBeam")                                                                              \
	X("X-Lite")                                                                               \
	X("xlite")                                                                                \
	X("CSipSimple")                                                                           \
	X("MizuPhone")                                                                            \
	X("Cisco-SIPGateway")                                                                     \
	X("PBX")                                                                                  \
	X("Asterisk PBX")                                                                         \
	X("FPBX")                                                                                 \
	X("Linksys")                                                                              \
	X("Ozeki")                                                                                \
	X("PortSIP VoIP SDK")                                                                     \
	X("Conaito")                                                                              \
	X("VOIP")

/* A row of the table in signatures.h; here, since the skeleton names its type. */
struct sg_signature_text {
	__u64 first;     /* the first word, in lower case, zeros behind it */
	__u64 text[3];   /* all of it, in lower case, zeros behind it */
	__u32 size;
	__u32 signature; /* enum sg_signature */
};

#endif
