/*
 * line -- walking the unverified commits of one ref, oldest first, with the
 * checks that every kind of ref shares.  For chain.c and mainline.c.
 *
 * The first defect is put down as a finding and stops the walk; a fault that
 * is the disk's and not the hub's stops it too and comes out of line_close.
 */
#ifndef SYNC_LINE_H
#define SYNC_LINE_H

#include "sync/check.h"
#include "sync/site.h"

struct line {
	struct site	*site;
	struct chain_check *check;
	struct findings	*findings;
	enum ref_kind	kind;
	struct id	device;		/* of a device's ref */
	struct oid	*oids;		/* newest first */
	size_t		left;
	bool		reached;	/* the line leads to check->from */
	struct oid	*held;		/* our own line after check->from */
	size_t		nheld;
	uint64_t	from_seq;
	/* the newest verified commit; seq 0: none */
	struct oid	last;
	struct hash	last_hash;
	uint64_t	last_seq, last_generation, last_roster;
	/* the commit at hand */
	struct oid	oid;
	struct commit	c;
	struct oid	entry;		/* its blob */
	struct buf	raw, blob;
	bool		stopped;
	fault		fault;
};

fault line_open(struct line *, struct site *, struct chain_check *,
    struct findings *) MUST_CHECK;
/*
 * From a commit, which may be anything, to the one before it on its line;
 * *more is false at the start, and where it cannot be read.  *seq is the
 * number that it claims; 0: it is no commit of ours.
 */
fault line_back(bool *more, struct oid *before, uint64_t *seq, struct site *,
    const struct oid *at) MUST_CHECK;
/* The next commit, parsed.  False at the end, at a defect, at a fault. */
bool line_next(struct line *);
/* It is verified: it becomes check->good. */
void line_good(struct line *);
/* The fault that stopped the walk, if one did. */
fault line_close(struct line *) MUST_CHECK;

/* Put down a finding about the commit at hand and stop.  Always false. */
bool line_bad(struct line *, enum finding_code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Stop for f: a finding if it is about the bytes, else the fault. */
bool line_fault(struct line *, fault f, const struct oid *,
    enum object_type);

/* The checks; each is true, or has stopped the walk. */
bool line_entry(struct line *);		/* sizes, and what the tree holds */
bool line_genesis(struct line *);
bool line_blob(struct line *);		/* read, and its hash compared */
bool line_dated(struct line *);		/* of all but main */
bool line_member(struct line *);	/* its key is some member's */
bool line_signed(struct line *);
bool line_placed(struct line *);	/* it names the ref that shows it */
bool line_fork(struct line *);
bool line_follows(struct line *);	/* seq, prev, parent */
bool line_quotes(struct line *);	/* the roster position */

#endif
