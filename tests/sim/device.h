/*
 * device -- what a simulated device does: open, save, edit, seal, sync, merge.
 */
#ifndef TESTS_SIM_DEVICE_H
#define TESTS_SIM_DEVICE_H

#include "tests/sim/world.h"

/* As its state says, locked or not. */
fault device_open(struct device *) MUST_CHECK;
void device_close(struct device *);

/* The time is d's now. */
void device_clock(struct world *, int d);
/* Locked, if it was not; else unlocked. */
fault device_toggle(struct world *, int d) MUST_CHECK;

extern const char *const act_names[ACT_COUNT];

/* One change, chosen by dice, by the same door as the command line's.
 * *saved is false when there was nothing to do. */
fault device_save(struct world *, int d, enum act, struct dice, bool *saved)
    MUST_CHECK;

#endif
