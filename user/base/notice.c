// SPDX-License-Identifier: GPL-2.0-only
#include "base/notice.h"

#include <stdarg.h>
#include <stdio.h>

static void (*heard_by)(const char *text);

static void (*followed_by)(const char *what, size_t done, size_t total);

void progress_to(void (*hear)(const char *what, size_t done, size_t total))
{
	followed_by = hear;
}

void progress(const char *what, size_t done, size_t total)
{
	if (followed_by)
		followed_by(what, done, total);
}

void notice_to(void (*hear)(const char *text))
{
	heard_by = hear;
}

void notice(const char *format, ...)
{
	char text[1024];
	va_list arguments;

	if (!heard_by)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	heard_by(text);
}
