/*
 * record -- all known changes of one record, what merge makes of them, and
 * the row that lists need of it.  Rows are derived; changes are content.
 */
#ifndef FIELDKIT_RECORD_H
#define FIELDKIT_RECORD_H

#include "fieldkit/db.h"
#include "sync/change.h"
#include "sync/merge.h"

/* The changes borrow from text. */
struct record {
	struct id	id;
	struct index	index;
	struct change	*changes;	/* by dot */
	size_t		nchanges;
	struct merged	merged;
	struct bytes	type;		/* of the creation, else of the first */
	struct buf	text;
	bool		borrowed;	/* changes: the caller's */
};

/*
 * Read and merge.  A record without changes has nchanges = 0 and is no fault.
 * FAULT_TRUST if what is stored does not decode.
 */
fault record_load(struct record *, struct db *, const struct id *) MUST_CHECK;
/* The record that this one change makes; borrows c. */
void record_of(struct record *, struct change *c);
void record_free(struct record *);

/* Append the texts of all that stands and can be read, a line each. */
void record_text(struct buf *, const struct record *);

/* Write its row; creator is the small number of its index's device. */
fault record_row_put(struct db *, const struct record *, int64_t creator)
    MUST_CHECK;
/* *same: the row is what record_row_put would write. */
fault record_row_check(struct db *, const struct record *, bool *same)
    MUST_CHECK;

/* The small number of a device; given when it is new. */
fault device_ref(struct db *, const struct id *, int64_t *ref) MUST_CHECK;
/* 0 if the device is not known. */
fault device_find(struct db *, const struct id *, int64_t *ref) MUST_CHECK;

#endif
