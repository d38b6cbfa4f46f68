/*
 * join -- the line in a joiner's first commit by which it takes up its
 * invitation: who it is, signed by the invitation's one-time key and by the
 * joiner's own.  WIRE.md, section 4.
 */
#ifndef SYNC_JOIN_H
#define SYNC_JOIN_H

#include "sync/base/id.h"
#include "sync/sign.h"

#define JOIN_LEN 256
struct join {
	struct id	project, device;
	uint8_t		sign_pk[32], box_pk[32];
	struct hash	file;		/* H(invitation file) */
	uint8_t		by_once[64], by_new[64];
};

void join_make(struct join *, const uint8_t once_sk[SIGN_SK],
    const uint8_t new_sk[SIGN_SK]);	/* signs the filled fields */
/* Verify both signatures. */
bool join_ok(const struct join *, const uint8_t once_pk[32]);

/* The JOIN_LEN bytes, and back; false if in is of another length. */
void join_encode(struct buf *, const struct join *);
bool join_decode(struct join *, struct bytes in);

#endif
