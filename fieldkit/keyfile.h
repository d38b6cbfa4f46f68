/*
 * keyfile -- the master key at rest, wrapped by the passphrase and, for
 * recovery, sealed to the project's paper key.  Two copies beside the
 * database (`keyfile.a`, `keyfile.b`), replaced one after the other; the
 * newer whole one counts.  Bytes: schema/WIRE.md, section 9.
 */
#ifndef FIELDKIT_KEYFILE_H
#define FIELDKIT_KEYFILE_H

#include "sync/base/buf.h"
#include "sync/base/id.h"

#define MASTER_LEN 32

struct keyfile_cost {		/* Argon2id */
	uint32_t	ops;
	uint32_t	mem_kib;
};

/* Floor of real projects: 256 MiB, 3 passes.  Practice: at most 20 ms. */
extern const struct keyfile_cost keyfile_real, keyfile_practice;

struct keyfile {
	struct id	device;
	bool		practice;
	uint64_t	generation;
	struct keyfile_cost cost;
	/* The wrapped keys, as they stand in the file. */
	struct buf	raw;
};

/*
 * Make both copies for a fresh master key (drawn here, into locked memory the
 * caller frees) and database key.  paper_box: X25519 key of the paper key.
 */
fault keyfile_create(const char *home, const struct id *device, bool practice,
    struct bytes passphrase, const uint8_t paper_box[32], uint8_t **master)
    MUST_CHECK;

/* Read the newer whole copy, mending the other one at the next write.
 * FAULT_ABSENT: no home here; FAULT_FORMAT: neither copy is whole. */
fault keyfile_read(struct keyfile *, const char *home) MUST_CHECK;
void keyfile_free(struct keyfile *);

/* The master key in locked memory.  FAULT_LOCKED: wrong passphrase. */
fault keyfile_unlock(uint8_t **master, const struct keyfile *,
    struct bytes passphrase) MUST_CHECK;
/* Is this master key the keyfile's?  (for a key from the kernel) */
bool keyfile_fits(const struct keyfile *, const uint8_t master[MASTER_LEN]);

/* Wrap under another passphrase; both copies, one after the other. */
fault keyfile_change(const char *home, struct keyfile *,
    const uint8_t master[MASTER_LEN], struct bytes passphrase) MUST_CHECK;

/*
 * The database key: random, wrapped by the master key in the keyfile (old
 * and new while the database is rewritten).  32 bytes, locked memory.
 */
fault keyfile_database_key(uint8_t **key, const struct keyfile *,
    const uint8_t master[MASTER_LEN]) MUST_CHECK;

#endif
