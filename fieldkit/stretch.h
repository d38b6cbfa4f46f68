/*
 * stretch -- a passphrase into a key: Argon2id, never below a floor, never
 * above a cap, and never weaker because memory is short.
 */
#ifndef FIELDKIT_STRETCH_H
#define FIELDKIT_STRETCH_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"

struct stretch_cost {
	uint32_t	ops;		/* passes */
	uint32_t	mem_kib;
};

/* Floor of real projects: 256 MiB, 3 passes.  Practice: at most 20 ms. */
extern const struct stretch_cost stretch_real, stretch_practice;

/* Before anything is computed with it.  FAULT_TRUST: below the floor of such
 * a project, or above the cap of 1 GiB and 10 passes. */
fault stretch_check(const struct stretch_cost *, bool practice) MUST_CHECK;

/* More passes of a real cost, so that a guess takes about 1.25 s on this
 * machine. */
fault stretch_calibrate(struct stretch_cost *) MUST_CHECK;

/* out lies in locked memory.  FAULT_FAIL if the memory cannot be had. */
fault stretch(uint8_t out[32], const struct stretch_cost *,
    struct bytes passphrase, const uint8_t salt[16]) MUST_CHECK;

#endif
