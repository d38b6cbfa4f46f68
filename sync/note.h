/*
 * note -- what this device writes down for itself in its repository, where a
 * locked one finds it too: a blob that a local ref names.
 */
#ifndef SYNC_NOTE_H
#define SYNC_NOTE_H

#include "sync/repo.h"

/*
 * Append what ref notes.  Nothing if there is none, or if it is damaged: what
 * is noted can be found out again, or done without.
 */
fault note_read(struct buf *, struct repo *, const char *ref) MUST_CHECK;
/* In place of what was noted; empty: there is no such note any more. */
fault note_write(struct repo *, const char *ref, struct bytes) MUST_CHECK;

#endif
