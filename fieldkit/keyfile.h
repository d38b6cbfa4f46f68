/*
 * keyfile -- the master key at rest, wrapped by the passphrase and, for
 * recovery, sealed to the project's paper key.  Two copies beside the
 * database (`keyfile.a`, `keyfile.b`), replaced one after the other; the
 * newer whole one counts.  Bytes: schema/WIRE.md, section 9.
 */
#ifndef FIELDKIT_KEYFILE_H
#define FIELDKIT_KEYFILE_H

#include "fieldkit/stretch.h"
#include "sync/base/file.h"
#include "sync/base/id.h"

#define MASTER_LEN 32

struct keyfile {
	struct id	device;
	bool		practice;
	uint64_t	generation;
	struct stretch_cost cost;
	/* The wrapped keys, as they stand in the file. */
	struct buf	raw;
	/* Where it was read, and which copy there is old, cut or missing. */
	char		*home;
	bool		stale[2];
};

/*
 * Make both copies for a fresh master key (drawn here, into locked memory the
 * caller frees) and database key.  paper_box: X25519 key of the paper key.
 * FAULT_INVALID if a copy is there already, or the passphrase is empty;
 * FAULT_FAIL if the memory for Argon2id cannot be had.
 */
fault keyfile_create(const char *home, const struct id *device, bool practice,
    struct bytes passphrase, const uint8_t paper_box[32], uint8_t **master)
    MUST_CHECK;

/* Read the newer whole copy; the next unlock or write mends the other one.
 * FAULT_ABSENT: no home here; FAULT_FORMAT: neither copy is whole;
 * FAULT_TRUST: its cost is below the floor or above the cap; FAULT_INVALID:
 * written by a newer version. */
fault keyfile_read(struct keyfile *, const char *home) MUST_CHECK;
void keyfile_free(struct keyfile *);

/* The master key in locked memory.  FAULT_LOCKED: wrong passphrase;
 * FAULT_TRUST: right, but the rest of the file is not this device's. */
fault keyfile_unlock(uint8_t **master, const struct keyfile *,
    struct bytes passphrase) MUST_CHECK;
/*
 * The same with the paper key's X25519 pair.  FAULT_LOCKED: the keyfile was
 * made for another paper key.
 */
fault keyfile_recover(uint8_t **master, const struct keyfile *,
    const uint8_t box_pk[32], const uint8_t box_sk[32]) MUST_CHECK;
/* Is this master key the keyfile's?  (for a key from the kernel) */
bool keyfile_fits(const struct keyfile *, const uint8_t master[MASTER_LEN]);

/* Wrap under another passphrase; both copies, one after the other. */
fault keyfile_change(const char *home, struct keyfile *,
    const uint8_t master[MASTER_LEN], struct bytes passphrase) MUST_CHECK;

/*
 * One process at a time replaces the copies; waits 30 s, then FAULT_FAIL.
 * Who rewrites the database holds it from end to end.  Never twice in one
 * process.
 */
fault keyfile_lock(struct file_lock *, const char *home) MUST_CHECK;
/* Read again; *changed: another process has written it.  FAULT_TRUST if it is
 * not this master key's. */
fault keyfile_again(struct keyfile *, const uint8_t master[MASTER_LEN],
    bool *changed) MUST_CHECK;

/*
 * The other copy as the newer one says; what fails is tried again next time.
 * Only once the MAC has been checked: a copy that anybody could have made
 * must not replace anything.  Not under keyfile_lock.
 */
void keyfile_mend(const struct keyfile *);

/*
 * The database key: random, wrapped by the master key in the keyfile.  While
 * the database is rewritten there are two, and the one that opens it counts.
 * Each 32 bytes, locked memory.
 */
enum keyfile_key { KEY_OLDER, KEY_NEWER };
unsigned keyfile_database_keys(const struct keyfile *);	/* 1 or 2 */
fault keyfile_database_key(uint8_t **key, const struct keyfile *,
    const uint8_t master[MASTER_LEN]) MUST_CHECK;	/* the only, or older */
fault keyfile_newer_key(uint8_t **key, const struct keyfile *,
    const uint8_t master[MASTER_LEN]) MUST_CHECK;
/*
 * Under keyfile_lock: a second, fresh key; only one of the two.  Both copies;
 * on a fault it is not certain which of the two states the disk has.
 */
fault keyfile_add_key(struct keyfile *, const uint8_t master[MASTER_LEN])
    MUST_CHECK;
fault keyfile_keep_key(struct keyfile *, enum keyfile_key,
    const uint8_t master[MASTER_LEN]) MUST_CHECK;

/* One copy's bytes, for the two above and for tests.  What decodes encodes to
 * the same bytes; wrapped keys and MAC are copied, never made. */
fault keyfile_decode(struct keyfile *, struct bytes) MUST_CHECK;
void keyfile_encode(struct buf *, const struct keyfile *); /* replaces */

#endif
