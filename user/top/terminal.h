/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal, by ncurses. Whatever ends or stops the process but SIGKILL, terminal_end() is
 * called, or ncurses does what it does, and the terminal is as it was.
 */
#ifndef SIPGUARD_TOP_TERMINAL_H
#define SIPGUARD_TOP_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "top/canvas.h"

/* 0 or -errno: this is no terminal, or none on which text can be placed; then it is as it was. */
int terminal_begin(FILE *out, FILE *in, struct error *error);
void terminal_end(void);

/* How large it is now. */
void terminal_size(int *rows, int *columns);

void terminal_show(const struct canvas *canvas);

/* All of it is drawn anew at the next terminal_show(). */
void terminal_forget(void);

/* The next key: a letter or enum key; KEY_NONE if there is none at the moment. Never waits. */
int terminal_key(void);

#endif
