/*
 * packindex -- the names in one of git's packs, and where each object is.
 *
 * Index, version 2: magic 8 | fan-out 256 x u32: how many names begin with a
 * byte up to this | names 20 each | crcs u32 | offsets u32, the highest bit
 * set: number of a u64 behind them | sum of the pack | own sum.  Big-endian.
 */
#ifndef SYNC_PACKINDEX_H
#define SYNC_PACKINDEX_H

#include "sync/gitdir.h"
#include "sync/ref.h"

struct packindex {
	const struct gitdir *g;		/* borrowed */
	char		name[41];	/* of pack-<name>.idx */
	int		fd;		/* -1: asleep */
	uint32_t	fan[256];
	uint64_t	wide;		/* how many large offsets */
};

/* FAULT_ABSENT, FAULT_FORMAT. */
fault packindex_open(struct packindex *, const struct gitdir *,
    const char *name) MUST_CHECK;
/* Close its file until it is asked again. */
void packindex_rest(struct packindex *);

/* The i-th name, in order. */
fault packindex_oid(struct oid *, struct packindex *, uint32_t i) MUST_CHECK;
fault packindex_find(bool *found, uint64_t *offset, struct packindex *,
    const struct oid *) MUST_CHECK;

/* Open pack-<name>.<suffix> unless *fd is open.  FAULT_ABSENT if gone. */
fault packindex_wake(const struct packindex *, int *fd, const char *suffix)
    MUST_CHECK;
/* Exactly n bytes of it, or of its pack. */
fault packindex_read(const struct packindex *, int fd, void *to, size_t n,
    uint64_t where) MUST_CHECK;
fault packindex_damaged(const struct packindex *);

#endif
