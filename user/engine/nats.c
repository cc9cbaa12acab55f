// SPDX-License-Identifier: GPL-2.0-only
#include "engine/nats.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

/* Debian has its two first numbers in the name of the file. */
static const char *const files[] = {"libnats.so.3.4", "libnats.so.3", "libnats.so"};

static const struct {
	const char *name;
	size_t offset;
} calls[] = {
#define X(name) {#name, offsetof(struct nats, name)},
	NATS_CALLS(X)
#undef X
};

const struct nats *nats_load(struct error *error)
{
	static struct nats nats;
	void *library = NULL, *call;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !library; i++)
		library = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		error_set(error, -ENOENT, "a fleet needs the library of NATS for C, which is not "
			  "installed: `apt install libnats3.4`.");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		call = dlsym(library, calls[i].name);
		if (!call) {
			error_set(error, -ENOSYS, "the library of NATS for C that is installed has "
				  "no %s: install 3.4 or later.", calls[i].name);
			return NULL;
		}
		*(void **)((char *)&nats + calls[i].offset) = call;
	}
	return &nats;
}
