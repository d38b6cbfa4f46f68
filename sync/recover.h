/*
 * recover -- what the paper key opens and signs: the secrets of every epoch,
 * and the one entry that makes a member's device coordinator when no
 * coordinator's is left.
 */
#ifndef SYNC_RECOVER_H
#define SYNC_RECOVER_H

#include "sync/paper.h"
#include "sync/roster.h"

/* Is it the roster's paper key (of entry 1, or the one that replaced it)? */
bool recover_is(const struct roster *, const struct paper *);

/*
 * S of all four compartments of every epoch, from the boxes to the paper key
 * in the roster, into the keys: all or nothing.  FAULT_TRUST if a box does
 * not open or holds another secret than the roster commits to.
 */
fault recover_secrets(struct keys *into, const struct roster *,
    const struct paper *) MUST_CHECK;

/* The entry behind the roster's last one; it stands alone in its blob. */
void recover_entry(struct entry *, const struct roster *,
    const struct id *device, const struct paper *);

#endif
