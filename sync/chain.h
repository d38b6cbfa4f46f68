/*
 * chain -- is what a ref shows really the continuation of what we hold?
 *
 * The steps and their order are prescribed: sizes and tree; header, grammar,
 * date; genesis; device, key from the roster; signature; seq, prev, parent;
 * fork; cut; quoted roster position; segment hash; seen.  Each step has its
 * own finding.  Only then may a caller move a pin.
 */
#ifndef SYNC_CHAIN_H
#define SYNC_CHAIN_H

#include "sync/site.h"

struct chain_step {		/* one verified commit, in order */
	struct oid	oid;
	struct commit	commit;
};

struct chain_check {
	const char	*ref;
	struct oid	from;		/* verified before; zeros: the start */
	struct oid	to;		/* what the hub shows */
	const char	*hub;		/* its address, for findings */
	size_t		steps;		/* out: how many were verified */
	struct oid	good;		/* out: newest verified; `from` if none */
	uint64_t	good_seq;	/* out */
	bool		pending;	/* out: joiner who is not yet admitted */
	bool		cut;		/* out: stopped at the device's cut */
};

/*
 * Verify from..to, oldest first; `to` must descend from `from`.  What is
 * wrong goes to findings, and the verified prefix counts (check->good).
 * each (may be NULL) is called for every verified commit.  A fault is only
 * what stops the program (disk), never what the hub did.
 */
fault chain_verify(struct site *, struct chain_check *, struct findings *,
    fault (*each)(void *arg, const struct chain_step *), void *arg) MUST_CHECK;

/*
 * The commit of ref's line at seq, walking back from head.  FAULT_ABSENT if
 * the line does not reach it.
 */
fault chain_at(struct oid *, struct site *, const struct oid *head,
    uint64_t seq) MUST_CHECK;

#endif
