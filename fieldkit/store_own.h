/*
 * store_own -- between the files of the store only.
 */
#ifndef FIELDKIT_STORE_OWN_H
#define FIELDKIT_STORE_OWN_H

#include "fieldkit/record.h"

struct store;

struct settled {
	const char	*wrong;		/* why c may not stand; NULL: it does */
	bool		moved;		/* rows of its record were moved */
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
/* Into the table, from quarantine. */
fault store_admit(struct store *, struct bytes body) MUST_CHECK;

#endif
