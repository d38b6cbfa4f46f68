/*
 * refdb -- git's refs as files: read, list, and move by compare and swap.
 *
 * One implementation for our own repository and for hubs, and it keeps to
 * git's protocol (lock file, packed-refs), so stock git may read and write
 * beside it.  libgit2's own would leave a lost race unseen.  Symbolic refs are
 * not followed; a file that holds no object name (a torn stick) is no ref.
 */
#ifndef SYNC_REFDB_H
#define SYNC_REFDB_H

#include "sync/ref.h"
#include "sync/gitdir.h"

struct repo_ref {
	char		name[REF_MAX];
	struct oid	oid;
};

struct refs {
	struct repo_ref	*at;		/* sorted by name */
	size_t		n;
	size_t		odd;		/* skipped: not a name or value */
};

#define REFS_EMPTY { NULL, 0, 0 }

/* "refs/" and parts of a-z A-Z 0-9 . _ -, none beginning with '.'. */
bool ref_name_ok(const char *name);

/* FAULT_ABSENT if there is none. */
fault refdb_read(struct oid *, const struct gitdir *, const char *name)
    MUST_CHECK;
/* All below prefix ("refs/heads/").  FAULT_FORMAT if more than max. */
fault refdb_list(struct refs *, const struct gitdir *, const char *prefix,
    size_t max) MUST_CHECK;
void refdb_free(struct refs *);

/*
 * FAULT_RACE if the ref is not at old (NULL: it must not exist); new NULL
 * deletes it.  Durable when it returns.
 */
fault refdb_move(const struct gitdir *, const char *name,
    const struct oid *old, const struct oid *new) MUST_CHECK;

#endif
