/*
 * sha1 -- the check sum at the end of git's pack files.
 *
 * Only that: git asks for it where it reads a pack.  Nothing of ours rests
 * on it (WIRE.md, section 4), and object names are computed by libgit2.
 */
#ifndef SYNC_SHA1_H
#define SYNC_SHA1_H

#include "sync/base/buf.h"

#define SHA1_LEN 20

struct sha1 {
	uint32_t	h[5];
	uint8_t		block[64];
	uint64_t	len;		/* bytes taken so far */
};

void sha1_start(struct sha1 *);
void sha1_add(struct sha1 *, struct bytes);
void sha1_end(uint8_t out[SHA1_LEN], struct sha1 *);

#endif
