/* SPDX-License-Identifier: GPL-2.0-only */
/* What went wrong, for whoever is to be told: a sentence, and where in a file. */
#ifndef SIPGUARD_ERROR_H
#define SIPGUARD_ERROR_H

struct error {
	unsigned int line; /* of the file, whose name is not in text; from 1, 0: of no line */
	unsigned int column;
	char text[256];
};

#endif
