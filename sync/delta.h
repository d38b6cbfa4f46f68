/*
 * delta -- git's way to write an object as changes to another.
 *
 *	length of the base | length of the result (7 bits a byte, low first)
 *	then: 1ooo ssss: copy; the bytes of offset and size that are set follow
 *	      0nnn nnnn: n new bytes follow (n > 0)
 */
#ifndef SYNC_DELTA_H
#define SYNC_DELTA_H

#include "sync/base/buf.h"

/* The two lengths; *head: where the instructions begin.  False if cut. */
bool delta_head(uint64_t *base, uint64_t *result, size_t *head,
    struct bytes delta);

/* Append the result.  False if delta does not fit base, or is above max. */
bool delta_apply(struct buf *out, struct bytes base, struct bytes delta,
    size_t max);

#endif
