/*
 * gitdir -- a bare git repository as plain files: its layout, and the modes
 * and group that new files in it take.
 *
 * A hub on a share must stay writable for colleagues whatever our umask is,
 * so everything new takes the mode and group of the folder itself.
 */
#ifndef SYNC_GITDIR_H
#define SYNC_GITDIR_H

#include <sys/types.h>

#include "sync/base/buf.h"
#include "sync/base/fault.h"

struct gitdir {
	char		*path;
	mode_t		dirs, files;
	gid_t		group;
	enum fault_code	broken;		/* what a disk's refusal is here */
	char		*notes;		/* see lockfile.h; NULL: none */
	unsigned	patience;	/* ms until a stranger's lock is dead */
	uint64_t	(*now)(void);	/* ms, only forward; tests set it */
};

#define GITDIR_PATIENCE 10000
#define GITDIR_NONE { NULL, 0, 0, 0, FAULT_FAIL, NULL, GITDIR_PATIENCE, \
    gitdir_now }

uint64_t gitdir_now(void);

/* The config and HEAD of every repository and hub that we make. */
extern const char repo_config[];
extern const char repo_head[];

/*
 * Make path (its parent must be there) a bare repository, or finish one that
 * was begun.  HEAD comes last: a folder without it is no repository yet.
 * A new folder gets mode; 0: that of its parent folder.
 */
fault gitdir_make(const char *path, mode_t mode, enum fault_code broken)
    MUST_CHECK;

/* FAULT_ABSENT if there is no repository. */
fault gitdir_open(struct gitdir *, const char *path, enum fault_code broken)
    MUST_CHECK;
void gitdir_close(struct gitdir *);

/* path/name in a new C string. */
char *gitdir_path(const struct gitdir *, const char *name);
/* The folders of name that are missing (not its last part). */
fault gitdir_parents(const struct gitdir *, const char *name) MUST_CHECK;
/* Create a file that is not there yet; -1 with errno, as open. */
int gitdir_create(const struct gitdir *, const char *path);
fault gitdir_write(const struct gitdir *, int fd, struct bytes) MUST_CHECK;
fault gitdir_sync(const struct gitdir *, const char *dir) MUST_CHECK;
/* errno as a fault: the sentence for a full or read-only disk, or another. */
fault gitdir_errno(const struct gitdir *);

#endif
