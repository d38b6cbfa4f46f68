/*
 * site -- a device as its clear files show it: which project, which device,
 * the repository, and the roster verified from it.  What a locked device has.
 */
#ifndef SYNC_SITE_H
#define SYNC_SITE_H

#include "sync/finding.h"
#include "sync/repo.h"
#include "sync/roster.h"

#define SITE_ROSTER "refs/heads/roster"
#define SITE_MAIN "refs/heads/main"

struct signer {			/* who signs here; only when unlocked */
	uint8_t		pk[SIGN_PK];
	uint8_t		*sk;		/* SIGN_SK bytes in locked memory */
	uint8_t		box_pk[32];
};

struct site {
	struct id	project, self;
	struct hash	genesis;
	bool		practice;
	struct repo	*repo;
	struct squeeze	*squeeze;
	struct keys	*keys;		/* borrowed; NULL while locked */
	struct roster	*roster;	/* verified up to refs/heads/roster */
	uint64_t	bound;		/* newest bound entry's seq */
	/*
	 * Whose key is ours, by which an invitation used twice is told before
	 * our first commit; set by the caller, NULL while locked.
	 */
	const struct signer *signer;
};

/*
 * Open the repository at repo_path and verify the roster from its genesis (an
 * empty repository has an empty one).  keys may be NULL.  The identity fields
 * are filled by the caller before; zeros of project are filled in.
 */
fault site_open(struct site *, const char *repo_path, struct keys *keys)
    MUST_CHECK;
void site_close(struct site *);

/*
 * Verify the roster again after it or the keys have changed.  Members found
 * before are gone then; on a fault the old roster stays.
 */
fault site_reload(struct site *) MUST_CHECK;
/* The roster as of one of its commits (zeros: empty); roster_free it. */
fault site_roster_at(struct roster **, struct site *, const struct oid *)
    MUST_CHECK;
/* Is this the key of a coordinator who is active there? */
bool site_coordinates(const struct roster *, const uint8_t pk[SIGN_PK]);

/* Read and parse a commit object.  FAULT_FORMAT. */
fault site_commit(struct commit *, struct site *, const struct oid *)
    MUST_CHECK;
/* As site_commit, keeping the object's bytes too. */
fault site_commit_raw(struct commit *, struct buf *raw, struct site *,
    const struct oid *) MUST_CHECK;
/* The commit before c on its ref's line; false at the line's start. */
bool site_before(struct oid *, const struct commit *c);
/* The blob of a one-entry commit, its hash checked against the seg line. */
fault site_blob(struct buf *out, struct site *, const struct commit *)
    MUST_CHECK;

/* Head of a local ref: FAULT_ABSENT if there is none. */
fault site_head(struct commit *, struct oid *, struct site *, const char *ref)
    MUST_CHECK;

/*
 * Make, sign and store the next commit of ref, with blob as its one entry,
 * and move the local ref by compare and swap.  c holds what the caller knows
 * (box, epoch, join); the rest is filled in.  generation and prev come from
 * the ref's head.  An entry of the roster is applied to site->roster first,
 * so one that does not hold is never written; the genesis sets site->genesis.
 */
fault site_append(struct oid *, struct site *, const char *ref,
    struct commit *c, struct bytes blob, const struct signer *) MUST_CHECK;
/*
 * As site_append for a ref of one commit (a hub's id): no local ref moves.
 */
fault site_orphan(struct oid *, struct site *, const char *ref,
    struct commit *c, struct bytes blob, const struct signer *) MUST_CHECK;
/* Fill in genesis and the newest bound roster position. */
void site_quote(const struct site *, struct commit *c);
/* Sign and store c, all of which is filled in; no ref moves. */
fault site_sign(struct oid *, struct site *, struct commit *c,
    const struct signer *) MUST_CHECK;

#endif
