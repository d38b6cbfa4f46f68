/*
 * packfile -- one of git's pack files with its index, written by ourselves.
 *
 * libgit2's writer fills a shared map of the file, so a full stick kills the
 * process; it also searches deltas and hashes everything twice.  Here objects
 * stand whole, blobs stored (sealed bytes do not compress), the rest deflated.
 * Nothing is visible before it is complete and synced.
 */
#ifndef SYNC_PACKFILE_H
#define SYNC_PACKFILE_H

#include "sync/gitdir.h"
#include "sync/ref.h"

enum object_type { OBJECT_COMMIT = 1, OBJECT_TREE = 2, OBJECT_BLOB = 3 };

#define PACKFILE_MAX (1u << 30)		/* bytes of a pack that we write */

struct packfile;

/* A pack of exactly n objects, in g's objects/pack. */
fault packfile_begin(struct packfile **, const struct gitdir *g, size_t n)
    MUST_CHECK;
/* oid is git's name of data as an object of this type: not checked here. */
fault packfile_add(struct packfile *, const struct oid *oid, enum object_type,
    struct bytes data) MUST_CHECK;
/* After the n-th: durable, and there for every reader. */
fault packfile_end(struct packfile *) MUST_CHECK;
/* Free; what was not ended is removed. */
void packfile_free(struct packfile *);

#endif
