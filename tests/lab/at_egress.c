// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is at tc egress, in words of the kernel alone:
 *
 *   at_egress list IFACE            the programs of tcx in their order, "ID NAME" a line
 *   at_egress fill IFACE N DIR      attaches N programs of somebody else behind those, their links
 *                                   pinned in DIR, which is made
 *   at_egress pin PIN               pins such a program
 *   at_egress runs PIN COMMAND...   how often the pinned program ran while the command did
 *   at_egress gone PIN COMMAND...   exit status 0 if the pinned program is out of the kernel after
 *                                   the command, since nothing holds it any more
 */
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define TCX_EGRESS ((enum bpf_attach_type)47) /* not in the headers of Debian 12 */
#define MOST 128

static int failed(const char *what)
{
	fprintf(stderr, "at_egress: %s: %s\n", what, strerror(errno));
	return 1;
}

static int list(const char *interface)
{
	struct bpf_prog_info info;
	__u32 size, ids[MOST], count = MOST;

	if (bpf_prog_query(if_nametoindex(interface), TCX_EGRESS, 0, NULL, ids, &count))
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

static int pin_foreign(const char *path)
{
	int program = load_foreign();

	return program < 0 || bpf_obj_pin(program, path) ? failed(path) : 0;
}

static int fill(const char *interface, int count, const char *folder)
{
	char path[512];

	if (mkdir(folder, 0700))
		return failed(folder);
	for (int i = 0; i < count; i++) {
		int program = load_foreign();
		int link = program < 0 ? -1 : bpf_link_create(program, if_nametoindex(interface),
							      TCX_EGRESS, NULL);

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
	for (int i = 0; i < 250; i++) {
		program = bpf_prog_get_fd_by_id(info.id);
		if (program < 0)
			return 0;
		close(program);
		usleep(20000);
	}
	fprintf(stderr, "at_egress: program %u is still there\n", info.id);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "list"))
		return list(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "fill"))
		return fill(argv[2], atoi(argv[3]), argv[4]);
	if (argc == 3 && !strcmp(argv[1], "pin"))
		return pin_foreign(argv[2]);
	if (argc >= 4 && !strcmp(argv[1], "runs"))
		return runs(argv[2], argv + 3);
	if (argc >= 4 && !strcmp(argv[1], "gone"))
		return gone(argv[2], argv + 3);
	fprintf(stderr, "usage: at_egress list IFACE | fill IFACE N DIR | pin PIN | "
			"runs PIN COMMAND... | gone PIN COMMAND...\n");
	return 2;
}
