/*
 * newcomers -- who can read since this device's last visit and could not
 * before: a member admitted, or one whose role reads more.
 */
#ifndef FIELDKIT_NEWCOMERS_H
#define FIELDKIT_NEWCOMERS_H

#include "fieldkit/home.h"

/*
 * each is called for every one of them, by the bound roster; afterwards they
 * are no longer new.  The first visit of a device knows no newcomers.
 */
fault newcomers(struct home *, void (*each)(void *arg,
    const struct member *), void *arg) MUST_CHECK;

#endif
