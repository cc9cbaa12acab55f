// SPDX-License-Identifier: GPL-2.0-only
#include "guard/preflight.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dispatcher/dispatcher.h"

static const struct {
	unsigned int capability;
	const char *name;
	bool in_sys_admin; /* CAP_SYS_ADMIN includes it */
	bool of_tables;
} capabilities[] = {
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", false, false},
	{CAP_BPF, "CAP_BPF", true, true},
	{CAP_PERFMON, "CAP_PERFMON", true, false}, /* pointer arithmetic in the verifier */
};

/* Names of what is missing, with commas; empty if nothing is. */
static void capabilities_missing(bool tables, char missing[128])
{
	bool sys_admin;

	missing[0] = '\0';
	capng_get_caps_process();
	sys_admin = capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(*capabilities); i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, capabilities[i].capability) ||
		    (sys_admin && capabilities[i].in_sys_admin) ||
		    (tables && !capabilities[i].of_tables))
			continue;
		if (missing[0])
			strcat(missing, ", ");
		strcat(missing, capabilities[i].name);
	}
}

bool preflight_capable(void)
{
	char missing[128];

	capabilities_missing(false, missing);
	return !missing[0];
}

static int refuse_missing(bool tables, struct error *error)
{
	char missing[128];

	capabilities_missing(tables, missing);
	if (!missing[0])
		return 0;
	return error_set(error, -EPERM, "this process lacks %s: run sipguard as root.", missing);
}

int preflight_capabilities(struct error *error)
{
	return refuse_missing(false, error);
}

int preflight_tables(struct error *error)
{
	return refuse_missing(true, error);
}

/* The name of a program of somebody else; needs CAP_SYS_ADMIN. */
static void program_name(__u32 id, char *name, size_t size)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	snprintf(name, size, "of unknown name");
	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0 && info.name[0])
		snprintf(name, size, "\"%s\"", info.name);
	close(fd);
}

/* A dispatcher has room for the guard. */
static int preflight_other(const char *name, unsigned int ifindex, enum xdp_mode mode,
			   struct error *error)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	bool dispatcher;
	char text[64];
	__u32 id;

	if (bpf_xdp_query(ifindex, 0, &query))
		return 0;
	id = query.prog_id;
	id = id ? id : query.drv_prog_id;
	id = id ? id : query.skb_prog_id;
	id = id ? id : query.hw_prog_id;
	dispatcher = id && dispatcher_is_there(ifindex);
	if (!id || (dispatcher && mode == XDP_MODE_DISPATCHER))
		return 0;
	program_name(id, text, sizeof(text));
	if (dispatcher)
		return error_set(error, -EBUSY, "%s already runs XDP programs that libxdp's "
				 "dispatcher calls (id %u): use --dispatcher, which has it call "
				 "the guard, too, or take them off with `xdp-loader unload %s "
				 "--all`, or use --xdp generic, which goes behind them.", name, id,
				 name);
	return error_set(error, -EBUSY, "%s already runs an XDP program, %s (id %u), and can run "
			 "only one: detach it with the tool that attached it, or with `ip link set "
			 "dev %s xdp off`, or use --xdp generic, which goes behind it.", name, text,
			 id, name);
}

static bool lro_is_on(const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool on;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = (char *)&value;
	on = fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0 && value.data & ETH_FLAG_LRO;
	if (fd >= 0)
		close(fd);
	return on;
}

static unsigned int mtu_of(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};
	unsigned int mtu = 0;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0)
		mtu = request.ifr_mtu;
	if (fd >= 0)
		close(fd);
	return mtu;
}

int preflight_xdp(const char *name, enum xdp_mode mode, struct error *error)
{
	int err = preflight_other(name, if_nametoindex(name), mode, error);

	if (err)
		return err;
	if ((mode == XDP_MODE_NATIVE || mode == XDP_MODE_DISPATCHER) && lro_is_on(name))
		return error_set(error, -EOPNOTSUPP, "%s has large receive offload (LRO) on, whose "
				 "packets native XDP cannot take: switch it off with `ethtool -K "
				 "%s lro off`, or use --xdp generic.", name, name);
	return 0;
}

const char *preflight_obstacle(const char *name, int err)
{
	static char text[160];

	if (lro_is_on(name))
		return "large receive offload (LRO) is on";
	if (err == -EOPNOTSUPP)
		return "its driver has no native XDP";
	if (err == -ERANGE || mtu_of(name) > 1500) {
		snprintf(text, sizeof(text), "its MTU of %u, or that of its peer, is too large for "
			 "its driver", mtu_of(name));
		return text;
	}
	snprintf(text, sizeof(text), "its driver refused: %s", strerror(-err));
	return text;
}

int preflight_explain(const char *name, int err, struct error *error)
{
	switch (err) {
	case -EBUSY:
	case -EEXIST:
		return error_set(error, err, "%s was given another XDP program meanwhile: see `ip "
				 "link show dev %s`.", name, name);
	case -ENODEV:
		return error_set(error, err, "%s vanished while it was being attached.", name);
	case -EPERM:
	case -ENOMEM:
		return error_set(error, err, "the kernel refused to attach to %s: %s.", name,
				 strerror(-err));
	default:
		return error_set(error, err, "%s cannot run XDP in the mode asked for, because %s: "
				 "mend that, or use --xdp generic, which works on every interface.",
				 name, preflight_obstacle(name, err));
	}
}

/* What the guard needs of a kernel, beside what it needs anyway to load any program. */
static const struct {
	const char *name, *since;
	int type;                 /* of a program or a map */
	int helper;               /* with this program type; 0: the type itself */
	bool map;
} features[] = {
	{"XDP programs", "4.8", BPF_PROG_TYPE_XDP, 0, false},
	{"tc programs", "4.1", BPF_PROG_TYPE_SCHED_CLS, 0, false},
	{"BPF programs of type syscall", "5.14", BPF_PROG_TYPE_SYSCALL, 0, false},
	{"the helper bpf_jiffies64", "5.6", BPF_PROG_TYPE_XDP, BPF_FUNC_jiffies64, false},
	{"XDP frames of several buffers", "5.18", BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len,
	 false},
	{"longest-prefix-match maps", "4.11", BPF_MAP_TYPE_LPM_TRIE, 0, true},
	{"arrays of maps", "4.12", BPF_MAP_TYPE_ARRAY_OF_MAPS, 0, true},
	{"per-CPU arrays", "4.6", BPF_MAP_TYPE_PERCPU_ARRAY, 0, true},
};

static bool feature_is_there(size_t i)
{
	if (features[i].map)
		return libbpf_probe_bpf_map_type(features[i].type, NULL) != 0;
	if (features[i].helper)
		return libbpf_probe_bpf_helper(features[i].type, features[i].helper, NULL) != 0;
	return libbpf_probe_bpf_prog_type(features[i].type, NULL) != 0;
}

int preflight_kernel(int err, struct error *error)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++) {
		if (feature_is_there(i))
			continue;
		return error_set(error, err, "this kernel has no %s (Linux %s has): use a newer "
				 "kernel, 6.1 or later.", features[i].name, features[i].since);
	}
	if (err == -EPERM)
		return error_set(error, err, "the kernel does not permit to load the guard: is it "
				 "locked down, or does a container hide a capability?");
	if (err == -ENOMEM || err == -E2BIG)
		return error_set(error, err, "the kernel had no memory for the guard, which takes "
				 "about 30 MB: %s.", strerror(-err));
	return error_set(error, err, "the kernel refused to load the guard (%s): `sipguard -v` "
			 "with the same command shows what it says; please report it.",
			 strerror(-err));
}
