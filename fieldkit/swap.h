/*
 * swap -- could the kernel write our memory to a disk in clear?
 */
#ifndef FIELDKIT_SWAP_H
#define FIELDKIT_SWAP_H

#include "sync/base/fault.h"

/* NULL if every swap is encrypted (dm-crypt) or in memory (zram);
 * FAULT_LOCKED naming the one that is not. */
fault swap_check(void) MUST_CHECK;

#endif
