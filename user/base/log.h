/* SPDX-License-Identifier: GPL-2.0-only */
/* What people are told on standard error, one sentence each. */
#ifndef SIPGUARD_LOG_H
#define SIPGUARD_LOG_H

#include <stdbool.h>

/* libbpf's own log and the verifier's are shown only if `verbose`. */
void log_setup(bool verbose);
bool log_verbose(void);

/* What is wrong and what to do next. The command goes on to fail. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What one should know although the command goes on. */
void notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
