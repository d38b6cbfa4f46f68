/*
 * store_own -- between the files of the store only.
 */
#ifndef FIELDKIT_STORE_OWN_H
#define FIELDKIT_STORE_OWN_H

#include "fieldkit/record.h"

struct store;
struct store_batch;

struct settled {
	const char	*wrong;		/* why c may not stand; NULL: it does */
	bool		moved;		/* changes of its record were moved */
	bool		aside;		/* something lay in quarantine before */
};

/*
 * The index rule (WIRE.md 1) for c, which was inserted just now into the
 * record r, loaded with it.  Moves between table and quarantine whatever c
 * decides, but for c itself: the caller does that.
 */
fault store_settle(struct store *, const struct record *r,
    const struct change *c, struct settled *) MUST_CHECK;
/* Out of the table; not out of the record's row. */
fault store_drop(struct store *, const struct dot *) MUST_CHECK;
/* The record's row anew, or away if nothing of it stands. */
fault store_row(struct store *, const struct record *) MUST_CHECK;
fault store_is_erased(struct store *, const struct id *record, bool *yes)
    MUST_CHECK;
/* If c's record was erased: note c's name, and count it the first time. */
fault store_drop_late(struct store *, const struct change *c, bool *erased)
    MUST_CHECK;
fault store_erased_fault(const struct id *record);
/* The next counter and clock for a local change. */
fault store_give_dot(struct store *, struct change *) MUST_CHECK;
/* Into the table, from quarantine. */
fault store_admit(struct store *, struct bytes body) MUST_CHECK;

/* device_ref, faster within a batch. */
fault store_ref(struct store *, const struct id *device, int64_t *ref)
    MUST_CHECK;
/* The record's row is made at the end of the batch. */
void store_batch_late(struct store_batch *, const struct id *record);
/* Keep the text of a record that the change at pos alone makes. */
void store_batch_keep(struct store_batch *, int64_t pos,
    const struct record *);

#endif
