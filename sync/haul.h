/*
 * haul -- what one repository has and another lacks, found by walking its
 * commits, and carried over.
 *
 * Copies go oldest first, in packs that are each complete: a haul that is cut
 * short leaves whole history behind, and the next one begins where it ended.
 */
#ifndef SYNC_HAUL_H
#define SYNC_HAUL_H

#include "sync/repo.h"

struct haul;

struct haul *haul_new(struct repo *from, struct repo *to);
void haul_free(struct haul *);

struct haul_bounds {		/* of one part */
	size_t		commits;
	uint64_t	bytes;
	size_t		blob;		/* ref_blob_max */
};

/*
 * Mark the oldest part of what `to` lacks of one line, from want back to have
 * (zeros: to the start): first parents only.  *reached is the newest commit of
 * the part; want: that was all.  `from` may be anybody's: sizes are compared
 * before anything is read, and FAULT_FORMAT ends the walk.  A commit or tree
 * that is not of our form is brought as it is, for the verifier to name.
 */
fault haul_line(struct haul *, struct oid *reached,
    const struct haul_bounds *, const struct oid *have,
    const struct oid *want) MUST_CHECK;
/*
 * The next part of that line, once the one before has been copied: it is not
 * walked again.  No part is left when *reached is want.
 */
fault haul_next(struct haul *, struct oid *reached,
    const struct haul_bounds *) MUST_CHECK;
/* Was the last FAULT_FORMAT for a bound, and not for damage? */
bool haul_over(const struct haul *);

/*
 * From now on haul_all does not stop where `to` has a commit with all that
 * it names: something further back may be gone.  Reads all of `from`.
 */
void haul_thorough(struct haul *);
/* Mark want and all that it needs, to every parent.  `from` is our own. */
fault haul_all(struct haul *, const struct oid *want) MUST_CHECK;

/* Copy what is marked, and forget the marks.  *n: objects. */
fault haul_copy(struct haul *, size_t *n) MUST_CHECK;

#endif
