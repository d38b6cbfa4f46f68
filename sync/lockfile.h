/*
 * lockfile -- "<name>.lock" beside a file, as git does it: who creates it
 * may replace the file by it.
 *
 * A killed process leaves its lock behind.  So each one is noted in a file of
 * the device (gitdir's notes) before it is made, and the next run removes it;
 * one that nobody noted is broken after it stood unchanged for 10 s (gitdir's
 * patience).  A holder looks again before its rename whether the lock is
 * still its own.
 */
#ifndef SYNC_LOCKFILE_H
#define SYNC_LOCKFILE_H

#include "sync/gitdir.h"

struct lockfile {
	char		*path;		/* of the lock; NULL: not held */
	int		fd;
	dev_t		dev;
	ino_t		ino;
	uint64_t	taken;		/* ms, monotonic */
};

#define LOCKFILE_NONE { NULL, -1, 0, 0, 0 }

/*
 * Lock name (below g).  mark is how the lock's text begins, so that a later
 * run knows its own.  FAULT_RACE if it was always in use.
 */
fault lockfile_take(struct lockfile *, const struct gitdir *g,
    const char *name, const char *mark) MUST_CHECK;
/* At once or not: *got says.  A lock older than stale_s seconds is broken. */
fault lockfile_try(struct lockfile *, const struct gitdir *g,
    const char *name, int stale_s, bool *got) MUST_CHECK;

/*
 * Write data, sync, put it in the file's place, sync the folder.  *lost (and
 * nothing done) if another broke the lock meanwhile: begin again.
 */
fault lockfile_commit(struct lockfile *, const struct gitdir *g,
    struct bytes data, bool *lost) MUST_CHECK;
/* Give it up if it is still held. */
void lockfile_drop(struct lockfile *);

/* Note that this process makes the file at path, beginning with mark. */
void lockfile_note(const struct gitdir *g, const char *path, const char *mark);
/*
 * Remove what dead processes of this device left below g, and forget our own
 * notes there: when a hub is opened and when it is closed.
 */
void lockfile_clean(const struct gitdir *g);

#endif
