/* SPDX-License-Identifier: GPL-2.0-only */
/* Text of others (a file, a command line) inside our own sentences. */
#ifndef SIPGUARD_QUOTE_H
#define SIPGUARD_QUOTE_H

struct quoted {
	char text[52];
};

/*
 * At most 48 bytes of `text`, then "..."; what is not printable ASCII becomes '?', so that
 * neither a terminal nor JSON is upset. Use it in place, as quote(word).text.
 */
static inline struct quoted quote(const char *text)
{
	const unsigned int room = sizeof(struct quoted) - 4;
	struct quoted q = {};
	unsigned int i;

	for (i = 0; i < room && text[i]; i++)
		q.text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	for (unsigned int dot = 0; text[i] && dot < 3; dot++)
		q.text[room + dot] = '.';
	return q;
}

#endif
