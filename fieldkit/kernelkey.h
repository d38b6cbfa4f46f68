/*
 * kernelkey -- the unlocked master key between two commands, in the kernel's
 * keyring of this user, with a deadline.
 *
 * Payload: key 32, CLOCK_BOOTTIME deadline in ms 8; the deadline is checked
 * at every read.  The description is a hash of the home's path: opaque.
 */
#ifndef FIELDKIT_KERNELKEY_H
#define FIELDKIT_KERNELKEY_H

#include "fieldkit/keyfile.h"

/* Link @u into @p, add, set timeout, check; unlink and FAULT_LOCKED if any
 * step fails ("this machine cannot hold a key; every command will ask"). */
fault kernelkey_put(const char *home, const uint8_t master[MASTER_LEN],
    unsigned seconds) MUST_CHECK;
/* Locked memory; FAULT_ABSENT if there is none or it has expired. */
fault kernelkey_get(uint8_t **master, const char *home) MUST_CHECK;
void kernelkey_drop(const char *home);

#endif
