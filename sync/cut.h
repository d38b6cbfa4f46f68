/*
 * cut -- what lies beyond a cut (WIRE.md 5, item 8): kept apart, counted for
 * nothing, and never lost.  A coordinator may adopt single records of it.
 *
 * refs/beyond/<device> names the newest commit of a device that goes on after
 * its cut and is verified but for that; refs/beyond/main a main that a
 * coordinator went on with after its own.
 */
#ifndef SYNC_CUT_H
#define SYNC_CUT_H

#include "sync/site.h"

void cut_ref(char to[REF_MAX], const struct id *device);

/* Is there such a member, and does its chain end at a cut? */
bool cut_ends(const struct member *);

/*
 * The roster has moved: heads that lie beyond a cut go back to it, and what
 * was there is kept apart.  Doing it again changes nothing.
 */
fault cut_apply(struct site *) MUST_CHECK;

/* Verified beyond the device's cut: keep it if it is newer than what is. */
fault cut_keep(struct site *, const struct id *device, const struct oid *)
    MUST_CHECK;

#endif
