// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "base/names.h"

#define REASON_STATELESS false
#define REASON_STATEFUL true

const struct reason_text reason_texts[SG_REASON__MAX] = {
	[SG_REASON_NONE] = {"none", "", "Nothing is wrong with the packet.", SG_MODE_OFF,
			    SG_MODE_OFF, REASON_STATELESS},
#define X(number, name, label, reference, mode, strict, state, help)                              \
	[SG_REASON_##name] = {label, reference, help, SG_MODE_##mode, SG_MODE_##strict,           \
			      REASON_##state},
	SG_REASONS(X)
#undef X
};

const char *const class_names[SG_CLASS__MAX] = {
#define X(name, label) [SG_CLASS_##name] = label,
	SG_CLASSES(X)
#undef X
};

const char *const method_names[SG_METHOD__MAX] = {
#define X(name, label, limit, ...) [SG_METHOD_##name] = label,
	SG_METHODS(X)
#undef X
};

const char *const limit_keys[SG_LIMIT__MAX] = {
#define X(name, key, rate, burst, reason, ...) [SG_LIMIT_##name] = key,
	SG_LIMITS(X)
#undef X
};

const char *const total_keys[SG_TOTAL__MAX] = {
#define X(name, key, rate, burst, ...) [SG_TOTAL_##name] = key,
	SG_TOTALS(X)
#undef X
};

const char *const offence_keys[SG_OFFENCE__MAX] = {
#define X(name, key, reason, threshold, window, seconds, ...) [SG_OFFENCE_##name] = key,
	SG_OFFENCES(X)
#undef X
};

const char *const proof_names[SG_PROOF__MAX] = {
#define X(name, label, help) [SG_PROOF_##name] = label,
	SG_PROOFS(X)
#undef X
};

const char *const proof_helps[SG_PROOF__MAX] = {
#define X(name, label, help) [SG_PROOF_##name] = help,
	SG_PROOFS(X)
#undef X
};

const char *const count_names[SG_COUNT__MAX] = {
#define X(name, label, help) [SG_COUNT_##name] = label,
	SG_COUNTS(X)
#undef X
};

const char *const count_helps[SG_COUNT__MAX] = {
#define X(name, label, help) [SG_COUNT_##name] = help,
	SG_COUNTS(X)
#undef X
};

const char *const cap_keys[SIP_CAP__MAX] = {
#define X(name, key, standard, ...) [SIP_CAP_##name] = key,
	SIP_CAPS(X)
#undef X
};

const char *const mode_names[SG_MODE__MAX] = {
	[SG_MODE_OFF] = "off",
	[SG_MODE_MONITOR] = "monitor",
	[SG_MODE_ENFORCE] = "enforce",
};

static int find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -EINVAL;
}

int count_find(const char *label)
{
	return find(count_names, SG_COUNT__MAX, label);
}

int proof_find(const char *label)
{
	return find(proof_names, SG_PROOF__MAX, label);
}

int reason_find(const char *label)
{
	for (int i = 0; i < SG_REASON__MAX; i++)
		if (!strcmp(reason_texts[i].label, label))
			return i;
	return -EINVAL;
}

int mode_find(const char *name)
{
	return find(mode_names, SG_MODE__MAX, name);
}
