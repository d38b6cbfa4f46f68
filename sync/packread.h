/*
 * packread -- one of git's pack files, read as if a stranger wrote it.
 *
 * libgit2 1.5 turns for ever on a delta upon itself, believes any length and
 * dies (SIGBUS) when a stick is pulled while it is mapped.  Here every length
 * is compared first, chains have an end, and bytes come by pread.
 */
#ifndef SYNC_PACKREAD_H
#define SYNC_PACKREAD_H

#include "sync/packfile.h"

struct packread;

/* name: the 40 digits of pack-<name>.idx.  FAULT_ABSENT, FAULT_FORMAT. */
fault packread_open(struct packread **, const struct gitdir *,
    const char *name) MUST_CHECK;
void packread_free(struct packread *);

const char *packread_name(const struct packread *);
/* Close its files until it is asked again. */
void packread_rest(struct packread *);

uint32_t packread_count(const struct packread *);
/* The i-th name, in order. */
fault packread_oid(struct oid *, struct packread *, uint32_t i) MUST_CHECK;
/* FAULT_ABSENT when the files are gone, else what is wrong with them. */
fault packread_find(bool *found, uint64_t *offset, struct packread *,
    const struct oid *) MUST_CHECK;

/*
 * The object at offset: what it claims to be, and its bytes appended to out.
 * FAULT_FORMAT if it is damaged, or has more than max bytes, or a delta in
 * between needs more.  The hash is for the caller.  *type is 0 for a kind that
 * is none of ours (a tag).
 */
fault packread_head(enum object_type *type, uint64_t *len, struct packread *,
    uint64_t offset) MUST_CHECK;
fault packread_bytes(struct buf *out, enum object_type *type,
    struct packread *, uint64_t offset, size_t max) MUST_CHECK;

#endif
