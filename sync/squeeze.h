/*
 * squeeze -- smaller, and back, never beyond a limit.
 *
 * zstd with a shipped, numbered dictionary; the only file that sees
 * <zstd.h>.  Frame rules: WIRE.md, section 3.
 */
#ifndef SYNC_SQUEEZE_H
#define SYNC_SQUEEZE_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"

#define SQUEEZE_DICTIONARY 1u	/* the newest; written into new segments */

struct squeeze;

/* FAULT_FORMAT if there is no dictionary of that number (0: without one). */
fault squeeze_new(struct squeeze **, uint32_t dictionary) MUST_CHECK;
void squeeze_free(struct squeeze *);
uint32_t squeeze_dictionary(const struct squeeze *);

/* Append one frame. */
void squeeze(struct buf *out, struct squeeze *, struct bytes in);

/*
 * Append what exactly one frame holds.  FAULT_FORMAT, before memory is asked
 * for, if the declared size is unknown or above max, the window above 2^23,
 * or anything stands behind the frame.
 */
fault unsqueeze(struct buf *out, struct squeeze *, struct bytes in,
    size_t max) MUST_CHECK;

#endif
