// SPDX-License-Identifier: GPL-2.0-only
/* The program of a shadow policy for those guarded at tc ingress, see shadow.bpf.h. */
#define SHADOW 1
#define HOOK_TC
#include "guard.bpf.c"
