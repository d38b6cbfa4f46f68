/*
 * attest -- what a device has said of its keys in its signed commits: the
 * box key that envelopes to it are sealed to, and up to which epoch it holds
 * every secret of its role.  WIRE.md, section 4: the lines `box`, `epoch` and
 * `join`.  The newest statement counts, even when it is lower.
 */
#ifndef SYNC_ATTEST_H
#define SYNC_ATTEST_H

#include "sync/site.h"

struct attest {
	uint64_t	seq;		/* its chain was read up to here */
	bool		has_box;
	uint8_t		box_pk[32];
	uint32_t	epoch;		/* 0: it has said nothing yet */
	uint64_t	roster_seq;	/* quoted beside that statement */
};

/*
 * Read on: the commits after a->seq, up to the local head, all of which is
 * verified.  A chain that is not here leaves *a as it was.
 */
fault attest_read(struct attest *a, struct site *, const struct member *)
    MUST_CHECK;

/* At rest: 53 bytes; false if they are no such thing. */
void attest_encode(struct buf *, const struct attest *);
bool attest_decode(struct attest *, struct bytes);

#endif
