/*
 * loose -- git's loose objects, read with a limit and written to stay.
 *
 * libgit2 1.5 has its own, but it turns for ever on one that was cut short (a
 * torn stick), believes any length, and does not sync the folder it makes.
 */
#ifndef SYNC_LOOSE_H
#define SYNC_LOOSE_H

#include "sync/gitdir.h"
#include "sync/packfile.h"
#include "sync/ref.h"

/* Git's name of an object: SHA-1 of its loose form, uncompressed. */
void loose_name(struct oid *, enum object_type, struct bytes data);

bool loose_has(const struct gitdir *, const struct oid *);

/* What the object claims to be.  FAULT_ABSENT, FAULT_FORMAT. */
fault loose_head(enum object_type *, size_t *len, const struct gitdir *,
    const struct oid *) MUST_CHECK;

/*
 * Append its bytes to out.  FAULT_FORMAT if it is damaged or longer than max.
 * The hash is for the caller.
 */
fault loose_read(struct buf *out, enum object_type *, const struct gitdir *,
    const struct oid *, size_t max) MUST_CHECK;

/* oid is the name of data as an object of this type. */
fault loose_write(const struct gitdir *, const struct oid *, enum object_type,
    struct bytes data) MUST_CHECK;

#endif
