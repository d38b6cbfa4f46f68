/*
 * odd_clock -- times that cannot be right: a device's clock years off.  They
 * are named and marked, and never refused or believed.
 */
#ifndef FIELDKIT_ODD_CLOCK_H
#define FIELDKIT_ODD_CLOCK_H

#include "sync/finding.h"
#include "sync/roster.h"
#include "sync/segment.h"

/* A finding, one for each device, if a change of s bears a time that lies
 * beyond our own clock, or long before its device was invited. */
void odd_clock_find(struct findings *, const struct member *,
    const struct segment *s);

/* As clock_text, with a question mark behind a time that is yet to come. */
void odd_clock_text(char to[32], uint64_t hlc);

#endif
