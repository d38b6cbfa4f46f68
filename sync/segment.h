/*
 * segment -- a run of one device's changes, compressed and sealed: what one
 * of its commits carries.  WIRE.md, section 3.
 *
 * Verify, decrypt, bound, unpack, parse whole: no stage sees what an earlier
 * one refused.  Nothing here knows git or signatures.
 */
#ifndef SYNC_SEGMENT_H
#define SYNC_SEGMENT_H

#include "sync/change.h"
#include "sync/keys.h"
#include "sync/squeeze.h"

#define SEGMENT_ANNOUNCEMENT 1u

#define SEGMENT_LEDGER_MAX (1u << 20)	/* ledger text */
#define SEGMENT_OPENED_MAX (8u << 20)	/* all payloads of a segment */

/* What a head newly saw of another on a hub. */
struct seen {
	struct id	hub;		/* zeros: a bundle */
	uint8_t		device[4];	/* prefix of its id */
	uint32_t	seq;
	uint8_t		hash[16];	/* first bytes of its commit hash */
};

struct receipt {
	uint64_t	seq;		/* roster entry */
	struct hash	hash;
};

struct segment_head {
	uint32_t	flags;
	struct id	project;
	struct id	device;
	uint64_t	seq;
	struct hash	prev;
	uint32_t	epoch;
	uint32_t	dictionary;
	uint8_t		seed[WIRE_SEED_LEN];
	struct seen	*seen;		/* grouped by hub; owned */
	size_t		nseen;
	size_t		len;		/* of the header in the blob */
};

void segment_head_free(struct segment_head *);

/* Append the header; seen is by hub, then device, as WIRE.md has it. */
void segment_put_head(struct buf *out, const struct segment_head *);

/* Read the clear header.  Needs no key.  FAULT_FORMAT. */
fault segment_read_head(struct segment_head *out, struct bytes blob)
    MUST_CHECK;

struct segment_plan {
	/* Sealing sets seed, len and dictionary, and sorts what was seen. */
	struct segment_head head;
	uint32_t	g;		/* tree generation of the epoch */
	const struct receipt *receipts;	/* seq strictly increasing */
	size_t		nreceipts;
	const struct change *const *changes; /* own, n strictly increasing */
	size_t		nchanges;
};

/*
 * Seal as many of the changes, from the first on, as fit into 1 MiB; *taken
 * says how many (all receipts go in).  With the announcement flag: none.
 * FAULT_LOCKED if a key is not held, FAULT_ERASED if a record's leaf is
 * punctured, FAULT_INVALID if a change is not within its bounds.  out is
 * replaced; on a fault it is empty.
 */
fault segment_seal(struct buf *out, size_t *taken,
    const struct segment_plan *, struct keys *, struct squeeze *) MUST_CHECK;

struct segment {
	struct segment_head head;
	struct receipt	*receipts;
	size_t		nreceipts;
	struct change	*changes;	/* borrow from text and payloads below */
	size_t		nchanges;
	size_t		withheld;	/* entries whose compartment is closed */
	size_t		erased;		/* entries whose leaf is punctured */
	struct buf	text, payloads;
};

/*
 * Open for the reader `self`, who holds keys.  g is the generation of the
 * segment's epoch, from the roster.  A closed or punctured entry leaves its
 * fields withheld and is counted.  Every defect is FAULT_FORMAT (structure)
 * or FAULT_TRUST (a tag); FAULT_LOCKED if the ledger's secret is not held.
 */
fault segment_open(struct segment *out, struct bytes blob, uint32_t g,
    const struct id *self, struct keys *, struct squeeze *) MUST_CHECK;
void segment_free(struct segment *);

/* Does any key that is held open what there is of a record? */
struct segment_trial {
	struct id	record;
	struct id	self;
	uint32_t	epochs, trees;	/* 1 up to these are tried */
	/* out, added to */
	size_t		entries;	/* sealed parts of the record */
	size_t		tried;		/* keys that were tried on them */
	size_t		opened;		/* parts that one of them opened */
};

/*
 * Try every entry key that can be derived from keys, whichever epoch and
 * tree it belongs to, on each part of the record.  Faults as segment_open;
 * a ledger part that does not open shows no record.
 */
fault segment_prove(struct segment_trial *, struct bytes blob, struct keys *,
    struct squeeze *) MUST_CHECK;

/* Padmé with a floor of 512. */
size_t segment_padded(size_t len);

#endif
