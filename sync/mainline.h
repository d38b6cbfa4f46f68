/*
 * mainline -- `main`: the coordinators' signed merges, which say what is
 * accepted.  WIRE.md, section 4; protocol: each parent is the previous main
 * or exactly an accepted device commit, and the tree is what those accepts
 * make.
 */
#ifndef SYNC_MAINLINE_H
#define SYNC_MAINLINE_H

#include "sync/chain.h"

struct accepted {		/* newest accepted position of a device */
	struct id	device;
	uint64_t	seq;
	struct hash	hash;
	struct oid	oid;
};

struct mainline {
	struct oid	head;		/* zeros: no main yet */
	uint64_t	seq;
	struct accepted	*at;		/* by device */
	size_t		n;
};

/*
 * Read what main at `head` (a verified one; zeros: none yet) says of every
 * device.  What took long is remembered in refs/cache/accepted.
 */
fault mainline_read(struct mainline *, struct site *, const struct oid *head)
    MUST_CHECK;
void mainline_free(struct mainline *);

/*
 * Verify main's commits after `from` up to `to`: signatures by a coordinator
 * who was one at the quoted position and is not cut there, parents, accept
 * lines, tree computed and compared.  Device chains must have been verified
 * before: an accepted commit that is not there sets check->ahead.  Findings as
 * in chain_verify.
 */
fault mainline_verify(struct site *, struct chain_check *, struct findings *)
    MUST_CHECK;

/* The newest commit of main that some hub holds; zeros: none. */
fault mainline_bound(struct oid *, uint64_t *seq, struct site *) MUST_CHECK;

/*
 * What this device merged and no hub holds is dropped: main is at its newest
 * bound commit again, or gone, and the merge can be made anew on top of what
 * another coordinator has bound.
 */
fault mainline_drop(struct site *) MUST_CHECK;

struct merged_head {
	struct id	device;
	uint64_t	from, to;
};

/*
 * Merge the verified heads that moved into the local main, at most 8 a
 * commit; *merged (caller frees) lists them.  Moves refs/heads/main by
 * compare and swap.  Who is not admitted by a bound entry, or is cut before
 * its head, is left out.  FAULT_LOCKED if the signer is no coordinator,
 * FAULT_DECIDE if somebody wrote another's file.
 */
fault mainline_merge(struct site *, const struct accepted *heads, size_t n,
    const struct signer *, struct merged_head **merged, size_t *nmerged)
    MUST_CHECK;

#endif
