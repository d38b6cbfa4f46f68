/*
 * file -- files that are read with a limit and appear whole or not at all.
 */
#ifndef SYNC_BASE_FILE_H
#define SYNC_BASE_FILE_H

#include <sys/types.h>

#include "sync/base/buf.h"
#include "sync/base/fault.h"

/*
 * Append the file's bytes to out.  FAULT_ABSENT if there is none,
 * FAULT_FORMAT if it is longer than max or not a regular file.  Follows no
 * symbolic link in the last step.
 */
fault file_read(struct buf *out, const char *path, size_t max) MUST_CHECK;

/* As file_read, from an open descriptor up to its end. */
fault file_read_fd(struct buf *out, int fd, size_t max) MUST_CHECK;

/*
 * Temporary beside it, fsync, rename, fsync the folder: after a power cut
 * either the old file or the new one is there.
 */
fault file_write(const char *path, struct bytes, mode_t mode) MUST_CHECK;

/* As file_write, but FAULT_INVALID if path exists (never replaced). */
fault file_create(const char *path, struct bytes, mode_t mode) MUST_CHECK;

/*
 * tmp, whole and synced, gets the name path and the folder is synced.
 * FAULT_INVALID if path exists; tmp is then still there.
 */
fault file_move_new(const char *tmp, const char *path) MUST_CHECK;

fault file_sync_dir(const char *dir) MUST_CHECK;
bool file_exists(const char *path);
fault file_mkdir(const char *path, mode_t mode) MUST_CHECK; /* one level; exists: fine */
fault file_mkdirs(const char *path, mode_t mode) MUST_CHECK; /* with parents */
/* Remove a tree without following links. A missing one is fine. */
fault file_remove_tree(const char *path) MUST_CHECK;

/* "a/b" in a new C string; the caller frees. */
char *path_join(const char *a, const char *b);

/*
 * An exclusive lock on path (created 0600), held until file_unlock.  Waits up
 * to wait_ms, then FAULT_FAIL naming the process that holds it.  The lock
 * goes with the process: none is ever stale.
 */
struct file_lock {
	int		fd;	/* -1: not held */
};
#define FILE_LOCK_NONE { -1 }
fault file_lock(struct file_lock *, const char *path, int wait_ms) MUST_CHECK;
void file_unlock(struct file_lock *);

/* "fieldkit sync (process 123)" of pid, for messages. */
void process_name(char *to, size_t room, int pid);

#endif
