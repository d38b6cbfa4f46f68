/*
 * site -- a device as its clear files show it: which project, which device,
 * the repository, and the roster verified from it.  What a locked device has.
 */
#ifndef SYNC_SITE_H
#define SYNC_SITE_H

#include "sync/finding.h"
#include "sync/repo.h"
#include "sync/roster.h"

struct site {
	struct id	project, self;
	struct hash	genesis;
	bool		practice;
	struct repo	*repo;
	struct squeeze	*squeeze;
	struct keys	*keys;		/* borrowed; NULL while locked */
	struct roster	*roster;	/* verified up to refs/heads/roster */
	uint64_t	bound;		/* newest bound entry's seq */
};

struct signer {			/* who signs here; only when unlocked */
	uint8_t		pk[SIGN_PK];
	uint8_t		*sk;		/* SIGN_SK bytes in locked memory */
	uint8_t		box_pk[32];
};

/*
 * Open path/repo.git and verify the roster from its genesis.  keys may be
 * NULL.  The identity fields are filled by the caller before.
 */
fault site_open(struct site *, const char *repo_path, struct keys *keys)
    MUST_CHECK;
void site_close(struct site *);

/* Verify the roster again after it or the keys have changed. */
fault site_reload(struct site *) MUST_CHECK;

/* Read and parse a commit object.  FAULT_FORMAT. */
fault site_commit(struct commit *, struct site *, const struct oid *)
    MUST_CHECK;
/* As site_commit, keeping the object's bytes too. */
fault site_commit_raw(struct commit *, struct buf *raw, struct site *,
    const struct oid *) MUST_CHECK;
/* The blob of a one-entry commit, its hash checked against the seg line. */
fault site_blob(struct buf *out, struct site *, const struct commit *)
    MUST_CHECK;

/* Head of a local ref: FAULT_ABSENT if there is none. */
fault site_head(struct commit *, struct oid *, struct site *, const char *ref)
    MUST_CHECK;

/*
 * Make, sign and store the next commit of ref, with blob as its one entry,
 * and move the local ref by compare and swap.  c holds what the caller knows
 * (box, epoch, join, accepts); the rest is filled in.  generation and prev
 * come from the ref's head.
 */
fault site_append(struct oid *, struct site *, const char *ref,
    struct commit *c, struct bytes blob, const struct signer *) MUST_CHECK;

#endif
