/*
 * repo_own -- what the files repo*.c share: the inside of a repository.
 *
 * Objects are read by packs.h and loose.h.  libgit2 merges trees;
 * it opens no folder, so nothing in one can lead it anywhere.
 */
#ifndef SYNC_REPO_OWN_H
#define SYNC_REPO_OWN_H

#include <git2.h>

#include "sync/gitdir.h"
#include "sync/packs.h"

/* No object of ours is longer, but a keyring's blob. */
#define REPO_OBJECT_MAX WIRE_SEGMENT_MAX

struct repo {
	struct gitdir	dir;
	struct packs	*packs;
	git_repository	*git;		/* around our objects; NULL: not yet */
};

/*
 * Any object, whole, its hash computed again; no more than max.  *type is 0 for one that is none
 * of ours.  FAULT_ABSENT, FAULT_FORMAT.
 */
fault repo_object(struct buf *out, enum object_type *type, struct repo *,
    const struct oid *, size_t max) MUST_CHECK;

/* Make r->git.  False if libgit2 cannot. */
bool repo_wrap(struct repo *);
git_object_t repo_type_git(enum object_type);

#endif
