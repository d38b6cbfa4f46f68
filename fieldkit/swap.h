/*
 * swap -- could the kernel write our memory to a disk in clear?
 *
 * By swapping, or when the machine hibernates.
 */
#ifndef FIELDKIT_SWAP_H
#define FIELDKIT_SWAP_H

#include "sync/base/fault.h"

/*
 * NULL if every swap, and the device that a hibernating machine writes to, is
 * encrypted (dm-crypt, itself or all that it lies on) or in memory (zram
 * without a disk behind it); FAULT_LOCKED naming the one that is not.  root
 * stands before /proc, /sys and /dev: "" but in tests.
 */
fault swap_check(const char *root) MUST_CHECK;

#endif
