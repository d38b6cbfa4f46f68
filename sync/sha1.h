/*
 * sha1 -- git's check sum: in the names of objects and at the end of packs.
 *
 * Only because git asks for it.  Nothing of ours rests on it: what a commit
 * says is under its signature by BLAKE2b (WIRE.md, section 4).  The one door
 * to libmd.
 */
#ifndef SYNC_SHA1_H
#define SYNC_SHA1_H

#include <sha1.h>

#include "sync/base/buf.h"

#define SHA1_LEN SHA1_DIGEST_LENGTH

struct sha1 {
	SHA1_CTX	md;
};

void sha1_start(struct sha1 *);
void sha1_add(struct sha1 *, struct bytes);
void sha1_end(uint8_t out[SHA1_LEN], struct sha1 *);

#endif
