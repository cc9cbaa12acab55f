// SPDX-License-Identifier: GPL-2.0-only
#include "render/output.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"

static bool lost; /* a document for which there was no memory */

static void dump(json_t *value, size_t flags)
{
	if (!value) {
		lost = true;
		return;
	}
	json_dumpf(value, stdout, flags | OUTPUT_JSON);
	putchar('\n');
	json_decref(value);
}

void output_json(json_t *value)
{
	dump(value, JSON_INDENT(2));
}

void output_json_line(json_t *value)
{
	dump(value, JSON_COMPACT);
}

json_t *output_string(const char *text)
{
	json_t *value = json_string(text);
	char *escaped = value ? NULL : escape(text);

	if (escaped)
		value = json_string(escaped);
	free(escaped);
	return value;
}

char *output_bytes(__u64 bytes, char *text)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	double value = bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1000;
		unit++;
	}
	snprintf(text, OUTPUT_TEXT, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

char *output_seconds(__u64 seconds, char *text)
{
	unsigned long long s = seconds;

	if (s < 60)
		snprintf(text, OUTPUT_TEXT, "%llu s", s);
	else if (s < 3600)
		snprintf(text, OUTPUT_TEXT, "%llu min %llu s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, OUTPUT_TEXT, "%llu h %llu min", s / 3600, s % 3600 / 60);
	else
		snprintf(text, OUTPUT_TEXT, "%llu d %llu h", s / 86400, s % 86400 / 3600);
	return text;
}

char *output_time(time_t time, char *text)
{
	struct tm tm;

	strftime(text, OUTPUT_TEXT, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&time, &tm));
	return text;
}

json_t *output_limit(const struct sg_limit *limit)
{
	return json_pack("{s:I, s:I}", "rate", (json_int_t)limit->rate, "burst",
			 (json_int_t)limit->burst);
}

json_t *output_counter(const struct sg_counter *counter)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)counter->packets, "bytes",
			 (json_int_t)counter->bytes);
}

int output_flush(struct error *error)
{
	int err;

	if (lost)
		return error_set(error, -ENOMEM, "cannot make JSON of this: out of memory.");
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	err = errno == EPIPE ? -EPIPE : -EIO;
	return error_set(error, err, "cannot write to standard output: %s.", strerror(errno));
}

bool output_has_reader(void)
{
	struct pollfd end = {.fd = STDOUT_FILENO};

	return poll(&end, 1, 0) <= 0 || !(end.revents & POLLERR);
}
