/*
 * clock -- wall time, and the hybrid logical clock that orders display.
 *
 * A hybrid time is milliseconds since 1970 << 16 | counter.  It never decides
 * what is true: it only sorts lists for people.  Tests set the wall clock
 * with FIELDKIT_CLOCK (ms since 1970) or clock_set.
 */
#ifndef SYNC_BASE_CLOCK_H
#define SYNC_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* A remote time further ahead than this is clamped, never refused. */
#define CLOCK_AHEAD_MS (10 * 60 * 1000)

uint64_t clock_wall_ms(void);
void clock_set(uint64_t ms);	/* 0: back to the real one */

/* The next hybrid time after last, not before the wall clock. */
uint64_t hlc_next(uint64_t last, uint64_t wall_ms);
/* last, after having seen another's time; it is clamped against the future. */
uint64_t hlc_seen(uint64_t last, uint64_t other, uint64_t wall_ms);
uint64_t hlc_ms(uint64_t hlc);

/* RFC 3339 in UTC, "2026-11-24T10:00:00Z"; to holds at least 32 bytes. */
void clock_text(char to[32], uint64_t ms);

#endif
