// SPDX-License-Identifier: GPL-2.0-only
#include "state.h"

#include <errno.h>
#include <bpf/bpf.h>

#include "object.h"
#include "tests/harness/state.skel.h"

struct bpf_object *state_open(const struct bpf_object *guard)
{
	struct bpf_object *object;
	const void *bytes;
	size_t size;
	int error;

	bytes = state_bpf__elf_bytes(&size);
	object = bpf_object__open_mem(bytes, size, NULL);
	error = object ? object_share(object, guard) : -errno;
	if (!error)
		return object;
	bpf_object__close(object);
	errno = -error;
	return NULL;
}

int state_run(const struct bpf_object *state, const char *program,
	      const struct state_request *request)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = request,
		    .data_size_in = sizeof(*request));
	int fd = object_program(state, program), error;

	if (fd < 0)
		return fd;
	error = bpf_prog_test_run_opts(fd, &options);
	return error ? error : (int)options.retval;
}
