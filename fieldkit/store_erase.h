/*
 * store_erase -- a record out of the store, but for its tombstone.
 *
 * Rows, changes, quarantine, drafts and the words of the full-text index go in
 * one transaction.  What that cannot reach (free pages, old blocks, the key
 * that opens them) goes when the home is rewritten: home_rewrite.
 */
#ifndef FIELDKIT_STORE_ERASE_H
#define FIELDKIT_STORE_ERASE_H

#include "fieldkit/store.h"

struct erasure {		/* as the roster says; texts are borrowed */
	struct id	record;
	uint64_t	time;		/* s since 1970 */
	uint64_t	seq;		/* of its first entry */
	struct id	by;		/* the device that signed it */
	struct bytes	reason, basis;
	struct bytes	type;		/* empty: what is known here */
};

struct erase_count {
	size_t		records;	/* of which something was here */
	size_t		changes;	/* standing or in quarantine */
	size_t		unsealed;	/* own ones among them, never sealed */
};

/*
 * All of them or none.  One that is erased already keeps its tombstone, and
 * one that is not known here gets it.
 */
fault store_erase(struct store *, const struct erasure *, size_t n,
    struct erase_count *) MUST_CHECK;

#endif
