/*
 * backup -- a device in one file, encrypted.  WIRE.md, section 9.
 *
 * In clear stands the keyfile, which the passphrase and the paper key open.
 * All else runs through libsodium's secretstream under a subkey of the master
 * key, in chunks: neither side holds more than one, and a file that was cut,
 * changed or made longer is noticed before anything counts.  backup.c reads
 * and writes chunks and names; backup_write.c and backup_restore.c know what
 * a home is made of.
 */
#ifndef FIELDKIT_BACKUP_H
#define FIELDKIT_BACKUP_H

#include "fieldkit/home.h"

#define BACKUP_NAME 161		/* longest name of a part, with NUL */

/* --- one file ----------------------------------------------------------- */

struct backup;			/* a file that is written, or read */

/* Begin path (replaced if a killed run left it), with one copy of a keyfile. */
fault backup_begin(struct backup **, const char *path, struct bytes keyfile,
    const uint8_t master[MASTER_LEN]) MUST_CHECK;
/* The next part, of exactly size bytes, which backup_put then brings. */
fault backup_part(struct backup *, const char *name, uint64_t size) MUST_CHECK;
fault backup_put(struct backup *, struct bytes) MUST_CHECK;
/* The last chunk, on the disk. */
fault backup_end(struct backup *) MUST_CHECK;

/*
 * Read the head of path.  FAULT_FORMAT if it is no backup, FAULT_INVALID if
 * it is a newer version's.
 */
fault backup_open(struct backup **, const char *path) MUST_CHECK;
const struct keyfile *backup_keyfile(const struct backup *);
/* FAULT_TRUST unless the head is what was written with this key. */
fault backup_key(struct backup *, const uint8_t master[MASTER_LEN])
    MUST_CHECK;
/*
 * The next part; what was not read of the last one is passed over.  name is
 * empty at the end, where nothing may follow.  FAULT_TRUST from here on: the
 * file is damaged or cut.
 */
fault backup_next(struct backup *, char name[BACKUP_NAME], uint64_t *size)
    MUST_CHECK;
/* Up to room bytes of it; *n is 0 when all of it was read. */
fault backup_get(struct backup *, uint8_t *to, size_t room, size_t *n)
    MUST_CHECK;

/* Of all parts' names, sizes and bytes that went by so far. */
struct hash backup_sum(const struct backup *);
void backup_close(struct backup *);	/* NULL is fine */

/* Is this the name of something that a home has? */
bool backup_name_ok(const char *name);

/* --- a home ------------------------------------------------------------- */

/*
 * Write all of h into path: beside it first, read back and compared, then in
 * its place.  h is unlocked, its site open, and the caller holds its lock.
 * FAULT_INVALID if path is there already.
 */
fault backup_write(const char *path, struct home *h) MUST_CHECK;

/*
 * Unpack into draft (made by home_draft) and look at all of it: keys, every
 * page of the database, the roster.  The restored store is marked: it seals
 * nothing before a hub has shown it its own chain.  h stays open on the draft.
 */
fault backup_restore(struct home *h, const char *draft, struct backup *,
    uint8_t *master) MUST_CHECK;

#endif
