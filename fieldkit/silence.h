/*
 * silence -- whom we have not heard of for long: lost, stolen, or kept from us.
 *
 * It is counted in time during which we listened ourselves, from sync to
 * sync; a clock that jumps and a month in a drawer say nothing of others.
 */
#ifndef FIELDKIT_SILENCE_H
#define FIELDKIT_SILENCE_H

#include "fieldkit/home.h"
#include "sync/finding.h"

/* Keys are to be changed every month: who is silent for longer missed that. */
#define SILENCE_DAYS 30

/*
 * A sync has fetched what there was: note whose branch has grown, and add a
 * finding for each active member that is silent for too long.  Its seq is
 * that of the last commit that came: one silence, one finding.
 */
fault silence_note(struct home *, struct findings *) MUST_CHECK;

/* Whole days since its branch grew last; -1: not noted yet. */
fault silence_days(struct home *, const struct id *device, int64_t *days)
    MUST_CHECK;

#endif
