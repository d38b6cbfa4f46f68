/*
 * chain -- is what a ref shows really the continuation of what we hold?
 *
 * The steps and their order are prescribed: sizes; what the tree holds;
 * genesis; grammar, hashes, date; device, key from the roster; signature; its
 * place; fork; seq, prev, parent; cut; quoted roster position.  Each has its
 * own finding, and the first that holds is named.  (What is *seen* is judged
 * in sync_rest.c.)  Only then may a caller move a pin.
 */
#ifndef SYNC_CHAIN_H
#define SYNC_CHAIN_H

#include "sync/check.h"
#include "sync/segment.h"
#include "sync/site.h"

struct chain_step {		/* one verified commit, in order */
	struct oid	oid;
	struct commit	commit;
	const struct segment_head *head; /* of a device's commit; else NULL */
};

/*
 * Verify from..to of a device's ref, of the roster, of a hub's id or of a
 * keyring, oldest first; `to` descends from `from`.  What is wrong goes to
 * findings, and the verified prefix counts (check->good).  each (may be
 * NULL) is called for every verified commit.  A fault is only what stops the
 * program (disk), never what the hub did.
 */
fault chain_verify(struct site *, struct chain_check *, struct findings *,
    fault (*each)(void *arg, const struct chain_step *), void *arg) MUST_CHECK;

/*
 * The commit of ref's line at seq, walking back from head.  FAULT_ABSENT if
 * the line does not reach it.
 */
fault chain_at(struct oid *, struct site *, const struct oid *head,
    uint64_t seq) MUST_CHECK;

/* How two lines of one ref lie to each other. */
enum chain_side { CHAIN_SAME, CHAIN_AHEAD, CHAIN_BEHIND, CHAIN_APART };

/*
 * theirs, which need not be verified, against ours (zeros: nothing yet).
 * *meet is the newest commit of both; zeros: none.
 */
fault chain_meet(enum chain_side *, struct oid *meet, struct site *,
    const struct oid *ours, const struct oid *theirs) MUST_CHECK;

/* Is the commit one that cannot be of ref: another ref's or project's? */
fault chain_foreign(bool *, struct site *, const char *ref,
    const struct oid *) MUST_CHECK;

#endif
