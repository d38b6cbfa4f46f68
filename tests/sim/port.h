/*
 * port -- what a simulated device cannot choose itself: randomness, waiting,
 * and the moment at which it is killed.
 *
 * The program's own code is linked unchanged.  Libsodium draws from a stream
 * that the seed makes; poll and the monotonic clock run in pretended time;
 * and before every call that changes the disk it is asked whether this is the
 * last one.
 */
#ifndef TESTS_SIM_PORT_H
#define TESTS_SIM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before libsodium is first used. */
void port_start(void);
/* From here on randomness is what follows from seed and what. */
void port_seed(uint64_t seed, uint64_t what);
/* The process dies at its n-th call from now that changes the disk; 0: never.
 * For a child only. */
void port_die_at(unsigned n);
/* Calls that changed the disk since the last port_die_at. */
unsigned port_writes(void);

/* Choices of the simulator itself; never those of the program. */
struct dice {
	uint64_t	state;
};
uint64_t dice_next(struct dice *);
unsigned dice_below(struct dice *, unsigned n);
/* True in `of` of a hundred. */
bool dice_percent(struct dice *, unsigned of);

#endif
