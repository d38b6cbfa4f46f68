/*
 * vault -- SQLite's files, every page encrypted and authenticated.
 *
 * A VFS named "vault" over SQLite's unix VFS.  Page 4096, of which 40 are
 * reserved: nonce 24, tag 16; XChaCha20-Poly1305; AD = format, store id, role
 * (D database, J journal), page number.  Rollback journal, TRUNCATE; no WAL,
 * no temporary files, no mmap.  Each rule has its reason beside the code.
 * Bytes: schema/WIRE.md, section 9.
 */
#ifndef FIELDKIT_VAULT_H
#define FIELDKIT_VAULT_H

#include <stdint.h>

#include "sync/base/fault.h"

/*
 * Register the VFS over the default one (or over `below`, a VFS name, for
 * tests with a simulated disk; NULL: default).  Once per process.
 */
fault vault_start(const char *below) MUST_CHECK;

/*
 * Give the key for the database at path (an absolute path) before it is
 * opened; forget it after it is closed.  The key is copied to locked memory.
 */
void vault_key(const char *path, const uint8_t key[32],
    const uint8_t store[16]);
void vault_forget(const char *path);

/* Reads and writes of a shape that SQLite should never make; 0 always. */
unsigned vault_odd(void);

#endif
