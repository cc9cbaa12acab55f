// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is at tc egress, and some of it at ingress, in words of the kernel alone:
 *
 *   at_egress list IFACE            the programs of tcx in their order, "ID NAME" a line
 *   at_egress list-ingress IFACE    the same of ingress
 *   at_egress fill IFACE N DIR      attaches N programs of somebody else behind those, their links
 *                                   pinned in DIR, which is made
 *   at_egress fill-ingress IFACE N DIR
 *                                   the same at ingress
 *   at_egress take IFACE PIN [TO]   attaches a program of somebody else in front of all at ingress,
 *                                   which drops everything, or hands it to the peer of TO
 *   at_egress pin PIN               pins such a program
 *   at_egress runs PIN COMMAND...   how often the pinned program ran while the command did
 *   at_egress gone PIN COMMAND...   exit status 0 if the pinned program is out of the kernel after
 *                                   the command, since nothing holds it any more
 *   at_egress load OBJECT DIR PIN   pins the program "reply" of an object, on the maps that are
 *                                   pinned in DIR
 *   at_egress ask FROM PORT TO N RATE
 *                                   sends N requests from there, each to another port, RATE a
 *                                   second: what a server does, many times as often
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "object.h"

/* Not in the headers of Debian 12. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS ((enum bpf_attach_type)47)
#define BEFORE (1U << 3)
#define MOST 128

static int failed(const char *what)
{
	fprintf(stderr, "at_egress: %s: %s\n", what, strerror(errno));
	return 1;
}

static int list(const char *interface, enum bpf_attach_type place)
{
	struct bpf_prog_info info;
	__u32 size, ids[MOST], count = MOST;

	if (bpf_prog_query(if_nametoindex(interface), place, 0, NULL, ids, &count))
		return failed("query");
	for (__u32 i = 0; i < count; i++) {
		int fd = bpf_prog_get_fd_by_id(ids[i]);

		size = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			return failed("program");
		printf("%u %s\n", ids[i], info.name);
		close(fd);
	}
	return 0;
}

/* Somebody else's: lets the next program see the packet. */
static int load_foreign(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "foreign", "GPL", pass,
			     sizeof(pass) / sizeof(*pass), NULL);
}

/* Somebody else's in front of all at ingress: drops all, or hands all to the peer of `to`. */
static int load_taker(const char *to)
{
	const struct bpf_insn taker[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1,
		 .imm = to ? (int)if_nametoindex(to) : 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_peer},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct bpf_insn drop[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_SHOT},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "taker", "GPL", to ? taker : drop,
			     (to ? sizeof(taker) : sizeof(drop)) / sizeof(*drop), NULL);
}

static int take(const char *interface, const char *pin, const char *to)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = BEFORE);
	int program = load_taker(to);
	int link = program < 0 ? -1 : bpf_link_create(program, if_nametoindex(interface),
						      TCX_INGRESS, &opts);

	return link < 0 || bpf_obj_pin(link, pin) ? failed("take") : 0;
}

static int pin_foreign(const char *path)
{
	int program = load_foreign();

	return program < 0 || bpf_obj_pin(program, path) ? failed(path) : 0;
}

static int fill(const char *interface, enum bpf_attach_type place, int count, const char *folder)
{
	char path[512];

	if (mkdir(folder, 0700))
		return failed(folder);
	for (int i = 0; i < count; i++) {
		int program = load_foreign();
		int link = program < 0 ? -1 : bpf_link_create(program, if_nametoindex(interface),
							      place, NULL);

		snprintf(path, sizeof(path), "%s/%d", folder, i);
		if (link < 0 || bpf_obj_pin(link, path))
			return failed("attach");
	}
	return 0;
}

static long runs_so_far(int program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &size) ? -1 : (long)info.run_cnt;
}

static bool run(char **command)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int runs(const char *pin, char **command)
{
	int program = bpf_obj_get(pin);
	long before;

	/* Counting ends with this process. */
	if (program < 0 || bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return failed(pin);
	before = runs_so_far(program);
	if (!run(command))
		return failed(command[0]);
	printf("%ld\n", runs_so_far(program) - before);
	return 0;
}

static int gone(const char *pin, char **command)
{
	int program = bpf_obj_get(pin);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size))
		return failed(pin);
	close(program);
	if (!run(command))
		return failed(command[0]);
	/* The kernel frees it a little after its last use. */
	for (int i = 0; i < 6000; i++) {
		program = bpf_prog_get_fd_by_id(info.id);
		if (program < 0)
			return 0;
		close(program);
		usleep(20000);
	}
	fprintf(stderr, "at_egress: program %u is still there\n", info.id);
	return 1;
}

/* What is not pinned is scratch memory, of which each program has its own. */
static int reuse_maps(struct bpf_object *object, const char *folder)
{
	struct bpf_map *map;
	char path[512];
	int fd, err = 0;

	bpf_object__for_each_map(map, object) {
		snprintf(path, sizeof(path), "%s/%s", folder, bpf_map__name(map));
		fd = bpf_obj_get(path);
		if (fd < 0)
			continue;
		err = err || bpf_map__reuse_fd(map, fd);
		close(fd);
	}
	return err;
}

static int load(const char *path, const char *folder, const char *pin)
{
	struct bpf_object *object = object_open(path);
	int err;

	if (!object)
		return failed(path);
	err = reuse_maps(object, folder) || bpf_object__load(object) ||
	      bpf_obj_pin(object_program(object, "reply"), pin);
	if (err)
		failed(path);
	bpf_object__close(object);
	return err;
}

#define FIRST_PORT 1024
static const char request[] =
	"OPTIONS sip:phone@example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
	"To: <sip:phone@example.com>\r\nFrom: <sip:lab@example.com>;tag=1\r\n"
	"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

/* A bound socket, or -1. */
static int server_socket(const char *from, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd >= 0 && inet_pton(AF_INET, from, &address.sin_addr) == 1 &&
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* It waits for a byte from standard input before each quarter but the first. */
static int ask(const char *from, int port, const char *to, int count, int rate)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = server_socket(from, port);
	struct timespec due;
	char turn;

	if (count < 1 || count > 65535 - FIRST_PORT || rate < 1)
		return failed("N or RATE");
	if (fd < 0 || inet_pton(AF_INET, to, &address.sin_addr) != 1)
		return failed("socket");
	clock_gettime(CLOCK_MONOTONIC, &due);
	for (int i = 0; i < count; i++) {
		if (i && i % ((count + 3) / 4) == 0 && read(STDIN_FILENO, &turn, 1) != 1)
			return failed("no turn");
		address.sin_port = htons(FIRST_PORT + i);
		if (sendto(fd, request, sizeof(request) - 1, 0, (struct sockaddr *)&address,
			   sizeof(address)) < 0)
			return failed("sendto");
		due.tv_nsec += 1000000000 / rate;
		if (due.tv_nsec >= 1000000000) {
			due.tv_nsec -= 1000000000;
			due.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "list"))
		return list(argv[2], TCX_EGRESS);
	if (argc == 3 && !strcmp(argv[1], "list-ingress"))
		return list(argv[2], TCX_INGRESS);
	if (argc == 5 && !strcmp(argv[1], "fill"))
		return fill(argv[2], TCX_EGRESS, atoi(argv[3]), argv[4]);
	if (argc == 5 && !strcmp(argv[1], "fill-ingress"))
		return fill(argv[2], TCX_INGRESS, atoi(argv[3]), argv[4]);
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "take"))
		return take(argv[2], argv[3], argc == 5 ? argv[4] : NULL);
	if (argc == 3 && !strcmp(argv[1], "pin"))
		return pin_foreign(argv[2]);
	if (argc >= 4 && !strcmp(argv[1], "runs"))
		return runs(argv[2], argv + 3);
	if (argc >= 4 && !strcmp(argv[1], "gone"))
		return gone(argv[2], argv + 3);
	if (argc == 5 && !strcmp(argv[1], "load"))
		return load(argv[2], argv[3], argv[4]);
	if (argc == 7 && !strcmp(argv[1], "ask"))
		return ask(argv[2], atoi(argv[3]), argv[4], atoi(argv[5]), atoi(argv[6]));
	fprintf(stderr, "usage: at_egress list[-ingress] IFACE | fill[-ingress] IFACE N DIR | "
			"take IFACE PIN [TO] | pin PIN | "
			"runs PIN COMMAND... | gone PIN COMMAND... | "
			"load OBJECT DIR PIN | ask FROM PORT TO N RATE\n");
	return 2;
}
