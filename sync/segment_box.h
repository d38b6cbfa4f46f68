/*
 * segment_box -- one sealed part of a segment: its nonce from the seed and
 * its ordinal, its associated data, XChaCha20-Poly1305.  WIRE.md, section 3.
 */
#ifndef SYNC_SEGMENT_BOX_H
#define SYNC_SEGMENT_BOX_H

#include "sync/base/buf.h"
#include "sync/base/id.h"

struct box {
	const uint8_t	*seed;		/* of the segment; WIRE_SEED_LEN */
	struct hash	header;		/* H(header) */
	uint32_t	i;		/* ordinal over all parts */
	enum compartment comp;
	struct id	record;		/* zeros in lengths and ledger part */
};

/* BLAKE2b-192(key=seed, "kit1.non" ‖ i). */
void box_nonce(uint8_t out[24], const uint8_t seed[WIRE_SEED_LEN], uint32_t i);

/* Append the box, WIRE_TAG_LEN longer than text. */
void box_seal(struct buf *out, const struct box *,
    const uint8_t key[WIRE_KEY_LEN], struct bytes text);

/* Append the text.  False, and nothing is appended, if the tag is wrong. */
bool box_open(struct buf *out, const struct box *,
    const uint8_t key[WIRE_KEY_LEN], struct bytes sealed);

#endif
