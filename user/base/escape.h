/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text of others (names of files and interfaces, what a library says of a file) on its way out. A
 * terminal obeys the C0 controls, DEL and the C1 controls, be they single bytes (0x80 to 0x9f) or
 * UTF-8 (U+0080 to U+009F), and which of the two it takes them for is up to its locale. So all that
 * is not printable ASCII leaves as \xNN, as with `ls -b`. In JSON it is jansson that escapes.
 */
#ifndef SIPGUARD_ESCAPE_H
#define SIPGUARD_ESCAPE_H

#include <stdarg.h>
#include <stdio.h>

/* printf() of which only a newline that ends the format is printed as it is. */
void escape_printf(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void escape_vprintf(FILE *to, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* A copy to be freed; NULL if there is no memory. */
char *escape(const char *text);

#endif
