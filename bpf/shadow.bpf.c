// SPDX-License-Identifier: GPL-2.0-only
/* The program of a shadow policy for interfaces guarded by XDP, see shadow.bpf.h. */
#define SHADOW 1
#include "guard.bpf.c"
