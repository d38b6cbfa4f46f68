/*
 * erased -- which records the roster says are erased, and the leaves of the
 * erasure trees that go with them.  WIRE.md, section 5, item 69.
 *
 * A record is erased once; later entries may add pairs, when entries of it
 * turn up under another generation or index.
 */
#ifndef SYNC_ERASED_H
#define SYNC_ERASED_H

#include "sync/item.h"

#define ERASED_RECORDS_MAX	100000u
#define ERASED_PAIRS_MAX	1000000u	/* of all records together */

struct erased_pair {
	uint32_t	g;
	struct index	index;
	uint64_t	seq;		/* roster seq that named it */
	size_t		record;		/* its place in records */
};

struct erased_span {
	size_t		at, len;	/* in text */
};

struct erased {
	struct id	record;
	uint64_t	time;
	uint64_t	seq;		/* roster seq of the first entry */
	struct id	by;		/* the device that signed that */
	struct erased_span reason, basis, type;
};

struct erasures {
	struct erased	*records;	/* in the order of the roster */
	size_t		nrecords;
	struct erased_pair *pairs;	/* likewise */
	size_t		npairs;
	struct buf	text;
	uint64_t	seq;		/* newest entry that erases; 0: none */
};

/*
 * Of entry seq, signed by a device.  False if there is no room below the
 * bounds: nothing was added.
 */
bool erasures_add(struct erasures *, const struct entry_item *, uint64_t seq,
    const struct id *by);
struct erasures erasures_copy(const struct erasures *);
void erasures_free(struct erasures *);

/* NULL: not erased, as far as the sealed parts opened. */
const struct erased *erasures_find(const struct erasures *,
    const struct id *record);
/* Reason, basis or type; borrowed. */
struct bytes erasures_text(const struct erasures *,
    const struct erased_span *);

/* Puncture every pair of this tree's generation; how many it still had. */
size_t erasures_puncture(const struct erasures *, struct tree *);

#endif
