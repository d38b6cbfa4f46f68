/*
 * secret -- key material in locked memory.
 *
 * One arena of 64 KiB from sodium_malloc (guard pages, mlock, no core dump)
 * holds every key of the process; tree states, which can be large, get
 * blocks of their own.  A freed block is zeroed at once.
 */
#ifndef SYNC_BASE_SECRET_H
#define SYNC_BASE_SECRET_H

#include "sync/base/fault.h"
#include "schema/wire.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Start: libsodium, arena, no core dumps, not dumpable.  FAULT_FAIL if the
 * memory cannot be locked.  Called once by main and by each test program.
 */
fault secret_start(void) MUST_CHECK;

/* Zeroed locked memory of n bytes; never NULL (else the process ends). */
void *secret_new(size_t n);
void secret_free(void *p, size_t n);	/* NULL is fine */

/* Zero the whole arena: on lock and on SIGTERM.  All blocks become invalid. */
void secret_wipe(void);

/* Zero plain memory that held something secret for a moment. */
void secret_forget(void *p, size_t n);

/* A new block with the same bytes. */
void *secret_copy(const void *p, size_t n);

#endif
