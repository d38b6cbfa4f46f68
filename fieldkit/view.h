/*
 * view -- one change as it was opened at two times, with different keys.
 *
 * What a change says never differs; which of its compartments are open may.
 */
#ifndef FIELDKIT_VIEW_H
#define FIELDKIT_VIEW_H

#include "sync/change.h"

/* Do both say the same, as far as both are open? */
bool view_same(const struct change *, const struct change *);
/* Does b open a compartment that a does not? */
bool view_more(const struct change *a, const struct change *b);
/* The stored form with every compartment that either of the two opens. */
fault view_union(struct buf *out, const struct change *,
    const struct change *) MUST_CHECK;

#endif
