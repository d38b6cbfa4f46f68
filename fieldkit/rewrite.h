/*
 * rewrite -- the whole database into a new file under a new random key, and
 * the opening of one whose rewriting was cut short.
 *
 * What was deleted stands on in free pages, in the full-text index, in blocks
 * that the disk has not used again, and opens with the database key.  After a
 * rewriting that key is gone.  The order is WIRE.md 9's, and whichever key
 * opens the database decides how one that was cut short ends: so a kill or a
 * failing disk anywhere in it loses nothing and needs no hand.
 */
#ifndef FIELDKIT_REWRITE_H
#define FIELDKIT_REWRITE_H

#include "fieldkit/db.h"
#include "fieldkit/keyfile.h"

struct rewrite {		/* whose database; all borrowed */
	const char	*home;		/* the folder, absolute */
	struct id	device;
	struct keyfile	*keyfile;
	const uint8_t	*master;
};

/*
 * Open device.db by the keyfile, which is read again if another process has
 * changed it.  A rewriting that was cut short is finished or taken back; one
 * that is under way is waited for, 30 s.
 */
fault rewrite_open(struct db **, const struct rewrite *, bool create)
    MUST_CHECK;

/*
 * Rewrite the database that *db is open on; no transaction or statement may
 * be under way on it.  Other processes cannot write meanwhile (FAULT_FAIL if
 * one has been writing for 30 s), and learn at their next transaction that
 * they must open it again.  *db is another one afterwards.
 *
 * On a fault nothing is lost; the old key may still be there, so the caller
 * rewrites again.  *db is open unless its file could not be opened (NULL).
 */
fault rewrite(struct db **, const struct rewrite *) MUST_CHECK;

#endif
