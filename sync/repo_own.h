/*
 * repo_own -- what the files repo*.c share: the inside of a repository.
 *
 * Objects are read by packs.h and loose.h.  libgit2 merges trees, and only
 * repo_git.c sees it.
 */
#ifndef SYNC_REPO_OWN_H
#define SYNC_REPO_OWN_H

#include "sync/gitdir.h"
#include "sync/packs.h"

/* No object of ours is longer, but a keyring's blob. */
#define REPO_OBJECT_MAX WIRE_SEGMENT_MAX

struct repo {
	struct gitdir	dir;
	struct packs	*packs;
	struct repo_git	*git;		/* libgit2's view of it; NULL: not yet */
};

/*
 * Any object, whole, its hash computed again; no more than max.  *type is 0 for one that is none
 * of ours.  FAULT_ABSENT, FAULT_FORMAT.
 */
fault repo_object(struct buf *out, enum object_type *type, struct repo *,
    const struct oid *, size_t max) MUST_CHECK;

/* Merge trees; of ancestor, ours and theirs the first may be NULL. */
fault repo_git_merge(struct oid *, struct repo *,
    const struct oid *const trees[3]) MUST_CHECK;
void repo_git_free(struct repo_git *);

#endif
